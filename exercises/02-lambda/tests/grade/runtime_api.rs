//! Os testes do passo `runtime_api`: o que vem no `next`, como se entrega um resultado e o laço inteiro.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use kit::text::duration;
use lambda::endpoint::{MAX_PAYLOAD, Method, Request, Response, START_MS};
use lambda::model::FunctionError;
use lambda::runtime_api::{Exit, Invocation, Reaction, error_request, init_error_request, reaction, response_request};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::runtime::{Life, arrival, failure, invocation, next_response, succeed};
use crate::support::{expect_same, times};

/// O pedido e a tentativa vêm nos cabeçalhos do `next`, e o corpo é o evento, byte a byte.
#[rstest]
#[case::as_documented(&[])]
#[case::lower_case(&["lower"])]
fn next_brings_the_event_and_its_headers(#[case] options: &[&str]) {
    let mut response = next_response();
    if options.contains(&"lower") {
        for (name, _) in &mut response.headers {
            *name = name.to_lowercase();
        }
    }
    let expected = Invocation {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        invocation_id: Some("attempt-1".to_owned()),
        deadline_ms: 1_542_409_706_888,
        invoked_function_arn: "arn:aws:lambda:us-east-2:123456789012:function:custom-runtime".to_owned(),
        trace_id: Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".to_owned()),
        payload: b"{ \"city\" : \"serra-clara\" }\n".to_vec(),
    };
    let found = Invocation::from_next(&response);
    expect_same!(found, Some(expected.clone()), "a resposta traz\n  {expected:?}\na sua leitura deu\n  {found:?}");
}

/// O número da tentativa e o rastreamento podem faltar.
#[rstest]
#[case::invocation_id("Lambda-Runtime-Invocation-Id")]
#[case::trace_id("Lambda-Runtime-Trace-Id")]
fn optional_headers_may_be_missing(#[case] missing: &str) {
    let mut response = next_response();
    response.headers.retain(|(name, _)| name != missing);
    let Some(found) = Invocation::from_next(&response) else {
        panic!("`{missing}` pode faltar, e ainda há um evento; a sua leitura devolveu None");
    };
    let absent = if missing.ends_with("Invocation-Id") { found.invocation_id } else { found.trace_id };
    expect_same!(absent, None, "`{missing}` não veio, então o campo é None; na sua leitura ele é {absent:?}");
}

/// Sem 200, ou sem um cabeçalho obrigatório, não há evento.
#[rstest]
#[case::forbidden(403, "")]
#[case::container_error(500, "")]
#[case::no_request_id(200, "Lambda-Runtime-Aws-Request-Id")]
#[case::no_deadline(200, "Lambda-Runtime-Deadline-Ms")]
#[case::no_arn(200, "Lambda-Runtime-Invoked-Function-Arn")]
fn without_200_and_the_three_headers_there_is_no_event(#[case] status: u16, #[case] missing: &str) {
    let mut response = Response { status, ..next_response() };
    response.headers.retain(|(name, _)| name != missing);
    let found = Invocation::from_next(&response);
    let lacking = if missing.is_empty() { String::new() } else { format!(", sem `{missing}`") };
    expect_same!(found, None, "o `next` respondeu {status}{lacking}: não há evento; a sua leitura deu {found:?}");
}

/// Confere verbo e caminho de um pedido.
#[track_caller]
fn expect_target(request: &Request, path: &str) {
    expect_same!(
        (request.method, request.path.as_str()),
        (Method::Post, path),
        "o pedido é POST {path}; o seu é {:?} {}",
        request.method,
        request.path
    );
}

/// O caminho leva o número do pedido; o número da tentativa volta no cabeçalho, se veio.
#[rstest]
#[case::with_an_attempt(Some("attempt-2"))]
#[case::before_2026(None)]
fn a_result_goes_to_the_request_and_echoes_the_attempt(#[case] invocation_id: Option<&str>) {
    let invocation = invocation("req-7", invocation_id);
    let response = response_request(&invocation, b"{\"sent\":41}".to_vec());
    let error = error_request(&invocation, &failure());
    expect_target(&response, "/2018-06-01/runtime/invocation/req-7/response");
    expect_target(&error, "/2018-06-01/runtime/invocation/req-7/error");
    for (name, request) in [("response", &response), ("error", &error)] {
        let echoed = request.header("Lambda-Runtime-Invocation-Id");
        expect_same!(
            echoed,
            invocation_id,
            "o `next` trouxe a tentativa {invocation_id:?}, e `{name}` a devolve no mesmo cabeçalho; o seu devolveu {echoed:?}"
        );
    }
    expect_same!(
        response.body,
        b"{\"sent\":41}",
        "o corpo da resposta é o que o handler devolveu; o seu é {}",
        String::from_utf8_lossy(&response.body)
    );
}

