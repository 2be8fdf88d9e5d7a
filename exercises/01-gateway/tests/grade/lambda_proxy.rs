//! Os testes do passo `lambda_proxy`: os dois eventos, a leitura do retorno e o que sai quando a função falha.

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use gateway::call::Call;
use gateway::function::{Function, InvokeError, Reply};
use gateway::lambda_proxy::{Api, Failure, Integration, event_v1, event_v2, is_binary};
use gateway::model::{Method, Request};
use kit::text::{count, duration};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::expect_same;
use crate::support::proxy::{
    bare, base64_answer, expect_answer, expect_fields, expect_keys, forecast_call, get, profile_call, read, shown,
    types,
};

/// Só o primeiro tipo do cabeçalho conta, e ele tem de casar com um tipo da lista.
#[rstest]
#[case::first_of_many(&["image/png"], Some("image/png,image/*,*/*;q=0.8"), true)]
#[case::not_the_first(&["image/png"], Some("image/webp,image/png,*/*;q=0.8"), false)]
#[case::wildcard_of_the_client(&["image/png"], Some("image/*"), false)]
#[case::with_a_quality(&["image/png"], Some("image/png;q=0.8"), true)]
#[case::family_in_the_list(&["image/png", "application/*"], Some("application/grib"), true)]
#[case::everything_in_the_list(&["*/*"], Some("text/html"), true)]
fn only_the_first_media_type_is_compared(#[case] list: &[&str], #[case] header: Option<&str>, #[case] expected: bool) {
    let got = is_binary(&types(list), header);
    expect_same!(
        got,
        expected,
        "o gateway olha só o primeiro tipo do cabeçalho, sem o que vem depois do `;`, e o curinga vale na lista da API, não \
         no pedido: com binaryMediaTypes {list:?} e o cabeçalho {header:?}, o certo é {expected}; a sua função disse {got}"
    );
}

/// O evento 1.0 leva a requisição inteira, com o caminho sem o stage.
#[test]
fn the_v1_event_carries_the_request() {
    let request = get("/cities/serra-clara/forecast?days=3").header("X-App", "cooperativa");
    let event = event_v1(&request, &forecast_call(), &[]);
    let keys = "resource path httpMethod headers multiValueHeaders queryStringParameters multiValueQueryStringParameters \
                pathParameters stageVariables requestContext body isBase64Encoded";
    expect_keys(&event, keys, "1.0 de uma API REST");
    let expected = [
        ("/resource", json!("/cities/{city}/forecast")),
        ("/path", json!("/cities/serra-clara/forecast")),
        ("/httpMethod", json!("GET")),
        ("/headers", json!({ "X-App": "cooperativa" })),
        ("/multiValueHeaders", json!({ "X-App": ["cooperativa"] })),
        ("/queryStringParameters", json!({ "days": "3" })),
        ("/multiValueQueryStringParameters", json!({ "days": ["3"] })),
        ("/pathParameters", json!({ "city": "serra-clara" })),
        ("/stageVariables", json!({ "model": "cosmo" })),
        ("/body", Value::Null),
        ("/isBase64Encoded", json!(false)),
        ("/requestContext/path", json!("/prod/cities/serra-clara/forecast")),
    ];
    expect_fields(&event, &expected, "GET /cities/serra-clara/forecast?days=3 no stage prod");
}

/// Com um nome repetido, o mapa simples do 1.0 fica com o último valor e o multi, com todos.
#[test]
fn a_repeated_name_keeps_the_last_value_and_all_of_them() {
    let request =
        get("/alerts?city=vale-verde&city=serra-clara&severity=4").header("X-Station", "7").header("X-Station", "9");
    let event = event_v1(&request, &forecast_call(), &[]);
    let expected = [
        ("/queryStringParameters", json!({ "city": "serra-clara", "severity": "4" })),
        ("/multiValueQueryStringParameters", json!({ "city": ["vale-verde", "serra-clara"], "severity": ["4"] })),
        ("/headers", json!({ "X-Station": "9" })),
        ("/multiValueHeaders", json!({ "X-Station": ["7", "9"] })),
    ];
    expect_fields(&event, &expected, "?city=vale-verde&city=serra-clara e X-Station: 7, X-Station: 9");
}

/// No 1.0, um mapa sem nada é `null`, e um corpo vazio também.
#[test]
fn an_empty_map_is_null_in_v1() {
    let event = event_v1(&get("/health"), &bare(forecast_call()), &[]);
    let keys = "headers multiValueHeaders queryStringParameters multiValueQueryStringParameters pathParameters \
                stageVariables body";
    for key in keys.split(' ') {
        let value = event.get(key);
        expect_same!(
            value,
            Some(&Value::Null),
            "GET /health não traz nada para `{key}`: no formato 1.0 a chave existe e vale null (por isso \
             `event.queryStringParameters.days` derruba tanta função). No seu evento: {value:?}"
        );
    }
}

