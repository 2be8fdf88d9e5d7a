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
        let _ = api;
        todo!("escolhe o status e a mensagem de `{self}`")
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
    todo!("diz se o primeiro tipo de {header:?} casa com um de {binary_media_types:?}")
}

/// O evento do formato 1.0.
pub fn event_v1(request: &Request, call: &Call, binary_media_types: &[String]) -> Value {
    let _ = (request, call, binary_media_types);
    todo!("monta o evento 1.0")
}

/// O evento do formato 2.0.
pub fn event_v2(request: &Request, call: &Call) -> Value {
    let _ = (request, call);
    todo!("monta o evento 2.0")
}

/// O retorno de uma função, lido como uma API REST lê. `accept` é o cabeçalho `Accept` da requisição.
///
/// # Errors
/// [`Failure::Malformed`] quando o retorno não tem o formato 1.0; [`Failure::InvalidBase64`] quando o corpo tinha de ser
/// decodificado e não é base64.
pub fn response_v1(payload: &[u8], accept: Option<&str>, binary_media_types: &[String]) -> Result<Response, Failure> {
    let _ = (payload, binary_media_types);
    todo!("lê o retorno do formato 1.0, com o Accept {accept:?}")
}

/// O retorno de uma função, lido como uma API HTTP lê.
///
/// # Errors
/// [`Failure::Malformed`] quando o retorno não é JSON.
pub fn response_v2(payload: &[u8]) -> Result<Response, Failure> {
    let _ = payload;
    todo!("lê o retorno do formato 2.0")
}

impl Integration {
    /// Chama a função e devolve a resposta dela.
    ///
    /// # Errors
    /// [`Failure`], que [`Failure::response`] transforma no que o cliente recebe.
    pub async fn send(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        let _ = (request, call);
        todo!("monta o evento, chama a função uma vez, dentro do timeout, e lê o retorno")
    }
}
