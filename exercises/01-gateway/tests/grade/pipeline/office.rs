//! A API do escritório inteira: o caminho do leitor, com os passos de referência no lugar das etapas.

use std::time::Duration;

use gateway::exchange::{Arrival, CacheUse, Exchange};
use gateway::model::{Method, Request, Response};
use gateway::pipeline::{GatewayResponses, handle};
use rstest::rstest;
use serde_json::{Value, json};

use super::json_of;
use crate::support::expect_same;
use crate::support::weather::{
    Behavior, CIVIL_DEFENSE_ACCESS_KEY, CIVIL_DEFENSE_SECRET, CIVIL_DEFENSE_TOKEN, COOPERATIVE_KEY, READER_TOKEN,
    REVOKED_KEY, TRAINEE_ACCESS_KEY, TRAINEE_SECRET, Weather, sign,
};

async fn send(weather: &mut Weather, request: &Request) -> (Response, Exchange) {
    let arrival = Arrival { request_id: "7c1f3a52".to_owned(), at: weather.now() };
    handle(weather, request, &Weather::info(), &GatewayResponses::default(), &arrival).await
}

fn expect_status(request: &Request, response: &Response, status: u16, why: &str) {
    expect_same!(
        response.status,
        status,
        "{} {}: {why}, {status}; o seu caminho respondeu {} com {}",
        request.method,
        request.path,
        response.status,
        response.body_text()
    );
}

fn forecast(key: Option<&str>) -> Request {
    let request = Request::new(Method::Get, "/cities/serra-clara/forecast?days=3");
    match key {
        Some(key) => request.header("x-api-key", key),
        None => request,
    }
}

const CIVIL_DEFENSE: (&str, &str) = (CIVIL_DEFENSE_ACCESS_KEY, CIVIL_DEFENSE_SECRET);

/// Um `POST /alerts`, assinado com o `aws-sigv4` de verdade.
fn alert(weather: &Weather, signer: Option<(&str, &str)>, body: &Value) -> Request {
    let request = Request::new(Method::Post, "/alerts").header("Content-Type", "application/json");
    let request = request.body(body.to_string());
    match signer {
        Some((access_key_id, secret)) => sign(request, access_key_id, secret, weather.now()),
        None => request,
    }
}

fn hail() -> Value {
    json!({ "kind": "granizo", "city": "serra-clara", "severity": 4 })
}

/// Da rota que não existe à MOCK que responde: o que não exige nada de ninguém.
#[rstest]
#[case::no_such_route("/cidades", 403, "a rota não existe")]
#[case::health("/health", 200, "a integração MOCK responde")]
#[case::cities("/cities", 200, "o método é aberto")]
#[case::no_such_city("/cities/atlantida", 404, "quem responde 404 é a função")]
#[tokio::test(start_paused = true)]
async fn the_office_answers_open_methods(#[case] path: &str, #[case] status: u16, #[case] why: &str) {
    let request = Request::new(Method::Get, path);
    let (response, _) = send(&mut Weather::new(), &request).await;
    expect_status(&request, &response, status, why);
}

/// A cooperativa pede a previsão com a sua chave; a segunda vez sai do cache, sem acordar a função.
#[tokio::test(start_paused = true)]
async fn the_second_forecast_comes_from_the_cache() {
    let mut weather = Weather::new();
    let request = forecast(Some(COOPERATIVE_KEY));
    let (first, _) = send(&mut weather, &request).await;
    expect_status(&request, &first, 200, "a chave serve");
    let (second, exchange) = send(&mut weather, &request).await;
    expect_same!(second.body, first.body, "a segunda resposta é igual à primeira; a sua é {}", second.body_text());
    let runs = weather.backend().function().runs();
    expect_same!(
        (exchange.cache, runs),
        (CacheUse::Hit, 1),
        "a segunda é um acerto do cache, e a função rodou 1 vez; no seu caminho o cache foi {:?}, e a função rodou {runs}",
        exchange.cache
    );
}

/// Sem chave, ou com uma que a Ana revogou, a previsão não sai, nem do cache.
#[rstest]
#[case::no_key(None)]
#[case::revoked(Some(REVOKED_KEY))]
#[tokio::test(start_paused = true)]
async fn a_key_is_needed_even_for_a_cached_forecast(#[case] key: Option<&str>) {
    let mut weather = Weather::new();
    send(&mut weather, &forecast(Some(COOPERATIVE_KEY))).await;
    let request = forecast(key);
    let (response, _) = send(&mut weather, &request).await;
    expect_status(&request, &response, 403, "a resposta está no cache, mas a chave vem antes dele");
    let body = json_of(&response);
    expect_same!(body, json!({ "message": "Forbidden" }), "o corpo é {{\"message\":\"Forbidden\"}}; o seu é {body}");
}