/// O evento 1.0 usa os cabeçalhos que uma API REST repassa, nos dois mapas, com os cookies entre eles, e leva o corpo como
/// texto.
#[test]
fn v1_headers_are_the_forwarded_ones() {
    let request = Request::new(Method::Post, "/alerts")
        .header("authorization", "segredo")
        .header("content-length", "2")
        .header("tEsT-HEADeR", "aValUE")
        .header("Cookie", "session=1f; theme=dark")
        .body("{}");
    let event = event_v1(&request, &forecast_call(), &[]);
    let expected = [
        (
            "/headers",
            json!({ "Authorization": "segredo", "Cookie": "session=1f; theme=dark", "tEsT-HEADeR": "aValUE" }),
        ),
        (
            "/multiValueHeaders",
            json!({ "Authorization": ["segredo"], "Cookie": ["session=1f; theme=dark"], "tEsT-HEADeR": ["aValUE"] }),
        ),
        ("/body", json!("{}")),
        ("/isBase64Encoded", json!(false)),
    ];
    expect_fields(
        &event,
        &expected,
        "uma API REST capitaliza Authorization e não repassa Content-Length, e o 1.0 deixa os cookies no cabeçalho",
    );
}

/// No 1.0, o corpo só vai em base64 quando o Content-Type é um tipo binário da API; o Accept e os bytes não contam.
#[test]
fn the_v1_body_is_base64_only_for_binary_media_types() {
    for (content_type, encoded, body) in [("image/png", true, "iVBORw=="), ("image/jpg", false, "\u{fffd}PNG")] {
        let photo = Request::new(Method::Post, "/alerts")
            .header("Content-Type", content_type)
            .header("Accept", "image/png")
            .body(b"\x89PNG".as_slice());
        let event = event_v1(&photo, &forecast_call(), &types(&["image/png"]));
        let rule = format!(
            "uma foto com Content-Type {content_type} e Accept image/png, numa API com binaryMediaTypes [\"image/png\"]: só o \
             Content-Type conta, e fora da lista o corpo é lido como UTF-8 (o byte que não é vira U+FFFD)"
        );
        expect_fields(&event, &[("/isBase64Encoded", json!(encoded)), ("/body", json!(body))], &rule);
    }
}

/// O evento 2.0 põe nomes em minúsculas, junta as repetições com vírgula e separa os cookies.
#[test]
fn the_v2_event_joins_repetitions_and_takes_the_cookies_out() {
    let request = get("/users/beto?scope=alerts:read&scope=alerts:write&lang=pt")
        .header("X-App", "cooperativa")
        .header("x-app", "site")
        .header("Cookie", "session=1f; theme=dark")
        .header("cookie", "city=serra-clara")
        .header("Content-Length", "0");
    let event = event_v2(&request, &profile_call());
    let keys = "version routeKey rawPath rawQueryString cookies headers queryStringParameters requestContext \
                pathParameters isBase64Encoded";
    expect_keys(&event, keys, "2.0");
    let expected = [
        ("/version", json!("2.0")),
        ("/routeKey", json!("GET /users/{user}")),
        ("/rawPath", json!("/users/beto")),
        ("/rawQueryString", json!("scope=alerts%3Aread&scope=alerts%3Awrite&lang=pt")),
        ("/cookies", json!(["session=1f", "theme=dark", "city=serra-clara"])),
        ("/headers", json!({ "x-app": "cooperativa,site", "content-length": "0" })),
        ("/queryStringParameters", json!({ "scope": "alerts:read,alerts:write", "lang": "pt" })),
        ("/pathParameters", json!({ "user": "beto" })),
        ("/isBase64Encoded", json!(false)),
        ("/requestContext/routeKey", json!("GET /users/{user}")),
    ];
    expect_fields(&event, &expected, "o formato 2.0 não tem mapas multiValue");
}

/// No 2.0, o caminho leva o nome do stage, a não ser no `$default`; no 1.0, nunca leva.
#[test]
fn the_v2_path_carries_the_stage() {
    let request = get("/users/beto");
    for (stage, path) in [("prod", "/prod/users/beto"), ("$default", "/users/beto")] {
        let call = Call { stage: stage.to_owned(), ..profile_call() };
        let rule = format!("GET /users/beto no stage {stage} de uma API HTTP, formato 2.0");
        expect_fields(&event_v2(&request, &call), &[("/rawPath", json!(path))], &rule);
        let rule = format!("GET /users/beto no stage {stage}, formato 1.0");
        expect_fields(&event_v1(&request, &call, &[]), &[("/path", json!("/users/beto"))], &rule);
    }
}

