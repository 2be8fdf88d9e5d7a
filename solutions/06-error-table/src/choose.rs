//! A escolha: do que o sistema precisa ao modelo e à configuração dele.
//!
//! ```text
//!   Needs ──decide──▶ Model e Reason ──conflict──▶ Conflict: não há como
//!                          └────────configure──▶ Parameters ──▶ Choice
//! ```
//!
//! `Parameters` é o mesmo que a bancada recebe: uma escolha pode ser posta à prova.

use std::fmt;
use std::time::Duration;

use crate::model::{Metric, Model, Parameters};

/// De onde o evento vem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// De quem o manda, que pode mandá-lo para onde se escolher.
    Sender,
    /// Da mudança em uma tabela do DynamoDB.
    Table,
    /// De um tópico de Kafka que já existe.
    KafkaTopic,
    /// De uma fila do Amazon MQ que já existe.
    BrokerQueue,
}

/// Que ordem importa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// Nenhuma.
    Any,
    /// A dos eventos da mesma chave.
    PerKey,
}

/// O que fazer com o evento de que se desistiu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Pode sumir.
    Tolerated,
    /// Tem de ficar em algum lugar em que alguém o ache.
    Forbidden,
}

/// O que custa tratar o mesmo evento duas vezes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// Nada.
    Harmless,
    /// Um SMS a mais, uma cobrança a mais.
    Costly,
}

/// Do que o sistema precisa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// De onde o evento vem.
    pub origin: Origin,
    /// Em quanto tempo quem mandou precisa do resultado; `None`, se não o espera.
    pub answer_within: Option<Duration>,
    /// Se alguém precisa ler de novo o que já foi tratado.
    pub replay: bool,
    /// Que ordem importa.
    pub ordering: Ordering,
    /// Quantos eventos por segundo, na hora mais cheia.
    pub events_per_second: u32,
    /// A pane mais longa do que a função usa: durante ela a função falha, e não se pode desistir do evento.
    pub outage: Duration,
    /// Por quanto tempo um evento que falha pode parar os outros; `None`, se tanto faz.
    pub stopped_at_most: Option<Duration>,
    /// O que fazer com o evento de que se desistiu.
    pub loss: Loss,
    /// O que custa tratá-lo duas vezes.
    pub duplicate: Duplicate,
    /// O `Timeout` da função, em segundos inteiros.
    pub timeout: Duration,
}

impl Default for Needs {
    /// Quem não precisa de nada: um evento por segundo, uma função de 3 s.
    fn default() -> Self {
        Self {
            origin: Origin::Sender,
            answer_within: None,
            replay: false,
            ordering: Ordering::Any,
            events_per_second: 1,
            outage: Duration::ZERO,
            stopped_at_most: None,
            loss: Loss::Tolerated,
            duplicate: Duplicate::Harmless,
            timeout: Duration::from_secs(3),
        }
    }
}

/// A necessidade que decidiu o modelo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// O evento já está em uma fonte, e é dela que se lê.
    Origin,
    /// Alguém espera o resultado.
    Answer,
    /// Alguém precisa reler.
    Replay,
    /// A ordem importa, e não cabe em uma fila FIFO.
    Volume,
    /// A ordem importa.
    Ordering,
    /// A pane é mais longa que as novas tentativas da fila interna.
    Outage,
    /// Nada disso: o mais simples serve.
    Simplest,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Origin => "o evento já está em uma fonte, e é dela que o Lambda lê",
            Self::Answer => "quem mandou espera o resultado",
            Self::Replay => "alguém precisa reler, e só um fluxo guarda o que já foi lido",
            Self::Volume => "a ordem importa, e o volume não cabe em uma fila FIFO",
            Self::Ordering => "a ordem da chave importa",
            Self::Outage => "a pane é mais longa que as novas tentativas da fila interna",
            Self::Simplest => "nada pede mais que a fila interna do Lambda",
        })
    }
}

/// Duas necessidades que nenhuma configuração do modelo atende juntas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// O modelo não responde a ninguém.
    #[error("quem mandou espera o resultado, e desta fonte ninguém responde")]
    NoAnswer,
    /// A função leva mais que a paciência de quem espera.
    #[error("o Timeout da função passa do que quem chamou espera: aceite agora e avise depois")]
    TooSlow,
    /// A síncrona não guarda o evento.
    #[error("na síncrona ninguém guarda o evento durante a pane: aceite agora e avise depois")]
    NobodyKeeps,
    /// O modelo não guarda o que já foi tratado.
    #[error("o modelo não guarda o que já foi tratado: não há o que reler")]
    NoReplay,
    /// O modelo não tem ordem publicada.
    #[error("o modelo não promete ordem")]
    NoOrder,
    /// A promessa depende de um intervalo que a AWS não publica.
    #[error("o limite é de tentativas e o intervalo entre elas não é publicado: não dá para prometer tempo")]
    Unpublished,
    /// A ordem, a pane e o tempo parado não cabem juntos.
    #[error("para esperar a pane, em ordem, os outros ficam parados mais do que podem")]
    StopsOthers,
    /// A fonte não guarda por tanto tempo.
    #[error("a fonte não guarda o evento pelo tempo que a pane pede")]
    NotKept,
}

