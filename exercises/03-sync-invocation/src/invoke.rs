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
    todo!("dê o status de {error:?}")
}

/// A resposta de uma chamada recusada: a função não rodou.
pub fn refuse(refusal: &Refusal) -> InvokeResponse {
    todo!("monte a resposta de {refusal:?}")
}

/// Confere o corpo do pedido e o lê.
///
/// # Errors
/// Quando ele passa do limite do tipo de invocação ou não é JSON.
pub fn accept(request: &Request) -> Result<Value, Refusal> {
    let _ = request;
    todo!("confira o tamanho do corpo e leia o JSON")
}

/// O valor de `X-Amz-Function-Error`, se a função falhou, e o corpo da resposta.
pub fn outcome(execution: &Execution) -> (Option<&'static str>, String) {
    let _ = execution;
    todo!("transforme o fim da execução no cabeçalho do erro e no corpo")
}

/// O valor de `X-Amz-Log-Result`: o fim do log, em base64.
pub fn tail(log: &[u8]) -> String {
    let _ = log;
    todo!("os últimos 4 KB do log, em base64")
}

/// A API `Invoke`.
pub async fn invoke(request: &Request, function: &Function) -> InvokeResponse {
    let _ = (request, function);
    todo!("confira, e então rode, guarde ou não faça nada, conforme o tipo")
}