/// No 2.0, o que não veio não tem chave.
#[test]
fn what_did_not_come_has_no_key_in_v2() {
    let event = event_v2(&get("/health").header("Host", "cracha.example"), &bare(profile_call()));
    let keys = "version routeKey rawPath rawQueryString headers requestContext isBase64Encoded";
    expect_keys(&event, keys, "2.0");
    expect_fields(&event, &[("/rawQueryString", json!(""))], "sem query, a chave fica, vazia");
}

/// No 2.0, um corpo que não é texto vai em base64.
#[test]
fn the_v2_body_is_base64_when_it_is_not_text() {
    for (body, expected, encoded) in [("João".as_bytes(), "João", false), (b"\x89PNG".as_slice(), "iVBORw==", true)] {
        let event = event_v2(&Request::new(Method::Post, "/users").body(body), &profile_call());
        let fields = [("/body", json!(expected)), ("/isBase64Encoded", json!(encoded))];
        expect_fields(&event, &fields, &format!("o corpo {:?} no formato 2.0", String::from_utf8_lossy(body)));
    }
}

/// Os tipos do crate aws_lambda_events leem os dois eventos.
#[test]
fn the_events_parse_as_the_published_types() {
    let request = get("/users/beto?days=3&days=5").header("X-App", "site").header("Cookie", "session=1f");
    let v1: ApiGatewayProxyRequest = read(&event_v1(&request, &forecast_call(), &[]));
    let days = v1.multi_value_query_string_parameters.all("days").unwrap_or_default();
    let app = v1.multi_value_headers.get("x-app").and_then(|value| value.to_str().ok());
    let got = (days.as_slice(), app, v1.path_parameters.get("city").map(String::as_str));
    expect_same!(
        got,
        (["3", "5"].as_slice(), Some("site"), Some("serra-clara")),
        "do evento 1.0, a função em Rust leria days [3, 5], X-App site e city serra-clara; do seu ela lê {got:?}"
    );
    let v2: ApiGatewayV2httpRequest = read(&event_v2(&request, &profile_call()));
    let got = (v2.raw_path.as_deref(), v2.cookies.as_deref(), v2.query_string_parameters.first("days"));
    expect_same!(
        got,
        (Some("/users/beto"), Some(["session=1f".to_owned()].as_slice()), Some("3")),
        "do evento 2.0, a função em Rust leria /users/beto, o cookie session=1f e days 3; do seu ela lê {got:?}"
    );
}

