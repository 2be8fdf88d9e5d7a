//! Do TOML às perguntas: cada regra que se confere sem rodar nada.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::Deserialize;

use super::{Choice, Fault, Item, Kind, Mistake, Question, Quiz, Value};
use crate::course::{Chapter, is_name};

/// Quantas perguntas tem um capítulo.
const QUESTIONS: RangeInclusive<usize> = 4..=8;
/// Quantas alternativas tem uma pergunta.
const OPTIONS: RangeInclusive<usize> = 2..=6;
/// Quantos itens há para ordenar.
const ITEMS: RangeInclusive<usize> = 3..=7;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuizFile {
    /// Lidas uma a uma, para que a mensagem diga em qual está o erro.
    #[serde(default)]
    questions: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    kind: KindName,
    about: String,
    text: String,
    why: String,
    #[serde(default)]
    options: Vec<Choice>,
    #[serde(default)]
    items: Vec<Item>,
    answer: Option<f64>,
    unit: Option<String>,
    #[serde(default)]
    mistakes: Vec<Mistake>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindName {
    Single,
    Several,
    Number,
    Order,
}

/// Lê e confere o arquivo inteiro.
pub fn parse(file: &str, text: &str, chapter: &Chapter) -> Result<Quiz, Vec<Fault>> {
    let read: QuizFile = toml::from_str(text).map_err(|error| {
        let what = format!("não é um TOML válido de perguntas:\n{}", translate(&error.to_string()));
        vec![Fault { file: file.to_owned(), what, fix: "corrija a linha que a mensagem mostra".to_owned() }]
    })?;
    let mut faults = Faults { file, question: String::new(), found: Vec::new() };
    if !QUESTIONS.contains(&read.questions.len()) {
        let (count, wanted) = (read.questions.len(), range(&QUESTIONS));
        faults.add(format!("há {count} perguntas, e um capítulo tem {wanted}"), "escreva ou junte perguntas");
    }
    let mut seen = BTreeSet::new();
    let mut questions = Vec::new();
    for (number, table) in (1..).zip(read.questions) {
        let id = table.get("id").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        faults.question = if id.is_empty() { format!("pergunta {number}: ") } else { format!("pergunta `{id}`: ") };
        match table.try_into::<Entry>() {
            Err(error) => faults
                .add(translate(error.message()), "corrija o campo; o formato está em xtask/grader/src/quiz/mod.rs"),
            Ok(entry) => {
                if !seen.insert(id) {
                    faults.add("o id já é de outra pergunta", "dê a esta um id que ainda não existe no capítulo");
                }
                questions.extend(entry.check(chapter, &mut faults));
            }
        }
    }
    if faults.found.is_empty() { Ok(Quiz { questions }) } else { Err(faults.found) }
}

/// Os problemas achados até agora, e a pergunta em que se está.
struct Faults<'a> {
    file: &'a str,
    question: String,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, what: impl AsRef<str>, fix: impl Into<String>) {
        let what = format!("{}{}", self.question, what.as_ref());
        self.found.push(Fault { file: self.file.to_owned(), what, fix: fix.into() });
    }

    /// Os textos que a página mostra não podem faltar.
    fn written<'t>(&mut self, texts: impl IntoIterator<Item = (&'static str, &'t str)>) {
        for (name, text) in texts {
            if text.trim().is_empty() {
                self.add(format!("`{name}` está vazio"), "escreva o texto: é o que quem responde vai ler");
            }
        }
    }

    /// Dois valores iguais seriam a mesma resposta com dois textos.
    fn distinct<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) {
        let mut seen: Vec<&Value> = Vec::new();
        for value in values {
            if seen.contains(&value) {
                self.add(format!("o valor {value} aparece duas vezes"), "dê a cada um o seu `value`");
            }
            seen.push(value);
        }
    }

    fn count(&mut self, what: &str, count: usize, wanted: &RangeInclusive<usize>) {
        if !wanted.contains(&count) {
            self.add(format!("há {count} {what}, e o certo são {}", range(wanted)), "escreva ou tire");
        }
    }
}

impl Entry {
    /// A pergunta, se o que falta nela não impede montá-la; o resto fica em `faults`.
    fn check(self, chapter: &Chapter, faults: &mut Faults) -> Option<Question> {
        if !is_name(&self.id, '-') {
            faults.add("o id não serve", "use minúsculas, números e `-`, como `seconds-until-dlq`");
        }
        if chapter.step(&self.about).is_none() {
            let steps: Vec<_> = chapter.steps.iter().map(|step| format!("`{}`", step.name())).collect();
            let fix = format!("diga o passo que explica: {}", steps.join(", "));
            faults.add(format!("`about` diz `{}`, que não é um passo do capítulo", self.about), fix);
        }
        faults.written([("text", self.text.as_str()), ("why", self.why.as_str())]);
        self.no_stray_fields(faults);
        let kind = match self.kind {
            KindName::Single | KindName::Several => {
                check_options(&self.options, self.kind, faults);
                if self.kind == KindName::Single { Kind::Single(self.options) } else { Kind::Several(self.options) }
            }
            KindName::Number => {
                let Some(answer) = self.answer else {
                    faults.add("falta `answer`", "escreva o número certo, sem a unidade");
                    return None;
                };
                check_number(answer, &self.mistakes, faults);
                Kind::Number { answer, unit: self.unit.unwrap_or_default(), mistakes: self.mistakes }
            }
            KindName::Order => {
                faults.count("itens", self.items.len(), &ITEMS);
                faults.distinct(self.items.iter().map(|item| &item.value));
                for item in &self.items {
                    faults.written([("items.text", item.text.as_str()), ("items.why", item.why.as_str())]);
                }
                Kind::Order(self.items)
            }
        };
        Some(Question { id: self.id, about: self.about, text: self.text, why: self.why, kind })
    }

