//! Registros que chegam na hora marcada, para o passo `batching`.

use std::time::Duration;

use kit::text::duration;
use polling_invocation::batching::{Batch, Batching, EventSource, Inbox, Reason, Record, next_batch};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep_until};

use super::{expect_same, finish, list};

/// Uma configuração válida; se ela for recusada, diz por que isso está errado.
pub fn batching(source: EventSource, size: Option<i64>, window: Option<i64>) -> Batching {
    match Batching::new(source, size, window) {
        Ok(batching) => batching,
        Err(error) => {
            panic!("{} são valores que a AWS aceita; a sua função recusou com `{error}`", fields(source, size, window))
        }
    }
}

/// `BatchSize 11 e janela ausente, em uma fila padrão do SQS`.
pub fn fields(source: EventSource, size: Option<i64>, window: Option<i64>) -> String {
    let shown = |value: Option<i64>, unit: &str| value.map_or("ausente".to_owned(), |value| format!("{value}{unit}"));
    format!("BatchSize {} e janela {}, em {}", shown(size, ""), shown(window, " s"), name(source))
}

pub fn name(source: EventSource) -> &'static str {
    match source {
        EventSource::SqsStandard => "uma fila padrão do SQS",
        EventSource::SqsFifo => "uma fila FIFO do SQS",
        EventSource::Kinesis => "um fluxo do Kinesis",
        EventSource::DynamoDbStreams => "um fluxo do DynamoDB",
        EventSource::Msk => "um tópico do MSK",
        EventSource::SelfManagedKafka => "um tópico de Kafka autogerenciado",
        EventSource::ActiveMq => "uma fila do ActiveMQ",
        EventSource::RabbitMq => "uma fila do RabbitMQ",
        EventSource::DocumentDb => "um change stream do DocumentDB",
    }
}

pub fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::WindowExpired => "a janela venceu",
        Reason::BatchFull => "o lote encheu",
        Reason::PayloadFull => "o payload chegou a 6 MB",
    }
}

/// Uma origem em que o teste põe registros e o `next_batch` do leitor lê.
pub struct Station {
    sender: UnboundedSender<Record>,
    pub inbox: Inbox,
    start: Instant,
    sent: u32,
}

impl Station {
    pub fn new() -> Self {
        let (sender, inbox) = Inbox::new();
        Self { sender, inbox, start: Instant::now(), sent: 0 }
    }

    /// Marca a chegada de registros: instante em milissegundos e tamanho em bytes.
    pub fn arrive(&mut self, arrivals: &[(u64, usize)]) {
        let sender = self.sender.clone();
        let (start, first) = (self.start, self.sent);
        self.sent += u32::try_from(arrivals.len()).expect("poucos registros");
        let mut now = Vec::new();
        let mut later = Vec::new();
        for ((at, bytes), id) in arrivals.iter().copied().zip(first..) {
            let moment = start + Duration::from_millis(at);
            if moment <= Instant::now() { &mut now } else { &mut later }.push((moment, Record { id, bytes }));
        }
        // Quem já chegou está lá antes da leitura começar.
        for (_, record) in now {
            sender.send(record).expect("a origem está aberta");
        }
        tokio::spawn(async move {
            for (moment, record) in later {
                sleep_until(moment).await;
                // Se a leitura acabou antes, o registro não faz falta.
                let _ = sender.send(record);
            }
        });
    }

    /// Pede um lote e devolve também o instante em que ele saiu.
    pub async fn read(&mut self, batching: &Batching) -> (Batch, Duration) {
        let reading = next_batch(&mut self.inbox, batching);
        let rule = "a janela, o tamanho ou os 6 MB fecham todo lote que tem um registro";
        let Some(batch) = finish(rule, "o seu `next_batch`", reading).await else {
            panic!("a origem estava aberta e com registros; o seu `next_batch` devolveu None");
        };
        (batch, self.start.elapsed())
    }
}

/// Compara um lote e o instante em que ele saiu; `rule` conta o caso.
#[track_caller]
pub fn expect_batch(read: (Batch, Duration), expected: (&[u32], Reason, u64), rule: &str) {
    let (batch, at) = read;
    let ids: Vec<u32> = batch.records.iter().map(|record| record.id).collect();
    let (expected_ids, reason, at_ms) = expected;
    let tell = |ids: &[u32], reason: Reason, at: Duration| {
        format!("os registros {} aos {} ({})", list(ids, "(nenhum)"), duration(at), why(reason))
    };
    let moment = Duration::from_millis(at_ms);
    expect_same!(
        (ids.as_slice(), batch.reason, at),
        (expected_ids, reason, moment),
        "{rule}: a função recebe {}; o seu `next_batch` entregou {}",
        tell(expected_ids, reason, moment),
        tell(&ids, batch.reason, at)
    );
}
