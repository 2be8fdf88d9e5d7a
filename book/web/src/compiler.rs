//! O que o compilador disse, separado em "neste arquivo" e "em outro", com posições que um editor entende.

use serde::Deserialize;

/// Uma mensagem do `rustc`, como o servidor a entrega: linhas e colunas a partir de 1, colunas em caracteres.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Diagnostic {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub level: Level,
    pub message: String,
    #[serde(default)]
    pub rendered: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    #[serde(other)]
    Warning,
}

/// A resposta de `POST /api/build`.
#[derive(Clone, Debug, Deserialize)]
pub struct Build {
    pub tests: Option<String>,
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
    #[serde(default)]
    pub step_errors: Vec<String>,
}

/// Um trecho no editor: linhas a partir de 0, colunas em unidades UTF-16, como o JavaScript conta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start_row: u32,
    pub start_column: u32,
    pub end_row: u32,
    pub end_column: u32,
}

impl Diagnostic {
    /// Onde marcar, dado o texto compilado.
    pub fn range(&self, source: &str) -> Range {
        Range {
            start_row: self.line.saturating_sub(1),
            start_column: utf16_column(source, self.line, self.column),
            end_row: self.end_line.saturating_sub(1),
            end_column: utf16_column(source, self.end_line, self.end_column),
        }
    }

    /// `src/queue.rs:12`, para a lista de mensagens.
    pub fn place(&self) -> String {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        format!("{name}:{}", self.line)
    }

    /// Se a mensagem é sobre o arquivo do passo. O servidor pode escrever o caminho com as barras do sistema dele.
    pub fn is_in(&self, file: &str) -> bool {
        let same = self.file.replace('\\', "/");
        same == file || same.ends_with(&format!("/{file}"))
    }
}

fn utf16_column(source: &str, line: u32, column: u32) -> u32 {
    let characters = column.saturating_sub(1);
    let text = source.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
    text.chars().take(characters as usize).map(|character| character.len_utf16() as u32).sum()
}

/// A frase acima da lista de mensagens do compilador.
pub fn headline(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
    let warnings = diagnostics.len() - errors;
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match (errors, warnings) {
        (0, 0) => String::new(),
        (0, w) => format!("O compilador deixou {}.", count(w, "aviso", "avisos")),
        (e, 0) => format!("O compilador encontrou {}.", count(e, "erro", "erros")),
        (e, w) => {
            format!("O compilador encontrou {} e deixou {}.", count(e, "erro", "erros"), count(w, "aviso", "avisos"))
        }
    }
}

/// O mesmo, junto do editor de `file`: um erro em outro passo não impede os testes deste, e a pessoa precisa saber disso.
pub fn headline_of(diagnostics: &[Diagnostic], file: &str) -> String {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).peekable();
    let only_elsewhere = errors.peek().is_some() && errors.all(|error| !error.is_in(file));
    let note = if only_elsewhere { " Nada disso é neste arquivo, então não conta neste passo." } else { "" };
    headline(diagnostics) + note
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(file: &str, level: Level) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            line: 2,
            column: 9,
            end_line: 2,
            end_column: 11,
            level,
            message: "m".into(),
            rendered: None,
        }
    }

    #[test]
    fn columns_are_counted_as_javascript_counts() {
        let source = "a\nlet é😀x = y;\n";
        let range = diagnostic("a.rs", Level::Error).range(source);
        // `let é😀x ` tem oito caracteres, e o emoji vale dois.
        assert_eq!((range.start_row, range.start_column), (1, 9));
        assert_eq!((range.end_row, range.end_column), (1, 11));
    }

    #[test]
    fn a_position_outside_of_the_text_is_its_end() {
        let range = diagnostic("a.rs", Level::Error).range("");
        assert_eq!(range.start_column, 0);
    }

    #[test]
    fn the_file_is_recognized_whatever_the_slashes() {
        let file = "exercises/04-async-invocation/src/retries.rs";
        assert!(diagnostic(file, Level::Error).is_in(file));
        assert!(diagnostic(r"exercises\04-async-invocation\src\retries.rs", Level::Error).is_in(file));
        assert!(!diagnostic("exercises/04-async-invocation/src/queue.rs", Level::Error).is_in(file));
        assert_eq!(diagnostic(r"src\queue.rs", Level::Error).place(), "queue.rs:2");
    }

    #[test]
    fn the_headline_counts() {
        let error = diagnostic("a.rs", Level::Error);
        let warning = diagnostic("a.rs", Level::Warning);
        assert_eq!(headline(&[]), "");
        assert_eq!(headline(std::slice::from_ref(&error)), "O compilador encontrou 1 erro.");
        assert_eq!(headline(&[error.clone(), error, warning]), "O compilador encontrou 2 erros e deixou 1 aviso.");
    }

    #[test]
    fn errors_of_other_steps_are_told_apart() {
        let (here, there) = ("src/retries.rs", "src/queue.rs");
        let elsewhere = [diagnostic(there, Level::Error), diagnostic(here, Level::Warning)];
        assert!(headline_of(&elsewhere, here).ends_with("não conta neste passo."));
        let both = [diagnostic(there, Level::Error), diagnostic(here, Level::Error)];
        assert_eq!(headline_of(&both, here), "O compilador encontrou 2 erros.");
        assert_eq!(headline_of(&[], here), "");
    }

    #[test]
    fn an_unknown_level_is_a_warning() {
        let level: Level = serde_json::from_str(r#""note""#).expect("nível");
        assert_eq!(level, Level::Warning);
    }
}
