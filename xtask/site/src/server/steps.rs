//! O arquivo de um passo: ler, e gravar sem perder o que alguém escreveu enquanto isso.

use std::io::ErrorKind;
use std::path::PathBuf;

use grader::course::{Chapter, Course, Step, StepId, slashed};
use grader::files;
use serde::Serialize;
use tokio::sync::Mutex;

/// O que está no disco.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub path: String,
    pub source: String,
    pub hash: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("não existe o passo `{0}`")]
    Unknown(StepId),
    #[error("o arquivo {0} não existe; recupere o esqueleto com `cargo xtask reset {1}`")]
    Missing(String, StepId),
    #[error(
        "{0} é um link ou está em uma pasta que é um link; por segurança a página não o lê nem grava. \
         Troque o link por um arquivo comum com o mesmo conteúdo"
    )]
    Linked(String),
    #[error("{0} não é um arquivo comum; tire-o do lugar e recupere o esqueleto com `cargo xtask reset {1}`")]
    NotAFile(String, StepId),
    #[error("{0} não é texto em UTF-8; abra-o em um editor e salve-o como UTF-8")]
    NotText(String),
    #[error("o arquivo mudou no disco depois que esta página o leu; nada foi gravado")]
    Conflict(Box<Source>),
    #[error("{0}")]
    Io(String),
}

/// Os passos do curso, e nada mais: um nome que não está em `course.toml` não chega ao disco.
#[derive(Debug)]
pub struct Steps {
    course: Course,
    /// Uma gravação por vez: entre conferir a soma e gravar não entra outra página.
    writing: Mutex<()>,
}

impl Steps {
    pub fn new(course: Course) -> Self {
        Self { course, writing: Mutex::new(()) }
    }

    pub fn course(&self) -> &Course {
        &self.course
    }

    pub fn find(&self, chapter: &str, step: &str) -> Result<(&Chapter, &Step), Error> {
        let id = StepId::new(chapter, step);
        self.course.step(&id).ok_or(Error::Unknown(id))
    }

    pub fn read(&self, chapter: &str, step: &str) -> Result<Source, Error> {
        let (chapter, step) = self.find(chapter, step)?;
        Ok(self.load(chapter, step)?.0)
    }

    /// Grava `source` se o disco ainda tem a versão `base_hash`; devolve a nova soma.
    pub async fn write(&self, chapter: &str, step: &str, source: &str, base_hash: &str) -> Result<String, Error> {
        let (chapter, step) = self.find(chapter, step)?;
        let _turn = self.writing.lock().await;
        let (present, path) = self.load(chapter, step)?;
        if present.hash != base_hash {
            return Err(Error::Conflict(Box::new(present)));
        }
        let text = with_line_endings_of(&present.source, source);
        if text != present.source {
            files::write_atomic(&path, text.as_bytes()).map_err(|error| Error::Io(format!("{error:#}")))?;
        }
        Ok(files::hash(text.as_bytes()))
    }

    /// O texto e o caminho, em que nenhuma parte é um link: por um link a página alcançaria qualquer arquivo.
    fn load(&self, chapter: &Chapter, step: &Step) -> Result<(Source, PathBuf), Error> {
        let relative = chapter.exercise_file(step);
        let shown = slashed(&relative);
        let io = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => Error::Missing(shown.clone(), step.id.clone()),
            _ => Error::Io(format!("não consegui ler {shown}: {error}")),
        };
        // A pasta do curso em si pode ser um link; dali para dentro, não.
        let path = self.course.root.canonicalize().map_err(io)?.join(relative);
        let kind = path.symlink_metadata().map_err(io)?;
        if kind.is_symlink() || path.canonicalize().map_err(io)? != path {
            return Err(Error::Linked(shown));
        }
        if !kind.is_file() {
            return Err(Error::NotAFile(shown, step.id.clone()));
        }
        let bytes = std::fs::read(&path).map_err(io)?;
        let hash = files::hash(&bytes);
        let source = String::from_utf8(bytes).map_err(|_| Error::NotText(shown.clone()))?;
        Ok((Source { path: shown, source, hash }, path))
    }

    /// A soma do que está no disco, se dá para ler.
    pub fn hash(&self, chapter: &Chapter, step: &Step) -> Option<String> {
        self.load(chapter, step).ok().map(|(source, _)| source.hash)
    }
}

/// O editor da página junta as linhas com `\n`; um arquivo em que `\r\n` é maioria continua a usá-lo.
fn with_line_endings_of(present: &str, text: &str) -> String {
    let unix = text.replace("\r\n", "\n");
    let windows = present.matches("\r\n").count();
    let all = present.matches('\n').count();
    if windows * 2 > all { unix.replace('\n', "\r\n") } else { unix }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_follow_the_file() {
        assert_eq!(with_line_endings_of("a\r\nb\r\n", "x\ny\n"), "x\r\ny\r\n");
        assert_eq!(with_line_endings_of("a\nb\n", "x\r\ny\r\n"), "x\ny\n");
        assert_eq!(with_line_endings_of("", "x\ny\n"), "x\ny\n");
    }

    #[test]
    fn in_a_mixed_file_the_majority_decides() {
        assert_eq!(with_line_endings_of("a\r\nb\nc\n", "x\ny\n"), "x\ny\n");
        assert_eq!(with_line_endings_of("a\r\nb\r\nc\n", "x\ny\n"), "x\r\ny\r\n");
        assert_eq!(with_line_endings_of("a\r\nb\n", "x\ny\n"), "x\ny\n", "no empate, `\\n`");
    }
}
