//! O laboratório dos padrões: um padrão, um evento, e o que cada folha do padrão diz dele, pelo código do leitor.
//!
//! ```text
//!   padrão ─▶ compile ─▶ matches(padrão inteiro, evento)          o veredito
//!                  └──▶ cada folha vira um padrão de um campo só
//!                            └─▶ matches(padrão de um campo, evento)   uma linha da tabela
//! ```

use event_driven::bus::{combinations, compile, matches};
use event_driven::json::Position;
use event_driven::pattern::{Child, Comparison, InvalidEventPattern, Pattern, Piece, Rule, TextRule};
use kit::lab::{Block, Output, Tone};
use kit::text::count;
use serde::Deserialize;
use serde_json::Value;

/// Quantas folhas a tabela mostra.
const ROWS: usize = 40;
/// Quantos valores do evento uma linha mostra.
const VALUES: usize = 6;

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    pattern: String,
    event: String,
}

/// Uma folha do padrão: por onde se chega a ela, em que alternativa ela está e o que ela pede.
struct Leaf<'a> {
    path: Vec<&'a str>,
    branch: String,
    rules: &'a [Rule],
}

/// Compara o evento com o padrão, como `TestEventPattern`.
pub fn play(scenario: Scenario) -> Output {
    let event = match serde_json::from_str::<Value>(&scenario.event) {
        Ok(event @ Value::Object(_)) => event,
        Ok(_) => return not_an_event("O evento é JSON, mas não é um objeto.".to_owned()),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            return not_an_event(format!("O evento não é JSON: a leitura para na linha {line}, coluna {column}."));
        }
    };
    match compile(&scenario.pattern) {
        Ok(pattern) => compared(&pattern, &event),
        Err(error) => refused(&error, &scenario.pattern),
    }
}

fn not_an_event(summary: String) -> Output {
    let text = "ValidationException: Parameter Event is not valid.".to_owned();
    Output { summary, blocks: vec![Block::Text { label: "A resposta, 400".to_owned(), text, tone: Tone::Bad }] }
}

/// A recusa, com o lugar marcado.
fn refused(error: &InvalidEventPattern, pattern: &str) -> Output {
    let (summary, marked) = match error.at {
        Some(at) => (
            format!("A AWS recusa este padrão: a leitura parou na linha {}, coluna {}.", at.line, at.column),
            format!("{}\n\n{error}", excerpt(pattern, at)),
        ),
        None => ("A AWS recusa este padrão, e não diz onde.".to_owned(), error.to_string()),
    };
    Output { summary, blocks: vec![Block::Text { label: "A resposta, 400".to_owned(), text: marked, tone: Tone::Bad }] }
}

/// A linha do lugar e um `^` debaixo da coluna.
fn excerpt(text: &str, at: Position) -> String {
    let line = text.lines().nth(at.line - 1).unwrap_or_default();
    format!("{line}\n{}^", " ".repeat(at.column - 1))
}

