//! O que cerca um mapping template: quem o escolhe, o que ele vê e o que ele produz.
//!
//! ```text
//!   Content-Type ─▶ Templates ─▶ Passage          Outcome ─▶ IntegrationResponse ─▶ Templates
//!                       TemplateInput ─▶ render ─▶ Rendered
//! ```
//!
//! Segue as operações `PutIntegration` e `PutIntegrationResponse`, da API do API Gateway.

use serde_json::Value as Json;

use crate::model::{GatewayResponseType, Refusal, Request};

/// O que fazer com um corpo que não tem template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassthroughBehavior {
    /// `WHEN_NO_MATCH`
    WhenNoMatch,
    /// `WHEN_NO_TEMPLATES`
    WhenNoTemplates,
    /// `NEVER`
    Never,
}

/// Os templates de uma integração, um por tipo de conteúdo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates(Vec<(String, String)>);

impl Templates {
    /// Nenhum template.
    pub fn new() -> Self {
        Self::default()
    }

    /// Os mesmos, e mais este para `content_type`.
    #[must_use]
    pub fn with(mut self, content_type: &str, template: &str) -> Self {
        self.0.push((content_type.to_owned(), template.to_owned()));
        self
    }

    /// Verdadeiro quando não há nenhum.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// O template deste tipo, sem olhar a caixa nem o que vem depois do `;`.
    pub fn get(&self, content_type: &str) -> Option<&str> {
        let wanted = content_type.split(';').next().unwrap_or_default().trim();
        self.0.iter().find(|(each, _)| each.eq_ignore_ascii_case(wanted)).map(|(_, template)| template.as_str())
    }
}

/// Como o corpo segue para a integração.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage<'a> {
    /// Transformado por este template.
    Transform(&'a str),
    /// Como veio.
    AsIs,
}

/// Uma das respostas que a integração pode dar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntegrationResponse {
    /// O status que o cliente recebe.
    pub status_code: u16,
    /// A expressão regular que escolhe esta resposta; sem ela, ou com ela vazia, esta é a resposta padrão.
    pub selection_pattern: Option<String>,
    /// Os templates do corpo.
    pub templates: Templates,
}

impl IntegrationResponse {
    /// Uma resposta sem templates; um padrão vazio é o da resposta padrão.
    pub fn new(status_code: u16, selection_pattern: &str) -> Self {
        Self { status_code, selection_pattern: Some(selection_pattern.to_owned()), templates: Templates::new() }
    }

    /// A expressão regular, ou `None` na resposta padrão.
    pub fn pattern(&self) -> Option<&str> {
        self.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty())
    }

    /// O template do corpo para quem pediu `accept`: o desse tipo, o de `application/json` ou o primeiro. `None` quando
    /// não há nenhum e o corpo passa como veio.
    pub fn template(&self, accept: Option<&str>) -> Option<&str> {
        let of_type = accept.and_then(|accept| self.templates.get(accept));
        of_type
            .or_else(|| self.templates.get("application/json"))
            .or_else(|| self.templates.0.first().map(|(_, template)| template.as_str()))
    }
}

/// O que voltou da integração.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// De uma função do Lambda: o `errorMessage`, se ela falhou.
    Lambda { error_message: Option<&'a str> },
    /// De um servidor HTTP ou de uma integração MOCK: o status.
    Status(u16),
}

/// Nomes e valores, na ordem em que vieram.
pub type Pairs = Vec<(String, String)>;

/// O que um template vê.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateInput {
    /// O corpo, vazio quando não veio nenhum.
    pub body: String,
    /// Os parâmetros do caminho.
    pub path: Pairs,
    /// Os da query.
    pub querystring: Pairs,
    /// Os cabeçalhos.
    pub header: Pairs,
    /// O `$context`, um objeto.
    pub context: Json,
    /// As variáveis do stage.
    pub stage_variables: Pairs,
}

impl TemplateInput {
    /// O que o template de uma requisição vê, com `path` do roteamento; faltam o `$context` e as variáveis do stage.
    pub fn of(request: &Request, path: Pairs) -> Self {
        Self {
            body: request.body_text(),
            path,
            querystring: last_of_each(request.query.iter()),
            header: last_of_each(request.headers.iter()),
            ..Self::default()
        }
    }
}

