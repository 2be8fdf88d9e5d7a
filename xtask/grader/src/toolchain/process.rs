//! Roda programas de fora e transforma o que deu errado em uma frase que diz o que fazer.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Quantas linhas do fim da saída de um programa cabem em uma mensagem de erro.
const TAIL: usize = 12;

/// O que deu errado ao rodar um programa.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("não consegui rodar `{command}`: {}", explain(.error))]
    Start { command: String, error: io::Error },
    #[error("`{command}` falhou ({status}):\n{tail}")]
    Exit { command: String, status: String, tail: String },
}

impl Failure {
    /// O fim do que o programa imprimiu.
    pub(super) fn tail(&self) -> &str {
        match self {
            Self::Start { .. } => "",
            Self::Exit { tail, .. } => tail,
        }
    }

    /// Foi a rede que faltou? O texto é o do `apt-get`, do `cargo` e do `rustup`, sempre em inglês (veja [`clean`]).
    pub(super) fn is_network(&self) -> bool {
        let signs = [
            "Temporary failure resolving",
            "Could not resolve",
            "Could not connect",
            "Unable to connect",
            "Network is unreachable",
            "Connection timed out",
            "Connection refused",
            "dns error",
            "could not download",
            "error sending request",
        ];
        signs.iter().any(|sign| self.tail().contains(sign))
    }
}

/// Um comando sem as variáveis que o `cargo run` em andamento criou para o próprio pacote dele.
///
/// Herdadas, elas fariam compilações iguais parecerem diferentes. As mensagens ficam em inglês para que possam ser
/// reconhecidas.
pub(super) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if is_from_cargo_run(&name) {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

fn is_from_cargo_run(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let exact =
        ["CARGO", "CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_", "CARGO_FEATURE_", "CARGO_CFG_"];
    exact.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Roda e devolve a saída padrão.
pub(super) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| Failure::Start { command: describe(command), error })?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let text = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    Err(Failure::Exit { command: describe(command), status: status_text(output.status), tail: tail(&text) })
}

/// Roda com a saída em um arquivo: se este processo for interrompido, o programa de fora não morre ao escrever.
pub(super) fn logged(command: &mut Command, log: &Path) -> Result<(), Failure> {
    let start = |error| Failure::Start { command: describe(command), error };
    let file = File::create(log).map_err(start)?;
    let errors = file.try_clone().map_err(start)?;
    let status = command.stdout(file).stderr(errors).status();
    let status = status.map_err(|error| Failure::Start { command: describe(command), error })?;
    if status.success() {
        return Ok(());
    }
    // Sem o arquivo de registro ainda há o que dizer: o comando e o código de saída.
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    Err(Failure::Exit { command: describe(command), status: status_text(status), tail: tail(&text) })
}

fn status_text(status: std::process::ExitStatus) -> String {
    status.code().map_or_else(|| "interrompido por um sinal".to_owned(), |code| format!("código de saída {code}"))
}

/// O comando como uma pessoa o escreveria.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(TAIL)..];
    last.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Um erro do sistema operacional em português; os raros ficam como o sistema os diz.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "não existe".to_owned(),
        io::ErrorKind::PermissionDenied => "sem permissão".to_owned(),
        io::ErrorKind::StorageFull => "o disco está cheio".to_owned(),
        io::ErrorKind::QuotaExceeded => "a cota de disco acabou".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "o disco está montado só para leitura".to_owned(),
        _ => error.to_string(),
    }
}

/// Um programa no PATH da máquina.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    find_in(name, &env::var_os("PATH").unwrap_or_default())
}

fn find_in(name: &str, path: &OsStr) -> Option<PathBuf> {
    let file: OsString = format!("{name}{}", env::consts::EXE_SUFFIX).into();
    env::split_paths(path).map(|dir| dir.join(&file)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_running_package_do_not_leak() {
        assert!(is_from_cargo_run(OsStr::new("CARGO_PKG_NAME")));
        assert!(is_from_cargo_run(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!is_from_cargo_run(OsStr::new("CARGO_HOME")));
        assert!(!is_from_cargo_run(OsStr::new("RUSTFLAGS")));
    }

    #[test]
    fn a_message_keeps_only_the_end_of_a_long_output() {
        let text = (1..=30).map(|n| format!("linha {n}\n\n")).collect::<String>();
        let tail = tail(&text);
        assert!(tail.starts_with("  linha 19\n"), "{tail}");
        assert!(tail.ends_with("  linha 30"), "{tail}");
    }

    #[test]
    fn the_network_is_recognized_as_the_cause() {
        let exit = |tail: &str| Failure::Exit { command: "apt-get".into(), status: String::new(), tail: tail.into() };
        assert!(exit("E: Failed to fetch http://x  Temporary failure resolving 'x'").is_network());
        assert!(!exit("E: Unable to locate package rustc-web").is_network());
    }

    #[test]
    fn an_absent_program_is_not_found_in_an_empty_path() {
        assert_eq!(find_in("rustc", OsStr::new("")), None);
    }
}
