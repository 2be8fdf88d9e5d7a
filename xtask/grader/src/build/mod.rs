//! Do texto dos passos a um programa de testes (ou a um laboratório) que roda.
//!
//! Um passo que não compila não leva os outros junto: ele é trocado pelo esqueleto, anotado em `replaced`, e o capítulo é
//! compilado de novo. Cada volta troca ao menos um passo, então a repetição termina.

mod cargo;
mod confined;
mod scratch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub use cargo::{Diagnostic, Keys, Level, WASM_MEMORY, build_keys, cargo_program, once};
pub use scratch::{Scratch, starter_of};

use crate::course::{Chapter, Course, Step, StepId, slashed};

/// De onde vêm os arquivos dos passos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Os arquivos que o leitor edita.
    Reader,
    /// Os esqueletos, recortados das respostas.
    Starter,
    /// As respostas.
    Solution,
    /// As respostas, com alguns passos trocados por outros arquivos (caminhos a partir da raiz).
    Overlay { name: String, files: BTreeMap<StepId, PathBuf> },
}

impl Source {
    pub fn name(&self) -> &str {
        match self {
            Self::Reader => "reader",
            Self::Starter => "starter",
            Self::Solution => "solution",
            Self::Overlay { name, .. } => name,
        }
    }

    /// O texto de um passo, ou por que ele não pode ser compilado (o arquivo sumiu, não é texto, traz outros arquivos).
    fn text(&self, course: &Course, chapter: &Chapter, step: &Step) -> Result<Result<String, Diagnostic>> {
        let path = match self {
            Self::Reader => chapter.exercise_file(step),
            Self::Starter => return scratch::starter_of(course, chapter, step).map(Ok),
            Self::Solution => chapter.solution_file(step),
            Self::Overlay { files, .. } => files.get(&step.id).cloned().unwrap_or_else(|| chapter.solution_file(step)),
        };
        let shown = slashed(&chapter.exercise_file(step));
        Ok(confined::read(&course.root.join(path), &step.id)
            .map_err(|refusal| Diagnostic::at(shown, refusal.line, refusal.message)))
    }
}

/// Para onde se compila.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A máquina em que o avaliador roda.
    Native,
    /// `wasm32-wasip1`, para o sandbox e para o navegador.
    Wasm,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
        }
    }
}

/// Um programa de testes pronto para rodar.
#[derive(Debug)]
pub struct TestsBuild {
    pub artifact: PathBuf,
    /// Os passos que não compilaram (ou cujo arquivo não existe) e por quê; no programa estão os seus esqueletos.
    pub replaced: BTreeMap<StepId, Vec<Diagnostic>>,
    pub warnings: Vec<Diagnostic>,
    /// O programa é desta execução enquanto ela o usa.
    _scratch: Scratch,
}

/// Um laboratório pronto para rodar; `artifact` falta quando o laboratório não compila com o código do leitor.
#[derive(Debug)]
pub struct LabBuild {
    pub artifact: Option<PathBuf>,
    pub diagnostics: Vec<Diagnostic>,
    _scratch: Scratch,
}

/// Compila os testes do capítulo.
pub fn build_tests(course: &Course, chapter: &Chapter, source: &Source, target: Target) -> Result<TestsBuild> {
    let built = build(course, chapter, source, target, cargo::What::Tests)?;
    match built.artifact {
        Some(artifact) => {
            Ok(TestsBuild { artifact, replaced: built.replaced, warnings: built.warnings, _scratch: built.scratch })
        }
        None => bail!(
            "o capítulo {} não compila, e o erro não está no arquivo de nenhum passo; se você editou outro arquivo, desfaça com \
             `git checkout -- exercises solutions`:\n{}",
            chapter.id,
            built.unattributed.iter().map(|diagnostic| diagnostic.rendered.as_str()).collect::<Vec<_>>().join("\n")
        ),
    }
}

/// Compila o laboratório do capítulo.
pub fn build_lab(course: &Course, chapter: &Chapter, source: &Source, target: Target) -> Result<LabBuild> {
    let built = build(course, chapter, source, target, cargo::What::Lab)?;
    let diagnostics = built.replaced.into_values().flatten().chain(built.unattributed).collect();
    Ok(LabBuild { artifact: built.artifact, diagnostics, _scratch: built.scratch })
}

