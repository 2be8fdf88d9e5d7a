//! Templates e o que eles veem, para os testes do passo `mapping`.

use gateway::mapping::render;
use gateway::template::{Rendered, TemplateInput};
use serde_json::{Value, json};

/// Dois alertas, como a Defesa Civil os publica. As chaves estão em ordem alfabética.
pub const ALERTS: &str = r#"{"alerts":[{"city":"serra-clara","kind":"hail","severity":4,"text":"Abrigue-se"},{"city":"vale-verde","kind":"frost","severity":2,"text":"D'água congelada"}],"more":false,"total":2}"#;

/// O que um template vê quando só o corpo importa.
pub fn body(text: &str) -> TemplateInput {
    TemplateInput { body: text.to_owned(), context: context(), ..TemplateInput::default() }
}

/// `GET /cities/serra-clara/forecast?days=3`, com um `days` também nos cabeçalhos e um `city` em todo lugar.
pub fn forecast() -> TemplateInput {
    TemplateInput {
        path: pairs(&[("city", "serra-clara")]),
        querystring: pairs(&[("city", "vale-verde"), ("days", "3"), ("unit", "")]),
        header: pairs(&[("Accept-Language", "pt-BR"), ("city", "outra"), ("days", "9")]),
        stage_variables: pairs(&[("table", "alerts-prod")]),
        context: context(),
        ..TemplateInput::default()
    }
}

fn context() -> Value {
    json!({ "stage": "prod", "httpMethod": "GET", "identity": { "sourceIp": "203.0.113.7" } })
}

pub fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Roda um template que tem de dar certo; `rule` diz o que a AWS faz.
pub fn rendered(template: &str, input: &TemplateInput, rule: &str) -> Rendered {
    render(template, input).unwrap_or_else(|error| {
        panic!("{rule}; o template `{template}` não tem erro, mas o seu código parou com: {error}")
    })
}

/// Confere o que um template escreve; `rule` diz o que a AWS faz.
pub fn expect_output(template: &str, input: &TemplateInput, expected: &str, rule: &str) {
    let body = rendered(template, input, rule).body;
    assert!(body == expected, "{rule}: `{template}` escreve `{expected}`; com o seu código, escreveu `{body}`");
}

/// O mesmo, para vários templates.
pub fn expect_outputs(cases: &[(&str, &str)], input: &TemplateInput, rule: &str) {
    for (template, expected) in cases {
        expect_output(template, input, expected, rule);
    }
}
