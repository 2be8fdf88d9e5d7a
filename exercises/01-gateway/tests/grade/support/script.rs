//! As partes de uma API que seguem um roteiro e anotam o que foi chamado, em ordem.

use std::time::Duration;

use gateway::exchange::{Arrival, Cached, Caller, Exchange, Matched, Parts, StageInfo, Verdict};
use gateway::model::{GatewayResponseType, Method, Refusal, Request, Response};
use gateway::pipeline::{GatewayResponses, handle};
use time::UtcDateTime;

/// As etapas que podem recusar, na ordem do caminho.
pub const STAGES: [&str; 7] =
    ["route", "resource_policy", "authenticate", "usage_plan", "validate", "cached", "integrate"];

pub struct Script {
    /// O que foi chamado.
    pub calls: Vec<&'static str>,
    pub refuse: Option<(&'static str, Refusal)>,
    pub resource_policy: Option<Verdict>,
    pub caller: Caller,
    pub cached: Cached,
    pub response: Response,
    pub authorizer_time: Duration,
    pub integration_time: Duration,
    pub stored: Vec<Response>,
}

impl Script {
    /// Tudo dá certo, sem cache e na hora.
    pub fn new() -> Self {
        Self {
            calls: Vec::new(),
            refuse: None,
            resource_policy: None,
            caller: Caller::default(),
            cached: Cached::Off,
            response: Response::new(200).body(r#"{"city":"serra-clara","celsius":11}"#),
            authorizer_time: Duration::ZERO,
            integration_time: Duration::ZERO,
            stored: Vec::new(),
        }
    }

    /// A etapa `stage` recusa com este tipo.
    pub fn refusing(stage: &'static str, kind: GatewayResponseType) -> Self {
        Self { refuse: Some((stage, Refusal::new(kind, "não pode"))), ..Self::new() }
    }

    fn call(&mut self, stage: &'static str) -> Result<(), Refusal> {
        self.calls.push(stage);
        match &self.refuse {
            Some((at, refusal)) if *at == stage => Err(refusal.clone()),
            _ => Ok(()),
        }
    }

    /// Leva uma requisição pelo caminho inteiro.
    pub async fn serve(&mut self, request: &Request) -> (Response, Exchange) {
        self.serve_with(request, &GatewayResponses::default()).await
    }

    pub async fn serve_with(&mut self, request: &Request, responses: &GatewayResponses) -> (Response, Exchange) {
        handle(self, request, &info(), responses, &arrival()).await
    }
}

/// O stage `prod` da API do Escritório de Meteorologia.
pub fn info() -> StageInfo {
    StageInfo {
        region: "sa-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "a1b2c3d4e5".to_owned(),
        stage: "prod".to_owned(),
    }
}

/// Às 14h02 de 22 de novembro de 2026, no horário da cidade (17h02 UTC).
pub fn arrival() -> Arrival {
    Arrival {
        request_id: "7c1f3a52-9d0e-4b6a-8f21-5e0b7a4c9d11".to_owned(),
        at: UtcDateTime::from_unix_timestamp(1_795_366_920).expect("a data do teste existe"),
    }
}

pub fn forecast() -> Request {
    Request::new(Method::Get, "/cities/serra-clara").header("User-Agent", "safra/2.1")
}

impl Parts for Script {
    fn route(&mut self, request: &Request) -> Result<Matched, Refusal> {
        self.call("route")?;
        Ok(Matched {
            method: request.method,
            resource_path: "/cities/{city}".to_owned(),
            path_parameters: [("city".to_owned(), "serra-clara".to_owned())].into(),
        })
    }

    fn resource_policy(&mut self, _: &Request, _: &Matched) -> Option<Verdict> {
        self.calls.push("resource_policy");
        self.resource_policy
    }

    async fn authenticate(&mut self, _: &Request, _: &Matched) -> Result<Caller, Refusal> {
        self.call("authenticate")?;
        if self.authorizer_time > Duration::ZERO {
            tokio::time::sleep(self.authorizer_time).await;
        }
        Ok(self.caller.clone())
    }

    fn usage_plan(&mut self, _: &Request, _: &Matched, _: &Caller) -> Result<(), Refusal> {
        self.call("usage_plan")
    }

    fn validate(&mut self, _: &Request, _: &Matched) -> Result<(), Refusal> {
        self.call("validate")
    }

    fn cached(&mut self, _: &Request, _: &Matched, _: &Caller) -> Result<Cached, Refusal> {
        self.call("cached")?;
        Ok(self.cached.clone())
    }

    async fn integrate(&mut self, _: &Request, _: &Matched, _: &Caller) -> Result<Response, Refusal> {
        if self.integration_time > Duration::ZERO {
            tokio::time::sleep(self.integration_time).await;
        }
        self.call("integrate")?;
        Ok(self.response.clone())
    }

    fn store(&mut self, _: &Request, _: &Matched, response: Response) -> Response {
        self.calls.push("store");
        self.stored.push(response.clone());
        response.header("Warning", "199")
    }
}
