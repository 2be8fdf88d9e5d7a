//! O laboratório, no lugar de `{{#laboratorio}}`: os controles do cenário e o lugar onde o resultado é desenhado.

use std::fmt::Write;

use grader::course::{Chapter, Control, ControlKind, Course, Example, Lab, Layout};
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use super::{origin_select, step_of_page};
use crate::html::{escape, inline_markdown};
use crate::{Mode, markers};

/// Põe o laboratório na página que `course.toml` diz.
pub struct LabPanels {
    course: Course,
    mode: Mode,
}

impl LabPanels {
    pub fn new(course: Course, mode: Mode) -> Self {
        Self { course, mode }
    }

    fn lab_of(&self, page: &mdbook_preprocessor::book::Chapter) -> Option<(&Chapter, &Lab)> {
        let (chapter, step) = step_of_page(&self.course, page.source_path.as_deref()?)?;
        Some((chapter, chapter.lab_on(step)?))
    }
}

impl Preprocessor for LabPanels {
    fn name(&self) -> &str {
        markers::LAB
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        book.for_each_mut(|item| {
            if let BookItem::Chapter(page) = item
                && let Some((chapter, lab)) = self.lab_of(page)
            {
                page.content = markers::replace(&page.content, markers::LAB, &panel(chapter, lab, self.mode));
            }
        });
        Ok(book)
    }
}

fn panel(chapter: &Chapter, lab: &Lab, mode: Mode) -> String {
    let (slug, id) = (escape(chapter.slug()), escape(&lab.id));
    let (title, description) = (inline_markdown(&lab.title), inline_markdown(&lab.description));
    let origin = origin_select("lab-origem", mode);
    let beside = match lab.layout {
        Layout::Stacked => "",
        Layout::SideBySide => " lab-lado-a-lado",
    };
    let compare = if lab.compare { " data-compare" } else { "" };
    let mut out = format!(
        r##"<section class="lab{beside}" data-chapter="{slug}" data-lab="{id}"{compare}>
<h2 id="laboratorio"><a class="header" href="#laboratorio">Laboratório: {title}</a></h2>
<p class="lab-descricao">{description}</p>
<div class="lab-corpo"><div class="lab-entrada">
<form class="lab-controles" autocomplete="off">
"##
    );
    for control in &lab.controls {
        push_control(&mut out, control);
    }
    let _ = write!(
        out,
        r#"</form>
{origin}
</div><div class="lab-saida">
<div class="lab-resultado"></div>
<p class="lab-resumo" role="status"></p>
</div></div>
</section>"#
    );
    out
}

fn push_control(out: &mut String, control: &Control) {
    let (id, label) = (escape(&control.id), inline_markdown(&control.label));
    let written = match &control.kind {
        ControlKind::Select { options, default } => {
            let options: String = options
                .iter()
                .map(|option| {
                    let selected = if option.value == *default { " selected" } else { "" };
                    format!(r#"<option value="{}"{selected}>{}</option>"#, escape(&option.value), escape(&option.label))
                })
                .collect();
            writeln!(out, r#"<label><span>{label}</span> <select name="{id}">{options}</select></label>"#)
        }
        ControlKind::Range { min, max, step, unit, default } => {
            let unit = escape(unit);
            writeln!(
                out,
                r#"<label><span>{label}</span> <input type="range" name="{id}" min="{min}" max="{max}" step="{step}" value="{default}" data-unit="{unit}"> <output>{default} {unit}</output></label>"#
            )
        }
        ControlKind::Checkbox { default } => {
            let checked = if *default { " checked" } else { "" };
            writeln!(out, r#"<label><input type="checkbox" name="{id}"{checked}> <span>{label}</span></label>"#)
        }
        ControlKind::Text { rows, default } => {
            // Uma linha em branco acabaria o bloco de HTML: para o Markdown, o texto todo fica em uma linha só.
            let text = escape(default).replace('\n', "&#10;");
            writeln!(
                out,
                r#"<label class="lab-texto"><span>{label}</span> <textarea name="{id}" rows="{rows}" wrap="off" spellcheck="false" autocapitalize="off" autocomplete="off">{text}</textarea></label>"#
            )
        }
        ControlKind::Example { options } => {
            let options: String = options.iter().map(example).collect();
            writeln!(
                out,
                r#"<label><span>{label}</span> <select class="lab-exemplos"><option value="">escolha…</option>{options}</select></label>"#
            )
        }
    };
    // Escrever em `String` não falha.
    debug_assert!(written.is_ok());
}

fn example(example: &Example) -> String {
    // Um mapa de textos sempre vira JSON.
    let values = serde_json::to_string(&example.values).unwrap_or_default();
    format!(r#"<option value="{}">{}</option>"#, escape(&values), escape(&example.label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::course;

    #[test]
    fn each_control_becomes_a_labelled_input() {
        let course = course();
        let chapter = &course.chapters[0];
        let lab = &chapter.labs[0];
        insta::assert_snapshot!(panel(chapter, lab, Mode::Serve), @r##"
<section class="lab" data-chapter="async-invocation" data-lab="alert">
<h2 id="laboratorio"><a class="header" href="#laboratorio">Laboratório: Seis horas em um segundo</a></h2>
<p class="lab-descricao">Mude a falha e veja <em>quando</em> cada tentativa acontece.</p>
<div class="lab-corpo"><div class="lab-entrada">
<form class="lab-controles" autocomplete="off">
<label><span>o que falha</span> <select name="failure"><option value="none">nada</option><option value="function_error" selected>erro da função</option></select></label>
<label><span>idade máxima</span> <input type="range" name="maximum_event_age_seconds" min="60" max="21600" step="60" value="21600" data-unit="s"> <output>21600 s</output></label>
<label><input type="checkbox" name="dlq" checked> <span>com DLQ</span></label>
<label class="lab-texto"><span>evento</span> <textarea name="event" rows="4" wrap="off" spellcheck="false" autocapitalize="off" autocomplete="off">{&#10;&#10;&lt;&quot;a&quot;&gt;}</textarea></label>
<label><span>exemplos</span> <select class="lab-exemplos"><option value="">escolha…</option><option value="{&quot;event&quot;:&quot;{\n}&quot;}">vazio</option></select></label>
</form>
<label>Rodar com <select class="lab-origem"><option value="reader">o meu código</option><option value="reference">a resposta de referência</option></select></label>
</div><div class="lab-saida">
<div class="lab-resultado"></div>
<p class="lab-resumo" role="status"></p>
</div></div>
</section>
"##);
    }
}
