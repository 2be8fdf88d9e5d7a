//! A recusa: por que o API Gateway respondeu sozinho, sem chamar a integração.

use std::fmt;

/// Os tipos de *gateway response*, com os nomes da AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GatewayResponseType {
    /// O authorizer ou uma política negou.
    AccessDenied,
    /// A configuração da API está errada.
    ApiConfigurationError,
    /// O authorizer não pôde ser chamado ou respondeu em forma inválida.
    AuthorizerConfigurationError,
    /// O authorizer falhou.
    AuthorizerFailure,
    /// O corpo não passou na validação.
    BadRequestBody,
    /// Falta um parâmetro obrigatório.
    BadRequestParameters,
    /// A credencial da AWS venceu.
    ExpiredToken,
    /// A integração não respondeu direito.
    IntegrationFailure,
    /// A integração demorou demais.
    IntegrationTimeout,
    /// A chave de API falta ou não serve.
    InvalidApiKey,
    /// A assinatura SigV4 não confere.
    InvalidSignature,
    /// Faltam as credenciais da AWS, ou a rota não existe.
    MissingAuthenticationToken,
    /// A cota do plano de uso acabou.
    QuotaExceeded,
    /// O corpo passa de 10 MB.
    RequestTooLarge,
    /// O recurso não existe, depois de passar pela autorização.
    ResourceNotFound,
    /// Requisições demais.
    Throttled,
    /// O authorizer não reconheceu quem chamou.
    Unauthorized,
    /// Nenhum mapping template serve ao `Content-Type`.
    UnsupportedMediaType,
    /// O AWS WAF bloqueou.
    WafFiltered,
}

impl GatewayResponseType {
    /// Todos.
    pub const ALL: [Self; 19] = [
        Self::AccessDenied,
        Self::ApiConfigurationError,
        Self::AuthorizerConfigurationError,
        Self::AuthorizerFailure,
        Self::BadRequestBody,
        Self::BadRequestParameters,
        Self::ExpiredToken,
        Self::IntegrationFailure,
        Self::IntegrationTimeout,
        Self::InvalidApiKey,
        Self::InvalidSignature,
        Self::MissingAuthenticationToken,
        Self::QuotaExceeded,
        Self::RequestTooLarge,
        Self::ResourceNotFound,
        Self::Throttled,
        Self::Unauthorized,
        Self::UnsupportedMediaType,
        Self::WafFiltered,
    ];

    /// O nome na API da AWS: `MISSING_AUTHENTICATION_TOKEN`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "ACCESS_DENIED",
            Self::ApiConfigurationError => "API_CONFIGURATION_ERROR",
            Self::AuthorizerConfigurationError => "AUTHORIZER_CONFIGURATION_ERROR",
            Self::AuthorizerFailure => "AUTHORIZER_FAILURE",
            Self::BadRequestBody => "BAD_REQUEST_BODY",
            Self::BadRequestParameters => "BAD_REQUEST_PARAMETERS",
            Self::ExpiredToken => "EXPIRED_TOKEN",
            Self::IntegrationFailure => "INTEGRATION_FAILURE",
            Self::IntegrationTimeout => "INTEGRATION_TIMEOUT",
            Self::InvalidApiKey => "INVALID_API_KEY",
            Self::InvalidSignature => "INVALID_SIGNATURE",
            Self::MissingAuthenticationToken => "MISSING_AUTHENTICATION_TOKEN",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::ResourceNotFound => "RESOURCE_NOT_FOUND",
            Self::Throttled => "THROTTLED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::WafFiltered => "WAF_FILTERED",
        }
    }
}

impl fmt::Display for GatewayResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Por que o API Gateway recusou uma requisição. Numa API REST, o tipo decide o status e o `x-amzn-errortype` (passo
/// `pipeline`), e a mensagem vira `{"message":…}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {}", .message.as_deref().unwrap_or("null"))]
pub struct Refusal {
    /// O tipo de gateway response.
    pub kind: GatewayResponseType,
    /// O que a AWS escreve em `message`; `None` é o `null` de um authorizer quebrado.
    pub message: Option<String>,
}

impl Refusal {
    /// Uma recusa com mensagem.
    pub fn new(kind: GatewayResponseType, message: impl Into<String>) -> Self {
        Self { kind, message: Some(message.into()) }
    }

    /// Uma recusa cujo corpo é `{"message":null}`.
    pub fn without_message(kind: GatewayResponseType) -> Self {
        Self { kind, message: None }
    }
}