/// Quem publica um alerta assina; só depois de autenticado e autorizado é que o corpo é olhado.
#[rstest]
#[case::nobody(None, json!({ "kind": "sol" }), 403, "sem assinatura, Missing Authentication Token")]
#[case::a_trainee(Some((TRAINEE_ACCESS_KEY, TRAINEE_SECRET)), json!({ "kind": "sol" }), 403, "a política do estagiário só permite GET")]
#[case::a_bad_alert(Some(CIVIL_DEFENSE), json!({ "kind": "sol" }), 400, "o corpo não segue o modelo Alert")]
#[case::a_good_alert(Some(CIVIL_DEFENSE), hail(), 201, "tudo certo")]
#[tokio::test(start_paused = true)]
async fn an_alert_is_authorized_before_it_is_validated(
    #[case] signer: Option<(&str, &str)>,
    #[case] body: Value,
    #[case] status: u16,
    #[case] why: &str,
) {
    let mut weather = Weather::new();
    let request = alert(&weather, signer, &body);
    let (response, _) = send(&mut weather, &request).await;
    expect_status(&request, &response, status, why);
}

/// O authorizer do Lambda decide quem cancela um alerta.
#[rstest]
#[case::nobody(None, 401, "sem token, o authorizer nem é chamado")]
#[case::a_reader(Some(READER_TOKEN), 403, "a política da leitora só permite GET")]
#[case::dona_celia(Some(CIVIL_DEFENSE_TOKEN), 204, "a política da Dona Célia permite")]
#[tokio::test(start_paused = true)]
async fn only_dona_celia_cancels_an_alert(#[case] token: Option<&str>, #[case] status: u16, #[case] why: &str) {
    let request = Request::new(Method::Delete, "/alerts/117");
    let request = match token {
        Some(token) => request.header("Authorization", token),
        None => request,
    };
    let (response, exchange) = send(&mut Weather::new(), &request).await;
    expect_status(&request, &response, status, why);
    let expected = (status == 204).then_some("dona-celia");
    let who = exchange.principal_id.as_deref();
    expect_same!(who, expected, "o registro diz quem chamou, {expected:?}; o seu diz {who:?}");
}

/// O alerta publicado aparece na lista da cidade, na forma que o mapping template dá.
#[tokio::test(start_paused = true)]
async fn a_published_alert_is_listed() {
    let mut weather = Weather::new();
    let published = alert(&weather, Some(CIVIL_DEFENSE), &hail());
    send(&mut weather, &published).await;
    let request = Request::new(Method::Get, "/alerts?city=serra-clara").header("x-api-key", COOPERATIVE_KEY);
    let (response, exchange) = send(&mut weather, &request).await;
    let body = json_of(&response);
    let expected = json!({ "alerts": [{ "id": "118", "kind": "granizo", "severity": 4 }] });
    expect_same!(body, expected, "a lista da cidade tem o alerta 118: {expected}; a sua é {body}");
    expect_same!(exchange.status, 200, "o registro guarda 200; o seu guarda {}", exchange.status);
}

/// A lista pede a cidade: sem ela, 400 com o nome do que falta.
#[tokio::test(start_paused = true)]
async fn a_missing_parameter_is_named() {
    let request = Request::new(Method::Get, "/alerts").header("x-api-key", COOPERATIVE_KEY);
    let (response, _) = send(&mut Weather::new(), &request).await;
    expect_status(&request, &response, 400, "falta `city`");
    let body = json_of(&response);
    let expected = json!({ "message": "Missing required request parameters: [city]" });
    expect_same!(body, expected, "o corpo é {expected}; o seu é {body}");
}

/// Um endereço que a política de recursos nega não chega ao authorizer.
#[tokio::test(start_paused = true)]
async fn a_blocked_address_is_refused_first() {
    let mut request = Request::new(Method::Delete, "/alerts/117");
    request.source_ip = "198.51.100.9".to_owned();
    let (response, _) = send(&mut Weather::new(), &request).await;
    expect_status(&request, &response, 403, "o endereço é negado antes de alguém pedir o token (que daria 401)");
}

/// A cooperativa tem rajada de 4 e 2 por segundo: a quinta requisição junta é 429, e meio segundo depois há outra ficha.
#[tokio::test(start_paused = true)]
async fn the_cooperative_runs_out_of_tokens() {
    let mut weather = Weather::new();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(send(&mut weather, &forecast(Some(COOPERATIVE_KEY))).await.0.status);
        // A primeira leva 120 ms na função; as outras saem do cache, na hora.
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    statuses.push(send(&mut weather, &forecast(Some(COOPERATIVE_KEY))).await.0.status);
    expect_same!(
        statuses,
        [200, 200, 200, 200, 429, 200],
        "cinco seguidas e uma meio segundo depois: 200 quatro vezes, 429 e 200; o seu caminho respondeu {statuses:?}"
    );
}

/// Uma função que quebra é 502; ela não é recusa do gateway, e o tempo dela conta.
#[rstest]
#[case::throws(Behavior::Throws)]
#[case::malformed(Behavior::Malformed)]
#[tokio::test(start_paused = true)]
async fn a_broken_function_is_502(#[case] behavior: Behavior) {
    let mut weather = Weather::new();
    weather.backend().behave(behavior);
    let request = Request::new(Method::Get, "/cities");
    let (response, exchange) = send(&mut weather, &request).await;
    expect_status(&request, &response, 502, "a função respondeu o que não serve");
    let latency = exchange.integration_latency;
    expect_same!(
        latency,
        Some(Duration::from_millis(120)),
        "a função levou 120 ms, e o registro diz isso; o seu diz {latency:?}"
    );
}
