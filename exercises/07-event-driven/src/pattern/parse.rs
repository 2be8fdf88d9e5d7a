//! A leitura de um padrão, com as recusas da AWS na ordem em que o texto é lido.

use serde_json::Value;

use super::{Child, Cidr, Comparison, InvalidEventPattern, Pattern, Piece, Rule, TextRule, WildcardError};
use crate::json::{self, Content, Node, Position};

/// Como ler o texto de um `wildcard`.
type ReadWildcard = fn(&str) -> Result<Vec<Piece>, WildcardError>;
type Outcome<T> = Result<T, InvalidEventPattern>;

/// Os nomes que um campo não pode ter dentro de um `$or`.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// O maior número de `numeric`, para cima e para baixo.
const NUMERIC_LIMIT: f64 = 5e9;

/// Lê um padrão em JSON. Os textos de `wildcard` ficam por conta de `wildcard`; os limites de tamanho, de quem chama.
///
/// # Errors
/// A primeira recusa da AWS, na ordem do texto.
pub fn parse(text: &str, wildcard: ReadWildcard) -> Outcome<Pattern> {
    let node = json::read(text)?;
    match &node.content {
        Content::Object(entries) => Parser { wildcard }.object(&node, entries, false),
        _ => refuse(node.at, "Filter is not an object"),
    }
}

fn refuse<T>(at: Position, reason: impl Into<String>) -> Outcome<T> {
    Err(InvalidEventPattern::at(at, reason))
}

/// O texto, se o valor é um; senão a recusa, no lugar do valor.
fn text<'a>(node: &'a Node, reason: &str) -> Outcome<&'a str> {
    match &node.content {
        Content::Scalar(Value::String(text)) => Ok(text),
        _ => refuse(node.at, reason),
    }
}

/// O número, se há um elemento e ele é um; senão a recusa, no lugar do elemento ou no fim da lista.
fn number(node: Option<&Node>, list: &Node, reason: &str) -> Outcome<f64> {
    match node.map(|node| (node, &node.content)) {
        Some((_, Content::Scalar(Value::Number(number)))) => Ok(number.as_f64().unwrap_or(f64::NAN)),
        Some((node, _)) => refuse(node.at, reason),
        None => refuse(list.end, reason),
    }
}

struct Parser {
    wildcard: ReadWildcard,
}

impl Parser {
    fn object(&self, node: &Node, entries: &[(String, Node)], inside_or: bool) -> Outcome<Pattern> {
        if entries.is_empty() {
            return refuse(node.end, "Empty objects are not allowed");
        }
        let mut pattern = Pattern::default();
        for (name, value) in entries {
            if name == "$or" {
                pattern.or = self.alternatives(value)?;
                continue;
            }
            if inside_or && RESERVED.contains(&name.as_str()) {
                return refuse(
                    value.at,
                    format!("{name} is Ruler reserved fieldName which cannot be used inside $or."),
                );
            }
            let child = match &value.content {
                Content::Object(entries) => Child::Object(self.object(value, entries, inside_or)?),
                Content::List(elements) => Child::Rules(self.rules(value, elements)?),
                Content::Scalar(_) => return refuse(value.at, format!("\"{name}\" must be an object or an array")),
            };
            // Chave repetida: vale a última.
            pattern.fields.retain(|(field, _)| field != name);
            pattern.fields.push((name.clone(), child));
        }
        Ok(pattern)
    }

    fn alternatives(&self, value: &Node) -> Outcome<Vec<Pattern>> {
        let Content::List(elements) = &value.content else {
            return refuse(value.at, "It must be an Array followed with $or.");
        };
        let alternative = |element: &Node| match &element.content {
            Content::Object(entries) => self.object(element, entries, true),
            _ => refuse(element.at, "Only JSON object is allowed in array of $or relationship."),
        };
        let alternatives = elements.iter().map(alternative).collect::<Outcome<Vec<_>>>()?;
        match alternatives.len() {
            0 | 1 => refuse(value.end, "There must have at least 2 Objects in $or relationship."),
            _ => Ok(alternatives),
        }
    }

