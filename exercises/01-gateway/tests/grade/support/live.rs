//! O que os testes de `websocket` usam: a API do mapa de granizo ao vivo e o que o cliente e o backend fazem com ela.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gateway::connections::Frame;
use gateway::function::{Function, Reply};
use gateway::model::{Method, Request, Response};
use gateway::websocket::{Message, Route, WebSocketApi};
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;

use super::expect_same;

/// 22 de novembro de 2026, 14h02 em Serra Clara.
pub const NOW: UtcDateTime = utc_datetime!(2026-11-22 17:02:00);

/// A API do mapa, com a expressão das notas e sem rotas.
pub fn map_api() -> WebSocketApi {
    WebSocketApi::new("w5s4o3c2k1", "prod", "$request.body.action", NOW, 7)
}

/// Põe uma rota de mão única direto no mapa de rotas.
pub fn with(mut api: WebSocketApi, key: &str, function: &Function) -> WebSocketApi {
    api.routes.insert(key.to_owned(), Route { function: function.clone(), route_response: false });
    api
}

/// Uma função que responde 200 com um corpo.
pub fn accepts() -> Function {
    Function::always(json!({ "statusCode": 200, "body": "feito" }))
}

/// Uma função que demora mais que os 29 s da integração.
pub fn slow() -> Function {
    accepts().taking(Duration::from_secs(30))
}

/// Uma função que termina em erro.
pub fn throwing() -> Function {
    Function::always(Reply::Throw("tabela fora do ar".to_owned()))
}

/// O pedido de conexão do celular do Beto.
pub fn upgrade() -> Request {
    Request::new(Method::Get, "/?city=serra-clara")
        .header("User-Agent", "MapaGranizo/2.1")
        .header("X-App", "cooperativa")
}

/// Conecta o celular do Beto.
#[track_caller]
pub fn opened(result: Result<String, Response>, why: &str) -> String {
    match result {
        Ok(id) => id,
        Err(response) => panic!("{why}: a conexão abre; a sua função respondeu {}", response.status),
    }
}

/// Uma mensagem de texto num quadro só.
pub fn text(value: Value) -> Message {
    Message::text(value.to_string())
}

/// `{"action":"subscribe","city":"serra-clara"}`
pub fn subscribe() -> Message {
    text(json!({ "action": "subscribe", "city": "serra-clara" }))
}

/// Um pedido do backend a `@connections`, com o id codificado como o guia manda.
pub fn callback(method: Method, id: &str) -> Request {
    Request::new(method, &format!("/%40connections/{}", id.replace('=', "%3D")))
}

/// O que o cliente recebeu, como texto.
pub fn received(api: &WebSocketApi, id: &str) -> Vec<String> {
    let frames = api.connections.frames(id).into_iter();
    frames
        .map(|frame| match frame {
            Frame::Text(text) => text,
            Frame::Close(code) => format!("fechamento {code}"),
        })
        .collect()
}

/// Compara tudo o que o cliente recebeu.
#[track_caller]
pub fn expect_received(api: &WebSocketApi, id: &str, expected: &[&str], rule: &str) {
    let got = received(api, id);
    expect_same!(got, expected, "{rule}: o cliente devia ter recebido {expected:?}; recebeu {got:?}");
}

/// O último quadro é um erro com esta mensagem, o id da conexão e um id de requisição.
#[track_caller]
pub fn expect_error_frame(api: &WebSocketApi, id: &str, message: &str, rule: &str) {
    let got = received(api, id);
    let frame: Value = got.last().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let has_request_id = frame["requestId"].as_str().is_some_and(|request_id| !request_id.is_empty());
    assert!(
        got.len() == 1 && frame["message"] == message && frame["connectionId"] == id && has_request_id,
        "{rule}: o cliente recebe um quadro {{\"message\":\"{message}\",\"connectionId\":\"{id}\",\"requestId\":…}}; o seu \
         recebeu {got:?}"
    );
}

/// O status de um pedido a `@connections`.
#[track_caller]
pub fn expect_status(response: &Response, expected: u16, rule: &str) {
    let status = response.status;
    expect_same!(status, expected, "{rule}: o status é {expected}; o da sua API foi {status}");
}

/// Uma função que anota, em cada evento, o que `look` vê naquele momento.
pub fn spying<T: Send + 'static>(
    reply: Reply,
    look: impl Fn(&Value) -> T + Send + Sync + 'static,
) -> (Function, impl Fn() -> Vec<T>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let function = Function::new(move |event| {
        notes.lock().unwrap_or_else(PoisonError::into_inner).push(look(event));
        reply.clone()
    });
    (function, move || std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner)))
}
