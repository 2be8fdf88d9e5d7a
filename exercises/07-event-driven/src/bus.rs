//! O barramento de eventos: a comparação de um evento com o padrão de cada regra.
//!
//! ```text
//!   evento ──▶ barramento ──┬─ regra 1: casa? ──▶ alvos
//!                           ├─ regra 2: casa? ──▶ alvos      cada regra decide sozinha: o evento pode
//!                           └─ regra 3: casa? ──▶ alvos      ir a todas, a uma ou a nenhuma
//!
//!   casar:  objeto = todos os campos E (nenhum `$or`, ou uma das alternativas)
//!           folha  = alguma regra da lista com alguma folha do evento
//! ```
//!
//! Segue `eb-create-pattern-operators`, do guia do EventBridge, e o motor que a AWS publica, o Event Ruler.

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
    todo!("lê o wildcard {text}")
}

/// Se o texto inteiro cabe no `wildcard`.
pub fn fits(pieces: &[Piece], text: &str) -> bool {
    todo!("diz se {text} cabe em {pieces:?}")
}

/// Se o endereço é um IP da faixa. Um texto que não é um endereço não é de nenhuma.
pub fn contains(block: &Cidr, address: &str) -> bool {
    todo!("diz se {address} está em {block:?}")
}

/// Em quantas combinações sem `$or` o padrão se abre.
pub fn combinations(pattern: &Pattern) -> u64 {
    todo!("conta as combinações de {pattern:?}")
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
    todo!("compara a folha {leaf} com a regra {rule:?}")
}

/// Se o valor casa com o padrão; `None` é um campo que o evento não tem.
pub fn matches(pattern: &Pattern, value: Option<&Value>) -> bool {
    todo!("compara o padrão {pattern:?} com {value:?}")
}
