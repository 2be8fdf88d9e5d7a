//! O `$context` de um template: um mapa em que só as sobrescritas mudam, e cada uma só uma vez.
//!
//! ```text
//!   $context ─┬─ stage, httpMethod, identity …
//!             ├─ requestOverride  ── header, path, querystring
//!             └─ responseOverride ── header, status
//! ```
//!
//! Segue `apigateway-override-request-response-parameters`, do guia do API Gateway.

use super::value::{Map, Value};

/// O valor de `$context` a partir do seu JSON, com os lugares em que o template pode escrever.
pub fn context(json: &serde_json::Value) -> Value {
    let given = Value::parse_json(&json.to_string()).unwrap_or(Value::Null);
    let Value::Map(context) = with_defaults(&given, &["requestOverride", "responseOverride"], false) else {
        return Value::Null;
    };
    for (side, parts) in
        [("requestOverride", &["header", "path", "querystring"][..]), ("responseOverride", &["header"][..])]
    {
        let before = context.get(side).unwrap_or(Value::Null);
        // O mapa do contexto não é de escrever uma vez só: este `insert` não falha.
        let _ = context.insert(side, &with_defaults(&before, parts, true));
    }
    Value::Map(context)
}

/// Uma cópia do mapa, com um mapa em cada um dos nomes; os novos são de escrever uma vez só, se `write_once`.
fn with_defaults(value: &Value, names: &[&str], write_once: bool) -> Value {
    let new_map = || if write_once { Map::write_once() } else { Map::default() };
    let copy = new_map();
    // Em um mapa novo, nenhum destes `insert` escreve duas vezes.
    for name in names {
        let part = new_map();
        if let Value::Map(before) = super::property(value, name) {
            for (key, value) in before.entries() {
                let _ = part.insert(&key, &value);
            }
        }
        let _ = copy.insert(name, &Value::Map(part));
    }
    if let Value::Map(before) = value {
        for (key, value) in before.entries().into_iter().filter(|(key, _)| !names.contains(&key.as_str())) {
            let _ = copy.insert(&key, &value);
        }
    }
    Value::Map(copy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vtl::{property, put};

    fn walk(value: &Value, path: &str) -> Value {
        path.split('.').fold(value.clone(), |value, name| property(&value, name))
    }

    #[test]
    fn overrides_start_empty_and_are_written_once() {
        let context = context(&json!({ "stage": "prod" }));
        assert_eq!(walk(&context, "stage"), Value::text("prod"));
        let header = walk(&context, "responseOverride.header");
        assert_eq!(put(&header, &Value::text("X-A"), &Value::text("1")), Ok(()));
        assert!(put(&header, &Value::text("X-A"), &Value::text("2")).is_err());
        let side = walk(&context, "responseOverride");
        assert_eq!(put(&side, &Value::text("status"), &Value::Integer(404)), Ok(()));
        assert!(put(&side, &Value::text("status"), &Value::Integer(500)).is_err());
        assert_eq!(put(&context, &Value::text("stage"), &Value::text("dev")), Ok(()));
    }

    #[test]
    fn what_the_request_wrote_is_there_for_the_response() {
        let before = json!({ "requestOverride": { "path": { "body": "x" } }, "responseOverride": { "custom": 1 } });
        let context = context(&before);
        assert_eq!(walk(&context, "requestOverride.path.body"), Value::text("x"));
        assert_eq!(walk(&context, "requestOverride.header"), Value::Map(Map::write_once()));
        assert_eq!(walk(&context, "responseOverride.custom"), Value::Integer(1));
    }
}
