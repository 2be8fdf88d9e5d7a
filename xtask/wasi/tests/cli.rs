//! O que `wasi-run` escreve e com que código sai.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Um binário de testes de mentira: responde o mesmo texto a tudo, e o texto serve de lista e de resultado.
const TESTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "um::a: test\0aum::b: test\0atest result: ok. 1 passed; 0 failed; 0 ignored\0a")
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 70))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
"#;

/// Um laboratório que devolve o cenário, até 100 bytes.
const LAB: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (i32.store (i32.const 4) (i32.load (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
"#;

fn module(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let wasm = wat::parse_str(format!("(module {text})")).expect("o módulo do teste está certo");
    std::fs::write(&path, wasm).expect("a pasta de testes aceita arquivos");
    path.into_os_string().into_string().expect("o caminho é UTF-8")
}

fn wasi_run(args: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasi-run"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("wasi-run inicia");
    if let Some(mut input) = child.stdin.take() {
        // Quem recusa os argumentos não lê a entrada.
        let _ = input.write_all(stdin.as_bytes());
    }
    child.wait_with_output().expect("wasi-run termina")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn tests_are_one_json_line_each_in_list_order() {
    let module = module("tests.wasm", TESTS);
    let output = wasi_run(&[&module, "--tests", "--jobs", "2"], "");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let lines = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect::<Vec<serde_json::Value>>();
    let names = lines.iter().map(|line| line["name"].as_str().unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(names, ["um::a", "um::b"]);
    assert_eq!(lines[0]["execution"]["ending"], "returned");
    assert_eq!(lines[0]["verdict"], serde_json::json!({"status": "passed", "message": null}));
}

#[test]
fn the_list_is_one_name_per_line() {
    let module = module("list.wasm", TESTS);
    let output = wasi_run(&[&module, "--list"], "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "um::a\num::b\n"));
}

#[test]
fn only_keeps_list_order_and_reports_what_does_not_exist() {
    let module = module("only.wasm", TESTS);
    let output = wasi_run(&[&module, "--tests", "--only", "x", "--only=um::b", "--only", "um::a"], "");
    let stdout = text(&output.stdout);
    let names = stdout.lines().map(|line| line.split('"').nth(3).unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(names, ["um::a", "um::b", "x"]);
}

#[test]
fn a_lab_answers_on_stdout() {
    let module = module("lab.wasm", LAB);
    let output = wasi_run(&[&module, "--lab"], "{\"a\":1}");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "{\"a\":1}"));
}

#[test]
fn a_test_that_fails_is_still_a_run() {
    let trap = r#"(memory (export "memory") 1) (func (export "_start") unreachable)"#;
    let module = module("trap.wasm", trap);
    let output = wasi_run(&[&module, "--tests"], "");
    // Nem a lista saiu: isto não é um binário de testes.
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("o binário não respondeu a `--list`"), "{}", text(&output.stderr));
    let output = wasi_run(&[&module, "--lab"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("o programa foi abortado antes do fim"), "{}", text(&output.stderr));
}

#[test]
fn bad_usage_exits_with_two_and_says_why() {
    for (args, expected) in [
        (&[][..], "falta dizer qual módulo rodar"),
        (&["a.wasm"], "escolha --list, --tests ou --lab"),
        (&["a.wasm", "--tests", "--lab"], "escolha --list, --tests ou --lab"),
        (&["a.wasm", "b.wasm", "--lab"], "só cabe um módulo"),
        (&["a.wasm", "--test"], "não conheço a opção --test"),
        (&["a.wasm", "--tests=sim"], "--tests não recebe valor"),
        (&["a.wasm", "--tests", "--jobs", "0"], "--jobs não aceita 0"),
        (&["a.wasm", "--tests", "--timeout", "-1"], "--timeout não aceita -1"),
        (&["a.wasm", "--tests", "--fuel"], "--fuel precisa de um valor"),
        (&["nao-existe.wasm", "--tests"], "não consegui ler nao-existe.wasm"),
        (&["Cargo.toml", "--tests"], "o arquivo não é um módulo WebAssembly válido"),
    ] {
        let output = wasi_run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(expected), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn help_is_not_an_error() {
    let output = wasi_run(&["--help"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Uso:"));
}