/// Um erro leva o objeto de três campos no corpo e o tipo dele no cabeçalho.
#[rstest]
#[case::of_the_function(false)]
#[case::of_the_initialization(true)]
fn an_error_carries_its_object_and_its_type(#[case] init: bool) {
    let mut error = FunctionError::new("Runtime.ConfigInvalid", "falta o endereço da operadora");
    error.stack_trace = vec!["config (main.rs:9)".to_owned()];
    let request = if init {
        let request = init_error_request(&error);
        expect_target(&request, "/2018-06-01/runtime/init/error");
        let echoed = request.header("Lambda-Runtime-Invocation-Id");
        expect_same!(echoed, None, "na inicialização ainda não há tentativa; o seu pedido leva {echoed:?}");
        request
    } else {
        error_request(&invocation("req-7", Some("attempt-1")), &error)
    };
    let header = request.header("Lambda-Runtime-Function-Error-Type");
    expect_same!(
        header,
        Some("Runtime.ConfigInvalid"),
        "o cabeçalho Lambda-Runtime-Function-Error-Type leva o `errorType`, Runtime.ConfigInvalid; o seu leva {header:?}"
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let expected = json!({
        "errorMessage": "falta o endereço da operadora",
        "errorType": "Runtime.ConfigInvalid",
        "stackTrace": ["config (main.rs:9)"],
    });
    expect_same!(body, expected, "o corpo é {expected}; o seu é {}", String::from_utf8_lossy(&request.body));
}

/// Só o 500 manda sair; nos outros o resultado se perdeu ou foi aceito, e há um próximo evento.
#[rstest]
#[case::accepted(202, Reaction::Next)]
#[case::bad_request(400, Reaction::Next)]
#[case::forbidden(403, Reaction::Next)]
#[case::gone(410, Reaction::Next)]
#[case::too_large(413, Reaction::Next)]
#[case::container_error(500, Reaction::Exit)]
fn only_the_container_error_ends_the_runtime(#[case] status: u16, #[case] expected: Reaction) {
    let found = reaction(status);
    expect_same!(
        found,
        expected,
        "depois de um {status} a um resultado, o runtime segue com {expected:?}; o seu segue com {found:?}"
    );
}

/// Os pedidos de uma vida curta: um evento de cada vez, cada um respondido antes do próximo `next`.
#[tokio::test(start_paused = true)]
async fn the_loop_answers_each_event_before_asking_for_the_next() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b"), arrival(0, "c")], succeed).await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/response 202",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 200",
            "POST invocation/c/response 202",
            "GET invocation/next 500",
        ],
        "três eventos já esperam, e o `next` dá 500 quando acabam",
    );
    expect_same!(life.exit, Exit::NoEvent(500), "o último `next` respondeu 500; o seu `run` saiu com {:?}", life.exit);
}

/// O `next` espera o tempo que for: seis horas sem evento não são um erro.
#[tokio::test(start_paused = true)]
async fn next_waits_for_hours() {
    let life = Life::play([arrival(6 * 3_600_000, "a")], succeed).await;
    life.expect_calls(
        &["GET invocation/next 200", "POST invocation/a/response 202", "GET invocation/next 500"],
        "o único evento chega 6 h depois",
    );
}

