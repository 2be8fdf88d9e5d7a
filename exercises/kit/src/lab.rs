//! A entrada e a saída de um laboratório: um cenário em JSON entra, uma linha do tempo em JSON sai.
//!
//! O `main` de um laboratório é uma linha:
//!
//! ```no_run
//! # #[derive(serde::Deserialize)] struct Scenario { attempts: u32 }
//! use kit::lab::{self, Story};
//!
//! fn main() -> std::process::ExitCode {
//!     lab::run(async |scenario: Scenario| {
//!         let timeline = kit::Timeline::new(&[]);
//!         Story { timeline, summary: format!("{} tentativas", scenario.attempts) }
//!     })
//! }
//! ```

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde::de::DeserializeOwned;

use crate::Timeline;

/// O que um laboratório conta: a linha do tempo e a frase que a resume para quem não vê o desenho.
#[derive(Debug)]
pub struct Story {
    /// O que aconteceu.
    pub timeline: Timeline,
    /// Uma ou duas frases, escritas a partir do que aconteceu.
    pub summary: String,
}

/// Por que um laboratório não rodou.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A entrada padrão não pôde ser lida.
    #[error("não consegui ler o cenário da entrada padrão: {0}")]
    Input(#[source] io::Error),
    /// O texto não é JSON.
    #[error("o cenário não é um JSON válido (linha {line}, coluna {column})")]
    Syntax {
        /// A linha do erro, a partir de 1.
        line: usize,
        /// A coluna do erro.
        column: usize,
    },
    /// É JSON, mas não é um cenário deste laboratório.
    #[error("{0}")]
    Scenario(String),
    /// O relógio do laboratório não pôde ser criado.
    #[error("não consegui preparar o relógio do laboratório: {0}")]
    Clock(#[source] io::Error),
    /// A linha do tempo não pôde ser escrita.
    #[error("não consegui escrever a linha do tempo: {0}")]
    Output(#[source] io::Error),
}

/// Lê o cenário da entrada padrão, roda `play` com o relógio pausado e escreve a linha do tempo na saída padrão.
///
/// Um cenário ruim vira uma mensagem na saída de erro e o código de saída 1.
pub fn run<S: DeserializeOwned>(play: impl AsyncFnOnce(S) -> Story) -> ExitCode {
    match try_run(play) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn try_run<S: DeserializeOwned>(play: impl AsyncFnOnce(S) -> Story) -> Result<(), LabError> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).map_err(LabError::Input)?;
    let story = play_paused(parse(&input)?, play)?;
    let json = story.timeline.to_json(&story.summary);
    let json = json.map_err(|error| LabError::Output(error.into()))?;
    writeln!(io::stdout(), "{json}").map_err(LabError::Output)
}

/// Roda `play` num relógio pausado: esperas não demoram.
///
/// # Errors
/// Se o relógio não puder ser criado.
pub fn play_paused<S>(scenario: S, play: impl AsyncFnOnce(S) -> Story) -> Result<Story, LabError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(LabError::Clock)?;
    Ok(runtime.block_on(play(scenario)))
}

/// Lê um cenário.
///
/// # Errors
/// Quando o texto não é JSON ou não tem os campos do cenário; a mensagem diz qual campo e o que serve nele.
pub fn parse<S: DeserializeOwned>(text: &str) -> Result<S, LabError> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => LabError::Scenario(explain(&error.to_string())),
        _ => LabError::Syntax { line: error.line(), column: error.column() },
    })
}

/// As frases em inglês do serde e a frase em português que fica no lugar do começo de cada uma.
const PHRASES: [(&str, &str); 6] = [
    ("missing field ", "falta o campo "),
    ("unknown field ", "o laboratório não tem o controle "),
    ("unknown variant ", "esta opção não existe: "),
    ("duplicate field ", "o campo aparece duas vezes: "),
    ("invalid type: ", "o tipo do valor não serve: veio "),
    ("invalid value: ", "o valor não serve: veio "),
];

/// Palavras do meio da frase: o separador, os tipos do JSON e os do Rust.
const WORDS: [(&str, &str); 9] = [
    (", expected one of ", "; as opções são "),
    (", expected ", "; esperava "),
    (" or ", " ou "),
    ("veio string ", "veio o texto "),
    ("veio integer ", "veio o número "),
    ("veio floating point ", "veio o número "),
    ("veio boolean ", "veio o booleano "),
    ("esperava u", "esperava um inteiro não negativo, u"),
    ("esperava a boolean", "esperava true ou false"),
];

/// Traduz um erro de dados do serde; o que ele não conhece fica como veio, depois de uma frase em português.
fn explain(error: &str) -> String {
    // O serde_json acrescenta a posição no fim; para um cenário de uma linha, ela não ajuda ninguém.
    let error = error.split(" at line ").next().unwrap_or(error);
    for (english, portuguese) in PHRASES {
        if let Some(rest) = error.strip_prefix(english) {
            let sentence = format!("{portuguese}{rest}");
            return WORDS.iter().fold(sentence, |text, (from, to)| text.replace(from, to));
        }
    }
    format!("o cenário não serve para este laboratório: {error}")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Failure {
        None,
        FunctionError,
        Timeout,
    }

    #[derive(Debug, Deserialize)]
    struct Scenario {
        failure: Failure,
        attempts: u32,
    }

    fn complaint(text: &str) -> String {
        match parse::<Scenario>(text) {
            Ok(scenario) => format!("{:?} {}", scenario.failure, scenario.attempts),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_good_scenario_is_read() {
        let text = r#"{"failure":"function_error","attempts":2,"seed":9}"#;
        assert_eq!(complaint(text), "FunctionError 2");
    }

    #[test]
    fn complaints_are_in_portuguese_and_name_the_field() {
        let all = [
            r#"{"failure":"#,
            "{]",
            r#"{"failure":"none"}"#,
            r#"{"failure":"preguiça","attempts":1}"#,
            r#"{"failure":"timeout","attempts":"três"}"#,
            r#"{"failure":"timeout","attempts":-1}"#,
        ];
        insta::assert_snapshot!(all.map(complaint).join("\n"), @r#"
        o cenário não é um JSON válido (linha 1, coluna 11)
        o cenário não é um JSON válido (linha 1, coluna 2)
        falta o campo `attempts`
        esta opção não existe: `preguiça`; as opções são `none`, `function_error`, `timeout`
        o tipo do valor não serve: veio o texto "três"; esperava um inteiro não negativo, u32
        o valor não serve: veio o número `-1`; esperava um inteiro não negativo, u32
        "#);
    }

    #[test]
    fn a_lab_that_waits_six_hours_ends_at_once() {
        let story = play_paused((), async |()| {
            let timeline = Timeline::new(&[]);
            tokio::time::sleep(std::time::Duration::from_secs(6 * 3_600)).await;
            let summary = format!("{} s", timeline.elapsed().as_secs());
            Story { timeline, summary }
        });
        assert_eq!(story.expect("relógio").summary, "21600 s");
    }
}
