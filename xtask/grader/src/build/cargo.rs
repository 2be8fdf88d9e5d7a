//! O cargo como processo: o formato JSON estável dele vira artefato e diagnósticos.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::Target;
use crate::course::{Chapter, Course};
use crate::progress::Progress;
use crate::run::process::{self, End, Finished, Limits};
use crate::toolchain;

/// A memória de um módulo WASM, em bytes: a mesma para todos os hospedeiros.
pub const WASM_MEMORY: u64 = 256 * 1024 * 1024;

/// Quanto uma compilação pode levar. A primeira, com todas as dependências, leva poucos minutos em uma máquina lenta; uma conta
/// sem fim em um `const` do leitor levaria para sempre.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// O que se compila de um capítulo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Tests,
    Lab,
}

impl What {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Lab => "lab",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
}

/// Uma mensagem do compilador, com linhas e colunas a partir de 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A partir da raiz do repositório, com `/`; vazio quando a mensagem não é de um lugar.
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub level: Level,
    pub message: String,
    /// Como o compilador a mostraria no terminal.
    pub rendered: String,
}

impl Diagnostic {
    /// Um erro nosso, sobre uma linha inteira.
    pub(super) fn at(file: String, line: u32, message: String) -> Self {
        let rendered = format!("{message}\n  em {file}:{line}");
        Self { file, line, column: 1, end_line: line, end_column: 1, level: Level::Error, message, rendered }
    }
}

pub struct Outcome {
    /// Falta quando não compilou.
    pub artifact: Option<PathBuf>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Outcome {
    /// Os erros, sem os avisos.
    pub fn into_errors(self) -> impl Iterator<Item = Diagnostic> {
        self.diagnostics.into_iter().filter(|diagnostic| diagnostic.level == Level::Error)
    }
}

/// O cargo que iniciou este programa, ou o do `PATH`.
pub fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// No CI cada coisa é compilada uma vez só: guardar o que serviria para a próxima compilação custaria tempo e disco à toa.
pub fn once() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::env::var_os("CI").map(|_| ("CARGO_INCREMENTAL", "0")).into_iter()
}

/// Os programas das chaves que compilaram, pelo nome do alvo, e os erros dos que não compilaram.
pub struct Keys {
    pub executables: BTreeMap<String, PathBuf>,
    pub errors: Vec<Diagnostic>,
}

/// Compila os programas das chaves de `chapters`, todos em uma chamada e na própria árvore do curso: o leitor não os edita.
///
/// São alvos `example` dos pacotes das respostas: como os testes deles, contam com as dependências de desenvolvimento, e no CI já
/// foram compilados na etapa `cargo`.
pub fn build_keys(course: &Course, chapters: &[&Chapter]) -> Result<Keys> {
    let mut command = Command::new(cargo_program());
    command.current_dir(&course.root).env("CARGO_TARGET_DIR", &course.target).envs(once());
    command.args(["build", "--keep-going", "--message-format=json"]);
    for chapter in chapters {
        command.args(["--package", &chapter.solution_package(), "--example", &chapter.key_target()]);
    }
    let finished = run(command)?;
    let Parsed { executables, diagnostics, placeless } = parse(&finished.stdout);
    let errors: Vec<_> = diagnostics.into_iter().filter(|diagnostic| diagnostic.level == Level::Error).collect();
    if !succeeded(&finished) && errors.is_empty() {
        bail!(explain(&String::from_utf8_lossy(&finished.stderr), &placeless));
    }
    Ok(Keys { executables, errors })
}

pub fn build(course: &Course, chapter: &Chapter, scratch: &Path, target: Target, what: What) -> Result<Outcome> {
    let wanted = match what {
        What::Tests => "grade".to_owned(),
        What::Lab => chapter.lab_target(),
    };
    let attempt = || {
        let mut command = cargo(course, scratch, target)?;
        match what {
            What::Tests => command.args(["test", "--no-run", "--test", "grade"]),
            What::Lab => command.args(["build", "--example", &chapter.lab_target()]),
        };
        command.args(["--package", chapter.package(), "--message-format=json"]).args(flags(target));
        let finished = run(command)?;
        Ok::<_, anyhow::Error>((parse(&finished.stdout), finished))
    };
    let (mut parsed, mut finished) = attempt()?;
    if parsed.placeless.iter().any(|error| error.contains("linking with")) {
        // Um rustc encerrado à força pode deixar a compilação incremental pela metade, e dali em diante nada liga: só recomeçar
        // resolve. Se a causa é outra, a segunda tentativa falha do mesmo jeito e é dita.
        let mut command = cargo(course, scratch, target)?;
        command.args(["clean", "--package", chapter.package()]).args(flags(target));
        run(command)?;
        (parsed, finished) = attempt()?;
    }
    let ok = succeeded(&finished);
    let errors = parsed.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    if !ok && !errors {
        bail!(explain(&String::from_utf8_lossy(&finished.stderr), &parsed.placeless));
    }
    let artifact = parsed.executables.remove(&wanted).filter(|_| ok);
    Ok(Outcome { artifact, diagnostics: parsed.diagnostics })
}

