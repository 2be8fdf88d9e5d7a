//! O que os testes de `lambda_proxy` usam: as chamadas de Serra Clara e as comparações de respostas.

use std::collections::BTreeMap;

use gateway::call::Call;
use gateway::lambda_proxy::Failure;
use gateway::model::{Method, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::macros::utc_datetime;

use super::expect_same;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A rota da previsão na API REST do escritório, no stage `prod`.
pub fn forecast_call() -> Call {
    Call {
        route: "/cities/{city}/forecast".to_owned(),
        resource_id: "r7f0ca".to_owned(),
        path_parameters: map(&[("city", "serra-clara")]),
        stage_variables: map(&[("model", "cosmo")]),
        stage: "prod".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "a1b2c3d4e5".to_owned(),
        domain_name: "a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com".to_owned(),
        request_id: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef".to_owned(),
        authorizer: None,
        now: utc_datetime!(2026-11-22 17:02:00.250),
    }
}

/// A rota do perfil na API HTTP do Crachá, no stage `$default`.
pub fn profile_call() -> Call {
    Call {
        route: "GET /users/{user}".to_owned(),
        resource_id: String::new(),
        path_parameters: map(&[("user", "beto")]),
        stage_variables: BTreeMap::new(),
        stage: "$default".to_owned(),
        api_id: "c9d8e7f6g5".to_owned(),
        domain_name: "c9d8e7f6g5.execute-api.sa-east-1.amazonaws.com".to_owned(),
        request_id: "JKJaXmPLvHcESHA=".to_owned(),
        ..forecast_call()
    }
}

/// Uma chamada sem nada que vire um mapa: nem parâmetros, nem variáveis de stage.
pub fn bare(call: Call) -> Call {
    Call { path_parameters: BTreeMap::new(), stage_variables: BTreeMap::new(), ..call }
}

pub fn get(target: &str) -> Request {
    Request::new(Method::Get, target)
}

/// Os tipos binários de uma API REST.
pub fn types(list: &[&str]) -> Vec<String> {
    list.iter().map(|&each| each.to_owned()).collect()
}

/// O valor que um ponteiro JSON aponta; `null` quando não há.
pub fn at(event: &Value, pointer: &str) -> Value {
    event.pointer(pointer).cloned().unwrap_or_default()
}

/// Uma resposta como a pessoa a lê: `200 "{}"`.
pub fn shown(result: &Result<Response, Failure>) -> String {
    match result {
        Ok(response) => {
            let headers: Vec<String> =
                response.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{}, cabeçalhos [{}], corpo {:?}", response.status, headers.join(", "), response.body_text())
        }
        Err(failure) => format!("a falha {failure:?}"),
    }
}

/// A função devolveu `answer`, e a resposta tem este status e este corpo.
#[track_caller]
pub fn expect_answer(result: Result<Response, Failure>, status: u16, body: &str, answer: &str, rule: &str) -> Response {
    match result {
        Ok(response) if response.status == status && response.body == body.as_bytes() => response,
        other => panic!(
            "{rule}. A função devolveu {answer}, e o certo é {status} com o corpo {body:?}; o seu código deu {}",
            shown(&other)
        ),
    }
}

/// A função devolveu `answer`, que não serve.
#[track_caller]
pub fn expect_failure(result: Result<Response, Failure>, expected: Failure, answer: &str, rule: &str) {
    assert!(
        result == Err(expected),
        "{rule}. A função devolveu {answer}, e o certo é Err({expected:?}); o seu código deu {}",
        shown(&result)
    );
}

/// O evento, lido por um tipo do crate `aws_lambda_events`.
#[track_caller]
pub fn read<T: DeserializeOwned>(event: &Value) -> T {
    serde_json::from_value(event.clone())
        .unwrap_or_else(|error| panic!("uma função em Rust não conseguiria ler o seu evento ({error}): {event}"))
}

/// A resposta tem exatamente estes valores de `name`.
#[track_caller]
pub fn expect_values(response: &Response, name: &str, expected: &[&str], rule: &str) {
    let values: Vec<&str> = response.headers.get_all(name).collect();
    expect_same!(values, expected, "{rule}: `{name}` devia ter {expected:?}; na sua resposta tem {values:?}");
}

/// `expected`, pedaço por pedaço: a falha diz qual campo do evento está diferente.
#[track_caller]
pub fn expect_fields(event: &Value, expected: &[(&str, Value)], rule: &str) {
    for (pointer, value) in expected {
        let got = at(event, pointer);
        let field = pointer.trim_start_matches('/').replace('/', ".");
        expect_same!(got, *value, "{rule}: `{field}` devia ser {value}; no seu evento é {got}");
    }
}

/// O evento tem estas chaves, separadas por espaços, e nenhuma outra.
#[track_caller]
pub fn expect_keys(event: &Value, expected: &str, format: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let keys: Vec<&str> = event.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    for name in &expected {
        assert!(keys.contains(name), "o evento {format} tem a chave `{name}`; o seu tem só {keys:?}");
    }
    for name in &keys {
        assert!(expected.contains(name), "o evento {format} deste pedido não tem a chave `{name}`, mas o seu tem");
    }
}

/// Uma resposta da função em formato 1.0, com o corpo em base64.
pub fn base64_answer(body: &str) -> Value {
    json!({ "statusCode": 200, "isBase64Encoded": true, "headers": { "Content-Type": "image/png" }, "body": body })
}
