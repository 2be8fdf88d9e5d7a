//! Fins de eventos e destinos de exemplo para o passo `destinations`.

use async_invocation::destinations::{
    DeadLetter, Delivery, FunctionVersion, InvocationRecord, RequestContext, Targets, dead_letter,
};
use async_invocation::model::{Event, FailureCondition, FunctionError, Resolution};
use kit::Random;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::expect_same;

pub const ARN: &str = "arn:aws:lambda:sa-east-1:123456789012:function:send-alert";
pub const DLQ: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-dlq";
pub const ON_SUCCESS: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-sent";
pub const ON_FAILURE: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-failed";
pub const NOW: &str = "2026-11-22T17:05:03.250Z";
pub const LATER: &str = "2026-12-05T09:41:17.008Z";

pub fn event(seed: u64) -> Event {
    let mut random = Random::new(seed);
    let number = random.between(1..=999_999_999_999);
    let subscriber = random.between(1..=99_999);
    Event {
        request_id: format!("00000000-0000-4000-8000-{number:012}"),
        payload: json!({ "alert": "granizo", "subscriber": subscriber }),
        enqueued_at: Instant::now(),
    }
}

pub fn version(version: &str) -> FunctionVersion {
    FunctionVersion { function_arn: ARN.to_owned(), version: version.to_owned() }
}

pub fn error(message: &str) -> FunctionError {
    FunctionError { error_message: message.to_owned(), error_type: "SmsError".to_owned() }
}

pub fn exhausted(message: &str) -> Resolution {
    Resolution::Failed { condition: FailureCondition::RetriesExhausted, runs: 3, last_error: Some(error(message)) }
}

/// Como [`exhausted`], mas o tempo da função acabou nas três vezes.
pub fn timed_out() -> Resolution {
    let error = FunctionError {
        error_message: "RequestId: 00000000-0000-4000-8000-000000000007 Error: Task timed out after 3.00 seconds"
            .to_owned(),
        error_type: "Sandbox.Timedout".to_owned(),
    };
    Resolution::Failed { condition: FailureCondition::RetriesExhausted, runs: 3, last_error: Some(error) }
}

pub fn expired(runs: u32) -> Resolution {
    Resolution::Failed {
        condition: FailureCondition::EventAgeExceeded,
        runs,
        last_error: (runs > 0).then(|| error("sem sinal")),
    }
}

pub fn blocked() -> Resolution {
    Resolution::Failed { condition: FailureCondition::ZeroReservedConcurrency, runs: 0, last_error: None }
}

pub fn success() -> Resolution {
    Resolution::Succeeded { response: json!({ "sent": true }), runs: 2 }
}

/// A mensagem da DLQ de um evento de que o Lambda desistiu: existe, leva o evento como chegou e o RequestID.
#[track_caller]
pub fn letter(event: &Event, resolution: &Resolution) -> DeadLetter {
    let (payload, request_id) = (&event.payload, &event.request_id);
    let Some(letter) = dead_letter(event, resolution) else {
        panic!(
            "o Lambda desistiu do evento {payload}, e um evento descartado vai para a DLQ; a sua função não montou \
             mensagem nenhuma"
        );
    };
    expect_same!(
        letter.body,
        *payload,
        "o corpo da mensagem na DLQ é o evento original, {payload}; o da sua mensagem é {}",
        letter.body
    );
    expect_same!(
        letter.request_id,
        *request_id,
        "o atributo RequestID é o da invocação, {request_id}; o da sua mensagem é `{}`",
        letter.request_id
    );
    letter
}

pub fn pretty(record: &InvocationRecord) -> String {
    serde_json::to_string_pretty(record).expect("o registro sempre vira JSON")
}

pub fn targets(dlq: bool, on_success: bool, on_failure: bool) -> Targets {
    Targets {
        dead_letter_queue: dlq.then(|| DLQ.to_owned()),
        on_success: on_success.then(|| ON_SUCCESS.to_owned()),
        on_failure: on_failure.then(|| ON_FAILURE.to_owned()),
    }
}

/// O apelido de um ARN nas mensagens.
pub fn nickname(arn: &str) -> &str {
    match arn {
        DLQ => "DLQ",
        ON_SUCCESS => "OnSuccess",
        ON_FAILURE => "OnFailure",
        other => other,
    }
}

/// Quem recebe cada entrega, como se lê numa frase.
pub fn receivers(deliveries: &[Delivery]) -> String {
    let names: Vec<&str> = deliveries.iter().map(|each| nickname(each.target_arn())).collect();
    list(&names, "ninguém")
}

/// Quem recebe uma entrega e quantos bytes tem a mensagem de erro dela.
pub fn error_size(delivery: &Delivery) -> (&str, usize) {
    match delivery {
        Delivery::DeadLetterQueue { message, .. } => ("DLQ", message.error.as_ref().map_or(0, |e| e.message.len())),
        Delivery::Destination { target_arn, record } => {
            let message = record.response_payload.as_ref().and_then(|payload| payload["errorMessage"].as_str());
            (nickname(target_arn), message.map_or(0, str::len))
        }
    }
}

pub fn to_dlq(arn: &str) -> Delivery {
    Delivery::DeadLetterQueue {
        target_arn: arn.to_owned(),
        message: DeadLetter { body: json!({ "alert": "granizo" }), request_id: "1".to_owned(), error: None },
    }
}

pub fn to_destination(arn: &str) -> Delivery {
    let fields = json!({ "alert": "granizo" });
    Delivery::Destination { target_arn: arn.to_owned(), record: record_of(fields) }
}

/// Um registro montado à mão, para não depender do código de quem resolve o passo.
pub fn record_of(request_payload: Value) -> InvocationRecord {
    InvocationRecord {
        version: "1.0",
        timestamp: NOW.to_owned(),
        request_context: RequestContext {
            request_id: "1".to_owned(),
            function_arn: ARN.to_owned(),
            condition: "RetriesExhausted",
            approximate_invoke_count: 3,
        },
        request_payload,
        response_context: None,
        response_payload: None,
    }
}

/// `DLQ, OnSuccess e OnFailure`; `empty` quando não há nenhum.
pub fn list(names: &[&str], empty: &str) -> String {
    match names {
        [] => empty.to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} e {last}", first.join(", ")),
    }
}

/// Um valor que pode faltar, como se lê numa frase.
pub fn or_absent(value: Option<&str>) -> String {
    value.map_or("ausente".to_owned(), |value| format!("`{value}`"))
}
