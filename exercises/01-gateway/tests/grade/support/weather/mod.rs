//! A API do Escritório de Meteorologia inteira: os passos do capítulo ligados uns aos outros.
//!
//! ```text
//!   Weather ── Parts ──▶ routing, stages, authorizers, api_keys, throttling, validation, caching, mapping, lambda_proxy
//!      └─ backend: a função do Lambda, com as cidades e os alertas
//! ```
//!
//! Os passos são os de `crate::ready`: nos testes, os de referência; no laboratório, os de quem lê. Como os dois crates têm os seus
//! próprios tipos, [`convert`] leva requisições e respostas de um lado a outro.

mod backend;
mod configuration;
mod convert;
mod signing;

use std::collections::BTreeMap;
use std::time::Duration;

use gateway::exchange::{Cached, Caller, Matched, Parts, StageInfo, Verdict};
use gateway::model::{Refusal, Request, Response};
use time::UtcDateTime;
use tokio::time::Instant;

use crate::ready;
use crate::ready::caching::{InvalidateCache, Lookup, Pending};
use crate::ready::call::Call;
use crate::ready::lambda_proxy;
use crate::ready::mapping::{choose_template, mock_status, render, select_response};
use crate::ready::template::{Outcome, Passage, PassthroughBehavior, TemplateInput};

pub use backend::{Backend, Behavior};
use configuration::{Authorization, Configuration, Integration, MethodSetup};
pub use configuration::{
    CIVIL_DEFENSE_ACCESS_KEY, CIVIL_DEFENSE_SECRET, CIVIL_DEFENSE_TOKEN, COOPERATIVE_KEY, READER_TOKEN, REVOKED_KEY,
    TRAINEE_ACCESS_KEY, TRAINEE_SECRET,
};
pub use signing::sign;

/// Quando a história começa: 14h02 de 22 de novembro de 2026 em Serra Clara (17h02 UTC).
pub const START: i64 = 1_795_366_920;

/// A API, com o que muda de uma requisição para a outra.
pub struct Weather {
    configuration: Configuration,
    limiter: ready::throttling::Limiter,
    cache: ready::caching::Cache,
    random: kit::Random,
    backend: Backend,
    origin: Instant,
    /// O que se soube da requisição atual.
    current: Current,
}

#[derive(Default)]
struct Current {
    deployment: String,
    stage_variables: BTreeMap<String, String>,
    invalidate: Option<InvalidateCache>,
    pending: Option<Pending>,
}

impl Weather {
    pub fn new() -> Self {
        let backend = Backend::new();
        let configuration = Configuration::new(&backend);
        Self {
            limiter: ready::throttling::Limiter::new(configuration.limits()),
            cache: ready::caching::Cache::new(),
            random: kit::Random::new(22),
            backend,
            configuration,
            origin: Instant::now(),
            current: Current::default(),
        }
    }

    /// A função por trás da API.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// A API e o stage.
    pub fn info() -> StageInfo {
        let [region, account_id, api_id, stage] =
            [configuration::REGION, configuration::ACCOUNT, configuration::API, configuration::STAGE]
                .map(str::to_owned);
        StageInfo { region, account_id, api_id, stage }
    }

    /// A hora: o começo da história mais o que andou o relógio do tokio.
    pub fn now(&self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(START).unwrap_or(UtcDateTime::UNIX_EPOCH) + self.origin.elapsed()
    }

    fn setup(&self, matched: &Matched) -> &MethodSetup {
        self.configuration.method(&matched.resource_path, matched.method)
    }

    fn call(&self, matched: &Matched, caller: &Caller) -> Call {
        let authorizer = caller.principal_id.as_ref().map(|principal_id| {
            let mut told = serde_json::Map::from_iter([("principalId".to_owned(), principal_id.clone().into())]);
            told.extend(caller.context.iter().map(|(name, value)| (name.clone(), value.clone().into())));
            serde_json::Value::Object(told)
        });
        Call {
            route: matched.resource_path.clone(),
            resource_id: "r1".to_owned(),
            path_parameters: matched.path_parameters.clone(),
            stage_variables: self.current.stage_variables.clone(),
            stage: configuration::STAGE.to_owned(),
            account_id: configuration::ACCOUNT.to_owned(),
            api_id: configuration::API.to_owned(),
            domain_name: format!("{}.execute-api.{}.amazonaws.com", configuration::API, configuration::REGION),
            request_id: "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11".to_owned(),
            authorizer,
            now: self.now(),
        }
    }
}

