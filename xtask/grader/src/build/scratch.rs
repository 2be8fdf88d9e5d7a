//! A cópia de trabalho em que um capítulo é compilado.
//!
//! Nada é compilado na pasta do leitor: o avaliador copia o capítulo para `target/scratch/<variante>/`, com os mesmos caminhos
//! relativos, e troca os arquivos dos passos pelos da variante (os do leitor, os esqueletos, as respostas, uma resposta
//! errada). Assim o leitor pode continuar editando, um passo que não compila pode dar lugar ao esqueleto sem que o arquivo do
//! leitor seja tocado, e as mensagens mostram os caminhos que ele conhece.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use super::cargo::What;
use super::{Source, Target, Texts};
use crate::course::{Chapter, Course, Step, StepId};
use crate::{files, interrupt, starter};

/// De quanto em quanto tempo se olha se a outra execução terminou.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// O `Cargo.lock` do repositório, como estava na última vez em que a cópia foi preenchida.
const ROOT_LOCK: &str = "Cargo.lock.root";

/// Uma cópia de trabalho, com a exclusividade de quem a usa.
#[derive(Debug)]
pub struct Scratch {
    pub dir: PathBuf,
    /// A versão que o pacote do capítulo tem nesta cópia; veja [`own_version`].
    version: String,
    /// Solta a trava quando a cópia deixa de ser usada.
    _lock: File,
}

impl Scratch {
    /// Abre a cópia da variante; se outra execução a usa, espera.
    ///
    /// Testes e laboratório têm cada um a sua: quem segura um programa de testes pode compilar o laboratório sem esperar por si.
    pub fn open(course: &Course, chapter: &Chapter, source: &Source, target: Target, what: What) -> Result<Self> {
        let name = format!("{}-{}-{}-{}", chapter.slug(), source.name(), target.name(), what.name());
        let dir = course.target.join("scratch").join(&name);
        std::fs::create_dir_all(&dir).with_context(|| {
            format!("não consegui criar {}; confira o espaço em disco e a permissão da pasta", dir.display())
        })?;
        let path = dir.join(".lock");
        let lock = File::create(&path).with_context(|| format!("não consegui criar {}", path.display()))?;
        let mut waiting = false;
        while let Err(error) = lock.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(error).with_context(|| format!("não consegui travar {}", path.display()));
            }
            if !waiting {
                eprintln!("Outra execução está usando {}; esperando ela terminar…", dir.display());
                waiting = true;
            }
            // Pergunta de tempos em tempos em vez de bloquear: assim o Ctrl-C interrompe a espera.
            interrupt::check()?;
            std::thread::sleep(LOCK_POLL);
        }
        let place = files::hash(dir.to_string_lossy().as_bytes());
        let version = format!("0.0.0-{name}-{}", &place[..12]);
        Ok(Self { dir, version, _lock: lock })
    }

    /// Copia o capítulo, com os passos de `replaced` trocados pelos seus esqueletos.
    pub fn fill(&self, course: &Course, chapter: &Chapter, texts: &Texts, replaced: &BTreeSet<StepId>) -> Result<()> {
        let mut wanted = BTreeMap::new();
        wanted.insert(PathBuf::from("Cargo.toml"), Content::new(pruned_manifest(course, chapter)?));
        let lock = course.root.join("Cargo.lock");
        wanted.insert(PathBuf::from(ROOT_LOCK), Content::new(std::fs::read(&lock).with_context(|| missing(&lock))?));
        // O `src` do capítulo não é copiado do leitor: os módulos dados vêm da resposta, e os passos, da variante.
        let sources = chapter.exercise_dir().join("src");
        for package in packages(course, chapter)? {
            let shared = package != chapter.exercise_dir();
            let mut tree = BTreeMap::new();
            add_tree(course, &package, &sources, shared, &mut tree)?;
            if shared {
                let manifest = package.join("Cargo.toml");
                let version = shared_version(&tree);
                tree.insert(manifest.clone(), Content::new(own_version(&course.root.join(manifest), &version)?));
            }
            wanted.append(&mut tree);
        }
        for given in files::walk(&course.root.join(chapter.solution_dir()).join("src"))? {
            let bytes = std::fs::read(course.root.join(chapter.solution_dir()).join("src").join(&given))?;
            wanted.insert(sources.join(given), Content::new(bytes));
        }
        for step in &chapter.steps {
            let text = match replaced.contains(&step.id) {
                true => starter_of(course, chapter, step)?,
                false => texts[&step.id].clone(),
            };
            wanted.insert(chapter.exercise_file(step), Content::new(text));
        }
        let manifest = chapter.exercise_dir().join("Cargo.toml");
        wanted.insert(manifest.clone(), Content::new(own_version(&course.root.join(manifest), &self.version)?));
        self.write(&wanted)
    }

    fn write(&self, wanted: &BTreeMap<PathBuf, Content>) -> Result<()> {
        for old in files::walk(&self.dir)? {
            let ours = old == Path::new(".lock") || old == Path::new("Cargo.lock");
            if !ours && !wanted.contains_key(&old) {
                std::fs::remove_file(self.dir.join(&old))?;
            }
        }
        for (path, Content { bytes, modified }) in wanted {
            let copy = self.dir.join(path);
            let changed = files::write_if_changed(&copy, bytes)?;
            if let (true, Some(modified)) = (changed, modified) {
                // Um sistema de arquivos que não guarda a data só custa uma compilação a mais.
                let _ = File::options().write(true).open(&copy).and_then(|file| file.set_modified(*modified));
            }
            // O cargo ajusta o `Cargo.lock` à cópia; só vale recomeçar do original quando ele muda.
            if path == Path::new(ROOT_LOCK) && (changed || !self.dir.join("Cargo.lock").exists()) {
                files::write_atomic(&self.dir.join("Cargo.lock"), bytes)?;
            }
        }
        Ok(())
    }
}

