//! Quem empurra: o cliente do capítulo 3, que espera a resposta, e a fila interna do capítulo 4, que responde 202.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_invocation::destinations::{self, Delivery, FunctionVersion, Mailbox, Targets};
use async_invocation::function as queued;
use async_invocation::model::{FailureCondition, Resolution};
use async_invocation::queue::{Queue, ReadSettings, read};
use async_invocation::retries::{self, EventInvokeConfig};
use kit::Timeline;
use serde_json::{Value, json};
use sync_invocation::client_retry::{self, Jitter, Outcome, Policy};
use sync_invocation::function::{Behavior, Function, Run};
use sync_invocation::invoke::{Request, invoke};
use sync_invocation::model::{FunctionError, InvokeError, InvokeResponse, Refusal};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Recording, Rejected, Scenario};
use crate::model::{
    Answer, Attempt, Contents, Ending, EventId, FUNCTION_TIMEOUT, FailureTarget, Found, GaveUp, Interval, Place,
    Starter,
};

/// Um cliente para cada evento, todos ao mesmo tempo.
pub(super) async fn synchronous(scenario: &Scenario) -> Recording {
    let timeline = Timeline::new(&[]);
    let mut clients = JoinSet::new();
    for event in &scenario.events {
        let function = sync_function(&timeline, scenario.ending(&[event.id])).with_timeout(FUNCTION_TIMEOUT);
        let policy = Policy {
            max_attempts: scenario.parameters.max_attempts,
            attempt_timeout: Duration::from_secs(60),
            deadline: scenario.parameters.horizon,
        };
        clients.spawn(client(timeline.clone(), event.id, function, policy));
    }
    let mut recording = Recording::default();
    for (attempts, answer) in clients.join_all().await {
        recording.attempts.extend(attempts);
        if let Some(answer) = answer {
            recording.answers.push(answer);
            recording.leave(answer.event, answer.at);
        }
    }
    recording.answers.sort_by_key(|answer| answer.event);
    recording
}

async fn client(
    timeline: Timeline,
    event: EventId,
    function: Function,
    policy: Policy,
) -> (Vec<Attempt>, Option<Answer>) {
    let attempts = Mutex::new(Vec::new());
    let request = Request { payload: payload(event).to_string().into_bytes(), ..Request::default() };
    let mut jitter = Jitter::new(u64::from(event.0));
    let finished = client_retry::call(&policy, &mut jitter, &timeline, async |number| {
        let started_at = timeline.elapsed();
        let response = invoke(&request, &function).await;
        let attempt = Attempt {
            started_by: Starter::Client,
            events: vec![event],
            started_at,
            ended_at: timeline.elapsed(),
            ending: ending(&response),
            receive_count: None,
            spent: number,
            interval: if number == 1 { Interval::First } else { Interval::Drawn },
        };
        attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
        Ok(response)
    })
    .await;
    let answer = match finished.outcome {
        Outcome::Answered(response) => Some(Answer {
            event,
            at: timeline.elapsed(),
            status: response.status,
            function_error: response.function_error.is_some(),
        }),
        Outcome::TimedOut | Outcome::Disconnected => None,
    };
    (attempts.into_inner().unwrap_or_else(PoisonError::into_inner), answer)
}

fn sync_function(timeline: &Timeline, ending: Ending) -> Function {
    let behavior = match ending {
        Ending::Succeeded => Behavior::ReturnNothing,
        Ending::FunctionError => Behavior::Raise(FunctionError {
            error_message: "the reading has no time".to_owned(),
            error_type: "ReadingError".to_owned(),
        }),
        Ending::TimedOut => Behavior::Hang,
        Ending::Throttled => {
            let error = InvokeError::TooManyRequests { reason: "ConcurrentInvocationLimitExceeded", retry_after: 1 };
            Behavior::Refuse(Refusal::new(error, "Rate Exceeded."))
        }
        Ending::SystemError => Behavior::Refuse(Refusal::new(InvokeError::Service, "Internal error.")),
    };
    Function::new(timeline, [Run::new(100, behavior)])
}

/// O que a resposta diz que aconteceu.
fn ending(response: &InvokeResponse) -> Ending {
    match response.status {
        429 => Ending::Throttled,
        500.. => Ending::SystemError,
        _ if response.function_error.is_none() => Ending::Succeeded,
        _ if response.body.contains("Sandbox.Timedout") => Ending::TimedOut,
        _ => Ending::FunctionError,
    }
}