    /// Um campo de outro tipo de pergunta seria ignorado em silêncio.
    fn no_stray_fields(&self, faults: &mut Faults) {
        let options = matches!(self.kind, KindName::Single | KindName::Several);
        let number = self.kind == KindName::Number;
        let stray = [
            ("options", !options && !self.options.is_empty()),
            ("items", self.kind != KindName::Order && !self.items.is_empty()),
            ("answer", !number && self.answer.is_some()),
            ("unit", !number && self.unit.is_some()),
            ("mistakes", !number && !self.mistakes.is_empty()),
        ];
        for (name, _) in stray.into_iter().filter(|(_, is_stray)| *is_stray) {
            faults.add(format!("`{name}` não é deste tipo de pergunta"), "tire o campo ou mude `kind`");
        }
    }
}

fn check_options(options: &[Choice], kind: KindName, faults: &mut Faults) {
    faults.count("alternativas", options.len(), &OPTIONS);
    faults.distinct(options.iter().map(|option| &option.value));
    for option in options {
        faults.written([("options.text", option.text.as_str()), ("options.why", option.why.as_str())]);
    }
    match (options.iter().filter(|option| option.right).count(), kind) {
        (0, _) => faults.add("nenhuma alternativa está certa", "ponha `right = true` na certa"),
        (2.., KindName::Single) => {
            faults.add(
                "mais de uma alternativa está certa",
                "deixe `right = true` em uma só, ou use `kind = \"several\"`",
            );
        }
        _ => {}
    }
}

fn check_number(answer: f64, mistakes: &[Mistake], faults: &mut Faults) {
    if mistakes.is_empty() {
        faults.add("falta `mistakes`", "escreva ao menos um número errado que se espera, com o porquê");
    }
    let mut seen = vec![answer];
    for mistake in mistakes {
        faults.written([("mistakes.why", mistake.why.as_str())]);
        if seen.contains(&mistake.value) {
            let what = format!("o número {} aparece duas vezes entre a resposta e os enganos", mistake.value);
            faults.add(what, "cada engano é um número diferente");
        }
        seen.push(mistake.value);
    }
    if !seen.iter().all(|value| value.is_finite()) {
        faults.add("há um número que não é finito", "escreva um número comum");
    }
}

fn range(range: &RangeInclusive<usize>) -> String {
    format!("de {} a {}", range.start(), range.end())
}

