//! Engano: tirar da DLQ primeiro evita que o evento volte duas vezes.

use std::time::Duration;

use serde_json::Value;

use crate::hailstorm::{
    BatchResponse, Configuration, Event, Message, Plan, Response, ServiceError, Session, System, Target,
};

/// A função da porta: põe o relato no barramento e responde ao telefone.
pub fn accept(event: &Value, session: &mut Session<'_>) -> Response {
    use crate::hailstorm::{Entry, door};

    let Ok(detail) = door::read_damage(event) else {
        return Response { status: 400 };
    };
    match session.put_events(&[Entry { detail }]) {
        Ok(result) if result.failed_entry_count == 0 => Response { status: 202 },
        // Sem resposta ou com a entrada recusada: o telefone manda de novo.
        Ok(_) | Err(_) => Response { status: 503 },
    }
}

/// A chave de idempotência do efeito que `event` pede a `target`.
pub fn idempotency_key(target: Target, event: &Event) -> String {
    format!("{}#{}", target.name(), event.damage.report_id)
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
    // Gravado agora ou gravado antes: nos dois casos o efeito aconteceu uma vez.
    session.apply_once(&idempotency_key(target, event), record_ttl, target, &event.damage).map(|_| ())
}

/// Trata um lote da fila de `target` e conta quais mensagens falharam.
pub fn handle_batch(
    target: Target,
    messages: &[Message],
    record_ttl: Duration,
    session: &mut Session<'_>,
) -> BatchResponse {
    let mut response = BatchResponse::default();
    for message in messages {
        if handle(target, &message.event, record_ttl, session).is_err() {
            response.add_failure(&message.message_id);
        }
    }
    response
}

/// Escolhe a configuração para este plano.
pub fn configure(plan: &Plan) -> Configuration {
    const FOURTEEN_DAYS: Duration = Duration::from_secs(1_209_600);
    Configuration {
        visibility_timeout: plan.function_timeout * 6 + plan.batching_window,
        max_receive_count: 5,
        report_batch_item_failures: true,
        target_dead_letter_queue: true,
        function_dead_letter_queue: true,
        dead_letter_retention: FOURTEEN_DAYS,
        record_ttl: FOURTEEN_DAYS + plan.queue_retention,
    }
}

/// Devolve ao alvo tudo o que está na DLQ dele; diz quantos eventos devolveu.
///
/// # Errors
/// O do serviço; o que não voltou continua na DLQ, e basta rodar de novo.
pub fn redrive(target: Target, session: &mut Session<'_>) -> Result<usize, ServiceError> {
    let mut returned = 0;
    loop {
        let letters = session.receive_dead(target, 10)?;
        if letters.is_empty() {
            return Ok(returned);
        }
        for letter in letters {
            session.delete_dead(target, &letter)?;
            session.send(target, &letter.event)?;
            returned += 1;
        }
    }
}

/// As suas peças, montadas para rodar em [`crate::hailstorm::World`].
pub fn system(plan: &Plan) -> System {
    System { configuration: configure(plan), accept, handle, handle_batch, redrive }
}
