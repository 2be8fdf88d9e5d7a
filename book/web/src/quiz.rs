//! As perguntas de um capítulo: o que vale como resposta, o que se diz dela e o que fica guardado.
//!
//! O que a pessoa já respondeu é um só valor em JSON, sob uma chave com versão. Ao contrário do progresso dos passos, nada que
//! estava ali se perde ao gravar: uma pergunta que esta edição do livro não tem mais pode voltar na próxima.

use serde_json::{Map, Value};

/// A chave do armazenamento; a versão faz parte do nome.
pub const KEY: &str = "caderno.quiz.v1";

/// O campo com as perguntas, pelo id estável `capítulo/pergunta`.
const QUESTIONS: &str = "questions";

/// Como a pessoa se saiu em uma pergunta até agora.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acertou na primeira tentativa.
    First,
    /// Acertou depois de errar.
    Right,
    /// Só errou, até agora.
    Wrong,
}

impl Outcome {
    /// A palavra guardada, que também é a do atributo na página.
    pub fn key(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Right => "right",
            Self::Wrong => "wrong",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::First, Self::Right, Self::Wrong].into_iter().find(|outcome| outcome.key() == text)
    }

    /// O que se lê ao lado do título da pergunta.
    pub fn words(self) -> &'static str {
        match self {
            Self::First => "✓ Certa na primeira tentativa",
            Self::Right => "✓ Certa",
            Self::Wrong => "✗ Ainda não",
        }
    }

    /// O resultado depois de mais uma resposta: uma pergunta acertada continua acertada.
    fn after(before: Option<Self>, right: bool) -> Self {
        match (before, right) {
            (Some(solved @ (Self::First | Self::Right)), _) => solved,
            (Some(Self::Wrong), true) => Self::Right,
            (None, true) => Self::First,
            (_, false) => Self::Wrong,
        }
    }
}

/// Tudo o que foi respondido, em todas as edições do livro.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers(Map<String, Value>);

impl Answers {
    /// Lê o que estava guardado; o que não é um objeto JSON é lixo, e começa-se do zero.
    pub fn parse(stored: Option<&str>) -> Self {
        match stored.and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Object(root)) => Self(root),
            _ => Self::default(),
        }
    }

    /// O texto a guardar.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Como a pessoa se saiu em uma pergunta, se já a respondeu.
    pub fn outcome(&self, question: &str) -> Option<Outcome> {
        self.0.get(QUESTIONS)?.get(question)?.as_str().and_then(Outcome::parse)
    }

    /// Anota mais uma resposta.
    pub fn record(&mut self, question: &str, right: bool) {
        let outcome = Outcome::after(self.outcome(question), right);
        let questions = self.0.entry(QUESTIONS).or_insert_with(|| Value::Object(Map::new()));
        if !questions.is_object() {
            *questions = Value::Object(Map::new());
        }
        if let Value::Object(questions) = questions {
            questions.insert(question.to_owned(), outcome.key().into());
        }
    }
}

/// A linha do alto: `3 de 6 certas, 2 na primeira tentativa`.
pub fn score(outcomes: &[Option<Outcome>]) -> String {
    let count = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == Some(wanted)).count();
    let (first, total) = (count(Outcome::First), outcomes.len());
    let right = first + count(Outcome::Right);
    match (right, first) {
        (0, _) | (_, 0) => format!("{right} de {total} certas"),
        (right, first) if right == first => format!("{right} de {total} certas, na primeira tentativa"),
        _ => format!("{right} de {total} certas, {first} na primeira tentativa"),
    }
}

/// O que se diz de uma alternativa depois da resposta, sem depender de cor.
pub fn choice_words(right: bool, chosen: bool) -> &'static str {
    match (right, chosen) {
        (true, true) => "✓ Certa, e você marcou.",
        (true, false) => "✓ Certa, e você não marcou.",
        (false, true) => "✗ Errada, e você marcou.",
        (false, false) => "✗ Errada.",
    }
}

/// O que se diz de um item posto no lugar `given`, quando o dele é `place` (os dois a partir de 1).
pub fn place_words(place: usize, given: usize) -> String {
    if place == given {
        format!("✓ No lugar: é o {place}º.")
    } else {
        format!("✗ Fora do lugar: é o {place}º.")
    }
}

/// Um número como a pessoa o escreve: `5.400`, `5 400`, `5400`, `64,2`, `64.2`, com ou sem a unidade no fim.
///
/// Um ponto só separa milhares quando tudo em volta está em grupos de três: `5.400` são cinco mil e quatrocentos, `5.40` são cinco
/// e quarenta centésimos.
pub fn parse_number(text: &str, unit: &str) -> Option<f64> {
    let text = text.trim();
    let text = text.strip_suffix(unit.trim()).unwrap_or(text);
    let text: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '−' { '-' } else { c }).collect();
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text.as_str()), |rest| (-1.0, rest));
    let (whole, fraction) = match digits.split_once(',') {
        Some((whole, fraction)) => (ungrouped(whole)?, fraction.to_owned()),
        None => match ungrouped(digits) {
            Some(whole) => (whole, String::new()),
            None => digits.split_once('.').map(|(whole, fraction)| (whole.to_owned(), fraction.to_owned()))?,
        },
    };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(&whole) || !plain(&fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    format!("0{whole}.{fraction}0").parse::<f64>().ok().map(|number| sign * number)
}

