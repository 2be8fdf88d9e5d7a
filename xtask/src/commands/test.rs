//! `cargo xtask test`: tudo o que prova que o curso funciona, em etapas.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use grader::build::{self, cargo_program};
use grader::course::{Chapter, Course};
use grader::interrupt;

use crate::cli::{Check, Test};
use crate::commands::{check, setup};
use crate::sayln;

/// Uma etapa: o nome que `--only` aceita e o que ela prova.
struct Stage {
    name: &'static str,
    proves: &'static str,
    run: fn(&Course) -> Result<bool>,
}

const STAGES: [Stage; 6] = [
    Stage { name: "fmt", proves: "o código está formatado", run: fmt },
    Stage { name: "clippy", proves: "o código não tem avisos", run: clippy },
    Stage { name: "cargo", proves: "os testes de cada pacote passam", run: cargo_test },
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
    let mut failed = Vec::new();
    for stage in STAGES.iter().filter(wanted) {
        interrupt::check()?;
        sayln!("\n== {}: {}", stage.name, stage.proves);
        let start = Instant::now();
        let passed = (stage.run)(&course)?;
        sayln!("== {}: {} em {} s", stage.name, if passed { "passou" } else { "FALHOU" }, start.elapsed().as_secs());
        if !passed {
            failed.push(stage.name);
        }
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

fn clippy(course: &Course) -> Result<bool> {
    let everything = ["clippy", "--workspace", "--features", "wasi-host/native", "--all-targets"];
    cargo(course, &[&everything[..], &["--", "-D", "warnings"]].concat())
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
