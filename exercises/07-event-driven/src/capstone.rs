//! As peças que decidem se a tarde do granizo fecha: aceitar, tratar, configurar e trazer de volta.
//!
//! ```text
//!   accept ─▶ barramento ─┬─▶ fila ─▶ handle_batch ─▶ handle ─▶ efeito
//!                         └─▶ fila interna ────────▶ handle ─▶ efeito
//!                                      DLQ ─▶ redrive ─▶ fila
//! ```
//!
//! O mundo em que elas rodam está pronto, em [`crate::hailstorm`]: leia [`Session`], que é o que uma função alcança.

use std::time::Duration;

use serde_json::Value;

use crate::hailstorm::{
    BatchResponse, Configuration, Event, Message, Plan, Response, ServiceError, Session, System, Target,
};

/// A função da porta: põe o relato no barramento e responde ao telefone.
pub fn accept(event: &Value, session: &mut Session<'_>) -> Response {
    let _ = (event, session);
    todo!("leia o relato com `door::read_damage`, publique e só então responda")
}

/// A chave de idempotência do efeito que `event` pede a `target`.
pub fn idempotency_key(target: Target, event: &Event) -> String {
    todo!("escolha o que identifica o efeito de {event:?} em {target:?}")
}

/// Trata um evento: faz o efeito em `target`, uma vez só, e anota por `record_ttl`.
///
/// # Errors
/// O do serviço, quando não dá para saber que o efeito aconteceu.
pub fn handle(
    target: Target,
    event: &Event,
    record_ttl: Duration,
    session: &mut Session<'_>,
) -> Result<(), ServiceError> {
    let _ = session;
    todo!("faça o efeito de {event:?} em {target:?} uma vez só, com um registro que vale por {record_ttl:?}")
}

/// Trata um lote da fila de `target` e conta quais mensagens falharam.
pub fn handle_batch(
    target: Target,
    messages: &[Message],
    record_ttl: Duration,
    session: &mut Session<'_>,
) -> BatchResponse {
    let _ = session;
    todo!("trate cada uma de {messages:?} em {target:?}, com registros de {record_ttl:?}, e conte as que falharam")
}

/// Escolhe a configuração para este plano.
pub fn configure(plan: &Plan) -> Configuration {
    todo!("escolha cada campo a partir de {plan:?}")
}

/// Devolve ao alvo tudo o que está na DLQ dele; diz quantos eventos devolveu.
///
/// # Errors
/// O do serviço; o que não voltou continua na DLQ, e basta rodar de novo.
pub fn redrive(target: Target, session: &mut Session<'_>) -> Result<usize, ServiceError> {
    let _ = session;
    todo!("receba da DLQ de {target:?}, devolva ao alvo e apague, até não vir mais nada")
}

/// As suas peças, montadas para rodar em [`crate::hailstorm::World`].
pub fn system(plan: &Plan) -> System {
    System { configuration: configure(plan), accept, handle, handle_batch, redrive }
}
