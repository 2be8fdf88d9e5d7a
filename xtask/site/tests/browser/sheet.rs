//! A folha de consulta no papel.

use fantoccini::wd::{PrintConfigurationBuilder, PrintSize};
use serde_json::json;

use crate::bench::Bench;
use crate::page::LOOKS;

pub async fn the_sheet_prints_on_one_page(bench: &Bench) {
    for look in [LOOKS[0], LOOKS[3]] {
        let page = bench.open_in("cheat-sheet.html", look).await;
        let left = page.script("return document.querySelector('main').textContent.includes('{{')", vec![]).await;
        assert_eq!(left, json!(false), "sobrou um marcador na folha");

        let paper = PrintConfigurationBuilder::default().size(PrintSize::A4).shrink_to_fit(false).build().unwrap();
        let pdf = page.client.print(paper).await.unwrap();
        page.keep(&format!("cheat-sheet-{}.pdf", look.name), &pdf);
        assert_eq!(pages(&pdf), 1, "a folha passou de uma página A4, no tema {}", look.theme);
        page.close().await;
    }
}

/// Quantas páginas tem o PDF: cada uma é um objeto do tipo `Page`.
fn pages(pdf: &[u8]) -> usize {
    const PAGE: &[u8] = b"/Type /Page";
    let starts = pdf.windows(PAGE.len() + 1).filter(|window| window.starts_with(PAGE));
    starts.filter(|window| !window[PAGE.len()].is_ascii_alphabetic()).count()
}