/// O cargo do alvo, na cópia de trabalho.
fn cargo(course: &Course, scratch: &Path, target: Target) -> Result<Command> {
    let mut command = match target {
        Target::Native => {
            let mut command = Command::new(cargo_program());
            command.env("CARGO_TARGET_DIR", &course.target);
            command
        }
        Target::Wasm => {
            let wasm = toolchain::wasm()?;
            let mut command = wasm.cargo();
            command.env("CARGO_TARGET_DIR", wasm.target_dir(&course.target));
            // Com elas o cargo ignoraria as opções de `flags`, e o módulo ficaria sem teto de memória.
            command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
            command
        }
    };
    command.current_dir(scratch).envs(once());
    Ok(command)
}

fn flags(target: Target) -> Vec<String> {
    match target {
        Target::Native => Vec::new(),
        // Sem o teto, uma alocação sem fim só pararia no prazo; com ele, ela termina em uma armadilha limpa.
        Target::Wasm => ["--profile", "wasm", "--target", "wasm32-wasip1", "--config"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("target.wasm32-wasip1.rustflags=[\"-Clink-arg=--max-memory={WASM_MEMORY}\"]")])
            .collect(),
    }
}

fn run(command: Command) -> Result<Finished> {
    let limits = Limits { deadline: Some(DEADLINE), ..Limits::default() };
    let progress = Progress::new();
    let show = |bytes: &[u8]| {
        if let Some(package) = compiling(bytes) {
            progress.show(&format!("compilando {package}…"));
        }
    };
    let finished = process::run(command, limits, show)
        .context("não consegui rodar o cargo; ele vem com o Rust (https://rustup.rs)")?;
    if matches!(finished.end, End::Deadline) {
        bail!(
            "a compilação passou de {} minutos e foi encerrada; procure no seu código uma conta que o compilador faz sem chegar ao \
             fim (um `const` com laço) e rode de novo",
            DEADLINE.as_secs() / 60
        );
    }
    Ok(finished)
}

fn succeeded(finished: &Finished) -> bool {
    matches!(&finished.end, End::Finished(status) if status.success())
}

/// O que dizer quando o cargo falhou antes de chegar ao código do leitor.
fn explain(stderr: &str, placeless: &[String]) -> String {
    let worth_reading = |line: &&str| {
        !["Compiling", "Downloading", "Downloaded"].iter().any(|word| line.trim_start().starts_with(word))
    };
    let stderr: Vec<_> = stderr.lines().filter(worth_reading).collect();
    let said = format!("{}\n{}", placeless.join("\n"), stderr.join("\n"));
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let cause = if says(&["No space left on device", "os error 28", "os error 112"]) {
        "o disco está cheio: libere espaço (`cargo clean` apaga o que foi compilado) e rode de novo"
    } else if says(&[
        "failed to download",
        "Could not resolve",
        "Could not connect",
        "network failure",
        "spurious network",
    ]) {
        "o cargo não conseguiu baixar as dependências: na primeira vez é preciso ter rede; depois tudo funciona sem ela"
    } else if says(&["is not installed", "toolchain '"]) {
        "a versão do Rust pedida por `rust-toolchain.toml` não está instalada; rode `rustup toolchain install` nesta pasta"
    } else if says(&["linker `"]) {
        "falta um ligador (linker): instale o gcc, o Xcode Command Line Tools ou o Visual Studio Build Tools"
    } else if says(&["failed to parse manifest", "failed to load manifest"]) {
        "um Cargo.toml está com problema; desfaça a edição com `git checkout -- Cargo.toml exercises solutions`"
    } else {
        "o cargo não conseguiu compilar"
    };
    format!("{cause}\n\nO cargo disse:\n{}", said.trim())
}

