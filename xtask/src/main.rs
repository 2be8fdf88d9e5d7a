//! `cargo xtask`: avaliar, ajudar, conferir e publicar o curso. Um módulo por comando.
//!
//! Código de saída: 0, tudo o que foi pedido passou; 1, algo não passou; 2, não deu para fazer (e a mensagem diz o que fazer
//! agora); 130, interrompido.

mod cli;
mod commands;
mod confirm;
mod say;

use std::process::ExitCode;

use clap::Parser;
use grader::interrupt;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::report(&error),
    };
    if let Err(error) = ctrlc::set_handler(interrupt::request) {
        eprintln!("aviso: o Ctrl-C não será tratado: {error}");
    }
    match run(cli.command) {
        Ok(code) => code,
        Err(error) if error.is::<interrupt::Interrupted>() => {
            // Só o fato: o contexto que o erro ganhou pelo caminho falaria de uma falha que não houve.
            eprintln!("\n{}", interrupt::Interrupted);
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("erro: {}", chain(&error));
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Grade(arguments) => commands::grade::run(&arguments),
        Command::Hint(arguments) => commands::hint::run(&arguments),
        Command::Diff(arguments) => commands::diff::run(&arguments),
        Command::Reset(arguments) => commands::reset::run(&arguments),
        Command::Serve(arguments) => commands::site::serve(&arguments),
        Command::Build(arguments) => commands::site::build(&arguments),
        Command::Setup(arguments) => commands::setup::run(&arguments),
        Command::Exercises(arguments) => commands::exercises::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Test(arguments) => commands::test::run(&arguments),
    }
}

/// O erro e as suas causas, uma por linha.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  causa: ")
}
