//! As perguntas do capítulo, no lugar de `{{#quiz}}`.
//!
//! Sem JavaScript cada alternativa traz o seu porquê em um `<details>`, e a página serve para ler e conferir. Com ele, `caderno/app.js`
//! esconde os porquês até que se responda. As respostas estão no HTML: quem abre o código-fonte para vê-las só engana a si mesmo.

use std::fmt::Write;

use grader::course::{Chapter, Course};
use grader::quiz::{self, Choice, Item, Kind, Mistake, Question, Quiz};
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use sha2::{Digest, Sha256};

use super::quiz_page;
use crate::html::{block_markdown, escape, inline_markdown};
use crate::{Problem, Problems, markers};

/// Põe as perguntas na página de cada capítulo que as tem.
pub struct QuizPanels {
    course: Course,
}

impl QuizPanels {
    pub fn new(course: Course) -> Self {
        Self { course }
    }
}

impl Preprocessor for QuizPanels {
    fn name(&self) -> &str {
        markers::QUIZ
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let mut problems = Vec::new();
        book.for_each_mut(|item| {
            if let BookItem::Chapter(page) = item
                && let Some(chapter) = page.source_path.as_deref().and_then(|source| quiz_page(&self.course, source))
            {
                match quiz::load(&self.course, chapter) {
                    Ok(quiz) => {
                        let html = panel(&self.course, chapter, &quiz);
                        page.content = markers::replace(&page.content, markers::QUIZ, &html);
                    }
                    Err(faults) => problems.extend(faults.into_iter().map(Problem::from)),
                }
            }
        });
        Problems::none_of(problems)?;
        Ok(book)
    }
}

/// O HTML das perguntas, sem linha em branco no meio: para o Markdown ele é um bloco só.
fn panel(course: &Course, chapter: &Chapter, quiz: &Quiz) -> String {
    let slug = escape(chapter.slug());
    let mut out =
        format!("<section class=\"quiz\" data-chapter=\"{slug}\">\n<p class=\"quiz-placar\" role=\"status\"></p>\n");
    for (number, question) in (1..).zip(&quiz.questions) {
        push_question(&mut out, course, chapter, number, question);
    }
    out.push_str("</section>");
    out
}

fn push_question(out: &mut String, course: &Course, chapter: &Chapter, number: usize, question: &Question) {
    let id = escape(&question.id);
    let name = escape(&format!("{}/{}", chapter.slug(), question.id));
    let text = block_markdown(&question.text);
    let (kind, task) = match &question.kind {
        Kind::Single(_) => ("single", "Escolha uma alternativa"),
        Kind::Several(_) => ("several", "Marque todas as que valem"),
        Kind::Number { .. } => ("number", "Responda com um número"),
        Kind::Order(_) => ("order", "Ponha em ordem, do primeiro ao último"),
    };
    // Escrever em `String` não falha.
    let _ = write!(
        out,
        r##"<section class="pergunta" data-question="{id}" data-kind="{kind}">
<h2 id="{id}"><a class="header" href="#{id}">Pergunta {number}</a></h2>
<p class="pergunta-estado" hidden></p>
<div class="pergunta-texto" id="{id}-texto">
{text}
</div>
<fieldset aria-describedby="{id}-texto">
<legend>{task}</legend>
"##
    );
    match &question.kind {
        Kind::Single(options) => push_options(out, "radio", &name, options),
        Kind::Several(options) => push_options(out, "checkbox", &name, options),
        Kind::Number { answer, unit, .. } => {
            let unit = escape(unit);
            let _ = writeln!(
                out,
                r#"<p class="pergunta-numero"><label>Resposta: <input type="text" inputmode="decimal" autocomplete="off" size="10" name="{name}" data-answer="{answer}" data-unit="{unit}"> {unit}</label></p>"#
            );
        }
        Kind::Order(items) => push_items(out, chapter, question, items),
    }
    out.push_str(
        r#"</fieldset>
<div class="pergunta-acoes"><button type="button" class="pergunta-responder">Responder</button><p class="pergunta-veredito" role="status"></p></div>
"#,
    );
    push_why(out, course, chapter, question);
    out.push_str("</section>\n");
}

