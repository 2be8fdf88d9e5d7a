//! A pasta de saída: montada ao lado e trocada de uma vez, e nunca por cima de uma pasta que não é nossa.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use grader::files;

/// O arquivo que diz "esta pasta foi gerada por nós e pode ser trocada".
const MARKER: &str = ".caderno-site";

/// Roda `fill` em uma pasta nova e, se deu certo, põe-na no lugar de `target`.
///
/// Quem lê `target` no meio do caminho vê a versão velha inteira ou a nova inteira, fora o instante entre dois `rename`.
pub fn replace_dir(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let target = std::path::absolute(target).with_context(|| format!("caminho de saída ruim: {}", target.display()))?;
    refuse_foreign(&target)?;
    let parent = target.parent().with_context(|| format!("{} não pode ser a pasta de saída", target.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("não consegui criar {}", parent.display()))?;
    // No mesmo disco que o destino, para que o `rename` seja só um `rename`.
    let scratch = tempfile::Builder::new()
        .prefix(".caderno-")
        .tempdir_in(parent)
        .with_context(|| format!("não consegui criar uma pasta temporária em {}", parent.display()))?;
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