fn compared(pattern: &Pattern, event: &Value) -> Output {
    let mut leaves = Vec::new();
    collect(pattern, &mut Vec::new(), "", &mut leaves);
    let verdicts: Vec<bool> = leaves.iter().map(|leaf| matches(&alone(leaf), Some(event))).collect();
    let hit = verdicts.iter().filter(|verdict| **verdict).count();
    let of = format!("{hit} de {}", count(leaves.len(), "folha", "folhas"));
    let (summary, tone) = match matches(pattern, Some(event)) {
        true => (format!("O evento casa com o padrão ({of} do padrão, cada uma por si, casam)."), Tone::Good),
        false => (format!("O evento não casa com o padrão ({of} do padrão, cada uma por si, casam)."), Tone::Plain),
    };
    let verdict = match tone {
        Tone::Good => "a regra recebe o evento",
        _ => "a regra não recebe o evento",
    };
    let mut text = verdict.to_owned();
    let number = combinations(pattern);
    if number > 1 {
        text.push_str(&format!("\no padrão se abre em {number} combinações, de no máximo 1.000"));
    }
    let rows = leaves.iter().zip(verdicts).take(ROWS).map(|(leaf, verdict)| {
        let rules: Vec<String> = leaf.rules.iter().map(rule).collect();
        vec![
            format!("{}{}", leaf.branch, leaf.path.join(".")),
            rules.join(" ou "),
            found(&leaf.path, event),
            if verdict { "sim" } else { "não" }.to_owned(),
        ]
    });
    let table = Block::Table {
        label: "Cada folha do padrão, sozinha".to_owned(),
        header: ["folha", "pede", "o evento tem", "casa"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    Output { summary, blocks: vec![Block::Text { label: "O padrão inteiro".to_owned(), text, tone }, table] }
}

/// Todas as folhas do padrão, na ordem dele.
fn collect<'a>(pattern: &'a Pattern, path: &mut Vec<&'a str>, branch: &str, leaves: &mut Vec<Leaf<'a>>) {
    for (name, child) in &pattern.fields {
        path.push(name);
        match child {
            Child::Object(inner) => collect(inner, path, branch, leaves),
            Child::Rules(rules) => leaves.push(Leaf { path: path.clone(), branch: branch.to_owned(), rules }),
        }
        path.pop();
    }
    for (number, alternative) in pattern.or.iter().enumerate() {
        collect(alternative, path, &format!("{branch}$or {}: ", number + 1), leaves);
    }
}

/// Um padrão que só tem esta folha.
fn alone(leaf: &Leaf<'_>) -> Pattern {
    let last = Child::Rules(leaf.rules.to_vec());
    let child =
        leaf.path.iter().skip(1).rev().fold(last, |child, name| {
            Child::Object(Pattern { fields: vec![((*name).to_owned(), child)], or: Vec::new() })
        });
    Pattern { fields: leaf.path.first().map(|name| ((*name).to_owned(), child)).into_iter().collect(), or: Vec::new() }
}

/// O que o evento tem no caminho, passando por dentro das listas.
fn found(path: &[&str], event: &Value) -> String {
    let mut here = vec![event];
    for name in path {
        here = here.into_iter().flat_map(elements).filter_map(|value| value.get(name)).collect();
    }
    let shown: Vec<String> = here.iter().take(VALUES).map(|value| short(value)).collect();
    match here.len() {
        0 => "nada".to_owned(),
        number if number > VALUES => format!("{}…", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(inner) => inner.iter().flat_map(elements).collect(),
        other => vec![other],
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Object(_) => "um objeto".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

/// A regra, em palavras.
fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Equals(value) => value.to_string(),
        Rule::Text(rule) => text_rule(rule),
        Rule::AnythingBut(values) => {
            format!("tudo menos {}", values.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        }
        Rule::AnythingButText(rules) => {
            format!("tudo menos o que {}", rules.iter().map(text_rule).collect::<Vec<_>>().join(", "))
        }
        Rule::Numeric(pairs) => pairs
            .iter()
            .map(|(comparison, number)| format!("{} {number}", symbol(*comparison)))
            .collect::<Vec<_>>()
            .join(" e "),
        Rule::Cidr(block) => format!("IP de {}/{}", block.base, block.mask),
        Rule::Exists(true) => "alguma folha".to_owned(),
        Rule::Exists(false) => "nenhuma folha".to_owned(),
    }
}

fn text_rule(rule: &TextRule) -> String {
    match rule {
        TextRule::Prefix(text) => format!("começa com \"{text}\""),
        TextRule::PrefixIgnoreCase(text) => format!("começa com \"{text}\", sem olhar a caixa"),
        TextRule::Suffix(text) => format!("termina com \"{text}\""),
        TextRule::SuffixIgnoreCase(text) => format!("termina com \"{text}\", sem olhar a caixa"),
        TextRule::EqualsIgnoreCase(text) => format!("é \"{text}\", sem olhar a caixa"),
        TextRule::Wildcard(pieces) => format!("cabe em \"{}\"", pieces.iter().map(piece).collect::<String>()),
    }
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Any => "*".to_owned(),
        Piece::Character(literal @ ('*' | '\\')) => format!("\\{literal}"),
        Piece::Character(other) => other.to_string(),
    }
}

fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::Greater => ">",
        Comparison::AtLeast => ">=",
    }
}
