//! O lote: até quando o mapeamento junta registros antes de chamar a função.
//!
//! ```text
//!   origem ─▶ peek ─▶ take, take, take … ─▶ Batch ─▶ função
//!                       └─ até a janela vencer, o lote encher ou o payload chegar a 6 MB
//! ```
//!
//! Segue `invocation-eventsourcemapping`, do guia do Lambda, e a API `CreateEventSourceMapping`.

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
        todo!("devolva os padrões e os limites de {self:?}")
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
        todo!("confere {batch_size:?} e {maximum_batching_window_in_seconds:?} para {source:?}")
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
    let _ = (inbox, batching);
    todo!("junta registros até a janela, o tamanho ou os 6 MB")
}
