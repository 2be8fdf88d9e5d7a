//! Um padrão de evento (*event pattern*) do EventBridge, já lido: o que `bus` compara com um evento.
//!
//! ```text
//!   {                                              Pattern
//!     "source": ["weather.stations"],                fields: source ─▶ Child::Rules [Equals]
//!     "detail": {                                            detail ─▶ Child::Object(Pattern)
//!       "level": [{"numeric": [">", 5]}],                                fields: level ─▶ [Numeric]
//!       "$or": [{"river": ["Prata"]},                                    or: [Pattern, Pattern]
//!               {"rain":  [{"exists": true}]}]
//!     }
//!   }
//! ```
//!
//! Segue `eb-create-pattern-operators`, do guia do EventBridge, e o motor que a AWS publica, o Event Ruler. As mensagens de
//! recusa são as do serviço.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use crate::json::{Position, SyntaxError};

mod parse;

pub use parse::parse;

/// Quantas combinações os `$or` de um padrão podem ter.
pub const MAX_COMBINATIONS: u64 = 1_000;

/// Um objeto do padrão: todos os campos têm de casar e, se há `$or`, uma das alternativas também.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pattern {
    /// Os campos; nenhum nome se repete.
    pub fields: Vec<(String, Child)>,
    /// As alternativas do `$or` deste objeto: nenhuma, se ele não tem `$or`; senão, duas ou mais.
    pub or: Vec<Pattern>,
}

/// O que um campo do padrão pede.
#[derive(Debug, Clone, PartialEq)]
pub enum Child {
    /// Um objeto.
    Object(Pattern),
    /// Uma folha: basta uma das regras. A lista nunca é vazia.
    Rules(Vec<Rule>),
}

/// Uma regra de uma folha.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// `"granizo"`, `300`, `true` ou `null`.
    Equals(Value),
    /// Um teste de texto.
    Text(TextRule),
    /// `{"anything-but": …}` com um valor ou uma lista, só de textos ou só de números.
    AnythingBut(Vec<Value>),
    /// `{"anything-but": {"prefix": …}}` e os parecidos, com um texto ou uma lista.
    AnythingButText(Vec<TextRule>),
    /// `{"numeric": [">", 0, "<=", 5]}`: um ou dois pares, que valem todos.
    Numeric(Vec<(Comparison, f64)>),
    /// `{"cidr": "10.0.0.0/24"}`
    Cidr(Cidr),
    /// `{"exists": true}`
    Exists(bool),
}

/// Um teste que só um texto pode passar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextRule {
    /// `{"prefix": "ponte"}`
    Prefix(String),
    /// `{"prefix": {"equals-ignore-case": "ponte"}}`
    PrefixIgnoreCase(String),
    /// `{"suffix": "velha"}`
    Suffix(String),
    /// `{"suffix": {"equals-ignore-case": "velha"}}`
    SuffixIgnoreCase(String),
    /// `{"equals-ignore-case": "granizo"}`
    EqualsIgnoreCase(String),
    /// `{"wildcard": "estacao/*/nivel"}`
    Wildcard(Vec<Piece>),
}

/// Um pedaço de um `wildcard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// `*`: qualquer sequência de caracteres, também nenhuma.
    Any,
    /// Este caractere. `\*` e `\\` são um asterisco e uma barra comuns.
    Character(char),
}

/// Por que um `wildcard` não serve. O número é o índice, em bytes e a partir de 0, no texto do padrão.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WildcardError {
    /// Dois `*` seguidos; o índice do primeiro.
    Consecutive(usize),
    /// Uma `\` que não vem antes de `*` nem de `\`; o índice dela.
    InvalidEscape(usize),
}

impl fmt::Display for WildcardError {
    /// A mensagem da AWS, que conta as aspas que abrem o texto.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consecutive(index) => write!(formatter, "Consecutive wildcard characters at pos {}", index + 1),
            Self::InvalidEscape(index) => write!(formatter, "Invalid escape character at pos {}", index + 1),
        }
    }
}

/// Uma comparação de `numeric`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Se `left` está para `right` como a comparação pede.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// Uma faixa de endereços IP: os que têm os primeiros `mask` bits iguais aos de `base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// O endereço antes da barra, IPv4 ou IPv6.
    pub base: IpAddr,
    /// Quantos bits são fixos: de 0 a 31 em IPv4, de 0 a 127 em IPv6.
    pub mask: u32,
}

impl Cidr {
    /// Lê `10.0.0.0/24`.
    ///
    /// # Errors
    /// A razão da recusa, na ordem em que o motor da AWS confere.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((address, mask)) = text.split_once('/').filter(|(_, mask)| !mask.contains('/')) else {
            return Err("Malformed CIDR, one '/' required".to_owned());
        };
        let mask: i32 = mask.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let mask = u32::try_from(mask).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        match address.parse() {
            Err(_) => Err(format!("Nonstandard IP address: {address}")),
            Ok(IpAddr::V4(_)) if mask > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            Ok(IpAddr::V6(_)) if mask > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            Ok(base) => Ok(Self { base, mask }),
        }
    }
}

/// A resposta 400 a um padrão que não serve: `InvalidEventPatternException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidEventPattern {
    /// O que vem depois de `Reason:`.
    pub reason: String,
    /// Onde o leitor da AWS estava. Alguns motivos, como o de um `cidr`, vêm sem lugar.
    pub at: Option<Position>,
}

impl InvalidEventPattern {
    /// Uma recusa sem lugar.
    pub fn nowhere(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at: None }
    }

    /// Uma recusa com lugar.
    pub fn at(at: Position, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at: Some(at) }
    }
}

impl fmt::Display for InvalidEventPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InvalidEventPatternException: Event pattern is not valid. Reason: {}", self.reason)?;
        match self.at {
            Some(Position { line, column }) => write!(formatter, " at [line: {line}, column: {column}]"),
            None => Ok(()),
        }
    }
}

impl From<SyntaxError> for InvalidEventPattern {
    fn from(error: SyntaxError) -> Self {
        Self::at(error.at, error.reason)
    }
}
