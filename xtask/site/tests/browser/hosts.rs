//! O navegador dá o mesmo veredito que a máquina, com os mesmos módulos que o sandbox roda.

use std::collections::BTreeMap;

use grader::build::{self, Target};
use grader::check;
use grader::course::Course;
use grader::score::Host;
use serde_json::{Value, json};
use wasi_host::Verdict;

use crate::bench::Bench;
use crate::page::Page;
use crate::published::Published;

pub async fn the_browser_agrees_with_the_machine(bench: &Bench) {
    let site = Published::start(bench).await;
    let page = site.open(bench, "introduction.html").await;
    // O curso de verdade, e não a cópia em que os outros cenários escrevem: o que a etapa anterior já compilou vale aqui.
    let course = Course::find().unwrap();
    for chapter in &course.chapters {
        for source in check::parity_sources(&course, chapter).unwrap() {
            let (machine, module) = tokio::task::block_in_place(|| {
                let built = build::build_tests(&course, chapter, &source, Target::Wasm).unwrap();
                (
                    check::verdicts(&course, chapter, source.clone(), Host::Native).unwrap(),
                    build::read_artifact(&built.artifact).unwrap(),
                )
            });
            let browser = in_browser(&page, &site.add("parity.wasm", &module)).await;
            assert!(!machine.is_empty());
            for (name, expected) in &machine {
                assert_eq!(browser.get(name), Some(expected), "{name} ({})", source.name());
            }
            assert_eq!(browser.len(), machine.len());
        }
    }
    page.close().await;
}

/// Roda o módulo inteiro na página, como o botão faz com o de um passo.
async fn in_browser(page: &Page, module: &str) -> BTreeMap<String, Verdict> {
    let script = "const [url, done] = arguments; window.caderno.runModule(url).then(done, (e) => done(String(e)));";
    let answer = page.client.execute_async(script, vec![json!(module)]).await.unwrap();
    let Value::Array(results) = answer else { panic!("a página não rodou os testes: {answer}") };
    results
        .into_iter()
        .map(|result| {
            let name = result["name"].as_str().unwrap().to_owned();
            (name, serde_json::from_value(result["verdict"].clone()).unwrap())
        })
        .collect()
}
