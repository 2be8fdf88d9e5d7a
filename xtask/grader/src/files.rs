//! Escrita segura: nada do que o leitor escreveu se perde, e uma execução interrompida não deixa arquivo pela metade.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Grava em um arquivo temporário na mesma pasta e o renomeia por cima do destino.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let attempt = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::Builder::new().prefix(".caderno-").tempfile_in(dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        if let Ok(old) = std::fs::metadata(path) {
            std::fs::set_permissions(file.path(), old.permissions())?;
        } else {
            make_readable(file.path())?;
        }
        file.persist(path)?;
        Ok(())
    };
    attempt().with_context(|| {
        format!(
            "não consegui gravar {}; confira o espaço em disco e a permissão da pasta (nada foi alterado)",
            path.display()
        )
    })
}

/// Um arquivo temporário nasce legível só pelo dono; um arquivo do curso é legível como qualquer outro.
#[cfg(unix)]
fn make_readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Grava só se o conteúdo mudou: a data do arquivo fica, e o cargo não recompila à toa. Diz se gravou.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    write_atomic(path, bytes)?;
    Ok(true)
}

pub fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("não consegui ler {}", path.display()))
}

/// SHA-256 em hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Os arquivos de uma árvore, em ordem, relativos a ela; nenhum se ela não existe.
pub fn walk(dir: &Path) -> Result<Vec<PathBuf>> {
    fn visit(base: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                visit(base, &path, files)?;
            } else if let Ok(relative) = path.strip_prefix(base) {
                files.push(relative.to_path_buf());
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    if dir.is_dir() {
        visit(dir, dir, &mut files).with_context(|| format!("não consegui listar {}", dir.display()))?;
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_file_keeps_its_date_and_a_changed_one_leaves_no_temporary_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.rs");
        assert!(write_if_changed(&path, b"um").unwrap());
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!write_if_changed(&path, b"um").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(write_if_changed(&path, b"dois").unwrap());
        assert_eq!(walk(dir.path()).unwrap(), [Path::new("a/b.rs")]);
        assert_eq!(std::fs::read(&path).unwrap(), b"dois");
    }

    #[test]
    fn a_failed_write_names_the_file_and_says_nothing_changed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "arquivo no lugar de uma pasta").unwrap();
        let message = write_atomic(&dir.path().join("a/b.rs"), b"x").unwrap_err().to_string();
        assert!(message.contains("b.rs") && message.contains("nada foi alterado"), "{message}");
    }
}
