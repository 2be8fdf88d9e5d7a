//! Os testes do passo `invoke`: o que a API responde a quem espera, a quem não espera e a quem só pergunta.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kit::text::thousands;
use rstest::rstest;
use serde_json::{Value, json};
use sync_invocation::function::{Ending, Execution};
use sync_invocation::invoke::{InvocationType, LogType, Request, accept, outcome, refuse, status, tail};
use sync_invocation::model::{FunctionError, InvokeError, InvokeResponse, Refusal};

use crate::support::{describe, expect_same, told};

mod calls;

const NO_ROOM: InvokeError =
    InvokeError::TooManyRequests { reason: "ReservedFunctionConcurrentInvocationLimitExceeded", retry_after: 1 };

fn error(error_type: &str, error_message: &str) -> FunctionError {
    FunctionError { error_message: error_message.to_owned(), error_type: error_type.to_owned() }
}

/// Uma execução que terminou assim.
fn ended(ending: Ending) -> Execution {
    let request_id = "5d478078-13e9-4af0-864a-7ef285ecc786".to_owned();
    Execution { request_id, version: "$LATEST".to_owned(), log: Vec::new(), ending }
}

/// O corpo de uma resposta, lido.
#[track_caller]
fn read(response: &InvokeResponse) -> Value {
    serde_json::from_str(&response.body)
        .unwrap_or_else(|_| panic!("o corpo de um erro é um objeto JSON; veio {}", describe(response)))
}

/// O campo da mensagem, que a AWS escreve ora com `m`, ora com `M`.
fn message(body: &Value) -> &str {
    body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default()
}

/// Cada erro da API tem o seu status.
#[rstest]
#[case::mistakes_of_the_caller(&[
    (InvokeError::InvalidRequestContent, 400),
    (InvokeError::InvalidParameterValue, 400),
    (InvokeError::AccessDenied, 403),
    (InvokeError::ResourceNotFound, 404),
    (InvokeError::RequestTooLarge, 413),
    (InvokeError::UnsupportedMediaType, 415),
])]
#[case::no_room(&[(NO_ROOM, 429)])]
#[case::failures_of_the_service(&[
    (InvokeError::Service, 500),
    (InvokeError::EniLimitReached, 502),
    (InvokeError::Ec2Throttled, 502),
])]
fn each_error_has_its_status(#[case] errors: &[(InvokeError, u16)]) {
    for (error, expected) in errors {
        let got = status(error);
        expect_same!(got, *expected, "{} é {expected}; a sua função deu {got}", error.name());
    }
}

/// Uma recusa leva o nome do erro no cabeçalho e a mensagem no corpo.
#[rstest]
#[case::not_json(InvokeError::InvalidRequestContent, "Could not parse request body into json: x", Some("User"))]
#[case::no_such_function(InvokeError::ResourceNotFound, "Function not found: arn:aws:lambda:…:forecast", Some("User"))]
#[case::service(InvokeError::Service, "internal \"failure\"", Some("Service"))]
#[case::not_allowed(InvokeError::AccessDenied, "User: ana is not authorized", None)]
fn a_refusal_carries_the_name_and_the_message(
    #[case] error: InvokeError,
    #[case] text: &str,
    #[case] kind: Option<&str>,
) {
    let response = refuse(&Refusal::new(error, text));
    let shown = describe(&response);
    expect_same!(
        (response.status, response.error_type.as_deref()),
        (status(&error), Some(error.name())),
        "a recusa {} vai com o status dela e o nome em x-amzn-ErrorType; a sua resposta é {shown}",
        error.name()
    );
    let body = read(&response);
    expect_same!(message(&body), text, "a mensagem da recusa vai no corpo, inteira; o seu corpo é {body}");
    expect_same!(
        body.get("Type").and_then(Value::as_str),
        kind,
        "o campo Type de {} é {}; o seu corpo é {body}",
        error.name(),
        kind.unwrap_or("ausente, porque quem recusa é o IAM")
    );
    expect_same!(
        (&response.function_error, response.retry_after),
        (&None, None),
        "quem recusou foi o Lambda: não há erro de função, e só o 429 pede para esperar; a sua resposta é {shown}"
    );
}

/// A recusa por falta de vaga diz o motivo no corpo e quando voltar no cabeçalho.
#[rstest]
#[case::reserved("ReservedFunctionConcurrentInvocationLimitExceeded", 1)]
#[case::account("ConcurrentInvocationLimitExceeded", 7)]
fn a_throttle_says_why_and_when_to_come_back(#[case] reason: &'static str, #[case] retry_after: u64) {
    let error = InvokeError::TooManyRequests { reason, retry_after };
    let response = refuse(&Refusal::new(error, "Rate Exceeded."));
    let body = read(&response);
    expect_same!(
        (response.status, response.retry_after, body["Reason"].as_str(), body["Type"].as_str(), message(&body)),
        (429, Some(retry_after), Some(reason), Some("User"), "Rate Exceeded."),
        "o 429 traz Retry-After: {retry_after}, e o corpo traz Type User, a mensagem e o Reason {reason}; a sua resposta é {}",
        describe(&response)
    );
}