impl Parts for Weather {
    fn route(&mut self, request: &Request) -> Result<Matched, Refusal> {
        self.current = Current::default();
        let request = convert::request(request);
        let Some(selected) = self.configuration.stages.select(configuration::STAGE, &mut self.random) else {
            return Err(convert::refusal(ready::model::Refusal::new(
                ready::model::GatewayResponseType::MissingAuthenticationToken,
                "Missing Authentication Token",
            )));
        };
        self.current.deployment = selected.deployment_id.to_string();
        let variables = selected.variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.current.stage_variables = variables.collect();
        let found = selected.configuration.route(&request).map_err(convert::refusal)?;
        Ok(Matched {
            method: convert::method_back(request.method),
            resource_path: found.resource_path,
            path_parameters: found.path_parameters,
        })
    }

    fn resource_policy(&mut self, request: &Request, _: &Matched) -> Option<Verdict> {
        use crate::ready::authorizers::{Decision, evaluate};

        // O escritório bloqueia a faixa de endereços de um robô; a condição da política é conferida aqui.
        let blocked = request.source_ip.starts_with(configuration::BLOCKED_NETWORK);
        let arn = Self::info().method_arn(request.method, &request.path);
        let policy = if blocked { &self.configuration.blocked_policy } else { &self.configuration.resource_policy };
        Some(match evaluate(policy, ready::policy::INVOKE, &arn) {
            Decision::Allow => Verdict::Allow,
            Decision::ImplicitDeny => Verdict::Silent,
            Decision::ExplicitDeny => Verdict::Deny,
        })
    }

    async fn authenticate(&mut self, request: &Request, matched: &Matched) -> Result<Caller, Refusal> {
        let arn = configuration::method_arn(convert::method(request.method), &request.path);
        let theirs = convert::request(request);
        match self.setup(matched).authorization {
            Authorization::None => Ok(Caller::default()),
            Authorization::Iam => {
                let now = self.now();
                let user = ready::authorizers::authorize_iam(&theirs, &arn, &self.configuration.users, now);
                let user = user.map_err(convert::refusal)?;
                let caller = Caller {
                    verdict: Some(Verdict::Allow),
                    principal_id: Some(user.access_key_id.clone()),
                    ..Caller::default()
                };
                self.current.invalidate = Some(InvalidateCache::Allowed);
                Ok(caller)
            }
            Authorization::Lambda => {
                let mut call = ready::lambda_authorizer::MethodCall::new(theirs, arn);
                call.resource.clone_from(&matched.resource_path);
                call.path_parameters.clone_from(&matched.path_parameters);
                let grant = self.configuration.authorizer.authorize(&call).await.map_err(convert::refusal)?;
                Ok(Caller {
                    verdict: Some(Verdict::Allow),
                    principal_id: Some(grant.principal_id),
                    context: grant.context,
                    usage_identifier_key: grant.usage_identifier_key,
                    ..Caller::default()
                })
            }
        }
    }

