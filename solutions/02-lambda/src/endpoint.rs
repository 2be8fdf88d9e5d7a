//! A Runtime API de mentira: o outro lado do `127.0.0.1` que o runtime chama dentro do ambiente.
//!
//! Entrega os eventos de um roteiro, cada um no seu instante, confere a vez e os identificadores de quem responde e anota
//! tudo. Quando o roteiro acaba, `next` responde 500, como em um contêiner que não tem volta.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::{Kind, Lane, Timeline};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

/// O runtime: o processo que chama.
pub const RUNTIME: Lane = Lane { id: "runtime", label: "runtime" };
/// A Runtime API: quem responde.
pub const RUNTIME_API: Lane = Lane { id: "runtime_api", label: "Runtime API" };

/// A hora em que a história começa, em milissegundos desde 1970: 22 de novembro de 2026, 17h02 UTC.
pub const START_MS: u64 = 1_795_366_920_000;

/// O maior corpo de resposta, em bytes: 6 MB e mais 100.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024 + 100;

/// Depois de tantos pedidos a Runtime API não responde mais: um runtime que insiste para sempre fica parado, em vez de
/// ocupar o processador.
const CALL_LIMIT: usize = 500;

/// O verbo de um pedido.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

/// Um pedido à Runtime API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// O verbo.
    pub method: Method,
    /// O caminho, a partir da barra.
    pub path: String,
    /// Os cabeçalhos.
    pub headers: Vec<(String, String)>,
    /// O corpo; vazio em um `GET`.
    pub body: Vec<u8>,
}

impl Request {
    /// O valor de um cabeçalho, qualquer que seja a caixa do nome.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// Uma resposta da Runtime API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// O código de estado.
    pub status: u16,
    /// Os cabeçalhos.
    pub headers: Vec<(String, String)>,
    /// O corpo: o evento, no `next`.
    pub body: Vec<u8>,
}

impl Response {
    /// O valor de um cabeçalho, qualquer que seja a caixa do nome.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    fn refusal(status: u16, error_type: &str, error_message: &str) -> Self {
        Self::json(status, &json!({ "errorType": error_type, "errorMessage": error_message }))
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Um evento do roteiro.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Quando chega, desde o começo.
    pub at: Duration,
    /// O evento em si.
    pub payload: String,
    /// O número do pedido.
    pub request_id: String,
    /// O número desta tentativa; `None` em uma Runtime API de antes de 2026.
    pub invocation_id: Option<String>,
    /// O tempo da função.
    pub timeout: Duration,
    /// O status que a Runtime API dá ao resultado, no lugar do certo; `None` se nada deu errado do lado dela.
    pub forced_status: Option<u16>,
}

/// Um pedido que chegou, e o que foi respondido.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Quando chegou, desde o começo.
    pub at: Duration,
    /// O pedido.
    pub request: Request,
    /// O status da resposta.
    pub status: u16,
}

#[derive(Debug)]
struct State {
    script: VecDeque<Arrival>,
    /// O evento entregue e ainda sem resultado, com o instante em que o tempo dele acaba.
    current: Option<(Arrival, Instant)>,
    /// Se `next` já foi chamado: depois disso a inicialização acabou.
    started: bool,
    /// O que `next` responde, no lugar do certo.
    next_status: Option<u16>,
    /// O que `init/error` responde, no lugar do certo.
    init_status: Option<u16>,
    exchanges: Vec<Exchange>,
}

/// A Runtime API; clones são a mesma.
#[derive(Debug, Clone)]
pub struct Endpoint {
    start: Instant,
    timeline: Timeline,
    state: Arc<Mutex<State>>,
}

impl Endpoint {
    /// Uma Runtime API que entrega os eventos do `script`, em ordem.
    pub fn new(timeline: &Timeline, script: impl IntoIterator<Item = Arrival>) -> Self {
        let state = State {
            script: script.into_iter().collect(),
            current: None,
            started: false,
            next_status: None,
            init_status: None,
            exchanges: Vec::new(),
        };
        Self { start: Instant::now(), timeline: timeline.clone(), state: Arc::new(Mutex::new(state)) }
    }

    /// Daqui em diante, `next` responde com este status.
    pub fn refuse_next(&self, status: u16) {
        self.lock().next_status = Some(status);
    }

    /// Daqui em diante, `init/error` responde com este status.
    pub fn refuse_init(&self, status: u16) {
        self.lock().init_status = Some(status);
    }

