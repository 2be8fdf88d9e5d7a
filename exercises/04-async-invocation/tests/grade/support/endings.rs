//! Fins de eventos e destinos de exemplo para o passo `destinations`.

use async_invocation::destinations::{
    DeadLetter, Delivery, FunctionVersion, InvocationRecord, RequestContext, Targets,
};
use async_invocation::model::{Event, FailureCondition, FunctionError, Resolution};
use kit::Random;
use serde_json::{Value, json};
use tokio::time::Instant;

pub const ARN: &str = "arn:aws:lambda:sa-east-1:123456789012:function:send-alert";
pub const DLQ: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-dlq";
pub const ON_SUCCESS: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-sent";
pub const ON_FAILURE: &str = "arn:aws:sqs:sa-east-1:123456789012:alerts-failed";
pub const NOW: &str = "2026-11-22T17:05:03.250Z";

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
