//! `cargo xtask exercises`: recorta os esqueletos das respostas.

use std::process::ExitCode;

use anyhow::Result;
use grader::course::Course;
use grader::exercises;

use crate::cli::Exercises;
use crate::sayln;

pub fn run(arguments: &Exercises) -> Result<ExitCode> {
    let course = Course::find()?;
    let synced = exercises::sync(&course, arguments.force)?;
    for file in &synced.written {
        sayln!("escrito   {file}");
    }
    for file in &synced.removed {
        sayln!("apagado   {file}");
    }
    for file in &synced.backups {
        sayln!("guardado  {file}");
    }
    for file in &synced.kept {
        sayln!("mantido   {file} (foi editado; `--force` o troca, guardando uma cópia)");
    }
    if synced == exercises::Synced::default() {
        sayln!("Os exercícios já estão em dia.");
    }
    Ok(ExitCode::SUCCESS)
}
