//! As definições e os atalhos dos testes do passo `sdk`.

use gateway::definition::{Definition, HttpMethod, Location, MethodDefinition, Model, weather};
use gateway::model::Method::Get;
use gateway::sdk::{Operation, operations, render};
use serde_json::json;

/// O plano de um método sozinho numa API.
pub fn plan(method: MethodDefinition) -> Operation {
    let what = format!("{:?} {}", method.http_method, method.path);
    match operations(&Definition { methods: vec![method], ..weather() }).as_deref() {
        Ok([operation]) => operation.clone(),
        other => panic!("uma API só com {what} tem um plano; a sua função devolveu {other:?}"),
    }
}

/// O módulo da API do tempo no stage `prod`, como o leitor o escreveu.
pub fn module(definition: &Definition) -> String {
    match operations(definition) {
        Ok(operations) => render(definition, "prod", &operations),
        Err(error) => panic!("esta definição não tem nada de errado, e a sua função `operations` respondeu: {error}"),
    }
}

/// Um texto entre aspas, com o que não se vê à vista: quebras de linha e os separadores U+2028 e U+2029.
pub fn shown(text: &str) -> String {
    let text = text.replace('\n', "␊").replace('\r', "␍");
    format!("«{}»", text.replace('\u{2028}', "⟨U+2028⟩").replace('\u{2029}', "⟨U+2029⟩"))
}

/// Os textos de uma lista.
pub fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Uma API com `evil` no fim de tudo o que alguém escreveu na definição.
pub fn tainted(evil: &str) -> Definition {
    let in_path: String = evil.chars().filter(|c| !"/{}+".contains(*c)).collect();
    let bad = |text: &str| format!("{text}{evil}");
    let mut method = MethodDefinition::new(Get, &format!("/cities{in_path}/{{city{in_path}}}"), &bad("Texto"))
        .parameter(Location::Querystring, &bad("days"), true)
        .parameter(Location::Header, &bad("X-Trace"), false)
        .receiving(&bad("City"))
        .returning(&bad("City"))
        .with_token(&bad("Authorization"));
    method.operation_name = Some(bad("getCity"));
    let schema = json!({ "type": "object", "required": [bad("id")], "properties": {
        bad("id"): { "type": "string" }, bad("kind"): { "enum": [bad("a"), bad("b")] },
        bad("more"): { "$ref": bad("https://apigateway.amazonaws.com/restapis/x/models/City") } } });
    Definition {
        api_id: bad("a1b2c3d4e5"),
        methods: vec![method, MethodDefinition { http_method: HttpMethod::Any, ..MethodDefinition::new(Get, "/", "") }],
        models: vec![Model { name: bad("City"), schema }],
        ..weather()
    }
}
