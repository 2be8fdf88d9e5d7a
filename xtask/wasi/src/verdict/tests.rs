//! As saídas são cópias do que o libtest, o `std` e o `insta` escrevem de verdade, nativamente e em wasm32-wasip1.

use super::judge;
use crate::verdict::explain;
use crate::{Ending, Execution, Status};

const NOTE: &str = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
const FILE: &str = "exercises/04-async-invocation/tests/grade/retries.rs";
const UNREACHABLE: &str = "wasm `unreachable` instruction executed";

fn execution(ending: Ending, stdout: &str, stderr: &str) -> Execution {
    Execution { ending, stdout: stdout.to_owned(), stderr: stderr.to_owned(), duration_ms: 1.0 }
}

fn summary(result: &str, passed: u8, failed: u8) -> String {
    format!(
        "test result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 43 filtered out; finished in 0.00s\n\n"
    )
}

/// Uma execução no WebAssembly: anuncia o teste, roda e trava.
fn wasm(printed: &str, stderr: &str) -> Execution {
    let stdout = format!("\nrunning 1 test\ntest retries::a ... {printed}");
    execution(Ending::Trapped(UNREACHABLE.to_owned()), &stdout, stderr)
}

/// A mesma execução como processo nativo.
fn native(printed: &str, stderr: &str) -> Execution {
    let failed = summary("FAILED", 0, 1);
    let stdout = format!(
        "\nrunning 1 test\n{printed}test retries::a ... FAILED\n\nfailures:\n\nfailures:\n    retries::a\n\n{failed}"
    );
    execution(Ending::Exited(101), &stdout, &stderr.replace("'main' (1)", "'retries::a' (15407)"))
}

/// O mesmo, com a saída capturada pelo libtest.
fn captured(printed: &str, stderr: &str) -> Execution {
    let failed = summary("FAILED", 0, 1);
    let stderr = stderr.replace("'main' (1)", "'retries::a' (15407)");
    let stdout = format!(
        "\nrunning 1 test\ntest retries::a ... FAILED\n\nfailures:\n\n---- retries::a stdout ----\n{printed}{stderr}\n\nfailures:\n    \
         retries::a\n\n{failed}"
    );
    execution(Ending::Exited(101), &stdout, "")
}

/// O texto de um pânico, que tem de ser o mesmo nos três jeitos de rodar.
fn message(printed: &str, message: &str) -> String {
    message_at(printed, &format!("{FILE}:40:9"), message)
}

fn message_at(printed: &str, place: &str, message: &str) -> String {
    let stderr = format!("\nthread 'main' (1) panicked at {place}:\n{message}\n{NOTE}");
    let verdicts = [wasm(printed, &stderr), native(printed, &stderr), captured(printed, &stderr)]
        .map(|run| judge("retries::a", &run));
    assert_eq!(verdicts[0], verdicts[1]);
    assert_eq!(verdicts[0], verdicts[2]);
    assert_eq!(verdicts[0].status, Status::Failed);
    verdicts.into_iter().next().and_then(|verdict| verdict.message).expect("um teste que falhou tem mensagem")
}

fn failure(execution: &Execution) -> (Status, String) {
    let verdict = judge("retries::a", execution);
    (verdict.status, verdict.message.expect("um teste que não passou tem mensagem"))
}

#[test]
fn a_test_that_returned_with_the_summary_passed() {
    for stdout in [
        format!("\nrunning 1 test\ntest retries::a ... ok\n\n{}", summary("ok", 1, 0)),
        format!("\nrunning 1 test\ntest retries::a ... olá\nok\n\n{}", summary("ok", 1, 0)),
        format!("\nrunning 1 test\nolá\ntest retries::a ... ok\n\n{}", summary("ok", 1, 0)),
    ] {
        let verdict = judge("retries::a", &execution(Ending::Returned, &stdout, "algo em stderr\n"));
        assert_eq!((verdict.status, verdict.message), (Status::Passed, None));
    }
}