/// A parte inteira sem os pontos de milhar; `None` se os pontos não são de milhar.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let rest: Vec<_> = groups.collect();
    let grouped = rest.is_empty()
        || ((1..=3).contains(&first.len()) && first != "0" && rest.iter().all(|group| group.len() == 3));
    grouped.then(|| format!("{first}{}", rest.concat()))
}

/// Se dois números são o mesmo, a menos do último dígito de uma conta com vírgula.
pub fn same_number(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let read = |text| parse_number(text, "s");
        for text in ["5400", "5.400", "5 400", "5\u{a0}400", " 5400 s", "5.400,0", "5400s"] {
            assert_eq!(read(text), Some(5400.0), "{text}");
        }
        for (text, number) in [
            ("64,2", 64.2),
            ("64.2", 64.2),
            ("1.048.576", 1_048_576.0),
            ("0.500", 0.5),
            ("5.40", 5.4),
            (",5", 0.5),
            ("-3", -3.0),
            ("−3", -3.0),
            ("0", 0.0),
        ] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        for text in ["", "s", "três", "1,2,3", "1.2.3", "5.4000.1", "1e3", "--3", "3 min", "."] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(parse_number("50 %", "%"), Some(50.0));
        assert_eq!(parse_number("50", ""), Some(50.0));
    }

    #[test]
    fn only_the_last_digit_of_an_account_is_forgiven() {
        assert!(same_number(64.2, 64.0 + 0.2) && same_number(0.0, 0.0));
        assert!(!same_number(189.0, 189.001) && !same_number(0.0, 0.1));
    }

    #[test]
    fn the_first_answer_is_the_one_that_counts_as_first() {
        let mut answers = Answers::default();
        answers.record("a/right", true);
        answers.record("a/right", false);
        answers.record("a/later", false);
        assert_eq!(answers.outcome("a/later"), Some(Outcome::Wrong));
        answers.record("a/later", false);
        answers.record("a/later", true);
        answers.record("a/later", false);
        assert_eq!(answers.outcome("a/right"), Some(Outcome::First), "uma pergunta acertada continua acertada");
        assert_eq!(answers.outcome("a/later"), Some(Outcome::Right));
        assert_eq!(answers.outcome("a/never"), None);
        assert_eq!(Answers::parse(Some(&answers.to_json())), answers);
    }

    #[test]
    fn what_other_editions_stored_is_never_lost() {
        let stored = r#"{"future":{"x":1},"questions":{"old/gone":"first","new/kind":{"tries":3},"a/b":"wrong"}}"#;
        let mut answers = Answers::parse(Some(stored));
        answers.record("a/b", true);
        let read: Value = serde_json::from_str(&answers.to_json()).unwrap();
        let expected = r#"{"future":{"x":1},"questions":{"old/gone":"first","new/kind":{"tries":3},"a/b":"right"}}"#;
        assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap());
        assert_eq!(answers.outcome("new/kind"), None);
    }

    #[test]
    fn corrupt_content_is_an_empty_start() {
        for stored in [None, Some(""), Some("{"), Some("7"), Some("null"), Some(r#"{"questions":[]}"#)] {
            let mut answers = Answers::parse(stored);
            answers.record("a/b", true);
            assert_eq!(answers.outcome("a/b"), Some(Outcome::First), "{stored:?}");
        }
    }

    #[test]
    fn the_score_counts_right_answers() {
        let (first, right, wrong) = (Some(Outcome::First), Some(Outcome::Right), Some(Outcome::Wrong));
        assert_eq!(score(&[None, wrong, None]), "0 de 3 certas");
        assert_eq!(score(&[right, wrong, None]), "1 de 3 certas");
        assert_eq!(score(&[first, right, wrong, first]), "3 de 4 certas, 2 na primeira tentativa");
        assert_eq!(score(&[first, first]), "2 de 2 certas, na primeira tentativa");
    }

    #[test]
    fn every_verdict_is_said_in_words() {
        assert_eq!(choice_words(true, false), "✓ Certa, e você não marcou.");
        assert_eq!(choice_words(false, true), "✗ Errada, e você marcou.");
        assert_eq!(place_words(2, 2), "✓ No lugar: é o 2º.");
        assert_eq!(place_words(2, 1), "✗ Fora do lugar: é o 2º.");
    }
}
