//! Os esqueletos em disco: gerados das respostas, sem nunca apagar o que um leitor escreveu.
//!
//! `exercises/.starters.json` guarda a soma do último esqueleto gerado de cada passo. Um arquivo com essa soma está intocado e pode
//! ser atualizado; qualquer outro foi editado, e só é trocado quando alguém manda, com uma cópia em `.backup/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::build::starter_of;
use crate::course::{Chapter, Course, Step, slashed};
use crate::files;

const RECORD: &str = "exercises/.starters.json";
const BACKUP: &str = ".backup";

/// Em que estado está o arquivo de um passo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Igual ao esqueleto que a resposta gera agora.
    Fresh,
    /// Intocado, mas gerado de uma resposta que mudou.
    Stale,
    /// Editado por alguém.
    Edited,
    Missing,
}

/// O que `sync` fez, com caminhos a partir da raiz.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Synced {
    pub written: Vec<String>,
    pub removed: Vec<String>,
    /// Editados, e por isso deixados como estavam.
    pub kept: Vec<String>,
    /// Cópias do que foi editado e trocado.
    pub backups: Vec<String>,
}

/// Escreve os esqueletos e os arquivos dados de todos os capítulos.
pub fn sync(course: &Course, force: bool) -> Result<Synced> {
    let mut record = read_record(course)?;
    let mut synced = Synced::default();
    for chapter in &course.chapters {
        for step in &chapter.steps {
            let file = chapter.exercise_file(step);
            let text = starter_of(course, chapter, step)?;
            let state = state(course, chapter, step, &record)?;
            if state == State::Edited && !force {
                synced.kept.push(slashed(&file));
                continue;
            }
            if state == State::Edited {
                synced.backups.push(slashed(&backup(course, &file)?));
            }
            record.insert(step.id.to_string(), files::hash(text.as_bytes()));
            if files::write_if_changed(&course.root.join(&file), text.as_bytes())? {
                synced.written.push(slashed(&file));
            }
        }
        sync_given(course, chapter, &mut synced)?;
    }
    record.retain(|id, _| course.steps().any(|(_, step)| step.id.to_string() == *id));
    let mut text = serde_json::to_string_pretty(&record)?;
    text.push('\n');
    files::write_if_changed(&course.root.join(RECORD), text.as_bytes())?;
    Ok(synced)
}

/// Copia os módulos dados e apaga os que já não existem na resposta.
fn sync_given(course: &Course, chapter: &Chapter, synced: &mut Synced) -> Result<()> {
    let given = given_files(course, chapter)?;
    let target = chapter.exercise_dir().join("src");
    for file in &given {
        let bytes = std::fs::read(course.root.join(chapter.solution_dir()).join("src").join(file))?;
        let path = target.join(file);
        if files::write_if_changed(&course.root.join(&path), &bytes)? {
            synced.written.push(slashed(&path));
        }
    }
    for file in files::walk(&course.root.join(&target))? {
        if !is_step_file(chapter, &file) && !given.contains(&file) {
            let path = target.join(&file);
            synced.backups.push(slashed(&backup(course, &path)?));
            std::fs::remove_file(course.root.join(&path))?;
            synced.removed.push(slashed(&path));
        }
    }
    Ok(())
}

/// Os arquivos de `src` que não são de nenhum passo: iguais na resposta e no exercício.
pub fn given_files(course: &Course, chapter: &Chapter) -> Result<BTreeSet<PathBuf>> {
    let sources = files::walk(&course.root.join(chapter.solution_dir()).join("src"))?;
    Ok(sources.into_iter().filter(|file| !is_step_file(chapter, file)).collect())
}

fn is_step_file(chapter: &Chapter, file: &Path) -> bool {
    chapter.steps.iter().any(|step| file == Path::new(&format!("{}.rs", step.name())))
}

/// O estado do arquivo de um passo.
pub fn state_of(course: &Course, chapter: &Chapter, step: &Step) -> Result<State> {
    state(course, chapter, step, &read_record(course)?)
}

fn state(course: &Course, chapter: &Chapter, step: &Step, record: &Record) -> Result<State> {
    let path = course.root.join(chapter.exercise_file(step));
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::Missing),
        Err(error) => return Err(error).with_context(|| format!("não consegui ler {}", path.display())),
    };
    // Um editor que grava com CRLF não editou nada.
    let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
    if text == starter_of(course, chapter, step)? {
        return Ok(State::Fresh);
    }
    let untouched = record.get(&step.id.to_string()).is_some_and(|recorded| *recorded == files::hash(text.as_bytes()));
    Ok(if untouched { State::Stale } else { State::Edited })
}