/// O limite do corpo é 6 MB na chamada síncrona e 1 MB na assíncrona, e o tamanho é olhado antes do JSON.
///
/// O corpo é todo de zeros: o que passa pelo limite para na primeira letra, e nada de 6 MB é lido.
#[rstest]
#[case::above_the_event_limit(InvocationType::RequestResponse, 1_048_577, true)]
#[case::exactly_six_megabytes(InvocationType::RequestResponse, 6_291_456, true)]
#[case::one_byte_over_six(InvocationType::RequestResponse, 6_291_457, false)]
#[case::exactly_one_megabyte(InvocationType::Event, 1_048_576, true)]
#[case::one_byte_over_one(InvocationType::Event, 1_048_577, false)]
fn each_type_of_invocation_has_its_limit(
    #[case] invocation_type: InvocationType,
    #[case] size: usize,
    #[case] fits: bool,
) {
    let limit: usize = if invocation_type == InvocationType::Event { 1_048_576 } else { 6_291_456 };
    let expected = if fits { InvokeError::InvalidRequestContent } else { InvokeError::RequestTooLarge };
    let case = format!(
        "um corpo de {} bytes que não é JSON, em uma chamada {invocation_type:?}, com limite de {},",
        thousands(size),
        thousands(limit)
    );
    let Err(refusal) = accept(&Request { invocation_type, log_type: LogType::None, payload: vec![0; size] }) else {
        panic!("{case} é recusado com {}; a sua função aceitou", expected.name());
    };
    expect_same!(
        refusal.error,
        expected,
        "{case} {} e é recusado com {}; a sua função deu {}",
        if fits { "cabe, mas não se lê," } else { "não cabe, seja o que for," },
        expected.name(),
        refusal.error.name()
    );
    assert!(
        fits || refusal.message.contains(&limit.to_string()),
        "a mensagem do 413 diz o limite em bytes, {limit}; a sua é `{}`",
        refusal.message
    );
}

/// O corpo que se lê chega como veio.
#[rstest]
#[case::object(r#"{"city":"serra-clara","days":2}"#)]
#[case::spaces(" [1, null, \"céu\"]\n")]
#[case::number("118")]
fn a_json_body_arrives_as_it_came(#[case] text: &str) {
    let got = accept(&Request { payload: text.as_bytes().to_vec(), ..Request::default() });
    expect_same!(
        got.as_ref().ok(),
        serde_json::from_str(text).ok().as_ref(),
        "o corpo `{}` é JSON e chega como veio; a sua função deu {got:?}",
        text.trim()
    );
}

/// Um corpo que não é JSON é recusado antes de a função rodar.
#[rstest]
#[case::bare_text(b"granizo")]
#[case::cut_in_the_middle(br#"{"city":"serra-clara""#)]
#[case::not_utf_8(b"\"\xff\xfe\"")]
fn a_body_that_is_not_json_is_refused(#[case] payload: &[u8]) {
    let shown = String::from_utf8_lossy(payload);
    let Err(refusal) = accept(&Request { payload: payload.to_vec(), ..Request::default() }) else {
        panic!("o corpo `{shown}` não é JSON, mas a sua função aceitou");
    };
    expect_same!(
        refusal.error,
        InvokeError::InvalidRequestContent,
        "o corpo `{shown}` é InvalidRequestContentException; a sua função deu {}",
        refusal.error.name()
    );
    let prefix = "Could not parse request body into json: ";
    assert!(
        refusal.message.starts_with(prefix),
        "a mensagem deste erro começa com `{prefix}`; a sua é `{}`",
        refusal.message
    );
}

/// O retorno da função é o corpo, como veio, e nada é o texto `null`.
#[rstest]
#[case::object(Ending::Returned(json!({ "hail": true })), json!({ "hail": true }))]
#[case::text(Ending::Returned(json!("céu limpo")), json!("céu limpo"))]
#[case::error_shaped(
    Ending::Returned(json!({ "errorMessage": "não é erro", "errorType": "Nenhum" })),
    json!({ "errorMessage": "não é erro", "errorType": "Nenhum" })
)]
#[case::nothing(Ending::Nothing, Value::Null)]
fn what_the_function_returns_is_the_body(#[case] ending: Ending, #[case] expected: Value) {
    let (function_error, body) = outcome(&ended(ending));
    expect_same!(
        (function_error, serde_json::from_str::<Value>(&body).ok()),
        (None, Some(expected.clone())),
        "a função terminou bem e devolveu {expected}: o corpo é esse JSON, sem X-Amz-Function-Error; o seu é `{body}`, com \
         {function_error:?}"
    );
}

