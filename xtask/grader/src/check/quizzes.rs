//! As perguntas de um capítulo: escritas, com a sua página e, rodando o programa da chave, certas.

use anyhow::Result;

use super::Problem;
use crate::course::{Chapter, Course, slashed};
use crate::files::read_text;
use crate::quiz;

/// As perguntas existem, estão bem escritas e têm a sua página.
pub fn quiz(course: &Course, chapter: &Chapter) -> Result<Vec<Problem>> {
    let file = slashed(&chapter.quiz_file());
    if !course.root.join(&file).is_file() {
        let fix = "escreva as perguntas; o formato está em xtask/grader/src/quiz/mod.rs";
        return Ok(vec![Problem::new(format!("falta {file}"), fix)]);
    }
    let faults = quiz::load(course, chapter).err().unwrap_or_default();
    Ok(faults.into_iter().map(Problem::from).chain(page(course, chapter)?).collect())
}

/// A página diz onde as perguntas entram, e é a última do capítulo no sumário.
fn page(course: &Course, chapter: &Chapter) -> Result<Option<Problem>> {
    const MARKER: &str = "{{#quiz}}";
    let page = slashed(&chapter.quiz_page());
    let path = course.root.join(&page);
    if !path.is_file() {
        return Ok(Some(Problem::new(format!("falta {page}"), format!("escreva a página, com a linha `{MARKER}`"))));
    }
    if read_text(&path)?.lines().filter(|line| line.trim() == MARKER).count() != 1 {
        let what = format!("{page} precisa da linha `{MARKER}` uma vez");
        return Ok(Some(Problem::new(what, "ponha-a sozinha em uma linha, onde as perguntas devem aparecer")));
    }
    let summary = read_text(&course.root.join("book/src/SUMMARY.md"))?;
    let of_chapter = format!("({}/", chapter.slug());
    let last = summary.lines().rfind(|line| line.contains(&of_chapter));
    let link = format!("({}/quiz.md)", chapter.slug());
    Ok((!last.is_some_and(|line| line.contains(&link))).then(|| {
        let what = format!("{page} não é a última página do capítulo em book/src/SUMMARY.md");
        Problem::new(what, format!("ponha `- [Perguntas do capítulo]{link}` depois dos passos"))
    }))
}

/// O que o TOML dá por certo é o que o modelo calcula; os problemas de cada capítulo, na ordem pedida.
pub fn keys(course: &Course, chapters: &[&Chapter]) -> Result<Vec<Vec<Problem>>> {
    let proofs = quiz::prove(course, chapters)?;
    Ok(proofs.into_iter().map(|faults| faults.into_iter().map(Problem::from).collect()).collect())
}
