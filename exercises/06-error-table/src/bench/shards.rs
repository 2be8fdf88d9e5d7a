//! Os fluxos do capítulo 5: um shard, as raias do `ParallelizationFactor` e o destino de falha.

use std::iter::repeat_n;
use std::time::Duration;

use kit::Timeline;
use polling_invocation::shard::{ON_FAILURE, OnFailure, Shard, StreamKind, StreamRecord};
use polling_invocation::stream_function::{Outcome, StreamFunction, Trouble};
use polling_invocation::streams::{StreamConfig, StreamRequest, consume, lanes};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Recording, Rejected, Scenario};
use crate::model::{
    Attempt, Contents, Ending, Event, EventId, Failure, FailureTarget, Found, GaveUp, Interval, Model, Place, Starter,
};

/// Onde a função de mentira do capítulo 5 para de responder.
const ATTEMPT_LIMIT: usize = 4_000;

/// Três registros em um shard, e o mapeamento lendo.
pub(super) async fn stream(scenario: &Scenario) -> Result<Recording, Rejected> {
    let parameters = &scenario.parameters;
    let request = StreamRequest {
        maximum_retry_attempts: parameters.maximum_retry_attempts.map(i64::from),
        maximum_record_age_in_seconds: parameters
            .maximum_age
            .map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX)),
        parallelization_factor: Some(i64::try_from(parameters.parallelization_factor).unwrap_or(i64::MAX)),
        bisect_batch_on_function_error: parameters.bisect,
    };
    let config = StreamConfig::new(&request).map_err(|error| Rejected(error.to_string()))?;
    let config = StreamConfig { batch_size: parameters.batch_size, ..config };

    let kind = match scenario.model {
        Model::DynamoDbStreams => StreamKind::DynamoDb,
        _ => StreamKind::Kinesis,
    };
    let records: Vec<StreamRecord> = scenario.events.iter().map(|event| record(scenario, event)).collect();
    let function =
        StreamFunction::new(&Timeline::new(&[]), troubles(scenario.failure)).with_run_time(scenario.run_time());
    let mut readers = JoinSet::new();
    for lane in lanes(&records, config.parallelization_factor) {
        let (function, horizon, retention) = (function.clone(), parameters.horizon, parameters.retention);
        readers.spawn(async move {
            let timeline = Timeline::new(&[]);
            let mut shard = Shard::new(&timeline, kind, retention, lane.clone());
            let mut on_failure = OnFailure::new(&timeline);
            // Um shard que ainda não acabou no fim da gravação fica como está.
            let _unfinished = timeout(horizon, consume(&mut shard, &function, &config, &mut on_failure)).await;
            discarded(&lane, &on_failure, &timeline)
        });
    }
    let discarded: Vec<(Found, GaveUp)> = readers.join_all().await.into_iter().flatten().collect();

    let calls = function.calls();
    if calls.len() >= ATTEMPT_LIMIT {
        let limit = kit::text::thousands(ATTEMPT_LIMIT);
        return Err(Rejected(format!(
            "a função da bancada atende {limit} chamadas, e aqui houve mais: grave menos tempo"
        )));
    }
    let mut recording = Recording::default();
    for call in calls {
        let events = ids(call.records.iter());
        let ending = scenario.ending(&events);
        let same_batch = |attempt: &&Attempt| attempt.events == events && attempt.ending.ran();
        let runs = recording.attempts.iter().filter(same_batch).count() + usize::from(call.outcome != Outcome::Refused);
        let attempt = Attempt {
            started_by: Starter::EventSourceMapping,
            started_at: call.at,
            ended_at: call.at + scenario.takes(ending),
            ending,
            receive_count: None,
            spent: u32::try_from(runs).unwrap_or(u32::MAX),
            interval: recording.interval(&events, Interval::Unpublished),
            events,
        };
        recording.attempts.push(attempt);
    }
    recording.leave_what_succeeded();
    for (found, why) in discarded {
        recording.give_up(found.event, found.since, why);
        if parameters.failure_target == FailureTarget::OnFailure {
            recording.kept.push(found);
        }
    }
    Ok(recording)
}

/// O registro de um evento; o do evento ruim não é JSON, e a função do capítulo 5 falha com ele.
fn record(scenario: &Scenario, event: &Event) -> StreamRecord {
    let poisoned = scenario.failure == Failure::PoisonRecord && scenario.ending(&[event.id]) != Ending::Succeeded;
    let EventId(number) = event.id;
    StreamRecord {
        sequence_number: number.to_string(),
        partition_key: event.key.to_owned(),
        data: if poisoned { format!("leitura {number}") } else { format!("{{\"reading\":{number}}}") },
        arrived_at: Duration::ZERO,
    }
}

fn troubles(failure: Failure) -> Vec<Trouble> {
    let trouble = match failure {
        Failure::FunctionError | Failure::Timeout => Trouble::Fail,
        Failure::Throttle => Trouble::Throttle,
        Failure::SystemError => Trouble::BreakService,
        Failure::PoisonRecord => return Vec::new(),
    };
    repeat_n(trouble, ATTEMPT_LIMIT).collect()
}

/// Os eventos de que o mapeamento desistiu: o registro do destino diz do primeiro ao último, e a linha do tempo diz quando.
fn discarded(lane: &[StreamRecord], on_failure: &OnFailure, timeline: &Timeline) -> Vec<(Found, GaveUp)> {
    let entries = timeline.entries();
    let deliveries = entries.iter().filter(|entry| entry.lane == ON_FAILURE.id);
    let records = deliveries.zip(on_failure.received());
    let found = records.flat_map(|(entry, record)| {
        let info = ["KinesisBatchInfo", "DDBStreamBatchInfo"].iter().find_map(|name| record.get(name));
        let number = |name: &str| info.and_then(|info| info[name].as_str()).unwrap_or_default();
        let (start, end) = (number("startSequenceNumber"), number("endSequenceNumber"));
        let batch = lane.iter().map(|each| &each.sequence_number);
        let inside = batch.skip_while(|each| each.as_str() != start);
        let last = lane.iter().position(|each| each.sequence_number == end).map_or(0, |last| last + 1);
        let first = lane.iter().position(|each| each.sequence_number == start).unwrap_or(last);
        let contents = contents(record);
        let expired = record["requestContext"]["condition"] == "RecordAgeExceeded";
        let why = if expired { GaveUp::Age } else { GaveUp::Limit };
        let since = Duration::from_millis(entry.at_ms);
        let found = move |event| (Found { event, place: Place::OnFailure, contents, since }, why);
        ids(inside.take(last.saturating_sub(first))).into_iter().map(found)
    });
    found.collect()
}

/// Um registro de destino só traz o conteúdo no campo `payload`.
pub(super) fn contents(record: &Value) -> Contents {
    if record.get("payload").is_some() { Contents::Whole } else { Contents::MetadataOnly }
}

fn ids<'a>(numbers: impl Iterator<Item = &'a String>) -> Vec<EventId> {
    numbers.filter_map(|number| number.parse().ok().map(EventId)).collect()
}
