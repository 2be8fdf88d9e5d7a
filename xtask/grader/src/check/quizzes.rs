//! As perguntas de um capítulo: escritas, com a sua página e, rodando o programa da chave, certas.

use anyhow::Result;

use super::Problem;
use crate::course::{Chapter, Course, slashed};
use crate::files::read_text;
use crate::quiz;

/// Os capítulos que ainda não têm perguntas. A lista só diminui: quem escreve as de um capítulo tira o nome dele daqui.
const WITHOUT_QUIZ: [&str; 1] = ["06-error-table"];

/// As perguntas existem, estão bem escritas e têm a sua página.
pub fn quiz(course: &Course, chapter: &Chapter) -> Result<Vec<Problem>> {
    let file = slashed(&chapter.quiz_file());
    match (quiz::exists(course, chapter), WITHOUT_QUIZ.contains(&chapter.id.as_str())) {
        (false, true) => Ok(Vec::new()),
        (false, false) => {
            let fix = "escreva as perguntas; o formato está em xtask/grader/src/quiz/mod.rs";
            Ok(vec![Problem::new(format!("falta {file}"), fix)])
        }
        (true, exempt) => {
            let listed = exempt.then(|| {
                let what = format!("{file} existe, mas `{}` está na lista dos que não têm perguntas", chapter.id);
                Problem::new(what, "tire-o de `WITHOUT_QUIZ`, em xtask/grader/src/check/quizzes.rs")
            });
            let faults = quiz::load(course, chapter).err().unwrap_or_default();
            let page = page(course, chapter)?;
            Ok(listed.into_iter().chain(faults.into_iter().map(Problem::from)).chain(page).collect())
        }
    }
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

/// O que o TOML dá por certo é o que o modelo calcula; os problemas de cada capítulo, na ordem pedida. Um capítulo sem perguntas
/// não tem o que provar.
pub fn keys(course: &Course, chapters: &[&Chapter]) -> Result<Vec<Vec<Problem>>> {
    let asked: Vec<_> = chapters.iter().copied().filter(|chapter| quiz::exists(course, chapter)).collect();
    let mut proofs = quiz::prove(course, &asked)?.into_iter();
    let of_chapter = |chapter: &&Chapter| {
        let faults = if quiz::exists(course, chapter) { proofs.next() } else { None };
        faults.unwrap_or_default().into_iter().map(Problem::from).collect()
    };
    Ok(chapters.iter().map(of_chapter).collect())
}