/// Um valor por nome, o último.
fn last_of_each<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Pairs {
    let mut kept: Pairs = Vec::new();
    for (name, value) in pairs {
        match kept.iter_mut().find(|(each, _)| each == name) {
            Some((_, current)) => value.clone_into(current),
            None => kept.push((name.to_owned(), value.to_owned())),
        }
    }
    kept
}

/// O que um template produziu.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// O corpo.
    pub body: String,
    /// O `$context` no fim, com o que o template sobrescreveu em `requestOverride` e `responseOverride`. O template da
    /// resposta recebe o do template da requisição.
    pub context: Json,
    /// As primeiras referências que o template avaliou e quanto cada uma valia, na ordem.
    pub trace: Vec<(String, String)>,
}

impl Rendered {
    /// Quantas referências cabem em `trace`, e quantos caracteres do valor de cada uma.
    pub const LONGEST_TRACE: usize = 200;

    /// O que foi escrito em `$context.{side}.{part}`: `("requestOverride", "header")`.
    pub fn overrides(&self, side: &str, part: &str) -> Pairs {
        let pairs = self.context[side][part].as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), value.as_str().map_or(value.to_string(), str::to_owned))).collect()
    }

    /// O que foi escrito em `$context.responseOverride.status`.
    pub fn status_override(&self) -> Option<u16> {
        let status = &self.context["responseOverride"]["status"];
        status.as_u64().and_then(|status| u16::try_from(status).ok()).or_else(|| status.as_str()?.parse().ok())
    }
}

/// A recusa de uma API mal configurada: o cliente vê um 500 que não explica nada.
pub fn configuration_error() -> Refusal {
    Refusal::new(GatewayResponseType::ApiConfigurationError, "Internal server error")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Method;

    #[test]
    fn the_type_of_the_content_is_compared_without_case_or_parameters() {
        let templates = Templates::new().with("application/json", "{}").with("text/xml", "<a/>");
        assert_eq!(templates.get("Text/XML; charset=utf-8"), Some("<a/>"));
        assert_eq!(templates.get("text/plain"), None);
    }

    #[test]
    fn a_response_takes_the_template_of_the_accepted_type_or_of_json_or_the_first() {
        let templates = Templates::new().with("text/xml", "<a/>").with("text/csv", "a");
        let mut response = IntegrationResponse { templates, ..IntegrationResponse::new(200, "") };
        assert_eq!(response.template(Some("text/csv")), Some("a"));
        assert_eq!(response.template(Some("text/html")), Some("<a/>"));
        response.templates = response.templates.with("application/json", "{}");
        assert_eq!(response.template(Some("text/html")), Some("{}"));
        assert_eq!(response.template(None), Some("{}"));
        assert_eq!(IntegrationResponse::default().template(None), None);
        assert_eq!(response.pattern(), None);
    }

    #[test]
    fn a_request_gives_one_value_for_each_name() {
        let request = Request::new(Method::Get, "/cities?day=1&day=2&unit=c").header("Accept", "*/*").body("x");
        let input = TemplateInput::of(&request, vec![("city".to_owned(), "serra-clara".to_owned())]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(input.querystring, [pair("day", "2"), pair("unit", "c")]);
        assert_eq!((input.body.as_str(), input.header), ("x", vec![pair("Accept", "*/*")]));
    }

    #[test]
    fn overrides_are_read_from_the_context() {
        let context = json!({
            "requestOverride": { "header": { "X-City": "serra-clara", "X-Days": 3 } },
            "responseOverride": { "status": "404" },
        });
        let rendered = Rendered { body: String::new(), context, trace: Vec::new() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            rendered.overrides("requestOverride", "header"),
            [pair("X-City", "serra-clara"), pair("X-Days", "3")]
        );
        assert_eq!(rendered.overrides("responseOverride", "header"), []);
        assert_eq!(rendered.status_override(), Some(404));
    }
}
