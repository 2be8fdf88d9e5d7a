//! As regras que se conferem sem compilar.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::{Problem, quizzes, wrong_answers};
use crate::course::{Chapter, Course, HINT_LEVELS, Step, slashed};
use crate::exercises::{self, State};
use crate::files::{read_text, walk};
use crate::tests_list;

/// Quantas dicas tem um passo.
const HINTS: usize = HINT_LEVELS.len();
/// A largura do Markdown, em caracteres.
const WIDTH: usize = 120;

/// Confere os arquivos de um capítulo. `strict` também acusa exercícios editados: no repositório só se guardam esqueletos.
pub fn files(course: &Course, chapter: &Chapter, strict: bool) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for step in &chapter.steps {
        let missing = missing_files(course, chapter, step);
        if missing.is_empty() {
            problems.extend(starter_in_date(course, chapter, step, strict)?);
            problems.extend(tests_have_titles(course, chapter, step));
            problems.extend(page_has_its_parts(course, chapter, step)?);
        }
        problems.extend(missing);
        problems.extend(hints(step));
        problems.extend(wrong_count(course, chapter, step)?);
    }
    problems.extend(given_files_match(course, chapter)?);
    problems.extend(orphans(course, chapter)?);
    problems.extend(pages_are_narrow(course, chapter)?);
    problems.extend(quizzes::quiz(course, chapter)?);
    Ok(problems)
}

/// Um passo sem um dos arquivos não é achado por quem conhece o seu nome.
fn missing_files(course: &Course, chapter: &Chapter, step: &Step) -> Vec<Problem> {
    let files = [
        (chapter.page_file(step), "escreva a página"),
        (chapter.solution_file(step), "escreva a resposta"),
        (chapter.tests_file(step), "escreva os testes"),
        (chapter.exercise_file(step), "rode `cargo xtask exercises`"),
    ];
    files
        .into_iter()
        .filter(|(file, _)| !course.root.join(file).is_file())
        .map(|(file, fix)| Problem::new(format!("`{}`: falta {}", step.id, slashed(&file)), fix))
        .collect()
}

/// O esqueleto é sempre o que a resposta gera.
fn starter_in_date(course: &Course, chapter: &Chapter, step: &Step, strict: bool) -> Result<Option<Problem>> {
    let file = slashed(&chapter.exercise_file(step));
    Ok(match exercises::state_of(course, chapter, step)? {
        State::Stale => {
            Some(Problem::new(format!("{file} não corresponde à resposta"), "rode `cargo xtask exercises`"))
        }
        State::Edited if strict => Some(Problem::new(
            format!("{file} foi editado, e o repositório só guarda esqueletos"),
            format!("rode `cargo xtask reset {}`", step.id),
        )),
        State::Fresh | State::Edited | State::Missing => None,
    })
}

/// A página e o relatório mostram o título de cada teste.
fn tests_have_titles(course: &Course, chapter: &Chapter, step: &Step) -> Vec<Problem> {
    let file = slashed(&chapter.tests_file(step));
    match tests_list::titles(course, chapter, step) {
        Ok(titles) if titles.is_empty() => vec![Problem::new(format!("{file} não tem testes"), "escreva ao menos um")],
        Ok(_) => Vec::new(),
        Err(error) => vec![Problem::new(format!("{file}: {error:#}"), "corrija o arquivo de testes")],
    }
}

/// A página diz onde o passo entra, e a do laboratório, onde ele entra; o sumário leva a ela.
fn page_has_its_parts(course: &Course, chapter: &Chapter, step: &Step) -> Result<Vec<Problem>> {
    let page = chapter.page_file(step);
    let text = read_text(&course.root.join(&page))?;
    let mut parts = vec!["{{#passo}}"];
    if chapter.lab_on(step).is_some() {
        parts.push("{{#laboratorio}}");
    }
    let mut problems: Vec<_> = parts
        .into_iter()
        .filter(|part| text.lines().filter(|line| line.trim() == *part).count() != 1)
        .map(|part| {
            let what = format!("{} precisa da linha `{part}` uma vez", slashed(&page));
            Problem::new(what, "ponha-a sozinha em uma linha, onde o painel deve aparecer")
        })
        .collect();
    let summary = read_text(&course.root.join("book/src/SUMMARY.md"))?;
    let link = format!("({}/{}.md)", chapter.slug(), step.name());
    if !summary.contains(&link) && !summary.contains(&link.replace('(', "(./")) {
        let what = format!("book/src/SUMMARY.md não leva a {}", slashed(&page));
        problems.push(Problem::new(what, format!("acrescente `- [{}]{link}`", step.title)));
    }
    Ok(problems)
}

/// Três níveis, nenhum vazio.
fn hints(step: &Step) -> Option<Problem> {
    let written = step.hints.iter().filter(|hint| hint.trim().chars().count() > 1).count();
    (written != HINTS || step.hints.len() != HINTS).then(|| {
        Problem::new(
            format!("`{}` tem {written} dicas escritas, e um passo tem {HINTS}", step.id),
            "escreva em exercises/course.toml: onde olhar, o raciocínio, quase lá",
        )
    })
}

