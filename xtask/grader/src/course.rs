//! O curso como dado: capítulos, passos, pontos, dicas e laboratórios, lidos de `exercises/course.toml`.
//!
//! ```text
//! Course ── Chapter "04-async-invocation" ── Step "async-invocation/retries"
//!                     └─ Lab* ── Control           └─ página, esqueleto, testes e resposta: quatro caminhos, um nome
//! ```
//!
//! `course.toml` é a única lista de passos. Todo o resto acha os arquivos pelo nome do passo.

mod lab;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

pub use lab::{Control, ControlKind, ControlOption, Example, Lab, Layout};

/// O que cada nível de dica oferece, do mais leve ao mais direto.
pub const HINT_LEVELS: [&str; 3] = ["onde olhar", "o raciocínio", "quase lá"];

/// O caminho da lista de passos, a partir da raiz do repositório.
pub const COURSE_FILE: &str = "exercises/course.toml";

/// O nome de um passo: `capítulo/passo`, por exemplo `async-invocation/retries`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId {
    chapter: String,
    step: String,
}

impl StepId {
    pub fn new(chapter: impl Into<String>, step: impl Into<String>) -> Self {
        Self { chapter: chapter.into(), step: step.into() }
    }

    /// O capítulo sem o número: `async-invocation`.
    pub fn chapter(&self) -> &str {
        &self.chapter
    }

    /// O passo dentro do capítulo: `retries`.
    pub fn step(&self) -> &str {
        &self.step
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chapter, self.step)
    }
}

impl Serialize for StepId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// O curso inteiro e a raiz do repositório em que ele está.
#[derive(Debug, Clone)]
pub struct Course {
    pub root: PathBuf,
    /// Onde o cargo põe o que compila: `CARGO_TARGET_DIR`, se alguém a definiu, ou `target/` na raiz.
    pub target: PathBuf,
    pub title: String,
    pub chapters: Vec<Chapter>,
}

/// Um capítulo; `id` é o nome da pasta, com o número: `04-async-invocation`.
#[derive(Debug, Clone)]
pub struct Chapter {
    pub id: String,
    pub title: String,
    pub steps: Vec<Step>,
    pub labs: Vec<Lab>,
}

/// Um passo: o que o leitor escreve em um arquivo e os testes avaliam.
#[derive(Debug, Clone)]
pub struct Step {
    pub id: StepId,
    pub title: String,
    /// Quanto o passo vale; cada teste que passa rende a sua fração.
    pub points: u32,
    /// Quanto tempo, em minutos, leva quem leu a página.
    pub minutes: u32,
    /// Da mais leve à mais direta.
    pub hints: Vec<String>,
}

impl Step {
    /// O nome curto, que também é o do arquivo: `retries`.
    pub fn name(&self) -> &str {
        self.id.step()
    }
}

impl Chapter {
    /// O nome sem o número, que também é o da pasta em `book/src`.
    pub fn slug(&self) -> &str {
        slug_of(&self.id)
    }

    /// O pacote cargo que é compilado e avaliado.
    pub fn package(&self) -> &str {
        self.slug()
    }

    /// O pacote cargo da resposta.
    pub fn solution_package(&self) -> String {
        format!("{}-solution", self.slug())
    }

    /// O alvo `example` do laboratório.
    pub fn lab_target(&self) -> String {
        format!("{}-lab", self.slug())
    }

    pub fn exercise_dir(&self) -> PathBuf {
        Path::new("exercises").join(&self.id)
    }

    pub fn solution_dir(&self) -> PathBuf {
        Path::new("solutions").join(&self.id)
    }

    pub fn page_dir(&self) -> PathBuf {
        Path::new("book").join("src").join(self.slug())
    }

    /// O arquivo que o leitor edita, a partir da raiz.
    pub fn exercise_file(&self, step: &Step) -> PathBuf {
        self.exercise_dir().join("src").join(format!("{}.rs", step.name()))
    }

    /// A resposta, de onde o esqueleto é recortado.
    pub fn solution_file(&self, step: &Step) -> PathBuf {
        self.solution_dir().join("src").join(format!("{}.rs", step.name()))
    }

    /// Os testes que avaliam o passo.
    pub fn tests_file(&self, step: &Step) -> PathBuf {
        self.exercise_dir().join("tests").join("grade").join(format!("{}.rs", step.name()))
    }

    /// A página do livro.
    pub fn page_file(&self, step: &Step) -> PathBuf {
        self.page_dir().join(format!("{}.md", step.name()))
    }

    /// As perguntas do capítulo.
    pub fn quiz_file(&self) -> PathBuf {
        self.exercise_dir().join("quiz.toml")
    }

    /// Os fatos que o livro mostra e o modelo calcula, se o capítulo tem algum.
    pub fn facts_file(&self) -> PathBuf {
        self.exercise_dir().join("facts.toml")
    }

    /// A página das perguntas.
    pub fn quiz_page(&self) -> PathBuf {
        self.page_dir().join("quiz.md")
    }