/// Os três eventos entram na fila interna; cada um segue sozinho.
pub(super) async fn asynchronous(scenario: &Scenario) -> Result<Recording, Rejected> {
    let parameters = &scenario.parameters;
    let retries = parameters.maximum_retry_attempts.map_or(-1, i64::from);
    let age = parameters.maximum_age.map_or(-1, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    let config = EventInvokeConfig::new(Some(retries), Some(age)).map_err(|error| Rejected(error.message))?;

    let timeline = Timeline::new(&[]);
    let (queue, inbox) = Queue::new(&timeline);
    let mut recording = Recording::default();
    let mut functions = Vec::new();
    for event in &scenario.events {
        let response = queue.invoke(payload(event.id).to_string().as_bytes()).await;
        recording.answers.push(Answer {
            event: event.id,
            at: timeline.elapsed(),
            status: response.status,
            function_error: false,
        });
        functions.push((event.id, async_function(scenario, &timeline, event.id)));
    }
    drop(queue);

    let targets = targets(parameters.failure_target);
    let resolved = Arc::new(Mutex::new(Vec::new()));
    let settings = ReadSettings {
        maximum_event_age: config.maximum_event_age(),
        reserved_concurrency: None,
        read_interval: Duration::ZERO,
    };
    let reading = read(inbox, settings, |event| {
        let id = event_id(&event.payload);
        let function = functions.iter().find(|(each, _)| *each == id).map(|(_, function)| function.clone());
        let (timeline, targets, resolved) = (timeline.clone(), targets.clone(), resolved.clone());
        async move {
            let Some(function) = function else { return };
            let resolution = retries::process(&event, &function, &config, &timeline).await;
            let version = FunctionVersion { function_arn: FUNCTION_ARN.to_owned(), version: "$LATEST".to_owned() };
            let deliveries = destinations::route(&targets, &event, &version, &resolution, "2026-11-22T17:00:00.000Z");
            let mut mailbox = Mailbox::default();
            destinations::deliver(deliveries, &mut mailbox);
            let at = timeline.elapsed();
            let why = match &resolution {
                Resolution::Failed { condition: FailureCondition::RetriesExhausted, .. } => Some(GaveUp::Limit),
                Resolution::Failed { .. } => Some(GaveUp::Age),
                Resolution::Succeeded { .. } => None,
            };
            let kept = mailbox.received().iter().map(|delivery| kept(id, delivery, &event.payload, at)).collect();
            resolved.lock().unwrap_or_else(PoisonError::into_inner).push((id, at, why, kept));
        }
    });
    // A fila que ainda não acabou no fim da gravação fica como está.
    let _unfinished = timeout(parameters.horizon, reading).await;

    for (id, function) in &functions {
        recording.attempts.extend(async_attempts(scenario, *id, &function.attempts()));
    }
    let resolved: Vec<(EventId, Duration, Option<GaveUp>, Vec<Found>)> =
        std::mem::take(&mut *resolved.lock().unwrap_or_else(PoisonError::into_inner));
    for (id, at, why, kept) in resolved {
        match why {
            Some(why) => recording.give_up(id, at, why),
            None => recording.leave(id, at),
        }
        recording.kept.extend(kept);
    }
    Ok(recording)
}

const FUNCTION_ARN: &str = "arn:aws:lambda:sa-east-1:123456789012:function:forecast";
const TARGET_ARN: &str = "arn:aws:sqs:sa-east-1:123456789012:forecast-failures";

fn targets(target: FailureTarget) -> Targets {
    let arn = Some(TARGET_ARN.to_owned());
    match target {
        FailureTarget::Nothing => Targets::default(),
        FailureTarget::DeadLetterQueue => Targets { dead_letter_queue: arn, ..Targets::default() },
        FailureTarget::OnFailure => Targets { on_failure: arn, ..Targets::default() },
    }
}

fn async_function(scenario: &Scenario, timeline: &Timeline, event: EventId) -> queued::Function {
    let behavior = match scenario.ending(&[event]) {
        Ending::Succeeded => queued::Behavior::Succeed,
        Ending::FunctionError => queued::Behavior::Fail("the reading has no time".to_owned()),
        Ending::TimedOut => queued::Behavior::TimeOut,
        Ending::Throttled => queued::Behavior::Throttle,
        Ending::SystemError => queued::Behavior::BreakService,
    };
    queued::Function::new(timeline, scenario.run_time(), [behavior])
}

/// As tentativas de um evento; o limite dele só conta as vezes em que a função rodou.
fn async_attempts(scenario: &Scenario, event: EventId, attempts: &[queued::Attempt]) -> Vec<Attempt> {
    let ending = scenario.ending(&[event]);
    let mut runs = 0;
    let mut recorded = Vec::new();
    for (index, attempt) in attempts.iter().enumerate() {
        runs += u32::from(attempt.ran);
        recorded.push(Attempt {
            started_by: Starter::InternalQueue,
            events: vec![event],
            started_at: attempt.at,
            ended_at: attempt.at + scenario.takes(ending),
            ending,
            receive_count: None,
            spent: runs,
            interval: if index == 0 { Interval::First } else { Interval::Published },
        });
    }
    recorded
}

/// O que uma entrega guarda do evento.
fn kept(event: EventId, delivery: &Delivery, payload: &Value, since: Duration) -> Found {
    let (place, body) = match delivery {
        Delivery::DeadLetterQueue { message, .. } => (Place::FunctionDeadLetterQueue, &message.body),
        Delivery::Destination { record, .. } => (Place::OnFailure, &record.request_payload),
    };
    let contents = if body == payload { Contents::Whole } else { Contents::MetadataOnly };
    Found { event, place, contents, since }
}

fn payload(event: EventId) -> Value {
    json!({ "event": event.0 })
}

fn event_id(payload: &Value) -> EventId {
    EventId(payload["event"].as_u64().and_then(|number| u8::try_from(number).ok()).unwrap_or_default())
}
