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
    run: Run,
}

/// Como uma etapa corre.
enum Run {
    /// Com o terminal para ela.
    Here(fn(&Course) -> Result<bool>),
    /// Um comando que corre ao lado das etapas seguintes, até a etapa `before` ou até o fim: o que ele compila tem uma pasta só
    /// dele, e as outras deixam um processador parado enquanto ligam e rodam os testes. O que ele escreveu só aparece se ele falha.
    Beside { command: fn(&Course) -> Command, before: Option<&'static str> },
}

const STAGES: [Stage; 6] = [
    Stage { name: "fmt", proves: "o código está formatado", run: Run::Here(fmt) },
    Stage { name: "clippy", proves: "o código não tem avisos", run: Run::Beside { command: clippy, before: None } },
    Stage { name: "cargo", proves: "os testes de cada pacote passam", run: Run::Here(cargo_test) },
    Stage {
        name: "wasm",
        proves: "o sandbox dá os mesmos vereditos que a máquina",
        run: Run::Beside { command: wasm, before: Some("browser") },
    },
    Stage {
        name: "check",
        proves: "respostas passam, esqueletos falham, respostas erradas são rejeitadas e as perguntas têm a resposta do modelo",
        run: Run::Here(course_check),
    },
    Stage {
        name: "browser",
        proves: "a página funciona no navegador e dá os mesmos vereditos",
        run: Run::Here(browser),
    },
];

/// Uma etapa que está correndo ao lado.
struct Running {
    stage: &'static Stage,
    before: Option<&'static str>,
    thread: JoinHandle<Result<Finished>>,
}

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
    let (mut running, mut failed) = (Vec::new(), Vec::new());
    let here = run_here(&course, &stages, &mut running, &mut failed);
    // Mesmo que uma etapa pare com erro, ninguém fica compilando para trás.
    let beside = running.into_iter().map(|each| finish(each, &mut failed)).collect::<Vec<_>>();
    here?;
    beside.into_iter().collect::<Result<()>>()?;
    if failed.is_empty() {
        sayln!("\nTudo passou.");
        Ok(ExitCode::SUCCESS)
    } else {
        sayln!("\nNão passou: {}. Repita só uma etapa com `cargo xtask test --only ETAPA`.", failed.join(", "));
        Ok(ExitCode::FAILURE)
    }
}

/// As etapas, na ordem; as que ainda correm ao lado ficam em `running`.
fn run_here(
    course: &Course,
    stages: &[&'static Stage],
    running: &mut Vec<Running>,
    failed: &mut Vec<&'static str>,
) -> Result<()> {
    for stage in stages {
        for ready in running.extract_if(.., |each| each.before == Some(stage.name)) {
            finish(ready, failed)?;
        }
        interrupt::check()?;
        sayln!("\n== {}: {}", stage.name, stage.proves);
        let start = Instant::now();
        let passed = match stage.run {
            Run::Beside { command, before } if stages.len() > 1 => {
                sayln!("(corre ao lado das etapas seguintes)");
                let command = command(course);
                let thread = thread::spawn(move || process::run(command, Limits::default(), |_| {}));
                running.push(Running { stage, before, thread });
                continue;
            }
            Run::Beside { command, .. } => shown(command(course))?,
            Run::Here(run) => run(course)?,
        };
        report(stage, passed, start.elapsed(), failed);
    }
    Ok(())
}

/// Espera uma etapa que corre ao lado.
fn finish(Running { stage, thread, .. }: Running, failed: &mut Vec<&'static str>) -> Result<()> {
    let Ok(finished) = thread.join() else { bail!("a etapa {} parou no meio; rode de novo", stage.name) };
    let finished = finished?;
    let passed = matches!(&finished.end, End::Finished(status) if status.success());
    if !passed {
        for output in [&finished.stderr, &finished.stdout] {
            sayln!("\n{}", String::from_utf8_lossy(output).trim_end());
        }
    }
    report(stage, passed, finished.duration, failed);
    Ok(())
}

fn report(stage: &Stage, passed: bool, took: Duration, failed: &mut Vec<&'static str>) {
    sayln!("== {}: {} em {} s", stage.name, if passed { "passou" } else { "FALHOU" }, took.as_secs());
    if !passed {
        failed.push(stage.name);
    }
}

fn cargo(course: &Course, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_program());
    command.current_dir(&course.root).envs(build::once()).args(arguments);
    command
}

/// Roda o comando com a saída no terminal e diz se deu certo.
fn shown(mut command: Command) -> Result<bool> {
    let arguments: Vec<_> = command.get_args().map(|each| each.to_string_lossy()).collect();
    sayln!("$ cargo {}", arguments.join(" "));
    let status = command.status().context("não consegui rodar o cargo")?;
    interrupt::check()?;
    Ok(status.success())
}

fn fmt(course: &Course) -> Result<bool> {
    shown(cargo(course, &["fmt", "--all", "--check"]))
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

/// Em uma pasta de compilação dele: o que o clippy compila não serve a nenhuma outra etapa.
fn clippy(course: &Course) -> Command {
    let mut command = cargo(course, &LINTS);
    command.env("CARGO_TARGET_DIR", course.target.join("clippy"));
    command
}

fn cargo_test(course: &Course) -> Result<bool> {
    let solutions = solutions(course);
    let solutions: Vec<_> = std::iter::once("test").chain(solutions.iter().map(String::as_str)).collect();
    Ok(shown(cargo(course, &[&["test"][..], &TOOLS].concat()))? && shown(cargo(course, &solutions))?)
}

/// Um programa de testes que o `cargo test` compila mas só roda quando pedido: precisa do que o `setup` instala.
fn ignored_tests(course: &Course, name: &str) -> Command {
    cargo(course, &[&["test"][..], &TOOLS, &["--test", name, "--", "--ignored"]].concat())
}

fn course_check(_: &Course) -> Result<bool> {
    Ok(check::run(&Check { chapters: Vec::new(), files: false, quiz: false })? == ExitCode::SUCCESS)
}

fn wasm(course: &Course) -> Command {
    ignored_tests(course, "hosts")
}

fn browser(course: &Course) -> Result<bool> {
    shown(ignored_tests(course, "browser"))
}
