//! A integração Lambda proxy: a requisição vira um evento, o retorno da função vira uma resposta.
//!
//! ```text
//!   Request ─event_v1─▶ {…} ─▶ função ─▶ {"statusCode":…} ─response_v1─▶ Response      API REST, formato 1.0
//!   Request ─event_v2─▶ {…} ─▶ função ─▶ qualquer JSON    ─response_v2─▶ Response      API HTTP, formato 2.0
//!                                 └─ não respondeu, ou respondeu o que não serve ─▶ Failure
//! ```
//!
//! Segue `set-up-lambda-proxy-integrations` e `http-api-develop-integrations-lambda`, do guia do API Gateway, e o que os testes
//! do LocalStack observaram na AWS.

use std::time::Duration;

use serde_json::Value;

use crate::call::Call;
use crate::function::{Function, InvokeError};
use crate::model::{GatewayResponseType, Headers, Query, Refusal, Request, Response};

/// O tipo da API: ele decide o formato do evento e o da resposta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Api {
    /// Uma API REST: formato 1.0.
    Rest {
        /// Os tipos que a API trata como binários: `image/png`, `application/*`, `*/*`.
        binary_media_types: Vec<String>,
    },
    /// Uma API HTTP: formato 2.0. (Ela também aceita o 1.0; aqui, não.)
    Http,
}

/// Uma integração `AWS_PROXY` com uma função do Lambda.
#[derive(Debug, Clone)]
pub struct Integration {
    /// A função.
    pub function: Function,
    /// De que API a integração é.
    pub api: Api,
    /// Quanto esperar pela função.
    pub timeout: Duration,
}

impl Integration {
    /// Numa API REST, com o timeout padrão de 29 s.
    pub fn rest(function: Function, binary_media_types: &[&str]) -> Self {
        let binary_media_types = binary_media_types.iter().map(|&each| each.to_owned()).collect();
        Self { function, api: Api::Rest { binary_media_types }, timeout: Duration::from_secs(29) }
    }

    /// Numa API HTTP, com o timeout padrão de 30 s.
    pub fn http(function: Function) -> Self {
        Self { function, api: Api::Http, timeout: Duration::from_secs(30) }
    }
}

/// Por que a função não deu uma resposta que sirva.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// O Lambda recusou a invocação: a função nem rodou.
    #[error("o Lambda recusou a invocação: {0}")]
    Refused(InvokeError),
    /// A função rodou e terminou em erro.
    #[error("a função terminou em erro")]
    FunctionError,
    /// O que a função devolveu não tem o formato do proxy.
    #[error("Execution failed due to configuration error: Malformed Lambda proxy response")]
    Malformed,
    /// O corpo devia ser base64 e não é.
    #[error("o corpo devia ser base64 e não é")]
    InvalidBase64,
    /// A função não respondeu dentro do timeout da integração.
    #[error("a função não respondeu dentro do timeout da integração")]
    TimedOut,
}

impl Failure {
    /// A recusa que o dono de uma API REST pode customizar como gateway response. As outras falhas saem com o status de
    /// [`Failure::response`], que a tabela das gateway responses não tem.
    pub fn refusal(self) -> Option<Refusal> {
        match self {
            Self::TimedOut => Some(Refusal::new(GatewayResponseType::IntegrationTimeout, "Endpoint request timed out")),
            Self::InvalidBase64 => {
                Some(Refusal::new(GatewayResponseType::ApiConfigurationError, "Internal server error"))
            }
            Self::Refused(_) | Self::FunctionError | Self::Malformed => None,
        }
    }

    /// O que o cliente recebe, numa API deste tipo.
    pub fn response(self, api: &Api) -> Response {
        // passo: começo — escolhe o status e a mensagem de `{self}`
        // passo: usa api
        let rest = matches!(api, Api::Rest { .. });
        let (status, message) = match (self, rest) {
            (Self::TimedOut, true) => (504, "Endpoint request timed out"),
            (Self::FunctionError | Self::Malformed, true) => (502, "Internal server error"),
            (Self::Refused(_) | Self::InvalidBase64, true) => (500, "Internal server error"),
            // O número das APIs HTTP não é publicado.
            (Self::TimedOut, false) => (503, "Service Unavailable"),
            (_, false) => (500, "Internal Server Error"),
        };
        Response::message(status, message)
        // passo: fim
    }
}

