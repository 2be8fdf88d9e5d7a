//! A chave das perguntas do capítulo 02: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::key::{self, Key};
use kit::{Random, Timeline};
use lambda::concurrency::Account;
use lambda::endpoint::{Arrival, Endpoint, Exchange, Method, START_MS};
use lambda::environment::{Extensions, Fleet, Invocation as Run, Readiness, Reclaim, Settings};
use lambda::handler::{self, Answer, Context};
use lambda::model::FunctionError;
use lambda::permissions::{AddPermission, Caller, Decision, Effect, IdentityStatement, add_permission, decide};
use lambda::program::{Behavior, Event, Failure, Program};
use lambda::runtime_api::{self, Invocation};
use lambda::versions::{Configuration, Function, PublishVersion, VersionId, Weights};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("what-counts-as-failure", failures().await)
            .quiz("after-one-crash", after_one_crash().await)
            .quiz("late-result", late_result().await)
            .quiz("photos-that-start", photos_that_start())
            .quiz("after-the-fix", after_the_fix())
            .quiz("who-gets-in", who_gets_in());
        facts::add(key)
    })
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// O que a função da Ana pede; o nome dos campos basta para a cena.
#[derive(Deserialize)]
#[expect(dead_code, reason = "o que importa é se o evento tem esta forma")]
struct Question {
    city: String,
    days: u32,
}

/// As invocações que terminam no objeto de erro.
async fn failures() -> Vec<&'static str> {
    const GOOD: &str = r#"{"city":"serra-clara","days":3}"#;
    let context = Context {
        request_id: "8476".to_owned(),
        deadline_ms: START_MS + 3_000,
        invoked_function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:get-forecast".to_owned(),
    };
    let returns = async |event: &str, value: serde_json::Value| {
        handler::invoke(event.as_bytes(), &context, async |_: Question, _: &Context| Ok(value)).await
    };
    let fails = async |_: Question, _: &Context| -> Result<(), FunctionError> {
        Err(FunctionError::new("UnknownCity", "cidade desconhecida"))
    };
    let nothing = async |_: Question, _: &Context| Ok(());
    let look_alike = json!({ "errorMessage": "cidade desconhecida", "errorType": "UnknownCity" });
    let forecast = || json!("granizo à tarde");
    let all = [
        ("text_that_says_error", returns(GOOD, json!("erro: cidade desconhecida")).await),
        ("wrong_type", returns(r#"{"city":"serra-clara","days":"três"}"#, forecast()).await),
        ("extra_field", returns(r#"{"city":"serra-clara","days":3,"lang":"pt"}"#, forecast()).await),
        ("object_like_an_error", returns(GOOD, look_alike).await),
        ("returned_err", handler::invoke(GOOD.as_bytes(), &context, fails).await),
        ("returned_nothing", handler::invoke(GOOD.as_bytes(), &context, nothing).await),
    ];
    all.into_iter().filter(|(_, answer)| matches!(answer, Answer::Error(_))).map(|(name, _)| name).collect()
}

/// O que acontece com os três pedidos que vêm depois da queda.
async fn after_one_crash() -> &'static str {
    let settings = Settings {
        timeout: seconds(3),
        extensions: Extensions::None,
        reclaim: Reclaim { idle: seconds(3_600), age: seconds(3_600) },
    };
    let fleet = Fleet::new(settings, Program::new(seconds(2)), &Timeline::new(&[]));
    let mut runs = Vec::new();
    for number in 1..=6 {
        let behavior = if number == 3 { Behavior::Crash } else { Behavior::Succeed };
        runs.push(fleet.invoke(&Event { number, takes: Duration::from_millis(1_500), behavior }).await);
        sleep(seconds(60)).await;
    }
    let succeeded = |run: &Run| run.result.is_ok();
    assert!(runs[..2].iter().all(succeeded), "os dois primeiros dão certo");
    assert_eq!(runs[2].result, Err(Failure::Crashed), "o terceiro cai");
    assert_eq!(fleet.created(), 1, "o ambiente é sempre o mesmo");
    let [first, second, third] = &runs[3..] else { return "outra coisa" };
    assert_eq!(first.start, Readiness::Reset, "o ambiente foi derrubado");
    let timed_out = |run: &Run| run.result == Err(Failure::TimedOut) && run.duration == settings.timeout;
    match [first, second, third].map(timed_out) {
        [true, true, true] => "all_fail",
        [true, false, false] => "first_fails",
        [false, false, false] if first.duration > second.duration => "first_is_slower",
        [false, false, false] => "as_before",
        _ => "outra coisa",
    }
}

/// O que acontece no ambiente, na ordem dos instantes.
async fn late_result() -> Vec<&'static str> {
    let arrival = Arrival {
        at: seconds(10),
        payload: r#"{"alert":118}"#.to_owned(),
        request_id: "r-118".to_owned(),
        invocation_id: Some("r-118-1".to_owned()),
        timeout: seconds(3),
        forced_status: None,
    };
    let endpoint = Endpoint::new(&Timeline::new(&[]), [arrival]);
    let began = Instant::now();
    let seen = Mutex::new(Vec::new());
    let note = |name, at| seen.lock().unwrap_or_else(PoisonError::into_inner).push((at, name));
    let handler = async |invocation: &Invocation| {
        note("handler", began.elapsed());
        note("deadline", Duration::from_millis(invocation.deadline_ms - START_MS));
        sleep(seconds(5)).await;
        Ok(b"{}".to_vec())
    };
    let start = async || {
        note("init", began.elapsed());
        sleep(seconds(1)).await;
        Ok(handler)
    };
    runtime_api::run(&endpoint, start).await;

    let mut asked = false;
    for Exchange { at, request, status } in endpoint.exchanges() {
        match (request.method, status) {
            (Method::Get, _) => note(if std::mem::replace(&mut asked, true) { "asks_again" } else { "asks" }, at),
            (Method::Post, 410) => note("refused", at),
            (Method::Post, _) => note("outra coisa", at),
        }
    }
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    // Estável: no mesmo instante vale a ordem em que o runtime fez os pedidos.
    seen.sort_by_key(|(at, _)| *at);
    seen.iter().map(|(_, name)| *name).collect()
}

/// Quantas das 2.000 fotos acham lugar no instante em que chegam.
fn photos_that_start() -> usize {
    let mut account =
        Account::new(1_000).with_provisioned("send-sms", "3", 50).with_provisioned("get-forecast", "7", 150);
    account.put_function_concurrency("send-sms", 200).expect("a reserva cabe na conta");
    let photos = (0..2_000).map(|_| account.invoke("make-thumbnail", "1", Duration::ZERO));
    photos.filter(Result::is_ok).count()
}

/// Quem ainda roda o código que troca o sinal, depois do conserto do Davi.
fn after_the_fix() -> &'static str {
    const CALLS: usize = 1_000;
    const SWAPPED: &str = "sinal-trocado";
    let mut function = Function::new(
        "arn:aws:lambda:sa-east-1:123456789012:function:get-forecast",
        Configuration {
            code_sha256: "antigo".to_owned(),
            description: String::new(),
            memory_size: 128,
            role: "arn:aws:iam::123456789012:role/get-forecast".to_owned(),
            dead_letter_target: None,
        },
    );
    let publish = |function: &mut Function, code: &str| {
        code.clone_into(&mut function.latest.code_sha256);
        function.publish_version(&PublishVersion::default()).expect("publica")
    };
    publish(&mut function, "mais antigo");
    let (main, other) = (publish(&mut function, "certo"), publish(&mut function, SWAPPED));
    let weights = Weights::from([(VersionId::Published(other), 0.1)]);
    function.create_alias("live", VersionId::Published(main), weights).expect("cria o alias");
    let fixed = publish(&mut function, "consertado");
    assert_eq!((main, other, fixed), (2, 3, 4), "as versões da cena");

    let mut random = Random::new(118);
    let mut swapped = |qualifier| {
        let calls = (0..CALLS).map(|_| function.invoke(qualifier, &mut random).expect("roda"));
        calls.filter(|execution| execution.configuration.code_sha256 == SWAPPED).count()
    };
    let one_in_ten = CALLS / 20..CALLS / 5;
    match (swapped(Some("live")), swapped(None)) {
        (api, CALLS) if one_in_ten.contains(&api) => "both",
        (api, 0) if one_in_ten.contains(&api) => "api",
        (0, CALLS) => "panel",
        (0, 0) => "nobody",
        _ => "outra coisa",
    }
}

