//! Os testes do passo `lambda_proxy`: os dois eventos, a leitura do retorno e o que sai quando a função falha.

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use gateway::function::{Function, InvokeError, Reply};
use gateway::lambda_proxy::{Api, Failure, Integration, event_v1, event_v2, is_binary, response_v1, response_v2};
use gateway::model::{Method, Request};
use kit::text::{count, duration};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::expect_same;
use crate::support::proxy::{
    bare, base64_answer, expect_answer, expect_failure, expect_fields, expect_keys, expect_values, forecast_call, get,
    profile_call, read, shown, types,
};

/// Só o primeiro tipo do cabeçalho conta, e ele tem de casar com um tipo da lista.
#[rstest]
#[case::first_of_many(&["image/png"], Some("image/png,image/*,*/*;q=0.8"), true)]
#[case::not_the_first(&["image/png"], Some("image/webp,image/png,*/*;q=0.8"), false)]
#[case::wildcard_of_the_client(&["image/png"], Some("image/*"), false)]
#[case::family_in_the_list(&["image/png", "application/*"], Some("application/grib"), true)]
#[case::everything_in_the_list(&["*/*"], Some("text/html"), true)]
fn only_the_first_media_type_is_compared(#[case] list: &[&str], #[case] header: Option<&str>, #[case] expected: bool) {
    let got = is_binary(&types(list), header);
    expect_same!(
        got,
        expected,
        "o gateway olha só o primeiro tipo do cabeçalho, e o curinga vale na lista da API, não no pedido: com \
         binaryMediaTypes {list:?} e o cabeçalho {header:?}, o certo é {expected}; a sua função disse {got}"
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

/// O evento 1.0 usa os cabeçalhos que uma API REST repassa, nos dois mapas, e leva o corpo como texto.
#[test]
fn v1_headers_are_the_forwarded_ones() {
    let request = Request::new(Method::Post, "/alerts")
        .header("authorization", "segredo")
        .header("content-length", "2")
        .header("tEsT-HEADeR", "aValUE")
        .body("{}");
    let event = event_v1(&request, &forecast_call(), &[]);
    let expected = [
        ("/headers", json!({ "Authorization": "segredo", "tEsT-HEADeR": "aValUE" })),
        ("/multiValueHeaders", json!({ "Authorization": ["segredo"], "tEsT-HEADeR": ["aValUE"] })),
        ("/body", json!("{}")),
        ("/isBase64Encoded", json!(false)),
    ];
    expect_fields(&event, &expected, "uma API REST capitaliza Authorization e não repassa Content-Length");
}

/// No 1.0, o corpo só vai em base64 quando o Content-Type é um tipo binário da API.
#[test]
fn the_v1_body_is_base64_only_for_binary_media_types() {
    for (content_type, encoded) in [("image/png", true), ("image/jpg", false)] {
        let photo =
            Request::new(Method::Post, "/alerts").header("Content-Type", content_type).body(b"\x89PNG".as_slice());
        let event = event_v1(&photo, &forecast_call(), &types(&["image/png"]));
        let rule = format!("Content-Type {content_type} numa API com binaryMediaTypes [\"image/png\"]");
        expect_fields(&event, &[("/isBase64Encoded", json!(encoded))], &rule);
        if encoded {
            expect_fields(&event, &[("/body", json!("iVBORw=="))], &rule);
        }
    }
}

/// O evento 2.0 põe nomes em minúsculas, junta as repetições com vírgula e separa os cookies.
#[test]
fn the_v2_event_joins_repetitions_and_takes_the_cookies_out() {
    let request = get("/users/beto?scope=alerts:read&scope=alerts:write&lang=pt")
        .header("X-App", "cooperativa")
        .header("x-app", "site")
        .header("Cookie", "session=1f; theme=dark")
        .header("cookie", "city=serra-clara");
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
        ("/headers", json!({ "x-app": "cooperativa,site" })),
        ("/queryStringParameters", json!({ "scope": "alerts:read,alerts:write", "lang": "pt" })),
        ("/pathParameters", json!({ "user": "beto" })),
        ("/isBase64Encoded", json!(false)),
        ("/requestContext/routeKey", json!("GET /users/{user}")),
    ];
    expect_fields(&event, &expected, "o formato 2.0 não tem mapas multiValue");
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

/// Nenhum campo da resposta 1.0 é obrigatório numa API REST.
#[rstest]
#[case::null_headers(json!({ "statusCode": 204, "headers": null }), 204, "")]
#[case::no_status(json!({ "headers": { "X-City": "serra-clara" } }), 200, "")]
#[case::nothing(json!({}), 200, "")]
#[case::status_as_text(json!({ "statusCode": "201", "body": "criado" }), 201, "criado")]
fn no_field_of_a_v1_answer_is_mandatory(#[case] answer: Value, #[case] status: u16, #[case] body: &str) {
    let result = response_v1(answer.to_string().as_bytes(), None, &[]);
    let rule = "numa API REST, sem `statusCode` o status é 200, e sem `body` o corpo é vazio";
    let response = expect_answer(result, status, body, &answer.to_string(), rule);
    expect_values(&response, "Content-Type", &["application/json"], "sem Content-Type da função, o gateway põe um");
}

/// Um retorno que não tem a forma do proxy é malformado.
#[rstest]
#[case::unknown_field(r#"{"statusCode":200,"cidade":"serra-clara"}"#)]
#[case::text("\"granizo\"")]
#[case::not_json("granizo em serra-clara")]
#[case::status_is_a_word(r#"{"statusCode":"test"}"#)]
#[case::multi_value_is_not_a_list(r#"{"statusCode":200,"multiValueHeaders":{"X-City":"serra-clara"}}"#)]
#[case::body_is_an_object(r#"{"statusCode":200,"body":{"city":"serra-clara"}}"#)]
fn another_shape_is_malformed_in_v1(#[case] payload: &str) {
    let result = response_v1(payload.as_bytes(), None, &[]);
    let rule = "uma API REST só aceita um objeto com isBase64Encoded, statusCode, headers, multiValueHeaders e body";
    expect_failure(result, Failure::Malformed, payload, rule);
}

/// `headers` e `multiValueHeaders` viram uma lista só, com os multi na frente.
#[rstest]
#[case::both(json!({ "X-Alert": ["multi"] }), json!({ "X-Alert": "solo" }), "X-Alert", &["multi", "solo"])]
#[case::another_case(json!({ "x-aLERT": ["multi"] }), json!({ "X-Alert": "solo" }), "x-aLERT", &["multi", "solo"])]
#[case::the_same_pair(json!({ "X-Alert": ["granizo", "geada"] }), json!({ "X-Alert": "geada" }), "X-Alert", &["granizo", "geada"])]
fn the_two_header_maps_are_merged(
    #[case] multi: Value,
    #[case] single: Value,
    #[case] name: &str,
    #[case] expected: &[&str],
) {
    let answer = json!({ "statusCode": 200, "multiValueHeaders": multi, "headers": single }).to_string();
    let result = response_v1(answer.as_bytes(), None, &[]);
    let rule = "`headers` e `multiValueHeaders` se somam; primeiro os de multiValueHeaders, e um par igual sai uma vez";
    let response = expect_answer(result, 200, "", &answer, rule);
    expect_values(&response, name, expected, rule);
    let written = response.headers.iter().map(|(each, _)| each).find(|each| each.eq_ignore_ascii_case(name));
    expect_same!(written, Some(name), "o nome sai com a caixa de quem vem na frente, `{name}`; o seu saiu {written:?}");
}

/// Um cabeçalho booleano vira texto, e o Content-Type da função vale no lugar do padrão.
#[test]
fn a_boolean_header_becomes_text() {
    let answer = json!({ "headers": { "X-Hail": true, "content-type": "text/csv" }, "body": "1;2" }).to_string();
    let response = expect_answer(response_v1(answer.as_bytes(), None, &[]), 200, "1;2", &answer, "é uma resposta 1.0");
    expect_values(&response, "X-Hail", &["true"], "um valor booleano vira o texto dele");
    expect_values(&response, "Content-Type", &["text/csv"], "a função escolheu o Content-Type");
}

/// O corpo em base64 só é decodificado quando o Accept casa com um tipo binário da API.
#[rstest]
#[case::accepted(Some("image/png"), &["image/png"], base64_answer("Z3Jhbml6bw=="), "granizo")]
#[case::accept_of_another_type(Some("text/html"), &["image/png"], base64_answer("Z3Jhbml6bw=="), "Z3Jhbml6bw==")]
#[case::api_without_binary_types(Some("image/png"), &[], base64_answer("Z3Jhbml6bw=="), "Z3Jhbml6bw==")]
#[case::not_encoded(Some("image/png"), &["image/png"], json!({ "body": "Z3Jhbml6bw==" }), "Z3Jhbml6bw==")]
fn base64_is_decoded_only_for_an_accepted_binary_type(
    #[case] accept: Option<&str>,
    #[case] list: &[&str],
    #[case] answer: Value,
    #[case] expected: &str,
) {
    let result = response_v1(answer.to_string().as_bytes(), accept, &types(list));
    let rule = format!("com o Accept {accept:?} e binaryMediaTypes {list:?}, isBase64Encoded sozinho não decodifica");
    expect_answer(result, 200, expected, &answer.to_string(), &rule);
}

/// Base64 inválido é um erro de configuração da API.
#[test]
fn invalid_base64_is_a_failure() {
    let answer = base64_answer("èé+à)(").to_string();
    let result = response_v1(answer.as_bytes(), Some("image/png"), &types(&["image/png"]));
    expect_failure(result, Failure::InvalidBase64, &answer, "o corpo tinha de ser decodificado e não é base64");
}

/// Sem statusCode, o 2.0 supõe 200 em JSON e usa o retorno inteiro como corpo.
#[rstest]
#[case::object(json!({ "user": "beto" }), "{\"user\":\"beto\"}")]
#[case::text(json!("Olá, Beto"), "Olá, Beto")]
#[case::looks_like_an_answer(json!({ "body": "oi" }), "{\"body\":\"oi\"}")]
fn without_a_status_the_v2_answer_is_the_body(#[case] answer: Value, #[case] body: &str) {
    let rule =
        "no formato 2.0, sem statusCode, o status é 200 e o corpo é o retorno da função; um texto sai sem as aspas";
    let payload = answer.to_string();
    let response = expect_answer(response_v2(payload.as_bytes()), 200, body, &payload, rule);
    expect_values(&response, "content-type", &["application/json"], rule);
}

/// Com statusCode, o 2.0 usa os campos, e cada cookie vira um set-cookie.
#[test]
fn with_a_status_the_v2_answer_is_read_field_by_field() {
    let answer = json!({
        "statusCode": 302,
        "headers": { "Location": "https://cracha.example/entrar" },
        "cookies": ["session=1f; HttpOnly", "theme=dark"],
        "body": "bytes aqui",
    });
    let payload = answer.to_string();
    let rule = "com statusCode, a resposta 2.0 é lida campo a campo";
    let response = expect_answer(response_v2(payload.as_bytes()), 302, "bytes aqui", &payload, rule);
    expect_values(&response, "Location", &["https://cracha.example/entrar"], rule);
    expect_values(&response, "set-cookie", &["session=1f; HttpOnly", "theme=dark"], "cada cookie vira um set-cookie");
    let encoded = json!({ "statusCode": 200, "isBase64Encoded": true, "body": "Z3Jhbml6bw==" }).to_string();
    expect_answer(response_v2(encoded.as_bytes()), 200, "granizo", &encoded, "no 2.0, isBase64Encoded decodifica");
}

/// Cada falha tem o seu status numa API REST.
#[test]
fn each_failure_has_its_status_in_rest() {
    for (failure, status, message) in [
        (Failure::FunctionError, 502, "Internal server error"),
        (Failure::Malformed, 502, "Internal server error"),
        (Failure::Refused(InvokeError::AccessDenied), 500, "Internal server error"),
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
