//! Arquivos e espaço: as mesmas operações da biblioteca padrão, com erros que dizem onde e o quê.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::process;

/// Confere o espaço livre; onde não há `df`, quem avisa é a própria escrita.
pub(super) fn require_space(dir: &Path, needed_kib: u64) -> Result<()> {
    let existing = dir.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(dir);
    let Ok(text) = process::capture(process::clean("df").arg("-Pk").arg(existing)) else { return Ok(()) };
    match available_kib(&text) {
        Some(free) if free < needed_kib => bail!(
            "falta espaço em {}: há {} MiB livres e são precisos {} MiB",
            existing.display(),
            free / 1024,
            needed_kib / 1024
        ),
        _ => Ok(()),
    }
}

/// A quarta coluna de `df -Pk`, cujo formato o POSIX fixa.
fn available_kib(df: &str) -> Option<u64> {
    df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// Confere que se pode escrever em `dir`: até root esbarra em um disco montado só para leitura.
pub(super) fn require_writable(dir: &Path) -> Result<()> {
    let probe = dir.join(format!(".setup-{}", std::process::id()));
    File::create(&probe).map_err(|error| cannot("escrever em", dir, &error))?;
    fs::remove_file(&probe).map_err(|error| cannot("apagar", &probe, &error))
}

pub(super) fn create_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| cannot("criar", dir, &error))
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map_err(|error| cannot(&format!("copiar {} para", from.display()), to, &error))?;
    Ok(())
}

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| cannot("escrever", path, &error))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| cannot(&format!("renomear {} para", from.display()), to, &error))
}

/// Apaga uma pasta; não havê-la já é o resultado pedido.
pub(super) fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("apagar", dir, &error)),
        _ => Ok(()),
    }
}

pub(super) fn cannot(what: &str, path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow!("não consegui {what} {}: {}", path.display(), process::explain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_the_fourth_column() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264225792 1 83886080 14% /\n";
        assert_eq!(available_kib(df), Some(83_886_080));
        assert_eq!(available_kib(""), None);
    }

    #[test]
    #[cfg(unix)]
    fn too_little_space_is_said_before_starting() {
        let error = require_space(Path::new("/"), u64::MAX).expect_err("ninguém tem tanto").to_string();
        assert!(error.starts_with("falta espaço em /"), "{error}");
    }

    #[test]
    fn the_check_of_a_folder_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("pasta temporária");
        require_writable(dir.path()).expect("dá para escrever");
        assert_eq!(fs::read_dir(dir.path()).expect("pasta").count(), 0);
        let error = require_writable(&dir.path().join("sumiu")).expect_err("não existe").to_string();
        assert!(error.ends_with("não existe"), "{error}");
    }
}
