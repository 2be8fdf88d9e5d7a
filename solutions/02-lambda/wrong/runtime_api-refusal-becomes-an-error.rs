//! Engano: uma resposta recusada é um erro da função, e o runtime o relata em seguida.

use crate::endpoint::{Endpoint, Method, Request, Response};
use crate::model::FunctionError;

/// Um evento entregue pelo `next`, com o que veio nos cabeçalhos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// `Lambda-Runtime-Aws-Request-Id`: o número do pedido, o mesmo em todas as tentativas dele.
    pub request_id: String,
    /// `Lambda-Runtime-Invocation-Id`: o número desta tentativa; `None` se não veio.
    pub invocation_id: Option<String>,
    /// `Lambda-Runtime-Deadline-Ms`: quando o tempo da função acaba, em milissegundos desde 1970.
    pub deadline_ms: u64,
    /// `Lambda-Runtime-Invoked-Function-Arn`: o ARN que foi chamado.
    pub invoked_function_arn: String,
    /// `Lambda-Runtime-Trace-Id`: o cabeçalho de rastreamento do X-Ray; `None` se não veio.
    pub trace_id: Option<String>,
    /// O corpo: o evento, como veio.
    pub payload: Vec<u8>,
}

impl Invocation {
    /// Lê a resposta do `next`. `None` quando ela não traz um evento: o status não é 200, ou falta um cabeçalho obrigatório
    /// (os três que não são `Option`).
    pub fn from_next(response: &Response) -> Option<Self> {
        if response.status != 200 {
            return None;
        }
        let text = |name| response.header(name).map(str::to_owned);
        Some(Self {
            request_id: text("Lambda-Runtime-Aws-Request-Id")?,
            invocation_id: text("Lambda-Runtime-Invocation-Id"),
            deadline_ms: response.header("Lambda-Runtime-Deadline-Ms")?.parse().ok()?,
            invoked_function_arn: text("Lambda-Runtime-Invoked-Function-Arn")?,
            trace_id: text("Lambda-Runtime-Trace-Id"),
            payload: response.body.clone(),
        })
    }
}

/// O pedido do próximo evento.
pub fn next_request() -> Request {
    let path = "/2018-06-01/runtime/invocation/next".to_owned();
    Request { method: Method::Get, path, headers: Vec::new(), body: Vec::new() }
}

/// O pedido que entrega a resposta da função.
pub fn response_request(invocation: &Invocation, body: Vec<u8>) -> Request {
    let path = format!("/2018-06-01/runtime/invocation/{}/response", invocation.request_id);
    let echo = invocation.invocation_id.clone().map(|id| ("Lambda-Runtime-Invocation-Id".to_owned(), id));
    Request { method: Method::Post, path, headers: echo.into_iter().collect(), body }
}

/// O pedido que entrega o erro da função.
pub fn error_request(invocation: &Invocation, error: &FunctionError) -> Request {
    let path = format!("/2018-06-01/runtime/invocation/{}/error", invocation.request_id);
    let mut headers = vec![("Lambda-Runtime-Function-Error-Type".to_owned(), error.error_type.clone())];
    let echo = invocation.invocation_id.clone().map(|id| ("Lambda-Runtime-Invocation-Id".to_owned(), id));
    headers.extend(echo);
    Request { method: Method::Post, path, headers, body: serde_json::to_vec(error).unwrap_or_default() }
}

/// O pedido que conta que a inicialização falhou.
pub fn init_error_request(error: &FunctionError) -> Request {
    let path = "/2018-06-01/runtime/init/error".to_owned();
    let headers = vec![("Lambda-Runtime-Function-Error-Type".to_owned(), error.error_type.clone())];
    Request { method: Method::Post, path, headers, body: serde_json::to_vec(error).unwrap_or_default() }
}

/// O que o runtime faz depois de entregar um resultado.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Pede o próximo evento.
    Next,
    /// Sai.
    Exit,
}

/// Decide o que fazer com o status de `response` ou de `error`.
pub fn reaction(status: u16) -> Reaction {
    match status {
        500 => Reaction::Exit,
        _ => Reaction::Next,
    }
}

/// Por que o runtime saiu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A inicialização da função falhou.
    InitFailed,
    /// O `next` não trouxe um evento; o número é o status.
    NoEvent(u16),
    /// A Runtime API respondeu 500 a um resultado.
    ContainerError,
}

/// A vida inteira de um runtime: inicializa a função com `start` e atende um evento por vez até ter de sair.
///
/// `start` devolve o handler, que recebe a invocação e devolve o corpo da resposta. Os dois tipos são closures `async`; chame-os
/// com `start().await` e `handler(&invocation).await`.
pub async fn run<H>(endpoint: &Endpoint, start: impl AsyncFnOnce() -> Result<H, FunctionError>) -> Exit
where
    H: AsyncFn(&Invocation) -> Result<Vec<u8>, FunctionError>,
{
    let handler = match start().await {
        Ok(handler) => handler,
        Err(error) => {
            endpoint.send(init_error_request(&error)).await;
            return Exit::InitFailed;
        }
    };
    loop {
        let response = endpoint.send(next_request()).await;
        let Some(invocation) = Invocation::from_next(&response) else {
            return Exit::NoEvent(response.status);
        };
        let request = match handler(&invocation).await {
            Ok(body) => response_request(&invocation, body),
            Err(error) => error_request(&invocation, &error),
        };
        let mut response = endpoint.send(request).await;
        if ![202, 500].contains(&response.status) {
            let error = FunctionError::new("Runtime.ResponseRefused", "a resposta foi recusada");
            response = endpoint.send(error_request(&invocation, &error)).await;
        }
        if reaction(response.status) == Reaction::Exit {
            return Exit::ContainerError;
        }
    }
}
