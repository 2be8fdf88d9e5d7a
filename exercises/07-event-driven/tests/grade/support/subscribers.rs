//! Assinantes, mensagens e políticas, para o passo `fan_out`.

use std::time::Duration;

use event_driven::fan_out::{Ending, deliver};
use event_driven::filter_policy::{FilterPolicy, FilterPolicyScope};
use event_driven::topic::{Attribute, DeliveryPolicy, Endpoint, Message, Notification, Subscription};
use kit::{Lane, Timeline};
use serde_json::{Value, json};

pub const SMS: Lane = Lane { id: "sms", label: "fila sms" };
pub const ARCHIVE: Lane = Lane { id: "archive", label: "fila arquivo" };
pub const RADIO: Lane = Lane { id: "radio", label: "site da rádio" };
pub const DEFENSE: Lane = Lane { id: "defense", label: "fila defesa" };
pub const DEAD_LETTERS: Lane = Lane { id: "dead_letters", label: "DLQ" };
pub const ATTRIBUTES: FilterPolicyScope = FilterPolicyScope::MessageAttributes;
pub const BODY: FilterPolicyScope = FilterPolicyScope::MessageBody;
/// Nenhum teste espera mais que isto.
pub const LONG: Duration = Duration::from_secs(2 * 3_600);

pub fn policy(value: &Value) -> FilterPolicy {
    FilterPolicy::parse(&value.to_string()).expect("a política do teste tem a forma certa")
}

pub fn words(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("w{number}")).collect()
}

pub fn text(value: &str) -> Attribute {
    Attribute::String(value.to_owned())
}

pub fn number(value: &str) -> Attribute {
    Attribute::Number(value.to_owned())
}

pub fn array(value: &str) -> Attribute {
    Attribute::StringArray(value.to_owned())
}

pub fn message(body: &str, attributes: &[(&str, Attribute)]) -> Message {
    Message {
        message_id: "95df01b4-ee98-5cb9-9903-4c221d41eb5e".to_owned(),
        timestamp: "2026-11-22T17:00:00.000Z".to_owned(),
        subject: None,
        message: body.to_owned(),
        attributes: attributes.iter().map(|(name, each)| ((*name).to_owned(), each.clone())).collect(),
    }
}

/// A entrega até o fim, que em todos os testes chega antes de duas horas.
pub async fn finish(subscription: &Subscription, notification: Notification) -> Ending {
    match tokio::time::timeout(LONG, deliver(subscription, notification)).await {
        Ok(ending) => ending,
        Err(_) => panic!(
            "a esta altura o SNS já teria entregado ou desistido; a sua função continuava tentando 2 h depois, no relógio \
             do teste, com {} tentativas",
            subscription.endpoint.attempts().len()
        ),
    }
}

pub fn subscription(endpoint: &Endpoint) -> Subscription {
    Subscription::new(endpoint.clone())
}

/// Quando cada destino recebeu, em segundos.
pub fn arrivals(endpoint: &Endpoint) -> Vec<u64> {
    endpoint.received().iter().map(|(at, _)| at.as_secs()).collect()
}

/// Os destinos do exemplo da página: sms, arquivo, a DLQ dele, rádio e defesa.
pub fn example_endpoints(timeline: &Timeline) -> [Endpoint; 5] {
    let [sms, archive, dead, radio, defense] =
        [SMS, ARCHIVE, DEAD_LETTERS, RADIO, DEFENSE].map(|lane| Endpoint::new(timeline, lane));
    [sms, archive.deleted(), dead, radio.down_until(Duration::from_secs(30)), defense]
}

/// As assinaturas do exemplo da página, na ordem da tabela; a DLQ é da fila do arquivo e da defesa.
pub fn example_subscriptions([sms, archive, dead, radio, defense]: &[Endpoint; 5]) -> Vec<Subscription> {
    let strong_wind_or_hail = policy(&json!({"kind": ["granizo", "vendaval"], "severity": [{"numeric": [">=", 3]}]}));
    let in_the_valley = policy(&json!({"area": {"region": ["vale"]}}));
    let dead_letter_queue = Some(dead.clone());
    vec![
        Subscription { filter_policy: Some(strong_wind_or_hail), raw_message_delivery: true, ..subscription(sms) },
        Subscription { dead_letter_queue: dead_letter_queue.clone(), ..subscription(archive) },
        Subscription { delivery_policy: DeliveryPolicy::Http, ..subscription(radio) },
        Subscription {
            filter_policy: Some(in_the_valley),
            filter_policy_scope: BODY,
            dead_letter_queue,
            ..subscription(defense)
        },
    ]
}
