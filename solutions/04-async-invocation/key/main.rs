//! A chave das perguntas do capítulo 04: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_invocation::destinations::{Delivery, FunctionVersion, Mailbox, Metrics, Targets, deliver, route};
use async_invocation::function::{Behavior, Function};
use async_invocation::idempotency::{Alert, Config, Delivery as Call, Store, once};
use async_invocation::model::{Event, Resolution};
use async_invocation::queue::{Queue, ReadSettings, read};
use async_invocation::retries::{EventInvokeConfig, process};
use async_invocation::sources::{Happened, NextTry, Source, next_try};
use kit::Timeline;
use kit::key::{self, Key};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

/// Quanto a função leva quando não estoura o tempo.
const RUN_TIME: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("first-sms-to-arrive", arrivals().await)
            .quiz("seconds-until-dlq", seconds_until_dlq().await)
            .quiz("now-or-never", now_or_never().await)
            .quiz("fifo-destination", fifo_destination().await)
            .quiz("dlq-on-monday", dlq_on_monday().await)
            .quiz("ten-minutes-broken", ten_minutes_broken().await);
        facts::add(key).await
    })
}

fn failing() -> Behavior {
    Behavior::Fail("a operadora não respondeu".to_owned())
}

/// A configuração padrão, ou outra quantidade de novas tentativas.
fn config(maximum_retry_attempts: Option<i64>) -> EventInvokeConfig {
    EventInvokeConfig::new(maximum_retry_attempts, None).expect("uma configuração que a AWS aceita")
}

fn event() -> Event {
    Event { request_id: "r-118".to_owned(), payload: json!({ "alert": 118 }), enqueued_at: Instant::now() }
}

/// A história de um evento que sai na hora de uma fila vazia.
struct Story {
    timeline: Timeline,
    function: Function,
    event: Event,
    resolution: Resolution,
}

async fn story(script: impl IntoIterator<Item = Behavior>, config: &EventInvokeConfig) -> Story {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, RUN_TIME, script);
    let event = event();
    let resolution = process(&event, &function, config, &timeline).await;
    Story { timeline, function, event, resolution }
}

/// O instante da primeira tentativa que encontra tudo consertado, se houver uma: antes de `outage`, toda tentativa falha.
async fn recovery(failure: Behavior, outage: Duration, config: &EventInvokeConfig) -> Option<Duration> {
    let attempts = story([failure.clone()], config).await.function.attempts();
    let during = attempts.iter().filter(|attempt| attempt.at < outage).count();
    let script = std::iter::repeat_n(failure, during).chain([Behavior::Succeed]);
    let Story { function, resolution, .. } = story(script, config).await;
    match resolution {
        Resolution::Succeeded { .. } => function.attempts().last().map(|attempt| attempt.at),
        Resolution::Failed { .. } => None,
    }
}

/// Os alertas, na ordem em que os SMS saem.
async fn arrivals() -> Vec<u64> {
    let timeline = Timeline::new(&[]);
    let alerts = [
        (118, 0, vec![failing(), Behavior::Succeed]),
        (119, 10, [vec![Behavior::Throttle; 4], vec![Behavior::Succeed]].concat()),
        (120, 20, vec![failing(), failing(), Behavior::Succeed]),
        (121, 50, vec![Behavior::Succeed]),
    ];
    let functions = alerts.clone().map(|(alert, _, script)| (alert, Function::new(&timeline, RUN_TIME, script)));
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let run = |event: Event| {
        let alert = event.payload["alert"].as_u64();
        let function = functions.iter().find(|(known, _)| Some(*known) == alert).map(|(_, function)| function.clone());
        let (timeline, arrived) = (timeline.clone(), Arc::clone(&arrived));
        async move {
            let (Some(alert), Some(function)) = (alert, function) else { return };
            if let Resolution::Succeeded { .. } = process(&event, &function, &config(None), &timeline).await {
                arrived.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
            }
        }
    };
    let (queue, inbox) = Queue::new(&timeline);
    let settings = ReadSettings {
        maximum_event_age: config(None).maximum_event_age(),
        reserved_concurrency: None,
        read_interval: Duration::ZERO,
    };
    let start = Instant::now();
    let publish = async {
        for (alert, at, _) in &alerts {
            sleep_until(start + Duration::from_secs(*at)).await;
            queue.invoke(json!({ "alert": alert }).to_string().as_bytes()).await;
        }
        drop(queue);
    };
    tokio::join!(read(inbox, settings, run), publish);
    let arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    arrived.clone()
}

