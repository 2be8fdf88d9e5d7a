//! Dos vereditos à nota: o relatório, na forma estável da versão 1.
//!
//! Cada teste vale a mesma fração dos pontos do passo; um passo que não compila vale zero, e os outros seguem valendo.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use wasi_host::Status;

use crate::build::{self, Diagnostic, Source, Target, TestsBuild};
use crate::course::{Chapter, Course, Step, StepId};
use crate::run::{self, Options, TestRun};
use crate::tests_list;

/// O relatório inteiro.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub version: u32,
    pub score: f64,
    pub max_score: f64,
    pub chapters: Vec<ChapterReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChapterReport {
    pub id: String,
    pub title: String,
    pub score: f64,
    pub max_score: f64,
    pub steps: Vec<StepReport>,
    /// Os avisos do compilador: interessam a quem escreve o curso, não a quem é avaliado.
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    pub id: StepId,
    pub title: String,
    pub status: Status,
    pub score: f64,
    pub max_score: f64,
    /// As palavras do compilador, quando o passo não compilou.
    pub message: Option<String>,
    pub tests: Vec<TestReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TestReport {
    pub name: String,
    pub status: Status,
    pub duration_ms: f64,
    pub message: Option<String>,
}

/// Onde os testes rodam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    Native,
    Sandbox,
}

impl Host {
    fn target(self) -> Target {
        match self {
            Self::Native => Target::Native,
            Self::Sandbox => Target::Wasm,
        }
    }
}

/// O que avaliar e como.
#[derive(Debug, Clone)]
pub struct Request {
    pub source: Source,
    pub host: Host,
    pub options: Options,
}

impl Report {
    pub fn new(chapters: Vec<ChapterReport>) -> Self {
        let score = rounded(chapters.iter().map(|chapter| chapter.score).sum());
        let max_score = chapters.iter().map(|chapter| chapter.max_score).sum();
        Self { version: 1, score, max_score, chapters }
    }

    pub fn passed(&self) -> bool {
        self.steps().all(|step| step.status == Status::Passed)
    }

    pub fn steps(&self) -> impl Iterator<Item = &StepReport> {
        self.chapters.iter().flat_map(|chapter| &chapter.steps)
    }
}

/// Avalia os passos pedidos de um capítulo.
pub fn grade(course: &Course, chapter: &Chapter, steps: &[&Step], request: &Request) -> Result<ChapterReport> {
    let built = build::build_tests(course, chapter, &request.source, request.host.target())?;
    let mut listed = match request.host {
        Host::Native => run::native::list(&built.artifact)?,
        Host::Sandbox => run::sandbox::list(course, &built.artifact)?,
    };
    in_file_order(course, chapter, &mut listed);
    let wanted: Vec<String> = listed
        .iter()
        .filter(|test| {
            chapter.step_of_test(test).is_some_and(|step| {
                steps.iter().any(|wanted| wanted.id == step.id) && !built.replaced.contains_key(&step.id)
            })
        })
        .cloned()
        .collect();
    let runs = match request.host {
        Host::Native => run::native::run(&built.artifact, &wanted, request.options)?,
        Host::Sandbox => run::sandbox::run(course, &built.artifact, &wanted, request.options)?,
    };
    Ok(report(chapter, steps, &listed, &built, runs))
}

/// O libtest lista em ordem alfabética; quem escreveu os testes os pôs do simples ao difícil, e é essa a ordem de quem lê.
fn in_file_order(course: &Course, chapter: &Chapter, listed: &mut [String]) {
    let titles = chapter.steps.iter().flat_map(|step| tests_list::titles(course, chapter, step).unwrap_or_default());
    let order: BTreeMap<_, _> = titles.map(|test| test.name).zip(0usize..).collect();
    listed.sort_by_key(|name| order.get(name).copied().unwrap_or(usize::MAX));
}

fn report(
    chapter: &Chapter,
    steps: &[&Step],
    listed: &[String],
    built: &TestsBuild,
    runs: Vec<TestRun>,
) -> ChapterReport {
    let mut by_name: BTreeMap<String, TestRun> = runs.into_iter().map(|run| (run.name.clone(), run)).collect();
    let steps: Vec<_> = steps
        .iter()
        .map(|step| {
            let tests = listed.iter().filter(|test| chapter.step_of_test(test).is_some_and(|of| of.id == step.id));
            match built.replaced.get(&step.id) {
                Some(errors) => not_built(step, tests, errors),
                None => step_report(step, tests.filter_map(|test| by_name.remove(test)).map(test_report).collect()),
            }
        })
        .collect();
    let score = rounded(steps.iter().map(|step| step.score).sum());
    let max_score = steps.iter().map(|step| step.max_score).sum();
    let (id, title, warnings) = (chapter.id.clone(), chapter.title.clone(), built.warnings.clone());
    ChapterReport { id, title, score, max_score, steps, warnings }
}

fn test_report(run: TestRun) -> TestReport {
    let duration_ms = (run.duration_ms * 1000.0).round() / 1000.0;
    TestReport { name: run.name, status: run.verdict.status, duration_ms, message: run.verdict.message }
}

