//! O sandbox contra módulos escritos à mão, quase todos hostis.

use std::time::Duration;

use wasi_host::native::{Limits, Sandbox, SandboxError};
use wasi_host::{Ending, Execution, Program, Status};

/// As chamadas que os módulos abaixo usam, e a memória com que todos começam.
const PRELUDE: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "telepathy" (func $telepathy (param i64) (result i32)))
"#;

const SUMMARY: &str = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";

fn limits() -> Limits {
    // O prazo é folgado: nestes testes quem decide é o combustível, que não depende da máquina.
    Limits { timeout: Duration::from_secs(600), fuel: 5_000_000, memory: 4 * 1024 * 1024, output: 10_000 }
}

fn compile(text: &str, limits: Limits) -> Result<Sandbox, SandboxError> {
    let wasm = wat::parse_str(format!("(module {text})")).expect("o módulo do teste está certo");
    Sandbox::compile(&wasm, limits)
}

/// Um programa com esta função `_start`, e com `data` no endereço 64.
fn program(data: &str, start: &str) -> Sandbox {
    let data = data.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let text = format!(
        r#"{PRELUDE} (memory (export "memory") 1) (data (i32.const 64) "{data}") (func (export "_start") {start})"#
    );
    compile(&text, limits()).unwrap_or_else(|error| panic!("{error}"))
}

fn run(data: &str, start: &str) -> Execution {
    program(data, start).run_test("a").execution
}

/// Escreve `len` bytes a partir do endereço 64.
fn write(len: usize) -> String {
    format!(
        "(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {len}))
         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))"
    )
}

#[test]
fn a_program_that_returns_after_its_summary_passes() {
    let data = format!("\nrunning 1 test\ntest a ... ok\n\n{SUMMARY}\n\n");
    let run = program(&data, &write(data.len())).run_test("a");
    assert_eq!((run.execution.ending, run.execution.stdout.as_str()), (Ending::Returned, data.as_str()));
    assert_eq!(run.verdict.status, Status::Passed);
}

#[test]
fn a_forged_summary_followed_by_exit_fails() {
    let data = format!("\nrunning 1 test\ntest a ... ok\n\n{SUMMARY}\n\n");
    let run = program(&data, &format!("{} (call $exit (i32.const 0))", write(data.len()))).run_test("a");
    assert_eq!(run.execution.ending, Ending::Exited(0));
    assert_eq!(run.verdict.status, Status::Failed);
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    assert_eq!(run("", "(loop $again (br $again))").ending, Ending::Timeout);
}

#[test]
fn the_deadline_ends_a_loop_that_still_has_fuel() {
    let text = r#"(memory (export "memory") 1) (func (export "_start") (loop $again (br $again)))"#;
    let limits = Limits { fuel: u64::MAX, timeout: Duration::ZERO, ..limits() };
    let sandbox = compile(text, limits).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sandbox.run_test("a").execution.ending, Ending::Timeout);
}

#[test]
fn the_deadline_also_counts_inside_calls() {
    let start = format!(
        r#"{PRELUDE} (memory (export "memory") 2)
        (func (export "_start") (loop $again (drop (call $random (i32.const 0) (i32.const 65536))) (br $again)))"#
    );
    let limits = Limits { fuel: u64::MAX, timeout: Duration::ZERO, ..limits() };
    let sandbox = compile(&start, limits).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sandbox.run_test("a").execution.ending, Ending::Timeout);
}

#[test]
fn endless_recursion_is_a_clean_trap_with_its_sentence() {
    let text = r#"(memory (export "memory") 1) (func $f (export "_start") (call $f) (call $f))"#;
    let run = compile(text, limits()).unwrap_or_else(|error| panic!("{error}")).run_test("a");
    assert_eq!(run.execution.ending, Ending::Trapped("call stack exhausted".to_owned()));
    assert!(run.verdict.message.is_some_and(|message| message.starts_with("a pilha estourou")));
}

#[test]
fn growing_past_the_limit_ends_the_execution() {
    let start = "(loop $again (drop (memory.grow (i32.const 8))) (br $again))";
    assert_eq!(run("", start).ending, Ending::MemoryLimit);
    assert_eq!(run("", "(drop (memory.grow (i32.const 65535)))").ending, Ending::MemoryLimit);
}

#[test]
fn a_growth_that_costs_more_than_a_slice_of_fuel_is_not_refused() {
    // Crescer cobra por byte: 128 MB custam mais que uma fatia inteira, e o resto vem da seguinte.
    let start = "(if (i32.eq (memory.grow (i32.const 2048)) (i32.const -1)) (then (unreachable)))";
    let text = format!(r#"(memory (export "memory") 1) (func (export "_start") {start})"#);
    let limits = Limits { memory: 256 * 1024 * 1024, ..limits() };
    let run = compile(&text, limits).unwrap_or_else(|error| panic!("{error}")).run_test("a");
    assert_eq!(run.execution.ending, Ending::Returned);
}

#[test]
fn filling_memory_costs_fuel() {
    let start = "(drop (memory.grow (i32.const 63)))
        (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (br $again))";
    assert_eq!(run("", start).ending, Ending::Timeout);
}

#[test]
fn an_output_flood_stops_at_the_limit() {
    let execution = run(&"a".repeat(1000), &format!("(loop $again {} (br $again))", write(1000)));
    assert_eq!((execution.ending, execution.stdout.len()), (Ending::OutputLimit, 10_000));
}

#[test]
fn hostile_slices_end_the_execution() {
    for (start, len) in [(0, -1), (-1, 1), (65_535, 2), (-8, -8)] {
        let text = format!(
            "(i32.store (i32.const 0) (i32.const {start})) (i32.store (i32.const 4) (i32.const {len}))
             (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))"
        );
        let ending = run("", &text).ending;
        assert!(matches!(ending, Ending::Trapped(_) | Ending::OutputLimit), "{start} {len}: {ending:?}");
    }
    let ending = run("", "(drop (call $write (i32.const 1) (i32.const -8) (i32.const -1) (i32.const 16)))").ending;
    assert!(matches!(ending, Ending::Trapped(_)), "{ending:?}");
}