/// As chamadas a `make-thumbnail` que são permitidas.
fn who_gets_in() -> Vec<&'static str> {
    const OFFICE: &str = "123456789012";
    const FUNCTION: &str = "arn:aws:lambda:sa-east-1:123456789012:function:make-thumbnail";
    const ALIAS: &str = "arn:aws:lambda:sa-east-1:123456789012:function:make-thumbnail:live";
    const BUCKET: &str = "arn:aws:s3:::photos-serra-clara";
    let request = AddPermission {
        statement_id: "photos".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "s3.amazonaws.com".to_owned(),
        source_arn: Some(BUCKET.to_owned()),
        source_account: Some(OFFICE.to_owned()),
        qualifier: None,
    };
    let mut policy = Vec::new();
    add_permission(&mut policy, FUNCTION, &request).expect("o statement é aceito");

    let bucket_of = |account: &str| Caller::Service {
        principal: "s3.amazonaws.com".to_owned(),
        source_arn: Some(BUCKET.to_owned()),
        source_account: Some(account.to_owned()),
    };
    let statement = |effect, action: &str| IdentityStatement {
        effect,
        actions: vec![action.to_owned()],
        resources: vec!["*".to_owned()],
    };
    let allow = || statement(Effect::Allow, "lambda:*");
    let identity = |arn: &str, policy| Caller::Identity { arn: arn.to_owned(), policy };
    let davi = vec![allow(), statement(Effect::Deny, "lambda:Invoke*")];
    let all = [
        ("bucket", FUNCTION, bucket_of(OFFICE)),
        ("bucket_calls_the_alias", ALIAS, bucket_of(OFFICE)),
        ("strangers_bucket", FUNCTION, bucket_of("210987654321")),
        ("ana", ALIAS, identity("arn:aws:iam::123456789012:user/ana", vec![allow()])),
        ("cooperative", FUNCTION, identity("arn:aws:iam::555555555555:role/reports", vec![allow()])),
        ("davi", FUNCTION, identity("arn:aws:iam::123456789012:user/davi", davi)),
    ];
    let allowed = all.into_iter().filter(|(_, arn, caller)| decide(&policy, arn, caller) == Decision::Allow);
    allowed.map(|(name, ..)| name).collect()
}
