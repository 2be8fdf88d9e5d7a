//! O erro 400 da API do Lambda, quando ela recusa um mapeamento da fonte de eventos.
//!
//! Há dois. Um valor fora da faixa do campo é `ValidationException`; um valor que a faixa aceita e uma regra da origem não,
//! `InvalidParameterValueException`.
//!
//! Segue `CreateEventSourceMapping`, da API do Lambda.

/// A resposta 400 de `CreateEventSourceMapping`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct ApiError {
    /// O nome do erro.
    pub error_type: &'static str,
    /// A mensagem, em inglês.
    pub message: String,
}

impl ApiError {
    /// `value` não cabe na faixa do campo `member`; `constraint` é o fim da frase, como `less than or equal to 10`.
    pub fn out_of_range(value: i64, member: &str, constraint: &str) -> Self {
        let message = format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
             value {constraint}"
        );
        Self { error_type: "ValidationException", message }
    }

    /// O valor cabe na faixa do campo, mas não serve para esta origem.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self { error_type: "InvalidParameterValueException", message: message.into() }
    }
}
