//! `cargo xtask setup`: instala o que falta para compilar para WASM e, para os testes do curso, o navegador.

use std::process::ExitCode;

use anyhow::{Result, bail};
use grader::course::Course;
use grader::toolchain::{self, Options, Report};

use crate::cli::Setup;
use crate::sayln;

pub fn run(arguments: &Setup) -> Result<ExitCode> {
    let report = prepare(arguments.browser, arguments.check)?;
    sayln!("\n{report}");
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// O que `--setup` faz nos outros comandos: instala, e é um erro se algo continua faltando.
pub fn install(browser: bool) -> Result<()> {
    let report = prepare(browser, false)?;
    if !report.is_complete() {
        bail!("ainda falta instalar algo\n{report}");
    }
    Ok(())
}

fn prepare(browser: bool, check: bool) -> Result<Report> {
    let root = Course::find()?.root;
    toolchain::setup(&Options { root, browser, check }, &mut std::io::stdout())
}
