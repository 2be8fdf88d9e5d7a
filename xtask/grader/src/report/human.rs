//! O relatório no terminal: uma tabela por capítulo, com barra, a primeira mensagem inteira e o que fazer agora.

use std::collections::BTreeMap;
use std::fmt::Write;

use wasi_host::Status;

use crate::course::{Course, slashed};
use crate::score::{ChapterReport, Report, StepReport, TestReport};
use crate::tests_list;

/// Como escrever: com ou sem cores.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub color: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn status(self, status: Status, text: &str) -> String {
        let code = match status {
            Status::Passed => "32",
            Status::Failed | Status::Error => "31",
            Status::Timeout => "33",
        };
        self.paint(code, text)
    }

    fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

const BAR: usize = 20;
/// Quantos dos outros testes que não passam são citados: o primeiro já diz por onde começar.
const OTHERS: usize = 5;

/// O relatório inteiro. `graded` diz de quem é o código, para o texto do fim.
pub fn human(course: &Course, report: &Report, reader: bool, style: Style) -> String {
    let mut out = String::new();
    for chapter in &report.chapters {
        table(&mut out, chapter, style);
    }
    if let Some(step) = report.steps().find(|step| step.status != Status::Passed) {
        detail(&mut out, course, step, style);
        if reader {
            next(&mut out, course, step, style);
        }
    } else {
        let _ = writeln!(out, "{}", style.status(Status::Passed, "Tudo passou."));
        if reader {
            after_passing(&mut out, course, report, style);
        }
    }
    out
}

fn table(out: &mut String, chapter: &ChapterReport, style: Style) {
    let number = chapter.id.split('-').next().unwrap_or_default();
    let _ = writeln!(out, "\n{}\n", style.strong(&format!("{number} {}", chapter.title)));
    let width = chapter.steps.iter().map(|step| step.title.chars().count()).max().unwrap_or(0);
    let name_width = chapter.steps.iter().map(|step| step.id.step().len()).max().unwrap_or(0);
    for step in &chapter.steps {
        let passed = step.tests.iter().filter(|test| test.status == Status::Passed).count();
        let title = format!("{:width$}", step.title);
        let _ = writeln!(
            out,
            "  {} {:name_width$}  {title}  {} {:>2}/{:<2} testes  {:>5} de {} pontos",
            style.status(step.status, mark(step.status)),
            step.id.step(),
            bar(step.score, step.max_score, style),
            passed,
            step.tests.len(),
            points(step.score),
            points(step.max_score),
        );
    }
    if chapter.steps.len() == 1 {
        // A soma de um passo só repetiria a linha dele.
        out.push('\n');
        return;
    }
    let _ = writeln!(
        out,
        "\n  {} {} de {} pontos\n",
        bar(chapter.score, chapter.max_score, style),
        style.strong(&points(chapter.score)),
        points(chapter.max_score)
    );
}

fn mark(status: Status) -> &'static str {
    match status {
        Status::Passed => "✓",
        Status::Failed => "✗",
        Status::Timeout => "◷",
        Status::Error => "!",
    }
}

fn bar(score: f64, max: f64, style: Style) -> String {
    let part = if max > 0.0 { score / max } else { 0.0 };
    // Só um passo completo enche a barra.
    let full = ((part * BAR as f64).floor() as usize).min(BAR);
    format!("{}{}", style.status(Status::Passed, &"█".repeat(full)), style.faint(&"░".repeat(BAR - full)))
}

