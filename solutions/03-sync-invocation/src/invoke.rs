//! A API `Invoke`: um pedido entra, e sai o retorno da função, um recibo ou um erro.
//!
//! ```text
//!   POST /2015-03-31/functions/{FunctionName}/invocations
//!     ├─ DryRun           ─▶ 204            confere e não roda
//!     ├─ Event            ─▶ 202            guarda para depois
//!     └─ RequestResponse  ─▶ 200            roda e espera, mesmo que a função falhe
//! ```
//!
//! Segue a referência da API `Invoke` e `invocation-sync`, do guia do Lambda.

use serde_json::Value;

use crate::function::{Execution, Function};
use crate::model::{InvokeError, InvokeResponse, Refusal};

/// O cabeçalho `X-Amz-Invocation-Type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// Síncrona: o padrão, quando o cabeçalho não vem.
    #[default]
    RequestResponse,
    /// Assíncrona.
    Event,
    /// Só confere a permissão e os parâmetros.
    DryRun,
}

/// O cabeçalho `X-Amz-Log-Type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogType {
    /// Sem o log: o padrão.
    #[default]
    None,
    /// Com o fim do log.
    Tail,
}

/// O que interessa de um pedido à API `Invoke`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Como chamar.
    pub invocation_type: InvocationType,
    /// Se quem chama quer o fim do log.
    pub log_type: LogType,
    /// O corpo: o evento, em JSON.
    pub payload: Vec<u8>,
}

/// O status HTTP de um erro da API.
pub fn status(error: &InvokeError) -> u16 {
    // passo: começo — dê o status de {error:?}
    match error {
        InvokeError::InvalidRequestContent | InvokeError::InvalidParameterValue => 400,
        InvokeError::AccessDenied => 403,
        InvokeError::ResourceNotFound => 404,
        InvokeError::RequestTooLarge => 413,
        InvokeError::UnsupportedMediaType => 415,
        InvokeError::TooManyRequests { .. } => 429,
        InvokeError::Service => 500,
        InvokeError::EniLimitReached | InvokeError::Ec2Throttled => 502,
    }
    // passo: fim
}

/// A resposta de uma chamada recusada: a função não rodou.
pub fn refuse(refusal: &Refusal) -> InvokeResponse {
    // passo: começo — monte a resposta de {refusal:?}
    use serde_json::json;

    let status = status(&refusal.error);
    let mut body = json!({ "message": refusal.message });
    match refusal.error {
        InvokeError::AccessDenied => {}
        _ if status < 500 => body["Type"] = json!("User"),
        _ => body["Type"] = json!("Service"),
    }
    let mut response = InvokeResponse::empty(status);
    if let InvokeError::TooManyRequests { reason, retry_after } = refusal.error {
        body["Reason"] = json!(reason);
        response.retry_after = Some(retry_after);
    }
    response.error_type = Some(refusal.error.name().to_owned());
    response.body = body.to_string();
    response
    // passo: fim
}

/// Confere o corpo do pedido e o lê.
///
/// # Errors
/// Quando ele passa do limite do tipo de invocação ou não é JSON.
pub fn accept(request: &Request) -> Result<Value, Refusal> {
    // passo: começo — confira o tamanho do corpo e leia o JSON
    // passo: usa request
    let size = request.payload.len();
    let (name, limit) = match request.invocation_type {
        InvocationType::Event => ("Event", 1024 * 1024),
        InvocationType::RequestResponse => ("RequestResponse", 6 * 1024 * 1024),
        InvocationType::DryRun => ("DryRun", 6 * 1024 * 1024),
    };
    if size > limit {
        let message = format!("{size} byte payload is too large for the {name} invocation type (limit {limit} bytes)");
        return Err(Refusal::new(InvokeError::RequestTooLarge, message));
    }
    serde_json::from_slice(&request.payload).map_err(|error| {
        let message = format!("Could not parse request body into json: {error}");
        Refusal::new(InvokeError::InvalidRequestContent, message)
    })
    // passo: fim
}

/// O valor de `X-Amz-Function-Error`, se a função falhou, e o corpo da resposta.
pub fn outcome(execution: &Execution) -> (Option<&'static str>, String) {
    // passo: começo — transforme o fim da execução no cabeçalho do erro e no corpo
    // passo: usa execution
    use crate::function::Ending;
    use crate::model::FunctionError;

    const LIMIT: usize = 6_291_556;
    let id = &execution.request_id;
    let (error_type, error_message) = match &execution.ending {
        Ending::Nothing => return (None, "null".to_owned()),
        Ending::Returned(value) => {
            let body = value.to_string();
            if body.len() <= LIMIT {
                return (None, body);
            }
            let message = format!("Response payload size exceeded maximum allowed payload size ({LIMIT} bytes).");
            ("Function.ResponseSizeTooLarge".to_owned(), message)
        }
        Ending::Raised(error) => (error.error_type.clone(), error.error_message.clone()),
        Ending::TimedOut(timeout) => {
            let seconds = timeout.as_secs_f64();
            let message = format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds");
            ("Sandbox.Timedout".to_owned(), message)
        }
        Ending::Exited(code) => {
            let how = match code {
                Some(code) => format!("Runtime exited with error: exit status {code}"),
                None => "Runtime exited without providing a reason".to_owned(),
            };
            ("Runtime.ExitError".to_owned(), format!("RequestId: {id} Error: {how}"))
        }
    };
    let body = serde_json::to_string(&FunctionError { error_message, error_type }).unwrap_or_default();
    (Some("Unhandled"), body)
    // passo: fim
}

/// O valor de `X-Amz-Log-Result`: o fim do log, em base64.
pub fn tail(log: &[u8]) -> String {
    // passo: começo — os últimos 4 KB do log, em base64
    // passo: usa log
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let start = log.len().saturating_sub(4 * 1024);
    BASE64_STANDARD.encode(&log[start..])
    // passo: fim
}

/// A API `Invoke`.
pub async fn invoke(request: &Request, function: &Function) -> InvokeResponse {
    // passo: começo — confira, e então rode, guarde ou não faça nada, conforme o tipo
    // passo: usa request, function
    let payload = match function.authorize().and_then(|()| accept(request)) {
        Ok(payload) => payload,
        Err(refusal) => return refuse(&refusal),
    };
    match request.invocation_type {
        InvocationType::DryRun => InvokeResponse::empty(204),
        InvocationType::Event => {
            function.enqueue(payload);
            InvokeResponse::empty(202)
        }
        InvocationType::RequestResponse => match function.run(&payload).await {
            Err(refusal) => refuse(&refusal),
            Ok(execution) => {
                let (function_error, body) = outcome(&execution);
                InvokeResponse {
                    function_error: function_error.map(str::to_owned),
                    log_result: (request.log_type == LogType::Tail).then(|| tail(&execution.log)),
                    executed_version: Some(execution.version),
                    body,
                    ..InvokeResponse::empty(200)
                }
            }
        },
    }
    // passo: fim
}
