//! Acha um compilador com a biblioteca padrão dos dois alvos WASM, sem instalar nada.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process;

/// Os alvos de que o projeto precisa. O do sandbox vem primeiro: é o que falta com mais frequência.
pub const TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-unknown-unknown"];

/// Arquivo que o `setup` deixa junto da biblioteca padrão que compilou: a versão do `rustc` que a gerou.
pub(super) const BUILT_BY: &str = "rustc-version.txt";

/// Onde uma distribuição põe o `rustc` dela.
pub(super) const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// De onde vem o compilador. Cada um tem a sua pasta de compilação: dois compiladores na mesma pasta
/// recompilariam tudo a cada troca.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// O que `rustc` é nesta pasta: o do rustup, em geral.
    Active,
    /// O de `/usr/bin`, instalado pela distribuição.
    System,
}

/// Um `rustc` que respondeu, e onde ele guarda as bibliotecas padrão.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compiler {
    pub(super) rustc: PathBuf,
    pub(super) cargo: PathBuf,
    pub(super) sysroot: PathBuf,
    pub(super) origin: Origin,
}

/// Um par cargo + rustc que compila para os dois alvos WASM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmToolchain {
    compiler: Compiler,
}

impl WasmToolchain {
    /// O `cargo` deste compilador. Quem chama passa `--target` e `--target-dir` (veja [`Self::target_dir`]).
    pub fn cargo(&self) -> Command {
        let mut command = self.command(&self.compiler.cargo);
        command.env("RUSTC", &self.compiler.rustc);
        command
    }

    /// O `rustc` deste compilador, para um arquivo avulso.
    pub fn rustc(&self) -> Command {
        self.command(&self.compiler.rustc)
    }

    /// A pasta de compilação deste compilador, dentro da do curso: dois compiladores nunca dividem uma.
    pub fn target_dir(&self, target: &Path) -> PathBuf {
        target.join(match self.compiler.origin {
            Origin::Active => "wasm",
            Origin::System => "wasm-debian",
        })
    }

    /// `rustc 1.95.0 (59807616e 2026-04-14)`, para relatórios.
    pub fn version(&self) -> String {
        version(&self.compiler.rustc).unwrap_or_else(|| "versão desconhecida".to_owned())
    }

    pub(super) fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = process::clean(program);
        // Cada um destes mandaria outro compilador, outro alvo ou outra pasta no lugar dos daqui.
        for name in ["RUSTUP_TOOLCHAIN", "CARGO_BUILD_RUSTC", "CARGO_BUILD_TARGET", "CARGO_BUILD_TARGET_DIR"] {
            command.env_remove(name);
        }
        command.env_remove("CARGO_TARGET_DIR");
        command
    }
}

impl fmt::Display for WasmToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} em {}", self.version(), self.compiler.rustc.display())
    }
}

/// Por que não há compilador para WASM.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MissingToolchain {
    /// Nenhum `rustc` respondeu.
    #[error(
        "não encontrei nenhum `rustc` para compilar para WASM (nem no PATH, nem em /usr/bin)\n\
         rode `cargo xtask setup`"
    )]
    NoRustc,
    /// Há compilador, mas nenhum com os dois alvos prontos.
    #[error("falta a biblioteca padrão do Rust para WASM:\n{}\nrode `cargo xtask setup`", lines(.0))]
    NoTargets(Vec<Lack>),
}

/// O que falta a um compilador, em um alvo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    pub rustc: PathBuf,
    pub target: &'static str,
    pub reason: String,
}

fn lines(lacks: &[Lack]) -> String {
    let lines = lacks.iter().map(|l| format!("  {} em {}: {}", l.target, l.rustc.display(), l.reason));
    lines.collect::<Vec<_>>().join("\n")
}

/// O primeiro compilador que serve: o ativo, depois o da distribuição.
pub fn wasm() -> Result<WasmToolchain, MissingToolchain> {
    choose(candidates(), |compiler| lacks(compiler, &TARGETS))
}

/// A escolha em si; `lacks` diz o que falta a cada candidato.
fn choose(
    candidates: Vec<Compiler>,
    lacks: impl Fn(&Compiler) -> Vec<Lack>,
) -> Result<WasmToolchain, MissingToolchain> {
    let mut all = Vec::new();
    for compiler in candidates {
        let missing = lacks(&compiler);
        if missing.is_empty() {
            return Ok(WasmToolchain { compiler });
        }
        all.extend(missing);
    }
    Err(if all.is_empty() { MissingToolchain::NoRustc } else { MissingToolchain::NoTargets(all) })
}

