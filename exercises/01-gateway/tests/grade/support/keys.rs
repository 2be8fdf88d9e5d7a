//! O que o passo `api_keys` precisa para testar: a conta do escritório e um jeito de contar o que saiu.

use gateway::api_keys::{Account, ApiKey, ApiKeySource, ApiStage, Client, ControlError, Target, UsagePlan, forbidden};
use gateway::model::{Method, Refusal, Request};

pub const WEATHER: &str = "a1b2c3d4e5";
pub const RADAR: &str = "r4d4r5e6r7";

/// O valor da chave da cooperativa e o da Defesa Civil.
pub const WINE: &str = "cooperativaSerraClara2026";
pub const CIVIL: &str = "defesaCivilSerraClara2026";
/// O valor da chave antiga da cooperativa, que está desabilitada.
pub const OLD: &str = "cooperativaSerraClara2019";

pub fn key(id: &str, value: &str) -> ApiKey {
    ApiKey { id: id.into(), name: format!("chave {id}"), value: value.into(), enabled: true }
}

pub fn plan(id: &str, stages: &[(&str, &str)], keys: &[&str]) -> UsagePlan {
    UsagePlan {
        id: id.into(),
        api_stages: stages.iter().map(|(api, stage)| ApiStage::new(api, stage)).collect(),
        key_ids: keys.iter().map(ToString::to_string).collect(),
    }
}

/// A conta do escritório: a cooperativa conta em `parceiros` no stage `prod` e em `testes` no stage `dev`.
pub fn office() -> Account {
    Account {
        keys: vec![key("wine", WINE), key("civil", CIVIL), ApiKey { enabled: false, ..key("old", OLD) }],
        plans: vec![
            plan("vazio", &[(WEATHER, "prod"), (WEATHER, "dev")], &[]),
            plan("testes", &[(WEATHER, "dev")], &["wine"]),
            plan("parceiros", &[(WEATHER, "prod"), (RADAR, "prod"), (RADAR, "v2")], &["wine"]),
        ],
    }
}

pub fn target(api_id: &str, stage: &str) -> Target {
    Target { at: ApiStage::new(api_id, stage), api_key_source: ApiKeySource::Header, api_key_required: true }
}

/// A previsão, sem chave.
pub fn forecast() -> Request {
    Request::new(Method::Get, "/cities/serra-clara/forecast")
}

/// A previsão, com esta chave no cabeçalho.
pub fn with_key(value: &str) -> Request {
    forecast().header("x-api-key", value)
}

pub fn client(usage_plan_id: &str) -> Result<Option<Client>, Refusal> {
    Ok(Some(Client { key_id: "wine".into(), usage_plan_id: usage_plan_id.into() }))
}

/// O resultado de `identify` em uma frase.
pub fn told(result: &Result<Option<Client>, Refusal>) -> String {
    match result {
        Ok(Some(client)) => format!("a chave {} no plano {}", client.key_id, client.usage_plan_id),
        Ok(None) => "ninguém a identificar (None)".into(),
        Err(refusal) if *refusal == forbidden() => "a recusa forbidden(), 403 `Forbidden`".into(),
        Err(refusal) => format!("a recusa `{refusal}`"),
    }
}

/// O resultado de uma configuração em uma frase.
pub fn done<T>(result: &Result<T, ControlError>) -> String {
    match result {
        Ok(_) => "Ok".into(),
        Err(error) => format!("o erro `{error}`"),
    }
}

/// As chaves em uma linha: `id (nome): valor`.
pub fn listed(keys: &[ApiKey]) -> String {
    let each = |key: &ApiKey| {
        let state = if key.enabled { "habilitada" } else { "desabilitada" };
        format!("{} ({}, {state}): {}", key.id, key.name, key.value)
    };
    if keys.is_empty() { "nenhuma".into() } else { keys.iter().map(each).collect::<Vec<_>>().join("; ") }
}

/// Os stages de um plano em uma linha.
pub fn stages(plan: &UsagePlan) -> String {
    plan.api_stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Os planos em que uma chave está, em ordem alfabética.
pub fn plans_of<'a>(account: &'a Account, key_id: &str) -> Vec<&'a str> {
    let joined = |plan: &&UsagePlan| plan.key_ids.iter().any(|id| id == key_id);
    let mut found: Vec<_> = account.plans.iter().filter(joined).map(|plan| plan.id.as_str()).collect();
    found.sort_unstable();
    found
}