#[test]
fn a_forged_summary_followed_by_exit_is_not_a_pass() {
    let stdout = format!("\nrunning 1 test\ntest retries::a ... test retries::a ... ok\n\n{}", summary("ok", 1, 0));
    for code in [0, 1, 7] {
        let (status, message) = failure(&execution(Ending::Exited(code), &stdout, ""));
        assert_eq!(status, Status::Failed);
        assert!(
            message.starts_with(&format!("o programa terminou com process::exit({code}) antes do fim do teste: ")),
            "{message}"
        );
    }
    let (status, message) = failure(&execution(Ending::Exited(101), &stdout, ""));
    assert_eq!(status, Status::Failed);
    assert!(message.starts_with("o programa terminou com process::exit(101)"), "{message}");
}

#[test]
fn a_forged_summary_does_not_hide_other_endings() {
    let stdout = format!("\nrunning 1 test\ntest retries::a ... ok\n\n{}", summary("ok", 1, 0));
    for (ending, status) in [
        (Ending::Timeout, Status::Timeout),
        (Ending::MemoryLimit, Status::Failed),
        (Ending::OutputLimit, Status::Failed),
        (Ending::Trapped(UNREACHABLE.to_owned()), Status::Failed),
    ] {
        assert_eq!(judge("retries::a", &execution(ending, &stdout, "")).status, status);
    }
}

#[test]
fn a_summary_that_is_not_the_last_line_does_not_count() {
    let stdout = format!("{}e depois mais alguma coisa\n", summary("ok", 1, 0));
    assert_eq!(failure(&execution(Ending::Returned, &stdout, "")).0, Status::Error);
    assert_eq!(failure(&execution(Ending::Returned, "", "")).0, Status::Error);
    assert_eq!(failure(&execution(Ending::Returned, &summary("FAILED", 0, 1), "")).0, Status::Error);
    assert_eq!(failure(&execution(Ending::Returned, &summary("ok", 2, 0), "")).0, Status::Error);
}

#[test]
fn a_test_that_does_not_exist_or_is_ignored_is_an_error() {
    let stdout = format!("\nrunning 0 tests\n\n{}", summary("ok", 0, 0));
    let (status, message) = failure(&execution(Ending::Returned, &stdout, ""));
    assert_eq!(status, Status::Error);
    assert!(message.starts_with("o teste `retries::a` não foi encontrado no binário"), "{message}");

    let stdout = stdout.replace("0 ignored", "1 ignored");
    let (status, message) = failure(&execution(Ending::Returned, &stdout, ""));
    assert_eq!(status, Status::Error);
    assert_eq!(message, "o teste `retries::a` está desligado com `#[ignore]` e não foi avaliado");
}

#[test]
fn a_panic_shows_its_text_and_its_place() {
    assert_eq!(message("", "uma frase"), format!("uma frase\n  em {FILE}:40"));
    assert_eq!(message("", "primeira\nsegunda\n\nquarta"), format!("primeira\nsegunda\n\nquarta\n  em {FILE}:40"));
}

#[test]
fn a_header_without_thread_number_and_with_backslashes_is_the_same_panic() {
    let path = FILE.replace('/', "\\");
    let stderr = format!("\nthread 'retries::a' panicked at {path}:40:9:\numa frase\n{NOTE}");
    assert_eq!(failure(&native("", &stderr)).1, format!("uma frase\n  em {FILE}:40"));
    let stderr = format!("thread '<unnamed>' (7) panicked at C:\\curso\\{path}:40:9:\numa frase\n");
    assert_eq!(failure(&native("", &stderr)).1, format!("uma frase\n  em C:/curso/{FILE}:40"));
}

#[test]
fn a_step_not_written_yet_says_so_in_portuguese() {
    assert_eq!(
        message("", "not yet implemented: enfileira `x`"),
        format!("ainda não foi escrito: enfileira `x`\n  em {FILE}:40")
    );
    assert_eq!(message("", "not yet implemented"), format!("ainda não foi escrito\n  em {FILE}:40"));
    assert_eq!(message("", "not implemented: a volta"), format!("ainda não foi escrito: a volta\n  em {FILE}:40"));
}