fn version() -> FunctionVersion {
    FunctionVersion {
        function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:send-alert".to_owned(),
        version: "$LATEST".to_owned(),
    }
}

/// O que chegou a cada destino, e as entregas perdidas, no fim da história.
fn finish(story: &Story, targets: &Targets) -> (Vec<Delivery>, Metrics) {
    let mut mailbox = Mailbox::default();
    let deliveries = route(targets, &story.event, &version(), &story.resolution, "2026-11-22T17:05:09.000Z");
    let lost = deliver(deliveries, &mut mailbox);
    (mailbox.received().to_vec(), lost)
}

fn queue_arn(name: &str) -> Option<String> {
    Some(format!("arn:aws:sqs:sa-east-1:123456789012:{name}"))
}

async fn seconds_until_dlq() -> f64 {
    let story = story([Behavior::TimeOut], &config(None)).await;
    let targets = Targets { dead_letter_queue: queue_arn("alerts-dlq"), ..Targets::default() };
    let (received, _) = finish(&story, &targets);
    assert_eq!(received.len(), 1, "só a DLQ recebe");
    story.timeline.elapsed().as_secs_f64()
}

async fn now_or_never() -> Value {
    match recovery(Behavior::Throttle, Duration::from_secs(100), &config(Some(0))).await {
        Some(at) => at.as_secs().into(),
        None => "never".into(),
    }
}

async fn fifo_destination() -> Vec<&'static str> {
    let story = story([failing()], &config(None)).await;
    let targets = Targets {
        dead_letter_queue: queue_arn("alerts-dlq"),
        on_success: None,
        on_failure: queue_arn("alerts-failed.fifo"),
    };
    let (received, lost) = finish(&story, &targets);
    let letter = received.iter().find_map(|delivery| match delivery {
        Delivery::DeadLetterQueue { message, .. } => Some(&message.body),
        Delivery::Destination { .. } => None,
    });
    let record = received.iter().any(|delivery| matches!(delivery, Delivery::Destination { .. }));
    let all = [
        ("dlq_gets_the_event", letter == Some(&story.event.payload)),
        ("dlq_gets_the_record", letter.is_some_and(|body| *body != story.event.payload)),
        ("on_failure_gets_the_record", record),
        ("dead_letter_errors", lost.dead_letter_errors > 0),
        ("destination_delivery_failures", lost.destination_delivery_failures > 0),
        ("one_more_run", story.function.runs() > 3),
    ];
    all.into_iter().filter_map(|(name, happened)| happened.then_some(name)).collect()
}

/// Quantos SMS saem: as execuções de sexta, com a falha depois de `once`, e o reenvio da DLQ na segunda.
async fn dlq_on_monday() -> u32 {
    let store = Store::new(Duration::from_millis(10));
    let sent = AtomicU32::new(0);
    let alert = Alert { id: "118".to_owned(), phone: "+5554".to_owned(), text: "granizo".to_owned() };
    let call = |request_id: &str| Call { request_id: request_id.to_owned(), alert: alert.clone() };
    let send = async || {
        let number = sent.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(format!("SMS {number}"))
    };
    let attempts = story([failing()], &config(None)).await.function.attempts();
    let friday = Instant::now();
    for attempt in attempts {
        sleep_until(friday + attempt.at).await;
        once(&store, Config::default(), &call("r-118"), send).await.expect("a falha vem depois");
    }
    sleep(Duration::from_secs(3 * 24 * 3_600)).await;
    once(&store, Config::default(), &call("r-502"), send).await.expect("o defeito já foi consertado");
    sent.into_inner()
}

/// Os casos em que o alerta ainda chega depois de dez minutos de defeito.
async fn ten_minutes_broken() -> Vec<&'static str> {
    let outage = Duration::from_secs(10 * 60);
    let cases = [
        ("sns_got_403", Source::Sns, Happened::Answered(403), None),
        ("sns_got_500", Source::Sns, Happened::Answered(500), None),
        ("eventbridge_got_429", Source::EventBridge, Happened::Answered(429), None),
        ("function_fails", Source::Sns, Happened::FunctionError, Some(failing())),
        ("no_concurrency", Source::S3, Happened::QueueThrottled, Some(Behavior::Throttle)),
    ];
    let mut arrive = Vec::new();
    for (name, source, happened, failure) in cases {
        let arrives = match (next_try(source, happened), failure) {
            (NextTry::Source { within, .. }, _) => within >= outage,
            (NextTry::Lambda { .. }, Some(failure)) => recovery(failure, outage, &config(None)).await.is_some(),
            _ => false,
        };
        if arrives {
            arrive.push(name);
        }
    }
    arrive
}
