//! `cargo xtask serve` e `cargo xtask build`: o site é um programa à parte, para que avaliar nunca compile o mdBook.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use grader::build::cargo_program;
use grader::course::Course;
use grader::interrupt;

use crate::cli::{Build, Serve};
use crate::commands::setup;

pub fn serve(arguments: &Serve) -> Result<ExitCode> {
    if arguments.setup {
        setup::install(false)?;
    }
    site(|command| {
        command.args(["serve", "--port", &arguments.port.to_string()]);
        if arguments.open {
            command.arg("--open");
        }
    })
}

pub fn build(arguments: &Build) -> Result<ExitCode> {
    if arguments.setup {
        setup::install(false)?;
    }
    site(|command| {
        command.arg("build");
        if let Some(output) = &arguments.output {
            command.arg("--output").arg(output);
        }
    })
}

fn site(arguments: impl FnOnce(&mut Command)) -> Result<ExitCode> {
    let course = Course::find()?;
    eprintln!("Preparando o livro (na primeira vez, compilar o mdBook leva alguns minutos)…");
    let mut command = Command::new(cargo_program());
    command
        .args(["run", "--package", "site", "--quiet", "--manifest-path"])
        .arg(course.root.join("Cargo.toml"))
        .arg("--");
    arguments(&mut command);
    // O Ctrl-C chega também ao site, que encerra sozinho; aqui só se espera por ele.
    let status = command.status().context("não consegui rodar o cargo")?;
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None if interrupt::requested() => Ok(ExitCode::SUCCESS),
        None => Ok(ExitCode::FAILURE),
    }
}