/// Um número como se escreve em português: 12,5. Arredonda para baixo: só um passo completo mostra todos os pontos.
fn points(value: f64) -> String {
    let text = format!("{:.1}", (value * 10.0).floor() / 10.0);
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

/// A primeira coisa que falhou, por inteiro, e só o nome das outras.
fn detail(out: &mut String, course: &Course, step: &StepReport, style: Style) {
    if let Some(message) = &step.message {
        let what = if step.tests.is_empty() { "sem testes" } else { "não compila" };
        let _ =
            writeln!(out, "{} {}\n", style.status(Status::Error, "!"), style.strong(&format!("{}: {what}", step.id)));
        let _ = writeln!(out, "{}\n", indented(message));
        return;
    }
    let failing: Vec<_> = step.tests.iter().filter(|test| test.status != Status::Passed).collect();
    let Some((first, others)) = failing.split_first() else { return };
    let titles = titles(course, step);
    let title = titles.get(&first.name).unwrap_or(&first.name);
    let _ = writeln!(out, "{} {}", style.status(first.status, mark(first.status)), style.strong(title));
    if *title != first.name {
        let _ = writeln!(out, "  {}", style.faint(&first.name));
    }
    out.push('\n');
    let _ = writeln!(out, "{}\n", indented(message_of(first)));
    if others.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {}", style.faint("também não passam:"));
    for test in others.iter().take(OTHERS) {
        let title = titles.get(&test.name).unwrap_or(&test.name);
        let _ = writeln!(out, "  {} {}", style.status(test.status, mark(test.status)), style.faint(title));
    }
    if others.len() > OTHERS {
        let _ = writeln!(out, "  {}", style.faint(&format!("e mais {}", others.len() - OTHERS)));
    }
    out.push('\n');
}

/// Os títulos dos testes; sem eles (um arquivo de testes quebrado) o nome serve.
fn titles(course: &Course, step: &StepReport) -> BTreeMap<String, String> {
    let Some((chapter, found)) = course.step(&step.id) else { return BTreeMap::new() };
    let titles = tests_list::titles(course, chapter, found).unwrap_or_default();
    titles.into_iter().map(|test| (test.name.clone(), test.line())).collect()
}

fn message_of(test: &TestReport) -> &str {
    test.message.as_deref().unwrap_or("o teste não passou e não disse por quê")
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn next(out: &mut String, course: &Course, step: &StepReport, style: Style) {
    let Some((chapter, found)) = course.step(&step.id) else { return };
    let _ = writeln!(out, "{}", style.strong("E agora?"));
    let _ = writeln!(out, "  edite   {}", slashed(&chapter.exercise_file(found)));
    let _ = writeln!(out, "  leia    {}", slashed(&chapter.page_file(found)));
    let _ = writeln!(out, "  dica    cargo xtask hint {}", step.id);
    let _ = writeln!(out, "  repita  cargo xtask grade {} --watch", step.id);
}

/// Com um passo só, o que dá para fazer com ele e qual é o seguinte.
fn after_passing(out: &mut String, course: &Course, report: &Report, style: Style) {
    let mut graded = report.steps();
    let (Some(step), None) = (graded.next(), graded.next()) else {
        let _ = writeln!(out, "Compare com a resposta: `cargo xtask diff PASSO`.");
        return;
    };
    let _ = writeln!(out, "\n{}", style.strong("E agora?"));
    let _ = writeln!(out, "  compare  cargo xtask diff {}", step.id);
    let following = course.steps().skip_while(|(_, found)| found.id != step.id).nth(1);
    if let Some((chapter, following)) = following {
        let _ = writeln!(out, "  siga     {} ({})", following.title, slashed(&chapter.page_file(following)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Chapter, Step, StepId};

    fn course() -> Course {
        let step = |name: &str, title: &str| Step {
            id: StepId::new("async-invocation", name),
            title: title.into(),
            points: 20,
            minutes: 30,
            hints: Vec::new(),
        };
        Course {
            root: "/curso".into(),
            target: "/curso/target".into(),
            title: "Curso".into(),
            chapters: vec![Chapter {
                id: "04-async-invocation".into(),
                title: "Invocação assíncrona".into(),
                steps: vec![step("queue", "A fila interna"), step("retries", "As novas tentativas")],
                labs: Vec::new(),
            }],
        }
    }

    fn graded(name: &str, title: &str, statuses: &[Status]) -> StepReport {
        let passed = statuses.iter().filter(|status| **status == Status::Passed).count();
        let tests = statuses.iter().zip(1..).map(|(&status, number)| TestReport {
            name: format!("{name}::test_{number}"),
            status,
            duration_ms: 1.0,
            message: (status != Status::Passed)
                .then(|| "o Lambda chama 3 vezes; a sua fila chamou 2\n  em a.rs:7".into()),
        });
        StepReport {
            id: StepId::new("async-invocation", name),
            title: title.into(),
            status: *statuses.iter().find(|status| **status != Status::Passed).unwrap_or(&Status::Passed),
            score: 20.0 * passed as f64 / statuses.len() as f64,
            max_score: 20.0,
            message: None,
            tests: tests.collect(),
        }
    }

    fn report(steps: Vec<StepReport>) -> Report {
        let score = steps.iter().map(|step| step.score).sum();
        let max_score = steps.iter().map(|step| step.max_score).sum();
        let chapter = ChapterReport {
            id: "04-async-invocation".into(),
            title: "Invocação assíncrona".into(),
            score,
            max_score,
            steps,
            warnings: Vec::new(),
        };
        Report::new(vec![chapter])
    }

    #[test]
    fn a_failing_chapter_shows_the_first_message_in_full_and_what_to_do() {
        let failed = [Status::Passed, Status::Failed, Status::Timeout];
        let steps = vec![
            graded("queue", "A fila interna", &[Status::Passed, Status::Passed]),
            graded("retries", "As novas tentativas", &failed),
        ];
        insta::assert_snapshot!(human(&course(), &report(steps), true, Style::default()), @r"

        04 Invocação assíncrona

          ✓ queue    A fila interna       ████████████████████  2/2  testes     20 de 20 pontos
          ✗ retries  As novas tentativas  ██████░░░░░░░░░░░░░░  1/3  testes    6,6 de 20 pontos

          █████████████░░░░░░░ 26,6 de 40 pontos

        ✗ retries::test_2

          o Lambda chama 3 vezes; a sua fila chamou 2
            em a.rs:7

          também não passam:
          ◷ retries::test_3

        E agora?
          edite   exercises/04-async-invocation/src/retries.rs
          leia    book/src/async-invocation/retries.md
          dica    cargo xtask hint async-invocation/retries
          repita  cargo xtask grade async-invocation/retries --watch
        ");
    }

    #[test]
    fn a_passing_step_leads_to_the_next_one() {
        let steps = vec![graded("queue", "A fila interna", &[Status::Passed])];
        insta::assert_snapshot!(human(&course(), &report(steps), true, Style::default()), @r"

        04 Invocação assíncrona

          ✓ queue  A fila interna  ████████████████████  1/1  testes     20 de 20 pontos

        Tudo passou.

        E agora?
          compare  cargo xtask diff async-invocation/queue
          siga     As novas tentativas (book/src/async-invocation/retries.md)
        ");
    }
}
