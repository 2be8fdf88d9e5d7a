//! O laboratório do SDK: o gerador do leitor escreve o cliente da API do tempo, a página o carrega e faz uma chamada com ele.
//!
//! ```text
//!   controles ─▶ play ─▶ módulo e chamada ─▶ página: createClient(…)[operação](params, body)
//!                                                │ fetch
//!           request_explorer::serve ◀── requisição ─┘
//! ```

use gateway::definition::weather;
use gateway::sdk::{Operation, Segment, get_sdk, operations};
use kit::lab::{Block, Call, ClientRequest, Outcome, Output, Stage, Tone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const STAGE: &str = "prod";

/// A chave da cooperativa e o token de quem pode cancelar alertas.
use crate::weather::{CIVIL_DEFENSE_TOKEN as TOKEN, COOPERATIVE_KEY as API_KEY};

/// O que `encodeURIComponent` não codifica.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Os controles do laboratório e, quando quem pergunta é o cliente gerado, a requisição dele.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    /// O verbo e o caminho: `GET /cities`.
    operation: String,
    /// Os parâmetros, em JSON.
    params: String,
    /// O corpo, em JSON, ou nada.
    body: String,
    api_key: bool,
    token: bool,
    request: Option<ClientRequest>,
}

/// Gera o cliente e conta a chamada; com uma requisição do cliente, responde a ela.
pub async fn play(scenario: Scenario) -> Output {
    let definition = weather();
    if let Some(request) = &scenario.request {
        let response = crate::request_explorer::serve(request).await;
        let summary = format!("O gateway respondeu {} a {} {}.", response.status, request.method, request.url);
        let headers = response.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let body = response.body_text();
        let block = Block::Response { label: "Resposta do gateway".into(), status: response.status, headers, body };
        return Output { summary, blocks: vec![block] };
    }
    let module = match get_sdk(&definition, STAGE, "javascript", &Default::default()) {
        Ok(module) => module,
        Err(error) => return failure("GetSdk", &format!("O SDK não saiu: {error}.")),
    };
    let operations = operations(&definition).unwrap_or_default();
    let Some(operation) = operations.iter().find(|each| title(each) == scenario.operation) else {
        return failure("A operação", &format!("Nenhuma operação do SDK chama {}.", scenario.operation));
    };
    let params = match read("params", &scenario.params) {
        Ok(Value::Null) => Map::new(),
        Ok(Value::Object(params)) => params,
        Ok(other) => return failure("params", &format!("`params` é um objeto JSON, e veio {other}.")),
        Err(problem) => return failure("params", &problem),
    };
    let body = match read("body", &scenario.body) {
        Ok(body) => body,
        Err(problem) => return failure("body", &problem),
    };

    let items = stages(operation, &params, &body, &scenario);
    let sent = items.iter().all(|item| item.outcome != Outcome::Refused);
    let summary = if sent {
        format!("O cliente gerado faz uma requisição, {} {}.", operation.method, target(operation, &params))
    } else {
        format!("`{}` lança um erro no cliente, e nenhuma requisição sai.", operation.name)
    };
    let mut config = Map::new();
    config.extend(scenario.api_key.then(|| ("apiKey".to_owned(), json!(API_KEY))));
    config.extend(scenario.token.then(|| ("authorization".to_owned(), json!(TOKEN))));
    let call = Call { config: Value::Object(config), operation: operation.name.clone(), params: params.into(), body };
    Output {
        summary,
        blocks: vec![
            Block::Stages { label: format!("A chamada {}", operation.name), items },
            Block::Script { label: "SDK gerado".into(), source: module, call },
        ],
    }
}