    /// Todos os pedidos que chegaram, em ordem.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.clone()
    }

    /// Faz um pedido e espera a resposta. O `next` só responde quando há um evento.
    pub async fn send(&self, request: Request) -> Response {
        let at = self.start.elapsed();
        if self.lock().exchanges.len() >= CALL_LIMIT {
            return std::future::pending().await;
        }
        let response = match (request.method, request.path.strip_prefix("/2018-06-01/runtime/")) {
            (Method::Get, Some("invocation/next")) => self.next().await,
            (Method::Post, Some("init/error")) => self.init_error(),
            (Method::Post, Some(path)) => self.result(path, &request),
            _ => Response::refusal(404, "NotFound", "no such path"),
        };
        self.note(&request, response.status);
        self.lock().exchanges.push(Exchange { at, request, status: response.status });
        response
    }

    async fn next(&self) -> Response {
        let arrival = {
            let mut state = self.lock();
            state.started = true;
            if let Some(status) = state.next_status {
                return Response::refusal(status, "Forced", "next refused");
            }
            if state.current.is_some() {
                return out_of_turn();
            }
            state.script.pop_front()
        };
        let Some(arrival) = arrival else {
            return Response::refusal(500, "InternalServerError", "Internal Server Error");
        };
        sleep_until(self.start + arrival.at).await;

        let deadline = Instant::now() + arrival.timeout;
        let deadline_ms = START_MS + u64::try_from((deadline - self.start).as_millis()).unwrap_or(u64::MAX);
        let arn = "arn:aws:lambda:sa-east-1:123456789012:function:send-sms:prod";
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id".to_owned(), arrival.request_id.clone()),
            ("Lambda-Runtime-Deadline-Ms".to_owned(), deadline_ms.to_string()),
            ("Lambda-Runtime-Invoked-Function-Arn".to_owned(), arn.to_owned()),
        ];
        let id = arrival.invocation_id.clone().map(|id| ("Lambda-Runtime-Invocation-Id".to_owned(), id));
        headers.extend(id);
        let body = arrival.payload.clone().into_bytes();
        self.lock().current = Some((arrival, deadline));
        Response { status: 200, headers, body }
    }

    fn init_error(&self) -> Response {
        let state = self.lock();
        match state.init_status {
            Some(status) => Response::refusal(status, "Forced", "init error refused"),
            None if state.started => out_of_turn(),
            None => accepted(),
        }
    }

    /// `invocation/{id}/response` e `invocation/{id}/error`.
    fn result(&self, path: &str, request: &Request) -> Response {
        let parts: Vec<&str> = path.split('/').collect();
        let ["invocation", id, "response" | "error"] = parts[..] else {
            return Response::refusal(404, "NotFound", "no such path");
        };
        let Some((arrival, deadline)) = self.lock().current.take() else {
            return out_of_turn();
        };
        if id != arrival.request_id {
            return Response::refusal(400, "InvalidRequestID", "Invalid request ID");
        }
        let echoed = request.header("Lambda-Runtime-Invocation-Id");
        if echoed.is_some() && echoed != arrival.invocation_id.as_deref() {
            return Response::refusal(400, "InvalidInvocationId", "Invalid invocation ID");
        }
        if let Some(status) = arrival.forced_status {
            return Response::refusal(status, "Forced", "refused");
        }
        if Instant::now() > deadline {
            return Response::refusal(410, "InvokeTimeout", "Invoke timeout");
        }
        if request.body.len() > MAX_PAYLOAD {
            let message = format!("Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes).");
            return Response::refusal(413, "RequestEntityTooLarge", &message);
        }
        accepted()
    }

    fn note(&self, request: &Request, status: u16) {
        let path = request.path.rsplit("/runtime/").next().unwrap_or_default();
        let (verb, kind) = match (request.method, status) {
            (Method::Get, 200) => ("GET", Kind::Started),
            (Method::Post, 202) if path.ends_with("/response") => ("POST", Kind::Success),
            (Method::Post, 202) => ("POST", Kind::Error),
            (Method::Get, _) => ("GET", Kind::Throttled),
            (Method::Post, _) => ("POST", Kind::Throttled),
        };
        self.timeline.record(RUNTIME, kind, format!("{verb} {path}: {status}"));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nenhum código que possa entrar em pânico roda com a trava na mão.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accepted() -> Response {
    Response::json(202, &json!({ "status": "OK" }))
}

/// O runtime chamou fora da vez: respondeu duas vezes, ou pediu outro evento sem responder ao que tem.
fn out_of_turn() -> Response {
    Response::refusal(403, "InvalidStateTransition", "State transition is not allowed")
}