    fn rules(&self, list: &Node, elements: &[Node]) -> Outcome<Vec<Rule>> {
        let rule = |element: &Node| match &element.content {
            Content::Scalar(value) => Ok(Rule::Equals(value.clone())),
            Content::Object(entries) => self.operator(element, entries),
            Content::List(_) => refuse(element.at, "Match value must be String, number, true, false, or null"),
        };
        match elements {
            [] => refuse(list.end, "Empty arrays are not allowed"),
            elements => elements.iter().map(rule).collect(),
        }
    }

    fn operator(&self, node: &Node, entries: &[(String, Node)]) -> Outcome<Rule> {
        let Some((name, operand)) = entries.first() else {
            return refuse(node.end, "Match expression name not found");
        };
        let rule = match name.as_str() {
            "prefix" => Rule::Text(match ignoring_case(operand, "prefix")? {
                Some(text) => TextRule::PrefixIgnoreCase(text),
                None => TextRule::Prefix(text(operand, "prefix match pattern must be a string")?.to_owned()),
            }),
            "suffix" => Rule::Text(match ignoring_case(operand, "suffix")? {
                Some(text) => TextRule::SuffixIgnoreCase(text),
                None => TextRule::Suffix(text(operand, "suffix match pattern must be a string")?.to_owned()),
            }),
            "equals-ignore-case" => {
                let text = text(operand, "equals-ignore-case match pattern must be a string")?;
                Rule::Text(TextRule::EqualsIgnoreCase(text.to_owned()))
            }
            "wildcard" => {
                let text = text(operand, "wildcard match pattern must be a string")?;
                Rule::Text(TextRule::Wildcard(self.pieces(text, operand.end)?))
            }
            "numeric" => Rule::Numeric(numeric(operand)?),
            "anything-but" => self.anything_but(operand)?,
            "exists" => match operand.content {
                Content::Scalar(Value::Bool(exists)) => Rule::Exists(exists),
                _ => return refuse(operand.at, "exists match pattern must be either true or false."),
            },
            "cidr" => {
                // A mensagem fala em prefixo também na AWS, e as recusas da faixa vêm sem lugar.
                let text = text(operand, "prefix match pattern must be a string")?;
                Rule::Cidr(Cidr::parse(text).map_err(InvalidEventPattern::nowhere)?)
            }
            _ => return refuse(operand.at, format!("Unrecognized match type {name}")),
        };
        match (entries.get(1), name.as_str()) {
            (None, _) => Ok(rule),
            (Some((_, extra)), "numeric" | "anything-but") => {
                refuse(extra.at, "Too many elements in numeric expression")
            }
            (Some((_, extra)), _) => refuse(extra.at, "Only one key allowed in match expression"),
        }
    }

    fn pieces(&self, text: &str, end: Position) -> Outcome<Vec<Piece>> {
        (self.wildcard)(text).map_err(|error| InvalidEventPattern::at(end, error.to_string()))
    }

    fn anything_but(&self, operand: &Node) -> Outcome<Rule> {
        let kind = "Value of anything-but must be an array or single string/number value.";
        match &operand.content {
            Content::Scalar(value @ (Value::String(_) | Value::Number(_))) => {
                Ok(Rule::AnythingBut(vec![value.clone()]))
            }
            Content::Scalar(_) => refuse(operand.at, kind),
            Content::List(elements) => {
                let value = |element: &Node| match &element.content {
                    Content::Scalar(value @ (Value::String(_) | Value::Number(_))) => Ok(value.clone()),
                    _ => refuse(element.at, "Inside anything but list, start|null|boolean is not supported."),
                };
                let values = elements.iter().map(value).collect::<Outcome<Vec<_>>>()?;
                let same = values.iter().all(Value::is_string) || values.iter().all(Value::is_number);
                if values.is_empty() || !same {
                    let reason = "Inside anything but list, either all values are number or string, mixed type is \
                                  not supported";
                    return refuse(operand.end, reason);
                }
                Ok(Rule::AnythingBut(values))
            }
            Content::Object(entries) => {
                let Some((name, inner)) = entries.first() else {
                    return refuse(operand.end, "Anything-But expression name not found");
                };
                if !["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&name.as_str()) {
                    return refuse(inner.at, format!("Unsupported anything-but pattern: {name}"));
                }
                let rules = match &inner.content {
                    Content::List(elements) => elements
                        .iter()
                        .map(|element| self.anything_but_text(name, element, inner.end))
                        .collect::<Outcome<Vec<_>>>()?,
                    Content::Scalar(Value::String(_) | Value::Number(_)) => {
                        vec![self.anything_but_text(name, inner, inner.end)?]
                    }
                    _ => return refuse(inner.at, kind),
                };
                match entries.get(1) {
                    None => Ok(Rule::AnythingButText(rules)),
                    Some((_, extra)) => refuse(extra.at, "Too many elements in numeric expression"),
                }
            }
        }
    }

