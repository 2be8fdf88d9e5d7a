//! `cargo xtask diff`: o arquivo do leitor ao lado da resposta, depois que o passo passa.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use grader::build::Source;
use grader::course::{Course, slashed};
use grader::files;
use grader::run::Options;
use grader::score::{self, Host, Request};
use similar::{ChangeTag, TextDiff};
use wasi_host::Status;

use crate::cli::Diff;
use crate::{say, sayln};

pub fn run(arguments: &Diff) -> Result<ExitCode> {
    let course = Course::find()?;
    let (chapter, step) = course.find_step(&arguments.step)?;
    if !arguments.spoiler {
        let request = Request { source: Source::Reader, host: Host::Native, options: Options::default() };
        let report = score::grade(&course, chapter, &[step], &request)?;
        if report.steps.iter().any(|step| step.status != Status::Passed) {
            sayln!(
                "O passo `{}` ainda não passa, então a resposta continua guardada.\n\
                 Uma dica: cargo xtask hint {}\nVer mesmo assim: cargo xtask diff {} --spoiler",
                step.id,
                step.id,
                step.id
            );
            return Ok(ExitCode::FAILURE);
        }
    }
    let (mine, answer) = (chapter.exercise_file(step), chapter.solution_file(step));
    let old = files::read_text(&course.root.join(&mine))?.replace("\r\n", "\n");
    let new = without_markers(&files::read_text(&course.root.join(&answer))?);
    sayln!("- {}\n+ {}\n", slashed(&mine), slashed(&answer));
    say!("{}", unified(&old, &new, std::io::stdout().is_terminal()));
    Ok(ExitCode::SUCCESS)
}

/// Os marcadores de onde o esqueleto é recortado não interessam a quem compara.
fn without_markers(answer: &str) -> String {
    answer.lines().filter(|line| !line.trim_start().starts_with("// passo:")).map(|line| format!("{line}\n")).collect()
}

fn unified(old: &str, new: &str, color: bool) -> String {
    if old == new {
        return "Os dois são iguais.\n".into();
    }
    let diff = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for (index, group) in diff.grouped_ops(3).iter().enumerate() {
        if index > 0 {
            out.push_str("  ⋯\n");
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let (sign, code) = match change.tag() {
                ChangeTag::Delete => ("-", "31"),
                ChangeTag::Insert => ("+", "32"),
                ChangeTag::Equal => (" ", ""),
            };
            let line = format!("{sign} {}", change.value().trim_end_matches('\n'));
            let painted = if color && !code.is_empty() { format!("\x1b[{code}m{line}\x1b[0m") } else { line };
            out.push_str(&painted);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_shows_both_sides_without_the_markers() {
        let answer = without_markers("fn f() {\n    // passo: começo — some\n    1 + 1\n    // passo: fim\n}\n");
        insta::assert_snapshot!(unified("fn f() {\n    2\n}\n", &answer, false), @r"
          fn f() {
        -     2
        +     1 + 1
          }
        ");
        assert_eq!(unified(&answer, &answer, false), "Os dois são iguais.\n");
    }
}
