//! As filas do SQS do capítulo 5: o mapeamento delas, a visibilidade e a DLQ.

use std::time::Duration;

use kit::Timeline;
use polling_invocation::queue::{Attributes, DEAD_LETTER_QUEUE, QUEUE, Queue, RedrivePolicy};
use polling_invocation::sms_function::{Behavior, Call, Function};
use polling_invocation::sqs::{EventSourceMapping, poll};
use tokio::time::timeout;

use super::{Recording, Rejected, Scenario};
use crate::model::{
    Attempt, Contents, Ending, EventId, FUNCTION_TIMEOUT, FailureTarget, Found, GaveUp, Interval, Model, Place, Starter,
};

/// Onde a função de mentira do capítulo 5 para de responder.
const CALL_LIMIT: usize = 2_000;
/// A DLQ só é lida uma vez.
const NEVER_AGAIN: Duration = Duration::from_secs(43_200);

/// Três mensagens na fila, e o mapeamento lendo.
pub(super) async fn sqs(scenario: &Scenario) -> Result<Recording, Rejected> {
    let parameters = &scenario.parameters;
    let visibility_timeout = parameters.visibility_timeout;
    let mapping = EventSourceMapping::new(visibility_timeout, FUNCTION_TIMEOUT, parameters.batch_size, None)
        .map_err(|error| Rejected(error.to_string()))?;

    let timeline = Timeline::new(&[]);
    let fifo = scenario.model == Model::SqsFifo;
    let attributes = Attributes { visibility_timeout: NEVER_AGAIN, fifo, redrive_policy: None };
    let dead_letter_queue = Queue::new(&timeline, "readings-dlq", DEAD_LETTER_QUEUE, attributes);
    let redrive_policy = (parameters.failure_target == FailureTarget::DeadLetterQueue).then(|| RedrivePolicy {
        max_receive_count: parameters.max_receive_count,
        dead_letter_queue: dead_letter_queue.clone(),
    });
    let queue = Queue::new(&timeline, "readings", QUEUE, Attributes { visibility_timeout, fifo, redrive_policy });
    for event in &scenario.events {
        if fifo {
            queue.send_to_group(event.key, event.id.0.to_string());
        } else {
            queue.send(event.id.0.to_string());
        }
    }
    queue.close();

    let function = function(scenario, &timeline);
    let limit = parameters.horizon.min(parameters.retention);
    let mut recording = Recording::default();
    let polling = async {
        let polled = timeout(limit, poll(&queue, &function, &mapping)).await;
        dead_letter_queue.close();
        polled.is_ok()
    };
    let (finished, dead) = tokio::join!(polling, watch(&dead_letter_queue, &timeline));

    let calls = function.calls();
    if calls.len() >= CALL_LIMIT {
        let limit = kit::text::thousands(CALL_LIMIT);
        return Err(Rejected(format!(
            "a função da bancada atende {limit} chamadas, e aqui houve mais: grave menos tempo"
        )));
    }
    for call in &calls {
        let attempt = attempt(scenario, &recording, call);
        recording.attempts.push(attempt);
    }
    recording.leave_what_succeeded();
    for found in dead {
        recording.give_up(found.event, found.since, GaveUp::Limit);
        recording.kept.push(found);
    }
    if !finished && parameters.retention <= parameters.horizon {
        for event in &scenario.events {
            recording.give_up(event.id, parameters.retention, GaveUp::Age);
        }
    }
    Ok(recording)
}

fn function(scenario: &Scenario, timeline: &Timeline) -> Function {
    let failure = Scenario {
        model: scenario.model,
        failure: scenario.failure,
        parameters: scenario.parameters.clone(),
        events: scenario.events.clone(),
    };
    Function::new(timeline, scenario.run_time(), move |call| match failure.ending(&ids(&call.bodies)) {
        Ending::Succeeded => Behavior::Succeed,
        Ending::FunctionError | Ending::TimedOut => Behavior::Fail,
        Ending::Throttled | Ending::SystemError => Behavior::Throttle,
    })
}

fn attempt(scenario: &Scenario, recording: &Recording, call: &Call) -> Attempt {
    let events = ids(&call.bodies);
    let ending = scenario.ending(&events);
    let delivered_before = recording.attempts.iter().rev().any(|attempt| {
        attempt.receive_count == Some(call.receive_count) && attempt.events.iter().any(|event| events.contains(event))
    });
    // Na mesma entrega é o mapeamento que chama de novo, no intervalo dele; na seguinte, a visibilidade acabou.
    let again = if delivered_before { Interval::Unpublished } else { Interval::Published };
    Attempt {
        started_by: Starter::EventSourceMapping,
        started_at: call.at,
        ended_at: call.at + scenario.takes(ending),
        ending,
        receive_count: Some(call.receive_count),
        spent: call.receive_count,
        interval: recording.interval(&events, again),
        events,
    }
}

/// Anota o que chega à DLQ até ela fechar.
async fn watch(dead_letter_queue: &Queue, timeline: &Timeline) -> Vec<Found> {
    let mut found = Vec::new();
    while let Some(messages) = dead_letter_queue.receive(10).await {
        for message in messages {
            found.extend(ids(message.body.as_slice()).into_iter().map(|event| Found {
                event,
                place: Place::SourceDeadLetterQueue,
                contents: Contents::Whole,
                since: timeline.elapsed(),
            }));
            dead_letter_queue.delete(&message.receipt_handle.unwrap_or_default());
        }
    }
    found
}

/// Os eventos de mensagens cujo corpo é o número deles.
fn ids(bodies: &[String]) -> Vec<EventId> {
    bodies.iter().filter_map(|body| body.parse().ok().map(EventId)).collect()
}
