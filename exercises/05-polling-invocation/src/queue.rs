//! Uma fila do SQS de mentira, no relógio do tokio.
//!
//! ```text
//!   send ─▶ visível ──receive──▶ em voo ──delete──▶ fora da fila
//!              ▲                   │
//!              └─ visibility timeout ┘   na volta de número maxReceiveCount: DLQ
//! ```
//!
//! Receber não tira a mensagem da fila: ela só fica invisível por um tempo, o *visibility timeout*. Quem recebe tem esse tempo
//! para apagá-la. Em uma fila FIFO, enquanto há mensagem em voo de um grupo, o resto do grupo espera.
//!
//! Segue `sqs-visibility-timeout`, `sqs-dead-letter-queues` e `FIFO-queues`, do guia do SQS.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use kit::text::count;
use kit::{Kind, Lane, Timeline};
use md5::{Digest, Md5};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A fila que o mapeamento lê.
pub const QUEUE: Lane = Lane { id: "queue", label: "fila" };
/// A fila para onde vai o que ninguém conseguiu tratar.
pub const DEAD_LETTER_QUEUE: Lane = Lane { id: "dead_letter_queue", label: "DLQ" };

/// O instante 0 das filas, em milissegundos desde 1970: 22 de novembro de 2026, 14h em Serra Clara.
const EPOCH_MS: u128 = 1_795_366_800_000;

/// O `RedrivePolicy` de uma fila.
#[derive(Debug, Clone)]
pub struct RedrivePolicy {
    /// Quantas vezes uma mensagem é entregue antes de ir para a DLQ.
    pub max_receive_count: u32,
    /// A DLQ.
    pub dead_letter_queue: Queue,
}

/// Os atributos de uma fila.
#[derive(Debug, Clone)]
pub struct Attributes {
    /// Por quanto tempo uma mensagem recebida fica invisível; o padrão do SQS é 30 s.
    pub visibility_timeout: Duration,
    /// Se é FIFO.
    pub fifo: bool,
    /// O que fazer com a mensagem que volta demais; sem isso, ela volta até a retenção acabar.
    pub redrive_policy: Option<RedrivePolicy>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self { visibility_timeout: Duration::from_secs(30), fifo: false, redrive_policy: None }
    }
}

#[derive(Debug)]
struct Message {
    number: usize,
    group: Option<String>,
    body: String,
    sent_at: Duration,
    receive_count: u32,
    first_received_at: Duration,
    /// Até quando está em voo; um instante que já passou quer dizer visível.
    invisible_until: Option<Instant>,
}

impl Message {
    fn in_flight(&self, now: Instant) -> bool {
        self.invisible_until.is_some_and(|until| until > now)
    }

    fn receipt_handle(&self) -> String {
        format!("AQEB-{:012}-{}", self.number, self.receive_count)
    }
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    sent: usize,
    closed: bool,
}

/// A fila; clones são a mesma fila.
#[derive(Debug, Clone)]
pub struct Queue {
    name: &'static str,
    lane: Lane,
    attributes: Arc<Attributes>,
    timeline: Timeline,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

impl Queue {
    /// Cria uma fila vazia. O nome de uma fila FIFO acaba em `.fifo`, que entra sozinho.
    pub fn new(timeline: &Timeline, name: &'static str, lane: Lane, attributes: Attributes) -> Self {
        Self {
            name,
            lane,
            attributes: Arc::new(attributes),
            timeline: timeline.clone(),
            state: Arc::default(),
            changed: Arc::default(),
        }
    }

    /// Os atributos da fila.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Põe uma mensagem na fila.
    pub fn send(&self, body: impl Into<String>) {
        let body = body.into();
        self.timeline.record(self.lane, Kind::Enqueued, format!("entra `{body}`"));
        self.push(None, body);
    }

    /// Põe uma mensagem de um grupo (`MessageGroupId`) na fila.
    pub fn send_to_group(&self, group: &str, body: impl Into<String>) {
        let body = body.into();
        self.timeline.record(self.lane, Kind::Enqueued, format!("entra `{body}`, do grupo {group}"));
        self.push(Some(group.to_owned()), body);
    }

    fn push(&self, group: Option<String>, body: String) {
        let mut state = self.lock();
        state.sent += 1;
        let message = Message {
            number: state.sent,
            group,
            body,
            sent_at: self.timeline.elapsed(),
            receive_count: 0,
            first_received_at: Duration::ZERO,
            invisible_until: None,
        };
        state.messages.push(message);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Avisa que ninguém mais vai pôr mensagens: [`Queue::receive`] devolve `None` quando a fila esvaziar.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
    }

