//! A chave das perguntas do capítulo 01: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use gateway::api_keys::{Account, ApiKey, ApiKeySource, ApiStage, Target, UsagePlan};
use gateway::authorizers::{Identity, LambdaAuthorizer};
use gateway::caching::{Cache, IntegrationCache, InvalidateCache, Lookup, MethodSettings, Ttl};
use gateway::call::Call;
use gateway::exchange::{Arrival, Cached, Caller, Matched, Parts, StageInfo, Verdict};
use gateway::function::Function;
use gateway::lambda_authorizer::{IdentitySource, MethodCall};
use gateway::lambda_proxy::Integration;
use gateway::limits::{self, Limits, Throttle};
use gateway::model::{GatewayResponseType, Method, Refusal, Request, Response};
use gateway::pipeline::{GatewayResponses, handle};
use gateway::policy::MethodArn;
use gateway::routing::RestApi;
use gateway::schema::Models;
use gateway::stages::{self, DeploymentCanarySettings, PercentTraffic, StageVariables};
use gateway::throttling::Limiter;
use gateway::validation::{self, MethodRequest, RequestValidator, validate};
use kit::Random;
use kit::key::{self, Key};
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;
use tokio::time::{Instant, sleep, sleep_until};

const MINUTE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("missing-authentication-token", missing_authentication_token())
            .quiz("monday-deployment", monday_deployment())
            .quiz("readings-in-an-hour", readings_in_an_hour())
            .quiz("two-bursts", two_bursts())
            .quiz("revoked-token", revoked_token().await)
            .quiz("who-gets-in", who_gets_in())
            .quiz("slow-alert", slow_alert().await)
            .quiz("one-defect-at-a-time", one_defect_at_a_time().await);
        facts::add(key)
    })
}

/// Os nomes do que aconteceu, na ordem.
fn happened(all: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    all.into_iter().filter_map(|(name, happened)| happened.then_some(name)).collect()
}

/// As 14h02 de Serra Clara, no domingo do granizo.
fn two_past_two() -> UtcDateTime {
    utc_datetime!(2026-11-22 17:02)
}

/// Uma API REST com estes métodos.
fn rest_api(routes: &[&str]) -> RestApi {
    let mut api = RestApi::new();
    for route in routes {
        api.define(route).expect("um método que a AWS aceita");
    }
    api
}

fn missing_authentication_token() -> Vec<&'static str> {
    let routes =
        ["GET /alerts", "POST /alerts", "GET /alerts/today", "DELETE /alerts/{alertId}", "ANY /stations/{proxy+}"];
    let api = rest_api(&routes);
    let requests = [
        ("delete_today", Method::Delete, "/alerts/today"),
        ("get_one", Method::Get, "/alerts/105"),
        ("trailing_slash", Method::Get, "/alerts/"),
        ("head", Method::Head, "/alerts"),
        ("no_station", Method::Get, "/stations"),
        ("station_readings", Method::Patch, "/stations/7/readings"),
    ];
    happened(requests.map(|(name, method, path)| (name, api.route(&Request::new(method, path)).is_err())))
}

