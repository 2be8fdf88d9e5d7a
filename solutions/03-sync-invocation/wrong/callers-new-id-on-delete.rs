//! Engano: responder ao Delete com um identificador novo; o CloudFormation apaga o que ele conhece.
//!
//! Os seis que chamam: reconhecer de quem é o evento e prever o que quem espera vai ver.
//!
//! ```text
//!   evento ──recognize──▶ Service ──patience──▶ até quando ele espera
//!                            └──react──▶ Answer, TryAgain ou KeepWaiting
//! ```
//!
//! As páginas da AWS de cada serviço estão no texto do passo.

use std::time::Duration;

use kit::{Kind, Timeline};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::caller::{Answer, Outcome, Reaction, Service};
use crate::function::{Ending, Function};
use crate::model::{CALLER, FunctionError, InvokeError, WAITING};
use crate::translations::{alexa, cloudfront, lex};

/// De que serviço é o evento; `None` quando não é de nenhum dos seis.
pub fn recognize(event: &Value) -> Option<Service> {
    let has = |pointer: &str| event.pointer(pointer).is_some();
    if has("/Records/0/cf") {
        Some(Service::CloudFront)
    } else if has("/triggerSource") {
        Some(Service::Cognito)
    } else if has("/RequestType") && has("/ResponseURL") {
        Some(Service::CloudFormation)
    } else if has("/context/System") && has("/request/type") {
        Some(Service::Alexa)
    } else if has("/bot") && has("/sessionState") {
        Some(Service::Lex)
    } else if has("/requestContext/apiId") {
        Some(Service::ApiGateway)
    } else {
        None
    }
}

/// Até quando o serviço espera por uma chamada, nos padrões da AWS.
pub fn patience(service: Service) -> Duration {
    Duration::from_secs(match service {
        Service::ApiGateway => 29,
        Service::Cognito => 5,
        Service::CloudFormation => 3_600,
        Service::Alexa => 8,
        Service::Lex | Service::CloudFront => 30,
    })
}

/// O que o serviço faz com o que veio do Lambda. `attempt` é o número da chamada, a partir de 1.
pub fn react(service: Service, event: &Value, outcome: &Outcome, attempt: u32) -> Reaction {
    match service {
        Service::ApiGateway => Reaction::Answer(api_gateway(outcome)),
        Service::Cognito => cognito(event, outcome, attempt),
        Service::CloudFormation => cloudformation(outcome),
        Service::Alexa => Reaction::Answer(alexa(outcome)),
        Service::Lex => Reaction::Answer(lex(outcome)),
        Service::CloudFront => Reaction::Answer(cloudfront(event, outcome)),
    }
}

/// O que o cliente de uma API REST recebe.
pub fn api_gateway(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Returned(value) => match value.get("statusCode").and_then(Value::as_u64).map(u16::try_from) {
            Some(Ok(status)) => {
                let body = value.get("body").and_then(Value::as_str).unwrap_or_default().to_owned();
                Answer::Http { status, body }
            }
            _ => Answer::http_error(502, "Internal server error"),
        },
        Outcome::FunctionError(_) => Answer::http_error(502, "Internal server error"),
        Outcome::Refused(_) => Answer::http_error(500, "Internal server error"),
        Outcome::TimedOut => Answer::http_error(504, "Endpoint request timed out"),
    }
}

/// O nome do gatilho do Cognito: em `PreSignUp_SignUp`, `PreSignUp`. Vem pronta.
pub fn trigger(event: &Value) -> &str {
    let source = event["triggerSource"].as_str().unwrap_or_default();
    source.split('_').next().unwrap_or(source)
}

/// O que o Cognito faz com a operação da pessoa.
pub fn cognito(event: &Value, outcome: &Outcome, attempt: u32) -> Reaction {
    let trigger = trigger(event);
    match outcome {
        Outcome::Returned(value) if value["request"].is_object() && value["response"].is_object() => {
            Reaction::Answer(Answer::Proceeds(value["response"].clone()))
        }
        Outcome::Returned(_) => {
            Reaction::operation_failed("InvalidLambdaResponseException", "Unrecognizable lambda output")
        }
        Outcome::FunctionError(error) => {
            let message = format!("{trigger} failed with error {}.", error.error_message);
            Reaction::operation_failed("UserLambdaValidationException", message)
        }
        Outcome::Refused(refusal) => {
            let message = format!("{trigger} invocation failed due to error {}.", refusal.error.name());
            Reaction::operation_failed("UnexpectedLambdaException", message)
        }
        Outcome::TimedOut if attempt < 3 => Reaction::TryAgain,
        Outcome::TimedOut => {
            let why = "Socket timeout while invoking Lambda function";
            Reaction::operation_failed(
                "UnexpectedLambdaException",
                format!("{trigger} invocation failed due to error {why}."),
            )
        }
    }
}

