//! O painel do passo, no lugar de `{{#passo}}` (ou no fim da página): onde o leitor escreve, roda os testes e pede dicas.
//!
//! Aqui sai só o HTML; quem lhe dá vida é `caderno/app.js`. Sem JavaScript a página ainda mostra o que os testes conferem.

use std::fmt::Write;

use grader::course::{Chapter, Course, HINT_LEVELS, Step, slashed};
use grader::tests_list::{self, TestTitle};
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use super::{origin_select, step_of_page};
use crate::html::{escape, inline_markdown};
use crate::{Mode, markers};

/// Põe o painel em cada página de passo.
pub struct StepPanels {
    course: Course,
    mode: Mode,
}

impl StepPanels {
    pub fn new(course: Course, mode: Mode) -> Self {
        Self { course, mode }
    }
}

impl Preprocessor for StepPanels {
    fn name(&self) -> &str {
        markers::STEP
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let mut result = Ok(());
        book.for_each_mut(|item| {
            if let BookItem::Chapter(page) = item
                && result.is_ok()
                && let Some((chapter, step)) =
                    page.source_path.as_deref().and_then(|source| step_of_page(&self.course, source))
            {
                result = tests_list::titles(&self.course, chapter, step)
                    .map(|tests| page.content = place(&page.content, &panel(chapter, step, &tests, self.mode)));
            }
        });
        result.map(|()| book)
    }
}

/// No marcador, ou no fim da página que não o tem.
fn place(text: &str, panel: &str) -> String {
    match markers::replace(text, markers::STEP, panel) {
        same if same == text => format!("{}\n\n{panel}\n", text.trim_end()),
        replaced => replaced,
    }
}

/// O HTML do painel, sem linha em branco no meio: para o Markdown ele é um bloco só.
fn panel(chapter: &Chapter, step: &Step, tests: &[TestTitle], mode: Mode) -> String {
    let id = escape(&step.id.to_string());
    let file = escape(&slashed(&chapter.exercise_file(step)));
    let (points, minutes) = (step.points, step.minutes);
    let origin = origin_select("passo-origem", mode);
    let mut out = format!(
        r##"<section class="passo" data-step="{id}" data-points="{points}" data-minutes="{minutes}" data-file="{file}">
<h2 id="seu-passo"><a class="header" href="#seu-passo">Sua vez no editor</a></h2>
<p class="passo-arquivo">O passo vale {points} pontos e pede uns {minutes} minutos. O arquivo é <code>{file}</code>; no terminal, <code>cargo xtask grade {id}</code> roda os mesmos testes.</p>
<div class="passo-editor" hidden></div>
<div class="passo-acoes">
<button type="button" class="passo-rodar">Rodar os testes</button>
<button type="button" class="passo-cancelar" hidden>Cancelar</button>
<span class="passo-tempo" aria-live="off"></span>
{origin}
</div>
<p class="passo-estado" role="status"></p>
<ol class="passo-testes">
"##
    );
    for group in tests.chunk_by(same_function) {
        match group {
            [single] => push_test(&mut out, &single.name, &inline_markdown(&single.title)),
            cases => push_group(&mut out, cases),
        }
    }
    out.push_str("</ol>\n");
    for (index, hint) in step.hints.iter().enumerate() {
        let number = index + 1;
        let name = HINT_LEVELS.get(index).map(|name| format!(": {name}")).unwrap_or_default();
        let hint = inline_markdown(hint);
        let _ = writeln!(
            out,
            r#"<details class="passo-dica"><summary>Dica {number}{name}</summary><p>{hint}</p></details>"#
        );
    }
    out.push_str("</section>");
    out
}

/// Os casos de uma função de teste vêm um depois do outro, com o mesmo título.
fn same_function(a: &TestTitle, b: &TestTitle) -> bool {
    a.case.is_some() && b.case.is_some() && a.title == b.title
}

fn push_group(out: &mut String, cases: &[TestTitle]) {
    let title = cases.first().map(|case| inline_markdown(&case.title)).unwrap_or_default();
    let _ = writeln!(
        out,
        r#"<li class="teste-grupo"><details><summary><span class="teste-titulo">{title}</span><span class="grupo-estado"></span></summary><ol>"#
    );
    for case in cases {
        let name = escape(case.case.as_deref().unwrap_or_default());
        push_test(out, &case.name, &format!("<code>{name}</code>"));
    }
    out.push_str("</ol></details></li>\n");
}