/// O que um arquivo da cópia deve ter.
struct Content {
    bytes: Vec<u8>,
    /// A data do original, nos pacotes de que o capítulo depende: são os mesmos em todas as cópias, e com a mesma data o cargo os
    /// compila uma vez só, e não uma por variante.
    modified: Option<SystemTime>,
}

impl Content {
    fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), modified: None }
    }
}

/// O esqueleto de um passo, recortado da resposta.
pub fn starter_of(course: &Course, chapter: &Chapter, step: &Step) -> Result<String> {
    let path = chapter.solution_file(step);
    starter::cut(&files::read_text(&course.root.join(&path))?).with_context(|| format!("em {}", path.display()))
}

fn missing(path: &Path) -> String {
    format!("não consegui ler {}; recupere o arquivo com `git checkout -- {}`", path.display(), path.display())
}

/// O capítulo, o que os exercícios compartilham e as respostas de que um capítulo posterior depende.
fn packages(course: &Course, chapter: &Chapter) -> Result<Vec<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut pending = vec![chapter.exercise_dir()];
    while let Some(package) = pending.pop() {
        if !found.insert(package.clone()) {
            continue;
        }
        let manifest = table(&course.root.join(&package).join("Cargo.toml"))?;
        pending.extend(path_dependencies(course, &package, &manifest)?);
    }
    Ok(found.into_iter().collect())
}

/// As pastas de que um pacote depende por caminho, diretamente ou por `workspace = true`.
fn path_dependencies(course: &Course, package: &Path, manifest: &toml::Table) -> Result<Vec<PathBuf>> {
    let root: toml::Table = toml::from_str(&files::read_text(&course.root.join("Cargo.toml"))?)?;
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut dirs = Vec::new();
    for section in ["dependencies", "dev-dependencies"] {
        let Some(dependencies) = manifest.get(section).and_then(|section| section.as_table()) else { continue };
        for (name, dependency) in dependencies {
            let own = dependency.get("path").and_then(|path| path.as_str()).map(|path| package.join(path));
            let inherited = dependency
                .get("workspace")
                .and(shared)
                .and_then(|shared| shared.get(name)?.get("path")?.as_str().map(PathBuf::from));
            dirs.extend(own.or(inherited).map(|dir| normalized(&dir)));
        }
    }
    Ok(dirs)
}