/// O que o CloudFormation faz com o que a função devolveu. O documento que ela grava no `ResponseURL` não passa por aqui.
pub fn cloudformation(outcome: &Outcome) -> Reaction {
    match outcome {
        Outcome::TimedOut => {
            let reason = "CloudFormation did not receive a response from your Custom Resource.".to_owned();
            Reaction::Answer(Answer::ResourceFailed { reason })
        }
        Outcome::Returned(_) | Outcome::FunctionError(_) | Outcome::Refused(_) => Reaction::KeepWaiting,
    }
}

/// O que a função de um recurso personalizado conseguiu fazer.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioned {
    /// O identificador do recurso.
    pub physical_resource_id: String,
    /// O que outros recursos da pilha podem ler.
    pub data: Map<String, Value>,
}

/// O começo do documento: os três identificadores do pedido, copiados do evento. Vem pronta.
pub fn new_document(event: &Value) -> Value {
    let copied = ["StackId", "RequestId", "LogicalResourceId"].map(|name| (name.to_owned(), event[name].clone()));
    Value::Object(Map::from_iter(copied))
}

/// O documento que a função grava no `ResponseURL` do evento: o recurso, ou por que não deu.
pub fn response_document(event: &Value, result: &Result<Provisioned, String>) -> String {
    use serde_json::json;

    const LIMIT: usize = 4_096;
    let mut document = new_document(event);
    let known = event.get("PhysicalResourceId");
    match result {
        Ok(resource) => {
            let deleting = event["RequestType"] == "Delete";
            let chosen = json!(resource.physical_resource_id);
            document["Status"] = json!("SUCCESS");
            document["PhysicalResourceId"] = if deleting { json!("deleted") } else { chosen };
            document["Data"] = Value::Object(resource.data.clone());
        }
        Err(reason) => {
            document["Status"] = json!("FAILED");
            document["PhysicalResourceId"] = known.unwrap_or(&event["LogicalResourceId"]).clone();
            let mut reason = reason.as_str();
            document["Reason"] = json!(reason);
            // Um byte do motivo ocupa de 1 a 6 bytes no JSON, com os escapes: tirando excesso / 6 nunca se tira demais.
            while let Some(excess @ 1..) = document.to_string().len().checked_sub(LIMIT)
                && !reason.is_empty()
            {
                let keep = reason.len().saturating_sub(excess.div_ceil(6));
                reason = &reason[..reason.floor_char_boundary(keep)];
                document["Reason"] = json!(reason);
            }
        }
    }
    document.to_string()
}

