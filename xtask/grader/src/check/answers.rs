//! As regras que só se conferem compilando e rodando.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasi_host::{Status, Verdict};

use super::{Problem, Wrong, wrong_answers};
use crate::build::Source;
use crate::course::{Chapter, Course, slashed};
use crate::run::Options;
use crate::score::{self, ChapterReport, Host, Request, StepReport};
use crate::tests_list;

/// Prova que as respostas passam, os esqueletos falham e as respostas erradas são rejeitadas, sem avisos do compilador.
pub fn answers(course: &Course, chapter: &Chapter, host: Host) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let solutions = grade(course, chapter, Source::Solution, host)?;
    problems.extend(solutions_pass(&solutions));
    problems.extend(titles_match(course, chapter, &solutions)?);
    problems.extend(warnings(&solutions, &Source::Solution));
    let starters = grade(course, chapter, Source::Starter, host)?;
    problems.extend(starters_fail(&starters));
    problems.extend(warnings(&starters, &Source::Starter));
    for (source, wrongs) in wrong_rounds(course, chapter)? {
        let report = grade(course, chapter, source.clone(), host)?;
        problems.extend(wrong_answers_are_rejected(&report, &wrongs));
        problems.extend(warnings(&report, &source));
    }
    Ok(problems)
}

fn grade(course: &Course, chapter: &Chapter, source: Source, host: Host) -> Result<ChapterReport> {
    let steps: Vec<_> = chapter.steps.iter().collect();
    score::grade(course, chapter, &steps, &Request { source, host, options: Options::default() })
}

/// Cada rodada leva no máximo uma resposta errada por passo, e as respostas nos demais: todas cabem em quatro compilações.
fn wrong_rounds(course: &Course, chapter: &Chapter) -> Result<Vec<(Source, Vec<Wrong>)>> {
    let mut rounds: Vec<(BTreeMap<_, _>, Vec<Wrong>)> = Vec::new();
    for step in &chapter.steps {
        for (index, wrong) in wrong_answers(course, chapter, step)?.into_iter().enumerate() {
            if rounds.len() <= index {
                rounds.push(Default::default());
            }
            rounds[index].0.insert(step.id.clone(), wrong.path.clone());
            rounds[index].1.push(wrong);
        }
    }
    let source = |(index, files)| Source::Overlay { name: format!("wrong-{index}"), files };
    Ok(rounds.into_iter().zip(1..).map(|((files, wrongs), index)| (source((index, files)), wrongs)).collect())
}

/// O que os hospedeiros comparam: as respostas, e a primeira resposta errada de cada passo, com as suas mensagens. São fontes que o
/// `check` também compila para a máquina; as demais só ele confere: compilar todas também para WASM custaria mais que o resto dos
/// testes.
pub fn parity_sources(course: &Course, chapter: &Chapter) -> Result<Vec<Source>> {
    let wrong = wrong_rounds(course, chapter)?.into_iter().next().map(|(source, _)| source);
    Ok(std::iter::once(Source::Solution).chain(wrong).collect())
}

/// Os vereditos de um capítulo inteiro, com o nome de cada teste, na ordem da página.
pub fn verdicts(course: &Course, chapter: &Chapter, source: Source, host: Host) -> Result<Vec<(String, Verdict)>> {
    let tests = grade(course, chapter, source, host)?.steps.into_iter().flat_map(|step| step.tests);
    Ok(tests.map(|test| (test.name, Verdict { status: test.status, message: test.message })).collect())
}

/// A resposta de cada passo passa em todos os testes.
fn solutions_pass(report: &ChapterReport) -> Vec<Problem> {
    let failing = report.steps.iter().filter(|step| step.status != Status::Passed);
    failing
        .map(|step| {
            let what = format!("a resposta de `{}` não passa:\n{}", step.id, first_message(step));
            Problem::new(what, "corrija a resposta ou o teste")
        })
        .collect()
}

/// A lista que a página mostra, lida do texto, é a dos testes que existem de fato.
fn titles_match(course: &Course, chapter: &Chapter, report: &ChapterReport) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for (step, report) in chapter.steps.iter().zip(&report.steps) {
        let titled: BTreeSet<_> =
            tests_list::titles(course, chapter, step)?.into_iter().map(|test| test.name).collect();
        let listed: BTreeSet<_> = report.tests.iter().map(|test| test.name.clone()).collect();
        for name in titled.symmetric_difference(&listed) {
            let what = format!("`{name}` está só na lista da página ou só no programa de testes");
            problems.push(Problem::new(
                what,
                "escreva o teste no módulo do passo, como função solta ou casos de `#[rstest]`",
            ));
        }
    }
    Ok(problems)
}

/// Nenhum teste passa no esqueleto: um que passasse daria pontos a quem não escreveu nada.
fn starters_fail(report: &ChapterReport) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in &report.steps {
        if step.status == Status::Error {
            let what = format!("o esqueleto de `{}` não compila:\n{}", step.id, first_message(step));
            problems.push(Problem::new(what, "corrija os marcadores da resposta e rode `cargo xtask exercises`"));
        }
        for test in step.tests.iter().filter(|test| test.status == Status::Passed) {
            let what = format!("o teste `{}` passa no esqueleto, sem que ninguém escreva nada", test.name);
            problems.push(Problem::new(what, "faça o teste exigir algo que o passo pede"));
        }
    }
    problems
}

/// Cada resposta errada perde ao menos um teste do seu passo, e só por isso: ela compila.
fn wrong_answers_are_rejected(report: &ChapterReport, wrongs: &[Wrong]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in &report.steps {
        let wrong = wrongs.iter().find(|wrong| {
            wrong
                .path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.strip_prefix(step.id.step()).is_some_and(|rest| rest.starts_with('-')))
        });
        match (wrong, step.status) {
            (Some(wrong), Status::Passed) => problems.push(Problem::new(
                format!("{} passa em todos os testes", slashed(&wrong.path)),
                "escreva um teste que pegue esse engano",
            )),
            (Some(wrong), Status::Error) => problems.push(Problem::new(
                format!("{} não compila:\n{}", slashed(&wrong.path), first_message(step)),
                "uma resposta errada precisa compilar: o engano é de entendimento, não de sintaxe",
            )),
            (None, status) if status != Status::Passed => problems.push(Problem::new(
                format!(
                    "`{}` falha por causa de uma resposta errada de outro passo:\n{}",
                    step.id,
                    first_message(step)
                ),
                "um passo não pode depender do arquivo de outro",
            )),
            _ => {}
        }
    }
    problems
}

/// Um aviso do compilador no esqueleto distrai quem está começando.
fn warnings(report: &ChapterReport, source: &Source) -> Vec<Problem> {
    let warnings = report.warnings.iter();
    warnings
        .map(|warning| {
            let what = format!("aviso em {}:{} ({}): {}", warning.file, warning.line, source.name(), warning.message);
            Problem::new(what, "mude a resposta ou os marcadores até o aviso sumir (`// passo: usa` cita parâmetros)")
        })
        .collect()
}

fn first_message(step: &StepReport) -> String {
    let of_test = || {
        let test = step.tests.iter().find(|test| test.status != Status::Passed)?;
        Some(format!("{}: {}", test.name, test.message.as_deref().unwrap_or_default()))
    };
    let text = step.message.clone().or_else(of_test).unwrap_or_default();
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
