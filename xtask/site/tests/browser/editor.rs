//! O editor: o arquivo do leitor, na página e no disco.

use std::fs;

use grader::starter;
use serde_json::json;

use crate::bench::Bench;
use crate::page::{LOOKS, Look, Page};

const QUEUE: &str = "async-invocation/queue.html";

async fn open(bench: &Bench) -> (Page, String) {
    open_in(bench, LOOKS[0]).await
}

async fn open_in(bench: &Bench, look: Look) -> (Page, String) {
    let starter = bench.starter("async-invocation/queue");
    let page = bench.open_in(QUEUE, look).await;
    page.situation("saved").await;
    assert_eq!(page.editor_text().await, starter, "o editor mostra o arquivo do disco");
    (page, starter)
}

fn on_disk(bench: &Bench) -> String {
    fs::read_to_string(bench.step_file("async-invocation/queue")).unwrap()
}

pub async fn a_right_answer_typed_in_the_page_turns_green(bench: &Bench) {
    for look in LOOKS {
        let (page, starter) = open_in(bench, look).await;
        let answer = bench.answer("async-invocation/queue");
        page.type_over(&answer).await;
        page.situation("dirty").await;
        assert_eq!(on_disk(bench), starter, "nada é gravado antes de alguém pedir");
        page.run_tests().await;
        assert_eq!(on_disk(bench), answer, "rodar grava o que está na tela");
        assert_eq!(page.tests_in("passed").await, page.count("li[data-test]").await);
        page.text_with(".passo-resposta", "solutions/").await;
        page.photograph(&format!("editor-green-{}", look.name)).await;
        page.close().await;
    }
}

pub async fn a_compile_error_is_marked_on_its_line(bench: &Bench) {
    let (page, starter) = open(bench).await;
    let line = starter.lines().count() + 1;
    page.type_over(&format!("{starter}fn quebrado() -> u32 {{ \"texto\" }}\n")).await;
    page.run_tests().await;
    page.text_with(".mensagem-lugar", &format!("linha {line}")).await;
    page.text_with(".mensagem-texto", "mismatched types").await;
    assert!(page.tests_in("not-compiled").await > 0);
    // A margem só desenha as linhas visíveis: a mensagem leva até a sua.
    page.click("button.mensagem-lugar").await;
    let marked = "const cell = [...document.querySelectorAll('.ace_gutter-cell.ace_error')]\
                  .find((cell) => parseInt(cell.textContent) === arguments[0]); return cell ? true : null;";
    page.until(marked, json!([line])).await;
    page.photograph("editor-error").await;
    page.close().await;
}

pub async fn an_infinite_loop_is_cancelled(bench: &Bench) {
    let looping =
        starter::with_body(&bench.answer("async-invocation/queue"), "loop { std::hint::black_box(()); }").unwrap();
    for look in LOOKS {
        let (page, _) = open_in(bench, look).await;
        page.type_over(&looping).await;
        page.click(".passo-rodar").await;
        page.find("li[data-test][data-state=running]").await;
        page.click(".passo-cancelar").await;
        page.text_with(".passo-estado", "cancelada").await;
        page.finished().await;
        assert_eq!(page.tests_in("running").await, 0);
        assert!(page.tests_in("cancelled").await > 0, "o que não rodou ficou marcado");
        page.close().await;
    }
}

pub async fn a_file_changed_on_disk_reaches_a_clean_editor(bench: &Bench) {
    let (page, starter) = open(bench).await;
    let changed = format!("{starter}// salvo em outro editor\n");
    fs::write(bench.step_file("async-invocation/queue"), &changed).unwrap();
    let shows = "return window.ace.edit(document.querySelector('.ace_editor')).getValue() === arguments[0] || null";
    page.until(shows, json!([changed])).await;
    page.close().await;
}

pub async fn a_file_changed_on_disk_never_overwrites_what_was_typed(bench: &Bench) {
    let (page, starter) = open(bench).await;
    let mine = format!("{starter}// meu\n");
    page.type_over(&mine).await;
    page.situation("dirty").await;
    let theirs = format!("{starter}// do outro editor\n");
    fs::write(bench.step_file("async-invocation/queue"), &theirs).unwrap();
    page.situation("conflict").await;
    assert_eq!(page.editor_text().await, mine, "o que foi digitado continua na tela");
    page.click(".passo-rodar").await;
    page.text_with(".passo-estado", "escolha").await;
    assert_eq!(on_disk(bench), theirs, "nem rodar grava por cima do que mudou no disco");
    page.photograph("editor-conflict").await;
    page.click(".editor-versao:nth-of-type(1) .editor-escolha").await;
    page.situation("saved").await;
    assert_eq!(on_disk(bench), mine, "só a escolha grava");
    page.close().await;
}

pub async fn unsaved_text_survives_a_reload(bench: &Bench) {
    let (page, starter) = open(bench).await;
    let mine = format!("{starter}// ainda não salvei\n");
    page.type_over(&mine).await;
    page.situation("dirty").await;
    page.script("window.addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true)", vec![]).await;
    page.goto("about:blank").await;
    page.goto(&format!("{}/{QUEUE}", bench.server)).await;
    page.ready().await;
    page.situation("dirty").await;
    assert_eq!(page.editor_text().await, mine);
    assert_eq!(on_disk(bench), starter);
    page.close().await;
}