fn push_test(out: &mut String, name: &str, title: &str) {
    let name = escape(name);
    let _ = writeln!(
        out,
        r#"<li data-test="{name}"><span class="teste-titulo">{title}</span><span class="teste-estado"></span><pre class="teste-mensagem" hidden></pre></li>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::course;

    fn retries(mode: Mode) -> String {
        let course = course();
        let chapter = &course.chapters[0];
        let test = |name: &str, title: &str, case: Option<&str>| TestTitle {
            name: format!("retries::{name}"),
            title: title.to_owned(),
            case: case.map(str::to_owned),
        };
        let tests = [
            test("waits", "Espera `1 min` antes da 2ª tentativa", None),
            test("fails::case_1_error", "Desiste na `3ª`", Some("error")),
            test("fails::case_2_timeout", "Desiste na `3ª`", Some("timeout")),
            test("ages::case_1_six_hours", "Cada idade", Some("six_hours")),
        ];
        panel(chapter, &chapter.steps[1], &tests, mode)
    }

    #[test]
    fn the_panel_follows_the_contract_with_the_page() {
        insta::assert_snapshot!(retries(Mode::Static), @r##"
<section class="passo" data-step="async-invocation/retries" data-points="20" data-minutes="30" data-file="exercises/04-async-invocation/src/retries.rs">
<h2 id="seu-passo"><a class="header" href="#seu-passo">Sua vez no editor</a></h2>
<p class="passo-arquivo">O passo vale 20 pontos e pede uns 30 minutos. O arquivo é <code>exercises/04-async-invocation/src/retries.rs</code>; no terminal, <code>cargo xtask grade async-invocation/retries</code> roda os mesmos testes.</p>
<div class="passo-editor" hidden></div>
<div class="passo-acoes">
<button type="button" class="passo-rodar">Rodar os testes</button>
<button type="button" class="passo-cancelar" hidden>Cancelar</button>
<span class="passo-tempo" aria-live="off"></span>
<label>Rodar com <select class="passo-origem"><option value="reference">a resposta de referência</option></select></label>
</div>
<p class="passo-estado" role="status"></p>
<ol class="passo-testes">
<li data-test="retries::waits"><span class="teste-titulo">Espera <code>1 min</code> antes da 2ª tentativa</span><span class="teste-estado"></span><pre class="teste-mensagem" hidden></pre></li>
<li class="teste-grupo"><details><summary><span class="teste-titulo">Desiste na <code>3ª</code></span><span class="grupo-estado"></span></summary><ol>
<li data-test="retries::fails::case_1_error"><span class="teste-titulo"><code>error</code></span><span class="teste-estado"></span><pre class="teste-mensagem" hidden></pre></li>
<li data-test="retries::fails::case_2_timeout"><span class="teste-titulo"><code>timeout</code></span><span class="teste-estado"></span><pre class="teste-mensagem" hidden></pre></li>
</ol></details></li>
<li data-test="retries::ages::case_1_six_hours"><span class="teste-titulo">Cada idade</span><span class="teste-estado"></span><pre class="teste-mensagem" hidden></pre></li>
</ol>
<details class="passo-dica"><summary>Dica 1: onde olhar</summary><p>olhe <code>Queue</code></p></details>
<details class="passo-dica"><summary>Dica 2: o raciocínio</summary><p>conte &lt;as&gt; vezes</p></details>
<details class="passo-dica"><summary>Dica 3: quase lá</summary><p>quase: <code>a + __</code></p></details>
</section>
"##);
    }

    #[test]
    fn only_a_served_page_offers_the_readers_code() {
        assert!(!retries(Mode::Static).contains(r#"value="reader""#));
        assert!(retries(Mode::Serve).contains(r#"<option value="reader">"#));
    }

    #[test]
    fn the_panel_is_one_block_of_html() {
        assert!(!retries(Mode::Serve).contains("\n\n"));
    }

    #[test]
    fn a_page_without_the_marker_gets_the_panel_at_its_end() {
        assert_eq!(place("# Fila\n\ntexto\n", "<p>"), "# Fila\n\ntexto\n\n<p>\n");
        assert_eq!(place("# Fila\n\n{{#passo}}\n\nfim\n", "<p>"), "# Fila\n\n<p>\n\nfim\n");
    }
}
