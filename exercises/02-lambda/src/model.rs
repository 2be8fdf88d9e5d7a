//! O que os passos do capítulo têm em comum.

use serde::Serialize;

/// Um erro da função: do código dela ou do *runtime*.
///
/// Serializado, é o objeto de erro do Lambda: `{"errorMessage":…,"errorType":…,"stackTrace":[…]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// A mensagem.
    pub error_message: String,
    /// O nome do tipo do erro.
    pub error_type: String,
    /// Onde o código estava, uma linha por chamada; vazio quando não se sabe.
    pub stack_trace: Vec<String>,
}

impl FunctionError {
    /// Um erro sem pilha de chamadas.
    pub fn new(error_type: &str, error_message: impl Into<String>) -> Self {
        Self { error_message: error_message.into(), error_type: error_type.to_owned(), stack_trace: Vec::new() }
    }
}