fn step_report(step: &Step, tests: Vec<TestReport>) -> StepReport {
    let max_score = f64::from(step.points);
    let passed = tests.iter().filter(|test| test.status == Status::Passed).count();
    // Sem testes não há o que provar: um passo vazio nunca conta como resolvido.
    let score = if tests.is_empty() { 0.0 } else { rounded(max_score * passed as f64 / tests.len() as f64) };
    let has = |status| tests.iter().any(|test| test.status == status);
    let status = if tests.is_empty() {
        Status::Error
    } else if passed == tests.len() {
        Status::Passed
    } else if has(Status::Failed) {
        Status::Failed
    } else if has(Status::Timeout) {
        Status::Timeout
    } else {
        Status::Error
    };
    let message =
        tests.is_empty().then(|| "o passo não tem testes; confira o capítulo com `cargo xtask check`".to_owned());
    StepReport { id: step.id.clone(), title: step.title.clone(), status, score, max_score, message, tests }
}

fn not_built<'a>(step: &Step, tests: impl Iterator<Item = &'a String>, errors: &[Diagnostic]) -> StepReport {
    let first = errors.first();
    let place = first.map_or(String::new(), |error| format!("{}\n  em {}:{}", error.message, error.file, error.line));
    let tests = tests
        .map(|name| TestReport {
            name: name.clone(),
            status: Status::Error,
            duration_ms: 0.0,
            message: Some(format!("o passo não compilou: {place}")),
        })
        .collect();
    let mut message = errors.iter().map(|error| error.rendered.trim_end()).collect::<Vec<_>>().join("\n\n");
    if first.is_some_and(|error| error.file.contains("/tests/")) {
        message.push_str(
            "\n\nO erro aparece nos testes, mas a causa está no arquivo do passo: eles usam os nomes e os tipos do esqueleto, que \
             precisam continuar como eram.",
        );
    }
    StepReport {
        id: step.id.clone(),
        title: step.title.clone(),
        status: Status::Error,
        score: 0.0,
        max_score: f64::from(step.points),
        message: Some(message),
        tests,
    }
}

/// Duas casas: o bastante para uma fração de ponto, e o JSON não mostra 6.666666666666667.
fn rounded(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn step() -> Step {
        let id = StepId::new("async-invocation", "retries");
        Step { id, title: "Tentativas".into(), points: 20, minutes: 30, hints: Vec::new() }
    }

    fn tests(statuses: &[Status]) -> Vec<TestReport> {
        let test = |(index, &status)| TestReport {
            name: format!("retries::t{index}"),
            status,
            duration_ms: 1.0,
            message: (status != Status::Passed).then(|| "não".to_owned()),
        };
        statuses.iter().enumerate().map(test).collect()
    }

    #[rstest]
    #[case(&[Status::Passed, Status::Passed, Status::Passed], Status::Passed, 20.0)]
    #[case(&[Status::Passed, Status::Passed, Status::Failed], Status::Failed, 13.33)]
    #[case(&[Status::Passed, Status::Timeout], Status::Timeout, 10.0)]
    #[case(&[Status::Failed, Status::Timeout], Status::Failed, 0.0)]
    #[case(&[Status::Error], Status::Error, 0.0)]
    #[case(&[], Status::Error, 0.0)]
    fn each_test_is_worth_its_share(#[case] statuses: &[Status], #[case] status: Status, #[case] score: f64) {
        let report = step_report(&step(), tests(statuses));
        assert_eq!((report.status, report.score), (status, score));
    }

    #[test]
    fn a_step_that_does_not_build_keeps_its_tests_and_the_words_of_the_compiler() {
        let error = Diagnostic {
            file: "exercises/04/src/retries.rs".into(),
            line: 7,
            column: 1,
            end_line: 7,
            end_column: 2,
            level: build::Level::Error,
            message: "expected `;`".into(),
            rendered: "error: expected `;`\n --> exercises/04/src/retries.rs:7\n".into(),
        };
        let report = not_built(&step(), ["retries::a".to_owned()].iter(), &[error]);
        assert_eq!(report.status, Status::Error);
        assert!(report.message.unwrap().starts_with("error: expected"));
        assert!(report.tests[0].message.as_ref().unwrap().ends_with("em exercises/04/src/retries.rs:7"));
    }

    #[test]
    fn the_json_has_the_stable_shape() {
        let chapter = ChapterReport {
            id: "04-async-invocation".into(),
            title: "Invocação assíncrona".into(),
            score: 10.0,
            max_score: 20.0,
            steps: vec![step_report(&step(), tests(&[Status::Passed, Status::Failed]))],
            warnings: Vec::new(),
        };
        insta::assert_snapshot!(serde_json::to_string(&Report::new(vec![chapter])).unwrap(), @r#"{"version":1,"score":10.0,"max_score":20.0,"chapters":[{"id":"04-async-invocation","title":"Invocação assíncrona","score":10.0,"max_score":20.0,"steps":[{"id":"async-invocation/retries","title":"Tentativas","status":"failed","score":10.0,"max_score":20.0,"message":null,"tests":[{"name":"retries::t0","status":"passed","duration_ms":1.0,"message":null},{"name":"retries::t1","status":"failed","duration_ms":1.0,"message":"não"}]}]}]}"#);
    }
}
