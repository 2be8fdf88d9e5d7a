//! A prova: o que os TOML dão por certo é o que o modelo calcula.

use std::fmt::Display;

use anyhow::Result;
use serde_json::Value as Computed;

use super::key::{self, Key};
use super::{Choice, Fault, Kind, Question, Quiz, Value, facts};
use crate::course::{Chapter, Course, slashed};

/// Duas contas com a mesma resposta podem diferir no último dígito de um `f64`.
const TOLERANCE: f64 = 1e-9;

/// Tudo o que difere entre as perguntas e os fatos dos capítulos e os seus modelos; em cada capítulo, na ordem pedida.
///
/// # Errors
/// Quando não dá para compilar ou rodar nada: o cargo falta, o disco encheu.
pub fn prove(course: &Course, chapters: &[&Chapter]) -> Result<Vec<Vec<Fault>>> {
    let keys = key::compute(course, chapters)?;
    Ok(chapters.iter().zip(keys).map(|(chapter, key)| faults(course, chapter, key)).collect())
}

fn faults(course: &Course, chapter: &Chapter, key: Result<Key, Fault>) -> Vec<Fault> {
    let (quiz, facts) = match (super::load(course, chapter), facts::load(course, chapter)) {
        (Ok(quiz), Ok(facts)) => (quiz, facts),
        (quiz, facts) => return [quiz.err(), facts.err()].into_iter().flatten().flatten().collect(),
    };
    let key_file = slashed(&chapter.key_file());
    match key {
        Ok(key) => {
            let of_facts = facts::compare(&slashed(&chapter.facts_file()), &key_file, &facts, &key);
            compare(&slashed(&chapter.quiz_file()), &key_file, &quiz, &key).into_iter().chain(of_facts).collect()
        }
        Err(fault) => vec![fault],
    }
}

/// Cada resposta do TOML contra a do modelo, e as que só um dos dois tem.
pub fn compare(quiz_file: &str, key_file: &str, quiz: &Quiz, key: &Key) -> Vec<Fault> {
    let mut faults = Vec::new();
    for question in &quiz.questions {
        let Some(computed) = key.quiz.get(&question.id) else {
            faults.push(Fault {
                file: key_file.to_owned(),
                what: format!("o programa não calcula a pergunta `{}`", question.id),
                fix: format!("acrescente `.quiz(\"{}\", …)` com o que o modelo diz", question.id),
            });
            continue;
        };
        if let Some(said) = disagreement(question, computed) {
            faults.push(Fault {
                file: quiz_file.to_owned(),
                what: format!("pergunta `{}`: o TOML diz {said}, e o modelo calculou {}", question.id, show(computed)),
                fix: "confira a cena com o laboratório: ou a resposta do TOML está errada, ou o programa não monta a cena do texto"
                    .to_owned(),
            });
        }
    }
    let known = |id: &str| quiz.questions.iter().any(|question| question.id == id);
    faults.extend(key.quiz.keys().filter(|id| !known(id)).map(|id| Fault {
        file: key_file.to_owned(),
        what: format!("o programa calcula `{id}`, que não é uma pergunta de {quiz_file}"),
        fix: "escreva a pergunta ou tire a linha do programa".to_owned(),
    }));
    faults
}

/// O que o TOML diz, se não é o que o modelo calculou.
fn disagreement(question: &Question, computed: &Computed) -> Option<String> {
    match &question.kind {
        Kind::Single(options) => {
            let right: Vec<_> = right_values(options).collect();
            let agrees = !computed.is_array() && matches!(right[..], [value] if same(value, computed));
            (!agrees).then(|| list(right))
        }
        Kind::Several(options) => {
            let right: Vec<_> = right_values(options).collect();
            let computed: Vec<_> = computed.as_array().map_or(vec![computed], |list| list.iter().collect());
            let agrees = right.len() == computed.len()
                && right.iter().all(|value| computed.iter().any(|computed| same(value, computed)));
            (!agrees).then(|| list(right))
        }
        Kind::Number { answer, unit, .. } => {
            (!same(&Value::Number(*answer), computed)).then(|| format!("{answer} {unit}").trim_end().to_owned())
        }
        Kind::Order(items) => {
            let agrees = computed.as_array().is_some_and(|computed| {
                computed.len() == items.len()
                    && items.iter().zip(computed).all(|(item, value)| same(&item.value, value))
            });
            (!agrees).then(|| list(items.iter().map(|item| &item.value)))
        }
    }
}