#[test]
fn unknown_calls_answer_that_they_do_not_exist() {
    // 52 é ENOSYS; outro número cairia no `unreachable`.
    let start = "(if (i32.ne (call $telepathy (i64.const 1)) (i32.const 52)) (then unreachable))
        (if (i32.ne (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1)
            (i64.const -1) (i32.const 0) (i32.const 0)) (i32.const 52)) (then unreachable))";
    assert_eq!(run("", start).ending, Ending::Returned);
}

#[test]
fn a_known_call_with_another_signature_is_refused_without_harm() {
    let text = r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (result i32))) (memory (export "memory") 1)
        (func (export "_start") (if (i32.ne (call $write) (i32.const 28)) (then unreachable)))"#;
    let sandbox = compile(text, limits()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sandbox.run_test("a").execution.ending, Ending::Returned);
}

#[test]
fn a_lab_reads_its_scenario_and_writes_its_answer() {
    let start = "(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (i32.store (i32.const 4) (i32.load (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))";
    let execution = program("", start).run_lab(b"{\"failure\":\"throttle\"}");
    assert_eq!((execution.ending, execution.stdout.as_str()), (Ending::Returned, "{\"failure\":\"throttle\"}"));
}

#[test]
fn each_run_starts_from_a_fresh_instance() {
    let start = format!("{} (i32.store8 (i32.const 64) (i32.const 66))", write(1));
    let sandbox = program("A", &start);
    assert_eq!(sandbox.run_test("a").execution.stdout, "A");
    assert_eq!(sandbox.run_test("a").execution.stdout, "A");
}

#[test]
fn what_is_not_a_wasi_program_is_refused_in_portuguese() {
    let memory = r#"(memory (export "memory") 1)"#;
    let start = r#"(func (export "_start"))"#;
    for (text, expected) in [
        (memory.to_owned(), "o módulo não exporta `_start`"),
        (format!(r#"{memory} (func (export "_start") (param i32))"#), "o módulo não exporta `_start`"),
        (start.to_owned(), "o módulo não exporta a própria memória"),
        (format!(r#"(import "env" "f" (func)) {memory} {start}"#), "o módulo importa `env::f`"),
        (
            format!(r#"(import "wasi_snapshot_preview1" "m" (memory 1)) {start}"#),
            "o módulo importa `wasi_snapshot_preview1::m`",
        ),
        (format!(r#"(import "wasi_snapshot_preview1" "f" (func (param f64))) {memory} {start}"#), "o módulo importa"),
        (format!(r#"(memory (export "memory") 65) {start}"#), "o módulo pede 4259840 bytes de memória"),
        (
            format!(r#"{memory} (func $f (loop $l (br $l))) (start $f) {start}"#),
            "o arquivo não é um módulo WebAssembly válido",
        ),
    ] {
        let error = compile(&text, limits()).err().unwrap_or_else(|| panic!("{text} foi aceito"));
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let error = Sandbox::compile(b"lixo", limits()).err().expect("lixo não é um módulo");
    assert!(matches!(error, SandboxError::Invalid(_)));
}

#[test]
fn a_data_segment_outside_memory_is_a_trap() {
    let text = r#"(memory (export "memory") 1) (data (i32.const 65535) "abc") (func (export "_start"))"#;
    let sandbox = compile(text, limits()).unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(sandbox.run(program_without_input()).ending, Ending::Trapped(_)));
}

fn program_without_input() -> Program {
    Program { args: Vec::new(), environ: Vec::new(), stdin: Vec::new(), output_limit: 0 }
}

#[test]
fn results_arrive_in_the_order_asked_for_with_any_number_of_jobs() {
    let sandbox = program("A", &write(1));
    let names = (0..40).map(|index| format!("m::t{index}")).collect::<Vec<_>>();
    for jobs in [0, 1, 3, 100] {
        let mut seen = Vec::new();
        sandbox.run_tests(&names, jobs, |run| seen.push(run.name));
        assert_eq!(seen, names);
    }
    sandbox.run_tests(&[], 4, |_| panic!("nada foi pedido"));
}

#[test]
fn the_list_comes_from_a_program_that_returned() {
    let data = "um::a: test\num::b: test\n\n2 tests, 0 benchmarks\n";
    let listed = program(data, &write(data.len())).list().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(listed, ["um::a", "um::b"]);
    let error = program("", "unreachable").list().expect_err("um programa que trava não lista");
    assert!(error.to_string().starts_with("o binário não respondeu a `--list`"), "{error}");
}