    fn usage_plan(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<(), Refusal> {
        let target = ready::api_keys::Target {
            at: ready::api_keys::ApiStage::new(configuration::API, configuration::STAGE),
            api_key_source: ready::api_keys::ApiKeySource::Header,
            api_key_required: self.setup(matched).api_key_required,
        };
        let theirs = convert::request(request);
        let identified = self.configuration.account.identify(&target, &theirs, caller.usage_identifier_key.as_deref());
        let client = identified.map_err(convert::refusal)?;
        let call = ready::limits::Call {
            api_id: configuration::API,
            stage: configuration::STAGE,
            resource: &matched.resource_path,
            method: convert::method(matched.method),
            api_key: client.as_ref().map(|client| client.key_id.as_str()),
        };
        let now = self.now();
        self.limiter.admit(&call, now).map_err(|exceeded| convert::refusal(exceeded.refusal()))
    }

    fn validate(&mut self, request: &Request, matched: &Matched) -> Result<(), Refusal> {
        let theirs = convert::request(request);
        let checked = ready::validation::validate(
            &self.configuration.validation,
            &self.setup(matched).request,
            &theirs,
            &matched.path_parameters,
        );
        checked.map_err(|invalid| convert::refusal(invalid.into()))
    }

    fn cached(&mut self, request: &Request, matched: &Matched, _: &Caller) -> Result<Cached, Refusal> {
        let method = convert::method(matched.method);
        let settings = self.configuration.caching.caching(&matched.resource_path, method);
        let (Some(settings), Some(integration)) = (settings, &self.setup(matched).cache) else {
            return Ok(Cached::Off);
        };
        let theirs = convert::request(request);
        let key = integration.key(&self.current.deployment, &theirs, &matched.path_parameters);
        let permission = self.current.invalidate.unwrap_or(InvalidateCache::Denied);
        let now = self.now();
        let found = self.cache.lookup(key, &theirs, &settings, permission, now).map_err(convert::refusal)?;
        Ok(match found {
            Lookup::Hit(response) => Cached::Hit(convert::response(response)),
            Lookup::Miss(pending) => {
                self.current.pending = Some(pending);
                Cached::Miss
            }
        })
    }

    async fn integrate(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<Response, Refusal> {
        let theirs = convert::request(request);
        match &self.setup(matched).integration {
            Integration::Proxy(timeout) => {
                let integration = lambda_proxy::Integration {
                    timeout: *timeout,
                    ..lambda_proxy::Integration::rest(self.backend.function().clone(), &[])
                };
                let call = self.call(matched, caller);
                match integration.send(&theirs, &call).await {
                    Ok(response) => Ok(convert::response(response)),
                    Err(failure) => match failure.refusal() {
                        Some(refusal) => Err(convert::refusal(refusal)),
                        None => Ok(convert::response(failure.response(&integration.api))),
                    },
                }
            }
            Integration::Mapped { request: templates, responses, mock } => {
                let mut input = TemplateInput::of(&theirs, matched.path_parameters.clone().into_iter().collect());
                input.context = self.call(matched, caller).context_v1(&theirs);
                input.stage_variables = self.current.stage_variables.clone().into_iter().collect();
                let content_type = theirs.headers.get("Content-Type");
                let passage = choose_template(templates, PassthroughBehavior::WhenNoTemplates, content_type);
                let body = match passage.map_err(convert::refusal)? {
                    Passage::AsIs => input.body.clone(),
                    Passage::Transform(template) => {
                        render(template, &input).map_err(|_| convert::misconfigured())?.body
                    }
                };
                let (answer, status) = if *mock {
                    (String::new(), mock_status(&body).map_err(convert::refusal)?)
                } else {
                    (self.backend.list_alerts(theirs.query.get("city").unwrap_or_default()), 200)
                };
                let chosen = select_response(responses, &Outcome::Status(status)).map_err(convert::refusal)?;
                let accept = theirs.headers.get("Accept");
                input.body = answer;
                let body = match chosen.template(accept) {
                    Some(template) => render(template, &input).map_err(|_| convert::misconfigured())?.body,
                    None => input.body,
                };
                let response = Response::new(chosen.status_code).header("Content-Type", "application/json");
                Ok(response.body(body))
            }
        }
    }

    fn store(&mut self, _: &Request, _: &Matched, response: Response) -> Response {
        let Some(pending) = self.current.pending.take() else { return response };
        let now = self.now();
        convert::response(self.cache.store(pending, convert::response_in(response), now))
    }
}

/// O tempo que a função leva para responder.
pub const RUN_TIME: Duration = Duration::from_millis(120);
