//! `cargo xtask exercises`: recorta os esqueletos das respostas.

use std::process::ExitCode;

use anyhow::Result;
use grader::course::Course;
use grader::exercises;

use crate::cli::Exercises;

pub fn run(arguments: &Exercises) -> Result<ExitCode> {
    let course = Course::find()?;
    let synced = exercises::sync(&course, arguments.force)?;
    for file in &synced.written {
        println!("escrito   {file}");
    }
    for file in &synced.removed {
        println!("apagado   {file}");
    }
    for file in &synced.backups {
        println!("guardado  {file}");
    }
    for file in &synced.kept {
        println!("mantido   {file} (foi editado; `--force` o troca, guardando uma cópia)");
    }
    if synced == exercises::Synced::default() {
        println!("Os exercícios já estão em dia.");
    }
    Ok(ExitCode::SUCCESS)
}