/// De duas a quatro respostas erradas provam que os testes distinguem o certo do quase certo.
fn wrong_count(course: &Course, chapter: &Chapter, step: &Step) -> Result<Option<Problem>> {
    let count = wrong_answers(course, chapter, step)?.len();
    Ok((!(2..=4).contains(&count)).then(|| {
        let what = format!("`{}` tem {count} respostas erradas, e um passo tem de 2 a 4", step.id);
        let dir = slashed(&chapter.solution_dir());
        Problem::new(what, format!("escreva enganos plausíveis em {dir}/wrong/{}-ENGANO.rs", step.name()))
    }))
}

/// O que é dado pronto é igual na resposta e no exercício.
fn given_files_match(course: &Course, chapter: &Chapter) -> Result<Vec<Problem>> {
    let given = exercises::given_files(course, chapter)?;
    let mut problems = Vec::new();
    for file in given {
        let of_solution = std::fs::read(course.root.join(chapter.solution_dir()).join("src").join(&file))?;
        let path = chapter.exercise_dir().join("src").join(&file);
        if std::fs::read(course.root.join(&path)).ok() != Some(of_solution) {
            let what = format!("{} difere do arquivo igual em {}", slashed(&path), slashed(&chapter.solution_dir()));
            problems.push(Problem::new(what, "edite o de solutions e rode `cargo xtask exercises`"));
        }
    }
    Ok(problems)
}

/// Nenhum arquivo que ninguém acha: todo módulo e resposta errada é de algum passo, e toda página é de um passo ou está no sumário.
fn orphans(course: &Course, chapter: &Chapter) -> Result<Vec<Problem>> {
    let steps: BTreeSet<_> = chapter.steps.iter().map(|step| step.name()).collect();
    let given: BTreeSet<_> = exercises::given_files(course, chapter)?;
    let mut found = Vec::new();
    let stem_is_step = |file: &Path| file.file_stem().and_then(|stem| stem.to_str()).is_some_and(|s| steps.contains(s));
    let mut collect = |dir: &Path, known: &dyn Fn(&Path) -> bool| -> Result<()> {
        let unknown = walk(&course.root.join(dir))?.into_iter().filter(|file| !known(file));
        found.extend(unknown.map(|file| slashed(&dir.join(file))));
        Ok(())
    };
    collect(&chapter.exercise_dir().join("src"), &|file| stem_is_step(file) || given.contains(file))?;
    // Os testes de um passo podem ter submódulos, na pasta com o nome dele.
    let of_step = |file: &Path| steps.iter().any(|step| file.starts_with(step));
    collect(&chapter.exercise_dir().join("tests").join("grade"), &|file| {
        stem_is_step(file) || of_step(file) || file == Path::new("main.rs") || file.starts_with("support")
    })?;
    let summary = read_text(&course.root.join("book/src/SUMMARY.md"))?;
    collect(&chapter.page_dir(), &|file| {
        let link = format!("{}/{})", chapter.slug(), slashed(file));
        stem_is_step(file) || summary.contains(&link) || file.extension().is_none_or(|kind| kind != "md")
    })?;
    collect(&chapter.solution_dir().join("wrong"), &|file| {
        file.to_str().and_then(|name| name.split_once('-')).is_some_and(|(step, _)| steps.contains(step))
    })?;
    Ok(found
        .into_iter()
        .map(|file| {
            Problem::new(
                format!("{file} não é de nenhum passo"),
                "ponha o passo em exercises/course.toml ou apague o arquivo",
            )
        })
        .collect())
}

/// Texto com até 120 colunas; tabelas, HTML, código e ligações longas não se quebram.
fn pages_are_narrow(course: &Course, chapter: &Chapter) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in walk(&course.root.join(chapter.page_dir()))? {
        if file.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let path = chapter.page_dir().join(file);
        let text = read_text(&course.root.join(&path))?;
        for number in wide_lines(&text) {
            let what = format!("{}:{number} passa de {WIDTH} colunas", slashed(&path));
            problems.push(Problem::new(what, "quebre a linha"));
        }
    }
    Ok(problems)
}

fn wide_lines(text: &str) -> Vec<usize> {
    let mut fenced = false;
    let mut svg = false;
    let mut wide = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let start = line.trim_start();
        if start.starts_with("```") {
            fenced = !fenced;
        }
        svg = (svg || start.starts_with("<svg") || start.starts_with("<figure")) && !line.contains("</svg>");
        let unbreakable = fenced || svg || start.starts_with(['|', '<', '[']) || line.contains("](http");
        if line.chars().count() > WIDTH && !unbreakable {
            wide.push(number);
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_prose_that_can_be_broken_is_called_wide() {
        let long = "palavra ".repeat(20);
        let text = format!("{long}\n```\n{long}\n```\n| {long} |\n<svg>\n{long}\n</svg>\n{long}\n[x](http://{long})\n");
        assert_eq!(wide_lines(&text), [1, 9]);
    }
}