/// Os cabeçalhos que uma API REST repassa: `Content-Length` e `Connection` ficam, `Authorization` e `User-Agent` chegam com
/// maiúsculas, os outros chegam como o cliente os escreveu.
pub fn forwarded_headers(headers: &Headers) -> Headers {
    const CAPITALIZED: [&str; 2] = ["Authorization", "User-Agent"];
    let dropped = |name: &str| ["Content-Length", "Connection"].iter().any(|each| each.eq_ignore_ascii_case(name));
    let rename = |name| CAPITALIZED.into_iter().find(|each| each.eq_ignore_ascii_case(name)).unwrap_or(name);
    headers.iter().filter(|(name, _)| !dropped(name)).map(|(name, value)| (rename(name), value)).collect()
}

/// A query de volta ao texto: `days=3&days=5`. O modelo guarda a query decodificada e a codifica de novo aqui.
pub fn raw_query_string(query: &Query) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query.iter()).finish()
}

/// O texto de um valor de cabeçalho: um texto fica como está, um booleano vira `true` ou `false`; outro valor não serve.
pub fn header_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Se um corpo é binário: o primeiro tipo de `header` (um `Content-Type` ou `Accept`) está na lista da API.
pub fn is_binary(binary_media_types: &[String], header: Option<&str>) -> bool {
    // passo: começo — diz se o primeiro tipo de {header:?} casa com um de {binary_media_types:?}
    let media_type = header.unwrap_or_default().split([',', ';']).next().unwrap_or_default().trim();
    binary_media_types.iter().any(|each| match each.strip_suffix('*') {
        Some("*/") => !media_type.is_empty(),
        Some(family) => media_type.starts_with(family),
        None => media_type == each,
    })
    // passo: fim
}

/// O evento do formato 1.0.
pub fn event_v1(request: &Request, call: &Call, binary_media_types: &[String]) -> Value {
    // passo: começo — monta o evento 1.0
    // passo: usa request, call, binary_media_types
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::json;

    use crate::call::{grouped, object_or_null};

    fn last(values: &BTreeMap<String, Vec<String>>) -> Value {
        object_or_null(values.iter().map(|(name, values)| (name.clone(), values.last().cloned())))
    }

    let headers = grouped(forwarded_headers(&request.headers).iter());
    let query = grouped(request.query.iter());
    let is_base64_encoded = is_binary(binary_media_types, request.headers.get("Content-Type"));
    let body = match is_base64_encoded {
        true => BASE64_STANDARD.encode(&request.body),
        false => request.body_text(),
    };
    json!({
        "resource": call.route,
        "path": request.path,
        "httpMethod": request.method.as_str(),
        "headers": last(&headers),
        "multiValueHeaders": object_or_null(headers),
        "queryStringParameters": last(&query),
        "multiValueQueryStringParameters": object_or_null(query),
        "pathParameters": object_or_null(call.path_parameters.clone()),
        "stageVariables": object_or_null(call.stage_variables.clone()),
        "requestContext": call.context_v1(request),
        "body": Some(body).filter(|body| !body.is_empty()),
        "isBase64Encoded": is_base64_encoded,
    })
    // passo: fim
}

/// O evento do formato 2.0.
pub fn event_v2(request: &Request, call: &Call) -> Value {
    // passo: começo — monta o evento 2.0
    // passo: usa request, call
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::json;

    use crate::call::{grouped, object_or_null};

    let (cookies, headers): (Vec<_>, Vec<_>) =
        request.headers.iter().partition(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let cookies: Vec<&str> = cookies.into_iter().flat_map(|(_, value)| value.split(';')).map(str::trim).collect();
    let headers = grouped(headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)));
    let query = grouped(request.query.iter());
    let text = std::str::from_utf8(&request.body);
    let body = text.map_or_else(|_| BASE64_STANDARD.encode(&request.body), str::to_owned);
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.route,
        "rawPath": call.raw_path(request),
        "rawQueryString": raw_query_string(&request.query),
        "cookies": Some(cookies).filter(|cookies| !cookies.is_empty()),
        "headers": object_or_null(headers.into_iter().map(|(name, values)| (name, values.join(",")))),
        "queryStringParameters": object_or_null(query.into_iter().map(|(name, values)| (name, values.join(",")))),
        "requestContext": call.context_v2(request),
        "body": Some(&body).filter(|body| !body.is_empty()),
        "pathParameters": object_or_null(call.path_parameters.clone()),
        "isBase64Encoded": text.is_err(),
        "stageVariables": object_or_null(call.stage_variables.clone()),
    });
    if let Some(event) = event.as_object_mut() {
        event.retain(|_, value| !value.is_null());
    }
    event
    // passo: fim
}

