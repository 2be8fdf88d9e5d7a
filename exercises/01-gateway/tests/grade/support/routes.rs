//! O que os testes do passo `routing` usam: montar uma API a partir das linhas e comparar a rota escolhida.

use gateway::model::Request;
use gateway::routing::{HttpApi, HttpMatch, PathParameters, RestApi, RestMatch};

use super::expect_same;

/// Uma API REST com estes métodos, criados nesta ordem.
#[track_caller]
pub fn rest(routes: &[&str]) -> RestApi {
    let mut api = RestApi::new();
    for route in routes {
        if let Err(error) = api.define(route) {
            panic!("`{route}` pode existir ao lado de {}; a sua API recusou com `{error}`", list(routes));
        }
    }
    api
}

/// Uma API HTTP com estes stages e estas rotas.
#[track_caller]
pub fn http(stages: &[&str], routes: &[&str]) -> HttpApi {
    HttpApi::new(stages, routes).expect("as rotas do teste estão bem escritas")
}

/// `` `GET /`, `GET /cities` ``.
pub fn list(texts: &[impl AsRef<str>]) -> String {
    match texts.is_empty() {
        true => "nenhum".to_owned(),
        false => texts.iter().map(|text| format!("`{}`", text.as_ref())).collect::<Vec<_>>().join(", "),
    }
}

/// Uma requisição: `GET /cities?days=3`.
pub fn request(line: &str) -> Request {
    let (method, target) = line.split_once(' ').expect("método e caminho");
    Request::new(method.parse().expect("um verbo"), target)
}

/// Os parâmetros a partir dos pares; `city=serra-clara, proxy=a/b`.
pub fn parameters(text: &str) -> PathParameters {
    text.split(", ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `sem parâmetros` ou `city=serra-clara, proxy=a/b`.
pub fn show(parameters: &PathParameters) -> String {
    match parameters.is_empty() {
        true => "sem parâmetros".to_owned(),
        false => parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", "),
    }
}

fn show_rest(found: &RestMatch) -> String {
    format!("{} {} ({})", found.method, found.resource_path, show(&found.path_parameters))
}

/// Espera que a API REST escolha `route`, com estes parâmetros; `rule` diz por quê.
#[track_caller]
pub fn expect_rest(api: &RestApi, line: &str, route: &str, captured: &str, rule: &str) {
    let captured = parameters(captured);
    match api.route(&request(line)) {
        Ok(found) => expect_same!(
            (format!("{} {}", found.method, found.resource_path), &found.path_parameters),
            (route.to_owned(), &captured),
            "{rule}: `{line}` é de {route} ({}); a sua API escolheu {}",
            show(&captured),
            show_rest(&found)
        ),
        Err(refusal) => panic!("{rule}: `{line}` é de {route}; a sua API recusou com {refusal}"),
    }
}

/// Espera que a API HTTP escolha `route` neste stage, com estes parâmetros; `rule` diz por quê.
#[track_caller]
pub fn expect_http(api: &HttpApi, line: &str, stage: &str, route: &str, captured: &str, rule: &str) {
    let captured = parameters(captured);
    match api.route(&request(line)) {
        Ok(HttpMatch { stage: found_stage, route_key, path_parameters }) => expect_same!(
            (found_stage.as_str(), route_key.to_string(), &path_parameters),
            (stage, route.to_owned(), &captured),
            "{rule}: `{line}` vai ao stage {stage}, rota {route} ({}); a sua API escolheu o stage {found_stage}, rota \
             {route_key} ({})",
            show(&captured),
            show(&path_parameters)
        ),
        Err(response) => {
            panic!(
                "{rule}: `{line}` é da rota {route}; a sua API respondeu {} {}",
                response.status,
                response.body_text()
            )
        }
    }
}
