//! O que a pessoa já resolveu, guardado no navegador.
//!
//! Um só valor em JSON sob uma chave com versão. O formato tolera tudo o que pode aparecer ali: lixo, uma versão
//! futura, campos a mais. O que não se entende some na leitura, e nunca derruba a página.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A chave do armazenamento; a versão faz parte do nome, então uma versão nova não pisa na antiga.
pub const KEY: &str = "caderno.progress.v1";

/// O melhor resultado de um passo até agora.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProgress {
    /// Testes que passaram na última vez.
    pub passed: usize,
    /// Testes que o passo tinha.
    pub total: usize,
    /// Se alguma vez todos passaram: um passo resolvido continua resolvido.
    #[serde(default)]
    pub done: bool,
}

/// O progresso em todos os passos, pelo id estável `capítulo/passo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    steps: BTreeMap<String, StepProgress>,
}

impl Progress {
    /// Lê o que estava guardado; entradas que não fazem sentido são ignoradas uma a uma.
    pub fn parse(stored: Option<&str>) -> Self {
        let value = stored.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let steps = value
            .as_ref()
            .and_then(|value| value.get("steps"))
            .and_then(Value::as_object)
            .map(|steps| {
                steps
                    .iter()
                    .filter_map(|(id, step)| {
                        let step = StepProgress::deserialize(step).ok()?;
                        Some((id.clone(), step))
                    })
                    .collect()
            })
            .unwrap_or_default();
        Self { steps }
    }

    /// O texto a guardar.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Anota uma corrida completa dos testes de um passo.
    pub fn record(&mut self, step: &str, passed: usize, total: usize) {
        let entry = self.steps.entry(step.to_owned()).or_default();
        entry.passed = passed;
        entry.total = total;
        entry.done |= total > 0 && passed == total;
    }

    /// Se o passo já foi resolvido.
    pub fn is_done(&self, step: &str) -> bool {
        self.steps.get(step).is_some_and(|step| step.done)
    }
}

/// O id do passo cuja página tem este caminho: `/x/async-invocation/retries.html` → `async-invocation/retries`.
pub fn step_of_path(path: &str) -> Option<String> {
    let path = path.strip_suffix(".html").unwrap_or(path);
    let mut parts = path.rsplit('/');
    let step = parts.next().filter(|part| !part.is_empty())?;
    let chapter = parts.next().filter(|part| !part.is_empty())?;
    Some(format!("{chapter}/{step}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_back() {
        let mut progress = Progress::default();
        progress.record("async-invocation/retries", 9, 9);
        progress.record("async-invocation/queue", 2, 5);
        let read = Progress::parse(Some(&progress.to_json()));
        assert_eq!(read, progress);
        assert!(read.is_done("async-invocation/retries"));
        assert!(!read.is_done("async-invocation/queue"));
        assert!(!read.is_done("async-invocation/idempotency"));
    }

    #[test]
    fn a_solved_step_stays_solved_after_a_worse_run() {
        let mut progress = Progress::default();
        progress.record("a/b", 3, 3);
        progress.record("a/b", 1, 3);
        assert!(progress.is_done("a/b"));
    }

    #[test]
    fn a_run_without_tests_solves_nothing() {
        let mut progress = Progress::default();
        progress.record("a/b", 0, 0);
        assert!(!progress.is_done("a/b"));
    }

    #[test]
    fn corrupt_content_is_an_empty_progress() {
        for stored in [None, Some(""), Some("{"), Some("7"), Some("null"), Some(r#"{"steps":[]}"#)] {
            assert_eq!(Progress::parse(stored), Progress::default());
        }
    }

    #[test]
    fn one_bad_entry_does_not_lose_the_others() {
        let stored = r#"{"future":1,"steps":{"a/b":{"passed":1,"total":1,"done":true,"x":2},"c/d":"?"}}"#;
        let progress = Progress::parse(Some(stored));
        assert!(progress.is_done("a/b"));
        assert!(!progress.is_done("c/d"));
    }

    #[test]
    fn a_page_address_names_its_step() {
        assert_eq!(step_of_path("/livro/async-invocation/retries.html").as_deref(), Some("async-invocation/retries"));
        assert_eq!(step_of_path("index.html"), None);
    }
}