/// O handler recebe a invocação, com o prazo e o evento.
#[tokio::test(start_paused = true)]
async fn the_handler_gets_the_invocation() {
    let seen = RefCell::new(Vec::new());
    Life::play([arrival(250, "a")], async |invocation: &Invocation| {
        seen.borrow_mut().push(invocation.clone());
        Ok(Vec::new())
    })
    .await;
    let seen = seen.into_inner();
    expect_same!(
        seen.len(),
        1,
        "há um evento, então o handler roda uma vez; o seu `run` o chamou {}",
        times(seen.len())
    );
    let found = (seen[0].request_id.as_str(), seen[0].deadline_ms, seen[0].payload.as_slice());
    let expected = ("a", START_MS + 3_250, b"{\"alert\":\"granizo\"}".as_slice());
    expect_same!(
        found,
        expected,
        "o handler recebe o pedido, o prazo e o evento {expected:?}; o seu recebeu {found:?}"
    );
}

/// O corpo que o handler devolve chega à Runtime API como saiu.
#[tokio::test(start_paused = true)]
async fn the_response_is_posted_untouched() {
    let life = Life::play([arrival(0, "a")], async |_: &Invocation| Ok(b"null".to_vec())).await;
    let exchanges = life.endpoint.exchanges();
    let body = exchanges.get(1).map(|each| each.request.body.clone()).unwrap_or_default();
    expect_same!(
        body,
        b"null",
        "o handler devolveu `null`; o corpo que chegou foi `{}`",
        String::from_utf8_lossy(&body)
    );
}

/// Um erro da função não para o laço.
#[tokio::test(start_paused = true)]
async fn a_function_error_does_not_stop_the_loop() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        if invocation.request_id == "a" { Err(failure()) } else { Ok(Vec::new()) }
    })
    .await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/error 202",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        "o handler falha com o primeiro evento e dá certo com o segundo",
    );
}

/// O mesmo pedido pode vir em duas tentativas, cada uma com o seu número.
#[tokio::test(start_paused = true)]
async fn each_attempt_echoes_its_own_number() {
    let script = ["attempt-1", "attempt-2"].map(|id| {
        let mut arrival = arrival(0, "a");
        arrival.invocation_id = Some(id.to_owned());
        arrival
    });
    let life = Life::play(script, succeed).await;
    let echoed: Vec<Option<String>> = life
        .endpoint
        .exchanges()
        .iter()
        .filter(|each| each.request.method == Method::Post)
        .map(|each| each.request.header("Lambda-Runtime-Invocation-Id").map(str::to_owned))
        .collect();
    expect_same!(
        echoed,
        [Some("attempt-1".to_owned()), Some("attempt-2".to_owned())],
        "o pedido `a` veio duas vezes, como attempt-1 e attempt-2; o seu `run` devolveu {echoed:?}"
    );
}

/// Quem mede o tempo é o Lambda: o runtime deixa o handler terminar, recebe 410 e segue.
#[tokio::test(start_paused = true)]
async fn a_late_answer_gets_410_and_the_loop_goes_on() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        let takes = if invocation.request_id == "a" { 5_000 } else { 100 };
        tokio::time::sleep(Duration::from_millis(takes)).await;
        Ok(Vec::new())
    })
    .await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/response 410",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        "o timeout é de 3 s e o handler levou 5 s com o primeiro evento",
    );
    let late = life.endpoint.exchanges()[1].at;
    expect_same!(
        late,
        Duration::from_secs(5),
        "o handler terminou aos 5 s, e é quando o resultado é entregue; o seu chegou aos {}",
        duration(late)
    );
}

/// Uma resposta acima do limite recebe 413; esse resultado já é o fim da invocação, e não se entrega outro.
#[rstest]
#[case::on_the_limit(MAX_PAYLOAD, 202)]
#[case::one_byte_more(MAX_PAYLOAD + 1, 413)]
#[tokio::test(start_paused = true)]
async fn after_413_nothing_else_is_posted(#[case] size: usize, #[case] status: u16) {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        Ok(if invocation.request_id == "a" { vec![b' '; size] } else { Vec::new() })
    })
    .await;
    let first = format!("POST invocation/a/response {status}");
    life.expect_calls(
        &[
            "GET invocation/next 200",
            &first,
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        &format!("a primeira resposta tem {size} bytes e o limite é {MAX_PAYLOAD}"),
    );
}

