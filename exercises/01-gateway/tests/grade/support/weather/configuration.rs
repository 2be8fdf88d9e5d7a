//! A configuração da API: rotas, quem pode chamar o quê, validação, cache, limites e integrações.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use time::UtcDateTime;

use super::{Backend, START};
use crate::ready::api_keys::{Account, ApiKey, ApiStage, UsagePlan};
use crate::ready::authorizers::{IamUser, Identity, LambdaAuthorizer};
use crate::ready::caching::{IntegrationCache, MethodSettings, StageSettings, Ttl};
use crate::ready::function::{Function, Reply};
use crate::ready::lambda_authorizer::IdentitySource;
use crate::ready::limits::{self, Limits, Quota, QuotaPeriod, Throttle};
use crate::ready::model::Method;
use crate::ready::policy::{MethodArn, Policy};
use crate::ready::routing::RestApi;
use crate::ready::schema::Models;
use crate::ready::stages::{Api, StageVariables};
use crate::ready::template::{IntegrationResponse, Templates};
use crate::ready::validation::{self, MethodRequest, RequestValidator};

pub const REGION: &str = "sa-east-1";
pub const ACCOUNT: &str = "123456789012";
pub const API: &str = "a1b2c3d4e5";
pub const STAGE: &str = "prod";

/// A faixa de endereços que a política de recursos nega.
pub const BLOCKED_NETWORK: &str = "198.51.100.";

/// A chave da cooperativa, e uma que a Ana revogou.
pub const COOPERATIVE_KEY: &str = "cooperativaSerraClara2026";
pub const REVOKED_KEY: &str = "chaveRevogadaEmOutubro2026";

/// O token da Dona Célia, que cancela alertas, e o de quem só os lê.
pub const CIVIL_DEFENSE_TOKEN: &str = "Bearer dona-celia";
pub const READER_TOKEN: &str = "Bearer leitora";

/// A chave de acesso do sistema da Defesa Civil, que assina o que publica.
pub const CIVIL_DEFENSE_ACCESS_KEY: &str = "AKIADEFESACIVILEXAMPLE";
pub const CIVIL_DEFENSE_SECRET: &str = "segredo/da+defesa/civil";

/// A de um estagiário, que assina igual e só pode ler.
pub const TRAINEE_ACCESS_KEY: &str = "AKIAESTAGIARIOEXAMPLE";
pub const TRAINEE_SECRET: &str = "segredo/do+estagiario";

/// Quem pode chamar um método.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization {
    None,
    Iam,
    Lambda,
}

/// O que responde por um método.
#[derive(Debug, Clone)]
pub enum Integration {
    /// Lambda proxy, com este timeout.
    Proxy(Duration),
    /// Com mapping templates na ida e na volta; `mock` não chama ninguém.
    Mapped { request: Templates, responses: Vec<IntegrationResponse>, mock: bool },
}

pub struct MethodSetup {
    pub authorization: Authorization,
    pub api_key_required: bool,
    pub request: MethodRequest,
    pub cache: Option<IntegrationCache>,
    pub integration: Integration,
}

pub struct Configuration {
    pub stages: Api<RestApi>,
    pub methods: BTreeMap<String, MethodSetup>,
    pub resource_policy: Policy,
    /// A mesma, vista de dentro da faixa bloqueada: a condição do `Deny` vale.
    pub blocked_policy: Policy,
    pub users: Vec<IamUser>,
    pub authorizer: LambdaAuthorizer,
    pub account: Account,
    pub validation: validation::Api,
    pub caching: StageSettings,
}

pub fn method_arn(method: Method, path: &str) -> MethodArn {
    let [region, account_id, api_id, stage] = [REGION, ACCOUNT, API, STAGE].map(str::to_owned);
    MethodArn { region, account_id, api_id, stage, method, path: path.to_owned() }
}

fn policy(statements: &serde_json::Value) -> Policy {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    Policy::from_value(&document).unwrap_or_else(|error| panic!("a política do exemplo é válida: {error}"))
}

fn everything() -> String {
    format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*")
}