    fn anything_but_text(&self, name: &str, element: &Node, end: Position) -> Outcome<TextRule> {
        let reason = match name {
            "wildcard" => "wildcard match pattern must be a string",
            "equals-ignore-case" => {
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
            }
            _ => "prefix/suffix match pattern must be a string",
        };
        let content = text(element, reason)?.to_owned();
        match name {
            "wildcard" => self.pieces(&content, end).map(TextRule::Wildcard),
            "equals-ignore-case" => Ok(TextRule::EqualsIgnoreCase(content)),
            _ if content.is_empty() => refuse(element.end, "Null prefix/suffix not allowed"),
            "prefix" => Ok(TextRule::Prefix(content)),
            _ => Ok(TextRule::Suffix(content)),
        }
    }
}

/// O texto de `{"equals-ignore-case": …}`, quando o operando de `prefix` ou `suffix` é um objeto.
fn ignoring_case(operand: &Node, name: &str) -> Outcome<Option<String>> {
    let Content::Object(entries) = &operand.content else { return Ok(None) };
    match entries.as_slice() {
        [] => refuse(operand.end, format!("{name} expression name not found")),
        [(inner, value), ..] if inner != "equals-ignore-case" => {
            refuse(value.at, format!("Unsupported {name} pattern: {inner}"))
        }
        [(_, value)] => Ok(Some(text(value, "equals-ignore-case match pattern must be a string")?.to_owned())),
        [_, (_, extra), ..] => refuse(extra.at, "Only one key allowed in match expression"),
    }
}

