//! O que dá errado, e com que frequência.

/// As falhas do dia. Os números são porcentagens, de 0 a 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Requisições com problema na porta: função sem vaga, que cai ou estoura o tempo, ou resposta que não chega ao telefone.
    pub door: u64,
    /// Entradas que `PutEvents` devolve com erro, e entregas do barramento que precisam ser tentadas de novo.
    pub bus: u64,
    /// Se, por uns minutos, o barramento fica sem permissão de entregar a um dos alvos.
    pub denied: bool,
    /// Invocações recusadas por falta de vaga (429), por até dois minutos.
    pub throttle: u64,
    /// Funções que caem no meio, entre duas chamadas a serviços ou depois de uma.
    pub crash: u64,
    /// Funções que estouram o tempo: também param no meio.
    pub timeout: u64,
    /// Chamadas a serviços que ficam sem resposta; metade delas aconteceu.
    pub silence: u64,
    /// Entregas repetidas: pelo barramento, pela fila interna, pela fila do SQS, e às vezes ao mesmo tempo que a primeira.
    pub duplicate: u64,
    /// Mensagens que saem da fila fora de ordem.
    pub reorder: u64,
    /// Relatos que um alvo recusa enquanto as falhas durarem.
    pub refused: u64,
}

impl Faults {
    /// Um dia calmo.
    pub const NONE: Self = Self {
        door: 0,
        bus: 0,
        denied: false,
        throttle: 0,
        crash: 0,
        timeout: 0,
        silence: 0,
        duplicate: 0,
        reorder: 0,
        refused: 0,
    };

    /// A tarde do granizo: tudo, ao mesmo tempo.
    pub const HAIL: Self = Self {
        door: 20,
        bus: 8,
        denied: true,
        throttle: 10,
        crash: 12,
        timeout: 6,
        silence: 3,
        duplicate: 12,
        reorder: 40,
        refused: 2,
    };
}
