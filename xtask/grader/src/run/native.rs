//! Um processo por teste, com a própria máquina como hospedeira.
//!
//! Aqui o processo pode mentir: quem imprime à mão a linha final do libtest e sai com código 0 engana este hospedeiro. O padrão,
//! que captura o `println!` do teste, já estraga o truque comum; para código em que não se confia existe o sandbox.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use wasi_host::{DEFAULT_OUTPUT_LIMIT, Ending, Execution};

use super::process::{self, End, Finished, Limits};
use super::{Options, TestRun};
use crate::build::WASM_MEMORY;
use crate::progress::Progress;

/// Os nomes dos testes do programa, na ordem em que ele os lista.
pub fn list(artifact: &Path) -> Result<Vec<String>> {
    let limits = Limits { deadline: Some(Duration::from_secs(30)), ..Limits::default() };
    let mut command = Command::new(artifact);
    command.arg("--list");
    let finished = process::run(command, limits, |_| {})?;
    match finished.end {
        End::Finished(status) if status.success() => {
            Ok(wasi_host::parse_list(&String::from_utf8_lossy(&finished.stdout)))
        }
        _ => bail!("não consegui listar os testes:\n{}", String::from_utf8_lossy(&finished.stderr)),
    }
}

/// Roda os testes, `jobs` de cada vez, e devolve os vereditos na ordem pedida.
pub fn run(artifact: &Path, tests: &[String], options: Options) -> Result<Vec<TestRun>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(tests.len()));
    let progress = Mutex::new(Progress::new());
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = tests.get(index) else { break };
            let result = run_one(artifact, name, options.timeout);
            let failed = result.is_err();
            let done = {
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((index, result));
                results.len()
            };
            let line = format!("rodando os testes: {done} de {}", tests.len());
            progress.lock().unwrap_or_else(PoisonError::into_inner).show(&line);
            if failed {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, tests.len().max(1)) {
            scope.spawn(worker);
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn run_one(artifact: &Path, name: &str, timeout: Duration) -> Result<TestRun> {
    let limits = Limits { deadline: Some(timeout), memory: Some(WASM_MEMORY), output: Some(DEFAULT_OUTPUT_LIMIT) };
    let mut command = Command::new(artifact);
    // Sem `--nocapture`: assim um `println!` do leitor não se mistura com as linhas do libtest.
    command.args(["--exact", name, "--test-threads=1"]).envs(wasi_host::test_environ());
    if let Some(dir) = artifact.parent() {
        command.current_dir(dir);
    }
    let finished = process::run(command, limits, |_| {})?;
    let execution = execution_of(finished);
    let verdict = wasi_host::judge(name, &execution);
    Ok(TestRun { name: name.to_owned(), verdict, duration_ms: execution.duration_ms })
}

fn execution_of(finished: Finished) -> Execution {
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
    let ending = match finished.end {
        End::Deadline => Ending::Timeout,
        End::Memory => Ending::MemoryLimit,
        End::Output => Ending::OutputLimit,
        End::Finished(status) => ending_of(status, &stdout),
    };
    Execution { ending, stdout, stderr, duration_ms: finished.duration.as_secs_f64() * 1000.0 }
}

fn ending_of(status: ExitStatus, stdout: &str) -> Ending {
    Ending::of_process(status.code(), signal_of(status), stdout)
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}
