//! O que os passos do capítulo têm em comum: a requisição, a resposta e a recusa que o API Gateway escreve sozinho.
//!
//! ```text
//!   Request ──etapa──▶ etapa ──▶ … ──▶ integração ──▶ Response
//!               └── Refusal: a resposta é do gateway, e a integração nem é chamada
//! ```
//!
//! Segue `api-gateway-gatewayResponse-definition`, do guia do API Gateway.

mod headers;
mod query;
mod refusal;

use std::fmt;
use std::str::FromStr;

pub use headers::Headers;
pub use query::Query;
pub use refusal::{GatewayResponseType, Refusal};

/// Um verbo HTTP que o API Gateway conhece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl Method {
    /// Todos; `ANY` quer dizer qualquer um destes.
    pub const ALL: [Self; 7] = [Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// O nome que vai na requisição: `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// O texto não é um verbo que o API Gateway conhece.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` não é um verbo HTTP do API Gateway; os verbos são DELETE, GET, HEAD, OPTIONS, PATCH, POST e PUT")]
pub struct UnknownMethod(pub String);

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|method| method.as_str() == text).ok_or_else(|| UnknownMethod(text.to_owned()))
    }
}

/// Uma requisição como chega à API: o caminho já vem sem o nome do stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// O verbo.
    pub method: Method,
    /// O caminho, sem a query: `/cities/serra-clara`.
    pub path: String,
    /// Os parâmetros da query, já decodificados.
    pub query: Query,
    /// Os cabeçalhos.
    pub headers: Headers,
    /// O corpo, em bytes; vazio quando não veio nenhum.
    pub body: Vec<u8>,
    /// O endereço IP de quem chamou.
    pub source_ip: String,
}

impl Request {
    /// Uma requisição sem cabeçalhos nem corpo. `target` é o caminho com a query, se houver: `/forecast?days=3`.
    pub fn new(method: Method, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: Query::parse(query),
            headers: Headers::new(),
            body: Vec::new(),
            source_ip: "203.0.113.7".to_owned(),
        }
    }

    /// A mesma requisição com mais um cabeçalho.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name, value);
        self
    }

    /// A mesma requisição com este corpo.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// O corpo como texto; bytes que não são UTF-8 viram `U+FFFD`.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Uma resposta, como o cliente a recebe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// O status HTTP.
    pub status: u16,
    /// Os cabeçalhos.
    pub headers: Headers,
    /// O corpo, em bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// Uma resposta sem cabeçalhos nem corpo.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Headers::new(), body: Vec::new() }
    }

    /// `{"message":…}` em `application/json`: a forma das respostas que o próprio API Gateway escreve.
    pub fn message(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "message": message }).to_string();
        Self::new(status).header("Content-Type", "application/json").body(body)
    }

    /// A mesma resposta com mais um cabeçalho.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name, value);
        self
    }

    /// A mesma resposta com este corpo.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// O corpo como texto; bytes que não são UTF-8 viram `U+FFFD`.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
