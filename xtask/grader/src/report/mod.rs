//! O relatório para pessoas ([`human`]) e para programas ([`json`]).

mod human;

use anyhow::Result;

use crate::score::Report;

pub use human::{Style, human};

/// O relatório em JSON, versão 1, com quebra de linha no fim.
pub fn json(report: &Report) -> Result<String> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
