//! O navegador dá o mesmo veredito que a máquina: no esqueleto, na resposta e em uma resposta errada de cada passo.

use std::collections::BTreeMap;
use std::fs;

use grader::build::Source;
use grader::check;
use grader::course::Chapter;
use grader::run::Options;
use grader::score::{self, Host, Request};
use serde_json::{Value, json};
use wasi_host::Verdict;

use crate::bench::Bench;
use crate::page::Page;

pub async fn the_browser_agrees_with_the_machine(bench: &Bench) {
    let page = bench.open("introduction.html").await;
    for chapter in &bench.course.chapters {
        let rounds = check::wrong_rounds(&bench.course, chapter).unwrap();
        assert!(!rounds.is_empty());
        for source in
            [Source::Starter, Source::Solution].into_iter().chain(rounds.into_iter().take(1).map(|(source, _)| source))
        {
            write_as_reader(bench, chapter, &source);
            let machine = tokio::task::block_in_place(|| on_machine(bench, chapter));
            let browser = in_browser(&page, chapter).await;
            assert!(!machine.is_empty());
            for (name, expected) in &machine {
                assert_eq!(browser.get(name), Some(expected), "{name} ({})", source.name());
            }
            assert_eq!(browser.len(), machine.len());
        }
    }
    page.close().await;
}

/// Põe os arquivos da variante no lugar dos do leitor, na cópia: daí em diante é o caminho que o leitor faz.
fn write_as_reader(bench: &Bench, chapter: &Chapter, source: &Source) {
    for step in &chapter.steps {
        let solution = bench.answer(&step.id.to_string());
        let text = match source {
            Source::Starter => grader::build::starter_of(&bench.course, chapter, step).unwrap(),
            Source::Overlay { files, .. } => {
                files.get(&step.id).map_or(solution, |file| fs::read_to_string(bench.course.root.join(file)).unwrap())
            }
            Source::Solution | Source::Reader => solution,
        };
        fs::write(bench.course.root.join(chapter.exercise_file(step)), text).unwrap();
    }
}

fn on_machine(bench: &Bench, chapter: &Chapter) -> BTreeMap<String, Verdict> {
    let steps: Vec<_> = chapter.steps.iter().collect();
    let request = Request { source: Source::Reader, host: Host::Native, options: Options::default() };
    let report = score::grade(&bench.course, chapter, &steps, &request).unwrap();
    let tests = report.steps.into_iter().flat_map(|step| step.tests);
    tests.map(|test| (test.name, Verdict { status: test.status, message: test.message })).collect()
}

/// Pede a compilação ao servidor, como o botão faz, e roda o módulo inteiro na página.
async fn in_browser(page: &Page, chapter: &Chapter) -> BTreeMap<String, Verdict> {
    let script = "const [url, done] = arguments; const config = JSON.parse(document.querySelector('#caderno-config').textContent);\
                  fetch(url, { method: 'POST', headers: { 'x-caderno-token': config.token } }).then((r) => r.json())\
                  .then((build) => window.caderno.runModule(build.tests)).then(done, (e) => done(String(e)));";
    let url = format!("/api/build/{}/{}", chapter.slug(), chapter.steps[0].name());
    let answer = page.client.execute_async(script, vec![json!(url)]).await.unwrap();
    let Value::Array(results) = answer else { panic!("a página não rodou os testes: {answer}") };
    results
        .into_iter()
        .map(|result| {
            let name = result["name"].as_str().unwrap().to_owned();
            (name, serde_json::from_value(result["verdict"].clone()).unwrap())
        })
        .collect()
}
