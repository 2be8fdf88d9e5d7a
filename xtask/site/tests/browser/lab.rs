//! O laboratório: a linha do tempo segue os controles.

use fantoccini::key::Key;
use serde_json::json;

use crate::bench::Bench;
use crate::page::{LOOKS, Look, Page};

async fn open(bench: &Bench) -> Page {
    open_in(bench, LOOKS[0]).await
}

async fn open_in(bench: &Bench, look: Look) -> Page {
    let page = bench.open_in("async-invocation/retries.html", look).await;
    page.find(".lab-origem").await.select_by_value("reference").await.unwrap();
    page.find(".lab [data-entry]").await;
    page
}

/// Põe um valor em um controle como quem o arrasta, e espera a frase do resumo mudar.
async fn set(page: &Page, control: &str, value: &str) -> String {
    let before = page.text(".lab-resumo").await;
    let script = "const [name, value] = arguments; const control = document.querySelector(`.lab [name=${name}]`); \
                  if (control.type === 'checkbox') control.checked = value === 'true'; else control.value = value; \
                  control.dispatchEvent(new Event('input', { bubbles: true }));";
    page.script(script, vec![json!(control), json!(value)]).await;
    let changed =
        "const text = document.querySelector('.lab-resumo').textContent; return text !== arguments[0] && text;";
    page.until(changed, json!([before])).await.as_str().unwrap().to_owned()
}

async fn entries(page: &Page) -> usize {
    page.count(".lab [data-entry]").await
}

pub async fn the_timeline_follows_the_controls(bench: &Bench) {
    for look in LOOKS {
        let page = open_in(bench, look).await;
        page.text_with(".lab-resumo", "3").await;
        let with_two_retries = entries(&page).await;
        page.photograph(&format!("lab-{}", look.name)).await;
        set(&page, "maximum_retry_attempts", "0").await;
        let without = entries(&page).await;
        assert!(
            without < with_two_retries,
            "sem novas tentativas há menos o que desenhar: {without} de {with_two_retries}"
        );
        let success = set(&page, "failure", "none").await;
        assert!(!success.is_empty());
        page.close().await;
    }
}

pub async fn the_timeline_is_read_by_keyboard(bench: &Bench) {
    let page = open(bench).await;
    let script = "document.querySelector('.lab [data-entry][tabindex=\"0\"]').focus(); return document.activeElement.dataset.entry";
    let first = page.script(script, vec![]).await;
    assert!(first.is_string(), "algum acontecimento recebe o foco do teclado");
    page.press(Key::Right).await;
    let moved =
        "const now = document.activeElement.dataset.entry; return now !== undefined && now !== arguments[0] && now;";
    page.until(moved, json!([first])).await;
    let named = "return document.querySelector('.lab svg title').textContent.length > 0 && \
                 document.querySelectorAll('.lab-tabela tr').length > 2";
    assert_eq!(page.script(named, vec![]).await, json!(true), "a figura tem nome e a tabela diz o mesmo em texto");
    page.close().await;
}

/// Com o esqueleto, o código do leitor não desenha nada: a página diz por quê e mostra a referência. Com a resposta, desenha.
pub async fn the_reader_code_draws_its_own_timeline(bench: &Bench) {
    let chapter = bench.course.chapter("async-invocation").unwrap();
    for step in &chapter.steps {
        bench.starter(&step.id.to_string());
    }
    let page = open(bench).await;
    page.find(".lab-origem").await.select_by_value("reader").await.unwrap();
    page.text_with(".lab-nota", "ainda não foi escrito").await;
    assert!(entries(&page).await > 0, "enquanto isso, a referência");
    for step in &chapter.steps {
        let answer = bench.answer(&step.id.to_string());
        std::fs::write(bench.course.root.join(chapter.exercise_file(step)), answer).unwrap();
    }
    page.find(".lab-origem").await.select_by_value("reference").await.unwrap();
    page.find(".lab-origem").await.select_by_value("reader").await.unwrap();
    page.until("return document.querySelector('.lab-nota').hidden || null", json!([])).await;
    assert!(entries(&page).await > 0);
    page.close().await;
}