/// O que o CloudFormation faz com um documento que chegou ao `ResponseURL`.
pub fn read_document(event: &Value, document: &str) -> Answer {
    let failed = |reason: &str| Answer::ResourceFailed { reason: reason.to_owned() };
    if document.len() > 4_096 {
        return failed("Response object is too long.");
    }
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(document) else {
        return failed("o documento não é um objeto JSON");
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    if ["StackId", "RequestId", "LogicalResourceId"].iter().any(|name| event[*name].as_str() != Some(text(name))) {
        return failed("o documento não é deste pedido");
    }
    match (text("Status"), text("PhysicalResourceId"), text("Reason")) {
        (_, "", _) => failed("Invalid PhysicalResourceId"),
        ("SUCCESS", id, _) => Answer::ResourceReady { physical_resource_id: id.to_owned() },
        ("FAILED", _, "") => failed("Reason é obrigatório em FAILED"),
        ("FAILED", _, reason) => failed(reason),
        _ => failed("Status não é SUCCESS nem FAILED"),
    }
}

/// Faz a chamada inteira, com as repetições do serviço, e devolve o que chega a quem espera.
///
/// Um serviço que repete mais de dez vezes não existe: a chamada para ali.
pub async fn call(event: &Value, function: &Function, timeline: &Timeline) -> Answer {
    let Some(service) = recognize(event) else { return Answer::Unpublished };
    let mut answer = Answer::Unpublished;
    for attempt in 1..=10 {
        let started = Instant::now();
        let outcome = timeout(patience(service), run(event, function)).await.unwrap_or(Outcome::TimedOut);
        let reaction = react(service, event, &outcome, attempt);
        note(timeline, started, service, &outcome, &reaction);
        match reaction {
            // Sem permissão ou sem função, o evento nem entra na fila.
            Reaction::KeepWaiting if turned_away(&outcome) => break,
            Reaction::TryAgain => {}
            Reaction::Answer(found) => {
                answer = found;
                break;
            }
            Reaction::KeepWaiting => {
                let give_up = started + patience(service);
                let found = wait_for_document(event, function, outcome, give_up).await;
                answer = found.unwrap_or_else(|| match react(service, event, &Outcome::TimedOut, attempt) {
                    Reaction::Answer(answer) => answer,
                    Reaction::TryAgain | Reaction::KeepWaiting => Answer::Unpublished,
                });
                break;
            }
        }
    }
    timeline.record(WAITING, Kind::Delivered, answer.describe());
    answer
}

/// Espera, até `give_up`, o documento do recurso personalizado. Enquanto isso a fila assíncrona cuida do que não deu certo.
async fn wait_for_document(event: &Value, function: &Function, first: Outcome, give_up: Instant) -> Option<Answer> {
    let repeating = tokio::spawn(keep_trying(event.clone(), function.clone(), first));
    let document = timeout_at(give_up, function.document()).await;
    repeating.abort();
    document.ok().map(|document| read_document(event, &document))
}

/// A fila assíncrona do Lambda: repete o erro da função 1 e 2 min depois, e a recusa de 1 s a 5 min, enquanto for preciso.
async fn keep_trying(event: Value, function: Function, first: Outcome) {
    let (mut outcome, mut errors, mut refusals) = (first, 0, 0);
    loop {
        let seconds = match outcome {
            Outcome::Refused(_) => {
                refusals += 1;
                2u64.saturating_pow(refusals - 1).min(300)
            }
            Outcome::FunctionError(_) if errors < 2 => {
                errors += 1;
                60 * errors
            }
            Outcome::FunctionError(_) | Outcome::Returned(_) | Outcome::TimedOut => return,
        };
        sleep(Duration::from_secs(seconds)).await;
        outcome = run(&event, &function).await;
    }
}

/// Roda a função e traduz o fim dela.
async fn run(event: &Value, function: &Function) -> Outcome {
    let error = |error_type: &str, error_message: &str| {
        Outcome::FunctionError(FunctionError {
            error_message: error_message.to_owned(),
            error_type: error_type.to_owned(),
        })
    };
    match function.run(event).await {
        Err(refusal) => Outcome::Refused(refusal),
        Ok(execution) => match execution.ending {
            Ending::Returned(value) => Outcome::Returned(value),
            Ending::Nothing => Outcome::Returned(Value::Null),
            Ending::Raised(error) => Outcome::FunctionError(error),
            Ending::TimedOut(_) => error("Sandbox.Timedout", "Task timed out"),
            Ending::Exited(_) => error("Runtime.ExitError", "Runtime exited"),
        },
    }
}

/// Se o Lambda recusou a chamada na porta, antes de qualquer fila.
fn turned_away(outcome: &Outcome) -> bool {
    let Outcome::Refused(refusal) = outcome else { return false };
    matches!(refusal.error, InvokeError::AccessDenied | InvokeError::ResourceNotFound)
}

/// Anota uma chamada na linha do tempo.
fn note(timeline: &Timeline, started: Instant, service: Service, outcome: &Outcome, reaction: &Reaction) {
    if *reaction == Reaction::KeepWaiting && !turned_away(outcome) {
        timeline.record_since(started, CALLER, Kind::Scheduled, format!("{service}: chamou e espera o documento"));
        return;
    }
    let (kind, text) = match outcome {
        Outcome::Returned(_) => (Kind::Success, "a função respondeu"),
        Outcome::FunctionError(_) => (Kind::Error, "erro da função"),
        Outcome::Refused(_) => (Kind::Throttled, "o Lambda recusou"),
        Outcome::TimedOut => (Kind::Error, "cansou de esperar"),
    };
    timeline.record_since(started, CALLER, kind, format!("{service}: {text}"));
}
