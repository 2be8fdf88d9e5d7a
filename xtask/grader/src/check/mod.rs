//! O que torna um curso inteiro: cada regra é uma função, e cada problema diz como se conserta.
//!
//! ```text
//! files ─ o que se vê sem compilar: cada passo com os seus cinco arquivos, nada sobrando, textos presentes
//! notes_map ─ cada assunto das notas de estudo leva a uma página
//! answers ─ o que só se vê rodando: respostas passam, esqueletos falham, respostas erradas são rejeitadas
//! quizzes ─ as perguntas e os fatos: escritos, e com a resposta que o modelo calcula
//! facts ─ todo fato aparece em uma página, e a folha de consulta não tem número escrito à mão
//! ```

mod answers;
mod facts;
mod files;
mod notes;
mod quizzes;

use std::path::PathBuf;

pub use answers::{answers, parity_sources, verdicts};
pub use facts::sheet;
pub use files::files;
pub use notes::notes_map;
pub use quizzes::{keys, quiz};

use crate::course::{Chapter, Step};

/// Algo que não está certo e o que fazer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub what: String,
    pub fix: String,
}

impl Problem {
    fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }
}

/// Uma resposta errada de um passo: um engano plausível que os testes têm de rejeitar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// A partir da raiz.
    pub path: PathBuf,
    /// O que vem depois do nome do passo no nome do arquivo.
    pub misconception: String,
}

/// As respostas erradas de um passo, em ordem: `wrong/PASSO-engano.rs`.
pub fn wrong_answers(course: &crate::course::Course, chapter: &Chapter, step: &Step) -> anyhow::Result<Vec<Wrong>> {
    let dir = chapter.solution_dir().join("wrong");
    let files = crate::files::walk(&course.root.join(&dir))?;
    Ok(files
        .into_iter()
        .filter_map(|file| {
            let name = file.to_str()?.strip_suffix(".rs")?;
            let misconception = name.strip_prefix(step.name())?.strip_prefix('-')?.to_owned();
            Some(Wrong { path: dir.join(&file), misconception })
        })
        .collect())
}
