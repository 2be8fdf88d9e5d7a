//! "Passa aqui, falha ali" não pode acontecer: a máquina e o sandbox dão o mesmo veredito para o mesmo código.
//!
//! Precisa dos alvos WASM (`cargo xtask setup`): `cargo test -p grader --features wasm --test hosts`.

#![allow(clippy::unwrap_used, reason = "em um teste, parar na primeira surpresa é o que se quer")]

use std::collections::BTreeMap;
use std::time::Duration;

use grader::build::{self, Source, Target, TestsBuild};
use grader::check;
use grader::course::Course;
use grader::run::{self, Options, TestRun};
use grader::score::{self, Host, Request};
use rstest::rstest;
use wasi_host::{Status, Verdict};

fn verdicts(course: &Course, source: &Source, host: Host) -> Vec<(String, Verdict)> {
    let mut all = Vec::new();
    for chapter in &course.chapters {
        let steps: Vec<_> = chapter.steps.iter().collect();
        let request = Request { source: source.clone(), host, options: Options::default() };
        let report = score::grade(course, chapter, &steps, &request).unwrap();
        for test in report.steps.into_iter().flat_map(|step| step.tests) {
            all.push((test.name, Verdict { status: test.status, message: test.message }));
        }
    }
    all
}

fn same_verdicts(course: &Course, source: &Source) {
    let native = verdicts(course, source, Host::Native);
    let sandbox = verdicts(course, source, Host::Sandbox);
    assert!(!native.is_empty());
    for (native, sandbox) in native.iter().zip(&sandbox) {
        assert_eq!(native, sandbox, "a máquina e o sandbox discordam em {} ({})", native.0, source.name());
    }
    assert_eq!(native.len(), sandbox.len());
}

#[rstest]
#[case::starter(Source::Starter)]
#[case::solution(Source::Solution)]
fn machine_and_sandbox_agree_on(#[case] source: Source) {
    same_verdicts(&Course::find().unwrap(), &source);
}

#[test]
fn machine_and_sandbox_agree_on_every_wrong_answer() {
    let course = Course::find().unwrap();
    for chapter in &course.chapters {
        for (source, _) in check::wrong_rounds(&course, chapter).unwrap() {
            same_verdicts(&course, &source);
        }
    }
}

/// Código que tenta escapar, no lugar de cada `todo!` do esqueleto do primeiro passo.
#[rstest]
#[case::infinite_loop("loop { std::hint::black_box(()); }", Status::Timeout, "prazo")]
#[case::panic(r#"panic!("quebrei de propósito: {}", 7)"#, Status::Failed, "quebrei de propósito: 7")]
#[case::exit_zero("std::process::exit(0)", Status::Failed, "process::exit(0)")]
#[case::forged_pass(
    r#"{ println!("test x ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n"); std::process::exit(0) }"#,
    Status::Failed,
    "process::exit(0)"
)]
#[case::stack_overflow("{ deep(1); unreachable!() }", Status::Failed, "pilha")]
#[case::unbounded_allocation(
    "{ let mut held = Vec::new(); loop { held.push(std::hint::black_box(vec![1u8; 1 << 20])); } }",
    Status::Failed,
    "memória"
)]
#[case::endless_output(
    r#"loop { use std::io::Write; let _ = std::io::stdout().write_all(&[b'a'; 4096]); }"#,
    Status::Failed,
    "saída"
)]
fn hostile_code_never_passes(#[case] code: &str, #[case] status: Status, #[case] says: &str) {
    let course = Course::find().unwrap();
    let chapter = &course.chapters[0];
    let step = &chapter.steps[0];
    let starter = build::starter_of(&course, chapter, step).unwrap();
    let helper = "\n#[allow(dead_code, unconditional_recursion)]\nfn deep(n: u64) -> u64 {\n    \
                  let big = std::hint::black_box([n; 64]);\n    deep(n + 1) + big[0]\n}\n";
    let hostile: String = starter
        .lines()
        .map(|line| if line.trim_start().starts_with("todo!(") { format!("{code}\n") } else { format!("{line}\n") })
        .chain([helper.to_owned()])
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hostile.rs");
    std::fs::write(&file, hostile).unwrap();
    let name = format!("hostile-{}", grader::files::hash(code.as_bytes()));
    let source = Source::Overlay { name, files: BTreeMap::from([(step.id.clone(), file)]) };
    let options = Options { timeout: Duration::from_secs(3), jobs: 1 };

    let native = build::build_tests(&course, chapter, &source, Target::Native).unwrap();
    let listed = run::native::list(&native.artifact).unwrap();
    let first: Vec<_> = listed
        .into_iter()
        .filter(|test| chapter.step_of_test(test).is_some_and(|of| of.id == step.id))
        .take(1)
        .collect();
    let on_machine = run::native::run(&native.artifact, &first, options).unwrap();
    let wasm = build::build_tests(&course, chapter, &source, Target::Wasm).unwrap();
    let in_sandbox = run::sandbox::run(&course.root, &wasm.artifact, &first, options).unwrap();

    for (host, runs, built) in [("máquina", on_machine, &native), ("sandbox", in_sandbox, &wasm)] {
        let [TestRun { verdict, .. }] = &runs[..] else { panic!("um teste, e não {}", runs.len()) };
        let message = verdict.message.as_deref().unwrap_or_default();
        assert_eq!(verdict.status, status, "{host}: {message}");
        assert!(message.contains(says), "{host}: {message}");
        clean(built);
    }
}

/// As cópias destas tentativas não servem a mais ninguém.
fn clean(built: &TestsBuild) {
    if let Err(error) = std::fs::remove_dir_all(built.scratch_dir()) {
        eprintln!("não apaguei {}: {error}", built.scratch_dir().display());
    }
}
