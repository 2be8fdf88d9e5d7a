//! Um tópico do SNS e quem o assina, no relógio do tokio.
//!
//! ```text
//!                     ┌─ assinatura ─▶ fila sms
//!   publish ─▶ tópico ┼─ assinatura ─▶ fila arquivo      cada assinatura: filtro, envelope ou não,
//!                     └─ assinatura ─▶ site da rádio     novas tentativas e DLQ dela
//! ```
//!
//! Segue `API_Publish`, `API_Subscribe`, `sns-message-delivery-retries` e `sns-message-attributes`, do SNS.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::{Kind, Lane, Timeline};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use crate::filter_policy::{FilterPolicy, FilterPolicyScope};

/// O tópico, na linha do tempo.
pub const TOPIC: Lane = Lane { id: "topic", label: "tópico" };
/// O ARN do tópico dos alertas.
pub const TOPIC_ARN: &str = "arn:aws:sns:sa-east-1:123456789012:alerts";
/// Uma mensagem do SQS leva até 10 atributos.
const SQS_MESSAGE_ATTRIBUTES: usize = 10;

/// Um atributo de uma mensagem do SNS, com o tipo que quem publicou declarou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// `String`: um texto.
    String(String),
    /// `String.Array`: uma lista JSON de textos, números, booleanos ou nulos, escrita como texto.
    StringArray(String),
    /// `Number`: um número, escrito como texto.
    Number(String),
    /// `Binary`.
    Binary(Vec<u8>),
}

impl Attribute {
    /// O nome do tipo.
    pub fn data_type(&self) -> &'static str {
        match self {
            Self::String(_) => "String",
            Self::StringArray(_) => "String.Array",
            Self::Number(_) => "Number",
            Self::Binary(_) => "Binary",
        }
    }

    /// O valor como o envelope o mostra. De `Binary` o modelo mostra os bytes em hexadecimal; nenhum teste os olha.
    fn value(&self) -> String {
        match self {
            Self::String(text) | Self::StringArray(text) | Self::Number(text) => text.clone(),
            Self::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// O que se entrega a `Publish`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// `Subject`, que é opcional.
    pub subject: Option<String>,
    /// `Message`: o corpo.
    pub message: String,
    /// `MessageAttributes`.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Publication {
    /// Uma publicação com este corpo e nada mais.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// A mesma, com mais um atributo.
    #[must_use]
    pub fn with(mut self, name: &str, attribute: Attribute) -> Self {
        self.attributes.insert(name.to_owned(), attribute);
        self
    }
}

/// Uma mensagem que o tópico aceitou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// O `MessageId` que o SNS deu a ela, igual em todas as assinaturas.
    pub message_id: String,
    /// Quando foi aceita, em ISO 8601.
    pub timestamp: String,
    /// O assunto, se há.
    pub subject: Option<String>,
    /// O corpo, como foi publicado.
    pub message: String,
    /// Os atributos.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Message {
    /// O envelope do SNS: um texto JSON com o corpo publicado em `Message` e os atributos em `MessageAttributes`.
    pub fn envelope(&self) -> String {
        let mut envelope = json!({
            "Type": "Notification", "MessageId": self.message_id, "TopicArn": TOPIC_ARN, "Message": self.message,
            "Timestamp": self.timestamp, "SignatureVersion": "1", "Signature": "EXAMPLEpH+",
            "SigningCertURL": "https://sns.sa-east-1.amazonaws.com/SimpleNotificationService-0123456789.pem",
            "UnsubscribeURL": "https://sns.sa-east-1.amazonaws.com/?Action=Unsubscribe",
        });
        if let Some(subject) = &self.subject {
            envelope["Subject"] = json!(subject);
        }
        if !self.attributes.is_empty() {
            let attributes = self.attributes.iter().map(|(name, attribute)| {
                (name.clone(), json!({ "Type": attribute.data_type(), "Value": attribute.value() }))
            });
            envelope["MessageAttributes"] = Value::Object(attributes.collect::<Map<_, _>>());
        }
        envelope.to_string()
    }
}

/// O que o SNS entrega a quem assina: a mensagem da fila, ou o corpo do pedido HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// O corpo.
    pub body: String,
    /// Os atributos da mensagem da fila (`messageAttributes`).
    pub message_attributes: BTreeMap<String, Attribute>,
}

/// Por que uma entrega não deu certo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryError {
    /// Erro do lado de quem assina: o destino não existe mais, ou a política dele não deixa.
    ClientSide,
    /// Erro do lado do serviço: o destino está fora do ar.
    ServerSide,
}

/// Quantas novas tentativas, e com que esperas, depois de um erro do serviço.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryPolicy {
    /// A dos destinos da AWS (SQS e Lambda), que não se muda.
    AwsManaged,
    /// A padrão de um destino HTTP ou HTTPS.
    Http,
}

impl DeliveryPolicy {
    /// A espera antes da nova tentativa de número `retry` (a primeira é 1), ou `None` se ela não existe.
    ///
    /// Para as dez do meio dos destinos da AWS o SNS publica só os extremos, 1 s e 20 s; a curva daqui, que dobra, é do modelo.
    pub fn wait(self, retry: u32) -> Option<Duration> {
        let seconds = match (self, retry) {
            (Self::AwsManaged, 1..=3) => 0,
            (Self::AwsManaged, 4..=5) => 1,
            (Self::AwsManaged, 6..=15) => 2_u64.pow(retry - 6).min(20),
            (Self::AwsManaged, 16..=100_015) | (Self::Http, 1..=3) => 20,
            _ => return None,
        };
        Some(Duration::from_secs(seconds))
    }
}

