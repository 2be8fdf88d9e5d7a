//! Kafka e Amazon MQ: o capítulo 5 tem as decisões, e aqui está o laço em volta delas.

use std::collections::VecDeque;

use kit::Timeline;
use polling_invocation::kafka_mq::{
    Cluster, FailureContext, KafkaCondition, KafkaDecision, KafkaRequest, Message, Queued, decide, failure_record,
    retry_limit, settle,
};
use polling_invocation::stream_function::{Outcome, back_off};
use tokio::time::{sleep, timeout};

use super::shards::contents;
use super::{Recording, Rejected, Scenario};
use crate::model::{Attempt, Contents, Ending, EventId, FailureTarget, Found, GaveUp, Interval, Place, Starter};

const PARTITION: &str = "rain-0";

/// Três registros em uma partição, e o mapeamento lendo.
pub(super) async fn kafka(scenario: &Scenario) -> Result<Recording, Rejected> {
    let parameters = &scenario.parameters;
    let on_failure = parameters.failure_target == FailureTarget::OnFailure;
    let request = KafkaRequest {
        cluster: Cluster::Msk,
        consumption_mode: None,
        maximum_retry_attempts: parameters.maximum_retry_attempts.map(i64::from),
        on_failure,
    };
    let limit = retry_limit(&request).map_err(|error| Rejected(error.to_string()))?;
    let mut recording = Recording::default();
    let reading = read_partition(scenario, limit, on_failure, &mut recording);
    // Uma partição que ainda não acabou no fim da gravação fica como está.
    let _unfinished = timeout(parameters.horizon, reading).await;
    recording.leave_what_succeeded();
    Ok(recording)
}

async fn read_partition(scenario: &Scenario, limit: Option<u32>, on_failure: bool, recording: &mut Recording) {
    let timeline = Timeline::new(&[]);
    let messages: Vec<Message> = scenario.events.iter().map(|event| message(event.id)).collect();
    let mut position = 0;
    while position < messages.len() {
        let end = messages.len().min(position + scenario.parameters.batch_size);
        let batch = &messages[position..end];
        let events: Vec<EventId> = scenario.events[position..end].iter().map(|event| event.id).collect();
        let (mut runs, mut tries) = (0, 0);
        position = loop {
            if timeline.elapsed() > scenario.parameters.retention {
                // O broker apaga o que passou da retenção, e o leitor continua do que sobrou.
                events.iter().for_each(|event| recording.give_up(*event, timeline.elapsed(), GaveUp::Age));
                break end;
            }
            let ending = scenario.ending(&events);
            tries += 1;
            runs += u32::from(ending.ran());
            attempt(scenario, recording, &timeline, &events, None, runs).await;
            let next = match decide(outcome(ending), batch, runs, limit) {
                KafkaDecision::Retry => {
                    back_off(tries).await;
                    continue;
                }
                KafkaDecision::Commit(offsets) => offsets,
                KafkaDecision::Discard(offsets) => {
                    let since = timeline.elapsed();
                    events.iter().for_each(|event| recording.give_up(*event, since, GaveUp::Limit));
                    let contents = contents(&failure_record(batch, &context(runs)));
                    let found = |event: &EventId| Found { event: *event, place: Place::OnFailure, contents, since };
                    recording.kept.extend(events.iter().map(found).filter(|_| on_failure));
                    offsets
                }
            };
            let next = next.get(PARTITION).and_then(|offset| usize::try_from(*offset).ok());
            break next.unwrap_or(end);
        };
    }
}

fn message(EventId(number): EventId) -> Message {
    Message {
        origin: PARTITION.to_owned(),
        offset: Some(i64::from(number) - 1),
        timestamp_ms: Some(1_795_366_800_000),
        data: Some(format!("{{\"reading\":{number}}}").into_bytes()),
        redelivered: false,
    }
}

fn context(runs: u32) -> FailureContext {
    FailureContext {
        request_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:rain".to_owned(),
        condition: KafkaCondition::RetryAttemptsExhausted,
        runs,
        timestamp: "2026-11-22T17:00:00.000Z".to_owned(),
        event_source_arn: "arn:aws:kafka:sa-east-1:123456789012:cluster/rain".to_owned(),
        bootstrap_servers: "b-1.rain.example:9092".to_owned(),
        payload_size: 100,
    }
}

/// Três mensagens em uma fila do broker, e um consumidor.
pub(super) async fn amazon_mq(scenario: &Scenario) -> Recording {
    let mut recording = Recording::default();
    let _unfinished = timeout(scenario.parameters.horizon, consume(scenario, &mut recording)).await;
    recording.leave_what_succeeded();
    recording
}

async fn consume(scenario: &Scenario, recording: &mut Recording) {
    let timeline = Timeline::new(&[]);
    let queued = |EventId(number): EventId| Queued { id: number.to_string(), bytes: 100, redeliveries: 0 };
    let mut queue: VecDeque<Queued> = scenario.events.iter().map(|event| queued(event.id)).collect();
    let mut tries = 0;
    while !queue.is_empty() {
        let batch: Vec<Queued> = queue.drain(..queue.len().min(scenario.parameters.batch_size)).collect();
        let events: Vec<EventId> = batch.iter().filter_map(|each| id(&each.id)).collect();
        let redeliveries = batch.iter().map(|each| each.redeliveries).max().unwrap_or(0);
        let ending = scenario.ending(&events);
        // Uma recusa não entra na conta do broker.
        let spent = redeliveries + u32::from(ending.ran());
        attempt(scenario, recording, &timeline, &events, Some(redeliveries + 1), spent).await;
        let settled = settle(batch, outcome(ending));
        let since = timeline.elapsed();
        for event in settled.dead_lettered.iter().filter_map(|each| id(each)) {
            recording.give_up(event, since, GaveUp::Limit);
            let place = Place::SourceDeadLetterQueue;
            recording.kept.push(Found { event, place, contents: Contents::Whole, since });
        }
        if settled.redelivered.is_empty() {
            tries = 0;
        } else {
            // De volta à frente da fila: a AWS não publica a ordem, e esta é a do modelo.
            settled.redelivered.into_iter().rev().for_each(|each| queue.push_front(each));
            tries += 1;
            back_off(tries).await;
        }
    }
}

fn id(text: &str) -> Option<EventId> {
    text.parse().ok().map(EventId)
}

/// Faz uma tentativa e a anota.
async fn attempt(
    scenario: &Scenario,
    recording: &mut Recording,
    timeline: &Timeline,
    events: &[EventId],
    receive_count: Option<u32>,
    spent: u32,
) {
    let ending = scenario.ending(events);
    let started_at = timeline.elapsed();
    sleep(scenario.takes(ending)).await;
    recording.attempts.push(Attempt {
        started_by: Starter::EventSourceMapping,
        events: events.to_vec(),
        started_at,
        ended_at: timeline.elapsed(),
        ending,
        receive_count,
        spent,
        interval: recording.interval(events, Interval::Unpublished),
    });
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Succeeded => Outcome::Succeeded,
        Ending::FunctionError | Ending::TimedOut => Outcome::FunctionError,
        Ending::Throttled | Ending::SystemError => Outcome::Refused,
    }
}
