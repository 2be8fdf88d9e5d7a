//! A definição de uma API, como o gerador de SDK a lê: recursos, métodos, parâmetros e modelos.
//!
//! ```text
//!   Definition ─┬─ methods: GET /cities/{city}/forecast (days?, chave de API) ─▶ Forecast
//!               └─ models:  Forecast, Alert … em JSON Schema
//! ```
//!
//! Segue `api-gateway-method-settings-method-request` e `models-mappings`, do guia do API Gateway.

use serde_json::{Value, json};

use crate::model::Method;

/// O tipo da API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// API REST.
    Rest,
    /// API HTTP.
    Http,
    /// API WebSocket.
    WebSocket,
}

/// O verbo de um método da API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// `ANY`: qualquer verbo.
    Any,
    /// Só este.
    Only(Method),
}

/// Onde vai um parâmetro que não está no caminho.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// `method.request.querystring.NOME`
    Querystring,
    /// `method.request.header.NOME`
    Header,
}

/// Um parâmetro declarado no método. Os do caminho não entram aqui: o próprio caminho os declara.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// O nome.
    pub name: String,
    /// Onde ele vai.
    pub location: Location,
    /// Verdadeiro se a requisição não pode vir sem ele.
    pub required: bool,
}

/// O `authorizationType` do método, e o que o cliente precisa saber dele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// Aberto.
    None,
    /// Assinatura SigV4.
    AwsIam,
    /// Um authorizer que lê o token deste cabeçalho.
    Custom { header: String },
}

/// Um método de um recurso.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodDefinition {
    /// O caminho do recurso: `/cities/{city}/forecast`.
    pub path: String,
    /// O verbo.
    pub http_method: HttpMethod,
    /// O `operationName`, se alguém deu um.
    pub operation_name: Option<String>,
    /// Um texto livre, da documentação da API.
    pub description: String,
    /// Os parâmetros de query e de cabeçalho.
    pub request_parameters: Vec<Parameter>,
    /// O modelo do corpo em `application/json`, se o método recebe corpo.
    pub request_model: Option<String>,
    /// O modelo da resposta 200, se há um.
    pub response_model: Option<String>,
    /// Quem pode chamar.
    pub authorization: Authorization,
    /// Se exige uma chave de API.
    pub api_key_required: bool,
}

impl MethodDefinition {
    /// Um método aberto, sem parâmetros nem modelos.
    pub fn new(method: Method, path: &str, description: &str) -> Self {
        Self {
            path: path.to_owned(),
            http_method: HttpMethod::Only(method),
            operation_name: None,
            description: description.to_owned(),
            request_parameters: Vec::new(),
            request_model: None,
            response_model: None,
            authorization: Authorization::None,
            api_key_required: false,
        }
    }

    /// O mesmo método com mais um parâmetro.
    #[must_use]
    pub fn parameter(mut self, location: Location, name: &str, required: bool) -> Self {
        self.request_parameters.push(Parameter { name: name.to_owned(), location, required });
        self
    }

    /// O mesmo método, que responde com este modelo.
    #[must_use]
    pub fn returning(mut self, model: &str) -> Self {
        self.response_model = Some(model.to_owned());
        self
    }

    /// O mesmo método, que recebe este modelo no corpo.
    #[must_use]
    pub fn receiving(mut self, model: &str) -> Self {
        self.request_model = Some(model.to_owned());
        self
    }

    /// O mesmo método, que exige uma chave de API.
    #[must_use]
    pub fn with_api_key(mut self) -> Self {
        self.api_key_required = true;
        self
    }

    /// O mesmo método, com um authorizer que lê este cabeçalho.
    #[must_use]
    pub fn with_token(mut self, header: &str) -> Self {
        self.authorization = Authorization::Custom { header: header.to_owned() };
        self
    }
}

/// Um modelo: um nome e um JSON Schema (draft 4).
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// O nome.
    pub name: String,
    /// O esquema.
    pub schema: Value,
}

/// Uma API e os stages em que ela já foi publicada.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// O tipo da API.
    pub protocol: Protocol,
    /// O id: `a1b2c3d4e5`.
    pub api_id: String,
    /// A região.
    pub region: String,
    /// Os stages que apontam para um deployment; vazio quando a API nunca foi publicada.
    pub stages: Vec<String>,
    /// Os métodos, na ordem em que foram declarados.
    pub methods: Vec<MethodDefinition>,
    /// Os modelos, na ordem em que foram declarados.
    pub models: Vec<Model>,
}

impl Definition {
    /// O endereço de um stage.
    pub fn base_url(&self, stage: &str) -> String {
        format!("https://{}.execute-api.{}.amazonaws.com/{stage}", self.api_id, self.region)
    }
}

/// A API do Escritório de Meteorologia.
pub fn weather() -> Definition {
    use Location::{Header, Querystring};
    use Method::{Delete, Get, Post};

    let model = |name: &str, schema: Value| Model { name: name.to_owned(), schema };
    let reference =
        |name: &str| json!({ "$ref": format!("https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/{name}") });
    let mut stations =
        MethodDefinition::new(Get, "/stations/{station}/{proxy+}", "Repassa à estação tudo o que chega.");
    stations.http_method = HttpMethod::Any;
    // A Defesa Civil assina o que publica.
    let mut publish =
        MethodDefinition::new(Post, "/alerts", "Publica um alerta.").receiving("Alert").returning("Alert");
    publish.authorization = Authorization::AwsIam;
    Definition {
        protocol: Protocol::Rest,
        api_id: "a1b2c3d4e5".into(),
        region: "sa-east-1".into(),
        stages: vec!["prod".into(), "dev".into()],
        methods: vec![
            MethodDefinition::new(Get, "/cities", "As cidades com previsão."),
            MethodDefinition::new(Get, "/cities/{city}", "Uma cidade.").returning("City"),
            MethodDefinition::new(Get, "/cities/{city}/forecast", "A previsão de uma cidade.")
                .parameter(Querystring, "days", false)
                .returning("Forecast")
                .with_api_key(),
            MethodDefinition::new(Get, "/alerts", "Os alertas em vigor.")
                .parameter(Querystring, "city", true)
                .parameter(Header, "If-None-Match", false)
                .with_api_key(),
            publish,
            MethodDefinition::new(Delete, "/alerts/{alertId}", "Cancela um alerta.").with_token("Authorization"),
            stations,
            MethodDefinition::new(Get, "/health", "Responde 200 se a API está de pé."),
        ],
        models: vec![
            model(
                "City",
                json!({ "type": "object", "required": ["id", "name"], "properties": {
                    "id": { "type": "string" }, "name": { "type": "string" } } }),
            ),
            model(
                "Forecast",
                json!({ "type": "object", "required": ["city", "days"], "properties": {
                    "city": reference("City"),
                    "days": { "type": "array", "items": { "type": "object", "required": ["date"], "properties": {
                        "date": { "type": "string" }, "rain_mm": { "type": "number" } } } } } }),
            ),
            model(
                "Alert",
                json!({ "type": "object", "required": ["kind", "city", "severity"], "properties": {
                    "kind": { "enum": ["granizo", "geada", "vendaval"] },
                    "city": { "type": "string" },
                    "severity": { "type": "integer", "minimum": 1, "maximum": 5 },
                    "until": { "type": "string" } } }),
            ),
        ],
    }
}
