//! O caminho inteiro de uma requisição: a ordem das etapas, a resposta de quem parou no meio, o log de acesso e as métricas.
//!
//! ```text
//!   handle ─▶ walk ─▶ as etapas, em ordem ──▶ Response ou Refusal
//!     │                                            │
//!     ├── GatewayResponses::render ◀── Refusal ────┘
//!     └── Exchange ─▶ access_log, metrics
//! ```
//!
//! Segue `apigateway-authorization-flow`, `supported-gateway-response-types`, `set-up-logging` e
//! `api-gateway-metrics-and-dimensions`, do guia do API Gateway.

use std::collections::BTreeMap;

use crate::exchange::{Account, Arrival, Exchange, Parts, StageInfo, Verdict, masked};
use crate::model::{GatewayResponseType, Refusal, Request, Response};

/// O maior corpo que uma API REST aceita, em bytes.
pub const MAXIMUM_PAYLOAD: usize = 10_485_760;

/// O corpo de uma gateway response que ninguém mudou.
pub const DEFAULT_TEMPLATE: &str = r#"{"message":$context.error.messageString}"#;

/// O que o dono da API mudou em uma gateway response; `None` é o que ele deixou como estava.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customization {
    /// O status.
    pub status: Option<u16>,
    /// Cabeçalhos a mais.
    pub headers: Vec<(String, String)>,
    /// O modelo do corpo, com as variáveis `$context.error.*`.
    pub template: Option<String>,
}

/// As gateway responses de uma API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayResponses {
    /// As de um tipo só.
    pub by_type: BTreeMap<GatewayResponseType, Customization>,
    /// `DEFAULT_4XX`.
    pub default_4xx: Option<Customization>,
    /// `DEFAULT_5XX`.
    pub default_5xx: Option<Customization>,
}

/// Troca cada `$context.NOME` de `template` pelo que `value` diz dele.
///
/// Um nome é feito de letras, algarismos, `_` e `.`, e não termina em ponto.
pub fn substitute(template: &str, mut value: impl FnMut(&str) -> String) -> String {
    const PREFIX: &str = "$context.";
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find(PREFIX) {
        out.push_str(&rest[..start]);
        let after = &rest[start + PREFIX.len()..];
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(after.len());
        let name = after[..end].trim_end_matches('.');
        out.push_str(&value(name));
        rest = &after[name.len()..];
    }
    out.push_str(rest);
    out
}

impl GatewayResponses {
    /// A resposta que o cliente recebe por uma recusa.
    pub fn render(&self, refusal: &Refusal) -> Response {
        todo!("escreve a resposta de `{refusal}`")
    }
}

/// O fim da conversa entre a política de recursos e a política de quem chama.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Pode.
    Allow,
    /// Ninguém disse que pode.
    ImplicitDeny,
    /// Alguém disse que não pode.
    ExplicitDeny,
}

/// Junta o que a política de recursos e a de quem chama dizem. `None` é uma política que não existe.
pub fn decide(resource: Option<Verdict>, caller: Option<Verdict>, account: Account) -> Decision {
    todo!("junta {resource:?} e {caller:?}, conta {account:?}")
}

/// A recusa de quem não foi autorizado. `arn` é o do método, quando ninguém foi autenticado; senão, `None`.
pub fn denied(decision: Decision, arn: Option<&str>) -> Refusal {
    let message = match arn {
        Some(arn) => {
            let arn = masked(arn);
            format!("User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}")
        }
        None => "User is not authorized to access this resource".to_owned(),
    };
    let ending = match decision {
        Decision::ExplicitDeny => " with an explicit deny",
        _ if arn.is_some() => " because no resource-based policy allows the execute-api:Invoke action",
        _ => "",
    };
    Refusal::new(GatewayResponseType::AccessDenied, message + ending)
}

/// Leva a requisição pelas etapas, em ordem, e anota em `exchange` o que vai descobrindo.
///
/// # Errors
/// A recusa da primeira etapa que recusar; as seguintes não são chamadas.
pub async fn walk<P: Parts>(parts: &mut P, request: &Request, exchange: &mut Exchange) -> Result<Response, Refusal> {
    let _ = (parts, request, exchange);
    todo!("leva a requisição pelas etapas")
}

/// Atende uma requisição: leva-a pelas etapas, escreve a gateway response de uma recusa, põe `x-amzn-RequestId` na resposta e fecha
/// o registro.
pub async fn handle<P: Parts>(
    parts: &mut P,
    request: &Request,
    info: &StageInfo,
    responses: &GatewayResponses,
    arrival: &Arrival,
) -> (Response, Exchange) {
    let _ = (parts, request, info, responses, arrival);
    todo!("atende a requisição com `walk` e fecha o registro")
}

/// O formato não tem o identificador da requisição.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("o formato do log de acesso precisa de `$context.requestId` ou `$context.extendedRequestId`")]
pub struct MissingRequestId;

/// O formato de um log de acesso: um texto com variáveis `$context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLogFormat(String);

impl AccessLogFormat {
    /// Confere o formato.
    ///
    /// # Errors
    /// Se ele não tem nenhum dos dois identificadores da requisição.
    pub fn new(format: &str) -> Result<Self, MissingRequestId> {
        todo!("confere `{format}`")
    }

    /// A linha de log de uma requisição. Uma variável sem valor vira `-`.
    pub fn line(&self, exchange: &Exchange) -> String {
        let _ = exchange;
        todo!("escreve a linha de log")
    }
}

/// Uma métrica do API Gateway no CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// `Count`: requisições.
    Count,
    /// `4XXError`: 1 se o cliente recebeu 4xx, 0 se não.
    ClientError,
    /// `5XXError`: 1 se o cliente recebeu 5xx, 0 se não.
    ServerError,
    /// `Latency`, em milissegundos.
    Latency,
    /// `IntegrationLatency`, em milissegundos.
    IntegrationLatency,
    /// `CacheHitCount`: 1 se o cache respondeu, 0 se não.
    CacheHitCount,
    /// `CacheMissCount`: 1 se a integração respondeu no lugar do cache, 0 se não.
    CacheMissCount,
}

/// Os dados que uma requisição acrescenta às métricas.
pub fn metrics(exchange: &Exchange) -> BTreeMap<Metric, f64> {
    let _ = exchange;
    todo!("mede a requisição")
}
