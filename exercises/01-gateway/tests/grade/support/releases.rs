//! O que os testes do passo `stages` usam: uma API com uma configuração de uma rota só e perguntas em português sobre ela.

use gateway::stages::{Api, DeploymentCanarySettings, PercentTraffic, Selected, StageError, StageVariables};
use kit::Random;

use super::expect_same;

/// A configuração dos testes: a URI de integração de `GET /cities/{city}/forecast`.
pub type Forecast = &'static str;

/// Variáveis a partir dos pares: `alias=v1, table=cities`.
#[track_caller]
pub fn variables(text: &str) -> StageVariables {
    let mut variables = StageVariables::new();
    for (name, value) in text.split(", ").filter_map(|pair| pair.split_once('=')) {
        if let Err(error) = variables.set(name, value) {
            panic!("a variável `{name}` com o valor `{value}` é aceita; o seu `set` recusou com `{error}`");
        }
    }
    variables
}

/// `com alias=v1, table=cities` ou `sem variáveis`.
fn with(variables: &StageVariables) -> String {
    if variables.iter().next().is_none() { "sem variáveis".to_owned() } else { format!("com {}", show(variables)) }
}

/// `nenhuma variável` ou `alias=v1, table=cities`.
pub fn show(variables: &StageVariables) -> String {
    let pairs: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { "nenhuma variável".to_owned() } else { pairs.join(", ") }
}

/// `ausente`, `true` ou `false`.
pub fn flag(is_canary_request: Option<bool>) -> String {
    is_canary_request.map_or("ausente".to_owned(), |flag| flag.to_string())
}

pub fn percent(percent: f64) -> PercentTraffic {
    PercentTraffic::new(percent).expect("de 0 a 100")
}

/// O pedido de um canary com esta porcentagem e estas variáveis.
#[track_caller]
pub fn canary(traffic: f64, overrides: &str) -> DeploymentCanarySettings {
    DeploymentCanarySettings { percent_traffic: percent(traffic), stage_variable_overrides: variables(overrides) }
}

/// O valor de uma operação que a AWS aceita; `what` diz qual é e por quê.
#[track_caller]
pub fn accepted<T>(what: &str, result: Result<T, StageError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}; a sua API recusou com `{error}`"),
    }
}

/// Espera uma recusa; `what` diz a operação e por que ela é recusada.
#[track_caller]
pub fn refused<T>(what: &str, result: Result<T, StageError>, expected: &StageError) {
    match result {
        Ok(_) => panic!("{what}: a AWS recusa com `{expected}`; a sua API aceitou"),
        Err(error) => {
            expect_same!(error, *expected, "{what}: a AWS recusa com `{expected}`; a sua API recusou com `{error}`")
        }
    }
}

/// O que o stage serve a uma requisição.
#[track_caller]
pub fn select<'a>(api: &'a Api<Forecast>, stage: &str, seed: u64) -> Selected<'a, Forecast> {
    match api.select(stage, &mut Random::new(seed)) {
        Some(selected) => selected,
        None => panic!("o stage `{stage}` existe; o seu `select` devolveu None"),
    }
}

/// Espera que o stage sirva esta cópia com estas variáveis, em qualquer sorteio; `rule` diz por quê.
#[track_caller]
pub fn expect_served(api: &Api<Forecast>, stage: &str, configuration: Forecast, expected: &str, rule: &str) {
    let expected = variables(expected);
    for seed in 1..=5 {
        let selected = select(api, stage, seed);
        expect_same!(
            (*selected.configuration, &selected.variables),
            (configuration, &expected),
            "{rule}: `{stage}` serve `{configuration}`, {}; a sua API serviu `{}` ({}), {}",
            with(&expected),
            selected.configuration,
            selected.deployment_id,
            with(&selected.variables)
        );
        expect_same!(
            api.deployment(selected.deployment_id),
            Some(selected.configuration),
            "{rule}: `deployment_id` e `configuration` são do mesmo deployment; a sua API devolveu {} com a cópia de outro",
            selected.deployment_id
        );
    }
}
