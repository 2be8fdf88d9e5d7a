//! Engano: `anything-but` nega a regra inteira: casa com um campo que não existe e exige que nenhum elemento da lista seja o valor.

use serde_json::Value;

use crate::pattern::{
    self, Cidr, InvalidEventPattern, MAX_COMBINATIONS, Pattern, Piece, Rule, TextRule, WildcardError,
};

/// Uma regra do barramento.
#[derive(Debug, Clone, PartialEq)]
pub struct BusRule {
    /// O nome.
    pub name: String,
    /// O padrão dos eventos que ela quer.
    pub pattern: Pattern,
}

impl BusRule {
    /// Cria a regra, como `PutRule`.
    ///
    /// # Errors
    /// Se o padrão não serve.
    pub fn new(name: &str, pattern: &str) -> Result<Self, InvalidEventPattern> {
        Ok(Self { name: name.to_owned(), pattern: compile(pattern)? })
    }
}

/// As regras que querem o evento, na ordem em que foram criadas.
pub fn route<'a>(rules: &'a [BusRule], event: &Value) -> Vec<&'a str> {
    rules.iter().filter(|rule| matches(&rule.pattern, Some(event))).map(|rule| rule.name.as_str()).collect()
}

/// Lê um padrão e confere o que a AWS confere.
///
/// # Errors
/// Se o texto não é JSON, se alguma peça dele não serve, ou se os `$or` passam de [`MAX_COMBINATIONS`].
pub fn compile(text: &str) -> Result<Pattern, InvalidEventPattern> {
    let pattern = pattern::parse(text, wildcard)?;
    match combinations(&pattern) {
        0..=MAX_COMBINATIONS => Ok(pattern),
        number => Err(InvalidEventPattern::nowhere(format!("$or results in {number} rule combinations"))),
    }
}

/// Lê o texto de um `wildcard`.
///
/// # Errors
/// O primeiro par de `*` seguidos, ou a primeira `\` que não vem antes de `*` nem de `\`.
pub fn wildcard(text: &str) -> Result<Vec<Piece>, WildcardError> {
    let mut pieces = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        pieces.push(match (character, next) {
            ('*', Some('*')) => return Err(WildcardError::Consecutive(index)),
            ('*', _) => Piece::Any,
            ('\\', Some(escaped @ ('*' | '\\'))) => {
                characters.next();
                Piece::Character(escaped)
            }
            ('\\', _) => return Err(WildcardError::InvalidEscape(index)),
            (other, _) => Piece::Character(other),
        });
    }
    Ok(pieces)
}

/// Se o texto inteiro cabe no `wildcard`.
pub fn fits(pieces: &[Piece], text: &str) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Piece::Character(character), rest)) => text.strip_prefix(*character).is_some_and(|text| fits(rest, text)),
        Some((Piece::Any, rest)) => {
            let starts = text.char_indices().map(|(index, _)| index).chain([text.len()]);
            starts.into_iter().any(|start| fits(rest, &text[start..]))
        }
    }
}

/// Se o endereço é um IP da faixa. Um texto que não é um endereço não é de nenhuma.
pub fn contains(block: &Cidr, address: &str) -> bool {
    use std::net::IpAddr;

    match (block.base, address.parse()) {
        (IpAddr::V4(base), Ok(IpAddr::V4(address))) => {
            let network = |address: u32| address.checked_shr(32 - block.mask).unwrap_or(0);
            network(base.to_bits()) == network(address.to_bits())
        }
        (IpAddr::V6(base), Ok(IpAddr::V6(address))) => {
            let network = |address: u128| address.checked_shr(128 - block.mask).unwrap_or(0);
            network(base.to_bits()) == network(address.to_bits())
        }
        _ => false,
    }
}

/// Em quantas combinações sem `$or` o padrão se abre.
pub fn combinations(pattern: &Pattern) -> u64 {
    use crate::pattern::Child;

    let inside = pattern.fields.iter().map(|(_, child)| match child {
        Child::Object(inner) => combinations(inner),
        Child::Rules(_) => 1,
    });
    let alternatives = match pattern.or.as_slice() {
        [] => 1,
        alternatives => alternatives.iter().map(combinations).fold(0, u64::saturating_add),
    };
    inside.fold(alternatives, u64::saturating_mul)
}

/// Se um texto passa em um teste de texto.
pub fn passes(rule: &TextRule, text: &str) -> bool {
    match rule {
        TextRule::Prefix(prefix) => text.starts_with(prefix.as_str()),
        TextRule::PrefixIgnoreCase(prefix) => text.to_lowercase().starts_with(&prefix.to_lowercase()),
        TextRule::Suffix(suffix) => text.ends_with(suffix.as_str()),
        TextRule::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(&suffix.to_lowercase()),
        TextRule::EqualsIgnoreCase(other) => text.to_lowercase() == other.to_lowercase(),
        TextRule::Wildcard(pieces) => fits(pieces, text),
    }
}

/// As folhas de um campo do evento: ele mesmo, se é um valor simples; as dos elementos, se é uma lista. Um objeto, uma lista
/// vazia e um campo que não existe não têm nenhuma.
pub fn leaves(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Object(_)) => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().flat_map(|element| leaves(Some(element))).collect(),
        Some(scalar) => vec![scalar],
    }
}

/// Se uma folha do evento passa em uma regra. A folha existe: `Exists` aqui só depende do que pede.
pub fn accepts(rule: &Rule, leaf: &Value) -> bool {
    let same = |value: &Value| match (value.as_f64(), leaf.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => value == leaf,
    };
    let text = |rule: &TextRule| leaf.as_str().is_some_and(|text| passes(rule, text));
    match rule {
        Rule::Equals(value) => same(value),
        Rule::Text(rule) => text(rule),
        Rule::AnythingBut(values) => !values.iter().any(same),
        Rule::AnythingButText(rules) => !rules.iter().any(text),
        Rule::Numeric(pairs) => {
            leaf.as_f64().is_some_and(|number| pairs.iter().all(|(comparison, other)| comparison.holds(number, *other)))
        }
        Rule::Cidr(block) => leaf.as_str().is_some_and(|address| contains(block, address)),
        Rule::Exists(expected) => *expected,
    }
}

/// Se o valor casa com o padrão; `None` é um campo que o evento não tem.
pub fn matches(pattern: &Pattern, value: Option<&Value>) -> bool {
    use crate::pattern::Child;

    if let Some(Value::Array(elements)) = value {
        return elements.iter().any(|element| matches(pattern, Some(element)));
    }
    let rule_matches = |rule: &Rule, leaves: &[&Value]| match rule {
        Rule::Exists(expected) => *expected != leaves.is_empty(),
        Rule::AnythingBut(_) | Rule::AnythingButText(_) => leaves.iter().all(|leaf| accepts(rule, leaf)),
        rule => leaves.iter().any(|leaf| accepts(rule, leaf)),
    };
    let field_matches = |(name, child): &(String, Child)| {
        let field = value.and_then(|value| value.get(name));
        match child {
            Child::Object(inner) => matches(inner, field),
            Child::Rules(rules) => {
                let leaves = leaves(field);
                rules.iter().any(|rule| rule_matches(rule, &leaves))
            }
        }
    };
    let alternatives = &pattern.or;
    pattern.fields.iter().all(field_matches)
        && (alternatives.is_empty() || alternatives.iter().any(|alternative| matches(alternative, value)))
}
