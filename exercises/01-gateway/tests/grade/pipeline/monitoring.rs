//! O log de acesso e as métricas.

use std::collections::BTreeMap;
use std::time::Duration;

use gateway::exchange::{Cached, Caller, Exchange, Verdict};
use gateway::model::{GatewayResponseType, Method, Request, Response};
use gateway::pipeline::{AccessLogFormat, Metric, metrics};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::script::{Script, forecast};

async fn exchange(script: &mut Script) -> Exchange {
    script.serve(&forecast()).await.1
}

fn line(format: &str, exchange: &Exchange) -> String {
    match AccessLogFormat::new(format) {
        Ok(format) => format.line(exchange),
        Err(error) => panic!("o formato `{format}` tem o identificador da requisição, mas foi recusado: {error}"),
    }
}

/// A linha do log troca cada variável pelo seu valor.
#[rstest]
#[case::who(
    "$context.requestId $context.identity.sourceIp \"$context.identity.userAgent\"",
    "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 203.0.113.7 \"safra/2.1\""
)]
#[case::when(
    "$context.requestId $context.requestTime $context.requestTimeEpoch",
    "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 22/Nov/2026:17:02:00 +0000 1795366920000"
)]
#[case::what(
    "$context.requestId $context.httpMethod $context.path $context.resourcePath $context.protocol",
    "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 GET /prod/cities/serra-clara /cities/{city} HTTP/1.1"
)]
#[case::which_api(
    "$context.requestId $context.accountId $context.apiId/$context.stage",
    "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 123456789012 a1b2c3d4e5/prod"
)]
#[case::how_it_went(
    "$context.requestId $context.status $context.responseLength $context.responseLatency $context.integrationLatency",
    "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 200 35 40 40"
)]
#[tokio::test(start_paused = true)]
async fn the_access_log_replaces_each_variable(#[case] format: &str, #[case] expected: &str) {
    let mut script = Script { integration_time: Duration::from_millis(40), ..Script::new() };
    let found = line(format, &exchange(&mut script).await);
    expect_same!(found, expected, "o formato `{format}` dá `{expected}`; a sua linha é `{found}`");
}

/// Uma variável sem valor vira `-`: a requisição parou antes de ela existir, ou o nome não existe.
#[tokio::test(start_paused = true)]
async fn a_variable_without_value_is_a_dash() {
    let mut script = Script::refusing("route", GatewayResponseType::MissingAuthenticationToken);
    let format = "$context.requestId $context.status $context.resourcePath $context.authorizer.principalId \
                  $context.integrationLatency $context.nada";
    let found = line(format, &exchange(&mut script).await);
    let expected = "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 403 - - - -";
    expect_same!(
        found,
        expected,
        "a rota não existe, e o que não tem valor é `-`: a linha é `{expected}`; a sua é `{found}`"
    );
}

/// Quem não manda `User-Agent` também aparece como `-`.
#[tokio::test(start_paused = true)]
async fn a_missing_user_agent_is_a_dash() {
    let request = Request::new(Method::Get, "/cities/serra-clara");
    let (_, exchange) = Script::new().serve(&request).await;
    let found = line("$context.requestId $context.identity.userAgent", &exchange);
    let expected = "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 -";
    expect_same!(found, expected, "a requisição não trouxe `User-Agent`: a linha é `{expected}`; a sua é `{found}`");
}

/// O log diz por que a requisição foi recusada e, quando ninguém recusou, `-`.
#[tokio::test(start_paused = true)]
async fn the_access_log_tells_the_refusal() {
    let format =
        r#"{"id":"$context.requestId","tipo":"$context.error.responseType","texto":$context.error.messageString}"#;
    let mut script = Script::refusing("validate", GatewayResponseType::BadRequestBody);
    let found = line(format, &exchange(&mut script).await);
    let expected = r#"{"id":"7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11","tipo":"BAD_REQUEST_BODY","texto":"não pode"}"#;
    expect_same!(
        found,
        expected,
        "a validação recusou, e o texto dela já vem entre aspas em `$context.error.messageString`: a linha é `{expected}`; a \
         sua é `{found}`"
    );
    let found = line("$context.requestId $context.error.message", &exchange(&mut script).await);
    let expected = "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 não pode";
    expect_same!(
        found,
        expected,
        "em `$context.error.message` o texto vem sem aspas: a linha é `{expected}`; a sua é `{found}`"
    );
    let found = line("$context.requestId $context.error.message", &exchange(&mut Script::new()).await);
    let expected = "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 -";
    expect_same!(found, expected, "sem recusa a mensagem é `-`, e a linha é `{expected}`; a sua é `{found}`");
}

/// O que o authorizer contou está em `$context.authorizer.NOME`.
#[tokio::test(start_paused = true)]
async fn the_access_log_has_what_the_authorizer_told() {
    let caller = Caller {
        verdict: Some(Verdict::Allow),
        principal_id: Some("dona-celia".to_owned()),
        context: [("turno".to_owned(), "noite".to_owned())].into(),
        ..Caller::default()
    };
    let mut script = Script { caller, ..Script::new() };
    let format =
        "$context.requestId $context.authorizer.principalId $context.authorizer.turno $context.authorizer.nada";
    let found = line(format, &exchange(&mut script).await);
    let expected = "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11 dona-celia noite -";
    expect_same!(
        found,
        expected,
        "o authorizer contou turno=noite de dona-celia: `{expected}`; a sua linha é `{found}`"
    );
}