/// O começo das frases do serde, em português; o que não se conhece fica como veio.
pub(super) fn translate(error: &str) -> String {
    const PHRASES: [(&str, &str); 6] = [
        ("unknown field ", "não conheço o campo "),
        ("missing field ", "falta o campo "),
        ("unknown variant ", "não existe "),
        ("invalid type: ", "o tipo do valor não serve: veio "),
        (", expected one of ", "; os que existem são "),
        (", expected ", "; esperava "),
    ];
    PHRASES.iter().fold(error.to_owned(), |text, (english, portuguese)| text.replace(english, portuguese))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::course::Course;

    const GOOD: &str = r#"
[[questions]]
id = "one"
kind = "single"
about = "queue"
text = "Qual?"
why = "Porque sim."
options = [
  { text = "A", value = "a", why = "Não." },
  { text = "B", value = 2, right = true, why = "Sim." },
]

[[questions]]
id = "some"
kind = "several"
about = "queue"
text = "Quais?"
why = "Porque sim."
options = [
  { text = "C", value = true, right = true, why = "Sim." },
  { text = "D", value = false, right = true, why = "Sim." },
]

[[questions]]
id = "how-many"
kind = "number"
about = "queue"
text = "Quantos?"
why = "Porque sim."
answer = 64.2
unit = "s"
mistakes = [{ value = 64, why = "Falta a fração." }]

[[questions]]
id = "sequence"
kind = "order"
about = "queue"
text = "Em que ordem?"
why = "Porque sim."
items = [
  { text = "E", value = "e", why = "Primeiro." },
  { text = "F", value = "f", why = "Depois." },
  { text = "G", value = "g", why = "No fim." },
]
"#;

    fn chapter() -> Chapter {
        let course = r#"
version = 1
title = "Curso"
chapters = [{ id = "04-async-invocation", title = "x", steps = [
  { id = "queue", title = "Fila", points = 10, minutes = 20, hints = [] },
  { id = "retries", title = "Tentativas", points = 10, minutes = 20, hints = [] },
] }]
"#;
        Course::parse(Path::new("/curso"), course).unwrap().chapters.remove(0)
    }

    fn faults(text: &str) -> String {
        match parse("quiz.toml", text, &chapter()) {
            Ok(quiz) => format!("{} perguntas em ordem", quiz.questions.len()),
            Err(faults) => {
                let lines = faults.iter().map(|fault| format!("{}: {} → {}", fault.file, fault.what, fault.fix));
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// O arquivo bom com uma troca.
    fn with(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        faults(&GOOD.replacen(from, to, 1))
    }

    #[test]
    fn a_good_file_is_read_in_its_order() {
        let quiz = parse("quiz.toml", GOOD, &chapter()).unwrap();
        let ids: Vec<_> = quiz.questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["one", "some", "how-many", "sequence"]);
        let Kind::Single(options) = &quiz.questions[0].kind else { panic!("{:?}", quiz.questions[0]) };
        assert_eq!(options[1].value, Value::Number(2.0));
        assert!(options[1].right && !options[0].right);
    }

    #[test]
    fn each_fault_names_the_question_and_says_what_to_do() {
        let all = [
            with("id = \"one\"", "id = \"Um!\""),
            with("id = \"some\"", "id = \"one\""),
            with("about = \"queue\"", "about = \"fila\""),
            with("why = \"Não.\"", "why = \" \""),
            with("value = 2, right = true", "value = \"a\", right = true"),
            with("value = 2, right = true", "value = 2"),
            with("value = \"a\"", "value = \"a\", right = true"),
            with("kind = \"single\"", "kind = \"order\""),
            with("answer = 64.2", ""),
            with("value = 64,", "value = 64.2,"),
            with("mistakes = [{ value = 64, why = \"Falta a fração.\" }]", ""),
            with("unit = \"s\"", "units = \"s\""),
            with("value = 2", "value = [2]"),
            with("kind = \"single\"", "kind = \"unica\""),
            with("text = \"Qual?\"", ""),
            with("  { text = \"G\", value = \"g\", why = \"No fim.\" },", ""),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        quiz.toml: pergunta `Um!`: o id não serve → use minúsculas, números e `-`, como `seconds-until-dlq`
        quiz.toml: pergunta `one`: o id já é de outra pergunta → dê a esta um id que ainda não existe no capítulo
        quiz.toml: pergunta `one`: `about` diz `fila`, que não é um passo do capítulo → diga o passo que explica: `queue`, `retries`
        quiz.toml: pergunta `one`: `options.why` está vazio → escreva o texto: é o que quem responde vai ler
        quiz.toml: pergunta `one`: o valor "a" aparece duas vezes → dê a cada um o seu `value`
        quiz.toml: pergunta `one`: nenhuma alternativa está certa → ponha `right = true` na certa
        quiz.toml: pergunta `one`: mais de uma alternativa está certa → deixe `right = true` em uma só, ou use `kind = "several"`
        quiz.toml: pergunta `one`: `options` não é deste tipo de pergunta → tire o campo ou mude `kind`
        quiz.toml: pergunta `one`: há 0 itens, e o certo são de 3 a 7 → escreva ou tire
        quiz.toml: pergunta `how-many`: falta `answer` → escreva o número certo, sem a unidade
        quiz.toml: pergunta `how-many`: o número 64.2 aparece duas vezes entre a resposta e os enganos → cada engano é um número diferente
        quiz.toml: pergunta `how-many`: falta `mistakes` → escreva ao menos um número errado que se espera, com o porquê
        quiz.toml: pergunta `how-many`: não conheço o campo `units`; os que existem são `id`, `kind`, `about`, `text`, `why`, `options`, `items`, `answer`, `unit`, `mistakes` → corrija o campo; o formato está em xtask/grader/src/quiz/mod.rs
        quiz.toml: pergunta `one`: um valor é um texto, um número ou um booleano → corrija o campo; o formato está em xtask/grader/src/quiz/mod.rs
        quiz.toml: pergunta `one`: não existe `unica`; os que existem são `single`, `several`, `number`, `order` → corrija o campo; o formato está em xtask/grader/src/quiz/mod.rs
        quiz.toml: pergunta `one`: falta o campo `text` → corrija o campo; o formato está em xtask/grader/src/quiz/mod.rs
        quiz.toml: pergunta `sequence`: há 2 itens, e o certo são de 3 a 7 → escreva ou tire
        "#);
    }

    #[test]
    fn the_number_of_questions_has_limits() {
        assert_eq!(faults(""), "quiz.toml: há 0 perguntas, e um capítulo tem de 4 a 8 → escreva ou junte perguntas");
        let extra = GOOD.replace("id = \"", "id = \"b").replace("bone", "bone-b");
        assert_eq!(faults(&format!("{GOOD}{extra}")), "8 perguntas em ordem");
        assert!(faults(&format!("{GOOD}{extra}{}", extra.replace("id = \"", "id = \"c"))).contains("há 12 perguntas"));
    }

    #[test]
    fn what_is_not_toml_says_where() {
        let said = faults("[[questions]]\nid = \n");
        assert!(said.contains("não é um TOML válido") && said.contains("line 2, column 6"), "{said}");
    }
}
