//! A entrada e a saída de um laboratório: um cenário em JSON entra, blocos em JSON saem, e a página os desenha.
//!
//! ```text
//!   {"lab":"token-bucket","rate":5,…} ─▶ play ─▶ {"version":1,"summary":"…","blocks":[{"kind":"timeline",…},…]}
//! ```
//!
//! O `main` de um laboratório é uma linha:
//!
//! ```no_run
//! # #[derive(serde::Deserialize)] struct Scenario { attempts: u32 }
//! use kit::lab::{self, Output};
//!
//! fn main() -> std::process::ExitCode {
//!     lab::run(async |scenario: Scenario| {
//!         Output::timeline(kit::Timeline::new(&[]), format!("{} tentativas", scenario.attempts))
//!     })
//! }
//! ```
//!
//! Um capítulo com vários laboratórios continua a ter um programa só, que os escolhe pelo nome com [`run_many`].

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Kind, Timeline};

/// O que um laboratório conta: o que a página desenha e a frase que resume tudo para quem não vê o desenho.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Uma ou duas frases, escritas a partir do que aconteceu.
    pub summary: String,
    /// O que a página mostra, de cima para baixo.
    pub blocks: Vec<Block>,
}

impl Output {
    /// Um resultado que é só uma linha do tempo.
    pub fn timeline(timeline: Timeline, summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), blocks: vec![Block::Timeline(timeline)] }
    }
}

/// Um pedaço do resultado.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// O que aconteceu, raia por raia.
    Timeline(Timeline),
    /// Um valor que muda com o tempo.
    Series {
        /// O que é medido.
        label: String,
        /// A unidade do valor; vazia quando é uma contagem.
        unit: String,
        /// O maior valor possível: o alto do desenho.
        max: f64,
        /// Instante em milissegundos e valor; entre dois pontos a linha é reta.
        points: Vec<(u64, f64)>,
        /// O que aconteceu ao longo da linha: instante em milissegundos e tipo. Cada tipo ganha a sua fileira.
        marks: Vec<(u64, Kind)>,
    },
    /// Um texto, mostrado como foi escrito.
    Text {
        /// O que o texto é.
        label: String,
        /// O texto.
        text: String,
        /// Como foi.
        tone: Tone,
    },
    /// As etapas por que algo passou, em ordem.
    Stages {
        /// O que passou por elas.
        label: String,
        /// Cada etapa.
        items: Vec<Stage>,
    },
    /// Uma tabela.
    Table {
        /// O que a tabela mostra.
        label: String,
        /// O nome de cada coluna.
        header: Vec<String>,
        /// As linhas.
        rows: Vec<Vec<String>>,
    },
    /// Uma resposta HTTP.
    Response {
        /// De quem ela é.
        label: String,
        /// O status.
        status: u16,
        /// Os cabeçalhos, em ordem.
        headers: Vec<(String, String)>,
        /// O corpo, como texto.
        body: String,
    },
    /// Um módulo JavaScript, que a página carrega em uma moldura isolada, e a chamada que ela faz nele.
    Script {
        /// O que o módulo é.
        label: String,
        /// O módulo ES inteiro.
        source: String,
        /// O que fazer com ele.
        call: Call,
    },
}

/// Uma chamada a um cliente gerado: `createClient(config)[operation](params, body)`.
///
/// O `fetch` que o cliente recebe leva cada requisição de volta ao laboratório: o mesmo cenário, com a requisição em `request`
/// (veja [`ClientRequest`]). O laboratório responde com um [`Block::Response`].
#[derive(Debug, Serialize)]
pub struct Call {
    /// O que vai para `createClient`, menos o `fetch`.
    pub config: Value,
    /// O nome do método.
    pub operation: String,
    /// Os parâmetros que o método recebe.
    pub params: Value,
    /// O corpo que o método recebe; `null` quando não há.
    pub body: Value,
}

/// Uma requisição do cliente gerado, no campo `request` do cenário.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ClientRequest {
    /// O verbo.
    pub method: String,
    /// O endereço inteiro, com a query.
    pub url: String,
    /// Os cabeçalhos, com os nomes em minúsculas, como o `fetch` do navegador os dá.
    pub headers: Vec<(String, String)>,
    /// O corpo; vazio quando não há.
    pub body: String,
}

/// Como foi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Nem bem nem mal: um dado.
    Plain,
    /// Deu certo.
    Good,
    /// Deu errado.
    Bad,
}

/// O que uma etapa fez.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Deixou passar como veio.
    Accepted,
    /// Deixou passar mudado.
    Changed,
    /// Parou tudo aqui.
    Refused,
    /// Não chegou a olhar.
    Skipped,
}

/// Uma etapa e o que ela fez.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// O nome da etapa.
    pub name: String,
    /// O que ela fez.
    pub outcome: Outcome,
    /// Por quê, em uma frase.
    pub text: String,
}

/// O cenário, ainda em JSON: cada laboratório lê o seu.
#[derive(Debug)]
pub struct Scenario(Value);

