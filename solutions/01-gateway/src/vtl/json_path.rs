//! Os caminhos de `$input.path` e `$input.json`, na forma em que se escrevem nos templates da AWS.
//!
//! ```text
//!   $                         tudo                 city                o mesmo que $.city
//!   $.alerts[0].kind          um lugar: o valor    $.next-url          o mesmo que $['next-url']
//!   $.alerts[*].kind          vários: uma lista, mesmo que de um só ou de nenhum
//! ```
//!
//! Quem procura é o crate `serde_json_path`, que segue a RFC 9535.

use serde_json_path::{JsonPath, PathElement};

use super::value::Value;

/// Um JSON em que se procura.
#[derive(Debug, Clone)]
pub struct Document {
    /// Para procurar.
    json: serde_json::Value,
    /// O mesmo, com as chaves na ordem em que vieram.
    value: Value,
}

impl Document {
    /// Lê um JSON; `None` quando o texto não é um.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { json: serde_json::from_str(text).ok()?, value: Value::parse_json(text)? })
    }

    /// O que há no caminho. Quando ele é de um lugar só e o lugar não existe, `None`.
    ///
    /// # Errors
    /// Quando o caminho não é um JSONPath.
    pub fn query(&self, expression: &str) -> Result<Option<Value>, String> {
        let (normalized, many) = normalize(expression);
        let path = JsonPath::parse(&normalized)
            .map_err(|_| format!("`{expression}` não é um JSONPath; exemplos: `$`, `$.city`, `$.alerts[0].kind`"))?;
        let found: Vec<Value> = path
            .query_located(&self.json)
            .into_iter()
            .filter_map(|node| {
                node.location().iter().try_fold(self.value.clone(), |value, step| match (value, step) {
                    (Value::Map(map), PathElement::Name(name)) => map.get(name),
                    (Value::List(list), PathElement::Index(index)) => list.items().get(*index).cloned(),
                    _ => None,
                })
            })
            .collect();
        if many { Ok(Value::parse_json(&Value::list(found).to_json())) } else { Ok(found.into_iter().next()) }
    }
}

/// O caminho na forma da RFC 9535, e se ele pode levar a mais de um lugar.
fn normalize(expression: &str) -> (String, bool) {
    let expression = expression.trim();
    let mut path = String::from("$");
    let mut rest = match expression.strip_prefix('$') {
        Some(rest) => rest.to_owned(),
        None => format!(".{expression}"),
    };
    let mut many = false;
    while !rest.is_empty() {
        let length = if rest.starts_with('[') {
            let length = bracket_length(&rest);
            let inside = rest[1..length].trim_start();
            many |= !inside.starts_with(['\'', '"', '-']) && !inside.starts_with(|c: char| c.is_ascii_digit())
                || outside_quotes(inside, &[',', ':']);
            path.push_str(&rest[..length]);
            length
        } else {
            let length = rest[1..].find(['.', '[']).map_or(rest.len(), |index| index + 1);
            let name = rest[1..length].trim();
            if name.contains('-') {
                path.push_str(&format!("['{name}']"));
            } else {
                many |= name.is_empty() || name == "*";
                path.push_str(&rest[..length]);
            }
            length
        };
        rest = rest.split_off(length);
    }
    (path, many)
}

/// Até o `]` que fecha o `[` do começo; os que estão entre aspas ou dentro de outros não contam.
fn bracket_length(text: &str) -> usize {
    let (mut depth, mut quote) = (0, None);
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return index + 1,
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn outside_quotes(text: &str, wanted: &[char]) -> bool {
    let mut quote = None;
    text.chars().any(|c| match quote {
        Some(open) => {
            if open == c {
                quote = None;
            }
            false
        }
        None if c == '\'' || c == '"' => {
            quote = Some(c);
            false
        }
        None => wanted.contains(&c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERTS: &str = r#"{"next-url": "/2", "city": null, "a.b": 7, "alerts": [
        {"kind": "granizo", "severity": 4, "tags": []}, {"severity": 2, "kind": "vento"}]}"#;

    fn found(expression: &str) -> String {
        match Document::parse(ALERTS).expect("JSON").query(expression) {
            Ok(Some(value)) => value.to_json(),
            Ok(None) => "nada".to_owned(),
            Err(message) => message,
        }
    }

    #[test]
    fn one_place_gives_the_value_and_many_places_give_a_list() {
        for (expression, expected) in [
            ("$.alerts[0].kind", r#""granizo""#),
            ("alerts[1]", r#"{"severity":2,"kind":"vento"}"#),
            ("$['alerts'][-1]['kind']", r#""vento""#),
            ("$.next-url", r#""/2""#),
            ("$['a.b']", "7"),
            ("$.city", "null"),
            ("$.nothing", "nada"),
            ("$.alerts[7].kind", "nada"),
            ("$.alerts[*].kind", r#"["granizo","vento"]"#),
            ("$..severity", "[4,2]"),
            ("$.alerts[?@.severity > 3].kind", r#"["granizo"]"#),
            ("$.alerts[0:1].severity", "[4]"),
            ("$.alerts[*].nothing", "[]"),
            ("$.alerts[0]['kind','severity']", r#"["granizo",4]"#),
        ] {
            assert_eq!(found(expression), expected, "{expression}");
        }
        assert!(found("$").starts_with(r#"{"next-url":"/2","city":null,"a.b":7,"alerts":[{"kind":"#));
    }

    #[test]
    fn a_bad_path_shows_good_ones() {
        for bad in ["$.alerts[", "$.", "$[x]", ""] {
            assert!(found(bad).contains("não é um JSONPath; exemplos"), "{bad}: {}", found(bad));
        }
    }
}