/// O retorno de uma função, lido como uma API REST lê. `accept` é o cabeçalho `Accept` da requisição.
///
/// # Errors
/// [`Failure::Malformed`] quando o retorno não tem o formato 1.0; [`Failure::InvalidBase64`] quando o corpo tinha de ser
/// decodificado e não é base64.
pub fn response_v1(payload: &[u8], accept: Option<&str>, binary_media_types: &[String]) -> Result<Response, Failure> {
    // passo: começo — lê o retorno do formato 1.0, com o Accept {accept:?}
    // passo: usa payload, binary_media_types
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::Map;

    const FIELDS: [&str; 5] = ["isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"];

    let Ok(answer) = serde_json::from_slice::<Map<String, Value>>(payload) else { return Err(Failure::Malformed) };
    if answer.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Failure::Malformed);
    }
    let status = match answer.get("statusCode") {
        None | Some(Value::Null) => Some(200),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|status| u16::try_from(status).ok()),
    };
    let mut response = Response::new(status.ok_or(Failure::Malformed)?);

    let map = |name| match answer.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(Failure::Malformed),
    };
    for (name, values) in map("multiValueHeaders")? {
        for value in values.as_array().ok_or(Failure::Malformed)? {
            response.headers.append(&name, &header_text(value).ok_or(Failure::Malformed)?);
        }
    }
    for (name, value) in map("headers")? {
        let value = header_text(&value).ok_or(Failure::Malformed)?;
        if !response.headers.get_all(&name).any(|each| each == value) {
            response.headers.append(&name, &value);
        }
    }
    if response.headers.get("Content-Type").is_none() {
        response.headers.append("Content-Type", "application/json");
    }

    let body = match answer.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(Failure::Malformed),
    };
    let is_base64_encoded = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    response.body = match is_base64_encoded && is_binary(binary_media_types, accept) {
        true => BASE64_STANDARD.decode(body).map_err(|_| Failure::InvalidBase64)?,
        false => body.as_bytes().to_vec(),
    };
    Ok(response)
    // passo: fim
}

/// O retorno de uma função, lido como uma API HTTP lê.
///
/// # Errors
/// [`Failure::Malformed`] quando o retorno não é JSON.
pub fn response_v2(payload: &[u8]) -> Result<Response, Failure> {
    // passo: começo — lê o retorno do formato 2.0
    // passo: usa payload
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    let answer: Value = serde_json::from_slice(payload).map_err(|_| Failure::Malformed)?;
    let Some(status) = answer.get("statusCode") else {
        let body = answer.as_str().map_or(payload, str::as_bytes);
        return Ok(Response::new(200).header("content-type", "application/json").body(body));
    };
    let status = status.as_u64().and_then(|status| u16::try_from(status).ok()).ok_or(Failure::Malformed)?;
    let mut response = Response::new(status);
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        response.headers.append(name, &header_text(value).ok_or(Failure::Malformed)?);
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        response.headers.append("set-cookie", cookie.as_str().ok_or(Failure::Malformed)?);
    }
    if response.headers.get("Content-Type").is_none() {
        response.headers.append("content-type", "text/plain; charset=utf-8");
    }
    let body = match answer.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(Failure::Malformed),
    };
    response.body = match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => BASE64_STANDARD.decode(body).map_err(|_| Failure::InvalidBase64)?,
        _ => body.as_bytes().to_vec(),
    };
    Ok(response)
    // passo: fim
}

impl Integration {
    /// Chama a função e devolve a resposta dela.
    ///
    /// # Errors
    /// [`Failure`], que [`Failure::response`] transforma no que o cliente recebe.
    pub async fn send(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        // passo: começo — monta o evento, chama a função uma vez, dentro do timeout, e lê o retorno
        // passo: usa request, call
        let event = match &self.api {
            Api::Rest { binary_media_types } => event_v1(request, call, binary_media_types),
            Api::Http => event_v2(request, call),
        };
        let invocation = tokio::time::timeout(self.timeout, self.function.invoke(&event)).await;
        let invocation = invocation.map_err(|_| Failure::TimedOut)?.map_err(Failure::Refused)?;
        if invocation.function_error {
            return Err(Failure::FunctionError);
        }
        match &self.api {
            Api::Rest { binary_media_types } => {
                response_v1(&invocation.payload, request.headers.get("Accept"), binary_media_types)
            }
            Api::Http => response_v2(&invocation.payload),
        }
        // passo: fim
    }
}