/// O que a escolha obriga a fazer além de configurar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Tratar o evento uma vez só, por uma chave de idempotência: todo modelo pode repetir.
    Idempotency,
    /// Buscar o registro na fonte antes que a retenção acabe: o destino só guarda o endereço.
    FetchTheRecord,
    /// Pôr um alarme nesta métrica.
    Alarm(Metric),
}

/// A escolha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// O modelo.
    pub model: Model,
    /// Por que ele.
    pub reason: Reason,
    /// A configuração; `batch_size` e `horizon` não se decidem aqui.
    pub parameters: Parameters,
    /// O que mais fazer.
    pub duties: Vec<Duty>,
}

/// Escolhe.
///
/// # Errors
/// [`Conflict`], quando nenhuma configuração do modelo atende a tudo.
pub fn choose(needs: &Needs) -> Result<Choice, Conflict> {
    let (model, reason) = decide(needs);
    if let Some(conflict) = conflict(needs, model) {
        return Err(conflict);
    }
    let parameters = configure(needs, model);
    let duties = duties(needs, model, &parameters);
    Ok(Choice { model, reason, parameters, duties })
}

/// Qual modelo, e a primeira necessidade que o decide.
pub fn decide(needs: &Needs) -> (Model, Reason) {
    // passo: começo — escolhe o modelo para {needs:?}
    const FIFO_EVENTS_PER_SECOND: u32 = 3_000;
    const ASYNCHRONOUS_RETRIES: Duration = Duration::from_secs(180);

    match needs.origin {
        Origin::Table => return (Model::DynamoDbStreams, Reason::Origin),
        Origin::KafkaTopic => return (Model::Kafka, Reason::Origin),
        Origin::BrokerQueue => return (Model::AmazonMq, Reason::Origin),
        Origin::Sender => {}
    }
    if needs.answer_within.is_some() {
        (Model::Synchronous, Reason::Answer)
    } else if needs.replay {
        (Model::Kinesis, Reason::Replay)
    } else if needs.ordering == Ordering::PerKey && needs.events_per_second > FIFO_EVENTS_PER_SECOND {
        (Model::Kinesis, Reason::Volume)
    } else if needs.ordering == Ordering::PerKey {
        (Model::SqsFifo, Reason::Ordering)
    } else if needs.outage > ASYNCHRONOUS_RETRIES {
        (Model::SqsStandard, Reason::Outage)
    } else {
        (Model::Asynchronous, Reason::Simplest)
    }
    // passo: fim
}

/// A visibilidade e o `maxReceiveCount` de uma fila do SQS que espera a pane passar.
pub fn redrive(needs: &Needs) -> (Duration, u32) {
    // passo: começo — calcula a visibilidade e o maxReceiveCount para {needs:?}
    const RECOMMENDED: u64 = 5;
    const MAXIMUM: u64 = 1_000;

    let outage = needs.outage.as_secs();
    let visibility = (6 * needs.timeout.as_secs()).max(outage.div_ceil(MAXIMUM - 1));
    let receives = RECOMMENDED.max(outage.div_ceil(visibility) + 1);
    (Duration::from_secs(visibility), u32::try_from(receives).unwrap_or(u32::MAX))
    // passo: fim
}

/// Por quanto tempo a fonte segura um evento que falha, até desistir dele; `None`, onde não há fonte ou isso não é publicado.
pub fn held(needs: &Needs, model: Model) -> Option<Duration> {
    const MINIMUM_RECORD_AGE: Duration = Duration::from_secs(60);
    match model {
        Model::SqsStandard | Model::SqsFifo => {
            let (visibility_timeout, max_receive_count) = redrive(needs);
            Some(visibility_timeout * max_receive_count)
        }
        // O recuo não é publicado: uma tentativa pode cair pouco antes do fim da pane e a seguinte, bem depois.
        Model::Kinesis | Model::DynamoDbStreams => Some(MINIMUM_RECORD_AGE.max(needs.outage * 2)),
        Model::Synchronous | Model::Asynchronous | Model::Kafka | Model::AmazonMq => None,
    }
}

