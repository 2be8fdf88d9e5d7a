//! Rodar os testes de um passo na página.

use crate::bench::Bench;
use crate::page::LOOKS;

pub async fn the_starter_is_red_with_a_message_that_teaches(bench: &Bench) {
    bench.starter("async-invocation/queue");
    for look in LOOKS {
        let page = bench.open_in("async-invocation/queue.html", look).await;
        let total = page.count("li[data-test]").await;
        assert!(total > 5, "a página lista {total} testes");
        page.run_tests().await;
        assert_eq!(page.tests_in("failed").await, total, "no esqueleto nada passa ({look:?})");
        page.text_with(".teste-mensagem:not([hidden])", "ainda não foi escrito").await;
        page.text_with(".passo-estado", &format!("0 de {total}")).await;
        page.photograph(&format!("step-red-{}", look.name)).await;
        page.close().await;
    }
}

pub async fn the_reference_is_green_and_counts_the_points(bench: &Bench) {
    bench.starter("async-invocation/retries");
    let page = bench.open("async-invocation/retries.html").await;
    let total = page.count("li[data-test]").await;
    let select = page.find(".passo-origem").await;
    select.select_by_value("reference").await.unwrap();
    page.run_tests().await;
    assert_eq!(page.tests_in("passed").await, total);
    let (_, step) = bench.course.find_step("async-invocation/retries").unwrap();
    page.text_with(".passo-estado", &format!("{0} de {0} pontos", step.points)).await;
    page.photograph("step-green").await;
    page.close().await;
}

pub async fn hints_open_one_by_one(bench: &Bench) {
    let page = bench.open("async-invocation/queue.html").await;
    let (_, step) = bench.course.find_step("async-invocation/queue").unwrap();
    assert_eq!(page.count(".passo-dica").await, step.hints.len());
    assert_eq!(page.count(".passo-dica[open]").await, 0, "nenhuma dica se mostra sem que peçam");
    page.click(".passo-dica:nth-of-type(1) summary").await;
    assert_eq!(page.count(".passo-dica[open]").await, 1);
    page.close().await;
}
