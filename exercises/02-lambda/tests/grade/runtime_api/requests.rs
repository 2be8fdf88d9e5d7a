//! O que vem no `next`, como se monta cada pedido e o que cada status manda fazer.

use lambda::endpoint::{Method, Request, Response};
use lambda::model::FunctionError;
use lambda::runtime_api::{Invocation, Reaction, error_request, init_error_request, reaction, response_request};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::runtime::{failure, header, invocation, next_response, told};

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
    expect_same!(
        found,
        Some(expected.clone()),
        "a resposta traz\n  {}\na sua leitura deu\n  {}",
        told(Some(&expected)),
        told(found.as_ref())
    );
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
    expect_same!(
        absent,
        None,
        "`{missing}` não veio, então o campo é None; na sua leitura ele traz {}",
        header(absent.as_deref())
    );
}

/// Sem 200, ou sem um cabeçalho obrigatório, não há evento.
#[rstest]
#[case::accepted(202, "")]
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
    expect_same!(
        found,
        None,
        "o `next` respondeu {status}{lacking}: não há evento; a sua leitura deu: {}",
        told(found.as_ref())
    );
}

/// Um prazo que não é um número de milissegundos não se lê, e sem prazo não há evento.
#[rstest]
#[case::text("amanhã")]
#[case::nothing("")]
#[case::negative("-1")]
fn a_deadline_that_is_not_a_number_is_no_event(#[case] deadline: &str) {
    let mut response = next_response();
    for (name, value) in &mut response.headers {
        if name == "Lambda-Runtime-Deadline-Ms" {
            *value = deadline.to_owned();
        }
    }
    let found = Invocation::from_next(&response);
    expect_same!(
        found,
        None,
        "Lambda-Runtime-Deadline-Ms veio com `{deadline}`, que não é um prazo: não há evento; a sua leitura deu: {}",
        told(found.as_ref())
    );
}

/// O runtime não olha o que carrega: o evento e a resposta passam byte a byte, mesmo que não sejam texto.
#[rstest]
#[case::not_utf_8(b"\x89PNG\xff\x00")]
#[case::empty(b"")]
#[case::spaces_around(b"  {}\n")]
fn bodies_pass_byte_by_byte(#[case] body: &[u8]) {
    let read = Invocation::from_next(&Response { body: body.to_vec(), ..next_response() });
    let payload = read.map(|invocation| invocation.payload);
    expect_same!(
        payload.as_deref(),
        Some(body),
        "o corpo do `next` são os bytes {body:?}, e o evento são os mesmos; os da sua leitura são {payload:?}"
    );
    let posted = response_request(&invocation("req-7", None), body.to_vec()).body;
    expect_same!(
        posted,
        body,
        "o handler devolveu os bytes {body:?}, e o corpo da resposta são os mesmos; os do seu pedido são {posted:?}"
    );
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
            "o `next` trouxe em Lambda-Runtime-Invocation-Id {}, e `{name}` devolve o mesmo; o seu devolveu {}",
            header(invocation_id),
            header(echoed)
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
        expect_same!(echoed, None, "na inicialização ainda não há tentativa; o seu pedido leva {}", header(echoed));
        request
    } else {
        error_request(&invocation("req-7", Some("attempt-1")), &error)
    };
    let error_type = request.header("Lambda-Runtime-Function-Error-Type");
    expect_same!(
        error_type,
        Some("Runtime.ConfigInvalid"),
        "o cabeçalho Lambda-Runtime-Function-Error-Type leva o `errorType`, Runtime.ConfigInvalid; o seu leva {}",
        header(error_type)
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
