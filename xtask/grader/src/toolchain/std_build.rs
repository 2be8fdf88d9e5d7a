//! Compila a biblioteca padrão para os alvos WASM com o compilador do Debian, que a traz só como fonte.
//!
//! Nada fica pela metade: cada alvo é montado em uma pasta ao lado da definitiva e só entra no lugar por um `rename`.
//! Quem interrompe e repete aproveita o que o cargo já compilou.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::detect::{self, BUILT_BY, Compiler};
use super::{disk, process};
use crate::interrupt;

/// A crate vazia cuja compilação arrasta a biblioteca padrão; o que é dela não se instala.
const EMPTY_CRATE: &str = "empty";

/// Onde o Debian põe a libc de WASI.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";

/// Símbolos que a biblioteca padrão pede e que a libc de WASI de 2022, a do Debian 12, não tem. Neste alvo não há
/// threads nem arquivos, então basta que existam e falhem: 58 é `ENOTSUP` em WASI, e nulo é a falha de `realpath`.
const SYMBOLS: [(&str, &str); 7] = [
    ("pthread_join", "define i32 @pthread_join(i32 %thread, ptr %value) {\n  ret i32 58\n}\n"),
    ("pthread_detach", "define i32 @pthread_detach(i32 %thread) {\n  ret i32 58\n}\n"),
    // Sem estes, um só `thread::spawn` no código do leitor impediria o capítulo inteiro de ligar; com eles, ele recebe um erro.
    (
        "pthread_create",
        "define i32 @pthread_create(ptr %thread, ptr %attributes, ptr %start, ptr %argument) {\n  ret i32 58\n}\n",
    ),
    ("pthread_attr_init", "define i32 @pthread_attr_init(ptr %attributes) {\n  ret i32 0\n}\n"),
    ("pthread_attr_destroy", "define i32 @pthread_attr_destroy(ptr %attributes) {\n  ret i32 0\n}\n"),
    (
        "pthread_attr_setstacksize",
        "define i32 @pthread_attr_setstacksize(ptr %attributes, i32 %size) {\n  ret i32 0\n}\n",
    ),
    ("realpath", "define ptr @realpath(ptr %path, ptr %resolved) {\n  ret ptr null\n}\n"),
];

/// O que uma compilação precisa de espaço livre, em KiB, na pasta de trabalho e na de instalação.
const BUILD_SPACE: u64 = 700 * 1024;
const INSTALL_SPACE: u64 = 300 * 1024;

/// De quanto em quanto tempo se olha se outro `setup` terminou.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Compila e instala a biblioteca padrão para os alvos que faltam. `work` sobrevive a interrupções.
pub(super) fn install(
    compiler: &Compiler,
    targets: &[&'static str],
    work: &Path,
    out: &mut dyn Write,
    log: &Path,
) -> Result<()> {
    let rustlib = compiler.sysroot.join("lib").join("rustlib");
    let _lock = lock(&rustlib, out)?;
    // Enquanto se esperava, outro `setup` pode ter feito tudo.
    let targets: Vec<&'static str> =
        targets.iter().copied().filter(|target| !detect::lacks(compiler, &[target]).is_empty()).collect();
    if targets.is_empty() {
        return Ok(());
    }
    disk::require_space(work, BUILD_SPACE)?;
    disk::require_space(&rustlib, INSTALL_SPACE)?;

    writeln!(out, "  → compilar a biblioteca padrão para {} (uns dois minutos)", targets.join(" e "))?;
    let version = detect::version(&compiler.rustc).context("o rustc do sistema não responde")?;
    keep_only(work, &version)?;
    build(compiler, &targets, work, log)?;
    for target in &targets {
        let libdir = detect::libdir(&compiler.sysroot, target);
        writeln!(out, "  → instalar em {}", libdir.display())?;
        let compiled = work.join("target").join(target).join("release").join("deps");
        place(&compiled, target, &version, &libdir, |staging| add_libc(compiler, target, staging, work))?;
    }
    disk::remove(work)
}

/// Tira do lugar uma biblioteca padrão que se mostrou imprestável, para que seja compilada de novo.
pub(super) fn discard(compiler: &Compiler, target: &str) -> Result<()> {
    disk::remove(&detect::libdir(&compiler.sysroot, target))
}

/// Um `setup` por vez mexe no compilador do sistema. O sistema operacional solta a trava se o processo morrer.
fn lock(rustlib: &Path, out: &mut dyn Write) -> Result<File> {
    let path = rustlib.join(".setup.lock");
    let file = File::create(&path).map_err(|error| disk::cannot("escrever em", &path, &error))?;
    if file.try_lock().is_err() {
        writeln!(out, "  → outro `cargo xtask setup` está instalando; espero por ele")?;
        // Pergunta de tempos em tempos em vez de bloquear: assim o Ctrl-C interrompe a espera.
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(disk::cannot("travar", &path, &error));
            }
            interrupt::check()?;
            thread::sleep(LOCK_POLL);
        }
    }
    Ok(file)
}

/// O que uma compilação interrompida deixou só se aproveita com o mesmo compilador: bibliotecas de duas versões na
/// mesma pasta acabariam instaladas juntas.
fn keep_only(work: &Path, version: &str) -> Result<()> {
    let mark = work.join(BUILT_BY);
    if fs::read_to_string(&mark).is_ok_and(|text| text == version) {
        return Ok(());
    }
    disk::remove(work)?;
    disk::create_dir(work)?;
    disk::write(&mark, version)
}