    /// O programa que calcula, com os modelos do capítulo, as respostas das perguntas.
    pub fn key_file(&self) -> PathBuf {
        self.solution_dir().join("key").join("main.rs")
    }

    /// O alvo `example` desse programa, no pacote da resposta.
    pub fn key_target(&self) -> String {
        format!("{}-key", self.slug())
    }

    /// O laboratório que aparece na página de um passo.
    pub fn lab_on(&self, step: &Step) -> Option<&Lab> {
        self.labs.iter().find(|lab| lab.page == step.name())
    }

    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name() == name)
    }

    /// O passo a que um teste pertence: o primeiro trecho do caminho do módulo.
    pub fn step_of_test(&self, test: &str) -> Option<&Step> {
        test.split("::").next().and_then(|module| self.step(module))
    }
}

impl Course {
    /// Acha o curso subindo a partir da pasta atual e, se ela está fora dele, onde este programa foi compilado.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("não consegui ler a pasta atual")?;
        let built = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .chain(built.ancestors())
            .find(|dir| dir.join(COURSE_FILE).is_file())
            .with_context(|| {
                format!(
                    "não achei `{COURSE_FILE}` em {} nem nas pastas acima; rode o comando dentro do repositório do curso \
                     (se o arquivo foi apagado: `git checkout -- {COURSE_FILE}`)",
                    here.display()
                )
            })?;
        Self::load(root)
    }

    /// Lê e confere a lista de passos em `root`.
    pub fn load(root: &Path) -> Result<Self> {
        let path = root.join(COURSE_FILE);
        let text = std::fs::read_to_string(&path).with_context(|| format!("não consegui ler {}", path.display()))?;
        Self::parse(root, &text).with_context(|| {
            format!(
                "`{COURSE_FILE}` está com problema; corrija-o ou desfaça a edição com `git checkout -- {COURSE_FILE}`"
            )
        })
    }

    pub(crate) fn parse(root: &Path, text: &str) -> Result<Self> {
        let file: CourseFile = toml::from_str(text)?;
        ensure!(file.version == 1, "a versão {} da lista de passos não é conhecida; esta versão lê a 1", file.version);
        let mut seen = BTreeSet::new();
        let chapters = file.chapters.into_iter().map(|chapter| chapter.check(&mut seen)).collect::<Result<_>>()?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) if !dir.is_empty() => root.join(dir),
            _ => root.join("target"),
        };
        Ok(Self { root: root.to_path_buf(), target, title: file.title, chapters })
    }

    pub fn step(&self, id: &StepId) -> Option<(&Chapter, &Step)> {
        let chapter = self.chapters.iter().find(|chapter| chapter.slug() == id.chapter())?;
        Some((chapter, chapter.step(id.step())?))
    }

    pub fn chapter(&self, name: &str) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.id == name || chapter.slug() == name)
    }

    pub fn steps(&self) -> impl Iterator<Item = (&Chapter, &Step)> {
        self.chapters.iter().flat_map(|chapter| chapter.steps.iter().map(move |step| (chapter, step)))
    }

    /// O passo que uma pessoa quis dizer: `async-invocation/retries`, `04-async-invocation/retries`, `retries` (se só um
    /// capítulo o tem) ou o caminho do arquivo.
    pub fn find_step(&self, said: &str) -> Result<(&Chapter, &Step)> {
        let said = said.replace('\\', "/");
        let found: Vec<_> = self
            .steps()
            .filter(|(chapter, step)| {
                said == step.name()
                    || said == step.id.to_string()
                    || said == format!("{}/{}", chapter.id, step.name())
                    || said.trim_start_matches("./") == slashed(&chapter.exercise_file(step))
            })
            .collect();
        match found[..] {
            [one] => Ok(one),
            [] => bail!("não conheço o passo `{said}`.{}", self.suggestion(&said)),
            _ => bail!(
                "mais de um capítulo tem o passo `{said}`; diga qual: {}",
                found.iter().map(|(_, step)| format!("`{}`", step.id)).collect::<Vec<_>>().join(", ")
            ),
        }
    }

    fn suggestion(&self, said: &str) -> String {
        let name = said.rsplit('/').next().unwrap_or(said);
        let close = self.steps().filter(|_| !name.is_empty()).find(|(_, step)| {
            let known = step.name();
            known.starts_with(name) || name.starts_with(known) || same_letters(known, name)
        });
        match close {
            Some((_, step)) => format!(" Quis dizer `{}`?", step.id),
            None => {
                let all: Vec<_> = self.steps().map(|(_, step)| step.id.to_string()).collect();
                format!(" Os passos são: {}", all.join(", "))
            }
        }
    }
}

/// Caminho com `/` em qualquer sistema, como os diagnósticos e as mensagens o mostram.
pub fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn slug_of(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, slug)| slug)
}

