//! As perguntas do capítulo, no site publicado: responder, ler os porquês, tentar de novo e voltar depois.

use std::mem::{Discriminant, discriminant};

use grader::quiz::{self, Choice, Kind, Question};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::page::Page;
use crate::published::Published;

/// Onde a página guarda o que foi respondido.
const KEY: &str = "caderno.quiz.v1";

/// Uma pergunta na página.
struct Asked<'a> {
    page: &'a Page,
    question: &'a Question,
}

impl Asked<'_> {
    fn section(&self) -> String {
        format!("[data-question='{}']", self.question.id)
    }

    fn css(&self, inside: &str) -> String {
        format!("{} {inside}", self.section())
    }

    /// Responde; errado, com um engano que a pergunta conhece.
    async fn answer(&self, right: bool) {
        match &self.question.kind {
            Kind::Single(options) | Kind::Several(options) => {
                for (number, Choice { right: wanted, .. }) in (1..).zip(options) {
                    if *wanted == right {
                        self.page.click(&self.css(&format!("li:nth-child({number}) input"))).await;
                    }
                }
            }
            Kind::Number { answer, mistakes, .. } => {
                self.page.click(&self.css("input")).await;
                let number = if right { *answer } else { mistakes[0].value };
                self.page.script("document.activeElement.select()", vec![]).await;
                self.page.type_here(&number.to_string().replace('.', ",")).await;
            }
            // Embaralhados, os itens nunca estão em ordem.
            Kind::Order(items) if right => self.sort(items.len()).await,
            Kind::Order(_) => {}
        }
        self.page.click(&self.css(".pergunta-responder")).await;
        let verdict = if right { "Resposta certa" } else { "Ainda não" };
        self.page.text_with(&self.css(".pergunta-veredito"), verdict).await;
    }

    /// Sobe cada item até o lugar dele.
    async fn sort(&self, length: usize) {
        for place in 1..=length {
            let item = self.css(&format!("li[data-place='{place}']"));
            let above = "return [...document.querySelector(arguments[0]).parentElement.children].indexOf(document.querySelector(arguments[0]))";
            let from = self.page.script(above, vec![json!(item)]).await.as_u64().unwrap();
            for _ in place as u64 - 1..from {
                self.page.click(&format!("{item} .item-mover button")).await;
            }
        }
    }

    /// O que se lê da pergunta neste momento.
    async fn reads(&self) -> String {
        self.page.text(&self.section()).await
    }

    /// Os porquês que uma resposta (certa ou errada) mostra, e os que ela não mostra.
    fn whys(&self, right: bool) -> (Vec<&str>, Vec<&str>) {
        let mut shown = vec![self.question.why.as_str()];
        let mut hidden = Vec::new();
        match &self.question.kind {
            Kind::Single(options) | Kind::Several(options) => shown.extend(options.iter().map(|one| one.why.as_str())),
            Kind::Order(items) => shown.extend(items.iter().map(|one| one.why.as_str())),
            Kind::Number { mistakes, .. } => {
                let (made, others) = mistakes.split_at(usize::from(!right));
                shown.extend(made.iter().map(|one| one.why.as_str()));
                hidden.extend(others.iter().map(|one| one.why.as_str()));
            }
        }
        (shown, hidden)
    }

    async fn explains(&self, right: bool) {
        let read = plain(&self.reads().await);
        let (shown, hidden) = self.whys(right);
        for why in shown {
            assert!(read.contains(&plain(why)), "falta {why:?} em:\n{read}");
        }
        for why in hidden {
            assert!(!read.contains(&plain(why)), "sobra {why:?} em:\n{read}");
        }
    }

    async fn explains_nothing(&self) {
        let read = plain(&self.reads().await);
        let (shown, hidden) = self.whys(true);
        for why in shown.into_iter().chain(hidden) {
            assert!(!read.contains(&plain(why)), "sobra {why:?} em:\n{read}");
        }
    }

    async fn result(&self) -> Value {
        self.page
            .script("return document.querySelector(arguments[0]).dataset.result ?? null", vec![json!(self.section())])
            .await
    }
}

/// O texto como a página o mostra: sem as marcas do Markdown e em uma linha só.
fn plain(text: &str) -> String {
    text.replace(['`', '*'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A primeira pergunta de cada tipo é errada, explicada e depois acertada; as outras são acertadas de primeira.
pub async fn every_answer_is_explained_and_remembered(bench: &Bench) {
    let chapter = bench.course.chapter("async-invocation").unwrap();
    let quiz = quiz::load(&bench.course, chapter).unwrap();
    let site = Published::start(bench).await;
    let page = site.open(bench, "async-invocation/quiz.html").await;
    let of_another_edition = json!({ "questions": { "old/gone": "first" }, "new": 1 });
    page.script(
        "localStorage.setItem(arguments[0], arguments[1])",
        vec![json!(KEY), json!(of_another_edition.to_string())],
    )
    .await;
    page.text_with(".quiz-placar", &format!("0 de {} certas", quiz.questions.len())).await;

    let mut kinds: Vec<Discriminant<Kind>> = Vec::new();
    let mut expected = Vec::new();
    for (number, question) in (1..).zip(&quiz.questions) {
        let asked = Asked { page: &page, question };
        asked.explains_nothing().await;
        if !matches!(question.kind, Kind::Order(_)) {
            page.click(&asked.css(".pergunta-responder")).await;
            page.text_with(&asked.css(".pergunta-veredito"), "Esc").await;
            assert_eq!(asked.result().await, Value::Null, "sem escolher nada não há resposta");
        }
        let kind = discriminant(&question.kind);
        let first_of_kind = !kinds.contains(&kind);
        kinds.push(kind);
        if first_of_kind {
            asked.answer(false).await;
            asked.explains(false).await;
            assert_eq!(asked.result().await, "wrong");
            page.photograph(&format!("quiz-wrong-{}", question.id)).await;
            page.click(&asked.css(".pergunta-responder")).await;
            asked.explains_nothing().await;
        }
        asked.answer(true).await;
        asked.explains(true).await;
        expected.push(if first_of_kind { "right" } else { "first" });
        page.text_with(".quiz-placar", &format!("{number} de {} certas", quiz.questions.len())).await;
    }
    assert_eq!(kinds.len() - expected.iter().filter(|result| **result == "first").count(), 4, "os quatro tipos");

    page.client.refresh().await.unwrap();
    page.ready().await;
    page.text_with(".quiz-placar", &format!("{0} de {0} certas", quiz.questions.len())).await;
    for (question, expected) in quiz.questions.iter().zip(expected) {
        assert_eq!(Asked { page: &page, question }.result().await, expected, "{}", question.id);
    }
    let stored = page.script("return localStorage.getItem(arguments[0])", vec![json!(KEY)]).await;
    let stored: Value = serde_json::from_str(stored.as_str().unwrap()).unwrap();
    assert_eq!(stored["questions"]["old/gone"], "first", "o que outra edição guardou fica: {stored}");
    assert_eq!(stored["new"], 1);
    page.photograph("quiz-done").await;
    page.close().await;
}
