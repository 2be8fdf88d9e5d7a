//! O gerador de SDK: da definição de uma API a um módulo JavaScript que a chama.
//!
//! ```text
//!   Definition ─▶ operations ─▶ [Operation] ─▶ render ─▶ módulo ES
//!                 (o plano de cada chamada)    (plano como JSON, JSDoc, CORE)
//! ```
//!
//! Páginas: <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-generate-sdk-javascript.html> e
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetSdk.html>.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::definition::Definition;
use crate::model::Method;

/// Uma parte do caminho, entre duas barras.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Segment {
    /// Texto fixo: `cities`.
    Text(String),
    /// `{name}`, ou `{name+}` quando `greedy`.
    Parameter { name: String, greedy: bool },
}

/// O plano de uma chamada: tudo o que `send`, em [`crate::javascript::CORE`], precisa saber. O JSON dele vai no módulo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// O nome do método do cliente.
    #[serde(skip)]
    pub name: String,
    /// O texto livre da definição.
    #[serde(skip)]
    pub description: String,
    /// O modelo do corpo.
    #[serde(skip)]
    pub request_model: Option<String>,
    /// O modelo da resposta.
    #[serde(skip)]
    pub response_model: Option<String>,
    /// O verbo: `GET`.
    pub method: &'static str,
    /// O caminho.
    pub path: Vec<Segment>,
    /// Os parâmetros que vão na query.
    pub query: Vec<String>,
    /// Os parâmetros que vão em cabeçalhos.
    pub headers: Vec<String>,
    /// Os que não podem faltar.
    pub required: Vec<String>,
    /// Verdadeiro quando a chamada leva corpo.
    pub body: bool,
    /// Verdadeiro quando a chamada leva `x-api-key`.
    pub api_key: bool,
    /// O cabeçalho que leva o token, se a chamada leva um.
    pub authorization: Option<String>,
}

/// Para que linguagem é o SDK (`sdkType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdkType {
    Android,
    Java,
    JavaScript,
    ObjectiveC,
    Ruby,
    Swift,
}

impl SdkType {
    /// Todos.
    pub const ALL: [Self; 6] = [Self::Android, Self::Java, Self::JavaScript, Self::ObjectiveC, Self::Ruby, Self::Swift];

    /// O nome na API da AWS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Java => "java",
            Self::JavaScript => "javascript",
            Self::ObjectiveC => "objectivec",
            Self::Ruby => "ruby",
            Self::Swift => "swift",
        }
    }

    /// Os `parameters` sem os quais o pedido não serve.
    pub fn required_parameters(self) -> &'static [&'static str] {
        match self {
            Self::Android => &["groupId", "artifactId", "artifactVersion", "invokerPackage"],
            Self::Java => &["serviceName", "javaPackageName"],
            Self::ObjectiveC | Self::Swift => &["classPrefix"],
            Self::JavaScript | Self::Ruby => &[],
        }
    }
}

impl fmt::Display for SdkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Por que o SDK não saiu.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GetSdkError {
    #[error("só uma API REST tem SDK")]
    NotRest,
    #[error("a API nunca foi publicada")]
    NeverDeployed,
    #[error("a API não tem o stage `{0}`")]
    UnknownStage(String),
    #[error("`{0}` não é um sdkType")]
    UnknownSdkType(String),
    #[error("falta o parâmetro `{0}`")]
    MissingParameter(&'static str),
    #[error("aqui só se gera javascript, e o pedido é de {0}")]
    OnlyJavaScript(SdkType),
    #[error("dois métodos da API teriam o nome `{0}`")]
    NameConflict(String),
}

/// As partes de um caminho; a raiz não tem nenhuma.
pub fn segments(path: &str) -> Vec<Segment> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts
        .map(|part| match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => Segment::Text(part.to_owned()),
            Some(inner) => {
                let name = inner.strip_suffix('+');
                Segment::Parameter { name: name.unwrap_or(inner).to_owned(), greedy: name.is_some() }
            }
        })
        .collect()
}

/// O nome de um modelo no código gerado: só as letras, os dígitos e os sublinhados dele.
pub fn type_name(model: &str) -> String {
    model.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// O tipo JSDoc de um JSON Schema: `{ "city": string, "days"?: number }`.
pub fn schema_type(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return type_name(reference.rsplit('/').next().unwrap_or(reference));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(literal).collect::<Vec<_>>().join(" | ");
    }
    match (schema["type"].as_str(), schema["properties"].as_object()) {
        (Some("string"), _) => "string".to_owned(),
        (Some("integer" | "number"), _) => "number".to_owned(),
        (Some("boolean"), _) => "boolean".to_owned(),
        (Some("array"), _) => format!("Array<{}>", schema_type(&schema["items"])),
        (Some("object"), Some(properties)) => {
            let required =
                |name: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|r| r == name));
            fields(properties.iter().map(|(name, schema)| (name.as_str(), required(name), schema_type(schema))))
        }
        _ => "*".to_owned(),
    }
}

/// Um tipo de objeto, com nome, obrigatoriedade e tipo de cada campo: `{ "city": string, "days"?: string }`.
pub fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, bool, String)>) -> String {
    let field = |(name, required, kind): (&str, bool, String)| {
        let mark = if required { "" } else { "?" };
        format!("{}{mark}: {kind}", literal(&name))
    };
    match fields.into_iter().map(field).collect::<Vec<_>>().join(", ") {
        empty if empty.is_empty() => "{}".to_owned(),
        list => format!("{{ {list} }}"),
    }
}

/// O nome do método do cliente, a partir do caminho e do verbo.
pub fn method_name(path: &str, method: Method) -> String {
    todo!("dê um nome a {method} {path}")
}

/// Um valor como JSON que pode ficar no código, num comentário ou num `<script>`, sem sair do lugar.
pub fn literal(value: &impl Serialize) -> String {
    let _ = value;
    todo!("escreva o valor como JSON que não sai do lugar")
}

/// Um texto livre que pode ficar dentro de um comentário `/* … */`.
pub fn comment(text: &str) -> String {
    todo!("deixe {text:?} caber num comentário")
}

/// O plano de cada chamada, na ordem da definição.
pub fn operations(definition: &Definition) -> Result<Vec<Operation>, GetSdkError> {
    let _ = definition;
    todo!("planeje uma chamada por método, na ordem da definição")
}

/// O módulo inteiro: os tipos, `createClient` e o miolo.
pub fn render(definition: &Definition, stage: &str, operations: &[Operation]) -> String {
    let _ = (definition, operations);
    todo!("escreva o módulo do stage {stage}")
}

/// GetSdk: confere o pedido e devolve o módulo.
pub fn get_sdk(
    definition: &Definition,
    stage: &str,
    sdk_type: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<String, GetSdkError> {
    let _ = (definition, parameters);
    todo!("gere o SDK {sdk_type} do stage {stage}")
}
