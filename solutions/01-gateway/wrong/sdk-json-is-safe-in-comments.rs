//! Engano: confiar no escape do JSON também dentro dos comentários, onde `*/` fecha o comentário.
//!
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
    let mut name = String::new();
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        let (first, rest) = word.split_at(1);
        name += &if index == 0 { first.to_ascii_lowercase() } else { first.to_ascii_uppercase() };
        name += rest;
    }
    if name.is_empty() {
        name += "root";
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    let (first, rest) = method.as_str().split_at(1);
    name + first + &rest.to_ascii_lowercase()
}

/// Um valor como JSON que pode ficar no código, num comentário ou num `<script>`, sem sair do lugar.
pub fn literal(value: &impl Serialize) -> String {
    // Um valor que não vira JSON (um mapa com chaves que não são texto) não existe aqui.
    let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Um texto livre que pode ficar dentro de um comentário `/* … */`.
pub fn comment(text: &str) -> String {
    let line = text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ");
    line.replace("*/", "*\\/").replace("</", "<\\/")
}

/// O plano de cada chamada, na ordem da definição.
pub fn operations(definition: &Definition) -> Result<Vec<Operation>, GetSdkError> {
    use crate::definition::{Authorization, HttpMethod, Location};

    let mut operations: Vec<Operation> = Vec::new();
    for method in &definition.methods {
        let HttpMethod::Only(verb) = method.http_method else { continue };
        let name = method_name(&method.path, verb);
        if operations.iter().any(|other| other.name == name) {
            return Err(GetSdkError::NameConflict(name));
        }
        let path = segments(&method.path);
        let in_path = path.iter().filter_map(|segment| match segment {
            Segment::Parameter { name, .. } => Some(name.clone()),
            Segment::Text(_) => None,
        });
        let declared = |location: Location| {
            let parameters = method.request_parameters.iter().filter(move |each| each.location == location);
            parameters.map(|each| each.name.clone()).collect()
        };
        let required = method.request_parameters.iter().filter(|each| each.required).map(|each| each.name.clone());
        operations.push(Operation {
            name,
            description: method.description.clone(),
            request_model: method.request_model.clone(),
            response_model: method.response_model.clone(),
            method: verb.as_str(),
            query: declared(Location::Querystring),
            headers: declared(Location::Header),
            required: in_path.chain(required).collect(),
            path,
            body: method.request_model.is_some(),
            api_key: method.api_key_required,
            authorization: match &method.authorization {
                Authorization::Custom { header } => Some(header.clone()),
                Authorization::None | Authorization::AwsIam => None,
            },
        });
    }
    Ok(operations)
}

/// O módulo inteiro: os tipos, `createClient` e o miolo.
pub fn render(definition: &Definition, stage: &str, operations: &[Operation]) -> String {
    use crate::javascript::CORE;

    let mut module = String::new();
    for model in &definition.models {
        module += &format!("/** @typedef {{{}}} {} */\n", schema_type(&model.schema), type_name(&model.name));
    }
    let base_url = literal(&definition.base_url(stage));
    module += &format!(
        "\nexport function createClient({{ baseUrl = {base_url}, apiKey, authorization, fetch = globalThis.fetch }} = {{}}) \
         {{\n  const client = {{ baseUrl, apiKey, authorization, fetch }};\n  const call = (operation, params, body) => \
         send(client, operation, params, body);\n  return {{\n"
    );
    for operation in operations {
        let in_path = operation.path.iter().filter_map(|segment| match segment {
            Segment::Parameter { name, .. } => Some(name),
            Segment::Text(_) => None,
        });
        let names = in_path.chain(&operation.query).chain(&operation.headers);
        let params = fields(names.map(|name| (name.as_str(), operation.required.contains(name), "string".to_owned())));
        let response = operation.response_model.as_deref().map_or_else(|| "*".to_owned(), type_name);
        module += &format!("    /**\n     * {}\n     * @param {{{params}}} params\n", comment(&operation.description));
        if let Some(model) = &operation.request_model {
            module += &format!("     * @param {{{}}} body\n", type_name(model));
        }
        module += &format!("     * @returns {{Promise<{response}>}}\n     */\n");
        module += &format!("    {}: (params, body) => call({}, params, body),\n", operation.name, literal(operation));
    }
    module + "  };\n}\n\n" + CORE
}

/// GetSdk: confere o pedido e devolve o módulo.
pub fn get_sdk(
    definition: &Definition,
    stage: &str,
    sdk_type: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<String, GetSdkError> {
    use crate::definition::Protocol;

    if definition.protocol != Protocol::Rest {
        return Err(GetSdkError::NotRest);
    }
    if definition.stages.is_empty() {
        return Err(GetSdkError::NeverDeployed);
    }
    if !definition.stages.iter().any(|each| each == stage) {
        return Err(GetSdkError::UnknownStage(stage.to_owned()));
    }
    let known = SdkType::ALL.into_iter().find(|each| each.as_str() == sdk_type);
    let known = known.ok_or_else(|| GetSdkError::UnknownSdkType(sdk_type.to_owned()))?;
    if let Some(missing) = known.required_parameters().iter().find(|name| !parameters.contains_key(**name)) {
        return Err(GetSdkError::MissingParameter(missing));
    }
    if known != SdkType::JavaScript {
        return Err(GetSdkError::OnlyJavaScript(known));
    }
    Ok(render(definition, stage, &operations(definition)?))
}
