//! Dos controles de um laboratório ao cenário em JSON, e ao texto ao lado de cada controle.

use serde_json::{Map, Number, Value};

use crate::score;

/// O que um controle tem agora.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Checkbox(bool),
    /// `range` e `number`, como o navegador os dá.
    Number(String),
    Text(String),
}

/// O cenário que entra no laboratório `lab`; `request` é a requisição de um cliente gerado, se é ele quem pergunta. Um número que não se lê fica de fora, e o laboratório reclama dele pelo nome.
pub fn scenario(lab: &str, settings: &[(String, Setting)], request: Option<Value>) -> String {
    let mut fields: Map<String, Value> = settings
        .iter()
        .filter_map(|(id, setting)| {
            let value = match setting {
                Setting::Checkbox(on) => Value::Bool(*on),
                Setting::Number(text) => Value::Number(number(text)?),
                Setting::Text(text) => Value::String(text.clone()),
            };
            Some((id.clone(), value))
        })
        .collect();
    fields.insert("lab".to_owned(), lab.into());
    fields.extend(request.map(|request| ("request".to_owned(), request)));
    Value::Object(fields).to_string()
}

/// O que um exemplo pronto põe em cada controle. Uma opção vazia não muda nada.
pub fn example(json: &str) -> Vec<(String, String)> {
    let values: std::collections::BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    values.into_iter().collect()
}

fn number(text: &str) -> Option<Number> {
    match text.parse::<i64>() {
        Ok(integer) => Some(integer.into()),
        Err(_) => Number::from_f64(text.parse().ok()?),
    }
}

/// O valor de um `range` como se lê: segundos viram `6 h`, o resto leva a unidade.
pub fn reading(value: &str, unit: &str) -> String {
    match (unit, value.parse::<u64>()) {
        ("s", Ok(0)) => "0 s".to_owned(),
        ("s", Ok(seconds)) => score::instant(seconds.saturating_mul(1000)),
        ("ms", Ok(milliseconds)) if milliseconds > 0 => score::instant(milliseconds),
        ("", _) => value.replace('.', ","),
        _ => format!("{} {unit}", value.replace('.', ",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_become_json_of_their_own_type() {
        let settings = [
            ("failure".to_owned(), Setting::Text("function_error".into())),
            ("age".to_owned(), Setting::Number("21600".into())),
            ("rate".to_owned(), Setting::Number("0.5".into())),
            ("dlq".to_owned(), Setting::Checkbox(true)),
            ("empty".to_owned(), Setting::Number(String::new())),
        ];
        let value: Value = serde_json::from_str(&scenario("alert", &settings, None)).expect("JSON");
        let expected =
            serde_json::json!({"lab": "alert", "failure": "function_error", "age": 21600, "rate": 0.5, "dlq": true});
        assert_eq!(value, expected);
        let asked = scenario("sdk", &[], Some(serde_json::json!({"method": "GET"})));
        assert_eq!(asked, r#"{"lab":"sdk","request":{"method":"GET"}}"#);
    }

    #[test]
    fn an_example_fills_controls_and_an_empty_choice_fills_none() {
        assert_eq!(example(r#"{"body":"{}"}"#), [("body".to_owned(), "{}".to_owned())]);
        assert!(example("").is_empty());
    }

    #[test]
    fn seconds_are_read_as_durations() {
        assert_eq!(reading("21600", "s"), "6 h");
        assert_eq!(reading("90", "s"), "1 min 30 s");
        assert_eq!(reading("0", "s"), "0 s");
        assert_eq!(reading("3", "tentativas"), "3 tentativas");
        assert_eq!(reading("0.5", ""), "0,5");
    }
}