/// Uma recusa não derruba o laço e não se repete.
#[rstest]
#[case::bad_request(400)]
#[case::forbidden(403)]
#[tokio::test(start_paused = true)]
async fn a_refused_result_is_lost_and_the_loop_goes_on(#[case] status: u16) {
    let mut refused = arrival(0, "a");
    refused.forced_status = Some(status);
    let life = Life::play([refused, arrival(0, "b")], succeed).await;
    let first = format!("POST invocation/a/response {status}");
    life.expect_calls(
        &[
            "GET invocation/next 200",
            &first,
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        &format!("a Runtime API recusou o primeiro resultado com {status}"),
    );
}

/// Um 500 a um resultado manda sair na hora.
#[rstest]
#[case::to_a_response(false)]
#[case::to_an_error(true)]
#[tokio::test(start_paused = true)]
async fn a_500_to_a_result_ends_the_runtime(#[case] fails: bool) {
    let mut broken = arrival(0, "a");
    broken.forced_status = Some(500);
    let life = Life::play(
        [broken, arrival(0, "b")],
        async |_: &Invocation| {
            if fails { Err(failure()) } else { Ok(Vec::new()) }
        },
    )
    .await;
    let second = format!("POST invocation/a/{} 500", if fails { "error" } else { "response" });
    life.expect_calls(&["GET invocation/next 200", &second], "a Runtime API respondeu 500: o contêiner não tem volta");
    expect_same!(life.exit, Exit::ContainerError, "a saída é ContainerError; a do seu `run` é {:?}", life.exit);
}

/// Um `next` recusado também: sem evento não há o que fazer, e insistir não adianta.
#[rstest]
#[case::forbidden(403)]
#[case::container_error(500)]
#[tokio::test(start_paused = true)]
async fn a_refused_next_ends_the_runtime(#[case] status: u16) {
    let life = Life::play_refusing_next(status).await;
    life.expect_calls(&[&format!("GET invocation/next {status}")], "o `next` foi recusado");
    expect_same!(life.exit, Exit::NoEvent(status), "a saída é NoEvent({status}); a do seu `run` é {:?}", life.exit);
}

/// Se a inicialização falha, o runtime conta e sai, sem pedir evento, seja qual for a resposta.
#[rstest]
#[case::accepted(202)]
#[case::forbidden(403)]
#[case::container_error(500)]
#[tokio::test(start_paused = true)]
async fn a_failed_initialization_is_told_and_the_runtime_exits(#[case] status: u16) {
    let life = Life::play_failing_init(status).await;
    life.expect_calls(&[&format!("POST init/error {status}")], "a função não inicializou");
    expect_same!(life.exit, Exit::InitFailed, "a saída é InitFailed; a do seu `run` é {:?}", life.exit);
}

/// A inicialização roda uma vez só, antes do primeiro `next`.
#[tokio::test(start_paused = true)]
async fn the_function_is_initialized_once_before_the_first_next() {
    let starts = Cell::new(0u32);
    let life = Life::play_starting([arrival(0, "a"), arrival(0, "b")], async || {
        starts.set(starts.get() + 1);
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(succeed)
    })
    .await;
    expect_same!(
        starts.get(),
        1,
        "o ambiente inicializa a função uma vez; o seu `run` inicializou {}",
        times(starts.get())
    );
    let first = life.endpoint.exchanges().first().map(|each| each.at).unwrap_or_default();
    expect_same!(
        first,
        Duration::from_millis(400),
        "o primeiro `next` diz que a inicialização acabou, aos 0,4 s; o seu saiu aos {}",
        duration(first)
    );
}

/// A linha do tempo mostra o ritmo do laço.
#[tokio::test(start_paused = true)]
async fn the_timeline_shows_the_rhythm_of_the_loop() {
    let life = Life::play([arrival(0, "a"), arrival(1_000, "b")], async |invocation: &Invocation| {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if invocation.request_id == "b" { Err(failure()) } else { Ok(Vec::new()) }
    })
    .await;
    insta::assert_snapshot!(life.timeline, @"
    00:00:00.000  runtime  começou     GET invocation/next: 200
    00:00:00.200  runtime  sucesso     POST invocation/a/response: 202
    00:00:01.000  runtime  começou     GET invocation/next: 200
    00:00:01.200  runtime  erro        POST invocation/b/error: 202
    00:00:01.200  runtime  recusado    GET invocation/next: 500
    ");
}
