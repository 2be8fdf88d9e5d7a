//! O que o `setup` achou, instalou e não conseguiu, em texto que se pode colar em um pedido de ajuda.

use std::fmt;

/// A situação de uma peça do ambiente.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    AlreadyThere,
    Installed,
    /// Falta; o texto diz o que fazer.
    Missing(String),
    /// Falta e só faz falta a quem contribui; o texto diz o que fazer.
    MissingForContributors(String),
}

/// Uma peça do ambiente: um compilador, um componente, o navegador.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub name: &'static str,
    /// Versão e lugar, ou vazio quando falta.
    pub detail: String,
    pub state: State,
}

/// Tudo o que o `setup` viu e fez.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub machine: String,
    pub items: Vec<Item>,
    /// `nome versão` de cada pacote instalado agora.
    pub packages: Vec<String>,
}

impl Report {
    /// Não falta nada do que foi pedido. O que só serve para contribuir não conta.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.items.iter().any(|item| matches!(item.state, State::Missing(_)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Ambiente: {}", self.machine)?;
        for item in &self.items {
            let state = match item.state {
                State::AlreadyThere => "já estava",
                State::Installed => "instalado agora",
                State::Missing(_) => "falta",
                State::MissingForContributors(_) => "falta, só para contribuir",
            };
            let detail = if item.detail.is_empty() { String::new() } else { format!(": {}", item.detail) };
            writeln!(f, "  {} ({state}){detail}", item.name)?;
        }
        if !self.packages.is_empty() {
            writeln!(f, "Pacotes instalados agora: {}", self.packages.join(", "))?;
        }
        for item in &self.items {
            if let State::Missing(what_to_do) | State::MissingForContributors(what_to_do) = &item.state {
                write!(f, "\nFalta {}:\n{}", item.name, what_to_do)?;
                if !what_to_do.ends_with('\n') {
                    writeln!(f)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_contributors_need_does_not_count() {
        let item = |state| Item { name: "clippy", detail: String::new(), state };
        let report = |state| Report { items: vec![item(state)], ..Report::default() };
        assert!(report(State::MissingForContributors(String::new())).is_complete());
        assert!(!report(State::Missing(String::new())).is_complete());
    }

    #[test]
    fn a_report_tells_what_to_do_about_each_missing_piece() {
        let item = |name, detail: &str, state| Item { name, detail: detail.to_owned(), state };
        let report = Report {
            machine: "Debian".to_owned(),
            items: vec![
                item("compilador", "rustc 1.95.0", State::AlreadyThere),
                item("navegador", "", State::Missing("    apt-get install chromium".to_owned())),
            ],
            packages: vec!["lld-22 1".to_owned()],
        };
        assert!(!report.is_complete());
        assert_eq!(
            report.to_string(),
            "Ambiente: Debian\n  compilador (já estava): rustc 1.95.0\n  navegador (falta)\n\
             Pacotes instalados agora: lld-22 1\n\nFalta navegador:\n    apt-get install chromium\n"
        );
    }
}