/// O formato precisa de um identificador da requisição.
#[rstest]
#[case::request_id("$context.requestId", true)]
#[case::extended_request_id("$context.status $context.extendedRequestId", true)]
#[case::neither("$context.status $context.path", false)]
#[case::a_longer_name("$context.requestIdentifier", false)]
#[case::the_end_of_another_name("$context.authorizer.requestId", false)]
#[case::not_a_variable("requestId", false)]
fn an_access_log_format_needs_the_request_id(#[case] format: &str, #[case] valid: bool) {
    let found = AccessLogFormat::new(format).is_ok();
    let word = |valid: bool| if valid { "é aceito" } else { "é recusado" };
    expect_same!(
        found,
        valid,
        "um formato precisa de `$context.requestId` ou de `$context.extendedRequestId`, com o nome inteiro: `{format}` {}; \
         no seu código {}",
        word(valid),
        word(found)
    );
}

fn measured(metric: Metric, exchanges: &[Exchange]) -> Vec<f64> {
    exchanges.iter().filter_map(|exchange| metrics(exchange).get(&metric).copied()).collect()
}

/// O dado, ou `ausente`.
fn shown(data: Option<f64>) -> String {
    data.map_or("ausente".to_owned(), |data| data.to_string())
}

fn average(data: &[f64]) -> Option<f64> {
    (!data.is_empty()).then(|| data.iter().sum::<f64>() / data.len() as f64)
}

/// A média de `4XXError` e de `5XXError` é a taxa de erro: quem deu certo conta com 0.
#[tokio::test(start_paused = true)]
async fn the_average_of_an_error_metric_is_the_error_rate() {
    let mut exchanges = Vec::new();
    for script in [
        &mut Script::new(),
        &mut Script::refusing("validate", GatewayResponseType::BadRequestBody),
        &mut Script::refusing("integrate", GatewayResponseType::IntegrationTimeout),
        &mut Script::new(),
    ] {
        exchanges.push(exchange(script).await);
    }
    for (metric, expected) in [(Metric::Count, 1.0), (Metric::ClientError, 0.25), (Metric::ServerError, 0.25)] {
        let data = measured(metric, &exchanges);
        expect_same!(
            average(&data),
            Some(expected),
            "200, 400, 504 e 200: a média de {metric:?} é {expected}; os seus dados são {data:?}"
        );
    }
}

/// O erro é do status que o cliente recebeu, venha ele do gateway ou da função.
#[rstest]
#[case::the_function_answers_404(Script { response: Response::new(404), ..Script::new() }, 1.0, 0.0)]
#[case::the_function_breaks(Script { response: Response::new(502), ..Script::new() }, 0.0, 1.0)]
#[case::a_redirect(Script { response: Response::new(302), ..Script::new() }, 0.0, 0.0)]
#[case::the_authorizer_breaks(
    Script::refusing("authenticate", GatewayResponseType::AuthorizerConfigurationError),
    0.0,
    1.0
)]
#[tokio::test(start_paused = true)]
async fn an_error_is_of_the_status_the_client_got(
    #[case] mut script: Script,
    #[case] client: f64,
    #[case] server: f64,
) {
    let exchange = exchange(&mut script).await;
    let data = metrics(&exchange);
    let found = (data.get(&Metric::ClientError).copied(), data.get(&Metric::ServerError).copied());
    expect_same!(
        found,
        (Some(client), Some(server)),
        "o cliente recebeu {}: 4XXError é {client} e 5XXError é {server}; os seus são {} e {}",
        exchange.status,
        shown(found.0),
        shown(found.1)
    );
}

/// As métricas do cache só existem quando o cache foi consultado.
#[rstest]
#[case::hit(Cached::Hit(Response::new(200)), Some(1.0), Some(0.0))]
#[case::miss(Cached::Miss, Some(0.0), Some(1.0))]
#[case::no_cache(Cached::Off, None, None)]
#[tokio::test(start_paused = true)]
async fn cache_metrics_exist_only_where_there_is_a_cache(
    #[case] cached: Cached,
    #[case] hit: Option<f64>,
    #[case] miss: Option<f64>,
) {
    let mut script = Script { cached: cached.clone(), ..Script::new() };
    let data: BTreeMap<Metric, f64> = metrics(&exchange(&mut script).await);
    let found = (data.get(&Metric::CacheHitCount).copied(), data.get(&Metric::CacheMissCount).copied());
    expect_same!(
        found,
        (hit, miss),
        "o cache respondeu {}: CacheHitCount é {} e CacheMissCount é {}; os seus são {} e {}",
        match cached {
            Cached::Off => "Off",
            Cached::Hit(_) => "Hit",
            Cached::Miss => "Miss",
        },
        shown(hit),
        shown(miss),
        shown(found.0),
        shown(found.1)
    );
}

/// `IntegrationLatency` só existe quando a integração foi chamada; as duas latências são em milissegundos.
#[tokio::test(start_paused = true)]
async fn latencies_are_in_milliseconds() {
    let mut script = Script { integration_time: Duration::from_millis(1_500), ..Script::new() };
    let data = metrics(&exchange(&mut script).await);
    let found = (data.get(&Metric::Latency).copied(), data.get(&Metric::IntegrationLatency).copied());
    expect_same!(
        found,
        (Some(1_500.0), Some(1_500.0)),
        "a integração levou 1,5 s: as duas são 1500; as suas são {} e {}",
        shown(found.0),
        shown(found.1)
    );
    let data = metrics(&exchange(&mut Script::refusing("validate", GatewayResponseType::BadRequestBody)).await);
    let found = data.get(&Metric::IntegrationLatency).copied();
    expect_same!(
        found,
        None,
        "a validação recusou e a integração não foi chamada: não há IntegrationLatency; no seu código há {}",
        shown(found)
    );
}