impl Scenario {
    /// Lê o cenário.
    ///
    /// # Errors
    /// Quando falta um campo ou o valor não serve; a mensagem diz qual.
    pub fn read<S: DeserializeOwned>(self) -> Result<S, LabError> {
        serde_json::from_value(self.0).map_err(|error| LabError::Scenario(explain(&error.to_string())))
    }
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
    /// O capítulo não tem um laboratório com este nome.
    #[error("este capítulo não tem o laboratório `{0}`")]
    Unknown(String),
    /// O relógio do laboratório não pôde ser criado.
    #[error("não consegui preparar o relógio do laboratório: {0}")]
    Clock(#[source] io::Error),
    /// O resultado não pôde ser escrito.
    #[error("não consegui escrever o resultado: {0}")]
    Output(#[source] io::Error),
}

/// Roda o único laboratório de um capítulo: lê o cenário da entrada padrão, roda `play` com o relógio pausado e escreve o
/// resultado na saída padrão.
///
/// Um cenário ruim vira uma mensagem na saída de erro e o código de saída 1.
pub fn run<S: DeserializeOwned>(play: impl AsyncFnOnce(S) -> Output) -> ExitCode {
    run_many(async |_, scenario| Ok(play(scenario.read()?).await))
}

/// Como [`run`], para um capítulo com vários laboratórios: `play` recebe o nome de qual (o `id` em `course.toml`) e o cenário.
pub fn run_many(play: impl AsyncFnOnce(&str, Scenario) -> Result<Output, LabError>) -> ExitCode {
    match try_run(play) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(play: impl AsyncFnOnce(&str, Scenario) -> Result<Output, LabError>) -> Result<(), LabError> {
    #[derive(Serialize)]
    struct Document {
        version: u32,
        #[serde(flatten)]
        output: Output,
    }
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).map_err(LabError::Input)?;
    let (name, scenario) = parse(&input)?;
    let output = play_paused(async move || play(&name, scenario).await)??;
    let json = serde_json::to_string(&Document { version: 1, output });
    let json = json.map_err(|error| LabError::Output(error.into()))?;
    writeln!(io::stdout(), "{json}").map_err(LabError::Output)
}

/// Roda `play` num relógio pausado: esperas não demoram.
///
/// # Errors
/// Se o relógio não puder ser criado.
pub fn play_paused<T>(play: impl AsyncFnOnce() -> T) -> Result<T, LabError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(LabError::Clock)?;
    Ok(runtime.block_on(play()))
}

/// Lê um cenário e o nome do laboratório a que ele se destina (vazio, se não diz).
///
/// # Errors
/// Quando o texto não é um objeto JSON.
pub fn parse(text: &str) -> Result<(String, Scenario), LabError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| LabError::Syntax { line: error.line(), column: error.column() })?;
    let name = value.get("lab").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((name, Scenario(value)))
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
    struct Example {
        failure: Failure,
        attempts: u32,
    }

    fn complaint(text: &str) -> String {
        match parse(text).and_then(|(_, scenario)| scenario.read::<Example>()) {
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
        let elapsed = play_paused(async || {
            let timeline = Timeline::new(&[]);
            tokio::time::sleep(std::time::Duration::from_secs(6 * 3_600)).await;
            timeline.elapsed().as_secs()
        });
        assert_eq!(elapsed.expect("relógio"), 21_600);
    }

    #[test]
    fn each_block_says_its_kind() {
        let output = Output {
            summary: "um resumo".into(),
            blocks: vec![
                Block::Timeline(Timeline::new(&[])),
                Block::Series {
                    label: "fichas".into(),
                    unit: String::new(),
                    max: 5.0,
                    points: vec![(0, 5.0), (10, 4.5)],
                    marks: vec![(10, Kind::Throttled)],
                },
                Block::Text { label: "erro".into(), text: "linha 2".into(), tone: Tone::Bad },
                Block::Stages {
                    label: "etapas".into(),
                    items: vec![Stage { name: "rota".into(), outcome: Outcome::Accepted, text: "achou".into() }],
                },
            ],
        };
        insta::assert_snapshot!(serde_json::to_string(&output).expect("serializa"), @r#"{"summary":"um resumo","blocks":[{"kind":"timeline","lanes":[],"entries":[]},{"kind":"series","label":"fichas","unit":"","max":5.0,"points":[[0,5.0],[10,4.5]],"marks":[[10,"throttled"]]},{"kind":"text","label":"erro","text":"linha 2","tone":"bad"},{"kind":"stages","label":"etapas","items":[{"name":"rota","outcome":"accepted","text":"achou"}]}]}"#);
    }

    #[test]
    fn the_name_of_the_lab_comes_with_the_scenario() {
        let (name, scenario) = parse(r#"{"lab":"policy","failure":"none","attempts":1}"#).expect("JSON");
        assert_eq!(name, "policy");
        assert_eq!(scenario.read::<Example>().expect("cenário").attempts, 1);
    }
}