/// Verdadeiro quando as duas palavras têm as mesmas letras em outra ordem ou diferem por uma: pega os erros de digitação comuns.
fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<_> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (a, b) = (sorted(a), sorted(b));
    let common = a.iter().filter(|letter| b.contains(letter)).count();
    a == b || (a.len().abs_diff(b.len()) <= 1 && common + 1 >= a.len().max(b.len()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    version: u32,
    title: String,
    chapters: Vec<ChapterEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChapterEntry {
    id: String,
    title: String,
    steps: Vec<StepEntry>,
    #[serde(default)]
    labs: Vec<Lab>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepEntry {
    id: String,
    title: String,
    points: u32,
    minutes: u32,
    hints: Vec<String>,
}

impl ChapterEntry {
    fn check(self, seen: &mut BTreeSet<String>) -> Result<Chapter> {
        let numbered = self.id.split_once('-').is_some_and(|(number, slug)| {
            number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit()) && is_name(slug, '-')
        });
        ensure!(numbered, "o capítulo `{}` precisa de um id como `04-async-invocation`", self.id);
        let slug = slug_of(&self.id).to_owned();
        ensure!(seen.insert(slug.clone()), "o capítulo `{}` aparece duas vezes", self.id);
        ensure!(!self.steps.is_empty(), "o capítulo `{}` não tem passos", self.id);
        let steps: Vec<_> = self.steps.into_iter().map(|step| step.check(&slug, seen)).collect::<Result<_>>()?;
        let mut pages = BTreeSet::new();
        for lab in &self.labs {
            lab.check(&self.id, seen)?;
            ensure!(
                steps.iter().any(|step| step.name() == lab.page),
                "o laboratório `{}` de `{}` diz estar na página `{}`, que não é um passo do capítulo",
                lab.id,
                self.id,
                lab.page
            );
            ensure!(pages.insert(&lab.page), "a página `{}` de `{}` tem mais de um laboratório", lab.page, self.id);
        }
        Ok(Chapter { id: self.id, title: self.title, steps, labs: self.labs })
    }
}

impl StepEntry {
    fn check(self, chapter: &str, seen: &mut BTreeSet<String>) -> Result<Step> {
        ensure!(
            is_name(&self.id, '_'),
            "o passo `{}` precisa de um id que sirva de nome de módulo: minúsculas, números e `_`",
            self.id
        );
        let id = StepId::new(chapter, self.id);
        ensure!(seen.insert(id.to_string()), "o passo `{id}` aparece duas vezes");
        ensure!(self.points > 0 && self.minutes > 0, "o passo `{id}` precisa de pontos e minutos maiores que zero");
        Ok(Step { id, title: self.title, points: self.points, minutes: self.minutes, hints: self.hints })
    }
}

/// Só o que é seguro como nome de arquivo e de módulo: um id nunca sai da pasta do seu capítulo.
pub(crate) fn is_name(name: &str, separator: char) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TWO: &str = r#"
version = 1
title = "Curso"
[[chapters]]
id = "04-async-invocation"
title = "Assíncrona"
steps = [
  { id = "queue", title = "Fila", points = 10, minutes = 20, hints = ["a"] },
  { id = "retries", title = "Tentativas", points = 20, minutes = 30, hints = [] },
]
[[chapters.labs]]
id = "age"
title = "Idade"
description = "A idade."
page = "queue"
controls = [
  { id = "ready", label = "Exemplos", kind = "example", options = [{ label = "um", values = { text = "x" } }] },
  { id = "text", label = "Texto", kind = "text", rows = 3, default = "" },
]
"#;

    fn course() -> Course {
        Course::parse(Path::new("/curso"), TWO).unwrap()
    }

    #[rstest]
    #[case("retries")]
    #[case("async-invocation/retries")]
    #[case("04-async-invocation/retries")]
    #[case("./exercises/04-async-invocation/src/retries.rs")]
    #[case(r"exercises\04-async-invocation\src\retries.rs")]
    fn a_step_is_found_by_any_of_its_names(#[case] said: &str) {
        assert_eq!(course().find_step(said).unwrap().1.id.to_string(), "async-invocation/retries");
    }

    #[rstest]
    #[case("reties", "Quis dizer `async-invocation/retries`?")]
    #[case("retry/qeue", "Quis dizer `async-invocation/queue`?")]
    #[case("xyz", "Os passos são: async-invocation/queue, async-invocation/retries")]
    fn an_unknown_step_gets_a_suggestion(#[case] said: &str, #[case] expected: &str) {
        let message = course().find_step(said).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[rstest]
    #[case("id = \"queue\"", "id = \"../queue\"", "nome de módulo")]
    #[case("id = \"queue\"", "id = \"retries\"", "duas vezes")]
    #[case("version = 1", "version = 2", "versão 2")]
    #[case("points = 10", "points = 0", "maiores que zero")]
    #[case("04-async-invocation", "async", "04-async-invocation")]
    #[case("minutes = 20", "minuto = 20", "minuto")]
    #[case("page = \"queue\"", "page = \"fila\"", "não é um passo")]
    #[case("id = \"age\"", "id = \"idade!\"", "id em minúsculas")]
    #[case("text = \"x\"", "txt = \"x\"", "preenche `txt`")]
    fn a_broken_list_says_what_is_wrong(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        let error = Course::parse(Path::new("/curso"), &TWO.replace(from, to)).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
}
