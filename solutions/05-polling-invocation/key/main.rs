//! A chave das perguntas do capítulo 05: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::process::ExitCode;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kit::Timeline;
use kit::key::{self, Key};
use polling_invocation::batching::{Batching, EventSource, Inbox, Record, next_batch};
use polling_invocation::filtering::{FilterCriteria, FilterSource};
use polling_invocation::kafka_mq::{self, Cluster, KafkaDecision, KafkaRequest, Message, Queued, retry_limit, settle};
use polling_invocation::partial_batch::{Outcome as Returned, settle_queue, settle_stream};
use polling_invocation::permissions::{Creation, Source, Target, create};
use polling_invocation::queue::{Attributes, DEAD_LETTER_QUEUE, QUEUE, Queue, RedrivePolicy};
use polling_invocation::shard::{OnFailure, Shard, StreamKind, StreamRecord, is_readable};
use polling_invocation::sms_function::{Behavior, Call, Function};
use polling_invocation::sqs::{EventSourceMapping, poll};
use polling_invocation::stream_function::{self, Outcome, StreamFunction};
use polling_invocation::streams::{StreamConfig, StreamRequest, consume};
use serde_json::json;
use tokio::time::sleep;

/// Uma leitura que a estação cortou ao meio.
const BROKEN: &str = r#"{"rain_mm": 1"#;

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("readings-in-the-next-batch", readings_in_the_next_batch().await)
            .quiz("no-room-for-seventy-seconds", no_room().await)
            .quiz("good-readings-again", good_readings_again())
            .quiz("rain-added-twice", rain_added().await)
            .quiz("past-the-filter", past_the_filter())
            .quiz("who-insists-least", who_insists_least().await)
            .quiz("what-the-role-lacks", what_the_role_lacks());
        facts::add(key)
    })
}

/// Quantas leituras saem no lote: a primeira chega 12 s depois da invocação anterior, e as outras a cada 1,5 s.
async fn readings_in_the_next_batch() -> usize {
    let batching = Batching::new(EventSource::SqsStandard, Some(100), Some(20)).expect("a AWS aceita");
    let (source, mut inbox) = Inbox::new();
    let stations = async move {
        sleep(Duration::from_secs(12)).await;
        for id in 1..=200 {
            source.send(Record { id, bytes: 1_000 }).expect("a origem está aberta");
            sleep(Duration::from_millis(1_500)).await;
        }
    };
    let (batch, ()) = tokio::join!(next_batch(&mut inbox, &batching), stations);
    batch.expect("a fila tem leituras").records.len()
}

/// Uma mensagem sozinha em uma fila com DLQ, lida até o fim.
struct Story {
    seconds: u64,
    calls: Vec<Call>,
    dead: bool,
}

async fn one_message(max_receive_count: u32, decide: impl Fn(&Call) -> Behavior + Send + Sync + 'static) -> Story {
    let timeline = Timeline::new(&[QUEUE, DEAD_LETTER_QUEUE]);
    let dead_letter_queue = Queue::new(&timeline, "sms-dlq", DEAD_LETTER_QUEUE, Attributes::default());
    let redrive_policy = Some(RedrivePolicy { max_receive_count, dead_letter_queue: dead_letter_queue.clone() });
    let attributes = Attributes { redrive_policy, ..Attributes::default() };
    let mapping = EventSourceMapping::new(attributes.visibility_timeout, Duration::from_secs(3), 10, None);
    let queue = Queue::new(&timeline, "sms", QUEUE, attributes);
    let function = Function::new(&timeline, Duration::from_secs(1), decide);
    queue.send("granizo");
    queue.close();
    poll(&queue, &function, &mapping.expect("a AWS aceita")).await;
    let dead = !dead_letter_queue.bodies().is_empty();
    Story { seconds: timeline.elapsed().as_secs(), calls: function.calls(), dead }
}

async fn no_room() -> String {
    let outage = Duration::from_secs(70);
    let story = one_message(2, move |call| if call.at < outage { Behavior::Throttle } else { Behavior::Succeed }).await;
    match story.calls.iter().find(|call| call.ran) {
        Some(call) => format!("sent_{}", call.at.as_secs()),
        None if story.dead => format!("dlq_{}", story.seconds),
        None => "lost".to_owned(),
    }
}

/// As leituras que deram certo e voltam à função, na fila e no shard.
fn good_readings_again() -> Vec<String> {
    let batch = ["1", "2", "3", "4", "5", "6"];
    let failed = ["3", "5"];
    let items = failed.map(|id| json!({ "itemIdentifier": id }));
    let body = json!({ "batchItemFailures": items }).to_string();
    let returned = Returned::Returned(&body);
    let settlements =
        [("queue", settle_queue(&batch, returned, true)), ("shard", settle_stream(&batch, returned, true))];
    let again = settlements.into_iter().flat_map(|(source, settlement)| {
        settlement.retried.into_iter().map(move |id| (source, id)).filter(|(_, id)| !failed.contains(&id.as_str()))
    });
    again.map(|(source, id)| format!("{source}_{id}")).collect()
}

