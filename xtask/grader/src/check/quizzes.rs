//! As perguntas de um capítulo: escritas e, rodando o programa da chave, certas.

use anyhow::Result;

use super::Problem;
use crate::course::{Chapter, Course, slashed};
use crate::quiz;

/// Os capítulos que ainda não têm perguntas. A lista só diminui: quem escreve as de um capítulo tira o nome dele daqui.
const WITHOUT_QUIZ: [&str; 4] = ["01-gateway", "05-polling-invocation", "06-error-table", "07-event-driven"];

/// As perguntas existem e estão bem escritas.
pub fn quiz(course: &Course, chapter: &Chapter) -> Vec<Problem> {
    let file = slashed(&chapter.quiz_file());
    match (quiz::exists(course, chapter), WITHOUT_QUIZ.contains(&chapter.id.as_str())) {
        (false, true) => Vec::new(),
        (false, false) => {
            let fix = "escreva as perguntas; o formato está em xtask/grader/src/quiz/mod.rs";
            vec![Problem::new(format!("falta {file}"), fix)]
        }
        (true, exempt) => {
            let listed = exempt.then(|| {
                let what = format!("{file} existe, mas `{}` está na lista dos que não têm perguntas", chapter.id);
                Problem::new(what, "tire-o de `WITHOUT_QUIZ`, em xtask/grader/src/check/quizzes.rs")
            });
            let faults = quiz::load(course, chapter).err().unwrap_or_default();
            listed.into_iter().chain(faults.into_iter().map(Problem::from)).collect()
        }
    }
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
