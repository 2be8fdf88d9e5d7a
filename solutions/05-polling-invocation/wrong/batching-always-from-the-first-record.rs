//! Engano: a janela de toda origem começa no primeiro registro.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::api_error::ApiError;

/// O maior payload de uma chamada síncrona, em bytes: 6 MB.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// De onde o mapeamento lê.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// Uma fila padrão do SQS.
    SqsStandard,
    /// Uma fila FIFO do SQS.
    SqsFifo,
    /// Um fluxo do Kinesis Data Streams.
    Kinesis,
    /// O fluxo de uma tabela do DynamoDB.
    DynamoDbStreams,
    /// Um tópico do Amazon MSK.
    Msk,
    /// Um tópico de um Apache Kafka autogerenciado.
    SelfManagedKafka,
    /// Uma fila do Amazon MQ com ActiveMQ.
    ActiveMq,
    /// Uma fila do Amazon MQ com RabbitMQ.
    RabbitMq,
    /// O *change stream* de um DocumentDB.
    DocumentDb,
}

/// Quando a janela de um lote começa a contar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowStart {
    /// Quando a invocação anterior termina.
    PreviousInvocation,
    /// Quando chega o primeiro registro do lote.
    FirstRecord,
}

/// O que uma origem permite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// O `BatchSize` de quem não escolhe.
    pub default_batch_size: usize,
    /// O maior `BatchSize`.
    pub maximum_batch_size: usize,
    /// A janela de quem não escolhe.
    pub default_window: Duration,
    /// A maior janela; `None` se a origem não tem janela.
    pub maximum_window: Option<Duration>,
    /// Quando a janela começa a contar.
    pub window_start: WindowStart,
}

impl EventSource {
    /// Os limites e os padrões desta origem.
    pub fn limits(self) -> Limits {
        use EventSource as S;

        let (default_batch_size, maximum_batch_size) = match self {
            S::SqsStandard => (10, 10_000),
            S::SqsFifo => (10, 10),
            _ => (100, 10_000),
        };
        let default_window = match self {
            S::SqsStandard | S::SqsFifo | S::Kinesis | S::DynamoDbStreams => Duration::ZERO,
            S::Msk | S::SelfManagedKafka | S::ActiveMq | S::RabbitMq | S::DocumentDb => Duration::from_millis(500),
        };
        let window_start = match self {
            S::ActiveMq | S::RabbitMq | S::DocumentDb => WindowStart::FirstRecord,
            _ => WindowStart::PreviousInvocation,
        };
        let maximum_window = (self != S::SqsFifo).then_some(Duration::from_secs(300));
        Limits { default_batch_size, maximum_batch_size, default_window, maximum_window, window_start }
    }
}

/// Como um mapeamento junta registros. Só existe com valores que a AWS aceita.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    batch_size: usize,
    window: Duration,
    window_start: WindowStart,
}