#[test]
fn assertions_put_the_sentence_first() {
    let text = "assertion `left == right` failed: o Lambda chama 3 vezes\n  left: 2\n right: 3";
    assert_eq!(message("", text), format!("o Lambda chama 3 vezes\n  esquerda: 2\n   direita: 3\n  em {FILE}:40"));
    let text = "assertion `left != right` failed\n  left: \"a\\nb\"\n right: [\n    1,\n]";
    let expected = "a comparação `esquerda != direita` não vale\n  esquerda: \"a\\nb\"\n   direita: [\n    1,\n]";
    assert_eq!(message("", text), format!("{expected}\n  em {FILE}:40"));
    assert_eq!(
        message("", "assertion failed: dlq.is_empty()"),
        format!("a condição não vale: dlq.is_empty()\n  em {FILE}:40")
    );
}

#[test]
fn panics_of_std_are_translated() {
    for (text, expected) in [
        ("called `Option::unwrap()` on a `None` value", "`unwrap()` foi chamado em um `None`"),
        ("called `Result::unwrap()` on an `Err` value: Cheio(3)", "`unwrap()` foi chamado em um `Err`: Cheio(3)"),
        (
            "index out of bounds: the len is 1 but the index is 5",
            "índice fora dos limites: o tamanho é 1 e o índice é 5",
        ),
        ("attempt to divide by zero", "divisão por zero"),
        (
            "era para ser número: ParseIntError { kind: InvalidDigit }",
            "era para ser número: ParseIntError { kind: InvalidDigit }",
        ),
    ] {
        assert_eq!(message("", text), format!("{expected}\n  em {FILE}:40"));
    }
}

#[test]
fn a_panic_inside_std_or_a_dependency_does_not_name_folders_of_this_machine() {
    let expected = "uma coleção passou do maior tamanho possível (capacity overflow)";
    for place in [
        "/rustc/59807616e1fa/library/alloc/src/raw_vec/mod.rs:28:5",
        "/usr/lib/rustlib/src/rust/library/alloc/src/vec.rs:9:5",
    ] {
        assert_eq!(message_at("", place, "capacity overflow"), expected);
    }
    let place = "/home/ana/.cargo/registry/src/index.crates.io-1949/tokio-1.54.1/src/runtime/park.rs:7:1";
    assert_eq!(message_at("", place, "x"), "x\n  em tokio-1.54.1/src/runtime/park.rs:7");
}

#[test]
fn only_the_first_panic_counts() {
    let first = format!("\nthread 'main' (1) panicked at {FILE}:58:55:\ndentro da tarefa\n{NOTE}");
    let second = format!(
        "\nthread 'main' (1) panicked at {FILE}:58:94:\ncalled `Result::unwrap()` on an `Err` value: JoinError\n"
    );
    assert_eq!(failure(&native("", &format!("{first}{second}"))), failure(&wasm("", &first)));
}

#[test]
fn a_caught_panic_fails_everywhere_because_webassembly_cannot_catch_it() {
    let stderr = format!("\nthread 'main' (1) panicked at {FILE}:40:9:\ncapturado\n{NOTE}");
    let stdout = format!("\nrunning 1 test\ntest retries::a ... ok\n\n{}", summary("ok", 1, 0));
    assert_eq!(failure(&execution(Ending::Returned, &stdout, &stderr)), failure(&wasm("", &stderr)));
}

#[test]
fn what_the_program_printed_comes_after_the_message() {
    assert_eq!(
        message("olá\nde novo\n", "uma frase"),
        format!("uma frase\n  em {FILE}:40\nsaída do seu programa:\nolá\nde novo")
    );
    let stderr = format!("[{FILE}:3:1] 1 + 1 = 2\n\nthread 'main' (1) panicked at {FILE}:40:9:\nfrase\n{NOTE}");
    let expected = format!("frase\n  em {FILE}:40\nsaída do seu programa:\nolá\n[{FILE}:3:1] 1 + 1 = 2");
    assert_eq!(failure(&native("olá\n", &stderr)).1, expected);
    assert_eq!(failure(&wasm("olá\n", &stderr)).1, expected);
}

