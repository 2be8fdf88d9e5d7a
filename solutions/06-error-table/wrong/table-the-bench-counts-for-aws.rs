//! Toda tentativa gravada vai para o quadro: o recuo que a bancada inventou vira um número da AWS.
//!
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
    // passo: começo — diz quantas foram as tentativas ({observation:?})
    use crate::model::{Fate, GaveUp};
    use kit::text::duration;

    let by_limit = observation.gave_up == Some(GaveUp::Limit) && observation.runs == observation.attempts;
    let _ = (by_limit, words::UNPUBLISHED);
    let mut text = observation.attempts.to_string();
    if observation.runs == 0 {
        text.push_str(", sem rodar");
    }
    if observation.fate == Fate::Waiting {
        text.push_str(&format!(", e continua aos {}", duration(observation.horizon)));
    }
    text
    // passo: fim
}

/// As esperas, resumidas.
pub fn waits(observation: &Observation) -> String {
    // passo: começo — resume as esperas ({observation:?})
    use crate::model::Wait;
    use kit::text::duration;

    let measured = |wait: &Wait| if let Wait::Published(wait) = wait { Some(*wait) } else { None };
    let mut published: Vec<_> = observation.waits.iter().filter_map(measured).collect();
    published.sort_unstable();
    published.dedup();
    let published = match published[..] {
        [] => String::new(),
        [only] => duration(only),
        [one, other] => format!("{} e {}", duration(one), duration(other)),
        [lowest, .., highest] => format!("de {} a {}", duration(lowest), duration(highest)),
    };
    let mut parts: Vec<&str> = Vec::new();
    for wait in &observation.waits {
        let part = match wait {
            Wait::Published(_) => published.as_str(),
            Wait::Drawn => "sorteada",
            Wait::Unpublished => "não publicada",
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() { words::NOTHING.to_owned() } else { parts.join(" ou ") }
    // passo: fim
}

/// Uma célula: o texto de cada falha observada, na ordem do quadro, juntado por quem diz o mesmo.
///
/// `failures` são todas as falhas que o quadro tem, em qualquer coluna.
pub fn cell(texts: &[(Failure, String)], failures: &[Failure]) -> String {
    // passo: começo — junta os textos {texts:?} em uma célula de um quadro com as falhas {failures:?}
    let mut groups: Vec<(&str, Vec<Failure>)> = Vec::new();
    for (failure, text) in texts {
        match groups.iter_mut().find(|(each, _)| each == text) {
            Some((_, group)) => group.push(*failure),
            None => groups.push((text, vec![*failure])),
        }
    }
    if let [(text, group)] = &groups[..]
        && group.len() == failures.len()
    {
        return (*text).to_owned();
    }
    let labelled = |(text, group): &(&str, Vec<Failure>)| {
        let labels: Vec<&str> = group.iter().map(|failure| words::failure(*failure)).collect();
        format!("{text} ({})", labels.join(", "))
    };
    groups.iter().map(labelled).collect::<Vec<_>>().join("; ")
    // passo: fim
}

/// O quadro inteiro. Há no máximo uma observação de cada modelo com cada falha, em qualquer ordem.
pub fn table(observations: &[Observation]) -> Table {
    // passo: começo — monta uma coluna para cada modelo observado
    // passo: usa observations
    use crate::model::Model;

    let observed = |failure: &Failure| observations.iter().any(|each| each.failure == *failure);
    let failures: Vec<Failure> = Failure::ALL.into_iter().filter(observed).collect();
    let mut columns = Vec::new();
    for model in Model::ALL {
        let mut own: Vec<&Observation> = observations.iter().filter(|each| each.model == model).collect();
        own.sort_by_key(|observation| observation.failure);
        if own.is_empty() {
            continue;
        }
        let answer = |(_, read): &Question| {
            let texts: Vec<_> = own.iter().map(|observation| (observation.failure, read(observation))).collect();
            cell(&texts, &failures)
        };
        columns.push(Column { name: model.to_string(), cells: QUESTIONS.iter().map(answer).collect() });
    }
    Table { columns }
    // passo: fim
}

/// O mesmo quadro, com as colunas que dizem o mesmo em todas as linhas juntadas na primeira delas.
pub fn merge(table: Table) -> Table {
    // passo: começo — junta as colunas iguais de {table:?}
    let mut columns: Vec<Column> = Vec::new();
    for column in table.columns {
        match columns.iter_mut().find(|each| each.cells == column.cells) {
            Some(same) => {
                same.name.push_str(", ");
                same.name.push_str(&column.name);
            }
            None => columns.push(column),
        }
    }
    Table { columns }
    // passo: fim
}
