//! Cada página nos dois temas e nas duas larguras: nada transborda, e uma fotografia fica em `target/screenshots`.
//!
//! O tema não mexe nas medidas, então duas combinações bastam; as quatro são fotografadas nos laboratórios.

use serde_json::json;

use crate::bench::Bench;
use crate::page::TWO_LOOKS;

pub async fn every_page_fits_every_width_and_theme(bench: &Bench) {
    let mut pages = vec!["introduction".to_owned(), "glossary".to_owned(), "cheat-sheet".to_owned()];
    for chapter in &bench.course.chapters {
        pages.push(format!("{}/index", chapter.slug()));
        pages.extend(chapter.steps.iter().map(|step| step.id.to_string()));
        pages.push(format!("{}/quiz", chapter.slug()));
    }
    let page = bench.open("introduction.html").await;
    for look in TWO_LOOKS {
        page.wear(look).await;
        for name in &pages {
            page.goto(&format!("{}/{name}.html", bench.server)).await;
            page.ready().await;
            let wears = "return document.documentElement.classList.contains(arguments[0])";
            assert_eq!(page.script(wears, vec![json!(look.theme)]).await, json!(true), "{name}: {look:?}");
            let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(page.script(overflow, vec![]).await, json!(0), "{name} transborda: {look:?}");
            page.photograph(&format!("{}-{}", name.replace('/', "-"), look.name)).await;
        }
    }
    page.close().await;
}
