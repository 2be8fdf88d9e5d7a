//! Engano: só acrescenta um dado às métricas de erro e de cache quando o erro ou o acerto acontece, e a média deixa de ser uma taxa.

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
        use crate::exchange::default_status;

        let (standard, error_type) = default_status(refusal.kind);
        let family = if standard < 500 { &self.default_4xx } else { &self.default_5xx };
        let custom = self.by_type.get(&refusal.kind).or(family.as_ref()).cloned().unwrap_or_default();

        let message = refusal.message.as_deref();
        let quoted = message.map_or_else(|| "null".to_owned(), |message| serde_json::json!(message).to_string());
        let template = custom.template.as_deref().unwrap_or(DEFAULT_TEMPLATE);
        let body = substitute(template, |name| match name {
            "error.message" => message.unwrap_or("null").to_owned(),
            "error.messageString" => quoted.clone(),
            "error.responseType" => refusal.kind.to_string(),
            _ => String::new(),
        });

        let mut response = Response::new(custom.status.unwrap_or(standard))
            .header("Content-Type", "application/json")
            .header("x-amzn-ErrorType", error_type)
            .body(body);
        for (name, value) in &custom.headers {
            response.headers.insert(name, value);
        }
        response
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
    let said = [resource, caller];
    if said.contains(&Some(Verdict::Deny)) {
        return Decision::ExplicitDeny;
    }
    let allowed = match (resource, caller) {
        (None, None) => true,
        (Some(resource), Some(caller)) if account == Account::Other => {
            resource == Verdict::Allow && caller == Verdict::Allow
        }
        _ => said.contains(&Some(Verdict::Allow)),
    };
    if allowed { Decision::Allow } else { Decision::ImplicitDeny }
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
    use crate::exchange::{CacheUse, Cached};
    use tokio::time::Instant;

    if request.body.len() > MAXIMUM_PAYLOAD {
        let message = format!("HTTP content length exceeded {MAXIMUM_PAYLOAD} bytes");
        return Err(Refusal::new(GatewayResponseType::RequestTooLarge, message));
    }
    let matched = parts.route(request)?;
    exchange.resource_path = Some(matched.resource_path.clone());

    let arn = exchange.info.method_arn(request.method, &request.path);
    let resource = parts.resource_policy(request, &matched);
    if resource == Some(Verdict::Deny) {
        return Err(denied(Decision::ExplicitDeny, Some(&arn)));
    }
    let caller = parts.authenticate(request, &matched).await?;
    exchange.principal_id.clone_from(&caller.principal_id);
    exchange.context.clone_from(&caller.context);
    let decision = decide(resource, caller.verdict, caller.account);
    if decision != Decision::Allow {
        return Err(denied(decision, caller.verdict.is_none().then_some(&*arn)));
    }

    parts.usage_plan(request, &matched, &caller)?;
    parts.validate(request, &matched)?;
    match parts.cached(request, &matched, &caller)? {
        Cached::Hit(response) => {
            exchange.cache = CacheUse::Hit;
            return Ok(response);
        }
        Cached::Miss => exchange.cache = CacheUse::Miss,
        Cached::Off => {}
    }

    let started = Instant::now();
    let answer = parts.integrate(request, &matched, &caller).await;
    exchange.integration_latency = Some(started.elapsed());
    let response = answer?;
    Ok(match exchange.cache {
        CacheUse::Miss => parts.store(request, &matched, response),
        CacheUse::Hit | CacheUse::NotUsed => response,
    })
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
    use tokio::time::Instant;

    let started = Instant::now();
    let mut exchange = Exchange::new(info, arrival, request);
    let mut response = match walk(parts, request, &mut exchange).await {
        Ok(response) => response,
        Err(refusal) => {
            let response = responses.render(&refusal);
            exchange.refusal = Some(refusal);
            response
        }
    };
    response.headers.insert("x-amzn-RequestId", &arrival.request_id);
    exchange.status = response.status;
    exchange.response_length = response.body.len();
    exchange.latency = started.elapsed();
    (response, exchange)
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
        let mut identified = false;
        substitute(format, |name| {
            identified |= name == "requestId" || name == "extendedRequestId";
            String::new()
        });
        if identified { Ok(Self(format.to_owned())) } else { Err(MissingRequestId) }
    }

    /// A linha de log de uma requisição. Uma variável sem valor vira `-`.
    pub fn line(&self, exchange: &Exchange) -> String {
        use crate::call::{common_log_time, milliseconds as epoch};

        let Exchange { info, arrival, refusal, .. } = exchange;
        let message = refusal.as_ref().and_then(|refusal| refusal.message.clone());
        let milliseconds = |duration: std::time::Duration| duration.as_millis().to_string();
        substitute(&self.0, |name| {
            let value = match name {
                "requestId" => Some(arrival.request_id.clone()),
                "requestTime" => Some(common_log_time(arrival.at)),
                "requestTimeEpoch" => Some(epoch(arrival.at).to_string()),
                "accountId" => Some(info.account_id.clone()),
                "apiId" => Some(info.api_id.clone()),
                "stage" => Some(info.stage.clone()),
                "httpMethod" => Some(exchange.method.to_string()),
                "path" => Some(format!("/{}{}", info.stage, exchange.path)),
                "resourcePath" => exchange.resource_path.clone(),
                "protocol" => Some("HTTP/1.1".to_owned()),
                "identity.sourceIp" => Some(exchange.source_ip.clone()),
                "identity.userAgent" => exchange.user_agent.clone(),
                "status" => Some(exchange.status.to_string()),
                "responseLength" => Some(exchange.response_length.to_string()),
                "responseLatency" => Some(milliseconds(exchange.latency)),
                "integrationLatency" => exchange.integration_latency.map(milliseconds),
                "error.message" => message.clone(),
                "error.messageString" => message.as_ref().map(|message| serde_json::json!(message).to_string()),
                "error.responseType" => refusal.as_ref().map(|refusal| refusal.kind.to_string()),
                "authorizer.principalId" => exchange.principal_id.clone(),
                other => other.strip_prefix("authorizer.").and_then(|key| exchange.context.get(key).cloned()),
            };
            value.unwrap_or_else(|| "-".to_owned())
        })
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
    use crate::exchange::CacheUse;

    let flag = |on: bool| f64::from(u8::from(on));
    let milliseconds = |duration: std::time::Duration| duration.as_secs_f64() * 1_000.0;
    let mut data = BTreeMap::from([
        (Metric::Count, 1.0),
        (Metric::ClientError, flag((400..500).contains(&exchange.status))),
        (Metric::ServerError, flag(exchange.status >= 500)),
        (Metric::Latency, milliseconds(exchange.latency)),
    ]);
    if let Some(latency) = exchange.integration_latency {
        data.insert(Metric::IntegrationLatency, milliseconds(latency));
    }
    if exchange.cache != CacheUse::NotUsed {
        data.insert(Metric::CacheHitCount, flag(exchange.cache == CacheUse::Hit));
        data.insert(Metric::CacheMissCount, flag(exchange.cache == CacheUse::Miss));
    }
    data.retain(|_, value| *value > 0.0);
    data
}