struct Built {
    artifact: Option<PathBuf>,
    replaced: BTreeMap<StepId, Vec<Diagnostic>>,
    warnings: Vec<Diagnostic>,
    unattributed: Vec<Diagnostic>,
    scratch: Scratch,
}

fn build(course: &Course, chapter: &Chapter, source: &Source, target: Target, what: cargo::What) -> Result<Built> {
    let scratch = Scratch::open(course, chapter, source, target, what)?;
    let (texts, mut replaced) = read_steps(course, chapter, source)?;
    loop {
        let starters: BTreeSet<_> = replaced.keys().cloned().collect();
        scratch.fill(course, chapter, &texts, &starters)?;
        let outcome = cargo::build(course, chapter, &scratch.dir, target, what)?;
        if outcome.artifact.is_some() {
            let warnings = outcome.diagnostics;
            return Ok(Built { artifact: outcome.artifact, replaced, warnings, unattributed: Vec::new(), scratch });
        }
        let (mut blamed, unattributed) = blame(chapter, outcome.into_errors(), &starters);
        if blamed.is_empty() {
            blamed = isolate(chapter, &starters, |starters| {
                scratch.fill(course, chapter, &texts, starters)?;
                cargo::build(course, chapter, &scratch.dir, target, what)
            })?;
        }
        if blamed.is_empty() {
            return Ok(Built { artifact: None, replaced, warnings: Vec::new(), unattributed, scratch });
        }
        replaced.extend(blamed);
    }
}

/// Os textos dos passos, lidos uma vez só (quem edita durante a compilação não muda o que está sendo avaliado), e os passos cujo
/// arquivo nem chega ao compilador, que contam como os que não compilam.
fn read_steps(course: &Course, chapter: &Chapter, source: &Source) -> Result<(Texts, Errors)> {
    let (mut texts, mut unusable) = (Texts::new(), Errors::new());
    for step in &chapter.steps {
        match source.text(course, chapter, step)? {
            Ok(text) => {
                texts.insert(step.id.clone(), text);
            }
            Err(refusal) => {
                unusable.insert(step.id.clone(), vec![refusal]);
            }
        }
    }
    Ok((texts, unusable))
}

type Texts = BTreeMap<StepId, String>;
type Errors = BTreeMap<StepId, Vec<Diagnostic>>;
type Blame = (Errors, Vec<Diagnostic>);

/// Separa os erros por passo: os do arquivo do passo e os do arquivo de testes dele (uma função renomeada aparece ali).
fn blame(chapter: &Chapter, errors: impl Iterator<Item = Diagnostic>, starters: &BTreeSet<StepId>) -> Blame {
    let mut blamed = Errors::new();
    let mut unattributed = Vec::new();
    for error in errors {
        let step = chapter.steps.iter().find(|step| {
            let of_step = [chapter.exercise_file(step), chapter.tests_file(step)];
            let tests = format!("{}/", slashed(&chapter.tests_file(step).with_extension("")));
            !starters.contains(&step.id)
                && (of_step.iter().any(|file| slashed(file) == error.file) || error.file.starts_with(&tests))
        });
        match step {
            Some(step) => blamed.entry(step.id.clone()).or_default().push(error),
            None => unattributed.push(error),
        }
    }
    (blamed, unattributed)
}

/// Quando o erro aparece onde nenhum passo mora (o apoio dos testes chama uma função que o leitor renomeou), o culpado é o passo
/// que, sozinho entre esqueletos, não compila. Se nem os esqueletos compilam, a culpa não é de passo nenhum.
fn isolate(
    chapter: &Chapter,
    starters: &BTreeSet<StepId>,
    build: impl Fn(&BTreeSet<StepId>) -> Result<cargo::Outcome>,
) -> Result<Errors> {
    let all: BTreeSet<_> = chapter.steps.iter().map(|step| step.id.clone()).collect();
    let mut blamed = Errors::new();
    if build(&all)?.artifact.is_none() {
        return Ok(blamed);
    }
    for suspect in all.difference(starters) {
        let others = all.iter().filter(|id| *id != suspect).cloned().collect();
        let outcome = build(&others)?;
        if outcome.artifact.is_none() {
            blamed.insert(suspect.clone(), outcome.into_errors().collect());
        }
    }
    Ok(blamed)
}

/// O conteúdo de um artefato, para quem o guarda ou o serve.
pub fn read_artifact(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("não consegui ler {}", path.display()))
}