#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Diagnostic { message: RustcMessage },
    #[serde(rename = "compiler-artifact")]
    Artifact { target: ArtifactTarget, executable: Option<PathBuf> },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
}

#[derive(Deserialize)]
struct RustcMessage {
    level: String,
    message: String,
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    line_end: u32,
    column_start: u32,
    column_end: u32,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

/// O que o cargo contou na saída padrão.
#[derive(Default)]
struct Parsed {
    /// Pelo nome do alvo.
    executables: BTreeMap<String, PathBuf>,
    diagnostics: Vec<Diagnostic>,
    /// Erros que não são de nenhum lugar do código: o disco encheu, o ligador falhou.
    placeless: Vec<String>,
}

fn parse(stdout: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    for line in String::from_utf8_lossy(stdout).lines() {
        match serde_json::from_str(line) {
            Ok(Message::Diagnostic { message }) if message.spans.is_empty() && message.level == "error" => {
                parsed.placeless.push(message.rendered.unwrap_or(message.message));
            }
            Ok(Message::Diagnostic { message }) => parsed.diagnostics.extend(diagnostic(message)),
            Ok(Message::Artifact { target, executable: Some(path) }) => {
                parsed.executables.insert(target.name, path);
            }
            _ => {}
        }
    }
    parsed
}

/// Só o que tem lugar no código: os resumos ("aborting due to…") não dizem nada a mais.
fn diagnostic(message: RustcMessage) -> Option<Diagnostic> {
    let level = match message.level.as_str() {
        "error" | "error: internal compiler error" => Level::Error,
        "warning" => Level::Warning,
        _ => return None,
    };
    let span = message.spans.into_iter().find(|span| span.is_primary)?.outermost();
    Some(Diagnostic {
        file: span.file_name.replace('\\', "/"),
        line: span.line_start,
        column: span.column_start,
        end_line: span.line_end,
        end_column: span.column_end,
        level,
        rendered: printable(&message.rendered.unwrap_or_else(|| message.message.clone())),
        message: printable(&message.message),
    })
}

/// Sem caracteres de controle: o texto de um `compile_error!` não pode mexer no terminal de quem avalia.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

impl Span {
    /// O lugar no código de quem chamou a macro, e não dentro dela.
    fn outermost(self) -> Self {
        match self.expansion {
            Some(expansion) if !self.file_name.starts_with("exercises") => expansion.span.outermost(),
            _ => self,
        }
    }
}

/// O pacote que o cargo diz estar compilando, no último pedaço da saída dele.
fn compiling(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rev().find(|line| line.trim_start().starts_with("Compiling"))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn an_error_inside_a_macro_is_placed_where_the_reader_called_it() {
        let line = r#"{"reason":"compiler-message","package_id":"x","message":{"level":"error","message":"ç","rendered":"error: ç","children":[],"code":null,"spans":[{"file_name":"/rustc/macros.rs","line_start":1,"line_end":1,"column_start":1,"column_end":2,"is_primary":true,"text":[],"byte_start":0,"byte_end":0,"label":null,"suggested_replacement":null,"suggestion_applicability":null,"expansion":{"span":{"file_name":"exercises/04-async-invocation/src/queue.rs","line_start":7,"line_end":8,"column_start":3,"column_end":4,"is_primary":false,"expansion":null},"macro_decl_name":"m!","def_site_span":null}}]}}"#;
        let found = &parse(line.as_bytes()).diagnostics[0];
        assert_eq!(
            (found.file.as_str(), found.line, found.column),
            ("exercises/04-async-invocation/src/queue.rs", 7, 3)
        );
        assert_eq!(found.message, "ç");
    }

    #[rstest]
    #[case("error: failed to write: No space left on device (os error 28)", "disco está cheio")]
    #[case("error: failed to download from registry", "preciso ter rede")]
    #[case("error: linker `cc` not found", "ligador")]
    #[case("error: algo novo", "algo novo")]
    fn a_failure_of_cargo_itself_is_explained(#[case] stderr: &str, #[case] expected: &str) {
        assert!(explain(stderr, &[]).contains(expected));
        assert!(explain("   Compiling syn v2\nerror: could not compile", &[stderr.to_owned()]).contains(expected));
    }
}