fn build(compiler: &Compiler, targets: &[&str], work: &Path, log: &Path) -> Result<()> {
    let source = work.join("src");
    disk::create_dir(&source)?;
    // `[workspace]` vazio: a pasta de trabalho fica dentro do espaço de trabalho do curso e não é parte dele.
    let manifest =
        format!("[package]\nname = \"{EMPTY_CRATE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n");
    disk::write(&work.join("Cargo.toml"), &manifest)?;
    disk::write(&source.join("lib.rs"), "#![no_std]\n")?;

    let mut command = process::clean(&compiler.cargo);
    command.current_dir(work).args(["build", "--release", "-Zbuild-std=std,panic_abort,test"]);
    for target in targets {
        command.args(["--target", target]);
    }
    // O pacote das fontes traz também as dependências: com elas não se precisa de rede.
    let vendored = compiler.sysroot.join("lib/rustlib/src/rust/library/vendor");
    if vendored.is_dir() {
        command.args(["--offline", "--config", "source.crates-io.replace-with=\"vendored\""]);
        command.arg("--config").arg(format!("source.vendored.directory={:?}", vendored.display().to_string()));
    }
    command.env("RUSTC", &compiler.rustc).env("RUSTC_BOOTSTRAP", "1");
    // Uma configuração pessoal (opções, outro ligador, outra pasta) mudaria a biblioteca que é de todos.
    command.env("CARGO_HOME", work.join("home")).env("CARGO_TARGET_DIR", work.join("target"));
    for name in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
    {
        command.env_remove(name);
    }
    process::logged(&mut command, log).map_err(|failure| {
        let cause = if failure.is_network() { "sem rede: " } else { "" };
        anyhow!("{cause}a biblioteca padrão não compilou. {failure}\nO registro completo está em {}", log.display())
    })
}

/// Monta a pasta de um alvo ao lado da definitiva (`prepare` acrescenta o que não vem do cargo) e troca as duas.
fn place(
    compiled: &Path,
    target: &str,
    version: &str,
    libdir: &Path,
    prepare: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let parent = libdir.parent().ok_or_else(|| anyhow!("pasta inesperada: {}", libdir.display()))?;
    let staging = parent.join("lib.new");
    let previous = parent.join("lib.old");
    // Restos de uma instalação interrompida.
    disk::remove(&staging)?;
    disk::remove(&previous)?;
    disk::create_dir(&staging)?;
    let entries = fs::read_dir(compiled).map_err(|error| disk::cannot("ler", compiled, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| disk::cannot("ler", compiled, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if is_installable(name) {
            disk::copy(&path, &staging.join(name))?;
        }
    }
    prepare(&staging)?;
    disk::write(&staging.join(BUILT_BY), &format!("{version}\n"))?;
    detect::inspect(&staging, target, || Some(version.to_owned()))
        .map_err(|reason| anyhow!("a biblioteca padrão de {target} compilou, mas {reason}"))?;

    if libdir.exists() {
        disk::rename(libdir, &previous)?;
    }
    disk::rename(&staging, libdir)?;
    disk::remove(&previous)
}

/// Só `.rlib`: os metadados estão dentro dele, e os `.rmeta` avulsos dobrariam o espaço.
fn is_installable(name: &str) -> bool {
    name.ends_with(".rlib") && !name.starts_with(&format!("lib{EMPTY_CRATE}-"))
}

/// Em `wasm32-wasip1`, `self-contained` leva o começo do programa e a libc; o outro alvo não tem nem um nem outro.
fn add_libc(compiler: &Compiler, target: &str, staging: &Path, work: &Path) -> Result<()> {
    if target != "wasm32-wasip1" {
        return Ok(());
    }
    let wasi = Path::new(WASI_LIBC);
    let contained = staging.join("self-contained");
    disk::create_dir(&contained)?;
    for name in ["crt1-command.o", "crt1-reactor.o", "libc.a"] {
        disk::copy(&wasi.join(name), &contained.join(name))?;
    }
    let llvm = llvm_bin(compiler)?;
    let libc = contained.join("libc.a");
    let defined = process::capture(
        process::clean(llvm.join("llvm-nm")).args(["--defined-only", "--just-symbol-name", "--quiet"]).arg(&libc),
    )?;
    for (name, definition) in SYMBOLS {
        // Uma libc mais nova já os tem; dois iguais impediriam a ligação.
        if defined.lines().any(|line| line.trim() == name) {
            continue;
        }
        let text = work.join(format!("{name}.ll"));
        let object = work.join(format!("{name}.o"));
        disk::write(&text, &format!("target triple = \"wasm32-unknown-wasi\"\n{definition}"))?;
        process::capture(process::clean(llvm.join("llc")).arg("-filetype=obj").arg(&text).arg("-o").arg(&object))?;
        process::capture(process::clean(llvm.join("llvm-ar")).arg("rs").arg(&libc).arg(&object))?;
    }
    Ok(())
}

/// As ferramentas do LLVM com que este `rustc` foi feito.
fn llvm_bin(compiler: &Compiler) -> Result<PathBuf> {
    let verbose = process::capture(process::clean(&compiler.rustc).arg("-vV"))?;
    let major = llvm_major(&verbose).ok_or_else(|| anyhow!("o rustc não diz a versão do LLVM:\n{verbose}"))?;
    let bin = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
    if !bin.is_dir() {
        bail!("falta o pacote llvm-{major} ({} não existe)", bin.display());
    }
    Ok(bin)
}

/// `LLVM version: 22.1.8` → 22.
fn llvm_major(verbose: &str) -> Option<u32> {
    let line = verbose.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    line.split('.').next()?.trim().parse().ok()
}

#[cfg(test)]
#[path = "std_build_tests.rs"]
mod tests;
