//! O caminho do Debian: instala pacotes sem nunca remover nada, e termina o que uma instalação interrompida deixou.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use super::process::{self, Failure};
use crate::interrupt;

/// A versão de Rust que o projeto pede (`rust-version` do espaço de trabalho).
const MINIMUM_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Os pacotes do compilador: o `rustc` que o Debian mantém atual para compilar navegadores, as fontes da biblioteca
/// padrão, o LLVM dele, o ligador e a libc de WASI.
pub(super) fn compiler_packages(out: &mut dyn Write, log: &Path) -> Result<Vec<String>> {
    let mut candidate = policy("rustc-web");
    let mut offline = "";
    if !candidate.as_deref().is_some_and(is_recent) {
        if update(out, log)? == Lists::Offline {
            offline = "sem rede não deu para atualizar as listas de pacotes: ";
        }
        candidate = policy("rustc-web");
    }
    match candidate {
        Some(version) if is_recent(&version) => {}
        Some(version) => {
            bail!("{offline}o rustc-web que o apt conhece é {version} e o projeto pede Rust {MINIMUM_RUST}")
        }
        None => bail!("{offline}o apt não conhece o pacote rustc-web (no Debian 12 ele está em bookworm-security)"),
    }
    let llvm = depends("rust-web-llvm").as_deref().and_then(llvm_version);
    let llvm = llvm.ok_or_else(|| anyhow!("o pacote rust-web-llvm não diz de que versão do LLVM precisa"))?;
    let fixed = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "wasi-libc"];
    Ok(fixed.iter().map(|name| (*name).to_owned()).chain([format!("lld-{llvm}")]).collect())
}

