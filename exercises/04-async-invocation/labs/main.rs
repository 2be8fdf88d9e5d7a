//! O laboratório do capítulo 04: um alerta de granizo entra na fila e a história dele é contada pelo código dos passos.
//!
//! ```text
//!   cenário ─▶ Queue::invoke ─▶ read ─▶ process ─▶ route ─▶ deliver ─▶ linha do tempo
//!              (queue)          (queue) (retries)  (destinations)
//! ```

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_invocation::destinations::{Delivery, FunctionVersion, Mailbox, Targets, deliver, route};
use async_invocation::function::{Behavior, Function};
use async_invocation::model::{CALLER, Event, FUNCTION, QUEUE, Resolution};
use async_invocation::queue::{Discarded, Queue, ReadSettings, read};
use async_invocation::retries::{EventInvokeConfig, process};
use kit::lab::{self, Output};
use kit::text::{count, duration};
use kit::{Kind, Lane, Timeline};
use serde::Deserialize;

const DEAD_LETTER_QUEUE: Lane = Lane { id: "dead_letter_queue", label: "DLQ" };
const ON_FAILURE: Lane = Lane { id: "on_failure", label: "OnFailure" };
const ON_SUCCESS: Lane = Lane { id: "on_success", label: "OnSuccess" };

const ALERT: &str = r#"{"alert":"granizo","town":"Serra Clara"}"#;

/// Como a função falha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failing {
    None,
    FunctionError,
    Timeout,
    Throttle,
    SystemError,
}

/// O que foi configurado para quando o evento terminar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    None,
    DeadLetterQueue,
    OnFailure,
    DeadLetterQueueAndOnFailure,
    All,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
struct Scenario {
    failure: Failing,
    failing_attempts: u32,
    maximum_retry_attempts: i64,
    maximum_event_age_seconds: i64,
    target: Target,
    reserved_concurrency_zero: bool,
}

impl Scenario {
    /// As falhas do cenário e, depois delas, o sucesso.
    fn script(&self) -> Vec<Behavior> {
        let failure = match self.failure {
            Failing::None => return vec![Behavior::Succeed],
            Failing::FunctionError => Behavior::Fail("o provedor de SMS não respondeu".to_owned()),
            Failing::Timeout => Behavior::TimeOut,
            Failing::Throttle => Behavior::Throttle,
            Failing::SystemError => Behavior::BreakService,
        };
        let failures = std::iter::repeat_n(failure, self.failing_attempts as usize);
        failures.chain([Behavior::Succeed]).collect()
    }

    fn targets(&self) -> Targets {
        let (dlq, on_failure, on_success) = match self.target {
            Target::None => (false, false, false),
            Target::DeadLetterQueue => (true, false, false),
            Target::OnFailure => (false, true, false),
            Target::DeadLetterQueueAndOnFailure => (true, true, false),
            Target::All => (true, true, true),
        };
        let arn = |name: &str| format!("arn:aws:sqs:sa-east-1:123456789012:{name}");
        Targets {
            dead_letter_queue: dlq.then(|| arn("alerts-dlq")),
            on_failure: on_failure.then(|| arn("alerts-failed")),
            on_success: on_success.then(|| arn("alerts-sent")),
        }
    }
}

fn main() -> ExitCode {
    lab::run(play)
}

/// Conta a história do alerta num cenário.
async fn play(scenario: Scenario) -> Output {
    let targets = scenario.targets();
    let mut lanes = vec![CALLER, QUEUE, FUNCTION];
    lanes.extend(targets.dead_letter_queue.iter().map(|_| DEAD_LETTER_QUEUE));
    lanes.extend(targets.on_failure.iter().map(|_| ON_FAILURE));
    lanes.extend(targets.on_success.iter().map(|_| ON_SUCCESS));
    let timeline = Timeline::new(&lanes);

    let config =
        EventInvokeConfig::new(Some(scenario.maximum_retry_attempts), Some(scenario.maximum_event_age_seconds));
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            timeline.record(CALLER, Kind::Error, format!("400 ValidationException: {error}"));
            let summary = format!("A AWS não aceita esta configuração: {error}.");
            return Output::timeline(timeline, summary);
        }
    };

    let (queue, inbox) = Queue::new(&timeline);
    let response = queue.invoke(ALERT.as_bytes()).await;
    let kind = if response.status == 202 { Kind::Accepted } else { Kind::Error };
    timeline.record(
        CALLER,
        kind,
        if response.body.is_empty() {
            format!("resposta {}, sem corpo", response.status)
        } else {
            format!("resposta {}: {}", response.status, response.body)
        },
    );
    drop(queue);

    let function = Function::new(&timeline, Duration::from_millis(500), scenario.script());
    let settings = ReadSettings {
        maximum_event_age: config.maximum_event_age(),
        reserved_concurrency: scenario.reserved_concurrency_zero.then_some(0),
        read_interval: Duration::ZERO,
    };
    let endings = Arc::new(Mutex::new(Vec::new()));
    let run = |event: Event| {
        let (function, timeline, endings) = (function.clone(), timeline.clone(), Arc::clone(&endings));
        async move {
            let resolution = process(&event, &function, &config, &timeline).await;
            let ending = (event, resolution);
            endings.lock().unwrap_or_else(PoisonError::into_inner).push(ending);
        }
    };
    let discarded = read(inbox, settings, run).await;

    let mut endings = std::mem::take(&mut *endings.lock().unwrap_or_else(PoisonError::into_inner));
    endings.extend(
        discarded
            .into_iter()
            .map(|Discarded { event, condition }| (event, Resolution::Failed { condition, runs: 0, last_error: None })),
    );
    let Some((event, resolution)) = endings.first() else {
        let summary = format!("A resposta foi {}, e nenhum evento saiu da fila.", response.status);
        return Output::timeline(timeline, summary);
    };
    let received = finish(&timeline, &targets, event, resolution);
    let summary = summarize(&timeline, &function, resolution, response.status, &received);
    Output::timeline(timeline, summary)
}

