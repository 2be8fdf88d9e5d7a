//! A chamada inteira, nos três tipos.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kit::Timeline;
use kit::text::duration;
use rstest::rstest;
use serde_json::{Value, json};
use sync_invocation::function::{Behavior, Function, Run};
use sync_invocation::invoke::{InvocationType, LogType, Request, invoke, status};
use sync_invocation::model::{FunctionError, InvokeError, InvokeResponse, Refusal};

use super::NO_ROOM;
use crate::support::{describe, expect_same, finish, times};

fn request(invocation_type: InvocationType, payload: &Value) -> Request {
    Request { invocation_type, log_type: LogType::None, payload: payload.to_string().into_bytes() }
}

async fn answer(request: &Request, function: &Function) -> InvokeResponse {
    finish("a função termina em segundos", "o seu `invoke`", invoke(request, function)).await
}

/// A chamada síncrona espera a função e devolve 200 com o retorno e a versão que rodou.
#[rstest]
#[case::quick(20, "$LATEST")]
#[case::slow(2_900, "7")]
#[tokio::test(start_paused = true)]
async fn a_synchronous_call_waits_for_the_function(#[case] takes: u64, #[case] version: &str) {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, [Run::new(takes, Behavior::Return(json!({ "hail": true })))]);
    let function = function.with_version(version);
    let event = json!({ "city": "serra-clara" });
    let response = answer(&request(InvocationType::RequestResponse, &event), &function).await;

    let expected = InvokeResponse {
        executed_version: Some(version.to_owned()),
        body: json!({ "hail": true }).to_string(),
        ..InvokeResponse::empty(200)
    };
    expect_same!(
        response,
        expected,
        "a função devolveu {{\"hail\":true}} na versão {version}: 200 com esse corpo e X-Amz-Executed-Version, sem log; a sua \
         resposta é {}, versão {:?}",
        describe(&response),
        response.executed_version
    );
    expect_same!(
        (timeline.elapsed(), function.payloads()),
        (Duration::from_millis(takes), vec![event]),
        "quem chama espera a função, {}, e ela recebe o evento como veio; com o seu `invoke` passaram {} e ela rodou {}",
        duration(Duration::from_millis(takes)),
        duration(timeline.elapsed()),
        times(function.runs())
    );
}

/// Com erro da função o status continua 200, com o cabeçalho e a versão.
#[rstest]
#[case::raised("levantou um erro", Run::new(10, Behavior::Raise(FunctionError { error_message: "sem radar".into(), error_type: "E".into() })))]
#[case::timed_out("gastou o tempo dela", Run::new(10, Behavior::Hang))]
#[case::exited("saiu com o código 1", Run::new(10, Behavior::Exit(Some(1))))]
#[tokio::test(start_paused = true)]
async fn a_function_error_is_still_200(#[case] how: &str, #[case] run: Run) {
    let function = Function::new(&Timeline::new(&[]), [run]);
    let response = answer(&request(InvocationType::RequestResponse, &json!({})), &function).await;
    expect_same!(
        (
            response.status,
            response.function_error.as_deref(),
            response.executed_version.as_deref(),
            &response.error_type
        ),
        (200, Some("Unhandled"), Some("$LATEST"), &None),
        "a função rodou e {how}: o Lambda fez a parte dele, e o status é 200 com X-Amz-Function-Error; a sua \
         resposta é {}",
        describe(&response)
    );
    expect_same!(
        function.runs(),
        1,
        "o Lambda não repete a chamada síncrona; a função rodou {}",
        times(function.runs())
    );
}

/// Quando o Lambda não consegue rodar a função, a resposta é a recusa, e ninguém tenta de novo.
#[rstest]
#[case::no_room(Refusal::new(NO_ROOM, "Rate Exceeded."))]
#[case::service(Refusal::new(InvokeError::Service, "internal"))]
#[case::no_network_interface(Refusal::new(InvokeError::EniLimitReached, "no ENI"))]
#[tokio::test(start_paused = true)]
async fn a_refused_run_answers_with_the_refusal(#[case] refusal: Refusal) {
    let script = [Run::new(0, Behavior::Refuse(refusal.clone())), Run::new(0, Behavior::Return(json!(1)))];
    let function = Function::new(&Timeline::new(&[]), script);
    let response = answer(&request(InvocationType::RequestResponse, &json!({})), &function).await;
    expect_same!(
        (response.status, response.error_type.as_deref(), function.calls().len()),
        (status(&refusal.error), Some(refusal.error.name()), 1),
        "o Lambda recusou com {} e não tenta de novo: quem chama recebe o erro; a sua resposta é {}, com {} chamadas",
        refusal.error.name(),
        describe(&response),
        function.calls().len()
    );
    expect_same!(response.executed_version, None, "nada rodou, então não há X-Amz-Executed-Version");
}

