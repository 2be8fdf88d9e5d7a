//! As perguntas de um capítulo: o que está em `exercises/NN/quiz.toml`, conferido, e a prova de que as respostas são as do modelo.
//!
//! ```text
//! exercises/NN/quiz.toml ── file ──▶ Quiz ──┐
//! solutions/NN/key/main.rs ─ key ──▶ Key  ──┴─ proof ──▶ Fault*   (nenhum: cada resposta é a que o modelo dá)
//! exercises/NN/facts.toml ── facts ▶ Facts ─┘
//! ```
//!
//! Os fatos (`facts`) são números e nomes que a folha de consulta mostra, provados do mesmo modo.
//!
//! # Para quem escreve perguntas
//!
//! Um capítulo tem de 4 a 8. Cada uma pede a *consequência* de uma regra em uma cena concreta, e não a regra de cor; cada
//! alternativa errada é um engano que alguém de verdade comete, e o `why` dela diz qual e por que é engano. São quatro tipos:
//!
//! ```toml
//! [[questions]]
//! id = "one-hour-late"                 # minúsculas e hífens; nunca muda: é com ele que o progresso de quem lê fica guardado
//! kind = "single"                      # uma só alternativa certa; "several" aceita várias
//! about = "queue"                      # o passo que explica: vira o link "Releia"
//! text = '''A cena e a pergunta, em Markdown.'''
//! why = '''O raciocínio inteiro, que aparece depois de qualquer resposta.'''
//!
//! [[questions.options]]                # de 2 a 6, na ordem em que aparecem
//! text = '''O que a pessoa lê.'''
//! value = "event_age_exceeded"         # o que o modelo diz se esta for a certa: texto, número ou booleano
//! right = true                         # só onde é certa
//! why = '''Por que está certa (ou errada).'''
//!
//! [[questions]]
//! id = "seconds-until-dlq"
//! kind = "number"
//! about = "retries"
//! text = '''…'''
//! why = '''…'''
//! answer = 189
//! unit = "s"                           # um símbolo ou uma palavra no plural; pode faltar
//! mistakes = [                         # os números errados que se esperam; os outros recebem uma frase geral e o `why`
//!     { value = 180, why = '''São só as esperas.''' },
//! ]
//!
//! [[questions]]
//! id = "order-of-the-checks"
//! kind = "order"                       # os itens na ordem certa; a página os embaralha
//! about = "destinations"
//! text = '''…'''
//! why = '''…'''
//!
//! [[questions.items]]                  # de 3 a 7
//! text = '''O Lambda responde 202.'''
//! value = "accepted"
//! why = '''Por que fica neste lugar.'''
//! ```
//!
//! A resposta de cada pergunta é calculada por `solutions/NN/key/main.rs`, que monta a cena com o código do capítulo e diz o que
//! aconteceu (veja `kit::key`). O programa é um alvo do pacote da resposta, em `solutions/NN/Cargo.toml`:
//!
//! ```toml
//! [[example]]
//! name = "async-invocation-key"        # o nome do capítulo e `-key`
//! path = "key/main.rs"
//! ```
//!
//! O que o programa diz tem de ser exatamente o que o TOML diz: em `single` e `several`, o valor (ou a lista) de `value` das
//! alternativas certas, sem nenhum a mais; em `number`, o número; em `order`, a lista de `value` na ordem. Uma resposta escrita à
//! mão no programa não prova nada: o valor sai de uma chamada ao código do capítulo.
//!
//! A página é `book/src/CAPÍTULO/quiz.md`, a última do capítulo em `SUMMARY.md` ("Perguntas do capítulo"): um título, uma ou duas
//! frases, a linha `{{#quiz}}` e para onde ir depois.
//!
//! `cargo xtask check --quiz CAPÍTULO` confere tudo isto e mais nada; sem `--quiz`, é parte do que `check` confere.

pub mod facts;
mod file;
pub mod key;
mod proof;

use std::fmt;

use serde::Deserialize;

use crate::check::Problem;
use crate::course::{Chapter, Course, slashed};
use crate::files::read_text;

pub use proof::prove;

/// As perguntas de um capítulo, na ordem da página.
#[derive(Debug, Clone, PartialEq)]
pub struct Quiz {
    pub questions: Vec<Question>,
}

/// Uma pergunta. Os textos são Markdown.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Único no capítulo, e para sempre o mesmo.
    pub id: String,
    /// O passo cuja página explica.
    pub about: String,
    pub text: String,
    /// O raciocínio, que aparece depois de qualquer resposta.
    pub why: String,
    pub kind: Kind,
}

/// O que se responde.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Exatamente uma das alternativas está certa.
    Single(Vec<Choice>),
    /// Uma ou mais estão certas.
    Several(Vec<Choice>),
    /// Um número, na unidade que a pergunta diz.
    Number { answer: f64, unit: String, mistakes: Vec<Mistake> },
    /// Os itens, na ordem certa.
    Order(Vec<Item>),
}

/// Uma alternativa.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub text: String,
    /// O que o modelo diz quando esta é a certa.
    pub value: Value,
    #[serde(default)]
    pub right: bool,
    pub why: String,
}

/// Um número errado que se espera de quem comete um engano conhecido.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    pub value: f64,
    pub why: String,
}

/// Um item a pôr em ordem.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub text: String,
    pub value: Value,
    /// Por que fica neste lugar.
    pub why: String,
}

/// O que uma alternativa quer dizer para o programa da chave.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "um valor é um texto, um número ou um booleano")]
pub enum Value {
    Bool(bool),
    Number(f64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "\"{value}\""),
        }
    }
}

/// O que está errado nas perguntas de um capítulo e o que fazer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A partir da raiz do repositório.
    pub file: String,
    pub what: String,
    pub fix: String,
}

impl From<Fault> for Problem {
    fn from(Fault { file, what, fix }: Fault) -> Self {
        Self { what: format!("{file}: {what}"), fix }
    }
}

/// As perguntas de um capítulo, ou tudo o que está errado nelas.
///
/// # Errors
/// Todos os problemas do arquivo de uma vez; um só, quando ele não pode ser lido.
pub fn load(course: &Course, chapter: &Chapter) -> Result<Quiz, Vec<Fault>> {
    let file = slashed(&chapter.quiz_file());
    match read_text(&course.root.join(&file)) {
        Ok(text) => file::parse(&file, &text, chapter),
        Err(error) => Err(vec![Fault {
            file,
            what: format!("{error:#}"),
            fix: "escreva as perguntas do capítulo; o formato está em xtask/grader/src/quiz/mod.rs".to_owned(),
        }]),
    }
}