/// Instala o que falta de `packages`. Devolve `nome versão` do que foi instalado agora.
pub(super) fn install(packages: &[String], out: &mut dyn Write, log: &Path) -> Result<Vec<String>> {
    finish_interrupted(out, log)?;
    let missing: Vec<&String> = packages.iter().filter(|name| installed(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let names = missing.iter().map(|name| name.as_str()).collect::<Vec<_>>();
    writeln!(out, "  → apt-get install {}", names.join(" "))?;
    if let Err(failure) = install_once(&names, log) {
        if failure.tail().contains("Packages need to be removed") {
            let conflicting = removals(&fs::read_to_string(log).unwrap_or_default()).join(" ");
            bail!(
                "os pacotes {} conflitam com outros já instalados ({conflicting}) e nada foi removido.\n  \
                 Se puder trocá-los: apt-get remove {conflicting}",
                names.join(" ")
            );
        }
        // Listas velhas apontam para arquivos que o espelho já apagou.
        if !failure.tail().contains("Unable to fetch") || failure.is_network() {
            return Err(explain(&failure, &names));
        }
        update(out, log)?;
        install_once(&names, log).map_err(|failure| explain(&failure, &names))?;
    }
    Ok(names.iter().map(|name| format!("{name} {}", installed(name).unwrap_or_default())).collect())
}

fn install_once(names: &[&str], log: &Path) -> Result<(), Failure> {
    // `--no-remove`: os pacotes conflitam com o `rustup` e o `rustc` do Debian, que não são nossos para tirar.
    let fixed = ["install", "--yes", "--no-install-recommends", "--no-remove"];
    process::logged(apt_get().args(fixed).args(names), log)
}

fn explain(failure: &Failure, names: &[&str]) -> anyhow::Error {
    if failure.is_network() {
        anyhow!("sem rede: não consegui baixar os pacotes {}", names.join(" "))
    } else {
        anyhow!("{failure}")
    }
}

/// Um `dpkg` interrompido deixa pacotes desempacotados e não configurados; o apt se recusa a seguir assim.
fn finish_interrupted(out: &mut dyn Write, log: &Path) -> Result<()> {
    let audit = process::capture(process::clean("dpkg").arg("--audit")).unwrap_or_default();
    if audit.trim().is_empty() && !has_pending_updates() {
        return Ok(());
    }
    writeln!(out, "  → dpkg --configure -a (uma instalação anterior foi interrompida)")?;
    let mut configure = process::clean("dpkg");
    configure.env("DEBIAN_FRONTEND", "noninteractive").args(["--configure", "-a"]);
    // Se faltarem dependências isto falha, e é o `apt-get -f install` logo abaixo que as traz.
    let configured = process::logged(&mut configure, log);
    if let Err(failure) = configured {
        interrupt::check()?;
        writeln!(out, "  → apt-get --fix-broken install")?;
        let fix = process::logged(apt_get().args(["--fix-broken", "install", "--yes", "--no-remove"]), log);
        fix.map_err(|fix| anyhow!("a instalação interrompida não pôde ser terminada:\n{failure}\n{fix}"))?;
    }
    Ok(())
}

/// O diário do `dpkg`: existe quando ele foi morto no meio de uma operação, o que `--audit` nem sempre acusa.
fn has_pending_updates() -> bool {
    fs::read_dir("/var/lib/dpkg/updates").is_ok_and(|mut entries| entries.next().is_some())
}

/// Atualiza as listas. Um repositório alheio fora do ar não impede o resto, por isso a falha só é dita.
fn update(out: &mut dyn Write, log: &Path) -> Result<Lists> {
    interrupt::check()?;
    writeln!(out, "  → apt-get update")?;
    let mut command = apt_get();
    command.args(["-o", "APT::Update::Error-Mode=any", "update"]);
    if let Err(failure) = process::logged(&mut command, log) {
        let lists = if failure.is_network() { Lists::Offline } else { Lists::Partial };
        let cause = if lists == Lists::Offline { "sem rede" } else { "com erros" };
        writeln!(out, "    as listas de pacotes não foram todas atualizadas ({cause}); sigo com as que há")?;
        return Ok(lists);
    }
    Ok(Lists::Updated)
}

/// Como ficaram as listas de pacotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    Updated,
    Partial,
    Offline,
}

fn apt_get() -> Command {
    let mut command = process::clean("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("DEBCONF_NONINTERACTIVE_SEEN", "true");
    // Espera por outro apt que esteja rodando, em vez de falhar.
    command.args(["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2"]);
    command
}

/// A versão instalada de um pacote, se ele estiver inteiro.
pub(super) fn installed(name: &str) -> Option<String> {
    let format = "-f=${db:Status-Status} ${Version}";
    let text = process::capture(process::clean("dpkg-query").args(["-W", format, name])).ok()?;
    text.trim().strip_prefix("installed ").map(str::to_owned)
}

fn policy(name: &str) -> Option<String> {
    candidate(&process::capture(process::clean("apt-cache").args(["policy", name])).ok()?)
}

fn depends(name: &str) -> Option<String> {
    process::capture(process::clean("apt-cache").args(["depends", name])).ok()
}

/// A linha `Candidate:` de `apt-cache policy`.
fn candidate(policy: &str) -> Option<String> {
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    Some(line.trim().to_owned()).filter(|version| version != "(none)")
}

/// Os pacotes que o `apt-get install` disse que teria de remover.
fn removals(output: &str) -> Vec<&str> {
    let after = output.lines().skip_while(|line| !line.ends_with("will be REMOVED:")).skip(1);
    after.take_while(|line| line.starts_with(' ')).flat_map(str::split_whitespace).collect()
}

/// `  Depends: llvm-22` → 22.
fn llvm_version(depends: &str) -> Option<u32> {
    depends.lines().find_map(|line| line.trim().strip_prefix("Depends: llvm-")?.parse().ok())
}

fn is_recent(version: &str) -> bool {
    major_minor(version) >= major_minor(MINIMUM_RUST)
}

/// `1.96.0+dfsg1-1~deb12u2` → `(1, 96)`.
fn major_minor(version: &str) -> Option<(u32, u32)> {
    let without_epoch = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut numbers = without_epoch.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_read_from_the_policy() {
        let text = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version table:\n";
        assert_eq!(candidate(text).as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate("x:\n  Installed: (none)\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }

    #[test]
    fn the_linker_follows_the_llvm_of_the_compiler() {
        let text =
            "rust-web-llvm\n  Depends: libc6\n  Depends: libgcc-s1\n  Depends: llvm-22\n  Conflicts: rust-llvm\n";
        assert_eq!(llvm_version(text), Some(22));
        assert_eq!(llvm_version("rust-web-llvm\n  Depends: libc6\n"), None);
    }

    #[test]
    fn conflicting_packages_are_named() {
        let text = "Suggested packages:\n  python3\nThe following packages will be REMOVED:\n  cargo rustc\n  rustup\n\
                    The following NEW packages will be installed:\n  cargo-web\nE: Packages need to be removed\n";
        assert_eq!(removals(text), ["cargo", "rustc", "rustup"]);
        assert!(removals("0 upgraded\n").is_empty());
    }

    #[test]
    fn an_old_compiler_does_not_serve() {
        assert!(is_recent("1.96.0+dfsg1-1~deb12u2"));
        assert!(is_recent("2:1.100.0-1"));
        assert!(!is_recent("1.85.0+dfsg3-1~deb12u3"));
        assert!(!is_recent("nada"));
    }
}