#[test]
fn long_output_keeps_its_beginning_and_its_end() {
    let printed = (0..100).map(|line| format!("linha {line}\n")).collect::<String>();
    let text = message(&printed, "frase");
    assert!(text.contains("linha 11\n… (76 linhas omitidas) …\nlinha 88\n"), "{text}");
    let text = message(&format!("{}\n", "é".repeat(1000)), "frase");
    assert!(text.ends_with("é… (600 caracteres omitidos)"), "{text}");
}

#[test]
fn terminal_sequences_do_not_get_through() {
    let text = message("\u{1b}]0;título\u{7}\u{1b}[2Jolá\u{8}\r\n", "\u{1b}[31mvermelho\u{1b}[0m \u{7}fim");
    assert_eq!(text, format!("vermelho fim\n  em {FILE}:40\nsaída do seu programa:\nolá"));
}

#[test]
fn a_stack_overflow_has_one_sentence_everywhere() {
    let announced = "\nrunning 1 test\ntest retries::a ... ";
    let mut messages =
        ["call stack exhausted", "RangeError: Maximum call stack size exceeded", "InternalError: too much recursion"]
            .map(|trap| failure(&execution(Ending::Trapped(trap.to_owned()), announced, "")))
            .to_vec();
    let stderr =
        "\nthread 'retries::a' (15476) has overflowed its stack\nfatal runtime error: stack overflow, aborting\n";
    messages.push(failure(&execution(Ending::Trapped("sinal SIGABRT".to_owned()), "\nrunning 1 test\n", stderr)));
    messages.push(failure(&execution(
        Ending::Trapped("RuntimeError: memory access out of bounds".to_owned()),
        announced,
        "",
    )));
    messages.push(failure(&execution(Ending::Trapped("exceção STATUS_STACK_OVERFLOW".to_owned()), "", "")));
    for message in messages {
        assert_eq!(message, (Status::Failed, super::wording::STACK.to_owned()));
    }
}

#[test]
fn running_out_of_memory_has_one_sentence_everywhere() {
    let wasm = wasm("", &format!("memory allocation of 2147483647 bytes failed\n{NOTE}"));
    let native = execution(
        Ending::Trapped("sinal SIGABRT".to_owned()),
        "\nrunning 1 test\n",
        &format!("memory allocation of 9223372036854775807 bytes failed\n{NOTE}"),
    );
    let limit = execution(Ending::MemoryLimit, "\nrunning 1 test\ntest retries::a ... ", "");
    for run in [wasm, native, limit] {
        assert_eq!(failure(&run), (Status::Failed, super::wording::MEMORY.to_owned()));
    }
}

#[test]
fn waiting_forever_is_a_timeout_also_where_std_panics_instead() {
    let place = "/usr/lib/rustlib/src/rust/library/std/src/sys/sync/condvar/no_threads.rs:20:9";
    let stderr = format!("\nthread 'main' (1) panicked at {place}:\ncondvar wait not supported\n{NOTE}");
    let native = execution(Ending::Timeout, "\nrunning 1 test\nolá\n", "");
    assert_eq!(failure(&wasm("olá\n", &stderr)), failure(&native));
    assert_eq!(failure(&native).0, Status::Timeout);
    // Dito pelo próprio código, é só um pânico.
    let stderr = format!("\nthread 'main' (1) panicked at {FILE}:40:9:\ncondvar wait not supported\n{NOTE}");
    assert_eq!(failure(&wasm("", &stderr)).0, Status::Failed);
}

