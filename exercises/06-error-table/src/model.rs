//! O que os passos do capítulo têm em comum: o cenário, a gravação da bancada e o que se conclui dela.
//!
//! ```text
//!   Model + Failure + Parameters ──bench──▶ Trace ──observe──▶ Observation ──▶ o quadro
//!        (o que se pede)               (só fatos, na ordem)    (o que os fatos dizem)
//! ```
//!
//! A gravação não tem conclusões: diz quem começou cada tentativa, quando, com que eventos e como terminou. Quem repete, quanto
//! espera e o que fica parado é o que se lê nela.

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

/// Quem começou uma tentativa: de onde partiu o pedido à API do Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// O cliente.
    Client,
    /// A fila interna do Lambda.
    InternalQueue,
    /// O mapeamento da fonte de eventos.
    EventSourceMapping,
}

/// Como uma tentativa terminou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A função rodou e deu certo.
    Succeeded,
    /// A função rodou e falhou.
    FunctionError,
    /// A função rodou e estourou o tempo.
    TimedOut,
    /// Sem vaga (429): a função não rodou.
    Throttled,
    /// Falha do serviço (500): a função não rodou.
    SystemError,
}

impl Ending {
    /// Se a função chegou a rodar.
    pub fn ran(self) -> bool {
        !matches!(self, Self::Throttled | Self::SystemError)
    }
}

/// De onde saiu o intervalo antes de uma tentativa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Não houve: é a primeira tentativa com estes eventos.
    First,
    /// Da documentação ou da configuração.
    Published,
    /// De um sorteio do cliente: o teto é publicado, o valor não se repete.
    Drawn,
    /// Só do modelo do livro: a AWS não publica o dela.
    Unpublished,
}

/// Uma tentativa de rodar a função, também a que foi recusada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Quem a começou.
    pub started_by: Starter,
    /// Os eventos do lote, em ordem; um só, na síncrona e na assíncrona.
    pub events: Vec<EventId>,
    /// Quando começou, desde o começo da gravação.
    pub started_at: Duration,
    /// Quando terminou.
    pub ended_at: Duration,
    /// Como terminou.
    pub ending: Ending,
    /// Quantas vezes a fila entregou o evento (no lote, o maior): conta do SQS ou do broker do Amazon MQ. `None` onde não há
    /// fila que entregue de novo.
    pub receive_count: Option<u32>,
    /// Quanto já se gastou do limite que o modelo confere antes de desistir, no fim desta tentativa.
    pub spent: u32,
    /// De onde saiu o intervalo antes dela.
    pub interval: Interval,
}

impl Attempt {
    /// Se, entre a tentativa `previous` e esta, a fila entregou o evento outra vez. Onde não há fila, nunca.
    pub fn was_redelivered_since(&self, previous: &Self) -> bool {
        self.receive_count > previous.receive_count
    }
}

/// O que quem mandou o evento recebeu de volta, no fim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// De qual evento.
    pub event: EventId,
    /// Quando.
    pub at: Duration,
    /// O código HTTP da API `Invoke`.
    pub status: u16,
    /// Se veio o cabeçalho `X-Amz-Function-Error`.
    pub function_error: bool,
}

/// Um lugar em que a bancada procura os eventos quando a gravação acaba.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A fila interna do Lambda: ainda à espera.
    InternalQueue,
    /// A fila, o fluxo, o tópico: ainda à espera de quem o trate.
    Source,
    /// A DLQ da função (`DeadLetterConfig`).
    FunctionDeadLetterQueue,
    /// A DLQ da fonte: a da fila do SQS (`RedrivePolicy`) ou a do broker.
    SourceDeadLetterQueue,
    /// O destino `OnFailure`.
    OnFailure,
}

/// O que havia lá.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// O evento inteiro.
    Whole,
    /// Só o endereço dele na fonte: é preciso buscá-lo antes que a retenção acabe.
    MetadataOnly,
}

/// Um evento que a bancada achou em um lugar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Qual.
    pub event: EventId,
    /// Onde.
    pub place: Place,
    /// Inteiro ou não.
    pub contents: Contents,
    /// Desde quando está lá.
    pub since: Duration,
}

/// Uma métrica do CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A idade do evento na fila interna, do Lambda.
    AsyncEventAge,
    /// A idade da mensagem mais antiga da fila, do SQS.
    ApproximateAgeOfOldestMessage,
    /// Quanto o leitor do fluxo está atrasado, do Lambda.
    IteratorAge,
    /// Quantos registros falta ler na partição, do Lambda.
    OffsetLag,
    /// Quantas mensagens há nas filas do broker, contando a DLQ dele, do Amazon MQ.
    QueueSize,
    /// Quantas mensagens há na fila que recebe o que falhou, do SQS: uma DLQ ou a fila do `OnFailure`.
    ApproximateNumberOfMessagesVisible,
}

impl Metric {
    /// O nome no CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsyncEventAge => "AsyncEventAge",
            Self::ApproximateAgeOfOldestMessage => "ApproximateAgeOfOldestMessage",
            Self::IteratorAge => "IteratorAge",
            Self::OffsetLag => "OffsetLag",
            Self::QueueSize => "QueueSize",
            Self::ApproximateNumberOfMessagesVisible => "ApproximateNumberOfMessagesVisible",
        }
    }
}

/// O valor de uma métrica em um minuto. Uma métrica que está em zero não acusa nada.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Qual métrica.
    pub metric: Metric,
    /// Quando.
    pub at: Duration,
    /// Milissegundos nas idades, eventos nas outras.
    pub value: u64,
}

/// Por que se desistiu de um evento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveUp {
    /// Acabou o limite de tentativas, de recebimentos ou de reentregas.
    Limit,
    /// Acabou o tempo: a idade máxima, ou a retenção da fonte.
    Age,
}

/// Se a AWS publica em que ordem a fonte entrega.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Publica, também quando diz que não há ordem.
    Published,
    /// Não publica: o que espera por quem, na gravação, é só do modelo do livro.
    Unpublished,
}

/// A gravação de um cenário: só fatos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// O modelo.
    pub model: Model,
    /// O que deu errado.
    pub failure: Failure,
    /// A configuração.
    pub parameters: Parameters,
    /// Os eventos, na ordem em que foram mandados.
    pub events: Vec<Event>,
    /// O evento que se observa: o primeiro, que falha em todos os cenários.
    pub watched: EventId,
    /// As tentativas, na ordem em que começaram.
    pub attempts: Vec<Attempt>,
    /// As respostas a quem mandou cada evento; nenhuma, quando o evento foi posto em uma fonte.
    pub answers: Vec<Answer>,
    /// O que a bancada achou em cada lugar, no fim. Um evento que não está aqui não está em lugar nenhum da AWS.
    pub found: Vec<Found>,
    /// As métricas, de minuto em minuto a partir do primeiro.
    pub readings: Vec<Reading>,
    /// Por que se desistiu do evento observado; `None`, se ninguém desistiu até o fim da gravação. Um cliente não desiste: responde
    /// a quem o chamou.
    pub gave_up: Option<GaveUp>,
    /// Se a ordem de entrega é publicada.
    pub order: Order,
}

impl Trace {
    /// As tentativas que levaram um evento, em ordem.
    pub fn attempts_of(&self, event: EventId) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(move |attempt| attempt.events.contains(&event))
    }

    /// Os outros eventos, em ordem.
    pub fn companions(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.id != self.watched)
    }
}

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
