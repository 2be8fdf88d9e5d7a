//! Perguntar antes de desfazer algo.

use std::io::{BufRead, IsTerminal, Write};

use crate::say;
use anyhow::{Result, bail};

/// Verdadeiro quando a pessoa responde sim. Sem terminal não há a quem perguntar, e o erro diz como seguir.
pub fn confirm(question: &str, without_terminal: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("não há um terminal para perguntar; {without_terminal}");
    }
    say!("{question} [s/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "s" | "sim")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        assert!(is_yes("s\n") && is_yes(" Sim "));
        assert!(!is_yes("\n") && !is_yes("não") && !is_yes("talvez"));
    }
}
