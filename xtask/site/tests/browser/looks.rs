//! Cada página em cada tema e largura: nada transborda, e uma fotografia fica em `target/screenshots`.

use serde_json::json;

use crate::bench::Bench;

const WIDTHS: [(&str, u32, u32); 2] = [("desktop", 1280, 900), ("phone", 390, 844)];
const THEMES: [&str; 2] = ["light", "navy"];

pub async fn every_page_fits_every_width_and_theme(bench: &Bench) {
    let mut pages = vec!["introduction".to_owned(), "glossary".to_owned()];
    for chapter in &bench.course.chapters {
        pages.push(format!("{}/index", chapter.slug()));
        pages.extend(chapter.steps.iter().map(|step| step.id.to_string()));
    }
    let page = bench.open("introduction.html").await;
    for theme in THEMES {
        page.script("localStorage.setItem('mdbook-theme', arguments[0])", vec![json!(theme)]).await;
        for (width_name, width, height) in WIDTHS {
            page.resize(width, height).await;
            for name in &pages {
                page.goto(&format!("{}/{name}.html", bench.server)).await;
                page.ready().await;
                let applied =
                    page.script("return document.documentElement.classList.contains(arguments[0])", vec![json!(theme)]);
                assert_eq!(applied.await, json!(true), "{name}: o tema {theme} não foi aplicado");
                let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
                let overflow = page.script(script, vec![]).await;
                assert_eq!(overflow, json!(0), "{name} transborda em {width} px ({theme})");
                page.photograph(&format!("{}-{theme}-{width_name}", name.replace('/', "-"))).await;
            }
        }
    }
    page.close().await;
}
