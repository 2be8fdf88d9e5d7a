//! Engano: devolver ao cliente o corpo da função mesmo numa rota sem route response.
//!
//! Uma API WebSocket: quem abre a conexão, que rota atende cada mensagem e como o servidor fala primeiro.
//!
//! ```text
//!   upgrade  ─▶ $connect ── 2xx ──▶ aberta ── 10 min parada, 2 h, quadro ruim, DELETE ──▶ fechada ─▶ $disconnect
//!   mensagem ─▶ expressão de seleção ─▶ rota igual │ $default │ {"message":"Forbidden"}
//!   servidor ─▶ POST /@connections/{id} ─▶ cliente   (410 quando ela não está mais lá)
//! ```
//!
//! Segue `apigateway-websocket-api-overview`, `websocket-api-develop-routes` e
//! `apigateway-how-to-call-websocket-api-connections`, do guia do API Gateway.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::Random;
use serde_json::{Map, Value, json};
use time::UtcDateTime;

use crate::call::{common_log_time, grouped, milliseconds, object_or_null};
use crate::connections::{Connection, Connections};
use crate::function::Function;
use crate::model::{Refusal, Request, Response};

/// O maior quadro: 32 KB.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;
/// A maior mensagem, num quadro ou em vários, e o maior corpo de um `POST` em `@connections`: 128 KB.
pub const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// Quanto uma conexão pode ficar parada.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Quanto uma conexão pode durar.
pub const MAX_DURATION: Duration = Duration::from_secs(2 * 60 * 60);
/// Quanto o gateway espera por uma integração.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// Para onde vai uma mensagem.
#[derive(Debug, Clone)]
pub struct Route {
    /// A função da integração.
    pub function: Function,
    /// Verdadeiro quando a rota tem uma *route response*: só então a resposta da função volta ao cliente.
    pub route_response: bool,
}

/// A chave não serve para uma rota.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a chave de rota `{0}` não serve: `$` só começa $connect, $disconnect e $default")]
pub struct InvalidRouteKey(pub String);

/// O que veio de um cliente.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Um texto, dividido em um ou mais quadros.
    Text(Vec<String>),
    /// Bytes, que uma API WebSocket não aceita.
    Binary(Vec<u8>),
}

impl Message {
    /// Um texto num quadro só.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(vec![text.into()])
    }
}

