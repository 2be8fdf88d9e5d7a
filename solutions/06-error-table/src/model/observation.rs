//! O que se conclui de uma gravação: uma resposta para cada pergunta do quadro.

use std::time::Duration;

use super::{Contents, Failure, GaveUp, Metric, Model, Place};

/// Quem fez um evento voltar à função.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retrier {
    /// O cliente, que chamou de novo.
    Client,
    /// O Lambda, pela fila interna.
    InternalQueue,
    /// O mapeamento, que chamou de novo com o mesmo lote.
    EventSourceMapping,
    /// A própria fila, que entregou a mensagem outra vez.
    Source,
}

/// Uma espera entre duas tentativas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Este tempo, da documentação ou da configuração.
    Published(Duration),
    /// Sorteada pelo cliente.
    Drawn,
    /// A AWS não publica.
    Unpublished,
}

/// Se uma tentativa que falhou gasta do limite de tentativas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Nenhuma gastou.
    Never,
    /// Umas gastaram e outras não.
    Sometimes,
    /// Todas gastaram.
    Always,
}

/// O que ficou parado enquanto o evento observado não se resolvia.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Nada.
    Nothing,
    /// Os eventos da mesma chave.
    SameKey,
    /// Todos os outros: a fonte inteira, de onde ele estava em diante.
    Everything,
    /// Não deu para ver: os outros foram no mesmo lote que ele.
    Unseen,
    /// A AWS não publica a ordem.
    Unpublished,
}

/// O que houve com o lote do evento observado.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// Ele sempre foi sozinho.
    Alone,
    /// O lote foi e voltou com companhia até a última tentativa.
    Whole,
    /// Começou com companhia e terminou sozinho.
    Shrunk,
}

/// Onde um evento foi parar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A função deu certo com ele.
    Processed,
    /// A falha foi respondida a quem mandou o evento: o próximo passo é dele.
    WithCaller,
    /// Ainda está à espera.
    Waiting,
    /// Foi guardado, depois que se desistiu dele.
    Kept {
        /// Onde.
        place: Place,
        /// Inteiro ou só o endereço.
        contents: Contents,
    },
    /// Não está em lugar nenhum, e quem o mandou não sabe.
    Lost,
}

/// Como alguém fica sabendo que algo falhou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Pela resposta: um código de erro, ou 200 com `X-Amz-Function-Error`.
    Answer {
        /// O código HTTP.
        status: u16,
        /// Se veio `X-Amz-Function-Error`.
        function_error: bool,
    },
    /// Por uma métrica que saiu de zero.
    Metric(Metric),
}

/// O que uma gravação diz do evento observado e de quem vinha com ele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// O modelo.
    pub model: Model,
    /// O que deu errado.
    pub failure: Failure,
    /// Até quando a bancada gravou.
    pub horizon: Duration,
    /// Quantas tentativas levaram o evento observado, contando as recusadas.
    pub attempts: u32,
    /// Em quantas delas a função rodou.
    pub runs: u32,
    /// Quem o fez voltar, sem repetir, na ordem em que apareceram; vazio quando não houve segunda tentativa.
    pub retriers: Vec<Retrier>,
    /// As esperas entre as tentativas, em ordem: uma a menos que `attempts`.
    pub waits: Vec<Wait>,
    /// Se as tentativas gastaram do limite.
    pub charge: Charge,
    /// Por que se desistiu dele, se alguém desistiu.
    pub gave_up: Option<GaveUp>,
    /// O que ficou parado atrás dele.
    pub blocking: Blocking,
    /// O que houve com o lote dele.
    pub batch: Batch,
    /// Onde ele foi parar.
    pub fate: Fate,
    /// Onde foram parar os outros, em ordem.
    pub companions: Vec<Fate>,
    /// Desde quando ele está guardado; `None` se `fate` não é [`Fate::Kept`] ou se esse instante vem de intervalos que a AWS não
    /// publica.
    pub kept_since: Option<Duration>,
    /// Como se fica sabendo: primeiro a resposta, depois as métricas, na ordem de [`Metric`].
    pub signals: Vec<Signal>,
}
