//! `cargo xtask test`: tudo o que prova que o curso funciona, em etapas.

use std::process::{Command, ExitCode};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use grader::build::{self, cargo_program};
use grader::course::{Chapter, Course};
use grader::interrupt;
use grader::run::process::{self, End, Finished, Limits};

use crate::cli::{Check, Test};
use crate::commands::{check, setup};
use crate::sayln;

/// Uma etapa: o nome que `--only` aceita e o que ela prova.
struct Stage {
    name: &'static str,
    proves: &'static str,
    run: fn(&Course) -> Result<bool>,
}

const CLIPPY: &str = "clippy";

const STAGES: [Stage; 6] = [
    Stage { name: "fmt", proves: "o código está formatado", run: fmt },
    Stage { name: "cargo", proves: "os testes de cada pacote passam", run: cargo_test },
    Stage { name: CLIPPY, proves: "o código não tem avisos", run: clippy },
    Stage {
        name: "check",
        proves: "respostas passam, esqueletos falham, respostas erradas são rejeitadas e as perguntas têm a resposta do modelo",
        run: course_check,
    },
    Stage { name: "wasm", proves: "o sandbox dá os mesmos vereditos que a máquina", run: wasm },
    Stage { name: "browser", proves: "a página funciona no navegador e dá os mesmos vereditos", run: browser },
];

pub fn run(arguments: &Test) -> Result<ExitCode> {
    let course = Course::find()?;
    for name in &arguments.only {
        let known = STAGES.map(|stage| stage.name);
        ensure!(known.contains(&name.as_str()), "não conheço a etapa `{name}`; as etapas são: {}", known.join(", "));
    }
    if arguments.setup {
        setup::install(true)?;
    }
    let wanted = |stage: &&Stage| arguments.only.is_empty() || arguments.only.iter().any(|name| name == stage.name);
    let stages: Vec<_> = STAGES.iter().filter(wanted).collect();
    let mut failed = Vec::new();
    let mut report = |name, passed: bool, took: Duration| {
        sayln!("== {name}: {} em {} s", if passed { "passou" } else { "FALHOU" }, took.as_secs());
        if !passed {
            failed.push(name);
        }
    };
    let mut beside = None;
    let finished = stages.iter().try_for_each(|stage| -> Result<()> {
        interrupt::check()?;
        sayln!("\n== {}: {}", stage.name, stage.proves);
        if stage.name == CLIPPY && stages.len() > 1 {
            sayln!("(corre ao lado das etapas seguintes, e o resultado vem no fim)");
            beside = Some(clippy_beside(&course));
            return Ok(());
        }
        let start = Instant::now();
        let passed = (stage.run)(&course)?;
        report(stage.name, passed, start.elapsed());
        Ok(())
    });
    // Mesmo que uma etapa pare com erro, ninguém fica compilando para trás.
    let linted = beside.map(|thread| thread.join());
    finished?;
    if let Some(linted) = linted {
        let Ok(linted) = linted else { bail!("a etapa {CLIPPY} parou no meio; rode de novo") };
        let linted = linted?;
        let passed = matches!(&linted.end, End::Finished(status) if status.success());
        if !passed {
            sayln!("\n{}", String::from_utf8_lossy(&linted.stderr).trim_end());
        }
        report(CLIPPY, passed, linted.duration);
    }
    if failed.is_empty() {
        sayln!("\nTudo passou.");
        Ok(ExitCode::SUCCESS)
    } else {
        sayln!("\nNão passou: {}. Repita só uma etapa com `cargo xtask test --only ETAPA`.", failed.join(", "));
        Ok(ExitCode::FAILURE)
    }
}

fn cargo(course: &Course, arguments: &[&str]) -> Result<bool> {
    sayln!("$ cargo {}", arguments.join(" "));
    let status = Command::new(cargo_program())
        .current_dir(&course.root)
        .envs(build::once())
        .args(arguments)
        .status()
        .context("não consegui rodar o cargo")?;
    interrupt::check()?;
    Ok(status.success())
}

fn fmt(course: &Course) -> Result<bool> {
    cargo(course, &["fmt", "--all", "--check"])
}

/// As ferramentas: o que avalia e o que monta o livro.
const TOOLS: [&str; 12] = [
    "--package",
    "xtask",
    "--package",
    "grader",
    "--package",
    "site",
    "--package",
    "wasi-host",
    "--package",
    "web",
    "--features",
    "wasi-host/native",
];

/// As respostas e o que elas dividem. Ficam em uma chamada só delas: com as ferramentas, as dependências ganhariam *features* que
/// um exercício sozinho não pede, e seriam compiladas de novo para ele.
fn solutions(course: &Course) -> Vec<String> {
    let answers = course.chapters.iter().map(Chapter::solution_package);
    std::iter::once("kit".to_owned()).chain(answers).flat_map(|package| ["--package".to_owned(), package]).collect()
}

const LINTS: [&str; 7] =
    ["clippy", "--workspace", "--features", "wasi-host/native", "--all-targets", "--", "-Dwarnings"];

fn clippy(course: &Course) -> Result<bool> {
    cargo(course, &LINTS)
}

/// O clippy em uma pasta de compilação dele, ao mesmo tempo que as outras etapas: elas deixam um processador parado enquanto ligam
/// e rodam os testes, e o que o clippy compila não serve a nenhuma delas.
fn clippy_beside(course: &Course) -> JoinHandle<Result<Finished>> {
    let mut command = Command::new(cargo_program());
    command.current_dir(&course.root).envs(build::once()).args(LINTS);
    command.env("CARGO_TARGET_DIR", course.target.join(CLIPPY));
    thread::spawn(move || process::run(command, Limits::default(), |_| {}))
}

fn cargo_test(course: &Course) -> Result<bool> {
    let solutions = solutions(course);
    let solutions: Vec<_> = std::iter::once("test").chain(solutions.iter().map(String::as_str)).collect();
    Ok(cargo(course, &[&["test"][..], &TOOLS].concat())? && cargo(course, &solutions)?)
}

/// Um programa de testes que o `cargo test` compila mas só roda quando pedido: precisa do que o `setup` instala.
fn ignored_tests(course: &Course, name: &str) -> Result<bool> {
    cargo(course, &[&["test"][..], &TOOLS, &["--test", name, "--", "--ignored"]].concat())
}

fn course_check(_: &Course) -> Result<bool> {
    Ok(check::run(&Check { chapters: Vec::new(), files: false, quiz: false })? == ExitCode::SUCCESS)
}

fn wasm(course: &Course) -> Result<bool> {
    ignored_tests(course, "hosts")
}

fn browser(course: &Course) -> Result<bool> {
    ignored_tests(course, "browser")
}
