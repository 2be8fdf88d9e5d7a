//! A chave das perguntas do capítulo 03: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::process::ExitCode;
use std::time::Duration;

use kit::Timeline;
use kit::key::{self, Key};
use serde_json::{Map, json};
use sync_invocation::caller::Answer;
use sync_invocation::callers::{self, Provisioned, response_document};
use sync_invocation::client_retry::{Jitter, Outcome, Policy, ceiling, classify, delay};
use sync_invocation::function::{Behavior, Function, Run};
use sync_invocation::invoke::{InvocationType, LogType, Request, invoke};
use sync_invocation::model::{FunctionError, InvokeError, InvokeResponse, Refusal};
use sync_invocation::{client_retry, events};
use tokio::time::sleep;

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("failures-the-panel-sees", failures_the_panel_sees().await)
            .quiz("which-calls-run", which_calls_run().await)
            .quiz("messages-after-giving-up", messages_after_giving_up().await)
            .quiz("who-comes-back-first", who_comes_back_first())
            .quiz("broken-invitation", broken_invitation().await)
            .quiz("seconds-until-the-station", seconds_until_the_station().await);
        facts::add(key)
    })
}

fn raise(error_type: &str, error_message: &str) -> Behavior {
    Behavior::Raise(FunctionError { error_message: error_message.to_owned(), error_type: error_type.to_owned() })
}

/// Uma chamada a uma função que faz isto, e a função depois dela.
async fn call(invocation_type: InvocationType, payload: impl Into<Vec<u8>>, run: Run) -> (InvokeResponse, Function) {
    let function = Function::new(&Timeline::new(&[]), [run]);
    let request = Request { invocation_type, log_type: LogType::None, payload: payload.into() };
    (invoke(&request, &function).await, function)
}

/// Um evento em JSON deste tamanho.
fn event_of(bytes: usize) -> String {
    let empty = json!({ "rows": "" }).to_string().len();
    json!({ "rows": "0".repeat(bytes - empty) }).to_string()
}

/// Quantas das seis chamadas voltam com um status que não é 200.
async fn failures_the_panel_sees() -> usize {
    let no_room = InvokeError::TooManyRequests { reason: "ConcurrentInvocationLimitExceeded", retry_after: 1 };
    let behaviors = [
        Behavior::Return(json!({ "hail": true })),
        raise("RadarError", "sem radar"),
        Behavior::Hang,
        Behavior::Exit(Some(127)),
        Behavior::Return(json!("0".repeat(7 * 1024 * 1024))),
        Behavior::Refuse(Refusal::new(no_room, "Rate Exceeded.")),
    ];
    let (mut seen, mut went_wrong) = (0, 0);
    for behavior in behaviors {
        let (response, _) = call(InvocationType::RequestResponse, "{}", Run::new(40, behavior)).await;
        let refused = response.status != 200;
        seen += usize::from(refused);
        went_wrong += usize::from(refused || response.function_error.is_some());
    }
    assert_eq!(went_wrong, 5, "só uma das seis dá certo");
    seen
}

