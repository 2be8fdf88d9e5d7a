//! O que está errado no texto do livro, com arquivo e linha: é do autor da página, não de quem rodou o comando.

use std::fmt;

/// Um problema em um arquivo do livro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: String,
    line: Option<usize>,
    what: String,
}

impl Problem {
    pub fn at(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.into(), line: Some(line), what: what.into() }
    }

    pub fn in_file(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, what: what.into() }
    }
}

impl From<grader::quiz::Fault> for Problem {
    fn from(grader::quiz::Fault { file, what, fix }: grader::quiz::Fault) -> Self {
        Self::in_file(file, format!("{what}; conserto: {fix}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// Todos os problemas de uma vez, para que ninguém conserte um por compilação.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` quando não há nenhum.
    pub fn none_of(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "um problema" } else { "problemas" };
        write!(f, "há {plural} no texto do livro:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}
