//! `cargo xtask check`: prova que o curso está inteiro.

use std::process::ExitCode;

use anyhow::{Context, Result};
use grader::check::{self, Problem};
use grader::course::{Chapter, Course};
use grader::score::Host;

use crate::cli::Check;
use crate::sayln;

pub fn run(arguments: &Check) -> Result<ExitCode> {
    let course = Course::find()?;
    let chapters = select(&course, &arguments.chapters)?;
    let mut problems = Vec::new();
    for (chapter, mut found) in chapters.iter().zip(written_and_proven(&course, &chapters, arguments)?) {
        // Com um problema nos arquivos, compilar só o repetiria com outras palavras.
        if found.is_empty() && !arguments.files && !arguments.quiz {
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
    if arguments.chapters.is_empty() {
        problems.extend(check::notes_map(&course)?);
        problems.extend(check::sheet(&course)?);
    }
    for problem in &problems {
        sayln!("\n✗ {}\n  conserto: {}", problem.what, problem.fix);
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Os arquivos e as perguntas de cada capítulo; os programas das chaves são compilados todos de uma vez.
fn written_and_proven(course: &Course, chapters: &[&Chapter], arguments: &Check) -> Result<Vec<Vec<Problem>>> {
    // No CI o que vale é o repositório; na máquina de um leitor, um exercício editado é só um leitor trabalhando.
    let strict = std::env::var_os("CI").is_some();
    let files = |chapter: &&Chapter| match arguments.quiz {
        true => check::quiz(course, chapter),
        false => check::files(course, chapter, strict),
    };
    let mut found = chapters.iter().map(files).collect::<Result<Vec<_>>>()?;
    if !arguments.files {
        let sound = chapters.iter().copied().zip(&mut found).filter(|(_, found)| found.is_empty());
        let (sound, found): (Vec<_>, Vec<_>) = sound.unzip();
        for (found, of_key) in found.into_iter().zip(check::keys(course, &sound)?) {
            *found = of_key;
        }
    }
    Ok(found)
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