/// Devolve o esqueleto de um passo; se havia algo editado, diz onde ficou a cópia.
pub fn reset(course: &Course, chapter: &Chapter, step: &Step) -> Result<Option<PathBuf>> {
    let file = chapter.exercise_file(step);
    let copy = match state_of(course, chapter, step)? {
        State::Edited => Some(backup(course, &file)?),
        State::Fresh | State::Stale | State::Missing => None,
    };
    files::write_atomic(&course.root.join(&file), starter_of(course, chapter, step)?.as_bytes())?;
    Ok(copy)
}

/// Copia um arquivo para `.backup/`, com a hora no nome; nunca sobrescreve uma cópia anterior.
fn backup(course: &Course, file: &Path) -> Result<PathBuf> {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let bytes = std::fs::read(course.root.join(file))
        .with_context(|| format!("não consegui ler {} para guardar uma cópia", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let folder = Path::new(BACKUP).join(file.parent().unwrap_or(Path::new("")));
    let copy = (0u32..)
        .map(|attempt| match attempt {
            0 => folder.join(format!("{name}.{seconds}")),
            _ => folder.join(format!("{name}.{seconds}-{attempt}")),
        })
        .find(|copy| !course.root.join(copy).exists())
        .context("não achei um nome livre para a cópia")?;
    files::write_atomic(&course.root.join(&copy), &bytes)?;
    Ok(copy)
}

type Record = BTreeMap<String, String>;

fn read_record(course: &Course) -> Result<Record> {
    match std::fs::read_to_string(course.root.join(RECORD)) {
        Ok(text) => serde_json::from_str(&text)
            .with_context(|| format!("`{RECORD}` está com problema; recupere-o com `git checkout -- {RECORD}`")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Record::new()),
        Err(error) => Err(error).with_context(|| format!("não consegui ler `{RECORD}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLUTION: &str = "pub fn f() -> u32 {\n    // passo: começo — devolva 1\n    1\n    // passo: fim\n}\n";

    fn course() -> (tempfile::TempDir, Course) {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| files::write_atomic(&dir.path().join(path), text.as_bytes()).unwrap();
        write(
            crate::course::COURSE_FILE,
            "version = 1\ntitle = \"c\"\n[[chapters]]\nid = \"01-a\"\ntitle = \"A\"\n[[chapters.steps]]\n\
             id = \"s\"\ntitle = \"S\"\npoints = 1\nminutes = 1\nhints = []\n",
        );
        write("solutions/01-a/src/lib.rs", "pub mod s;\n");
        write("solutions/01-a/src/s.rs", SOLUTION);
        let course = Course::load(dir.path()).unwrap();
        (dir, course)
    }

    const FILE: &str = "exercises/01-a/src/s.rs";

    fn state_now(course: &Course) -> State {
        let (chapter, step) = course.find_step("s").unwrap();
        state_of(course, chapter, step).unwrap()
    }

    #[test]
    fn an_untouched_starter_follows_its_solution() {
        let (dir, course) = course();
        assert_eq!(state_now(&course), State::Missing);
        assert_eq!(sync(&course, false).unwrap().written, [FILE, "exercises/01-a/src/lib.rs"]);
        assert_eq!(state_now(&course), State::Fresh);
        std::fs::write(dir.path().join("solutions/01-a/src/s.rs"), SOLUTION.replace("devolva 1", "devolva um"))
            .unwrap();
        assert_eq!(state_now(&course), State::Stale);
        sync(&course, false).unwrap();
        assert!(files::read_text(&dir.path().join(FILE)).unwrap().contains("devolva um"));
        assert_eq!(sync(&course, false).unwrap(), Synced::default());
    }

    #[test]
    fn an_edited_file_is_kept_and_only_force_replaces_it_leaving_a_copy() {
        let (dir, course) = course();
        sync(&course, false).unwrap();
        std::fs::write(dir.path().join(FILE), "meu código").unwrap();
        assert_eq!(state_now(&course), State::Edited);
        assert_eq!(sync(&course, false).unwrap().kept, [FILE]);
        assert_eq!(files::read_text(&dir.path().join(FILE)).unwrap(), "meu código");
        let synced = sync(&course, true).unwrap();
        assert_eq!(files::read_text(&dir.path().join(&synced.backups[0])).unwrap(), "meu código");
        assert_eq!(state_now(&course), State::Fresh);
    }

    #[test]
    fn two_resets_in_the_same_second_keep_both_copies() {
        let (dir, course) = course();
        sync(&course, false).unwrap();
        let (chapter, step) = course.find_step("s").unwrap();
        let mut copies = BTreeSet::new();
        for text in ["um", "dois"] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            let copy = reset(&course, chapter, step).unwrap().unwrap();
            assert_eq!(files::read_text(&dir.path().join(&copy)).unwrap(), text);
            copies.insert(copy);
        }
        assert_eq!(copies.len(), 2);
        assert_eq!(reset(&course, chapter, step).unwrap(), None);
    }
}
