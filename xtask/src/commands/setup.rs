//! `cargo xtask setup`: instala o que falta para compilar para WASM e, para os testes do curso, o navegador.

use std::process::ExitCode;

use anyhow::{Result, bail};
use grader::course::Course;
use grader::toolchain::{self, Options, Report, State};

use crate::cli::Setup;
use crate::sayln;

pub fn run(arguments: &Setup) -> Result<ExitCode> {
    let report = prepare(arguments.browser, arguments.check)?;
    sayln!("\n{report}");
    Ok(if complete(&report) { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// O que `--setup` faz nos outros comandos: instala, e é um erro se algo continua faltando.
pub fn install(browser: bool) -> Result<()> {
    let report = prepare(browser, false)?;
    if !complete(&report) {
        bail!("ainda falta instalar algo\n{report}");
    }
    Ok(())
}

fn prepare(browser: bool, check: bool) -> Result<Report> {
    let root = Course::find()?.root;
    toolchain::setup(&Options { root, browser, check }, &mut std::io::stdout())
}

fn complete(report: &Report) -> bool {
    report.items.iter().all(|item| !matches!(item.state, State::Missing(_)))
}
