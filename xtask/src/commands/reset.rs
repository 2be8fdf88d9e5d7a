//! `cargo xtask reset`: devolve o esqueleto de um passo e guarda o que estava lá.

use std::process::ExitCode;

use anyhow::Result;
use grader::course::{Course, slashed};
use grader::exercises::{self, State};

use crate::cli::Reset;
use crate::confirm::confirm;
use crate::sayln;

pub fn run(arguments: &Reset) -> Result<ExitCode> {
    let course = Course::find()?;
    let (chapter, step) = course.find_step(&arguments.step)?;
    let file = slashed(&chapter.exercise_file(step));
    let edited = match exercises::state_of(&course, chapter, step)? {
        State::Fresh => {
            sayln!("{file} já é o esqueleto; nada a fazer.");
            return Ok(ExitCode::SUCCESS);
        }
        State::Edited => true,
        State::Stale | State::Missing => false,
    };
    if edited && !arguments.yes {
        let question = format!("Trocar {file} pelo esqueleto? O que você escreveu fica guardado em `.backup/`.");
        if !confirm(&question, "repita com `--yes` se quer mesmo trocar")? {
            sayln!("Nada mudou.");
            return Ok(ExitCode::FAILURE);
        }
    }
    let copy = exercises::reset(&course, chapter, step)?;
    sayln!("{file} voltou a ser o esqueleto.");
    if let Some(copy) = copy {
        sayln!("O que você tinha escrito está em {}.", slashed(&copy));
    }
    Ok(ExitCode::SUCCESS)
}