fn right_values(options: &[Choice]) -> impl Iterator<Item = &Value> {
    options.iter().filter(|option| option.right).map(|option| &option.value)
}

fn same(value: &Value, computed: &Computed) -> bool {
    match value {
        Value::Bool(value) => computed.as_bool() == Some(*value),
        Value::Text(value) => computed.as_str() == Some(value),
        Value::Number(value) => computed
            .as_f64()
            .is_some_and(|computed| (value - computed).abs() <= TOLERANCE * value.abs().max(computed.abs())),
    }
}

fn list(values: impl IntoIterator<Item = impl Display>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}

fn show(computed: &Computed) -> String {
    match computed {
        Computed::Array(values) => list(values.iter().map(show)),
        // Sem o `.0` de um `f64` inteiro, como o TOML o mostra.
        Computed::Number(number) => number.as_f64().map_or(number.to_string(), |number| number.to_string()),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::quiz::{Item, Mistake};

    fn choice(value: &str, right: bool) -> Choice {
        Choice { text: value.into(), value: Value::Text(value.into()), right, why: "…".into() }
    }

    fn item(value: &str) -> Item {
        Item { text: value.into(), value: Value::Text(value.into()), why: "…".into() }
    }

    fn question(id: &str, kind: Kind) -> Question {
        Question { id: id.into(), about: "queue".into(), text: "?".into(), why: "…".into(), kind }
    }

    fn quiz() -> Quiz {
        let options = || vec![choice("a", true), choice("b", false), choice("c", true)];
        let mistakes = vec![Mistake { value: 64.0, why: "…".into() }];
        Quiz {
            questions: vec![
                question("one", Kind::Single(options()[..2].to_vec())),
                question("some", Kind::Several(options())),
                question("how-many", Kind::Number { answer: 64.2, unit: "s".into(), mistakes }),
                question("sequence", Kind::Order(vec![item("x"), item("y"), item("z")])),
            ],
        }
    }

    fn key() -> Key {
        let quiz = [
            ("one", json!("a")),
            ("some", json!(["c", "a"])),
            ("how-many", json!(64.0 + 0.2)),
            ("sequence", json!(["x", "y", "z"])),
        ];
        Key { quiz: quiz.map(|(id, value)| (id.to_owned(), value)).into(), ..Key::default() }
    }

    fn faults(key: &Key) -> Vec<String> {
        compare("quiz.toml", "key.rs", &quiz(), key)
            .into_iter()
            .map(|fault| format!("{}: {}", fault.file, fault.what))
            .collect()
    }

    #[test]
    fn a_key_that_agrees_has_no_faults() {
        assert_eq!(faults(&key()), <[String; 0]>::default());
    }

    #[rstest]
    #[case("one", json!("b"), r#"pergunta `one`: o TOML diz "a", e o modelo calculou "b""#)]
    #[case("one", json!(["a", "b"]), r#"o modelo calculou "a", "b""#)]
    #[case("some", json!(["a"]), r#"o TOML diz "a", "c", e o modelo calculou "a""#)]
    #[case("some", json!(["a", "c", "d"]), r#"o modelo calculou "a", "c", "d""#)]
    #[case("how-many", json!(64), "o TOML diz 64.2 s, e o modelo calculou 64")]
    #[case("how-many", json!("64.2"), r#"o modelo calculou "64.2""#)]
    #[case("sequence", json!(["x", "z", "y"]), r#"o TOML diz "x", "y", "z", e o modelo calculou "x", "z", "y""#)]
    #[case("sequence", json!("x"), r#"o modelo calculou "x""#)]
    fn a_wrong_key_says_what_each_side_says(#[case] id: &str, #[case] computed: Computed, #[case] expected: &str) {
        let mut key = key();
        key.quiz.insert(id.into(), computed);
        let found = faults(&key);
        assert!(found.len() == 1 && found[0].starts_with("quiz.toml: ") && found[0].contains(expected), "{found:?}");
    }

    #[test]
    fn a_question_that_only_one_side_has_is_a_fault() {
        let mut key = key();
        let value = key.quiz.remove("one").unwrap();
        key.quiz.insert("won".into(), value);
        assert_eq!(
            faults(&key),
            [
                "key.rs: o programa não calcula a pergunta `one`",
                "key.rs: o programa calcula `won`, que não é uma pergunta de quiz.toml"
            ]
        );
    }
}