fn push_options(out: &mut String, input: &str, name: &str, options: &[Choice]) {
    out.push_str("<ul class=\"pergunta-opcoes\">\n");
    for Choice { text, right, why, .. } in options {
        let (text, why) = (inline_markdown(text), inline_markdown(why));
        let words = if *right { "✓ Certa." } else { "✗ Errada." };
        let _ = writeln!(
            out,
            r#"<li data-right="{right}"><label><input type="{input}" name="{name}" autocomplete="off"> <span>{text}</span></label><details><summary>É esta?</summary><p><strong class="opcao-veredito">{words}</strong> {why}</p></details></li>"#
        );
    }
    out.push_str("</ul>\n");
}

fn push_items(out: &mut String, chapter: &Chapter, question: &Question, items: &[Item]) {
    out.push_str("<ul class=\"pergunta-itens\">\n");
    let seed = format!("{}/{}", chapter.slug(), question.id);
    for place in shuffled(items.len(), &seed) {
        let Item { text, why, .. } = &items[place];
        let (place, text, why) = (place + 1, inline_markdown(text), inline_markdown(why));
        let _ = writeln!(
            out,
            r#"<li data-place="{place}"><span class="item-texto">{text}</span><details><summary>Em que lugar?</summary><p><strong class="opcao-veredito">{place}º.</strong> {why}</p></details></li>"#
        );
    }
    out.push_str("</ul>\n");
}