/// Entrega o fim do evento aos destinos; devolve o nome de cada um que recebeu.
fn finish(timeline: &Timeline, targets: &Targets, event: &Event, resolution: &Resolution) -> Vec<&'static str> {
    let version = FunctionVersion {
        function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:send-alert".to_owned(),
        version: "$LATEST".to_owned(),
    };
    let deliveries = route(targets, event, &version, resolution, &timestamp(timeline.elapsed()));
    let mut mailbox = Mailbox::default();
    let lost = deliver(deliveries, &mut mailbox);
    if lost.dead_letter_errors + lost.destination_delivery_failures > 0 {
        timeline.record(QUEUE, Kind::Dropped, "uma entrega se perdeu");
    }
    let mut received = Vec::new();
    for delivery in mailbox.received() {
        let (lane, text) = match delivery {
            Delivery::DeadLetterQueue { message, .. } => {
                (DEAD_LETTER_QUEUE, format!("chega o evento {}", message.body))
            }
            Delivery::Destination { record, .. } => {
                let lane = match resolution {
                    Resolution::Succeeded { .. } => ON_SUCCESS,
                    Resolution::Failed { .. } => ON_FAILURE,
                };
                let context = &record.request_context;
                let (condition, runs) = (context.condition, context.approximate_invoke_count);
                (lane, format!("chega o registro: {condition}, approximateInvokeCount {runs}"))
            }
        };
        timeline.record(lane, Kind::Delivered, text);
        received.push(lane.label);
    }
    if received.is_empty() && matches!(resolution, Resolution::Failed { .. }) {
        timeline.record(QUEUE, Kind::Dropped, "o evento é descartado e não vai para lugar nenhum");
    }
    received
}

/// A história em duas frases.
fn summarize(
    timeline: &Timeline,
    function: &Function,
    resolution: &Resolution,
    status: u16,
    received: &[&str],
) -> String {
    let attempts = function.attempts().len();
    let tried = match attempts {
        0 => "o Lambda não tentou nenhuma vez".to_owned(),
        _ => {
            let runs = match function.runs() {
                0 => "não rodou nenhuma".to_owned(),
                runs => format!("rodou {}", count(runs, "vez", "vezes")),
            };
            format!("o Lambda tentou {} e a função {runs}", count(attempts, "vez", "vezes"))
        }
    };
    let end = match timeline.elapsed() {
        Duration::ZERO => "na hora".to_owned(),
        elapsed => format!("em {}", duration(elapsed)),
    };
    let ending = match resolution {
        Resolution::Succeeded { .. } => format!("Deu certo {end}"),
        Resolution::Failed { condition, .. } => format!("O Lambda desistiu {end}, com a condição {condition}"),
    };
    let destination = match (received, resolution) {
        ([], Resolution::Succeeded { .. }) => "nenhum destino foi avisado".to_owned(),
        ([], Resolution::Failed { .. }) => "o alerta se perdeu, porque não havia DLQ nem destino de falha".to_owned(),
        (names, _) => format!("quem recebeu: {}", names.join(" e ")),
    };
    format!("Quem chamou recebeu {status} na hora; {tried}. {ending}; {destination}.")
}

/// O instante no formato do registro; o laboratório começa às 14h02 (17h02 UTC) de 22 de novembro de 2026.
fn timestamp(elapsed: Duration) -> String {
    let since_midnight = Duration::from_secs((17 * 60 + 2) * 60) + elapsed;
    let (day, total) = (22 + since_midnight.as_secs() / 86_400, since_midnight.as_secs() % 86_400);
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    let milliseconds = since_midnight.subsec_millis();
    format!("2026-11-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}Z")
}
