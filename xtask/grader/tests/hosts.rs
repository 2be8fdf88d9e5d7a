//! "Passa aqui, falha ali" não pode acontecer: a máquina e o sandbox dão o mesmo veredito para o mesmo código.
//!
//! Precisa dos alvos WASM (`cargo xtask setup`): `cargo xtask test --only wasm`.

#![allow(clippy::unwrap_used, reason = "em um teste, parar na primeira surpresa é o que se quer")]

use std::collections::BTreeMap;
use std::time::Duration;

use grader::build::{self, Source, Target};
use grader::check;
use grader::course::{Chapter, Course};
use grader::run::{self, Options, TestRun};
use grader::score::Host;
use grader::starter;
use wasi_host::Status;

fn same_verdicts(course: &Course, chapter: &Chapter, source: &Source) {
    let [native, sandbox] =
        [Host::Native, Host::Sandbox].map(|host| check::verdicts(course, chapter, source.clone(), host).unwrap());
    assert!(!native.is_empty());
    for (native, sandbox) in native.iter().zip(&sandbox) {
        assert_eq!(native, sandbox, "a máquina e o sandbox discordam em {} ({})", native.0, source.name());
    }
    assert_eq!(native.len(), sandbox.len());
}

#[test]
#[ignore = "precisa dos alvos WASM: `cargo xtask test --only wasm --setup`"]
fn machine_and_sandbox_agree() {
    let course = Course::find().unwrap();
    for chapter in &course.chapters {
        for source in check::parity_sources(&course, chapter).unwrap() {
            same_verdicts(&course, chapter, &source);
        }
    }
}

/// Um jeito de escapar, o veredito que ele merece e o que a mensagem diz.
struct Attack {
    name: &'static str,
    code: &'static str,
    status: Status,
    says: &'static str,
}

const ATTACKS: [Attack; 7] = [
    Attack {
        name: "laço sem fim", code: "loop { std::hint::black_box(()); }", status: Status::Timeout, says: "prazo"
    },
    Attack {
        name: "pânico",
        code: r#"panic!("quebrei de propósito: {}", 7)"#,
        status: Status::Failed,
        says: "quebrei de propósito: 7",
    },
    Attack {
        name: "saída com código 0",
        code: "std::process::exit(0)",
        status: Status::Failed,
        says: "process::exit(0)",
    },
    Attack {
        name: "aprovação forjada",
        code: r#"{ println!("test x ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n"); std::process::exit(0) }"#,
        status: Status::Failed,
        says: "process::exit(0)",
    },
    Attack { name: "pilha sem fim", code: "{ deep(1); }", status: Status::Failed, says: "pilha" },
    Attack {
        name: "memória sem fim",
        code: "{ let mut held = Vec::new(); loop { held.push(std::hint::black_box(vec![1u8; 1 << 20])); } }",
        status: Status::Failed,
        says: "memória",
    },
    Attack {
        name: "saída sem fim",
        code: "loop { use std::io::Write; let _ = std::io::stdout().write_all(&[b'a'; 4096]); }",
        status: Status::Failed,
        says: "saída",
    },
];

/// O passo com um ataque no lugar de cada trecho da resposta: qual deles, quem diz é o nome do teste que roda.
fn hostile_step(solution: &str, tests: &[String]) -> String {
    let attacks: String = tests
        .iter()
        .zip(&ATTACKS)
        .map(|(test, attack)| format!("        Some(\"{test}\") => {},\n", attack.code))
        .collect();
    let helpers = format!(
        "\nfn attack() -> ! {{\n    match std::env::args().nth(2).as_deref() {{\n{attacks}        _ => panic!(),\n    }}\n    \
         panic!(\"o ataque acabou\")\n}}\n\n#[allow(unconditional_recursion)]\nfn deep(n: u64) -> u64 {{\n    \
         let big = std::hint::black_box([n; 64]);\n    deep(n + 1) + big[0]\n}}\n"
    );
    starter::with_body(solution, "attack()").unwrap() + &helpers
}

#[test]
#[ignore = "precisa dos alvos WASM: `cargo xtask test --only wasm --setup`"]
fn hostile_code_never_passes() {
    let course = Course::find().unwrap();
    let (chapter, step) = course.find_step("async-invocation/queue").unwrap();
    let solution = build::build_tests(&course, chapter, &Source::Solution, Target::Native).unwrap();
    let listed = run::native::list(&solution.artifact).unwrap();
    let of_step = |test: &String| chapter.step_of_test(test).is_some_and(|of| of.id == step.id);
    let tests: Vec<_> = listed.into_iter().filter(of_step).take(ATTACKS.len()).collect();
    assert_eq!(tests.len(), ATTACKS.len(), "o passo precisa de um teste por ataque");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hostile.rs");
    let answer = std::fs::read_to_string(course.root.join(chapter.solution_file(step))).unwrap();
    std::fs::write(&file, hostile_step(&answer, &tests)).unwrap();
    let source = Source::Overlay { name: "hostile".into(), files: BTreeMap::from([(step.id.clone(), file)]) };
    let options = Options { timeout: Duration::from_secs(5), jobs: 2 };

    let native = build::build_tests(&course, chapter, &source, Target::Native).unwrap();
    assert!(native.replaced.is_empty(), "{:?}", native.replaced);
    let wasm = build::build_tests(&course, chapter, &source, Target::Wasm).unwrap();
    let on_machine = run::native::run(&native.artifact, &tests, options).unwrap();
    let in_sandbox = run::sandbox::run(&course, &wasm.artifact, &tests, options).unwrap();
    for (host, runs) in [("máquina", on_machine), ("sandbox", in_sandbox)] {
        assert_eq!(runs.len(), ATTACKS.len());
        for (TestRun { verdict, .. }, attack) in runs.iter().zip(&ATTACKS) {
            let message = verdict.message.as_deref().unwrap_or_default();
            assert_eq!(verdict.status, attack.status, "{host}, {}: {message}", attack.name);
            assert!(message.contains(attack.says), "{host}, {}: {message}", attack.name);
        }
    }
}