/// As tentativas de chamar a função com estas leituras de um shard, até o shard acabar.
async fn stream(readings: &[&str], request: &StreamRequest) -> Vec<stream_function::Call> {
    let timeline = Timeline::new(&[]);
    let record = |(index, data): (usize, &&str)| StreamRecord {
        sequence_number: (index + 1).to_string(),
        partition_key: "ponte-velha".to_owned(),
        data: (*data).to_owned(),
        arrived_at: Duration::ZERO,
    };
    let records = readings.iter().enumerate().map(record).collect();
    let mut shard = Shard::new(&timeline, StreamKind::Kinesis, Duration::from_secs(86_400), records);
    let function = StreamFunction::new(&timeline, []);
    let config = StreamConfig::new(request).expect("a AWS aceita");
    consume(&mut shard, &function, &config, &mut OnFailure::new(&timeline)).await;
    function.calls()
}

/// O total que a função soma: em cada execução, 1 mm por leitura até a primeira que não dá para ler.
async fn rain_added() -> usize {
    const GOOD: &str = r#"{"rain_mm": 1}"#;
    let request =
        StreamRequest { maximum_retry_attempts: Some(1), bisect_batch_on_function_error: true, ..Default::default() };
    let calls = stream(&[GOOD, GOOD, BROKEN, GOOD, GOOD, GOOD, GOOD, GOOD], &request).await;
    let added = |call: &stream_function::Call| {
        let records = call.event["Records"].as_array().expect("um evento do Kinesis");
        records.iter().take_while(|record| is_readable(record)).count()
    };
    calls.iter().map(added).sum()
}

fn past_the_filter() -> Vec<&'static str> {
    let filter = |source, key: &str| {
        let pattern = json!({ key: { "level": [{ "numeric": [">=", 3] }] } }).to_string();
        FilterCriteria::new(source, &[&pattern]).expect("a AWS aceita")
    };
    let sqs = filter(FilterSource::Sqs, "body");
    let kafka = filter(FilterSource::Kafka, "value");
    let message = |body: &str| json!({ "messageId": "m-1", "body": body });
    let record = |value: &str| json!({ "topic": "neighbours", "partition": 0, "value": STANDARD.encode(value) });
    let all = [
        ("sqs_text_4", sqs.accepts(&message(r#"{"level": "4"}"#))),
        ("sqs_3.0", sqs.accepts(&message(r#"{"level": 3.0}"#))),
        ("sqs_plain", sqs.accepts(&message("granizo forte"))),
        ("kafka_plain", kafka.accepts(&record("granizo forte"))),
        ("kafka_2", kafka.accepts(&record(r#"{"level": 2}"#))),
    ];
    all.into_iter().filter_map(|(name, passes)| passes.then_some(name)).collect()
}

/// Quantas vezes a função roda com uma mensagem que falha sempre, no Amazon MQ.
fn runs_on_mq() -> usize {
    let mut batch = vec![Queued { id: "m-1".to_owned(), bytes: 1_000, redeliveries: 0 }];
    let mut runs = 0;
    while !batch.is_empty() {
        runs += 1;
        batch = settle(batch, Outcome::FunctionError).redelivered;
    }
    runs
}

/// O mesmo no MSK; `usize::MAX` se depois de cem mil execuções o lote ainda não acabou.
fn runs_on_msk(on_failure: bool) -> usize {
    let request =
        KafkaRequest { cluster: Cluster::Msk, consumption_mode: None, maximum_retry_attempts: None, on_failure };
    let limit = retry_limit(&request).expect("a AWS aceita");
    let batch = [Message {
        origin: "neighbours-0".to_owned(),
        offset: Some(15),
        timestamp_ms: Some(0),
        data: Some(BROKEN.as_bytes().to_vec()),
        redelivered: false,
    }];
    let ends = |runs: &u32| {
        matches!(kafka_mq::decide(Outcome::FunctionError, &batch, *runs, limit), KafkaDecision::Discard(_))
    };
    (1..=100_000).find(ends).map_or(usize::MAX, |runs| runs as usize)
}

async fn who_insists_least() -> Vec<&'static str> {
    let request = StreamRequest { maximum_retry_attempts: Some(5), ..Default::default() };
    let mut sources = [
        ("msk", runs_on_msk(false)),
        ("msk_with_destination", runs_on_msk(true)),
        ("activemq", runs_on_mq()),
        ("kinesis", stream(&[BROKEN], &request).await.len()),
        ("sqs", one_message(5, |_| Behavior::Fail).await.calls.len()),
    ];
    sources.sort_by_key(|(_, runs)| *runs);
    sources.map(|(name, _)| name).to_vec()
}

/// A ação que, posta no papel, faz a criação passar; `nothing` se ela já passa sem nada.
fn what_the_role_lacks() -> &'static str {
    let source = Source::Kinesis(StreamKind::Kinesis.arn().to_owned());
    let accepted = |role: &[&str]| create(&source, Some(Target::Queue), role) == Creation::Accepted;
    if accepted(&["kinesis:*"]) {
        return "nothing";
    }
    let candidates = ["lambda:InvokeFunction", "logs:PutLogEvents", "sqs:SendMessage"];
    candidates.into_iter().find(|action| accepted(&["kinesis:*", action])).unwrap_or("more than one")
}