    /// Recebe até `max` mensagens visíveis, que ficam invisíveis por um *visibility timeout*; se não há nenhuma, espera (é o
    /// *long polling*). Uma mensagem que já foi entregue `maxReceiveCount` vezes vai para a DLQ em vez de ser entregue.
    ///
    /// Devolve `None` quando a fila foi fechada e esvaziou.
    pub async fn receive(&self, max: usize) -> Option<Vec<SqsMessage>> {
        loop {
            // Pedido antes de olhar a fila: uma mudança entre o olhar e o esperar também acorda.
            let changed = self.changed.notified();
            let messages = self.take_visible(max.max(1));
            if !messages.is_empty() {
                return Some(messages);
            }
            let wake_at = {
                let state = self.lock();
                if state.messages.is_empty() && state.closed {
                    return None;
                }
                let now = Instant::now();
                state.messages.iter().filter_map(|message| message.invisible_until).filter(|until| *until > now).min()
            };
            match wake_at {
                Some(instant) => {
                    tokio::select! {
                        () = sleep_until(instant) => {}
                        () = changed => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    fn take_visible(&self, max: usize) -> Vec<SqsMessage> {
        let now = Instant::now();
        let elapsed = self.timeline.elapsed();
        let visibility_timeout = self.attributes.visibility_timeout;
        let mut state = self.lock();
        let blocked: BTreeSet<String> = match self.attributes.fifo {
            true => {
                state.messages.iter().filter(|each| each.in_flight(now)).filter_map(|each| each.group.clone()).collect()
            }
            false => BTreeSet::new(),
        };
        let mut received = Vec::new();
        let mut dead = Vec::new();
        for (index, message) in state.messages.iter_mut().enumerate() {
            let waits = message.group.as_ref().is_some_and(|group| blocked.contains(group));
            if received.len() == max || waits || message.in_flight(now) {
                continue;
            }
            let redrive = self.attributes.redrive_policy.as_ref();
            if redrive.is_some_and(|policy| message.receive_count >= policy.max_receive_count) {
                dead.push(index);
                continue;
            }
            message.receive_count += 1;
            if message.receive_count == 1 {
                message.first_received_at = elapsed;
            }
            message.invisible_until = Some(now + visibility_timeout);
            received.push(self.describe(message));
        }
        let dead: Vec<Message> = dead.into_iter().rev().map(|index| state.messages.remove(index)).collect();
        drop(state);
        if let Some(policy) = &self.attributes.redrive_policy {
            for message in dead.into_iter().rev() {
                let queue = &policy.dead_letter_queue;
                let text = format!(
                    "chega `{}`, depois de {}",
                    message.body,
                    count(message.receive_count as usize, "recebimento", "recebimentos")
                );
                self.timeline.record(queue.lane, Kind::Delivered, text);
                queue.push(message.group, message.body);
            }
        }
        received
    }

    /// Apaga a mensagem que foi recebida com este `receiptHandle`. Um `receiptHandle` antigo, de antes de ela ser recebida outra
    /// vez, não apaga nada.
    pub fn delete(&self, receipt_handle: &str) {
        let mut state = self.lock();
        state.messages.retain(|message| message.receipt_handle() != receipt_handle);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Os corpos das mensagens que estão na fila, visíveis ou em voo, na ordem de chegada.
    pub fn bodies(&self) -> Vec<String> {
        self.lock().messages.iter().map(|message| message.body.clone()).collect()
    }

    /// Quantos grupos têm mensagens na fila, contando pelo menos 1; `None` se a fila não é FIFO.
    pub fn active_groups(&self) -> Option<usize> {
        let state = self.lock();
        let groups: BTreeSet<&String> = state.messages.iter().filter_map(|message| message.group.as_ref()).collect();
        self.attributes.fifo.then_some(groups.len().max(1))
    }

    /// A mensagem como o evento do Lambda a mostra.
    fn describe(&self, message: &Message) -> SqsMessage {
        let milliseconds = |elapsed: Duration| (EPOCH_MS + elapsed.as_millis()).to_string();
        let suffix = if self.attributes.fifo { ".fifo" } else { "" };
        let mut attributes = HashMap::from([
            ("ApproximateReceiveCount".to_owned(), message.receive_count.to_string()),
            ("SentTimestamp".to_owned(), milliseconds(message.sent_at)),
            ("SenderId".to_owned(), "AIDAIENQZJOLO23YVJ4VO".to_owned()),
            ("ApproximateFirstReceiveTimestamp".to_owned(), milliseconds(message.first_received_at)),
        ]);
        if let Some(group) = &message.group {
            attributes.insert("MessageGroupId".to_owned(), group.clone());
        }
        if self.attributes.fifo {
            let sequence_number = 18_849_496_460_467_696_127 + message.number as u128;
            attributes.insert("SequenceNumber".to_owned(), format!("{sequence_number:020}"));
            attributes.insert("MessageDeduplicationId".to_owned(), format!("{}-{}", self.name, message.number));
        }
        let mut described = SqsMessage::default();
        described.message_id = Some(format!("00000000-0000-4000-8000-{:012}", message.number));
        described.receipt_handle = Some(message.receipt_handle());
        described.body = Some(message.body.clone());
        described.md5_of_body = Some(Md5::digest(&message.body).iter().map(|byte| format!("{byte:02x}")).collect());
        described.attributes = attributes;
        described.event_source = Some("aws:sqs".to_owned());
        described.event_source_arn = Some(format!("arn:aws:sqs:sa-east-1:123456789012:{}{suffix}", self.name));
        described.aws_region = Some("sa-east-1".to_owned());
        described
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A trava só guarda listas e contas: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// O evento que a função recebe com estas mensagens: `{"Records": […]}`.
pub fn event(messages: &[SqsMessage]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = messages.to_vec();
    event
}