#[derive(Debug, Default)]
struct State {
    attempts: Vec<Duration>,
    received: Vec<(Duration, Notification)>,
}

/// O destino de uma assinatura: uma fila do SQS ou um endereço HTTPS. Clones são o mesmo destino.
#[derive(Debug, Clone)]
pub struct Endpoint {
    lane: Lane,
    timeline: Timeline,
    latency: Duration,
    down_until: Duration,
    deleted: bool,
    state: Arc<Mutex<State>>,
}

impl Endpoint {
    /// Um destino que aceita tudo na hora.
    pub fn new(timeline: &Timeline, lane: Lane) -> Self {
        let (latency, down_until) = (Duration::ZERO, Duration::ZERO);
        Self { lane, timeline: timeline.clone(), latency, down_until, deleted: false, state: Arc::default() }
    }

    /// Leva este tempo para responder.
    #[must_use]
    pub fn slow(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// Fora do ar até este instante da linha do tempo.
    #[must_use]
    pub fn down_until(self, down_until: Duration) -> Self {
        Self { down_until, ..self }
    }

    /// Alguém apagou.
    #[must_use]
    pub fn deleted(self) -> Self {
        Self { deleted: true, ..self }
    }

    /// Uma tentativa de entrega.
    ///
    /// # Errors
    /// O lado do erro, como o SNS o vê.
    pub async fn send(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let start = Instant::now();
        self.lock().attempts.push(self.timeline.elapsed());
        sleep(self.latency).await;
        let answer = if self.deleted || notification.message_attributes.len() > SQS_MESSAGE_ATTRIBUTES {
            Err(DeliveryError::ClientSide)
        } else if self.timeline.elapsed() < self.down_until {
            Err(DeliveryError::ServerSide)
        } else {
            Ok(())
        };
        match answer {
            Ok(()) => {
                self.timeline.record_since(start, self.lane, Kind::Delivered, "recebe");
                self.store(notification.clone());
            }
            Err(DeliveryError::ClientSide) => {
                self.timeline.record(self.lane, Kind::Error, "recusa: não existe ou não pode")
            }
            Err(DeliveryError::ServerSide) => self.timeline.record(self.lane, Kind::Throttled, "fora do ar"),
        }
        answer
    }

    /// Guarda uma mensagem: é assim que se põe uma em uma DLQ.
    pub fn store(&self, notification: Notification) {
        let now = self.timeline.elapsed();
        self.lock().received.push((now, notification));
    }

    /// Os instantes em que cada tentativa começou.
    pub fn attempts(&self) -> Vec<Duration> {
        self.lock().attempts.clone()
    }

    /// O que está aqui e quando chegou.
    pub fn received(&self) -> Vec<(Duration, Notification)> {
        self.lock().received.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A trava só guarda listas: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uma assinatura do tópico.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Para onde vai.
    pub endpoint: Endpoint,
    /// As novas tentativas.
    pub delivery_policy: DeliveryPolicy,
    /// `FilterPolicy`; sem ela, tudo passa.
    pub filter_policy: Option<FilterPolicy>,
    /// `FilterPolicyScope`.
    pub filter_policy_scope: FilterPolicyScope,
    /// `RawMessageDelivery`: entrega o corpo publicado, sem envelope.
    pub raw_message_delivery: bool,
    /// A fila do `RedrivePolicy` da assinatura.
    pub dead_letter_queue: Option<Endpoint>,
}

impl Subscription {
    /// Uma assinatura de uma fila, sem filtro, com envelope e sem DLQ: os padrões do SNS.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            delivery_policy: DeliveryPolicy::AwsManaged,
            filter_policy: None,
            filter_policy_scope: FilterPolicyScope::default(),
            raw_message_delivery: false,
            dead_letter_queue: None,
        }
    }
}

/// Um tópico padrão (não FIFO).
#[derive(Debug)]
pub struct Topic {
    timeline: Timeline,
    subscriptions: Vec<Subscription>,
    published: AtomicUsize,
}

impl Topic {
    /// Um tópico com estas assinaturas.
    pub fn new(timeline: &Timeline, subscriptions: Vec<Subscription>) -> Self {
        Self { timeline: timeline.clone(), subscriptions, published: AtomicUsize::new(0) }
    }

    /// As assinaturas, na ordem em que foram feitas.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Aceita uma publicação: dá a ela `MessageId` e `Timestamp`.
    pub fn accept(&self, publication: Publication) -> Message {
        let number = self.published.fetch_add(1, Ordering::Relaxed) + 1;
        self.timeline.record(TOPIC, Kind::Accepted, format!("mensagem {number}"));
        // O instante 0 é 22 de novembro de 2026, 14h em Serra Clara: 17h em UTC.
        let seconds = 17 * 3_600 + self.timeline.elapsed().as_secs();
        let (day, hour, minute) = (22 + seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        Message {
            message_id: format!("95df01b4-ee98-5cb9-9903-{number:012}"),
            timestamp: format!("2026-11-{day:02}T{hour:02}:{minute:02}:{:02}.000Z", seconds % 60),
            subject: publication.subject,
            message: publication.message,
            attributes: publication.attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_tried_for_23_days_and_a_site_for_one_minute() {
        let total = |policy: DeliveryPolicy| (1..).map_while(|retry| policy.wait(retry)).sum::<Duration>();
        assert_eq!(total(DeliveryPolicy::AwsManaged).as_secs() / 86_400, 23);
        assert_eq!(total(DeliveryPolicy::Http).as_secs(), 60);
        assert_eq!(DeliveryPolicy::AwsManaged.wait(100_016), None);
    }
}
