//! O que se pede à bancada: o modelo, a falha, a configuração e os três eventos.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// Quanto a função leva quando não estoura o tempo.
pub const RUN_TIME: Duration = Duration::from_millis(100);
/// O `Timeout` da função: o padrão do Lambda.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);

/// O que liga o evento à função.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Invocação síncrona, por um cliente com o SDK.
    Synchronous,
    /// Invocação assíncrona, pela fila interna do Lambda.
    Asynchronous,
    /// Sondagem de uma fila padrão do SQS.
    SqsStandard,
    /// Sondagem de uma fila FIFO do SQS.
    SqsFifo,
    /// Sondagem de um fluxo do Kinesis.
    Kinesis,
    /// Sondagem do fluxo de uma tabela do DynamoDB.
    DynamoDbStreams,
    /// Sondagem de um tópico de Kafka, em MSK ou autogerenciado, com `ConsumptionMode` `Stream`.
    Kafka,
    /// Sondagem de uma fila do Amazon MQ.
    AmazonMq,
}

impl Model {
    /// Todos, na ordem do quadro.
    pub const ALL: [Self; 8] = [
        Self::Synchronous,
        Self::Asynchronous,
        Self::SqsStandard,
        Self::SqsFifo,
        Self::Kinesis,
        Self::DynamoDbStreams,
        Self::Kafka,
        Self::AmazonMq,
    ];

    /// O nome que a pessoa lê.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "Síncrona",
            Self::Asynchronous => "Assíncrona",
            Self::SqsStandard => "SQS padrão",
            Self::SqsFifo => "SQS FIFO",
            Self::Kinesis => "Kinesis",
            Self::DynamoDbStreams => "DynamoDB Streams",
            Self::Kafka => "Kafka",
            Self::AmazonMq => "Amazon MQ",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// O que dá errado, do começo ao fim da gravação.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// A função roda e falha, com qualquer evento.
    FunctionError,
    /// A função roda e estoura o tempo, com qualquer evento.
    Timeout,
    /// A função não tem vaga (429) e não roda.
    Throttle,
    /// O serviço do Lambda falha (500) e a função não roda.
    SystemError,
    /// A função só falha com o evento 1; com os outros dá certo. Um lote que traz o evento 1 falha inteiro.
    PoisonRecord,
}

impl Failure {
    /// Todas, na ordem do quadro.
    pub const ALL: [Self; 5] =
        [Self::FunctionError, Self::Timeout, Self::Throttle, Self::SystemError, Self::PoisonRecord];

    /// O nome que a pessoa lê.
    pub fn name(self) -> &'static str {
        match self {
            Self::FunctionError => "erro da função",
            Self::Timeout => "tempo esgotado",
            Self::Throttle => "throttling (429)",
            Self::SystemError => "falha do serviço (500)",
            Self::PoisonRecord => "registro ruim",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Para onde se configurou mandar o que falhou.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureTarget {
    /// Nada foi configurado. (A DLQ do Amazon MQ é do broker e existe assim mesmo.)
    Nothing,
    /// Uma DLQ: `DeadLetterConfig` da função na assíncrona, `RedrivePolicy` da fila no SQS.
    DeadLetterQueue,
    /// `DestinationConfig.OnFailure`, com uma fila SQS: na assíncrona, nos fluxos e no Kafka.
    OnFailure,
}

/// A configuração de um cenário. Cada modelo lê só os campos que tem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// Síncrona: quantas tentativas o cliente faz ao todo.
    pub max_attempts: u32,
    /// Sondagem: quantos eventos cabem em um lote.
    pub batch_size: usize,
    /// Assíncrona, fluxos e Kafka: `MaximumRetryAttempts`; `None` é sem limite (o −1 da AWS).
    pub maximum_retry_attempts: Option<u32>,
    /// Assíncrona e fluxos: `MaximumEventAgeInSeconds`, `MaximumRecordAgeInSeconds`; `None` é sem limite (o −1 da AWS).
    pub maximum_age: Option<Duration>,
    /// SQS: o *visibility timeout* da fila.
    pub visibility_timeout: Duration,
    /// SQS, com DLQ: `maxReceiveCount`.
    pub max_receive_count: u32,
    /// SQS, fluxos e Kafka: por quanto tempo a fonte guarda o que ninguém tratou.
    pub retention: Duration,
    /// Fluxos: `BisectBatchOnFunctionError`.
    pub bisect: bool,
    /// Fluxos: `ParallelizationFactor`.
    pub parallelization_factor: usize,
    /// Para onde vai o que falhou.
    pub failure_target: FailureTarget,
    /// Até quando a bancada grava.
    pub horizon: Duration,
}

impl Parameters {
    /// Os padrões da AWS para o modelo, com um evento por lote e sem destino para o que falha.
    ///
    /// São do livro: o evento sozinho no lote, que mostra o efeito de um só; as 3 tentativas do cliente, que são as do SDK; os 7
    /// dias de retenção do tópico de Kafka, que quem o cria escolhe; e até quando a bancada grava: 7 h na síncrona e na
    /// assíncrona, 10 min nas outras.
    pub fn of(model: Model) -> Self {
        const HOUR: u64 = 3_600;
        let (retries, age, retention, horizon) = match model {
            Model::Synchronous => (None, None, 0, 7 * HOUR),
            Model::Asynchronous => (Some(2), Some(6 * HOUR), 0, 7 * HOUR),
            Model::SqsStandard | Model::SqsFifo => (None, None, 4 * 24 * HOUR, 600),
            Model::Kinesis | Model::DynamoDbStreams => (None, None, 24 * HOUR, 600),
            Model::Kafka | Model::AmazonMq => (None, None, 7 * 24 * HOUR, 600),
        };
        Self {
            max_attempts: 3,
            batch_size: 1,
            maximum_retry_attempts: retries,
            maximum_age: age.map(Duration::from_secs),
            visibility_timeout: Duration::from_secs(30),
            max_receive_count: 5,
            retention: Duration::from_secs(retention),
            bisect: false,
            parallelization_factor: 1,
            failure_target: FailureTarget::Nothing,
            horizon: Duration::from_secs(horizon),
        }
    }

    /// Os mesmos, com o destino que o modelo aceita: DLQ na assíncrona e no SQS, `OnFailure` nos fluxos e no Kafka. A síncrona
    /// não tem nenhum, e a DLQ do Amazon MQ não se configura aqui.
    pub fn with_failure_target(model: Model) -> Self {
        let failure_target = match model {
            Model::Synchronous | Model::AmazonMq => FailureTarget::Nothing,
            Model::Asynchronous | Model::SqsStandard | Model::SqsFifo => FailureTarget::DeadLetterQueue,
            Model::Kinesis | Model::DynamoDbStreams | Model::Kafka => FailureTarget::OnFailure,
        };
        Self { failure_target, ..Self::of(model) }
    }
}

/// O número de um evento: 1, 2 ou 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(pub u8);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evento {}", self.0)
    }
}

/// Um evento do cenário. Todos chegam no instante 0, na ordem dos números.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Qual é.
    pub id: EventId,
    /// O `MessageGroupId` na fila FIFO, a chave de partição nos fluxos e no Kafka; onde não há chave, ninguém a lê.
    pub key: &'static str,
}
