//! O que um laboratório escreve: um resumo e os blocos que a página desenha, de cima para baixo.

use serde::Deserialize;
use serde_json::Value;

use crate::comparison::Comparison;
use crate::timeline::{Kind, Timeline};

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Output {
    pub summary: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    Timeline(Timeline),
    Series(Series),
    Text {
        label: String,
        text: String,
        tone: Tone,
    },
    Stages {
        label: String,
        items: Vec<Stage>,
    },
    Table(Table),
    Response(Response),
    Script(Script),
    /// Uma tabela ao lado da de referência: quem a monta é a página, não o laboratório.
    #[serde(skip)]
    Comparison(Comparison),
    /// O que esta página ainda não conhece.
    #[serde(other)]
    Unknown,
}

/// Uma tabela; a primeira célula de cada linha é o nome dela.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Table {
    pub label: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Um valor que muda com o tempo; entre dois pontos a linha é reta.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Series {
    pub label: String,
    pub unit: String,
    pub max: f64,
    /// Instante em milissegundos e valor.
    pub points: Vec<(u64, f64)>,
    /// O que aconteceu ao longo da linha.
    pub marks: Vec<(u64, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Plain,
    Good,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Stage {
    pub name: String,
    pub outcome: Outcome,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Accepted,
    Changed,
    Refused,
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Response {
    pub label: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Um módulo JavaScript e a chamada que a página faz nele: `createClient(config)[operation](params, body)`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Script {
    pub label: String,
    pub source: String,
    pub call: Call,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Call {
    pub config: Value,
    pub operation: String,
    pub params: Value,
    pub body: Value,
}

impl Output {
    /// Lê a saída de um laboratório.
    pub fn parse(stdout: &str) -> Result<Self, String> {
        let mut output: Self = serde_json::from_str(stdout.trim())
            .map_err(|error| format!("o laboratório não escreveu um resultado que a página entenda: {error}"))?;
        for block in &mut output.blocks {
            if let Block::Timeline(timeline) = block {
                timeline.sort();
            }
        }
        Ok(output)
    }

    /// A primeira resposta HTTP entre os blocos.
    pub fn response(&self) -> Option<&Response> {
        self.blocks.iter().find_map(|block| match block {
            Block::Response(response) => Some(response),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_by_kind_and_an_unknown_one_does_not_spoil_the_rest() {
        let output = Output::parse(
            r#"{"version":1,"summary":"s","blocks":[
                {"kind":"timeline","lanes":[{"id":"q","label":"fila"}],"entries":[
                    {"at_ms":5,"lane":"q","kind":"error","text":"b"},{"at_ms":0,"lane":"q","kind":"note","text":"a"}]},
                {"kind":"series","label":"fichas","unit":"","max":5.0,"points":[[0,5.0]],"marks":[[0,"throttled"]]},
                {"kind":"de_amanhã","label":"?"},
                {"kind":"response","label":"r","status":403,"headers":[["a","b"]],"body":"{}"}]}"#,
        )
        .expect("resultado");
        let Block::Timeline(timeline) = &output.blocks[0] else { panic!("{output:?}") };
        assert_eq!(timeline.entries[0].text, "a");
        assert!(matches!(&output.blocks[1], Block::Series(series) if series.marks == [(0, Kind::Throttled)]));
        assert_eq!(output.blocks[2], Block::Unknown);
        assert_eq!(output.response().map(|response| response.status), Some(403));
    }

    #[test]
    fn what_is_not_a_result_says_so() {
        let error = Output::parse("olá").expect_err("não é JSON");
        assert!(error.contains("resultado"), "{error}");
    }
}