/// Sem permissão ou sem função, nenhum dos três tipos passa da porta.
#[rstest]
#[case::synchronous(InvocationType::RequestResponse)]
#[case::asynchronous(InvocationType::Event)]
#[case::dry_run(InvocationType::DryRun)]
#[tokio::test(start_paused = true)]
async fn nobody_gets_past_the_door_without_permission(#[case] invocation_type: InvocationType) {
    for error in [InvokeError::AccessDenied, InvokeError::ResourceNotFound] {
        let function = Function::new(&Timeline::new(&[]), []).locked(Refusal::new(error, "motivo"));
        let response = answer(&request(invocation_type, &json!({})), &function).await;
        expect_same!(
            (response.status, response.error_type.as_deref()),
            (status(&error), Some(error.name())),
            "`authorize` recusou com {}, e a chamada {invocation_type:?} devolve esse erro; a sua resposta é {}",
            error.name(),
            describe(&response)
        );
        expect_same!(
            (function.runs(), function.queued().len()),
            (0, 0),
            "uma chamada recusada não roda nem entra na fila; na sua, a função rodou {} e a fila tem {}",
            times(function.runs()),
            function.queued().len()
        );
    }
}

/// A chamada assíncrona guarda o evento e responde 202 na hora; a de ensaio, 204 sem fazer nada.
#[rstest]
#[case::asynchronous(InvocationType::Event, 202, 1)]
#[case::dry_run(InvocationType::DryRun, 204, 0)]
#[tokio::test(start_paused = true)]
async fn the_other_types_answer_at_once_with_no_body(
    #[case] invocation_type: InvocationType,
    #[case] expected: u16,
    #[case] queued: usize,
) {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, [Run::new(2_000, Behavior::Return(json!(1)))]).with_log("START");
    let event = json!({ "city": "serra-clara" });
    let asked = Request { log_type: LogType::Tail, ..request(invocation_type, &event) };
    let response = answer(&asked, &function).await;
    expect_same!(
        response,
        InvokeResponse::empty(expected),
        "a chamada {invocation_type:?} responde {expected} sem corpo, sem versão e sem log, mesmo pedindo Tail: nada rodou \
         ainda; a sua resposta é {}, versão {:?}, log {:?}",
        describe(&response),
        response.executed_version,
        response.log_result
    );
    expect_same!(
        (timeline.elapsed(), function.runs(), function.queued()),
        (Duration::ZERO, 0, vec![event; queued]),
        "a chamada {invocation_type:?} não espera a função e deixa {queued} evento na fila; na sua passaram {}, ela rodou {} e \
         a fila tem {}",
        duration(timeline.elapsed()),
        times(function.runs()),
        function.queued().len()
    );
}

/// Um corpo ruim é recusado nos três tipos, sem rodar e sem entrar na fila.
#[rstest]
#[case::synchronous(InvocationType::RequestResponse)]
#[case::asynchronous(InvocationType::Event)]
#[case::dry_run(InvocationType::DryRun)]
#[tokio::test(start_paused = true)]
async fn a_bad_body_is_refused_in_every_type(#[case] invocation_type: InvocationType) {
    let function = Function::new(&Timeline::new(&[]), []);
    let asked = Request { invocation_type, log_type: LogType::None, payload: b"granizo".to_vec() };
    let response = answer(&asked, &function).await;
    expect_same!(
        (response.status, function.runs(), function.queued().len()),
        (400, 0, 0),
        "`granizo` não é JSON: a chamada {invocation_type:?} recebe 400 e nada acontece; a sua resposta é {}, a função rodou {} \
         e a fila tem {}",
        describe(&response),
        times(function.runs()),
        function.queued().len()
    );
}

/// O log só vem quando é pedido, também quando a função falha.
#[rstest]
#[case::not_asked(LogType::None, Behavior::Return(json!(1)), false)]
#[case::asked(LogType::Tail, Behavior::Return(json!(1)), true)]
#[case::asked_and_failed(LogType::Tail, Behavior::Hang, true)]
#[tokio::test(start_paused = true)]
async fn the_log_comes_only_when_asked(#[case] log_type: LogType, #[case] behavior: Behavior, #[case] comes: bool) {
    let log = "START RequestId: 118\nEND RequestId: 118\n";
    let function = Function::new(&Timeline::new(&[]), [Run::new(1, behavior)]).with_log(log);
    let asked = Request { log_type, ..request(InvocationType::RequestResponse, &json!({})) };
    let response = answer(&asked, &function).await;
    let expected = comes.then(|| BASE64_STANDARD.encode(log));
    expect_same!(
        response.log_result,
        expected,
        "com X-Amz-Log-Type {log_type:?}, X-Amz-Log-Result é {expected:?}; o seu é {:?}",
        response.log_result
    );
}