/// As chamadas que fazem a função rodar: na hora, ou da fila interna.
async fn which_calls_run() -> Vec<&'static str> {
    let all = [
        ("event_2_mb", InvocationType::Event, event_of(2 * 1024 * 1024)),
        ("event_500_kb", InvocationType::Event, event_of(500 * 1024)),
        ("sync_2_mb", InvocationType::RequestResponse, event_of(2 * 1024 * 1024)),
        ("sync_cut_json", InvocationType::RequestResponse, r#"{"city":"#.to_owned()),
        ("dry_run", InvocationType::DryRun, r#"{"city":"serra-clara"}"#.to_owned()),
    ];
    let mut running = Vec::new();
    for (name, invocation_type, payload) in all {
        let (_, function) = call(invocation_type, payload, Run::new(40, Behavior::ReturnNothing)).await;
        if function.runs() + function.queued().len() > 0 {
            running.push(name);
        }
    }
    running
}

/// Quantos SMS saem: um no fim de cada execução, ouça alguém ou não.
async fn messages_after_giving_up() -> usize {
    let timeline = Timeline::new(&[]);
    let function =
        Function::new(&timeline, [Run::new(8_000, Behavior::ReturnNothing)]).with_timeout(Duration::from_secs(15));
    let policy = Policy { max_attempts: 3, attempt_timeout: Duration::from_secs(5), deadline: Duration::from_secs(9) };
    let request = Request { payload: b"{}".to_vec(), ..Request::default() };
    let send = |_| async { Ok(invoke(&request, &function).await) };
    let finished = client_retry::call(&policy, &mut Jitter::new(118), &timeline, send).await;
    assert_eq!(finished.outcome, Outcome::TimedOut, "o programa fica sem resposta");
    sleep(Duration::from_secs(60)).await;
    function.finished()
}

/// As falhas, da espera mais curta à mais longa, com o sorteio no teto.
fn who_comes_back_first() -> Vec<&'static str> {
    let answered = |status, error_type: Option<&str>, retry_after| {
        let error_type = error_type.map(str::to_owned);
        Outcome::Answered(InvokeResponse { error_type, retry_after, ..InvokeResponse::empty(status) })
    };
    let throttled = Some("TooManyRequestsException");
    let all = [
        ("asked_for_60_seconds", 1, answered(429, throttled, Some(60))),
        ("asked_for_1_second", 2, answered(429, throttled, Some(1))),
        ("internal_error", 2, answered(500, Some("ServiceException"), None)),
        ("ec2_throttled", 1, answered(502, Some("EC2ThrottledException"), None)),
        ("connection", 1, Outcome::Disconnected),
    ];
    let mut waits: Vec<(Duration, &str)> = all
        .into_iter()
        .map(|(name, attempt, outcome)| {
            let reason = classify(&outcome).expect("todas se repetem");
            let asked = match outcome {
                Outcome::Answered(response) => response.retry_after.map(Duration::from_secs),
                Outcome::TimedOut | Outcome::Disconnected => None,
            };
            (delay(ceiling(reason, attempt - 1), asked), name)
        })
        .collect();
    waits.sort_unstable();
    assert!(waits.windows(2).all(|pair| pair[0].0 < pair[1].0), "duas esperas iguais não têm ordem: {waits:?}");
    waits.into_iter().map(|(_, name)| name).collect()
}

/// Quantas vezes a função roda, e o que a mensagem do Cognito mostra.
async fn broken_invitation() -> String {
    const ADDRESS: &str = "db-interno:5432";
    let timeline = Timeline::new(&[]);
    let broken = raise("Error", &format!("sem conexão com {ADDRESS}"));
    let function = Function::new(&timeline, [Run::new(2_000, broken)]);
    let answer = callers::call(&events::cognito("PreSignUp_SignUp"), &function, &timeline).await;
    let shown = match &answer {
        Answer::OperationFailed { message, .. } if message.contains(ADDRESS) => "address",
        Answer::OperationFailed { message, .. } if message.contains("timeout") => "timeout",
        Answer::OperationFailed { .. } => "generic",
        _ => "outra coisa",
    };
    format!("{}, {shown}", function.runs())
}

/// Quando o CloudFormation dá o recurso por pronto.
async fn seconds_until_the_station() -> f64 {
    let timeline = Timeline::new(&[]);
    let event = events::cloudformation("Create");
    let station = Provisioned { physical_resource_id: "station-118".to_owned(), data: Map::new() };
    let document = response_document(&event, &Ok(station));
    let script = [Run::new(2_000, raise("Error", "sem radar")), Run::new(2_000, Behavior::Put(document))];
    let answer = callers::call(&event, &Function::new(&timeline, script), &timeline).await;
    assert!(matches!(answer, Answer::ResourceReady { .. }), "o recurso fica pronto: {answer:?}");
    timeline.elapsed().as_secs_f64()
}
