//! A bilheteria da Festa da Vindima: três serviços, cada um com o seu caderno, e o que pode dar errado entre eles.
//!
//! ```text
//!   lugares    reserva ⇄ devolve     ┐
//!   pagamento  cobra   ⇄ estorna     ├─ cada um só mexe no próprio caderno
//!   bilhetes   emite   ⇄ anula       ┘
//! ```
//!
//! O mundo daqui não ajuda: o que um serviço faz duas vezes acontece duas vezes, e o que se esquece de desfazer fica feito.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// Uma etapa da compra, e o serviço que cuida dela.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Lugares: reserva um lugar na degustação; desfaz devolvendo.
    Reserve,
    /// Pagamento: cobra o cartão; desfaz estornando.
    Charge,
    /// Bilhetes: emite o bilhete; desfaz anulando.
    Issue,
}

impl Step {
    /// As etapas, na ordem da compra.
    pub const ALL: [Self; 3] = [Self::Reserve, Self::Charge, Self::Issue];

    /// A etapa seguinte; `None` depois da última.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Reserve => Some(Self::Charge),
            Self::Charge => Some(Self::Issue),
            Self::Issue => None,
        }
    }

    /// A etapa anterior; `None` antes da primeira.
    pub fn previous(self) -> Option<Self> {
        match self {
            Self::Reserve => None,
            Self::Charge => Some(Self::Reserve),
            Self::Issue => Some(Self::Charge),
        }
    }
}

/// O que se pede a um serviço: fazer a etapa dele, ou desfazê-la.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A transação local da etapa.
    Do(Step),
    /// A compensação dela.
    Undo(Step),
}

impl Action {
    /// A etapa de que se trata.
    pub fn step(self) -> Step {
        match self {
            Self::Do(step) | Self::Undo(step) => step,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Do(Step::Reserve) => "reserva",
            Self::Do(Step::Charge) => "cobra",
            Self::Do(Step::Issue) => "emite",
            Self::Undo(Step::Reserve) => "devolve",
            Self::Undo(Step::Charge) => "estorna",
            Self::Undo(Step::Issue) => "anula",
        })
    }
}

/// O que um serviço responde.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Está feito (ou desfeito), agora ou antes.
    Done,
    /// Não foi feito e não vai ser: não há lugar, o cartão foi recusado, a compra foi cancelada.
    Refused,
}

/// O que o caderno de um serviço diz de uma compra.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// A etapa foi feita.
    Done,
    /// A etapa foi recusada.
    Refused,
    /// A etapa foi desfeita, ou cancelada antes de ser feita.
    Undone,
}

/// O caderno de um serviço e o mundo que ele altera.
#[derive(Debug, Clone)]
pub struct Ledger {
    step: Step,
    records: BTreeMap<String, Record>,
    refuses: BTreeSet<String>,
    capacity: usize,
    held: usize,
    effects: Vec<Action>,
}

impl Ledger {
    /// Um caderno em branco. Só os lugares acabam: são `capacity`.
    pub fn new(step: Step, capacity: usize) -> Self {
        let (records, refuses, effects) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Self { step, records, refuses, capacity, held: 0, effects }
    }

    /// A partir de agora o serviço recusa esta compra: é o cartão sem limite, é a impressora que não aceita o nome.
    pub fn refuse(&mut self, purchase: &str) {
        self.refuses.insert(purchase.to_owned());
    }

    /// O que está escrito desta compra, se algo está.
    pub fn record(&self, purchase: &str) -> Option<Record> {
        self.records.get(purchase).copied()
    }

    /// Escreve no caderno, por cima do que havia.
    pub fn write(&mut self, purchase: &str, record: Record) {
        self.records.insert(purchase.to_owned(), record);
    }

    /// Faz a etapa no mundo, se dá, e diz se deu. Não olha o caderno nem escreve nele: chamada duas vezes, faz duas vezes.
    pub fn perform(&mut self, purchase: &str) -> Answer {
        let full = self.step == Step::Reserve && self.held == self.capacity;
        if full || self.refuses.contains(purchase) {
            return Answer::Refused;
        }
        self.held += 1;
        self.effects.push(Action::Do(self.step));
        Answer::Done
    }

    /// Desfaz a etapa no mundo. Também não olha o caderno.
    pub fn reverse(&mut self) {
        self.held = self.held.saturating_sub(1);
        self.effects.push(Action::Undo(self.step));
    }

    /// Quantos lugares, cobranças ou bilhetes estão valendo.
    pub fn held(&self) -> usize {
        self.held
    }

    /// O que aconteceu no mundo, em ordem.
    pub fn effects(&self) -> &[Action] {
        &self.effects
    }
}

/// Um evento do barramento: um fato que um serviço conta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// O Beto apertou *comprar*.
    PurchaseRequested,
    /// Há um lugar guardado.
    SeatReserved,
    /// Não há lugar para esta compra.
    SeatRefused,
    /// O lugar foi devolvido.
    SeatReleased,
    /// O cartão foi cobrado.
    PaymentCaptured,
    /// O cartão não foi cobrado.
    PaymentRefused,
    /// A cobrança foi estornada.
    PaymentRefunded,
    /// O bilhete foi emitido.
    TicketIssued,
    /// O bilhete não foi emitido.
    TicketRefused,
}

