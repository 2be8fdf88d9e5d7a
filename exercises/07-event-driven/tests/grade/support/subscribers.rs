//! Assinantes, mensagens e políticas, para o passo `fan_out`.

use std::time::Duration;

use event_driven::fan_out::{Ending, deliver};
use event_driven::filter_policy::{FilterPolicy, FilterPolicyScope};
use event_driven::topic::{Attribute, Message, Notification, Subscription};
use kit::Lane;
use serde_json::Value;

pub const SMS: Lane = Lane { id: "sms", label: "fila sms" };
pub const ARCHIVE: Lane = Lane { id: "archive", label: "fila arquivo" };
pub const RADIO: Lane = Lane { id: "radio", label: "site da rádio" };
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