/// Os pares de `numeric`: `=`, `<` e `<=` sozinhos; `>` e `>=` sozinhos ou seguidos de `<` ou `<=`.
fn numeric(list: &Node) -> Outcome<Vec<(Comparison, f64)>> {
    let Content::List(items) = &list.content else { return refuse(list.at, "Value of numeric must be an array.") };
    let Some(Node { content: Content::Scalar(Value::String(symbol)), .. }) = items.first() else {
        return refuse(items.first().map_or(list.end, |first| first.end), "Invalid member in numeric match");
    };
    let comparison = match symbol.as_str() {
        "=" => Comparison::Equal,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        ">=" => Comparison::AtLeast,
        _ => {
            let at = items.get(1).map_or(list.end, |second| second.at);
            return refuse(at, format!("Unrecognized numeric range operator: {symbol}"));
        }
    };
    let name = if symbol == "=" { "equals" } else { symbol };
    let mut pairs = vec![(comparison, number(items.get(1), list, &format!("Value of {name} must be numeric"))?)];
    match (items.get(2), comparison) {
        (None, _) => {}
        (Some(extra), Comparison::Equal | Comparison::Less | Comparison::AtMost) => {
            return refuse(extra.at, "Too many elements in numeric expression");
        }
        (Some(second), _) => {
            let symbol = text(second, "Bad value in numeric range")?;
            let comparison = match symbol {
                "<" => Comparison::Less,
                "<=" => Comparison::AtMost,
                _ => return refuse(second.end, format!("Bad numeric range operator: {symbol}")),
            };
            let top = number(items.get(3), list, &format!("Value of {symbol} must be numeric"))?;
            if let Some(extra) = items.get(4) {
                return refuse(extra.at, "Too many terms in numeric range expression");
            }
            if pairs[0].1 >= top {
                return refuse(list.end, "Bottom must be less than top");
            }
            pairs.push((comparison, top));
        }
    }
    match pairs.iter().all(|(_, number)| number.abs() <= NUMERIC_LIMIT) {
        true => Ok(pairs),
        false => refuse(list.end, "Value must be between -5.0E9 and 5.0E9, inclusive"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cada recusa, com `¦` onde o leitor da AWS está; sem `¦`, ela não diz onde.
    const REFUSALS: [(&str, &str); 33] = [
        (r#"[¦"a"]"#, "Filter is not an object"),
        (r#"{}¦"#, "Empty objects are not allowed"),
        (r#"{"a": "¦x"}"#, "\"a\" must be an object or an array"),
        (r#"{"a": []¦}"#, "Empty arrays are not allowed"),
        (r#"{"a": [[¦1]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"a": [{}¦]}"#, "Match expression name not found"),
        (r#"{"a": [{"Prefix": "¦x"}]}"#, "Unrecognized match type Prefix"),
        (r#"{"a": [{"prefix": 12¦}]}"#, "prefix match pattern must be a string"),
        (r#"{"a": [{"suffix": [¦"x"]}]}"#, "suffix match pattern must be a string"),
        (r#"{"a": [{"prefix": {"suffix": "¦x"}}]}"#, "Unsupported prefix pattern: suffix"),
        (r#"{"a": [{"equals-ignore-case": null¦}]}"#, "equals-ignore-case match pattern must be a string"),
        (r#"{"a": [{"prefix": "x", "suffix": "¦y"}]}"#, "Only one key allowed in match expression"),
        (r#"{"a": [{"exists": "¦true"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"a": [{"numeric": 1¦}]}"#, "Value of numeric must be an array."),
        (r#"{"a": [{"numeric": ["!=", 1¦]}]}"#, "Unrecognized numeric range operator: !="),
        (r#"{"a": [{"numeric": ["=", "¦1"]}]}"#, "Value of equals must be numeric"),
        (r#"{"a": [{"numeric": [">"]¦}]}"#, "Value of > must be numeric"),
        (r#"{"a": [{"numeric": ["<", 1, "¦>", 0]}]}"#, "Too many elements in numeric expression"),
        (r#"{"a": [{"numeric": [">", 1, "="¦, 2]}]}"#, "Bad numeric range operator: ="),
        (r#"{"a": [{"numeric": [">", 1, "<", 2, "¦<", 3]}]}"#, "Too many terms in numeric range expression"),
        (r#"{"a": [{"numeric": [">", 2, "<", 2]¦}]}"#, "Bottom must be less than top"),
        (
            r#"{"a": [{"anything-but": true¦}]}"#,
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            r#"{"a": [{"anything-but": ["x", null¦]}]}"#,
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            r#"{"a": [{"anything-but": ["x", 1]¦}]}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (r#"{"a": [{"anything-but": {"cidr": "¦x"}}]}"#, "Unsupported anything-but pattern: cidr"),
        (r#"{"a": [{"anything-but": {"suffix": [1¦]}}]}"#, "prefix/suffix match pattern must be a string"),
        (r#"{"a": [{"anything-but": {"suffix": [""¦]}}]}"#, "Null prefix/suffix not allowed"),
        (r#"{"a": [{"wildcard": "**"¦}]}"#, "Consecutive wildcard characters at pos 1"),
        (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"a": [{"cidr": "::/128"}]}"#, "IPv6 mask bits must be < 128"),
        (r#"{"$or": {¦"a": [1]}}"#, "It must be an Array followed with $or."),
        (r#"{"$or": [{"a": [1]}, 2¦]}"#, "Only JSON object is allowed in array of $or relationship."),
        (
            r#"{"$or": [{"prefix": [¦1]}, {"a": [1]}]}"#,
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
        ),
    ];

    #[test]
    fn a_refusal_has_the_reason_and_the_place() {
        for (marked, reason) in REFUSALS {
            let column = marked.chars().position(|character| character == '¦').map(|index| index + 1);
            let error = parse(&marked.replace('¦', ""), |_| Err(WildcardError::Consecutive(0)));
            let error = error.expect_err("a AWS recusa este padrão");
            assert_eq!((error.reason.as_str(), error.at.map(|at| at.column)), (reason, column), "{marked}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_refused_where_it_stops() {
        let position =
            |text: &str| parse(text, |_| Ok(Vec::new())).map_err(|error| error.at.map(|at| (at.line, at.column)));
        assert_eq!(position("{'a': 1}"), Err(Some((1, 2))));
        assert_eq!(position("{\"a\":\n  [closed]}"), Err(Some((2, 10))));
        assert_eq!(position("{\"a\": [1]"), Err(Some((1, 10))));
        assert_eq!(position("{\"a\": [1]} x"), Err(Some((1, 12))));
    }
}