/// O raciocínio, os números errados que se esperam e o passo a reler.
fn push_why(out: &mut String, course: &Course, chapter: &Chapter, question: &Question) {
    let summary = if matches!(question.kind, Kind::Number { .. }) { "A resposta" } else { "O raciocínio" };
    let _ = writeln!(out, r#"<details class="pergunta-porque"><summary>{summary}</summary>"#);
    if let Kind::Number { answer, unit, mistakes } = &question.kind {
        let _ = writeln!(out, r#"<p class="pergunta-certa"><strong>{}</strong></p>"#, quantity(*answer, unit));
        out.push_str("<ul class=\"pergunta-enganos\">\n");
        for Mistake { value, why } in mistakes {
            let (shown, why) = (quantity(*value, unit), inline_markdown(why));
            let _ = writeln!(out, r#"<li data-value="{value}"><strong>{shown}:</strong> <span>{why}</span></li>"#);
        }
        out.push_str("</ul>\n");
    }
    let step = grader::course::StepId::new(chapter.slug(), question.about.as_str());
    let title = course.step(&step).map_or(question.about.as_str(), |(_, step)| step.title.as_str());
    let (why, about, title) = (block_markdown(&question.why), escape(&question.about), inline_markdown(title));
    // O mdBook troca o `.md`, e acerta o caminho na página de impressão.
    let _ =
        writeln!(out, "{why}\n<p class=\"pergunta-releia\">Releia: <a href=\"{about}.md\">{title}</a></p>\n</details>");
}

/// Um número com a unidade, como se escreve em português: `5.400 s`, `64,2 %`, `1 falha`.
fn quantity(value: f64, unit: &str) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        // Quatro algarismos já ganham o ponto, como no resto do livro.
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    let unit = if value.abs() == 1.0 { singular(unit) } else { unit.to_owned() };
    let sign = if value < 0.0 { "−" } else { "" };
    let fraction = if fraction.is_empty() { String::new() } else { format!(",{fraction}") };
    format!("{sign}{grouped}{fraction} {}", escape(&unit)).trim_end().to_owned()
}

/// A unidade de um só: o TOML a diz no plural. Um símbolo (`s`, `ms`, `MB`) não muda.
fn singular(unit: &str) -> String {
    const ENDINGS: [(&str, &str); 4] = [("ões", "ão"), ("ns", "m"), ("zes", "z"), ("s", "")];
    let ending = ENDINGS.iter().find(|(many, _)| unit.chars().count() > 2 && unit.ends_with(many));
    ending.map_or(unit.to_owned(), |(many, one)| format!("{}{one}", &unit[..unit.len() - many.len()]))
}

/// Uma ordem que depende só da pergunta, a mesma em toda geração do site, e que nunca é a certa.
fn shuffled(length: usize, seed: &str) -> Vec<usize> {
    let mut order: Vec<_> = (0..length).collect();
    order.sort_by_key(|index| Sha256::digest(format!("{seed}#{index}")).to_vec());
    if order.is_sorted() {
        order.rotate_left(1);
    }
    order
}

#[cfg(test)]
mod tests {
    use grader::quiz::Value;

    use super::*;
    use crate::panels::tests::course;

    fn choice(text: &str, right: bool) -> Choice {
        Choice { text: text.into(), value: Value::Text(text.into()), right, why: "porque *sim*".into() }
    }

    fn item(text: &str) -> Item {
        Item { text: text.into(), value: Value::Text(text.into()), why: "vem aqui".into() }
    }

    fn html(kind: Kind) -> String {
        let course = course();
        let question = Question {
            id: "some-id".into(),
            about: "retries".into(),
            text: "Uma cena com `código`.\n\n```text\na\n\nb\n```\n\nE a pergunta?".into(),
            why: "O raciocínio <inteiro>.".into(),
            kind,
        };
        panel(&course, &course.chapters[0], &Quiz { questions: vec![question] })
    }

    #[test]
    fn a_choice_follows_the_contract_with_the_page() {
        insta::assert_snapshot!(html(Kind::Single(vec![choice("uma `a`", false), choice("duas", true)])), @r##"
        <section class="quiz" data-chapter="async-invocation">
        <p class="quiz-placar" role="status"></p>
        <section class="pergunta" data-question="some-id" data-kind="single">
        <h2 id="some-id"><a class="header" href="#some-id">Pergunta 1</a></h2>
        <p class="pergunta-estado" hidden></p>
        <div class="pergunta-texto" id="some-id-texto">
        <p>Uma cena com <code>código</code>.</p>
        <pre><code class="language-text">a&#10;&#10;b&#10;</code></pre>
        <p>E a pergunta?</p>
        </div>
        <fieldset aria-describedby="some-id-texto">
        <legend>Escolha uma alternativa</legend>
        <ul class="pergunta-opcoes">
        <li data-right="false"><label><input type="radio" name="async-invocation/some-id" autocomplete="off"> <span>uma <code>a</code></span></label><details><summary>É esta?</summary><p><strong class="opcao-veredito">✗ Errada.</strong> porque <em>sim</em></p></details></li>
        <li data-right="true"><label><input type="radio" name="async-invocation/some-id" autocomplete="off"> <span>duas</span></label><details><summary>É esta?</summary><p><strong class="opcao-veredito">✓ Certa.</strong> porque <em>sim</em></p></details></li>
        </ul>
        </fieldset>
        <div class="pergunta-acoes"><button type="button" class="pergunta-responder">Responder</button><p class="pergunta-veredito" role="status"></p></div>
        <details class="pergunta-porque"><summary>O raciocínio</summary>
        <p>O raciocínio &lt;inteiro&gt;.</p>
        <p class="pergunta-releia">Releia: <a href="retries.md">As tentativas</a></p>
        </details>
        </section>
        </section>
        "##);
    }

    #[test]
    fn a_number_brings_its_known_mistakes() {
        let mistakes = vec![Mistake { value: 5400.0, why: "são só as esperas".into() }];
        insta::assert_snapshot!(html(Kind::Number { answer: 5409.5, unit: "s".into(), mistakes }), @r##"
        <section class="quiz" data-chapter="async-invocation">
        <p class="quiz-placar" role="status"></p>
        <section class="pergunta" data-question="some-id" data-kind="number">
        <h2 id="some-id"><a class="header" href="#some-id">Pergunta 1</a></h2>
        <p class="pergunta-estado" hidden></p>
        <div class="pergunta-texto" id="some-id-texto">
        <p>Uma cena com <code>código</code>.</p>
        <pre><code class="language-text">a&#10;&#10;b&#10;</code></pre>
        <p>E a pergunta?</p>
        </div>
        <fieldset aria-describedby="some-id-texto">
        <legend>Responda com um número</legend>
        <p class="pergunta-numero"><label>Resposta: <input type="text" inputmode="decimal" autocomplete="off" size="10" name="async-invocation/some-id" data-answer="5409.5" data-unit="s"> s</label></p>
        </fieldset>
        <div class="pergunta-acoes"><button type="button" class="pergunta-responder">Responder</button><p class="pergunta-veredito" role="status"></p></div>
        <details class="pergunta-porque"><summary>A resposta</summary>
        <p class="pergunta-certa"><strong>5.409,5 s</strong></p>
        <ul class="pergunta-enganos">
        <li data-value="5400"><strong>5.400 s:</strong> <span>são só as esperas</span></li>
        </ul>
        <p>O raciocínio &lt;inteiro&gt;.</p>
        <p class="pergunta-releia">Releia: <a href="retries.md">As tentativas</a></p>
        </details>
        </section>
        </section>
        "##);
    }

    #[test]
    fn the_items_of_an_order_come_shuffled_with_their_places() {
        insta::assert_snapshot!(html(Kind::Order(vec![item("a"), item("b"), item("c")])), @r##"
        <section class="quiz" data-chapter="async-invocation">
        <p class="quiz-placar" role="status"></p>
        <section class="pergunta" data-question="some-id" data-kind="order">
        <h2 id="some-id"><a class="header" href="#some-id">Pergunta 1</a></h2>
        <p class="pergunta-estado" hidden></p>
        <div class="pergunta-texto" id="some-id-texto">
        <p>Uma cena com <code>código</code>.</p>
        <pre><code class="language-text">a&#10;&#10;b&#10;</code></pre>
        <p>E a pergunta?</p>
        </div>
        <fieldset aria-describedby="some-id-texto">
        <legend>Ponha em ordem, do primeiro ao último</legend>
        <ul class="pergunta-itens">
        <li data-place="2"><span class="item-texto">b</span><details><summary>Em que lugar?</summary><p><strong class="opcao-veredito">2º.</strong> vem aqui</p></details></li>
        <li data-place="3"><span class="item-texto">c</span><details><summary>Em que lugar?</summary><p><strong class="opcao-veredito">3º.</strong> vem aqui</p></details></li>
        <li data-place="1"><span class="item-texto">a</span><details><summary>Em que lugar?</summary><p><strong class="opcao-veredito">1º.</strong> vem aqui</p></details></li>
        </ul>
        </fieldset>
        <div class="pergunta-acoes"><button type="button" class="pergunta-responder">Responder</button><p class="pergunta-veredito" role="status"></p></div>
        <details class="pergunta-porque"><summary>O raciocínio</summary>
        <p>O raciocínio &lt;inteiro&gt;.</p>
        <p class="pergunta-releia">Releia: <a href="retries.md">As tentativas</a></p>
        </details>
        </section>
        </section>
        "##);
    }

    #[test]
    fn the_panel_is_one_block_of_html() {
        assert!(!html(Kind::Several(vec![choice("a", true), choice("b", true)])).contains("\n\n"));
    }

    #[test]
    fn a_shuffle_is_always_the_same_and_never_the_right_order() {
        for length in 2..8 {
            for seed in 0..200 {
                let order = shuffled(length, &format!("q{seed}"));
                assert_eq!(order, shuffled(length, &format!("q{seed}")));
                assert!(!order.is_sorted(), "{order:?}");
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..length), "{order:?}");
            }
        }
    }

    #[test]
    fn numbers_are_written_in_portuguese() {
        let one = ["falhas", "execuções", "mensagens", "vezes", "s", "ms", "MB", "SMS"].map(|unit| quantity(1.0, unit));
        assert_eq!(one, ["1 falha", "1 execução", "1 mensagem", "1 vez", "1 s", "1 ms", "1 MB", "1 SMS"]);
        let written = [(9.0, "s"), (21600.0, "s"), (1_048_576.0, "bytes"), (64.2, "%"), (-3.0, "")];
        assert_eq!(
            written.map(|(value, unit)| quantity(value, unit)),
            ["9 s", "21.600 s", "1.048.576 bytes", "64,2 %", "−3"]
        );
    }
}
