//! A validação da requisição em uma API REST: o que o API Gateway recusa antes de chamar a integração.
//!
//! ```text
//!   requisição ─▶ parâmetros obrigatórios ─▶ corpo contra o modelo ─▶ integração
//!                        │ falta algum              │ não segue
//!                        ▼                          ▼
//!              400 Missing required      400 Invalid request body
//!              request parameters: […]
//! ```
//!
//! Segue <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>.

use std::collections::BTreeMap;

use crate::model::{Refusal, Request};
use crate::schema::Models;

/// O validador (`RequestValidator`): o que ele confere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestValidator {
    /// `validateRequestParameters`: confere os parâmetros obrigatórios.
    pub validate_request_parameters: bool,
    /// `validateRequestBody`: confere o corpo com um modelo.
    pub validate_request_body: bool,
}

impl RequestValidator {
    /// Confere os parâmetros e o corpo.
    pub const ALL: Self = Self { validate_request_parameters: true, validate_request_body: true };
    /// Só os parâmetros.
    pub const PARAMETERS: Self = Self { validate_request_parameters: true, validate_request_body: false };
    /// Só o corpo.
    pub const BODY: Self = Self { validate_request_parameters: false, validate_request_body: true };
    /// Nada.
    pub const NONE: Self = Self { validate_request_parameters: false, validate_request_body: false };
}

/// A API, no que a validação olha.
#[derive(Debug, Clone)]
pub struct Api {
    /// O validador de todos os métodos, se a API tem um.
    pub request_validator: Option<RequestValidator>,
    /// Os modelos, com os dois que toda API tem.
    pub models: Models,
}

/// A parte do método que descreve a requisição (*method request*).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MethodRequest {
    /// O validador do método, se ele tem um.
    pub request_validator: Option<RequestValidator>,
    /// `requestParameters`: o parâmetro, como `method.request.querystring.days`, e se ele é obrigatório.
    pub request_parameters: BTreeMap<String, bool>,
    /// `requestModels`: o tipo do corpo, como `application/json` ou `$default`, e o nome do modelo.
    pub request_models: BTreeMap<String, String>,
}

/// Os parâmetros de caminho que o roteamento achou: em `/cities/{city}`, `city` e o valor dele.
pub type PathParameters = BTreeMap<String, String>;

/// Uma requisição que não passou.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal} ({validation_error})")]
pub struct Invalid {
    /// A resposta que o cliente recebe.
    pub refusal: Refusal,
    /// `$context.error.validationErrorString`: o detalhe, que vai para os logs.
    pub validation_error: String,
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        invalid.refusal
    }
}

/// O validador que vale para um método.
pub fn effective_validator(api: Option<RequestValidator>, method: Option<RequestValidator>) -> RequestValidator {
    todo!("escolhe entre o validador da API, {api:?}, e o do método, {method:?}")
}

/// Os nomes dos parâmetros obrigatórios que faltam, na ordem em que a mensagem os mostra.
pub fn missing_parameters(method: &MethodRequest, request: &Request, path: &PathParameters) -> Vec<String> {
    let _ = (method, request, path);
    todo!("procura cada parâmetro obrigatório na requisição e junta os nomes dos que faltam")
}

/// O nome do modelo com que o corpo é conferido, ou `None` quando nenhum serve e o corpo passa sem validação.
pub fn model_for<'a>(method: &'a MethodRequest, request: &Request) -> Option<&'a str> {
    let _ = (method, request);
    todo!("escolhe em `request_models` o modelo do Content-Type da requisição")
}

/// Confere uma requisição antes da integração.
///
/// # Errors
/// [`Invalid`] com a recusa e o detalhe, na primeira conferência que falha.
pub fn validate(api: &Api, method: &MethodRequest, request: &Request, path: &PathParameters) -> Result<(), Invalid> {
    let _ = (api, method, request, path);
    todo!("confere os parâmetros e depois o corpo, se o validador que vale mandar")
}