/// Uma função que falha dá o erro no corpo, no formato de cada fim.
#[rstest]
#[case::raised(Ending::Raised(error("RadarError", "o radar não respondeu")), "RadarError", "o radar não respondeu")]
#[case::timed_out(
    Ending::TimedOut(Duration::from_secs(3)),
    "Sandbox.Timedout",
    "RequestId: 5d478078-13e9-4af0-864a-7ef285ecc786 Error: Task timed out after 3.00 seconds"
)]
#[case::timed_out_after_15_minutes(
    Ending::TimedOut(Duration::from_secs(900)),
    "Sandbox.Timedout",
    "RequestId: 5d478078-13e9-4af0-864a-7ef285ecc786 Error: Task timed out after 900.00 seconds"
)]
#[case::exited(
    Ending::Exited(None),
    "Runtime.ExitError",
    "RequestId: 5d478078-13e9-4af0-864a-7ef285ecc786 Error: Runtime exited without providing a reason"
)]
#[case::exited_with_a_code(
    Ending::Exited(Some(127)),
    "Runtime.ExitError",
    "RequestId: 5d478078-13e9-4af0-864a-7ef285ecc786 Error: Runtime exited with error: exit status 127"
)]
fn a_function_that_fails_puts_the_error_in_the_body(
    #[case] ending: Ending,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let (function_error, body) = outcome(&ended(ending.clone()));
    expect_same!(
        function_error,
        Some("Unhandled"),
        "a função {}: X-Amz-Function-Error é Unhandled; o seu é {function_error:?}",
        told(&ending)
    );
    let expected = error(error_type, error_message);
    let got: Option<FunctionError> = serde_json::from_str(&body).ok();
    expect_same!(
        got,
        Some(expected),
        "o corpo é {{\"errorMessage\":\"{error_message}\",\"errorType\":\"{error_type}\"}}; o seu é `{body}`"
    );
}

/// Uma resposta maior que o limite, em bytes, vira um erro da função.
#[test]
fn a_large_answer_becomes_a_function_error() {
    // As duas aspas e um `ã`, de dois bytes, entram na conta.
    let mut text = "a".repeat(6_291_556 - 4);
    text.push('ã');
    let (function_error, body) = outcome(&ended(Ending::Returned(Value::String(text.clone()))));
    expect_same!(
        (function_error, body.len()),
        (None, 6_291_556),
        "um retorno de 6.291.556 bytes, o limite, é entregue inteiro; a sua função deu {function_error:?} e um corpo de {} bytes",
        thousands(body.len())
    );
    drop(body);

    text.push('a');
    let (function_error, body) = outcome(&ended(Ending::Returned(Value::String(text))));
    let shown: String = body.chars().take(120).collect();
    let got: Option<FunctionError> = if body.len() < 1_000 { serde_json::from_str(&body).ok() } else { None };
    let expected = error(
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    );
    expect_same!(
        (function_error, got),
        (Some("Unhandled"), Some(expected)),
        "um retorno de 6.291.557 bytes, um acima do limite, vira o erro Function.ResponseSizeTooLarge; a sua função deu \
         {function_error:?} e `{shown}`"
    );
}

/// O fim do log são os últimos 4 KB, em base64.
#[rstest]
#[case::short(b"START RequestId: 118\nEND\n".to_vec(), 25)]
#[case::exactly_four_kilobytes(vec![b'x'; 4_096], 4_096)]
#[case::one_more(vec![b'x'; 4_097], 4_096)]
#[case::long((0..9_000).map(|n| b'a' + (n % 26) as u8).collect(), 4_096)]
#[case::cut_inside_a_letter("ã".repeat(3_000).into_bytes(), 4_096)]
#[case::empty(Vec::new(), 0)]
fn the_log_tail_is_the_last_four_kilobytes(#[case] log: Vec<u8>, #[case] kept: usize) {
    let text = tail(&log);
    let Ok(decoded) = BASE64_STANDARD.decode(&text) else {
        panic!("X-Amz-Log-Result vai em base64; o seu valor é `{}`", text.chars().take(60).collect::<String>());
    };
    expect_same!(
        decoded,
        log[log.len() - kept..].to_vec(),
        "de um log de {} bytes vão os últimos {} (4 KB são 4.096); o seu trecho tem {} e não é esse",
        thousands(log.len()),
        thousands(kept),
        thousands(decoded.len())
    );
}