impl Configuration {
    pub fn new(_: &Backend) -> Self {
        let allow = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": everything() });
        let deny = json!({ "Effect": "Deny", "Action": "execute-api:Invoke", "Resource": everything() });
        let methods: BTreeMap<_, _> = methods().into_iter().map(|(route, setup)| (route.to_owned(), setup)).collect();
        let mut api = RestApi::new();
        for route in methods.keys() {
            api.define(route).unwrap_or_else(|error| panic!("a rota `{route}` do exemplo é válida: {error}"));
        }
        let mut stages = Api::new(api);
        let deployment = stages.snapshot();
        let created = stages.create_stage(STAGE, deployment, StageVariables::new());
        created.unwrap_or_else(|error| panic!("o stage do exemplo é válido: {error}"));
        Self {
            stages,
            methods,
            resource_policy: policy(&json!([allow])),
            blocked_policy: policy(&json!([allow, deny])),
            users: vec![
                user("defesa-civil", CIVIL_DEFENSE_ACCESS_KEY, CIVIL_DEFENSE_SECRET, "POST/alerts"),
                user("estagiario", TRAINEE_ACCESS_KEY, TRAINEE_SECRET, "GET/*"),
            ],
            authorizer: authorizer(),
            account: account(),
            validation: validation::Api { request_validator: Some(RequestValidator::ALL), models: models() },
            caching: StageSettings {
                cache_cluster_enabled: true,
                every_method: MethodSettings::cached(ttl()),
                overrides: BTreeMap::new(),
            },
        }
    }

    /// O método de um recurso: o do verbo ou o `ANY`.
    pub fn method(&self, resource_path: &str, method: gateway::model::Method) -> &MethodSetup {
        let of = |verb: &str| self.methods.get(&format!("{verb} {resource_path}"));
        of(method.as_str())
            .or_else(|| of("ANY"))
            .unwrap_or_else(|| panic!("o roteamento escolheu {method} {resource_path}, que a API não tem"))
    }

    pub fn limits(&self) -> Limits {
        let start = UtcDateTime::from_unix_timestamp(START).unwrap_or(UtcDateTime::UNIX_EPOCH);
        let api_stage = limits::ApiStage { api_id: API.to_owned(), stage: STAGE.to_owned(), throttle: BTreeMap::new() };
        Limits {
            plans: vec![limits::UsagePlan {
                id: "cooperativa".to_owned(),
                api_keys: vec!["k1".to_owned()],
                api_stages: vec![api_stage],
                throttle: Some(Throttle::new(2.0, 4)),
                quota: Some(Quota { limit: 1_000, offset: 0, period: QuotaPeriod::Day }),
                since: start,
            }],
            stages: Vec::new(),
            account: Throttle::of_account(REGION),
            region: None,
        }
    }
}

/// Um usuário do IAM que pode chamar um método (ou os que o padrão cobrir) em `prod`.
fn user(name: &str, access_key_id: &str, secret_access_key: &str, methods: &str) -> IamUser {
    let resource = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{STAGE}/{methods}");
    IamUser {
        arn: format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        policy: policy(&json!([{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource }])),
    }
}

