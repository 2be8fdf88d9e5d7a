//! Separa as fitas de uma execução: o que é do libtest, o que é do `insta`, o que é diagnóstico do `std` e o que o programa
//! escreveu de propósito.

use super::panics;
use super::snapshots;
use super::text;
use crate::Execution;

/// O que o resumo do libtest diz, se for a última linha de `stdout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summary {
    Passed,
    Failed,
    Ignored,
    NotFound,
    /// A última linha não é um resumo.
    Missing,
}

impl Summary {
    pub(super) fn of(stdout: &str) -> Self {
        let last = stdout.trim_end().lines().next_back().unwrap_or_default();
        let Some(result) = last.strip_prefix("test result: ") else { return Self::Missing };
        let counts = |wanted: &str| result.split(['.', ';']).any(|part| part.trim() == wanted);
        match result.starts_with("ok. ") && counts("0 failed") {
            true if counts("1 passed") => Self::Passed,
            true if counts("1 ignored") => Self::Ignored,
            true if counts("0 passed") => Self::NotFound,
            true => Self::Missing,
            false => Self::Failed,
        }
    }
}

/// As fitas, já limpas de sequências de terminal.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) summary: Summary,
    /// Onde procurar pânicos: `stderr`, ou `stdout` quando o libtest capturou a saída.
    pub(super) diagnostics: String,
    /// O que o programa escreveu antes de quebrar.
    pub(super) printed: String,
    /// A diferença que o `insta` mostrou.
    pub(super) snapshot: Option<String>,
    /// O `Err` com que o teste retornou.
    pub(super) returned_error: Option<String>,
}

impl Output {
    pub(super) fn of_test(name: &str, execution: &Execution) -> Self {
        let stdout = text::clean(&execution.stdout);
        let stderr = text::clean(&execution.stderr);
        let summary = Summary::of(&stdout);
        let (stdout, stderr) = match captured(name, &stdout) {
            // Capturadas, as duas fitas chegam misturadas na ordem em que foram escritas: o que vem antes do pânico é do programa.
            Some(section) if panics::diagnostics_start(&stderr).is_none() => {
                (String::new(), format!("{section}\n{stderr}"))
            }
            Some(section) => (section.to_owned(), stderr),
            None => (without_frame(name, &stdout).to_owned(), stderr),
        };
        Self { summary, ..Self::new(&stdout, stderr) }
    }

    pub(super) fn of_program(execution: &Execution) -> Self {
        // `stdout` de um laboratório é dado, não conversa.
        Self::new("", text::clean(&execution.stderr))
    }

    fn new(stdout: &str, stderr: String) -> Self {
        let own = panics::diagnostics_start(&stderr).map_or(stderr.as_str(), |start| &stderr[..start]);
        let (stdout, from_stdout) = snapshots::take(stdout);
        let (own, from_stderr) = snapshots::take(own);
        let (own, returned_error) = returned_error(&own);
        let printed = [&*stdout, &*own]
            .map(|tape| tape.trim_matches('\n').trim_end())
            .into_iter()
            .filter(|tape| !tape.is_empty())
            .collect::<Vec<_>>();
        Self {
            summary: Summary::Missing,
            printed: printed.join("\n"),
            snapshot: from_stdout.or(from_stderr),
            returned_error,
            diagnostics: stderr,
        }
    }
}

/// O libtest escreve o `Err` de um teste na última linha: `Error: …`.
fn returned_error(stderr: &str) -> (String, Option<String>) {
    let start = if stderr.starts_with("Error: ") { Some(0) } else { stderr.rfind("\nError: ").map(|at| at + 1) };
    match start {
        Some(start) => {
            let error = stderr[start..].trim_start_matches("Error: ").trim();
            (stderr[..start].to_owned(), Some(text::shorten(error)))
        }
        None => (stderr.to_owned(), None),
    }
}

/// A seção `---- NOME stdout ----`, em que o libtest mostra o que capturou de um teste que falhou.
fn captured<'a>(name: &str, stdout: &'a str) -> Option<&'a str> {
    let header = format!("\n---- {name} stdout ----\n");
    let start = stdout.find(&header)? + header.len();
    let section = &stdout[start..];
    Some(&section[..section.rfind("\n\nfailures:\n").unwrap_or(section.len())])
}

/// `stdout` sem as linhas do libtest. Sem *threads* ele escreve `test NOME ... ` antes de rodar o teste; com elas, depois.
fn without_frame<'a>(name: &str, stdout: &'a str) -> &'a str {
    let announcement = format!("test {name} ... ");
    let body = stdout.trim_start_matches('\n');
    let body = body.strip_prefix("running 1 test\n").unwrap_or(body);
    let body = body.rfind("FAILED\n\nfailures:\n").map_or(body, |end| &body[..end]);
    let body = body.rfind("ok\n\ntest result: ok. 1 passed").map_or(body, |end| &body[..end]);
    match body.strip_prefix(announcement.as_str()) {
        Some(rest) => rest,
        None => body.strip_suffix(announcement.as_str()).unwrap_or(body),
    }
}
