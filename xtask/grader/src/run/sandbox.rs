//! Os testes em WASM, isolados da máquina pelo interpretador do `wasi-run`.
//!
//! O interpretador é um programa à parte: quem só avalia nativamente nunca o compila.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use wasi_host::{Execution, Verdict};

use super::process::{self, End, Limits};
use super::{Options, TestRun};
use crate::build::{WASM_MEMORY, cargo_program};
use crate::course::Course;

#[derive(Deserialize)]
struct Line {
    name: String,
    execution: Execution,
    verdict: Verdict,
}

/// Os nomes dos testes do módulo, na ordem em que ele os lista.
pub fn list(course: &Course, module: &Path) -> Result<Vec<String>> {
    let output = wasi_run(course, module, |command| {
        command.arg("--list");
    })?;
    Ok(output.lines().map(str::to_owned).collect())
}

/// Roda os testes do módulo e devolve os vereditos na ordem pedida.
pub fn run(course: &Course, module: &Path, tests: &[String], options: Options) -> Result<Vec<TestRun>> {
    let output = wasi_run(course, module, |command| {
        command.arg("--tests").args(["--jobs", &options.jobs.to_string()]);
        command.args(["--timeout", &options.timeout.as_secs_f64().to_string()]);
        command.args(["--memory", &WASM_MEMORY.to_string()]);
        for test in tests {
            command.args(["--only", test]);
        }
    })?;
    output
        .lines()
        .map(|line| {
            let line: Line =
                serde_json::from_str(line).with_context(|| format!("o sandbox respondeu algo estranho: {line}"))?;
            Ok(TestRun { name: line.name, verdict: line.verdict, duration_ms: line.execution.duration_ms })
        })
        .collect()
}

fn wasi_run(course: &Course, module: &Path, arguments: impl FnOnce(&mut Command)) -> Result<String> {
    let mut command = Command::new(executable(course)?);
    command.arg(module);
    arguments(&mut command);
    let finished = process::run(command, Limits::default(), |_| {})?;
    match finished.end {
        End::Finished(status) if status.success() => Ok(String::from_utf8_lossy(&finished.stdout).into_owned()),
        _ => bail!("o sandbox não rodou: {}", String::from_utf8_lossy(&finished.stderr).trim_end()),
    }
}

/// O caminho do interpretador, compilado na primeira vez em que alguém o pede nesta execução.
fn executable(course: &Course) -> Result<PathBuf> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(path) = &*built {
        return Ok(path.clone());
    }
    let mut command = Command::new(cargo_program());
    command.current_dir(&course.root).env("CARGO_TARGET_DIR", &course.target);
    command.args(["build", "--quiet", "--package", "wasi-host", "--features", "native", "--bin", "wasi-run"]);
    command.arg("--message-format=json-render-diagnostics");
    let finished = process::run(command, Limits::default(), |_| {}).context("não consegui rodar o cargo")?;
    let executable = String::from_utf8_lossy(&finished.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
    match (finished.end, executable) {
        (End::Finished(status), Some(path)) if status.success() => Ok(built.insert(path).clone()),
        _ => bail!("não consegui compilar o sandbox:\n{}", String::from_utf8_lossy(&finished.stderr).trim_end()),
    }
}
