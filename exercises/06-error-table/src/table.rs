//! O quadro: das observações às células, e das células ao Markdown.
//!
//! ```text
//!   observações de um modelo ──▶ um texto por falha ──cell──▶ uma célula
//!         QUESTIONS × células de um modelo ──────────table──▶ uma coluna
//!              colunas que dizem o mesmo ────────────merge──▶ uma só
//! ```
//!
//! Nenhuma célula sabe o que o modelo faz: ela repete o que as observações sustentam, e cala o resto.

use crate::model::{Failure, Observation};
use crate::words;

/// Uma pergunta do quadro e como se lê a resposta em uma observação.
pub type Question = (&'static str, fn(&Observation) -> String);

/// As linhas, na ordem do quadro.
pub const QUESTIONS: [Question; 11] = [
    ("Quem repete", words::retriers),
    ("Tentativas", attempts),
    ("Espera entre elas", waits),
    ("O limite", words::charge),
    ("Desiste", words::gave_up),
    ("O que fica parado", words::blocking),
    ("O lote", words::batch),
    ("Onde o evento acaba", words::fate),
    ("Desde quando", words::kept_since),
    ("Os outros dois", words::companions),
    ("Quem fica sabendo", words::signals),
];

/// A coluna de um modelo, ou de mais de um quando eles dizem o mesmo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// O nome dele, ou os nomes, separados por vírgula.
    pub name: String,
    /// Uma célula por pergunta, na ordem de [`QUESTIONS`].
    pub cells: Vec<String>,
}

/// O quadro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// As colunas, da esquerda para a direita.
    pub columns: Vec<Column>,
}

impl Table {
    /// O cabeçalho, com o canto vazio.
    pub fn header(&self) -> Vec<String> {
        std::iter::once(String::new()).chain(self.columns.iter().map(|column| column.name.clone())).collect()
    }

    /// As linhas: a pergunta e a célula de cada coluna.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let row = |(index, (question, _)): (usize, &Question)| {
            let cells = self.columns.iter().map(|column| column.cells.get(index).cloned().unwrap_or_default());
            std::iter::once((*question).to_owned()).chain(cells).collect()
        };
        QUESTIONS.iter().enumerate().map(row).collect()
    }

    /// O quadro em Markdown. Uma barra dentro de uma célula ganha um `\`, para não virar outra coluna.
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}\n", "---|".repeat(self.columns.len() + 1));
        line(&self.header()) + &rule + &self.rows().iter().map(|row| line(row)).collect::<String>()
    }
}

/// Quantas tentativas, se esse número é da AWS e não da bancada.
pub fn attempts(observation: &Observation) -> String {
    todo!("diz quantas foram as tentativas ({observation:?})")
}

/// As esperas, resumidas.
pub fn waits(observation: &Observation) -> String {
    todo!("resume as esperas ({observation:?})")
}

/// Uma célula: o texto de cada falha observada, na ordem do quadro, juntado por quem diz o mesmo.
///
/// `failures` são todas as falhas que o quadro tem, em qualquer coluna.
pub fn cell(texts: &[(Failure, String)], failures: &[Failure]) -> String {
    todo!("junta os textos {texts:?} em uma célula de um quadro com as falhas {failures:?}")
}

/// O quadro inteiro. Há no máximo uma observação de cada modelo com cada falha, em qualquer ordem.
pub fn table(observations: &[Observation]) -> Table {
    let _ = observations;
    todo!("monta uma coluna para cada modelo observado")
}

/// O mesmo quadro, com as colunas que dizem o mesmo em todas as linhas juntadas na primeira delas.
pub fn merge(table: Table) -> Table {
    todo!("junta as colunas iguais de {table:?}")
}