impl Event {
    /// O evento que um serviço publica quando termina uma ação com esta resposta. Anular um bilhete não tem evento: na compra
    /// coreografada ninguém anula.
    pub fn of(action: Action, answer: Answer) -> Option<Self> {
        Some(match (action, answer) {
            (Action::Do(Step::Reserve), Answer::Done) => Self::SeatReserved,
            (Action::Do(Step::Reserve), Answer::Refused) => Self::SeatRefused,
            (Action::Undo(Step::Reserve), _) => Self::SeatReleased,
            (Action::Do(Step::Charge), Answer::Done) => Self::PaymentCaptured,
            (Action::Do(Step::Charge), Answer::Refused) => Self::PaymentRefused,
            (Action::Undo(Step::Charge), _) => Self::PaymentRefunded,
            (Action::Do(Step::Issue), Answer::Done) => Self::TicketIssued,
            (Action::Do(Step::Issue), Answer::Refused) => Self::TicketRefused,
            (Action::Undo(Step::Issue), _) => return None,
        })
    }
}

/// O que a rede faz com uma chamada a um serviço.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// O pedido se perde na ida: nada acontece, e nenhuma resposta vem.
    RequestLost,
    /// O serviço faz o que foi pedido, e a resposta se perde na volta.
    AnswerLost,
    /// O pedido atrasa: nenhuma resposta vem, e ele chega ao serviço quando todo o resto acabou.
    Late,
}

/// Como uma compra terminou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Lugar, cobrança e bilhete.
    Confirmed,
    /// Nem lugar, nem cobrança, nem bilhete.
    Cancelled,
}

/// Uma linha do diário do orquestrador.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Escrita antes de chamar.
    Called(Action),
    /// Escrita quando a resposta chega. Se ela não chega, não há linha.
    Answered(Action, Answer),
}

/// A bilheteria: os três serviços e as falhas marcadas para as próximas chamadas.
#[derive(Debug, Clone)]
pub struct BoxOffice {
    ledgers: [Ledger; 3],
    /// Na ordem das chamadas a cada ação: `None` é uma chamada sem falha.
    faults: BTreeMap<Action, VecDeque<Option<Fault>>>,
    late: Vec<(Action, String)>,
    effects: Vec<Action>,
}

impl BoxOffice {
    /// Uma bilheteria em que nada aconteceu, com este número de lugares.
    pub fn new(capacity: usize) -> Self {
        let ledgers = Step::ALL.map(|step| Ledger::new(step, capacity));
        Self { ledgers, faults: BTreeMap::new(), late: Vec::new(), effects: Vec::new() }
    }

    /// Marca as falhas das primeiras chamadas a uma ação, uma por chamada.
    #[must_use]
    pub fn with_faults(mut self, action: Action, faults: &[Fault]) -> Self {
        self.faults.entry(action).or_default().extend(faults.iter().copied().map(Some));
        self
    }

    /// O serviço desta etapa recusa esta compra.
    #[must_use]
    pub fn refusing(mut self, step: Step, purchase: &str) -> Self {
        self.ledger_mut(step).refuse(purchase);
        self
    }

    /// O caderno de um serviço.
    pub fn ledger(&self, step: Step) -> &Ledger {
        &self.ledgers[step as usize]
    }

    fn ledger_mut(&mut self, step: Step) -> &mut Ledger {
        &mut self.ledgers[step as usize]
    }

    /// Lugares, cobranças e bilhetes que estão valendo.
    pub fn held(&self) -> [usize; 3] {
        Step::ALL.map(|step| self.ledger(step).held())
    }

    /// O que aconteceu no mundo, nos três serviços, em ordem.
    pub fn effects(&self) -> &[Action] {
        &self.effects
    }

    /// O pedido chega ao serviço e `handle` o atende.
    pub fn serve(&mut self, action: Action, purchase: &str, handle: Handle) -> Answer {
        let ledger = self.ledger_mut(action.step());
        let before = ledger.effects().len();
        let answer = handle(ledger, action, purchase);
        let news = ledger.effects()[before..].to_vec();
        self.effects.extend(news);
        answer
    }

    /// Chama um serviço pela rede, com as falhas marcadas; `None` é a resposta que não veio.
    pub fn call(&mut self, action: Action, purchase: &str, handle: Handle) -> Option<Answer> {
        match self.faults.get_mut(&action).and_then(VecDeque::pop_front).flatten() {
            None => Some(self.serve(action, purchase, handle)),
            Some(Fault::RequestLost) => None,
            Some(Fault::AnswerLost) => {
                self.serve(action, purchase, handle);
                None
            }
            Some(Fault::Late) => {
                self.late.push((action, purchase.to_owned()));
                None
            }
        }
    }

    /// Os pedidos atrasados chegam.
    pub fn deliver_late(&mut self, handle: Handle) {
        for (action, purchase) in std::mem::take(&mut self.late) {
            self.serve(action, &purchase, handle);
        }
    }
}

/// Como um serviço atende um pedido.
pub type Handle = fn(&mut Ledger, Action, &str) -> Answer;