/// Os deployments que mil requisições recebem depois da implantação de segunda.
fn monday_deployment() -> String {
    let mut api = stages::Api::new("sexta");
    api.create_deployment("prod").expect("o primeiro deployment cria o stage");
    let percent_traffic = PercentTraffic::new(10.0).expect("uma porcentagem");
    let settings = DeploymentCanarySettings { percent_traffic, stage_variable_overrides: StageVariables::new() };
    api.create_canary_deployment("prod", settings).expect("o stage existe");
    api.promote_canary("prod").expect("o stage tem canary");
    api.configuration = "segunda";
    // Aceita ou recusada, quem conta o que houve são as requisições.
    let _ = api.create_deployment("prod");
    let mut random = Random::new(22);
    let served: BTreeSet<_> =
        (0..1_000).filter_map(|_| api.select("prod", &mut random)).map(|selected| selected.deployment_id).collect();
    served.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Quantas requisições chegam à integração, uma por minuto durante uma hora.
fn readings_in_an_hour() -> u64 {
    const CITY: &str = "method.request.path.city";
    let declared = BTreeMap::from([(CITY.to_owned(), true)]);
    let integration = IntegrationCache::new("forecast", None, &[CITY], &declared).expect("o método declara `city`");
    let settings = MethodSettings::cached(Ttl::new(None).expect("o TTL padrão"));
    let path = BTreeMap::from([("city".to_owned(), "serra-clara".to_owned())]);
    let request = Request::new(Method::Get, "/cities/serra-clara/forecast");
    let mut cache = Cache::new();
    for minute in 0..60 {
        let now = utc_datetime!(2026-11-22 20:00) + MINUTE * minute;
        let key = integration.key("d1", &request, &path);
        let lookup = cache.lookup(key, &request, &settings, InvalidateCache::Denied, now).expect("ninguém invalida");
        if let Lookup::Miss(pending) = lookup {
            cache.store(pending, Response::new(200), now + Duration::from_secs(2));
        }
    }
    cache.metrics().cache_miss_count
}

/// Quantas requisições passam, de duas chaves que mandam 20 de uma vez, duas vezes.
fn two_bursts() -> usize {
    const KEYS: [&str; 2] = ["wine", "radio"];
    let start = two_past_two();
    let api_stage =
        limits::ApiStage { api_id: "tempo".to_owned(), stage: "prod".to_owned(), throttle: BTreeMap::new() };
    let plan = limits::UsagePlan {
        id: "parceiros".to_owned(),
        api_keys: KEYS.map(str::to_owned).to_vec(),
        api_stages: vec![api_stage],
        throttle: Some(Throttle::new(5.0, 10)),
        quota: None,
        since: start,
    };
    let account = Throttle::of_account("sa-east-1");
    let mut limiter = Limiter::new(Limits { plans: vec![plan], stages: Vec::new(), account, region: None });
    let mut passed = 0;
    for second in 0..2 {
        let now = start + Duration::from_secs(second);
        for key in KEYS {
            let call = limits::Call {
                api_id: "tempo",
                stage: "prod",
                resource: "/alerts",
                method: Method::Get,
                api_key: Some(key),
            };
            passed += (0..20).filter(|_| limiter.admit(&call, now).is_ok()).count();
        }
    }
    passed
}

/// O que a função de um authorizer devolve, com a mesma decisão para qualquer método.
fn policy(effect: &str) -> Value {
    let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": "*" });
    json!({ "principalId": "celia", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

fn token_authorizer(ttl_seconds: Option<u32>, function: Function) -> LambdaAuthorizer {
    let source = IdentitySource::Header("Authorization".to_owned());
    LambdaAuthorizer::new(Identity::Token { source, validation: None }, ttl_seconds, function).expect("um TTL aceito")
}

fn method_call(request: &Request) -> MethodCall {
    let arn = MethodArn {
        region: "sa-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "tempo".to_owned(),
        stage: "prod".to_owned(),
        method: request.method,
        path: request.path.clone(),
    };
    MethodCall::new(request.clone(), arn)
}

/// A hora da primeira chamada recusada.
async fn revoked_token() -> String {
    let start = Instant::now();
    let function = Function::new(move |_| policy(if start.elapsed() < MINUTE * 10 { "Allow" } else { "Deny" }));
    let authorizer = token_authorizer(Some(3_600), function);
    let call = method_call(&Request::new(Method::Get, "/alerts").header("Authorization", "celia-2026"));
    for minute in [0, 25, 50, 65, 80, 105] {
        sleep_until(start + MINUTE * minute).await;
        if authorizer.authorize(&call).await.is_err() {
            return format!("{}h{:02}", 14 + minute / 60, minute % 60);
        }
    }
    "never".to_owned()
}

/// A chave da cooperativa e a da rádio, desabilitada, no plano dos parceiros.
fn partners() -> Account {
    let key = |id: &str, value: &str, enabled| ApiKey {
        id: id.to_owned(),
        name: id.to_owned(),
        value: value.to_owned(),
        enabled,
    };
    let plan = UsagePlan {
        id: "parceiros".to_owned(),
        api_stages: vec![ApiStage::new("tempo", "prod"), ApiStage::new("radar", "v2")],
        key_ids: Vec::new(),
    };
    let mut account = Account { keys: Vec::new(), plans: vec![plan] };
    for key in [key("k1", WINE, true), key("k2", RADIO, false)] {
        let id = key.id.clone();
        account.create_api_key(key).expect("uma chave que a AWS aceita");
        account.create_usage_plan_key("parceiros", &id).expect("o plano não tem a chave");
    }
    account
}

const WINE: &str = "cooperativaSerraClara2026";
const RADIO: &str = "radioSerraClaraFm2026";

fn who_gets_in() -> Vec<&'static str> {
    let account = partners();
    let calls = [
        ("other_stage", "tempo", "dev", "/cities/serra-clara/forecast", WINE),
        ("other_api", "radar", "v2", "/invoices", WINE),
        ("id_not_value", "tempo", "prod", "/cities/serra-clara/forecast", "k1"),
        ("health", "tempo", "prod", "/health", RADIO),
        ("disabled", "tempo", "prod", "/cities/serra-clara/forecast", RADIO),
    ];
    happened(calls.map(|(name, api_id, stage, path, key)| {
        let target = Target {
            at: ApiStage::new(api_id, stage),
            api_key_source: ApiKeySource::Header,
            api_key_required: path != "/health",
        };
        let request = Request::new(Method::Get, path).header("x-api-key", key);
        (name, account.identify(&target, &request, None).is_ok())
    }))
}

fn proxy_call(route: &str) -> Call {
    Call {
        route: route.to_owned(),
        resource_id: "al3rts".to_owned(),
        path_parameters: BTreeMap::new(),
        stage_variables: BTreeMap::new(),
        stage: "prod".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "tempo".to_owned(),
        domain_name: "tempo.execute-api.sa-east-1.amazonaws.com".to_owned(),
        request_id: "7c1f".to_owned(),
        authorizer: None,
        now: two_past_two(),
    }
}

/// A função que publica um alerta, em 40 s.
fn slow_function() -> Function {
    Function::always(json!({ "statusCode": 200 })).taking(Duration::from_secs(40))
}

/// Quantas execuções começam: cada uma grava o alerta, porque o gateway que desiste não as interrompe.
async fn slow_alert() -> usize {
    let function = slow_function();
    let integration = Integration::rest(function.clone(), &[]);
    let request = Request::new(Method::Post, "/alerts").body(ALERT);
    for _ in 0..3 {
        let answer = integration.send(&request, &proxy_call("/alerts")).await;
        let response = answer.unwrap_or_else(|failure| failure.response(&integration.api));
        if response.status < 500 {
            break;
        }
        sleep(MINUTE).await;
    }
    function.runs()
}

const ALERT: &str = r#"{"kind":"granizo","city":"serra-clara","severity":4}"#;

/// `POST /alerts` com tudo ligado; cada etapa é o passo que a ensina.
struct Office {
    api: RestApi,
    authorizer: LambdaAuthorizer,
    account: Account,
    validation: validation::Api,
    method: MethodRequest,
    integration: Integration,
}

impl Parts for Office {
    fn route(&mut self, request: &Request) -> Result<Matched, Refusal> {
        let found = self.api.route(request)?;
        let (resource_path, path_parameters) = (found.resource_path, found.path_parameters);
        Ok(Matched { method: request.method, resource_path, path_parameters })
    }

    fn resource_policy(&mut self, _: &Request, _: &Matched) -> Option<Verdict> {
        None
    }

    async fn authenticate(&mut self, request: &Request, _: &Matched) -> Result<Caller, Refusal> {
        let grant = self.authorizer.authorize(&method_call(request)).await?;
        Ok(Caller { verdict: Some(Verdict::Allow), principal_id: Some(grant.principal_id), ..Caller::default() })
    }

    fn usage_plan(&mut self, request: &Request, _: &Matched, caller: &Caller) -> Result<(), Refusal> {
        let target =
            Target { at: ApiStage::new("tempo", "prod"), api_key_source: ApiKeySource::Header, api_key_required: true };
        self.account.identify(&target, request, caller.usage_identifier_key.as_deref()).map(|_| ())
    }

    fn validate(&mut self, request: &Request, matched: &Matched) -> Result<(), Refusal> {
        Ok(validate(&self.validation, &self.method, request, &matched.path_parameters)?)
    }

    fn cached(&mut self, _: &Request, _: &Matched, _: &Caller) -> Result<Cached, Refusal> {
        Ok(Cached::Off)
    }

    async fn integrate(&mut self, request: &Request, matched: &Matched, _: &Caller) -> Result<Response, Refusal> {
        let answer = self.integration.send(request, &proxy_call(&matched.resource_path)).await;
        answer.or_else(|failure| failure.refusal().map_or_else(|| Ok(failure.response(&self.integration.api)), Err))
    }

    fn store(&mut self, _: &Request, _: &Matched, response: Response) -> Response {
        response
    }
}

fn office() -> Office {
    let alert = json!({ "type": "object", "required": ["kind", "city", "severity"], "properties": {
        "kind": { "type": "string" },
        "city": { "type": "string" },
        "severity": { "type": "integer", "minimum": 1, "maximum": 5 } } });
    let models = Models::new("tempo", [("Alert", alert)]).expect("um modelo que compila");
    Office {
        api: rest_api(&["GET /alerts", "POST /alerts"]),
        authorizer: token_authorizer(None, Function::always(policy("Allow"))),
        account: partners(),
        validation: validation::Api { request_validator: Some(RequestValidator::ALL), models },
        method: MethodRequest {
            request_validator: None,
            request_parameters: BTreeMap::from([("method.request.header.X-Publisher".to_owned(), true)]),
            request_models: BTreeMap::from([("application/json".to_owned(), "Alert".to_owned())]),
        },
        integration: Integration::rest(slow_function(), &[]),
    }
}

/// As recusas, na ordem em que aparecem a quem conserta a causa de cada uma e chama de novo.
async fn one_defect_at_a_time() -> Vec<String> {
    let mut office = office();
    let info = StageInfo {
        region: "sa-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "tempo".to_owned(),
        stage: "prod".to_owned(),
    };
    let arrival = Arrival { request_id: "7c1f".to_owned(), at: two_past_two() };
    let mut request = Request::new(Method::Post, "/alert").body(ALERT.replace('4', "\"4\""));
    let mut refusals = Vec::new();
    loop {
        let (_, exchange) = handle(&mut office, &request, &info, &GatewayResponses::default(), &arrival).await;
        let Some(Refusal { kind, .. }) = exchange.refusal else { return refusals };
        refusals.push(kind.to_string());
        request = match kind {
            GatewayResponseType::MissingAuthenticationToken => Request { path: "/alerts".to_owned(), ..request },
            GatewayResponseType::Unauthorized => request.header("Authorization", "celia-2026"),
            GatewayResponseType::InvalidApiKey => request.header("x-api-key", WINE),
            GatewayResponseType::BadRequestParameters => request.header("X-Publisher", "defesa-civil"),
            GatewayResponseType::BadRequestBody => request.body(ALERT),
            // O último defeito é da função; uma recusa que a cena não tem acabaria aqui também, e a lista o mostraria.
            _ => return refusals,
        };
    }
}
