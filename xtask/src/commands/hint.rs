//! `cargo xtask hint`: as dicas de um passo, da mais leve à mais direta.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use grader::course::{Course, HINT_LEVELS};

use crate::cli::Hint;
use crate::sayln;

pub fn run(arguments: &Hint) -> Result<ExitCode> {
    let course = Course::find()?;
    let (_, step) = course.find_step(&arguments.step)?;
    let count = step.hints.len();
    ensure!((1..=count).contains(&arguments.level), "o passo `{}` tem dicas do nível 1 ao {count}", step.id);
    for (hint, (number, level)) in step.hints.iter().zip((1..).zip(HINT_LEVELS)).take(arguments.level) {
        sayln!("Dica {number} de {count}, {level}:\n  {}\n", hint.replace('\n', "\n  "));
    }
    if arguments.level < count {
        sayln!("Quer mais? cargo xtask hint {} --level {}", step.id, arguments.level + 1);
    } else {
        sayln!("Se ainda assim não sair: cargo xtask diff {} --spoiler", step.id);
    }
    Ok(ExitCode::SUCCESS)
}
