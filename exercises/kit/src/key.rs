//! A chave das perguntas de um capítulo: um programa que roda os modelos e diz o que cada pergunta tem por resposta.
//!
//! O programa fica em `solutions/NN/key/main.rs`. Para cada pergunta de `quiz.toml` ele monta a cena com o código do capítulo,
//! deixa o modelo rodar e lê o que aconteceu. Nenhuma resposta é escrita à mão: um número que não veio de uma chamada ao
//! capítulo não prova nada, e é isso que se procura ao revisar um destes.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use std::time::Duration;
//!
//! use kit::key::{self, Key};
//!
//! fn main() -> ExitCode {
//!     key::run(async || Key::new().quiz("seconds-until-dlq", seconds_until_dlq().await))
//! }
//!
//! async fn seconds_until_dlq() -> f64 {
//!     let start = tokio::time::Instant::now();
//!     tokio::time::sleep(Duration::from_secs(189)).await; // no lugar disto, o modelo do capítulo
//!     start.elapsed().as_secs_f64()
//! }
//! ```
//!
//! Um valor é um número, um texto, um booleano ou uma lista deles: o que vira [`Value`]. O `f64` de um instante serve; um enum do
//! capítulo vira texto pela função que o nomeia, ou por um `match` no programa.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::lab;

/// O que o programa responde: um valor por pergunta e, para o resto do livro, um por fato.
#[derive(Debug, Default, Serialize)]
pub struct Key {
    quiz: Map<String, Value>,
    facts: BTreeMap<String, String>,
    #[serde(skip)]
    repeated: Vec<String>,
}

impl Key {
    /// Uma chave vazia.
    pub fn new() -> Self {
        Self::default()
    }

    /// A resposta da pergunta `id`: em `single`, o `value` da alternativa; em `several`, a lista deles; em `number`, o número; em
    /// `order`, a lista na ordem.
    #[must_use]
    pub fn quiz(mut self, id: &str, value: impl Into<Value>) -> Self {
        if self.quiz.insert(id.to_owned(), value.into()).is_some() {
            self.repeated.push(id.to_owned());
        }
        self
    }

    /// O fato `id`: o que o livro mostra fora das perguntas, já como se lê na página, em Markdown.
    #[must_use]
    pub fn fact(mut self, id: &str, text: impl Into<String>) -> Self {
        if self.facts.insert(id.to_owned(), text.into()).is_some() {
            self.repeated.push(id.to_owned());
        }
        self
    }
}

/// O maior valor de `0..=ceiling` que `accepts` aceita: um limite que o modelo não diz, mas cobra. Todos os menores que ele têm de
/// ser aceitos, e 0 também.
///
/// ```
/// use kit::key::largest;
///
/// assert_eq!(largest(1_000_000, |seconds| seconds <= 21_600), 21_600);
/// ```
pub fn largest(ceiling: u64, accepts: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, ceiling);
    while low < high {
        let middle = high - (high - low) / 2;
        if accepts(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// O `main` de uma chave: roda `compute` com o relógio pausado e escreve o resultado na saída padrão.
///
/// Um id repetido, ou uma saída que não pôde ser escrita, vira uma mensagem na saída de erro e o código de saída 1.
pub fn run(compute: impl AsyncFnOnce() -> Key) -> ExitCode {
    match try_run(compute) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(compute: impl AsyncFnOnce() -> Key) -> Result<(), String> {
    let key = lab::play_paused(compute).map_err(|error| error.to_string())?;
    if !key.repeated.is_empty() {
        return Err(format!("a chave responde mais de uma vez: {}", key.repeated.join(", ")));
    }
    let json = serde_json::to_string(&key).map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "{json}").map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_written() {
        let key = Key::new()
            .quiz("number", 64.2)
            .quiz("text", "dlq")
            .quiz("list", vec!["accept", "run"])
            .fact("limit", "6 h");
        insta::assert_snapshot!(
            serde_json::to_string(&key).expect("serializa"),
            @r#"{"quiz":{"list":["accept","run"],"number":64.2,"text":"dlq"},"facts":{"limit":"6 h"}}"#
        );
    }

    #[test]
    fn the_largest_accepted_value_is_found() {
        let found = [0, 1, 2, 59, 60, 100].map(|limit| largest(100, |value| value <= limit));
        assert_eq!(found, [0, 1, 2, 59, 60, 100]);
    }

    #[test]
    fn an_answer_given_twice_is_refused() {
        let message = try_run(async || Key::new().quiz("one", 1).quiz("one", 2)).expect_err("repetida");
        assert_eq!(message, "a chave responde mais de uma vez: one");
    }
}