#[test]
fn an_abort_and_an_unknown_trap_have_their_sentences() {
    let abort = failure(&wasm("", ""));
    assert_eq!(abort, (Status::Failed, super::wording::TRAPPED.to_owned()));
    assert_eq!(failure(&execution(Ending::Trapped("sinal SIGABRT".to_owned()), "\nrunning 1 test\n", "")), abort);
    let (_, message) = failure(&execution(Ending::Trapped("sinal SIGSEGV".to_owned()), "", ""));
    assert_eq!(message, "o programa foi interrompido antes do fim: sinal SIGSEGV");
    let (_, message) = failure(&execution(Ending::Trapped("sinal SIGKILL".to_owned()), "", ""));
    assert!(message.starts_with("o sistema encerrou o programa à força"), "{message}");
}

#[test]
fn a_returned_error_is_shown() {
    let failed = summary("FAILED", 0, 1);
    let tail = format!("FAILED\n\nfailures:\n\nfailures:\n    retries::a\n\n{failed}");
    let wasm = format!("\nrunning 1 test\ntest retries::a ... olá\n{tail}");
    let native = format!("\nrunning 1 test\nolá\ntest retries::a ... {tail}");
    for stdout in [wasm, native] {
        let (status, message) = failure(&execution(Ending::Exited(101), &stdout, "Error: Cheia { limite: 3 }\n"));
        assert_eq!(status, Status::Failed);
        assert_eq!(message, "o teste devolveu um erro: Cheia { limite: 3 }\nsaída do seu programa:\nolá");
    }
}

const FRAME: &str = "\
━━━━━━━━━━━━━━━━━━━━━━━━━━━━ Snapshot Summary ━━━━━━━━━━━━━━━━━━━━━━━━━━━━
Snapshot: a
Source: /:44
──────────────────────────────────────────────────────────────────────────
Expression: timeline.render()
──────────────────────────────────────────────────────────────────────────
-old snapshot
+new results
────────────┬─────────────────────────────────────────────────────────────
    1     1 │ um
    2       │-três │ 3
          2 │+quatro
┈┈┈┈┈┈┈┈┈┈┈┈┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
    9     9 │ nove
────────────┴─────────────────────────────────────────────────────────────
Stopped on the first failure. Run `cargo insta test` to run all snapshots.
";

#[test]
fn a_failed_snapshot_shows_the_difference_without_the_frame() {
    let place = "/home/ana/.cargo/registry/src/index.crates.io-1949/insta-1.49.0/src/runtime.rs:734:13";
    let text = message_at(&format!("antes\n{FRAME}"), place, "snapshot assertion for 'a' failed in line 44");
    assert_eq!(
        text,
        "o resultado difere do esperado (`-` é o que o teste espera, `+` é o que o código deu):\n  um\n- três │ 3\n+ quatro\n  …\n  nove\n  no \
         `assert_snapshot!` da linha 44 do arquivo de testes\nsaída do seu programa:\nantes"
    );
    let text = message_at("", place, "snapshot assertion for 'a' failed in line 44");
    assert_eq!(text, "o resultado difere do esperado\n  no `assert_snapshot!` da linha 44 do arquivo de testes");
}

#[test]
fn an_unfinished_frame_stays_as_output() {
    let frame = FRAME.lines().take(4).collect::<Vec<_>>().join("\n");
    let text = message(&format!("{frame}\n"), "frase");
    assert!(text.contains("Snapshot Summary"), "{text}");
}

#[test]
fn a_lab_that_complained_is_quoted_and_one_that_returned_is_fine() {
    assert_eq!(explain(&execution(Ending::Returned, "{}", "aviso")), None);
    let refused = execution(Ending::Exited(1), "", "a semente precisa ser um número\n");
    assert_eq!(explain(&refused).as_deref(), Some("a semente precisa ser um número"));
    let silent = execution(Ending::Exited(3), "", "");
    assert_eq!(explain(&silent).as_deref(), Some("o programa terminou com o código 3 sem dizer por quê"));
    let stderr = format!("\nthread 'main' (1) panicked at exercises/a.rs:1:2:\nnot yet implemented: a fila\n{NOTE}");
    let panicked = execution(Ending::Trapped(UNREACHABLE.to_owned()), "", &stderr);
    assert_eq!(explain(&panicked).as_deref(), Some("ainda não foi escrito: a fila\n  em exercises/a.rs:1"));
}
