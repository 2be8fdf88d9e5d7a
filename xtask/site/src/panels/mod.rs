//! Os painéis que a página ganha a partir de `exercises/`: um módulo para o passo, um para o laboratório, um para as perguntas, um para
//! os fatos.

pub mod fact;
pub mod lab;
pub mod quiz;
pub mod step;

use std::path::Path;

use grader::course::{Chapter, Course, Step, StepId};

use crate::html::escape;
use crate::markers::{self, LAB, QUIZ, STEP};
use crate::{Mode, Problem};

/// O passo cuja página é `source` (caminho a partir de `book/src`), se é página de passo.
fn step_of_page<'a>(course: &'a Course, source: &Path) -> Option<(&'a Chapter, &'a Step)> {
    let chapter = source.parent()?.to_str()?;
    let step = source.file_stem()?.to_str()?;
    course.step(&StepId::new(chapter, step))
}

/// O capítulo de que `source` é a página das perguntas.
fn quiz_page<'a>(course: &'a Course, source: &Path) -> Option<&'a Chapter> {
    course.chapters.iter().find(|chapter| Path::new(chapter.slug()).join("quiz.md") == source)
}

/// Os marcadores de painel que estão na página errada, repetidos ou faltando.
pub fn check(course: &Course, source: &Path, shown: &str, text: &str) -> Vec<Problem> {
    let page = step_of_page(course, source);
    let here: Vec<_> = markers::find(text).into_iter().filter(|marker| !marker.in_code).collect();
    let of = |name: &'static str| here.iter().filter(move |marker| marker.name == name);
    let mut problems = Vec::new();

    let quiz = quiz_page(course, source);
    let wanted_lab = page.and_then(|(chapter, step)| chapter.lab_on(step));
    for (name, wanted, why) in [
        (STEP, page.is_some(), "esta página não é de um passo de `exercises/course.toml`"),
        (LAB, wanted_lab.is_some(), "`exercises/course.toml` não põe nenhum laboratório nesta página"),
        (QUIZ, quiz.is_some(), "as perguntas ficam na página `quiz.md` do capítulo"),
    ] {
        if !wanted {
            problems.extend(
                of(name)
                    .map(|marker| Problem::at(shown, marker.line, format!("`{{{{#{name}}}}}` não cabe aqui: {why}"))),
            );
        } else if let Some(second) = of(name).nth(1) {
            problems.push(Problem::at(shown, second.line, format!("`{{{{#{name}}}}}` já apareceu nesta página")));
        }
    }
    if wanted_lab.is_some() && of(LAB).next().is_none() {
        let what = "`exercises/course.toml` põe o laboratório nesta página, mas ela não tem `{{#laboratorio}}`";
        problems.push(Problem::in_file(shown, what));
    }
    if let Some(chapter) = quiz {
        if of(QUIZ).next().is_none() {
            problems.push(Problem::in_file(shown, "é a página das perguntas, mas não tem `{{#quiz}}`"));
        }
        problems.extend(grader::quiz::load(course, chapter).err().into_iter().flatten().map(Problem::from));
    }
    problems
}

/// `código de quem lê` só existe onde há um servidor que o compile.
fn origin_select(class: &str, mode: Mode) -> String {
    let reader = match mode {
        Mode::Serve => r#"<option value="reader">o meu código</option>"#,
        Mode::Static => "",
    };
    let class = escape(class);
    format!(
        r#"<label>Rodar com <select class="{class}">{reader}<option value="reference">a resposta de referência</option></select></label>"#
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use grader::course::{Control, ControlKind, ControlOption, Example, Lab};

    /// Um curso pequeno, só na memória.
    pub(crate) fn course() -> Course {
        let step = |name: &str, title: &str| Step {
            id: StepId::new("async-invocation", name),
            title: title.to_owned(),
            points: 20,
            minutes: 30,
            hints: vec!["olhe `Queue`".into(), "conte <as> vezes".into(), "quase: `a + __`".into()],
        };
        let lab = Lab {
            id: "alert".into(),
            title: "Seis horas em um segundo".into(),
            description: "Mude a falha e veja *quando* cada tentativa acontece.".into(),
            page: "retries".into(),
            layout: grader::course::Layout::Stacked,
            compare: false,
            controls: vec![
                Control {
                    id: "failure".into(),
                    label: "o que falha".into(),
                    kind: ControlKind::Select {
                        options: vec![
                            ControlOption { value: "none".into(), label: "nada".into() },
                            ControlOption { value: "function_error".into(), label: "erro da função".into() },
                        ],
                        default: "function_error".into(),
                    },
                },
                Control {
                    id: "maximum_event_age_seconds".into(),
                    label: "idade máxima".into(),
                    kind: ControlKind::Range { min: 60, max: 21600, step: 60, unit: "s".into(), default: 21600 },
                },
                Control { id: "dlq".into(), label: "com DLQ".into(), kind: ControlKind::Checkbox { default: true } },
                Control {
                    id: "event".into(),
                    label: "evento".into(),
                    kind: ControlKind::Text { rows: 4, default: "{\n\n<\"a\">}".into() },
                },
                Control {
                    id: "ready".into(),
                    label: "exemplos".into(),
                    kind: ControlKind::Example {
                        options: vec![Example {
                            label: "vazio".into(),
                            values: [("event".into(), "{\n}".into())].into(),
                        }],
                    },
                },
            ],
        };
        Course {
            root: "/curso".into(),
            target: "/curso/target".into(),
            title: "Curso".into(),
            chapters: vec![Chapter {
                id: "04-async-invocation".into(),
                title: "Invocação assíncrona".into(),
                steps: vec![step("queue", "A fila"), step("retries", "As tentativas")],
                labs: vec![lab],
            }],
        }
    }

    fn faults(page: &str, text: &str) -> String {
        let problems = check(&course(), Path::new(page), page, text);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_panel_marker_belongs_to_one_page() {
        assert_eq!(faults("async-invocation/retries.md", "{{#laboratorio}}\n\n{{#passo}}\n"), "");
        assert_eq!(faults("async-invocation/queue.md", "sem marcador nenhum\n"), "");
        insta::assert_snapshot!(
            faults("intro.md", "{{#passo}}\n"),
            @"intro.md:1: `{{#passo}}` não cabe aqui: esta página não é de um passo de `exercises/course.toml`"
        );
        insta::assert_snapshot!(
            faults("async-invocation/queue.md", "{{#passo}}\n\n{{#passo}}\n\n{{#laboratorio}}\n"),
            @r"
        async-invocation/queue.md:3: `{{#passo}}` já apareceu nesta página
        async-invocation/queue.md:5: `{{#laboratorio}}` não cabe aqui: `exercises/course.toml` não põe nenhum laboratório nesta página
        "
        );
        insta::assert_snapshot!(
            faults("async-invocation/retries.md", "{{#passo}}\n"),
            @"async-invocation/retries.md: `exercises/course.toml` põe o laboratório nesta página, mas ela não tem `{{#laboratorio}}`"
        );
    }
}