/// O authorizer de quem cancela alertas: a Dona Célia pode tudo em `/alerts`; a leitora, nada que mude.
fn authorizer() -> LambdaAuthorizer {
    let function = Function::new(|event| {
        let who = match event["authorizationToken"].as_str() {
            Some(CIVIL_DEFENSE_TOKEN) => "dona-celia",
            Some(READER_TOKEN) => "leitora",
            _ => return Reply::Throw("Unauthorized".to_owned()),
        };
        let verbs = if who == "dona-celia" { "*" } else { "GET" };
        let resource = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{STAGE}/{verbs}/alerts*");
        Reply::Json(json!({
            "principalId": who,
            "policyDocument": { "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource }] },
            "context": { "turno": "noite" },
        }))
    });
    let source = IdentitySource::Header("Authorization".to_owned());
    let identity = Identity::Token { source, validation: None };
    LambdaAuthorizer::new(identity, Some(300), function)
        .unwrap_or_else(|error| panic!("o TTL do exemplo é válido: {error}"))
}

fn ttl() -> Ttl {
    Ttl::new(Some(300)).unwrap_or_else(|error| panic!("o TTL do exemplo é válido: {error}"))
}

fn account() -> Account {
    let key = |id: &str, name: &str, value: &str, enabled| ApiKey {
        id: id.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
        enabled,
    };
    Account {
        keys: vec![key("k1", "cooperativa", COOPERATIVE_KEY, true), key("k2", "aplicativo antigo", REVOKED_KEY, false)],
        plans: vec![UsagePlan {
            id: "cooperativa".to_owned(),
            api_stages: vec![ApiStage::new(API, STAGE)],
            key_ids: vec!["k1".to_owned(), "k2".to_owned()],
        }],
    }
}

fn models() -> Models {
    let alert = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["kind", "city", "severity"],
        "properties": {
            "kind": { "enum": ["granizo", "geada", "vendaval"] },
            "city": { "type": "string" },
            "severity": { "type": "integer", "minimum": 1, "maximum": 5 },
        },
    });
    Models::new(API, [("Alert", alert)]).unwrap_or_else(|error| panic!("o modelo do exemplo é válido: {error}"))
}

const STANDARD: Duration = Duration::from_secs(29);

fn open() -> MethodSetup {
    MethodSetup {
        authorization: Authorization::None,
        api_key_required: false,
        request: MethodRequest::default(),
        cache: None,
        integration: Integration::Proxy(STANDARD),
    }
}

fn with_parameter(name: &str, required: bool) -> MethodRequest {
    MethodRequest { request_parameters: [(name.to_owned(), required)].into(), ..MethodRequest::default() }
}

fn cached(resource_id: &str, parameters: &[&str]) -> Option<IntegrationCache> {
    let declared = parameters.iter().map(|name| ((*name).to_owned(), true)).collect();
    let cache = IntegrationCache::new(resource_id, None, parameters, &declared);
    Some(cache.unwrap_or_else(|error| panic!("a chave do cache do exemplo é válida: {error}")))
}

fn methods() -> Vec<(&'static str, MethodSetup)> {
    const CITY: &str = "method.request.path.city";
    const DAYS: &str = "method.request.querystring.days";
    let json = "application/json";
    let health = Integration::Mapped {
        request: Templates::new().with(json, r#"{"statusCode": 200}"#),
        responses: vec![IntegrationResponse {
            templates: Templates::new().with(json, r#"{"status":"de pé","stage":"$context.stage"}"#),
            ..IntegrationResponse::new(200, "")
        }],
        mock: true,
    };
    let list = "{\"alerts\":[\n#foreach($alert in $input.path('$.Items'))\n\
                {\"id\":\"$alert.alertId\",\"kind\":\"$alert.kind\",\"severity\":$alert.severity}#if($foreach.hasNext),#end\n\
                #end\n]}";
    let alerts = Integration::Mapped {
        request: Templates::new(),
        responses: vec![IntegrationResponse {
            templates: Templates::new().with(json, list),
            ..IntegrationResponse::new(200, "")
        }],
        mock: false,
    };
    let alert_model =
        MethodRequest { request_models: [(json.to_owned(), "Alert".to_owned())].into(), ..MethodRequest::default() };
    vec![
        ("GET /health", MethodSetup { integration: health, ..open() }),
        ("GET /cities", open()),
        ("GET /cities/{city}", MethodSetup { cache: cached("city", &[CITY]), ..open() }),
        (
            "GET /cities/{city}/forecast",
            MethodSetup {
                api_key_required: true,
                request: with_parameter(DAYS, false),
                cache: cached("forecast", &[CITY, DAYS]),
                ..open()
            },
        ),
        (
            "GET /alerts",
            MethodSetup {
                api_key_required: true,
                request: with_parameter("method.request.querystring.city", true),
                integration: alerts,
                ..open()
            },
        ),
        ("POST /alerts", MethodSetup { authorization: Authorization::Iam, request: alert_model, ..open() }),
        ("DELETE /alerts/{alertId}", MethodSetup { authorization: Authorization::Lambda, ..open() }),
        ("ANY /stations/{station}/{proxy+}", open()),
    ]
}