/// Os compiladores que respondem nesta máquina, na ordem de preferência e sem repetição.
fn candidates() -> Vec<Compiler> {
    let active = active();
    let system = system().filter(|s| active.as_ref().is_none_or(|a| a.sysroot != s.sysroot));
    active.into_iter().chain(system).collect()
}

/// O compilador que `rustc` é aqui (ou o que a variável `RUSTC` manda).
pub(super) fn active() -> Option<Compiler> {
    let rustc = env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    probe(&rustc)
}

/// O compilador da distribuição.
pub(super) fn system() -> Option<Compiler> {
    // Testar antes evita o erro de "comando inexistente" no caso comum de não haver nenhum.
    Path::new(SYSTEM_RUSTC).exists().then(|| probe(Path::new(SYSTEM_RUSTC))).flatten()
}

fn probe(rustc: &Path) -> Option<Compiler> {
    let output = process::capture(process::clean(rustc).args(["--print", "sysroot"])).ok()?;
    compiler_at(rustc, Path::new(output.trim()))
}

/// Prefere os binários da própria `sysroot`: assim o resultado não depende da pasta em que se roda depois,
/// o que seria o caso com os atalhos do rustup.
fn compiler_at(rustc: &Path, sysroot: &Path) -> Option<Compiler> {
    if sysroot.as_os_str().is_empty() {
        return None;
    }
    let direct = |name: &str| {
        let path = sysroot.join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX));
        path.exists().then_some(path)
    };
    let origin = if sysroot == Path::new("/usr") { Origin::System } else { Origin::Active };
    Some(Compiler {
        rustc: direct("rustc").unwrap_or_else(|| rustc.to_path_buf()),
        cargo: direct("cargo").unwrap_or_else(|| PathBuf::from("cargo")),
        sysroot: sysroot.to_path_buf(),
        origin,
    })
}

/// A pasta da biblioteca padrão de um alvo.
pub(super) fn libdir(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib").join("rustlib").join(target).join("lib")
}

/// A linha de versão de um `rustc`: é ela que decide se duas bibliotecas combinam.
pub(super) fn version(rustc: &Path) -> Option<String> {
    process::capture(process::clean(rustc).arg("--version")).ok().map(|v| v.trim().to_owned())
}

/// O que falta a um compilador.
pub(super) fn lacks(compiler: &Compiler, targets: &[&'static str]) -> Vec<Lack> {
    let inspect_one = |target: &&'static str| {
        let reason = inspect(&libdir(&compiler.sysroot, target), target, || version(&compiler.rustc)).err()?;
        Some(Lack { rustc: compiler.rustc.clone(), target, reason })
    };
    targets.iter().filter_map(inspect_one).collect()
}

/// Confere a pasta da biblioteca padrão de um alvo. O erro é o motivo, em português.
///
/// A versão só é perguntada quando há um `rustc-version.txt`: uma biblioteca que o `setup` compilou deixa de servir
/// quando a distribuição atualiza o `rustc`.
pub(super) fn inspect(libdir: &Path, target: &str, version: impl FnOnce() -> Option<String>) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(libdir) else {
        return Err("não está instalada".to_owned());
    };
    let names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.metadata().is_ok_and(|m| m.is_dir() || m.len() > 0))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for name in ["core", "compiler_builtins", "alloc", "std", "panic_abort", "test"] {
        let prefix = format!("lib{name}-");
        if !names.iter().any(|n| n.starts_with(&prefix) && n.ends_with(".rlib")) {
            return Err(format!("está pela metade (falta lib{name})"));
        }
    }
    if target == "wasm32-wasip1" {
        for name in ["crt1-command.o", "libc.a"] {
            if !libdir.join("self-contained").join(name).exists() {
                return Err(format!("está pela metade (falta self-contained/{name})"));
            }
        }
    }
    match fs::read_to_string(libdir.join(BUILT_BY)) {
        Ok(built_by) if version().as_deref() != Some(built_by.trim()) => {
            Err(format!("foi compilada por outra versão ({})", built_by.trim()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
