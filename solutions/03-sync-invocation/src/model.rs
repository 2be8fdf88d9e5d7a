//! O que os passos do capítulo têm em comum: a resposta da API `Invoke`, por que ela recusa uma chamada e o erro da função.
//!
//! ```text
//!   pedido ──▶ Refusal                     a função não rodou: 4xx ou 5xx
//!          └─▶ função ──▶ FunctionError    a função rodou e falhou: ainda é 200
//!                    └──▶ retorno          200
//! ```
//!
//! Segue a referência da API `Invoke` e `invocation-sync`, do guia do Lambda.

use kit::Lane;
use serde::{Deserialize, Serialize};

/// Quem espera pela resposta: uma pessoa ou o programa dela.
pub const WAITING: Lane = Lane { id: "waiting", label: "quem espera" };
/// O serviço ou o SDK que chama o Lambda em nome de quem espera.
pub const CALLER: Lane = Lane { id: "caller", label: "quem chama" };
/// A função.
pub const FUNCTION: Lane = Lane { id: "function", label: "função" };

/// Um erro da função: do código dela ou do *runtime*, como o tempo esgotado.
///
/// Serializado, é o corpo que o Lambda devolve: `{"errorMessage":…,"errorType":…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// A mensagem.
    pub error_message: String,
    /// O nome do tipo do erro.
    pub error_type: String,
}

/// Um erro da API `Invoke`: a função não rodou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvokeError {
    /// O corpo do pedido não é JSON.
    InvalidRequestContent,
    /// Um parâmetro não serve.
    InvalidParameterValue,
    /// Quem chama não tem `lambda:InvokeFunction`.
    AccessDenied,
    /// A função, a versão ou o alias não existe.
    ResourceNotFound,
    /// O corpo do pedido passa do limite.
    RequestTooLarge,
    /// O tipo do corpo não é JSON.
    UnsupportedMediaType,
    /// Não há vaga para mais uma execução.
    TooManyRequests {
        /// O motivo, no campo `Reason`: `ReservedFunctionConcurrentInvocationLimitExceeded`, por exemplo.
        reason: &'static str,
        /// Daqui a quantos segundos tentar de novo; vai no cabeçalho `Retry-After`.
        retry_after: u64,
    },
    /// Falha interna do Lambda.
    Service,
    /// O ambiente não pôde ser montado: acabaram as interfaces de rede da VPC.
    EniLimitReached,
    /// O ambiente não pôde ser montado: o Amazon EC2 recusou por excesso de pedidos.
    Ec2Throttled,
}

impl InvokeError {
    /// O nome do erro, como vai em `x-amzn-ErrorType`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidRequestContent => "InvalidRequestContentException",
            Self::InvalidParameterValue => "InvalidParameterValueException",
            Self::AccessDenied => "AccessDeniedException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::RequestTooLarge => "RequestTooLargeException",
            Self::UnsupportedMediaType => "UnsupportedMediaTypeException",
            Self::TooManyRequests { .. } => "TooManyRequestsException",
            Self::Service => "ServiceException",
            Self::EniLimitReached => "ENILimitReachedException",
            Self::Ec2Throttled => "EC2ThrottledException",
        }
    }
}

/// Uma recusa: o erro e a mensagem dele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Qual erro.
    pub error: InvokeError,
    /// A mensagem, em inglês, como a AWS a escreve.
    pub message: String,
}

impl Refusal {
    /// Junta os dois.
    pub fn new(error: InvokeError, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }
}

/// A resposta HTTP da API `Invoke`. Cada cabeçalho é um campo; `None` é um cabeçalho que não veio.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvokeResponse {
    /// O código de estado.
    pub status: u16,
    /// `x-amzn-ErrorType`: o nome do erro quando a função não rodou.
    pub error_type: Option<String>,
    /// `Retry-After`: daqui a quantos segundos tentar de novo.
    pub retry_after: Option<u64>,
    /// `X-Amz-Function-Error`: a função rodou e falhou.
    pub function_error: Option<String>,
    /// `X-Amz-Executed-Version`: a versão que rodou.
    pub executed_version: Option<String>,
    /// `X-Amz-Log-Result`: o fim do log, em base64.
    pub log_result: Option<String>,
    /// O corpo.
    pub body: String,
}

impl InvokeResponse {
    /// Uma resposta com este estado e nada mais.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}
