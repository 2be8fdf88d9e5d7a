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
        self.course.chapter("async-invocation").unwrap()
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

/// Os nomes das funções públicas, que os testes (ou o apoio deles) chamam.
fn public_functions(text: &str) -> Vec<String> {
    let declared = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub async fn "))?;
        rest.split(['(', '<']).next()
    });
    declared.map(str::to_owned).collect()
}

#[test]
fn a_syntax_error_costs_only_its_own_step() {
    let report = Broken::new().step(0, |text| format!("{text}\nfn quebrado( {{\n")).grade("broken-syntax");
    only_this_step_is_lost(&report, 0);
    let message = report.steps[0].tests[0].message.as_ref().unwrap();
    assert!(message.contains("src/queue.rs"), "{message}");
}

/// O erro aparece no arquivo de testes do passo ou no apoio que vários dividem: nos dois casos a conta é só dele.
#[test]
fn a_renamed_function_costs_only_its_own_step() {
    let names = public_functions(&Broken::new().solution(&Broken::new().chapter().steps[1]));
    let mut noticed = 0;
    for name in names {
        let report =
            Broken::new().step(1, |text| text.replace(&name, &format!("{name}_renomeada"))).grade("broken-name");
        if report.steps[1].status == Status::Passed {
            // Só o próprio passo chama esta: mudar o nome dela é direito de quem escreve.
            continue;
        }
        noticed += 1;
        only_this_step_is_lost(&report, 1);
        let message = report.steps[1].message.as_ref().unwrap();
        assert!(message.contains("os nomes e os tipos do esqueleto"), "{message}");
    }
    assert!(noticed > 1, "os testes chamam mais de uma função do passo");
}

fn only_this_step_is_lost(report: &ChapterReport, lost: usize) {
    for (index, step) in report.steps.iter().enumerate() {
        if index != lost {
            assert_eq!((step.status, step.score), (Status::Passed, step.max_score), "{}", step.id);
            continue;
        }
        assert_eq!((step.status, step.score), (Status::Error, 0.0), "{}", step.id);
        assert!(step.message.as_ref().unwrap().contains("error"), "{:?}", step.message);
        assert!(!step.tests.is_empty() && step.tests.iter().all(|test| test.status == Status::Error));
    }
    assert_eq!(report.score, report.max_score - report.steps[lost].max_score);
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
