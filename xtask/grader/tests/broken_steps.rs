//! Um passo quebrado não leva os outros junto: ele vale zero, diz o que o compilador disse, e o resto do capítulo é avaliado.

#![allow(clippy::unwrap_used, reason = "em um teste, parar na primeira surpresa é o que se quer")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use grader::build::Source;
use grader::course::{Chapter, Course, Step};
use grader::run::Options;
use grader::score::{self, ChapterReport, Host, Request};
use wasi_host::Status;

struct Broken {
    course: Course,
    dir: tempfile::TempDir,
    files: BTreeMap<grader::course::StepId, PathBuf>,
}

impl Broken {
    fn new() -> Self {
        Self { course: Course::find().unwrap(), dir: tempfile::tempdir().unwrap(), files: BTreeMap::new() }
    }

    fn chapter(&self) -> &Chapter {
        &self.course.chapters[0]
    }

    fn solution(&self, step: &Step) -> String {
        std::fs::read_to_string(self.course.root.join(self.chapter().solution_file(step))).unwrap()
    }

    /// Troca o passo de número `index` pelo que `edit` faz da resposta.
    fn step(mut self, index: usize, edit: impl FnOnce(String) -> String) -> Self {
        let step = self.chapter().steps[index].clone();
        let file = self.dir.path().join(format!("{}.rs", step.name()));
        std::fs::write(&file, edit(self.solution(&step))).unwrap();
        self.files.insert(step.id, file);
        self
    }

    fn grade(self, name: &str) -> ChapterReport {
        let steps: Vec<_> = self.chapter().steps.iter().collect();
        let source = Source::Overlay { name: name.into(), files: self.files.clone() };
        let request = Request { source, host: Host::Native, options: Options::default() };
        score::grade(&self.course, self.chapter(), &steps, &request).unwrap()
    }
}

/// O nome da primeira função pública, que os testes chamam.
fn first_public_function(text: &str) -> &str {
    let start = text.find("\npub fn ").or_else(|| text.find("\npub async fn ")).unwrap();
    let rest = &text[start..];
    let name = &rest[rest.find("fn ").unwrap() + 3..];
    &name[..name.find(['(', '<']).unwrap()]
}

#[test]
fn a_syntax_error_and_a_renamed_function_cost_only_their_own_steps() {
    let report = Broken::new()
        .step(0, |text| format!("{text}\nfn quebrado( {{\n"))
        .step(1, |text| {
            let name = first_public_function(&text).to_owned();
            text.replace(&name, &format!("{name}_renomeada"))
        })
        .grade("broken-syntax-and-name");

    let [syntax, renamed, rest @ ..] = &report.steps[..] else { panic!("o capítulo tem ao menos três passos") };
    for (step, file) in [(syntax, "src/queue.rs"), (renamed, "tests/grade/retries.rs")] {
        assert_eq!((step.status, step.score), (Status::Error, 0.0), "{}", step.id);
        assert!(step.message.as_ref().unwrap().contains("error"), "{:?}", step.message);
        assert!(!step.tests.is_empty());
        for test in &step.tests {
            assert_eq!(test.status, Status::Error);
            assert!(test.message.as_ref().unwrap().contains(file), "{:?}", test.message);
        }
    }
    for step in rest {
        assert_eq!((step.status, step.score), (Status::Passed, step.max_score), "{}", step.id);
    }
    assert_eq!(report.score, rest.iter().map(|step| step.score).sum::<f64>());
}

#[test]
fn a_missing_file_says_how_to_get_it_back() {
    let mut broken = Broken::new();
    let id = broken.chapter().steps[2].id.clone();
    broken.files.insert(id.clone(), broken.dir.path().join("apagado.rs"));
    let report = broken.grade("broken-missing");
    assert_eq!(report.steps[2].status, Status::Error);
    let message = report.steps[2].message.as_ref().unwrap();
    assert!(message.contains(&format!("cargo xtask reset {id}")), "{message}");
    assert!(report.steps.iter().filter(|step| step.id != id).all(|step| step.status == Status::Passed));
}