/// Por quanto tempo, no máximo, a fonte pode segurar um evento que falha e ainda deixar outro tanto para alguém buscá-lo.
pub fn holds_at_most(model: Model) -> Option<Duration> {
    const HOUR: Duration = Duration::from_secs(3_600);
    match model {
        // Metade dos 14 dias de retenção da fila.
        Model::SqsStandard | Model::SqsFifo => Some(7 * 24 * HOUR),
        // O maior MaximumRecordAgeInSeconds; a retenção pode ir bem além.
        Model::Kinesis => Some(7 * 24 * HOUR),
        // Metade das 24 horas do fluxo da tabela, que não mudam.
        Model::DynamoDbStreams => Some(12 * HOUR),
        Model::Synchronous | Model::Asynchronous | Model::Kafka | Model::AmazonMq => None,
    }
}

/// O primeiro conflito entre as necessidades e o modelo.
pub fn conflict(needs: &Needs, model: Model) -> Option<Conflict> {
    // passo: começo — procura o primeiro conflito de {needs:?} com {model}
    let (synchronous, broker) = (model == Model::Synchronous, model == Model::AmazonMq);
    let log = matches!(model, Model::Kinesis | Model::DynamoDbStreams | Model::Kafka);
    let waits = !needs.outage.is_zero();
    let held = held(needs, model);
    let unpublished = match model {
        Model::AmazonMq => waits || needs.stopped_at_most.is_some(),
        Model::Kafka => needs.stopped_at_most.is_some() || (waits && needs.loss == Loss::Forbidden),
        _ => false,
    };
    let stops = log || model == Model::SqsFifo;

    if needs.answer_within.is_some() && !synchronous {
        Some(Conflict::NoAnswer)
    } else if synchronous && needs.answer_within.is_some_and(|limit| needs.timeout > limit) {
        Some(Conflict::TooSlow)
    } else if synchronous && waits {
        Some(Conflict::NobodyKeeps)
    } else if needs.replay && !log {
        Some(Conflict::NoReplay)
    } else if needs.ordering == Ordering::PerKey && broker {
        Some(Conflict::NoOrder)
    } else if unpublished {
        Some(Conflict::Unpublished)
    } else if stops && held.zip(needs.stopped_at_most).is_some_and(|(held, limit)| held > limit) {
        Some(Conflict::StopsOthers)
    } else if held.zip(holds_at_most(model)).is_some_and(|(held, most)| held > most) {
        Some(Conflict::NotKept)
    } else {
        None
    }
    // passo: fim
}

/// A configuração do modelo, quando não há conflito.
pub fn configure(needs: &Needs, model: Model) -> Parameters {
    // passo: começo — configura {model} para {needs:?}
    let must_stop = needs.stopped_at_most.is_some();
    let kept = needs.loss == Loss::Forbidden || (model == Model::SqsFifo && must_stop);
    let mut parameters = if kept { Parameters::with_failure_target(model) } else { Parameters::of(model) };
    if let Some(held) = held(needs, model) {
        parameters.retention = parameters.retention.max(held * 2);
    }
    match model {
        Model::Synchronous => {
            let limit = needs.answer_within.unwrap_or_default();
            let spare = limit.saturating_sub(needs.timeout).as_secs();
            parameters.max_attempts = if spare >= 3 {
                3
            } else if spare >= 1 {
                2
            } else {
                1
            };
        }
        Model::SqsStandard | Model::SqsFifo => {
            (parameters.visibility_timeout, parameters.max_receive_count) = redrive(needs);
        }
        Model::Kinesis | Model::DynamoDbStreams => {
            parameters.bisect = true;
            parameters.maximum_age = held(needs, model).filter(|_| kept || must_stop);
        }
        Model::Asynchronous | Model::Kafka | Model::AmazonMq => {}
    }
    parameters
    // passo: fim
}

/// O que fazer além de configurar.
fn duties(needs: &Needs, model: Model, parameters: &Parameters) -> Vec<Duty> {
    use crate::model::FailureTarget;

    let idempotency = (needs.duplicate == Duplicate::Costly).then_some(Duty::Idempotency);
    let fetch = (parameters.failure_target == FailureTarget::OnFailure).then_some(Duty::FetchTheRecord);
    let own = match model {
        // Quem chamou fica sabendo; e da idade da fila padrão some a mensagem que já voltou três vezes.
        Model::Synchronous | Model::SqsStandard => None,
        Model::Asynchronous => Some(Metric::AsyncEventAge),
        Model::SqsFifo => Some(Metric::ApproximateAgeOfOldestMessage),
        Model::Kinesis | Model::DynamoDbStreams => Some(Metric::IteratorAge),
        Model::Kafka => Some(Metric::OffsetLag),
        Model::AmazonMq => Some(Metric::QueueSize),
    };
    let kept =
        (parameters.failure_target != FailureTarget::Nothing).then_some(Metric::ApproximateNumberOfMessagesVisible);
    let alarms = own.into_iter().chain(kept).map(Duty::Alarm);
    idempotency.into_iter().chain(fetch).chain(alarms).collect()
}
