//! Os programas das chaves: o que os modelos de um capítulo respondem.
//!
//! Um programa (`solutions/NN/key/main.rs`) escreve `{"quiz":{"id":valor,…},"facts":{"nome":valor,…}}`: em `quiz`, a resposta de
//! cada pergunta; em `facts`, os textos que o livro mostra fora delas.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::Fault;
use crate::build::{self, Diagnostic};
use crate::course::{Chapter, Course, slashed};
use crate::run::process::{self, End, Limits};

/// Os modelos rodam com o relógio pausado: o programa inteiro leva milissegundos.
const LIMITS: Limits =
    Limits { deadline: Some(Duration::from_secs(60)), memory: Some(1024 * 1024 * 1024), output: Some(1024 * 1024) };

/// O que os modelos de um capítulo respondem.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Por id de pergunta.
    pub quiz: BTreeMap<String, serde_json::Value>,
    /// Por nome, como se leem na página.
    pub facts: BTreeMap<String, String>,
}

/// Compila, em uma só chamada do cargo, e roda o programa de cada capítulo; o que falhou vem no lugar da chave, na mesma ordem.
pub fn compute(course: &Course, chapters: &[&Chapter]) -> Result<Vec<Result<Key, Fault>>> {
    let exists = |chapter: &Chapter| course.root.join(chapter.key_file()).is_file();
    let written: Vec<_> = chapters.iter().copied().filter(|chapter| exists(chapter)).collect();
    let built = match written[..] {
        [] => None,
        _ => Some(build::build_keys(course, &written)?),
    };
    let key = |chapter: &&Chapter| {
        let fault = |what, fix: &str| Fault { file: slashed(&chapter.key_file()), what, fix: fix.to_owned() };
        let Some(built) = built.as_ref().filter(|_| exists(chapter)) else {
            let fix = "escreva o programa que calcula as respostas, como ensina xtask/grader/src/quiz/mod.rs";
            return Ok(Err(fault("falta o programa da chave".to_owned(), fix)));
        };
        match built.executables.get(&chapter.key_target()) {
            Some(program) => {
                Ok(run(program)?.map_err(|what| fault(what, "corrija o programa até ele calcular todas as respostas")))
            }
            None => {
                let what = format!("o programa não compila:\n{}", rendered(&built.errors, chapter));
                Ok(Err(fault(what, "corrija os erros que o compilador mostra")))
            }
        }
    };
    chapters.iter().map(key).collect()
}

/// Os erros do programa e dos seus módulos, ou todos, se nenhum é dele: o que não compila é algo de que ele depende.
fn rendered(errors: &[Diagnostic], chapter: &Chapter) -> String {
    let file = chapter.key_file();
    let folder = file.parent().unwrap_or(&file);
    let own: Vec<_> = errors.iter().filter(|error| Path::new(&error.file).starts_with(folder)).collect();
    let shown = if own.is_empty() { errors.iter().collect() } else { own };
    shown.iter().map(|error| error.rendered.trim_end()).collect::<Vec<_>>().join("\n")
}

/// O que o programa respondeu, ou por que não respondeu.
fn run(program: &Path) -> Result<Result<Key, String>> {
    let finished = process::run(Command::new(program), LIMITS, |_| {})?;
    let stderr = String::from_utf8_lossy(&finished.stderr);
    Ok(match finished.end {
        End::Finished(status) if status.success() => serde_json::from_slice(&finished.stdout)
            .map_err(|error| format!("o programa não escreveu uma chave ({error}); use `kit::key::run` no `main`")),
        End::Finished(status) => Err(format!("o programa parou ({status}):\n{}", stderr.trim_end())),
        End::Deadline => Err("o programa não terminou em 60 s".to_owned()),
        End::Memory => Err("o programa passou de 1 GB de memória".to_owned()),
        End::Output => Err("o programa escreveu mais de 1 MB".to_owned()),
    })
}
