//! Engano: somar o validador da API com o do método; o do método vale sozinho, mesmo que confira menos.
//!
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
    let (api, method) = (api.unwrap_or_default(), method.unwrap_or_default());
    RequestValidator {
        validate_request_parameters: api.validate_request_parameters || method.validate_request_parameters,
        validate_request_body: api.validate_request_body || method.validate_request_body,
    }
}

/// Os nomes dos parâmetros obrigatórios que faltam, na ordem em que a mensagem os mostra.
pub fn missing_parameters(method: &MethodRequest, request: &Request, path: &PathParameters) -> Vec<String> {
    let required = method.request_parameters.iter().filter(|(_, required)| **required);
    let present = |location: &str, name: &str| match location {
        "header" => request.headers.get_exact(name),
        "path" => path.get(name).map(String::as_str),
        "querystring" => request.query.get(name),
        _ => None,
    };
    // O mapa já está na ordem certa: header, path, querystring e, dentro de cada um, a alfabética.
    let parts = required.filter_map(|(key, _)| key.strip_prefix("method.request.")?.split_once('.'));
    parts
        .filter(|(location, name)| present(location, name).is_none_or(str::is_empty))
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// O nome do modelo com que o corpo é conferido, ou `None` quando nenhum serve e o corpo passa sem validação.
pub fn model_for<'a>(method: &'a MethodRequest, request: &Request) -> Option<&'a str> {
    let content_type = request.headers.get("Content-Type").unwrap_or("application/json");
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let models = &method.request_models;
    models.get(media_type).or_else(|| models.get("$default")).map(String::as_str)
}

/// Confere uma requisição antes da integração.
///
/// # Errors
/// [`Invalid`] com a recusa e o detalhe, na primeira conferência que falha.
pub fn validate(api: &Api, method: &MethodRequest, request: &Request, path: &PathParameters) -> Result<(), Invalid> {
    use crate::model::GatewayResponseType;

    let validator = effective_validator(api.request_validator, method.request_validator);
    if validator.validate_request_parameters {
        let missing = missing_parameters(method, request, path);
        if !missing.is_empty() {
            let message = format!("Missing required request parameters: [{}]", missing.join(", "));
            let refusal = Refusal::new(GatewayResponseType::BadRequestParameters, &message);
            return Err(Invalid { refusal, validation_error: message });
        }
    }
    let model = model_for(method, request).filter(|_| validator.validate_request_body);
    let Some(model) = model else { return Ok(()) };
    let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    let checked = match serde_json::from_slice(body) {
        Ok(body) => api.models.check(model, &body).map_err(|error| error.0),
        Err(error) => Err(error.to_string()),
    };
    checked.map_err(|validation_error| {
        let refusal = Refusal::new(GatewayResponseType::BadRequestBody, "Invalid request body");
        Invalid { refusal, validation_error }
    })
}
