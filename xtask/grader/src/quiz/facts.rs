//! Os fatos de um capítulo: números e nomes que o livro mostra fora das perguntas, cada um igual ao que o modelo calcula.
//!
//! Uma página escreve `{{#fato CAPÍTULO/ID}}`, e no lugar entra o texto de `exercises/NN/facts.toml`:
//!
//! ```toml
//! maximum-event-age = "6 h"             # como se lê na página, em Markdown
//! invoke-action = "`lambda:InvokeFunction`"
//! ```
//!
//! O mesmo texto tem de sair do programa da chave, por `.fact("maximum-event-age", …)`, calculado com o código do capítulo. Assim um
//! número da folha de consulta não pode discordar do que os testes cobram. Um capítulo pode não ter fatos.

use std::collections::BTreeMap;

use super::Fault;
use super::file::translate;
use super::key::Key;
use crate::course::{Chapter, Course, is_name, slashed};
use crate::files::read_text;

/// O texto de cada fato, por id.
pub type Facts = BTreeMap<String, String>;

/// Os fatos do capítulo; nenhum, se ele não tem o arquivo.
///
/// # Errors
/// Tudo o que está errado no arquivo.
pub fn load(course: &Course, chapter: &Chapter) -> Result<Facts, Vec<Fault>> {
    let file = slashed(&chapter.facts_file());
    if !course.root.join(&file).is_file() {
        return Ok(Facts::new());
    }
    let fault = |what: String, fix: &str| Fault { file: file.clone(), what, fix: fix.to_owned() };
    let text = read_text(&course.root.join(&file))
        .map_err(|error| vec![fault(format!("{error:#}"), "confira se o arquivo pode ser lido")])?;
    let facts: Facts = toml::from_str(&text).map_err(|error| {
        let what = format!("não é uma lista de fatos:\n{}", translate(&error.to_string()));
        vec![fault(what, "escreva um fato por linha, como `maximum-event-age = \"6 h\"`")]
    })?;
    let faults: Vec<_> = facts
        .iter()
        .filter_map(|(id, text)| match (is_name(id, '-'), text.trim().is_empty() || text.contains('\n')) {
            (false, _) => {
                let fix = "use minúsculas, números e `-`, como `maximum-event-age`";
                Some(fault(format!("o id `{id}` não serve"), fix))
            }
            (true, true) => {
                Some(fault(format!("o fato `{id}` não é uma linha de texto"), "escreva o que a página mostra"))
            }
            (true, false) => None,
        })
        .collect();
    if faults.is_empty() { Ok(facts) } else { Err(faults) }
}

/// O que o arquivo diz contra o que o modelo calculou, e o que só um dos dois tem.
pub fn compare(facts_file: &str, key_file: &str, facts: &Facts, key: &Key) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (id, text) in facts {
        match key.facts.get(id) {
            Some(computed) if computed == text => {}
            Some(computed) => faults.push(Fault {
                file: facts_file.to_owned(),
                what: format!("fato `{id}`: o TOML diz \"{text}\", e o modelo calculou \"{computed}\""),
                fix: "ou o texto está errado, ou o programa não monta a cena que o fato descreve".to_owned(),
            }),
            None => faults.push(Fault {
                file: key_file.to_owned(),
                what: format!("o programa não calcula o fato `{id}`"),
                fix: format!("acrescente `.fact(\"{id}\", …)` com o que o modelo diz"),
            }),
        }
    }
    faults.extend(key.facts.iter().filter(|(id, _)| !facts.contains_key(*id)).map(|(id, computed)| Fault {
        file: facts_file.to_owned(),
        what: format!("falta o fato `{id}`, que o programa calcula"),
        fix: format!("acrescente a linha `{id} = {}` ou tire-o do programa", toml::Value::from(computed.as_str())),
    }));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(text: &str) -> (tempfile::TempDir, Course) {
        let dir = tempfile::tempdir().unwrap();
        let chapter = dir.path().join("exercises/04-async-invocation");
        std::fs::create_dir_all(&chapter).unwrap();
        std::fs::write(chapter.join("facts.toml"), text).unwrap();
        let chapter = Chapter {
            id: "04-async-invocation".into(),
            title: "Invocação assíncrona".into(),
            steps: Vec::new(),
            labs: Vec::new(),
        };
        let root = dir.path().to_path_buf();
        (dir, Course { target: root.join("target"), root, title: "Curso".into(), chapters: vec![chapter] })
    }

    fn loaded(text: &str) -> Result<Facts, String> {
        let (_dir, course) = course(text);
        load(&course, &course.chapters[0])
            .map_err(|faults| faults.into_iter().map(|fault| fault.what + "\n").collect::<String>())
    }

    #[test]
    fn a_fact_is_a_line_of_text_with_a_name() {
        assert_eq!(loaded("maximum-event-age = \"6 h\"\n").unwrap()["maximum-event-age"], "6 h");
        let said = loaded("Maximum = \"6 h\"\nage = \"\"\nlines = \"a\\nb\"\n").unwrap_err();
        insta::assert_snapshot!(said, @r"
        o id `Maximum` não serve
        o fato `age` não é uma linha de texto
        o fato `lines` não é uma linha de texto
        ");
        assert!(loaded("age = 6\n").unwrap_err().contains("não é uma lista de fatos"));
    }

    #[test]
    fn a_chapter_may_have_no_facts() {
        let (dir, course) = course("");
        std::fs::remove_file(dir.path().join("exercises/04-async-invocation/facts.toml")).unwrap();
        assert_eq!(load(&course, &course.chapters[0]).unwrap(), Facts::new());
    }

    #[test]
    fn the_file_and_the_model_must_say_the_same() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(id, text)| (id.to_string(), text.to_string())).collect();
        let facts: Facts = map(&[("age", "6 h"), ("tries", "3"), ("waits", "1 min")]);
        let key = Key { facts: map(&[("age", "6 h"), ("limit", "1 MB"), ("waits", "2 min")]), ..Key::default() };
        let said: Vec<_> = compare("facts.toml", "main.rs", &facts, &key)
            .iter()
            .map(|f| format!("{}: {} → {}", f.file, f.what, f.fix))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        main.rs: o programa não calcula o fato `tries` → acrescente `.fact("tries", …)` com o que o modelo diz
        facts.toml: fato `waits`: o TOML diz "1 min", e o modelo calculou "2 min" → ou o texto está errado, ou o programa não monta a cena que o fato descreve
        facts.toml: falta o fato `limit`, que o programa calcula → acrescente a linha `limit = "1 MB"` ou tire-o do programa
        "#);
    }
}