/// O que aconteceu com a conexão, para o evento da função.
#[derive(Debug, Clone, Copy)]
pub enum Happening<'a> {
    /// Pediu para conectar.
    Connect(&'a Request),
    /// Mandou uma mensagem.
    Message(&'a str),
    /// Fechou.
    Disconnect { code: u16, reason: &'a str },
}

/// O que uma integração respondeu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// O `statusCode`.
    pub status_code: u16,
    /// O `body`, se veio.
    pub body: Option<String>,
}

/// A integração não respondeu: o Lambda recusou, a função terminou em erro, passou de 29 s ou devolveu outra forma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a integração não respondeu")]
pub struct IntegrationFailed;

/// Uma API WebSocket publicada num stage; clones são a mesma API.
#[derive(Debug, Clone)]
pub struct WebSocketApi {
    /// O id da API.
    pub api_id: String,
    /// O stage.
    pub stage: String,
    /// O domínio por onde os clientes entram.
    pub domain_name: String,
    /// A expressão que escolhe a rota de uma mensagem.
    pub route_selection_expression: String,
    /// As rotas, pela chave.
    pub routes: BTreeMap<String, Route>,
    /// As conexões abertas.
    pub connections: Connections,
    ids: Arc<Mutex<Random>>,
}

impl WebSocketApi {
    /// Uma API sem rotas. `seed` decide os ids que ela sorteia.
    pub fn new(api_id: &str, stage: &str, route_selection_expression: &str, now: UtcDateTime, seed: u64) -> Self {
        Self {
            api_id: api_id.to_owned(),
            stage: stage.to_owned(),
            domain_name: format!("{api_id}.execute-api.sa-east-1.amazonaws.com"),
            route_selection_expression: route_selection_expression.to_owned(),
            routes: BTreeMap::new(),
            connections: Connections::new(now),
            ids: Arc::new(Mutex::new(Random::new(seed))),
        }
    }

    /// Acrescenta uma rota.
    ///
    /// # Errors
    /// [`InvalidRouteKey`] quando uma rota personalizada começa com `$`.
    pub fn add_route(&mut self, key: &str, route: Route) -> Result<(), InvalidRouteKey> {
        // passo: começo — recusa a chave que não serve e guarda a rota de {key}
        // passo: usa route
        if key.starts_with('$') && !["$connect", "$disconnect", "$default"].contains(&key) {
            return Err(InvalidRouteKey(key.to_owned()));
        }
        self.routes.insert(key.to_owned(), route);
        Ok(())
        // passo: fim
    }

    /// Um id novo, com a cara dos da AWS: `R0oXAdfD0kwCH6w=`.
    pub fn new_id(&self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut random = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let letters = (0..15).filter_map(|_| random.pick(LETTERS).copied().map(char::from));
        letters.chain(['=']).collect()
    }

    /// O evento que a função recebe. `messageId` só existe numa mensagem, e os cabeçalhos, só na conexão.
    pub fn event(&self, connection: &Connection, route_key: &str, request_id: &str, what: Happening) -> Value {
        let now = self.connections.now();
        let mut context = json!({
            "routeKey": route_key,
            "eventType": match what {
                Happening::Connect(_) => "CONNECT",
                Happening::Message(_) => "MESSAGE",
                Happening::Disconnect { .. } => "DISCONNECT",
            },
            "extendedRequestId": request_id,
            "requestTime": common_log_time(now),
            "messageDirection": "IN",
            "stage": self.stage,
            "connectedAt": milliseconds(connection.connected_at),
            "requestTimeEpoch": milliseconds(now),
            "identity": { "sourceIp": connection.source_ip, "userAgent": connection.user_agent },
            "requestId": request_id,
            "domainName": self.domain_name,
            "connectionId": connection.id,
            "apiId": self.api_id,
        });
        let mut event = Map::new();
        match what {
            Happening::Connect(request) => {
                let headers = grouped(request.headers.iter());
                let single = headers.iter().map(|(name, values)| (name.clone(), values.last().cloned()));
                event.insert("headers".to_owned(), object_or_null(single));
                event.insert("multiValueHeaders".to_owned(), object_or_null(headers.clone()));
                if !request.query.is_empty() {
                    let query = grouped(request.query.iter());
                    let single = query.iter().map(|(name, values)| (name.clone(), values.last().cloned()));
                    event.insert("queryStringParameters".to_owned(), object_or_null(single));
                    event.insert("multiValueQueryStringParameters".to_owned(), object_or_null(query.clone()));
                }
            }
            Happening::Message(body) => {
                context["messageId"] = json!(self.new_id());
                event.insert("body".to_owned(), json!(body));
            }
            Happening::Disconnect { code, reason } => {
                context["disconnectStatusCode"] = json!(code);
                context["disconnectReason"] = json!(reason);
            }
        }
        event.insert("requestContext".to_owned(), context);
        event.insert("isBase64Encoded".to_owned(), json!(false));
        Value::Object(event)
    }

    /// Fecha a conexão e só depois chama `$disconnect`, se existe: ela não tem como impedir nada, e um erro dela se perde.
    pub async fn close(&self, id: &str, code: u16, reason: &str) {
        let Some(connection) = self.connections.close(id, code) else { return };
        if let Some(route) = self.routes.get("$disconnect") {
            let what = Happening::Disconnect { code, reason };
            let event = self.event(&connection, "$disconnect", &self.new_id(), what);
            let _ = integrate(route, &event).await;
        }
    }

    /// Espera até a hora de o gateway fechar a conexão e a fecha; volta antes se outra coisa a fechou.
    pub async fn watch(&self, id: &str) {
        while let Some(connection) = self.connections.get(id) {
            let left = closes_at(&connection) - self.connections.now();
            if !left.is_positive() {
                return self.close(id, 1001, "Going away").await;
            }
            tokio::time::sleep(left.unsigned_abs()).await;
        }
    }
}

/// Chama a função de uma rota.
///
/// # Errors
/// [`IntegrationFailed`] quando não há resposta que sirva.
pub async fn integrate(route: &Route, event: &Value) -> Result<Answer, IntegrationFailed> {
    let invocation = tokio::time::timeout(INTEGRATION_TIMEOUT, route.function.invoke(event)).await;
    let invocation = invocation.map_err(|_| IntegrationFailed)?.map_err(|_| IntegrationFailed)?;
    let answer = invocation.json().filter(|_| !invocation.function_error).ok_or(IntegrationFailed)?;
    let status_code = answer.get("statusCode").and_then(Value::as_u64).ok_or(IntegrationFailed)?;
    let body = answer.get("body").and_then(Value::as_str).map(str::to_owned);
    Ok(Answer { status_code: u16::try_from(status_code).map_err(|_| IntegrationFailed)?, body })
}

/// O quadro de erro que o cliente recebe no lugar de uma resposta.
pub fn error_frame(message: &str, connection_id: &str, request_id: &str) -> String {
    json!({ "message": message, "connectionId": connection_id, "requestId": request_id }).to_string()
}

/// O valor da expressão de seleção para uma mensagem: `$request.body.action`, ou um texto com `${request.body.…}`.
pub fn evaluate(expression: &str, body: &Value) -> String {
    // passo: começo — troca cada variável de {expression:?} pelo valor dela na mensagem
    // passo: usa body
    fn lookup(variable: &str, body: &Value) -> String {
        let path = variable.trim_start_matches("request.body.");
        match path.split('.').try_fold(body, |value, name| value.get(name)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    if let Some(variable) = expression.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
        return lookup(variable, body);
    }
    let mut pieces = expression.split("${");
    let mut key = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (variable, text) = piece.split_once('}').unwrap_or((piece, ""));
        key += &lookup(variable, body);
        key += text;
    }
    key
    // passo: fim
}

/// Com que código o gateway fecha a conexão que mandou isto; `None` quando a mensagem pode seguir.
pub fn close_code(message: &Message) -> Option<u16> {
    // passo: começo — confere o tipo e o tamanho da mensagem
    // passo: usa message
    match message {
        Message::Binary(_) => Some(1003),
        Message::Text(frames) => {
            let total: usize = frames.iter().map(String::len).sum();
            let too_big = total > MAX_MESSAGE_BYTES || frames.iter().any(|frame| frame.len() > MAX_FRAME_BYTES);
            too_big.then_some(1009)
        }
    }
    // passo: fim
}

/// Quando o gateway fecha esta conexão, se nada mais acontecer.
pub fn closes_at(connection: &Connection) -> UtcDateTime {
    // passo: começo — calcula a hora do fechamento
    // passo: usa connection
    (connection.last_active_at + IDLE_TIMEOUT).min(connection.connected_at + MAX_DURATION)
    // passo: fim
}

impl WebSocketApi {
    /// A rota que atende esta mensagem, com a chave dela; `None` quando não há nenhuma.
    pub fn select(&self, text: &str) -> Option<(&str, &Route)> {
        // passo: começo — escolhe a rota da mensagem {text:?}
        let body = serde_json::from_str::<Value>(text).ok();
        let key = body.map(|body| evaluate(&self.route_selection_expression, &body));
        let route = key.and_then(|key| self.routes.get_key_value(&key));
        route.or_else(|| self.routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
        // passo: fim
    }

    /// Um pedido de conexão, com o que o authorizer decidiu. Devolve o `connectionId` de uma conexão que abriu.
    ///
    /// # Errors
    /// A resposta HTTP ao pedido, quando a conexão não abre.
    pub async fn connect(&self, request: &Request, authorization: Result<(), Refusal>) -> Result<String, Response> {
        // passo: começo — decide se a conexão abre
        // passo: usa request, authorization
        use crate::model::GatewayResponseType;

        if let Err(refusal) = authorization {
            let status = if refusal.kind == GatewayResponseType::Unauthorized { 401 } else { 403 };
            return Err(Response::message(status, refusal.message.as_deref().unwrap_or_default()));
        }
        let connection = self.connections.pending(&self.new_id(), request);
        let id = connection.id.clone();
        if let Some(route) = self.routes.get("$connect") {
            let event = self.event(&connection, "$connect", &self.new_id(), Happening::Connect(request));
            match integrate(route, &event).await {
                Ok(answer) if (200..300).contains(&answer.status_code) => {}
                Ok(answer) => return Err(Response::new(answer.status_code)),
                Err(IntegrationFailed) => return Err(Response::new(502)),
            }
        }
        self.connections.open(connection);
        Ok(id)
        // passo: fim
    }

    /// Uma mensagem de um cliente.
    pub async fn receive(&self, id: &str, message: &Message) {
        // passo: começo — leva a mensagem de {id} à rota dela, ou fecha a conexão
        // passo: usa message
        let Some(connection) = self.connections.get(id) else { return };
        if let Some(code) = close_code(message) {
            return self.close(id, code, "Unacceptable message").await;
        }
        self.connections.touch(id);
        let Message::Text(frames) = message else { return };
        let (text, request_id) = (frames.concat(), self.new_id());
        let reply = match self.select(&text) {
            None => Some(error_frame("Forbidden", id, &request_id)),
            Some((key, route)) => {
                let event = self.event(&connection, key, &request_id, Happening::Message(&text));
                match integrate(route, &event).await {
                    Ok(answer) => answer.body,
                    Err(IntegrationFailed) => Some(error_frame("Internal server error", id, &request_id)),
                }
            }
        };
        if let Some(reply) = reply {
            self.connections.send(id, reply);
        }
        // passo: fim
    }

    /// Um pedido do backend à API `@connections`, já assinado e autorizado.
    pub async fn manage(&self, request: &Request) -> Response {
        // passo: começo — atende POST, GET e DELETE em `/@connections/` e o id
        // passo: usa request
        use crate::model::Method;

        let path = percent_encoding::percent_decode_str(&request.path).decode_utf8_lossy();
        let id = path.strip_prefix("/@connections/").unwrap_or_default();
        if request.method == Method::Post && request.body.len() > MAX_MESSAGE_BYTES {
            return Response::new(413);
        }
        let Some(connection) = self.connections.get(id) else { return Response::new(410) };
        match request.method {
            Method::Post => {
                self.connections.send(id, request.body_text());
                Response::new(200)
            }
            Method::Get => {
                let info = connection.info().to_string();
                Response::new(200).header("Content-Type", "application/json").body(info)
            }
            Method::Delete => {
                self.close(id, 1000, "Closed by the server").await;
                Response::new(204)
            }
            _ => Response::new(403),
        }
        // passo: fim
    }
}
