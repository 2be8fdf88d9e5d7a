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
    todo!("diga de que serviço é o evento {event}")
}

/// Até quando o serviço espera por uma chamada, nos padrões da AWS.
pub fn patience(service: Service) -> Duration {
    todo!("quanto tempo espera o {service}")
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
    todo!("o que chega ao cliente da API depois de {outcome:?}")
}

/// O nome do gatilho do Cognito: em `PreSignUp_SignUp`, `PreSignUp`. Vem pronta.
pub fn trigger(event: &Value) -> &str {
    let source = event["triggerSource"].as_str().unwrap_or_default();
    source.split('_').next().unwrap_or(source)
}

/// O que o Cognito faz com a operação da pessoa.
pub fn cognito(event: &Value, outcome: &Outcome, attempt: u32) -> Reaction {
    let _ = event;
    todo!("o que o Cognito faz depois de {outcome:?} na {attempt}ª chamada")
}

/// O que o CloudFormation faz com o que a função devolveu. O documento que ela grava no `ResponseURL` não passa por aqui.
pub fn cloudformation(outcome: &Outcome) -> Reaction {
    todo!("o que o CloudFormation faz depois de {outcome:?}")
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
    todo!("escreva o documento para {event}, com {result:?}")
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