/// O que o cliente faz antes de chamar `fetch`, contado a partir do plano.
fn stages(operation: &Operation, params: &Map<String, Value>, body: &Value, scenario: &Scenario) -> Vec<Stage> {
    let stage = |name: &str, outcome: Outcome, text: String| Stage { name: name.into(), outcome, text };
    let missing: Vec<_> =
        operation.required.iter().filter(|name| written(params.get(*name)).is_none_or(|v| v.is_empty())).collect();
    let skipped = |name: &str| stage(name, Outcome::Skipped, "a chamada parou antes".into());
    if !missing.is_empty() {
        let list = missing.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let refused = stage("obrigatórios", Outcome::Refused, format!("falta {list}: o cliente lança um erro"));
        return [refused].into_iter().chain(["caminho", "cabeçalhos", "corpo"].map(skipped)).collect();
    }
    let dots = operation.path.iter().any(|segment| match segment {
        Segment::Parameter { name, .. } => matches!(written(params.get(name)).as_deref(), Some("." | "..")),
        Segment::Text(_) => false,
    });
    if dots {
        let text = "`.` e `..` mudariam o recurso: o cliente lança um erro".into();
        let refused = stage("caminho", Outcome::Refused, text);
        return [stage("obrigatórios", Outcome::Accepted, "estão todos".into()), refused]
            .into_iter()
            .chain(["cabeçalhos", "corpo"].map(skipped))
            .collect();
    }
    let declared = operation.headers.iter().filter(|name| written(params.get(*name)).is_some());
    let mut headers: Vec<_> = declared.map(String::as_str).collect();
    headers.extend((operation.api_key && scenario.api_key).then_some("x-api-key"));
    headers.extend(operation.authorization.as_deref().filter(|_| scenario.token));
    let has_body = operation.body && !body.is_null();
    headers.extend(has_body.then_some("content-type"));
    vec![
        match operation.required.join(", ") {
            none if none.is_empty() => stage("obrigatórios", Outcome::Skipped, "não há".into()),
            list => stage("obrigatórios", Outcome::Accepted, format!("vieram: {list}")),
        },
        stage("caminho", Outcome::Changed, format!("{} {}", operation.method, target(operation, params))),
        match headers.join(", ") {
            none if none.is_empty() => stage("cabeçalhos", Outcome::Skipped, "nenhum".into()),
            list => stage("cabeçalhos", Outcome::Changed, list),
        },
        if has_body {
            stage("corpo", Outcome::Changed, body.to_string())
        } else {
            stage("corpo", Outcome::Skipped, "não há".into())
        },
    ]
}

/// O caminho e a query que a chamada pede.
fn target(operation: &Operation, params: &Map<String, Value>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
    let parts = operation.path.iter().map(|segment| match segment {
        Segment::Text(text) => text.clone(),
        Segment::Parameter { name, greedy } => {
            let value = written(params.get(name)).unwrap_or_default();
            if *greedy { value.split('/').map(encode).collect::<Vec<_>>().join("/") } else { encode(&value) }
        }
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in &operation.query {
        let values = match params.get(name) {
            Some(Value::Array(values)) => values.iter().collect(),
            one => one.into_iter().collect::<Vec<_>>(),
        };
        query.extend_pairs(values.into_iter().filter_map(|value| Some((name, written(Some(value))?))));
    }
    match query.finish() {
        none if none.is_empty() => format!("/{path}"),
        query => format!("/{path}?{query}"),
    }
}

/// Um parâmetro como o cliente o escreve; `None` se falta ou é nulo.
fn written(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `GET /cities/{city}`.
fn title(operation: &Operation) -> String {
    let parts = operation.path.iter().map(|segment| match segment {
        Segment::Text(text) => text.clone(),
        Segment::Parameter { name, greedy } => format!("{{{name}{}}}", if *greedy { "+" } else { "" }),
    });
    format!("{} /{}", operation.method, parts.collect::<Vec<_>>().join("/"))
}

/// Lê um controle de texto; vazio é `null`.
fn read(name: &str, text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| {
        format!("`{name}` não é JSON: o problema está na linha {}, coluna {}.", error.line(), error.column())
    })
}

fn failure(label: &str, text: &str) -> Output {
    let block = Block::Text { label: label.to_owned(), text: text.to_owned(), tone: Tone::Bad };
    Output { summary: text.to_owned(), blocks: vec![block] }
}