impl Batching {
    /// Confere os valores como `CreateEventSourceMapping`; `None` é um campo que não veio e vale o padrão da origem.
    ///
    /// # Errors
    /// [`ApiError`] com o nome e a mensagem da AWS.
    pub fn new(
        source: EventSource,
        batch_size: Option<i64>,
        maximum_batching_window_in_seconds: Option<i64>,
    ) -> Result<Self, ApiError> {
        fn in_range(value: i64, member: &str, low: i64, high: i64) -> Result<u64, ApiError> {
            let constraint = if value > high {
                format!("less than or equal to {high}")
            } else {
                format!("greater than or equal to {low}")
            };
            let value_in_range = if (low..=high).contains(&value) { u64::try_from(value).ok() } else { None };
            value_in_range.ok_or_else(|| ApiError::out_of_range(value, member, &constraint))
        }

        let limits = source.limits();
        let size = match batch_size {
            Some(size) => usize::try_from(in_range(size, "batchSize", 1, 10_000)?).unwrap_or(usize::MAX),
            None => limits.default_batch_size,
        };
        let window = match maximum_batching_window_in_seconds {
            Some(seconds) => Duration::from_secs(in_range(seconds, "maximumBatchingWindowInSeconds", 0, 300)?),
            None => limits.default_window,
        };
        if limits.maximum_window.is_none() && !window.is_zero() {
            return Err(ApiError::invalid_parameter("Batching window is not supported for FIFO queues"));
        }
        if size > limits.maximum_batch_size {
            return Err(ApiError::invalid_parameter("Maximum batch size is 10 for FIFO queues"));
        }
        if source == EventSource::SqsStandard && size > 10 && window.is_zero() {
            return Err(ApiError::invalid_parameter(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        Ok(Self { batch_size: size, window, window_start: limits.window_start })
    }

    /// O maior número de registros de um lote.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Por quanto tempo juntar.
    pub fn window(&self) -> Duration {
        self.window
    }

    /// Quando a janela começa a contar.
    pub fn window_start(&self) -> WindowStart {
        self.window_start
    }
}

/// Um registro da origem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// O número dele, na ordem de chegada.
    pub id: u32,
    /// Quantos bytes ele ocupa no evento, com os metadados.
    pub bytes: usize,
}

/// A origem, vista por quem lê: o primeiro registro da vez pode ser olhado antes de ser tirado.
#[derive(Debug)]
pub struct Inbox {
    receiver: mpsc::UnboundedReceiver<Record>,
    next: Option<Record>,
    discarded: Vec<Record>,
}

impl Inbox {
    /// Abre uma origem vazia; ela fecha quando quem escreve é descartado.
    pub fn new() -> (mpsc::UnboundedSender<Record>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Self { receiver, next: None, discarded: Vec::new() })
    }

    /// O próximo registro, que continua na origem; espera que ele chegue. `None` se a origem fechou.
    pub async fn peek(&mut self) -> Option<&Record> {
        if self.next.is_none() {
            // Um registro que já está lá não passa por uma espera: assim ele vale mesmo com a janela vencida neste instante.
            self.next = match self.receiver.try_recv() {
                Ok(record) => Some(record),
                Err(_) => self.receiver.recv().await,
            };
        }
        self.next.as_ref()
    }

    /// Tira o registro que [`Inbox::peek`] mostrou.
    pub fn take(&mut self) -> Option<Record> {
        self.next.take()
    }

    /// Tira o registro que [`Inbox::peek`] mostrou, sem que ele vá para a função.
    pub fn discard(&mut self) {
        self.discarded.extend(self.next.take());
    }

    /// Os registros que saíram com [`Inbox::discard`].
    pub fn discarded(&self) -> &[Record] {
        &self.discarded
    }
}

/// Por que um lote parou de juntar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A janela venceu.
    WindowExpired,
    /// O lote tem `BatchSize` registros.
    BatchFull,
    /// O payload chegou a 6 MB, ou passaria deles com o próximo registro.
    PayloadFull,
}

/// Um lote pronto para a função; nunca é vazio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Os registros, na ordem da origem.
    pub records: Vec<Record>,
    /// Por que ele parou de juntar.
    pub reason: Reason,
}

/// Junta o próximo lote. É chamada no instante em que a invocação anterior termina, e volta no instante em que a função deve
/// ser chamada. Devolve `None` quando a origem fecha sem mais registros.
pub async fn next_batch(inbox: &mut Inbox, batching: &Batching) -> Option<Batch> {
    use tokio::time::{Instant, timeout_at};

    let mut deadline = None;
    let mut records = Vec::new();
    let mut payload = 0;
    loop {
        let bytes = match deadline {
            // Sem registro não há lote nem pressa.
            None => inbox.peek().await?.bytes,
            Some(deadline) => match timeout_at(deadline, inbox.peek()).await {
                Ok(Some(record)) => record.bytes,
                Ok(None) | Err(_) => return Some(Batch { records, reason: Reason::WindowExpired }),
            },
        };
        if bytes > PAYLOAD_LIMIT {
            inbox.discard();
            continue;
        }
        if payload + bytes > PAYLOAD_LIMIT {
            return Some(Batch { records, reason: Reason::PayloadFull });
        }
        deadline.get_or_insert(Instant::now() + batching.window());
        records.extend(inbox.take());
        payload += bytes;
        if records.len() == batching.batch_size() {
            return Some(Batch { records, reason: Reason::BatchFull });
        }
        if payload == PAYLOAD_LIMIT {
            return Some(Batch { records, reason: Reason::PayloadFull });
        }
    }
}
