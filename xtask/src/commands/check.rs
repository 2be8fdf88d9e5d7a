//! `cargo xtask check`: prova que o curso está inteiro.

use std::process::ExitCode;

use anyhow::{Context, Result};
use grader::check;
use grader::course::{Chapter, Course};
use grader::score::Host;

use crate::cli::Check;
use crate::sayln;

pub fn run(arguments: &Check) -> Result<ExitCode> {
    let course = Course::find()?;
    let chapters = select(&course, &arguments.chapters)?;
    // No CI o que vale é o repositório; na máquina de um leitor, um exercício editado é só um leitor trabalhando.
    let strict = std::env::var_os("CI").is_some();
    let mut problems = Vec::new();
    for chapter in chapters {
        let mut found = check::files(&course, chapter, strict)?;
        // Sem os arquivos no lugar, compilar só repetiria o problema com outras palavras.
        if found.is_empty() && !arguments.files {
            found = check::answers(&course, chapter, Host::Native)?;
        }
        let verdict = match found.len() {
            0 => "em ordem".to_owned(),
            1 => "1 problema".to_owned(),
            count => format!("{count} problemas"),
        };
        sayln!("{} {}: {verdict}", chapter.id, chapter.title);
        problems.extend(found);
    }
    for problem in &problems {
        sayln!("\n✗ {}\n  conserto: {}", problem.what, problem.fix);
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn select<'a>(course: &'a Course, names: &[String]) -> Result<Vec<&'a Chapter>> {
    if names.is_empty() {
        return Ok(course.chapters.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            course.chapter(name).with_context(|| {
                let known: Vec<_> = course.chapters.iter().map(|chapter| chapter.id.as_str()).collect();
                format!("não conheço o capítulo `{name}`; os capítulos são: {}", known.join(", "))
            })
        })
        .collect()
}