fn normalized(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            std::path::Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

fn add_tree(
    course: &Course,
    package: &Path,
    except: &Path,
    shared: bool,
    wanted: &mut BTreeMap<PathBuf, Content>,
) -> Result<()> {
    let dir = course.root.join(package);
    for file in files::walk(&dir)? {
        let path = package.join(&file);
        // Um editor deixa arquivos seus (`.#queue.rs`) por perto, e um `build.rs` rodaria na máquina de quem avalia.
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let unwanted =
            hidden || file == Path::new("build.rs") || file.starts_with("wrong") || file.starts_with("target");
        if unwanted || path.starts_with(except) {
            continue;
        }
        let original = dir.join(&file);
        let bytes = std::fs::read(&original).with_context(|| missing(&original))?;
        let modified =
            if shared { std::fs::metadata(&original).and_then(|metadata| metadata.modified()).ok() } else { None };
        wanted.insert(path, Content { bytes, modified });
    }
    Ok(())
}

/// O `Cargo.toml` da raiz só com os pacotes que a cópia tem.
fn pruned_manifest(course: &Course, chapter: &Chapter) -> Result<String> {
    let path = course.root.join("Cargo.toml");
    let mut manifest = table(&path)?;
    let Some(workspace) = manifest.get_mut("workspace").and_then(|workspace| workspace.as_table_mut()) else {
        bail!("{} não tem [workspace]; recupere o arquivo com `git checkout -- Cargo.toml`", path.display());
    };
    let members = packages(course, chapter)?.into_iter().map(|dir| toml::Value::String(crate::course::slashed(&dir)));
    workspace.insert("members".into(), toml::Value::Array(members.collect()));
    workspace.remove("default-members");
    // O cargo reclamaria, a cada vez, dos perfis de pacotes que a cópia não tem.
    if let Some(profiles) = manifest.get_mut("profile").and_then(|profiles| profiles.as_table_mut()) {
        let used = used_packages(course, chapter)?;
        let packages = profiles.iter_mut().filter_map(|(_, profile)| profile.get_mut("package")?.as_table_mut());
        packages.for_each(|packages| packages.retain(|name, _| name == "*" || used.contains(name)));
    }
    Ok(toml::to_string(&manifest)?)
}

/// Os nomes de tudo de que o capítulo depende, direta ou indiretamente, segundo o `Cargo.lock`.
fn used_packages(course: &Course, chapter: &Chapter) -> Result<BTreeSet<String>> {
    let lock = table(&course.root.join("Cargo.lock"))?;
    let name = |package: &toml::Value| package.get("name").and_then(|name| name.as_str()).map(str::to_owned);
    let mut dependencies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.get("package").and_then(|packages| packages.as_array()).into_iter().flatten() {
        let listed = package.get("dependencies").and_then(|list| list.as_array()).into_iter().flatten();
        // Uma dependência é `nome`, ou `nome versão` quando há mais de uma versão dele; juntar as versões só deixa um perfil a mais.
        let names = listed.filter_map(|each| each.as_str()?.split(' ').next()).map(str::to_owned);
        dependencies.entry(name(package).unwrap_or_default()).or_default().extend(names);
    }
    let mut used = BTreeSet::new();
    let mut pending = vec![chapter.package().to_owned()];
    while let Some(package) = pending.pop() {
        if !used.contains(&package) {
            pending.extend(dependencies.get(&package).cloned().unwrap_or_default());
            used.insert(package);
        }
    }
    Ok(used)
}

/// A versão de um pacote de que o capítulo depende: a mesma enquanto o conteúdo for o mesmo.
///
/// As cópias dividem o que compilam dele, e quem compilou anotou os caminhos da *sua* cópia: com uma versão fixa, depois de uma
/// atualização do curso as outras cópias (e o próprio repositório) tomariam por novo o que ainda é o velho.
fn shared_version(tree: &BTreeMap<PathBuf, Content>) -> String {
    let mut text = Vec::new();
    for (path, Content { bytes, .. }) in tree {
        text.extend_from_slice(format!("{} {}\n", crate::course::slashed(path), files::hash(bytes)).as_bytes());
    }
    // Com uma letra na frente: só de algarismos, um zero no começo não seria uma versão.
    format!("0.0.0-c{}", &files::hash(&text)[..12])
}

/// Um `Cargo.toml` com uma versão que só esta cópia, ou só este conteúdo, tem.
///
/// O cargo identifica um pacote por nome, versão e caminho *relativo à raiz do workspace*: sem a versão própria, os programas de
/// duas variantes teriam o mesmo nome na pasta de compilação que dividem, e um seria tomado pelo outro. Os pacotes de que o
/// capítulo depende são iguais em todas as cópias, e para eles a confusão é bem-vinda: compilam uma vez só.
fn own_version(path: &Path, version: &str) -> Result<String> {
    let mut manifest = table(path)?;
    match manifest.get_mut("package").and_then(|package| package.as_table_mut()) {
        Some(package) => package.insert("version".into(), toml::Value::String(version.to_owned())),
        None => bail!("{} não tem [package]; recupere o arquivo com `git checkout -- exercises`", path.display()),
    };
    Ok(toml::to_string(&manifest)?)
}

fn table(path: &Path) -> Result<toml::Table> {
    let text = std::fs::read_to_string(path).with_context(|| missing(path))?;
    toml::from_str(&text).with_context(|| format!("em {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace]\nmembers = []\n[workspace.dependencies]\nkit = { path = \"exercises/kit\" }\n\
                        [profile.wasm.package.\"*\"]\nopt-level = 1\n[profile.wasm.package.insta]\nopt-level = 0\n\
                        [profile.wasm.package.elsewhere]\nopt-level = 0\n";
    const LOCK: &str = "version = 4\n[[package]]\nname = \"async-invocation\"\nversion = \"0.1.0\"\ndependencies = [\"kit\"]\n\
                        [[package]]\nname = \"kit\"\nversion = \"0.1.0\"\ndependencies = [\"insta 1.0.0\"]\n\
                        [[package]]\nname = \"insta\"\nversion = \"1.0.0\"\n\
                        [[package]]\nname = \"elsewhere\"\nversion = \"1.0.0\"\n";

    fn course() -> (tempfile::TempDir, Course) {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "Cargo.toml", ROOT);
        put(dir.path(), "Cargo.lock", LOCK);
        let chapter =
            "[package]\nname = \"async-invocation\"\nversion = \"0.1.0\"\n[dependencies]\nkit.workspace = true\n";
        put(dir.path(), "exercises/04-async-invocation/Cargo.toml", chapter);
        put(dir.path(), "solutions/04-async-invocation/src/lib.rs", "");
        put(dir.path(), "exercises/kit/Cargo.toml", "[package]\nname = \"kit\"\nversion = \"0.1.0\"\n");
        put(dir.path(), "exercises/kit/src/lib.rs", "pub fn one() {}\n");
        let chapter = Chapter { id: "04-async-invocation".into(), title: "C".into(), steps: vec![], labs: vec![] };
        let root = dir.path().to_path_buf();
        (dir, Course { target: root.join("target"), root, title: "Curso".into(), chapters: vec![chapter] })
    }

    fn put(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// O que um arquivo da cópia do capítulo diz, depois de preenchida.
    fn filled(course: &Course, file: &str) -> toml::Table {
        let chapter = &course.chapters[0];
        let scratch = Scratch::open(course, chapter, &Source::Solution, Target::Native, What::Tests).unwrap();
        scratch.fill(course, chapter, &Texts::new(), &BTreeSet::new()).unwrap();
        table(&scratch.dir.join(file)).unwrap()
    }

    #[test]
    fn a_shared_package_changes_version_only_when_its_content_does() {
        let (dir, course) = course();
        let version = || filled(&course, "exercises/kit/Cargo.toml")["package"]["version"].clone();
        let before = version();
        assert_eq!(version(), before);
        put(dir.path(), "exercises/kit/src/lib.rs", "pub fn one() {}\npub fn two() {}\n");
        assert_ne!(version(), before);
    }

    #[test]
    fn the_copy_keeps_the_profiles_of_what_it_uses() {
        let (_dir, course) = course();
        let profiles = filled(&course, "Cargo.toml")["profile"]["wasm"]["package"].as_table().unwrap().clone();
        assert_eq!(profiles.keys().collect::<Vec<_>>(), ["*", "insta"]);
    }
}