/// Cada falha tem o seu status numa API REST.
#[test]
fn each_failure_has_its_status_in_rest() {
    for (failure, status, message) in [
        (Failure::FunctionError, 502, "Internal server error"),
        (Failure::Malformed, 502, "Internal server error"),
        (Failure::Refused(InvokeError::AccessDenied), 500, "Internal server error"),
        (Failure::Refused(InvokeError::NotFound), 500, "Internal server error"),
        (Failure::Refused(InvokeError::Throttled), 500, "Internal server error"),
        (Failure::InvalidBase64, 500, "Internal server error"),
        (Failure::TimedOut, 504, "Endpoint request timed out"),
    ] {
        let response = failure.response(&Api::Rest { binary_media_types: Vec::new() });
        let body = response.body_text();
        expect_same!(
            (response.status, body.as_str()),
            (status, format!(r#"{{"message":"{message}"}}"#).as_str()),
            "numa API REST, {failure:?} é {status} com {message:?}; a sua resposta é {} {body}",
            response.status
        );
    }
}

/// A mensagem de uma API HTTP tem três maiúsculas, e o status é da família 5xx.
#[test]
fn an_http_api_writes_its_message_in_capitals() {
    for failure in [Failure::FunctionError, Failure::Malformed, Failure::Refused(InvokeError::AccessDenied)] {
        let response = failure.response(&Api::Http);
        let body = response.body_text();
        assert!(
            body == r#"{"message":"Internal Server Error"}"# && response.status / 100 == 5,
            "uma API HTTP responde {{\"message\":\"Internal Server Error\"}} a {failure:?}; a sua resposta é {} {body}",
            response.status
        );
    }
}

/// A integração entrega à função o evento do tipo da API e lê a resposta do mesmo jeito.
#[rstest]
#[case::rest(Integration::rest(Function::always(base64_answer("Z3Jhbml6bw==")), &["image/png"]), "httpMethod", "granizo")]
#[case::http(Integration::http(Function::always(json!({ "ok": true }))), "rawPath", "{\"ok\":true}")]
#[tokio::test(start_paused = true)]
async fn the_integration_uses_the_format_of_its_api(
    #[case] integration: Integration,
    #[case] key: &str,
    #[case] body: &str,
) {
    let photo = Request::new(Method::Post, "/alerts").header("Content-Type", "image/png").body(b"\x89PNG".as_slice());
    let result = integration.send(&photo.header("Accept", "image/png"), &forecast_call()).await;
    expect_answer(result, 200, body, "a resposta do caso", "a integração lê a resposta no formato da sua API");
    let events = integration.function.events();
    assert!(
        matches!(events.as_slice(), [event] if event.get(key).is_some() && event["isBase64Encoded"] == json!(true)),
        "a função roda uma vez e recebe um evento com `{key}` e a foto em base64; o que ela recebeu: {events:?}"
    );
}

/// Quem decide se a resposta é decodificada é o Accept do pedido, e não o Content-Type de ninguém.
#[tokio::test(start_paused = true)]
async fn the_accept_of_the_request_decides() {
    let integration = Integration::rest(Function::always(base64_answer("Z3Jhbml6bw==")), &["image/png"]);
    let photo = Request::new(Method::Post, "/alerts").header("Content-Type", "image/png").header("Accept", "text/html");
    let rule = "o pedido e a resposta têm Content-Type image/png, que é binário, mas o Accept é text/html: o corpo fica em \
                base64";
    let result = integration.send(&photo, &forecast_call()).await;
    expect_answer(result, 200, "Z3Jhbml6bw==", "uma imagem em base64", rule);
}

/// Uma falha da função não é repetida, nem vira 200 numa API HTTP.
#[rstest]
#[case::thrown(Reply::Throw("sem sinal".to_owned()), Failure::FunctionError, 1)]
#[case::malformed(Reply::Raw(b"granizo".to_vec()), Failure::Malformed, 1)]
#[case::refused(Reply::Refuse(InvokeError::AccessDenied), Failure::Refused(InvokeError::AccessDenied), 0)]
#[tokio::test(start_paused = true)]
async fn a_failure_is_not_retried(#[case] reply: Reply, #[case] expected: Failure, #[case] runs: usize) {
    for make in [|function| Integration::rest(function, &[]), Integration::http] {
        let integration = make(Function::always(reply.clone()));
        let result = integration.send(&get("/cities"), &forecast_call()).await;
        let ran = integration.function.runs();
        assert!(
            result == Err(expected) && ran == runs,
            "numa {:?}, a função faz {reply:?}: o certo é Err({expected:?}) com {}, porque o API Gateway não repete; o \
             seu código deu {}, com {}",
            integration.api,
            count(runs, "execução", "execuções"),
            shown(&result),
            count(ran, "execução", "execuções")
        );
    }
}

/// O gateway espera até o timeout da integração: 29 s numa API REST, 30 s numa HTTP, ou o que a configuração diz.
#[rstest]
#[case::rest_too_late(Api::Rest { binary_media_types: Vec::new() }, None, 29_500, false)]
#[case::http_in_time(Api::Http, None, 29_500, true)]
#[case::configured(Api::Rest { binary_media_types: Vec::new() }, Some(3_000), 3_500, false)]
#[tokio::test(start_paused = true)]
async fn the_gateway_waits_until_the_integration_timeout(
    #[case] api: Api,
    #[case] timeout_ms: Option<u64>,
    #[case] run_time_ms: u64,
    #[case] in_time: bool,
) {
    let run_time = Duration::from_millis(run_time_ms);
    let function = Function::always(json!({ "statusCode": 200 })).taking(run_time);
    let mut integration = if api == Api::Http { Integration::http(function) } else { Integration::rest(function, &[]) };
    integration.timeout = timeout_ms.map_or(integration.timeout, Duration::from_millis);
    let start = Instant::now();
    let result = integration.send(&get("/cities"), &forecast_call()).await;
    let limit = integration.timeout;
    let expected = (if in_time { None } else { Some(Failure::TimedOut) }, run_time.min(limit), 1);
    let got = (result.as_ref().err().copied(), start.elapsed(), integration.function.runs());
    expect_same!(
        got,
        expected,
        "o timeout da integração é {} e a função leva {}: o cliente recebe {} depois de {}, e a função rodou uma vez. No \
         seu código: {} depois de {}, com {}",
        duration(limit),
        duration(run_time),
        if in_time { "a resposta" } else { "a falha TimedOut" },
        duration(run_time.min(limit)),
        shown(&result),
        duration(got.1),
        count(got.2, "execução", "execuções")
    );
}

mod answers;
