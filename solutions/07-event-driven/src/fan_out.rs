//! O fan-out: uma publicação, várias assinaturas, cada uma com o seu filtro, a sua forma e o seu azar.
//!
//! ```text
//!   publish ─▶ accept ─▶ MessageId            (quem publicou já foi embora)
//!                │
//!                ├─ accepts? não ─▶ nada acontece
//!                └─ sim ─▶ notification ─▶ deliver ─▶ entregue
//!                                            │ └─ erro do serviço: espera e tenta de novo
//!                                            └─ erro do cliente, ou fim da política: DLQ ou descarte
//! ```
//!
//! Segue `sns-subscription-filter-policies`, `sns-large-payload-raw-message-delivery` e `sns-message-delivery-retries`, do guia do
//! SNS.

use serde_json::Value;

use crate::filter_policy::{FilterPolicy, FilterPolicyScope, InvalidParameter};
use crate::topic::{Attribute, Message, Notification, Publication, Subscription, Topic};

/// Como terminou uma entrega.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// O destino a recebeu.
    Delivered,
    /// Está na DLQ da assinatura.
    DeadLettered,
    /// Perdeu-se: não havia DLQ.
    Discarded,
}

/// Confere se uma política cabe nos limites do SNS, como `SetSubscriptionAttributes`.
///
/// # Errors
/// [`InvalidParameter`] com a frase da AWS.
pub fn check(policy: &FilterPolicy, scope: FilterPolicyScope) -> Result<(), InvalidParameter> {
    // passo: começo — confira os limites da política {policy:?}, que olha em {scope:?}
    let leaves = policy.leaves();
    if scope == FilterPolicyScope::MessageAttributes && leaves.iter().any(|leaf| leaf.path.len() > 1) {
        let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
        return Err(InvalidParameter::new(reason));
    }
    if leaves.len() > 5 {
        return Err(InvalidParameter::new("FilterPolicy: Filter policy can not have more than 5 keys"));
    }
    let combinations: usize = leaves.iter().map(|leaf| leaf.rules.len() * leaf.path.len()).product();
    if combinations > 150 {
        return Err(InvalidParameter::new("FilterPolicy: Filter policy is too complex"));
    }
    Ok(())
    // passo: fim
}

/// Os valores que o filtro vê em um atributo; `None` se ele não vê o atributo.
pub fn attribute_values(attribute: &Attribute) -> Option<Vec<Value>> {
    // passo: começo — os valores de {attribute:?}
    match attribute {
        Attribute::String(text) => Some(vec![Value::String(text.clone())]),
        Attribute::StringArray(text) => serde_json::from_str(text).ok(),
        Attribute::Number(text) => serde_json::from_str(text).ok().map(|number| vec![number]),
        Attribute::Binary(_) => None,
    }
    // passo: fim
}

/// Se uma mensagem passa por uma política.
pub fn accepts(policy: &FilterPolicy, scope: FilterPolicyScope, message: &Message) -> bool {
    // passo: começo — {message:?} passa por {policy:?}, que olha em {scope:?}?
    use crate::filter_policy::Rule;

    let document = match scope {
        FilterPolicyScope::MessageBody => match serde_json::from_str(&message.message) {
            Ok(Value::Object(body)) => body,
            _ => return false,
        },
        FilterPolicyScope::MessageAttributes => {
            let seen = message.attributes.iter();
            seen.filter_map(|(name, each)| Some((name.clone(), Value::Array(attribute_values(each)?)))).collect()
        }
    };
    let document = Value::Object(document);
    policy.leaves().iter().all(|leaf| {
        let found = leaf.path.iter().try_fold(&document, |value, name| value.get(name));
        leaf.rules.iter().any(|rule| match found {
            None => *rule == Rule::Exists(false),
            Some(Value::Array(values)) => values.iter().any(|value| rule.accepts(value)),
            Some(value) => rule.accepts(value),
        })
    })
    // passo: fim
}

/// O que o SNS entrega a uma assinatura, com ou sem `RawMessageDelivery`.
pub fn notification(message: &Message, raw_message_delivery: bool) -> Notification {
    // passo: começo — a entrega de {message:?}, sem envelope: {raw_message_delivery}
    if raw_message_delivery {
        Notification { body: message.message.clone(), message_attributes: message.attributes.clone() }
    } else {
        Notification { body: message.envelope(), message_attributes: Default::default() }
    }
    // passo: fim
}

/// Entrega a uma assinatura, com as novas tentativas da política dela, até dar certo ou não haver mais o que fazer.
pub async fn deliver(subscription: &Subscription, notification: Notification) -> Ending {
    // passo: começo — entregue, insista e desista
    // passo: usa subscription, notification
    use crate::topic::DeliveryError;

    let mut retry = 0;
    loop {
        match subscription.endpoint.send(&notification).await {
            Ok(()) => return Ending::Delivered,
            Err(DeliveryError::ClientSide) => break,
            Err(DeliveryError::ServerSide) => retry += 1,
        }
        match subscription.delivery_policy.wait(retry) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => break,
        }
    }
    match &subscription.dead_letter_queue {
        Some(queue) => {
            queue.store(notification);
            Ending::DeadLettered
        }
        None => Ending::Discarded,
    }
    // passo: fim
}

/// Publica: aceita a mensagem, começa uma entrega por assinatura que a quer e devolve o `MessageId` sem esperar por nenhuma.
pub fn publish(topic: &Topic, publication: Publication) -> String {
    // passo: começo — publique sem esperar as entregas
    // passo: usa topic, publication
    let message = topic.accept(publication);
    for subscription in topic.subscriptions() {
        let scope = subscription.filter_policy_scope;
        if subscription.filter_policy.as_ref().is_some_and(|policy| !accepts(policy, scope, &message)) {
            continue;
        }
        let notification = notification(&message, subscription.raw_message_delivery);
        let subscription = subscription.clone();
        tokio::spawn(async move { deliver(&subscription, notification).await });
    }
    message.message_id
    // passo: fim
}
