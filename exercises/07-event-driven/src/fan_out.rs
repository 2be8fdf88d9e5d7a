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
    todo!("confira os limites da política {policy:?}, que olha em {scope:?}")
}

/// Os valores que o filtro vê em um atributo; `None` se ele não vê o atributo.
pub fn attribute_values(attribute: &Attribute) -> Option<Vec<Value>> {
    todo!("os valores de {attribute:?}")
}

/// Se uma mensagem passa por uma política.
pub fn accepts(policy: &FilterPolicy, scope: FilterPolicyScope, message: &Message) -> bool {
    todo!("{message:?} passa por {policy:?}, que olha em {scope:?}?")
}

/// O que o SNS entrega a uma assinatura, com ou sem `RawMessageDelivery`.
pub fn notification(message: &Message, raw_message_delivery: bool) -> Notification {
    todo!("a entrega de {message:?}, sem envelope: {raw_message_delivery}")
}

/// Entrega a uma assinatura, com as novas tentativas da política dela, até dar certo ou não haver mais o que fazer.
pub async fn deliver(subscription: &Subscription, notification: Notification) -> Ending {
    let _ = (subscription, notification);
    todo!("entregue, insista e desista")
}

/// Publica: aceita a mensagem, começa uma entrega por assinatura que a quer e devolve o `MessageId` sem esperar por nenhuma.
pub fn publish(topic: &Topic, publication: Publication) -> String {
    let _ = (topic, publication);
    todo!("publique sem esperar as entregas")
}
