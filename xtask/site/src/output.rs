//! A pasta de saída: montada ao lado e trocada de uma vez, e nunca por cima de uma pasta que não é nossa.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail};
use grader::files;

/// O arquivo que diz "esta pasta foi gerada por nós e pode ser trocada".
const MARKER: &str = ".caderno-site";
/// Como começa o nome das pastas temporárias.
const SCRATCH_PREFIX: &str = ".caderno-";
/// O arquivo que diz "esta pasta temporária é nossa"; enquanto o dono vive, está trancado.
const SCRATCH_LOCK: &str = ".caderno-in-use";

/// Roda `fill` em uma pasta nova e, se deu certo, põe-na no lugar de `target`.
///
/// Quem lê `target` no meio do caminho vê a versão velha inteira ou a nova inteira, fora o instante entre dois `rename`.
pub fn replace_dir(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let target = std::path::absolute(target).with_context(|| format!("caminho de saída ruim: {}", target.display()))?;
    refuse_foreign(&target)?;
    let parent = target.parent().with_context(|| format!("{} não pode ser a pasta de saída", target.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("não consegui criar {}", parent.display()))?;
    sweep(parent);
    // No mesmo disco que o destino, para que o `rename` seja só um `rename`.
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH_PREFIX)
        .tempdir_in(parent)
        .with_context(|| format!("não consegui criar uma pasta temporária em {}", parent.display()))?;
    // Declarada depois da pasta, a tranca se solta antes de a pasta ser apagada, como o Windows exige.
    // Um disco sem trancas fica sem a marca, e então ninguém apaga a pasta por engano.
    let _in_use = lock(scratch.path()).ok();
    let (fresh, old) = (scratch.path().join("new"), scratch.path().join("old"));
    fs::create_dir(&fresh)?;
    fill(&fresh)?;
    let marker = "Pasta gerada por `cargo xtask build`; o que estiver aqui é trocado na próxima vez.\n";
    fs::write(fresh.join(MARKER), marker)?;

    if target.exists() {
        fs::rename(&target, &old).with_context(|| format!("não consegui tirar do lugar {}", target.display()))?;
    }
    if let Err(error) = fs::rename(&fresh, &target) {
        if old.exists() {
            // Melhor a versão velha que nenhuma; o erro que interessa é o primeiro.
            let _ = fs::rename(&old, &target);
        }
        return Err(error).with_context(|| format!("não consegui escrever {}", target.display()));
    }
    Ok(())
}

/// Tranca uma pasta temporária enquanto o arquivo devolvido estiver aberto; o sistema solta a tranca de quem morre.
fn lock(scratch: &Path) -> std::io::Result<File> {
    let unnamed = scratch.join("lock");
    let file = File::create(&unnamed)?;
    file.try_lock()?;
    // O nome que `sweep` procura só aparece já trancado.
    fs::rename(unnamed, scratch.join(SCRATCH_LOCK))?;
    Ok(file)
}

/// Apaga as pastas temporárias de gerações interrompidas (Ctrl-C, falta de luz), e só elas.
///
/// Sobrar lixo não impede gerar o livro: o que não der para apagar fica para a próxima vez.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let named = entry.file_name().to_string_lossy().starts_with(SCRATCH_PREFIX);
        // O tipo da entrada não segue links: um link com esse nome não é nosso.
        if named && entry.file_type().is_ok_and(|kind| kind.is_dir()) && abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn abandoned(scratch: &Path) -> bool {
    File::options().write(true).open(scratch.join(SCRATCH_LOCK)).is_ok_and(|file| file.try_lock().is_ok())
}

fn refuse_foreign(target: &Path) -> Result<()> {
    let Ok(mut entries) = fs::read_dir(target) else {
        if target.exists() {
            bail!("{} existe e não é uma pasta; escolha outra saída com `--output`", target.display());
        }
        return Ok(());
    };
    if entries.next().is_some() && !target.join(MARKER).is_file() {
        bail!(
            "{} já tem arquivos que não são deste livro; escolha outra saída com `--output` ou esvazie a pasta",
            target.display()
        );
    }
    Ok(())
}

/// Copia um arquivo ou uma pasta inteira.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        return copy(from, to);
    }
    files::walk(from)?.iter().try_for_each(|file| copy(&from.join(file), &to.join(file)))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("não consegui criar {}", parent.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("não consegui copiar {}", from.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &'static str) -> impl FnOnce(&Path) -> Result<()> {
        move |dir| Ok(fs::write(dir.join("index.html"), text)?)
    }

    #[test]
    fn the_output_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("site");
        replace_dir(&target, put("um")).unwrap();
        fs::write(target.join("sobra.html"), "x").unwrap();
        replace_dir(&target, put("dois")).unwrap();
        assert_eq!(fs::read_to_string(target.join("index.html")).unwrap(), "dois");
        assert!(!target.join("sobra.html").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "não sobra pasta temporária");
    }

    #[test]
    fn what_an_interrupted_build_left_behind_is_swept_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let (stale, alive, foreign) = (make(".caderno-velha"), make(".caderno-viva"), make(".caderno-tese"));
        fs::write(stale.join("index.html"), "pela metade").unwrap();
        drop(lock(&stale).unwrap());
        let _owner = lock(&alive).unwrap();
        // Um livro pronto pode ter esse prefixo no nome: quem decide é a tranca, que ele não tem.
        fs::write(foreign.join(MARKER), "").unwrap();
        replace_dir(&dir.path().join("site"), put("um")).unwrap();
        assert!(!stale.exists(), "a pasta abandonada foi apagada");
        assert!(alive.exists(), "a de outra geração em curso fica");
        assert!(foreign.exists(), "a que não é temporária fica");
    }

    #[test]
    fn a_folder_that_is_not_ours_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tese.txt"), "importante").unwrap();
        let error = replace_dir(dir.path(), put("x")).unwrap_err().to_string();
        assert!(error.contains("--output"), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("tese.txt")).unwrap(), "importante");
    }

    #[test]
    fn a_build_that_fails_keeps_the_old_output() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("site");
        replace_dir(&target, put("um")).unwrap();
        replace_dir(&target, |_| bail!("quebrou")).unwrap_err();
        assert_eq!(fs::read_to_string(target.join("index.html")).unwrap(), "um");
    }
}
