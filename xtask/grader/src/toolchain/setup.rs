//! `cargo xtask setup`: instala o que falta, um passo por vez, e diz cada um. Repetir é sempre seguro.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use super::browser::{self, Browser, MissingBrowser};
use super::detect::{self, MissingToolchain, Origin, TARGETS, WasmToolchain};
use super::machine::{Machine, Plan, Route};
use super::report::{Item, Report, State};
use super::{apt, disk, process, proof, std_build};
use crate::interrupt;

/// O que instalar.
#[derive(Clone, Debug)]
pub struct Options {
    /// A raiz do curso; o trabalho intermediário fica em `target/setup`.
    pub root: PathBuf,
    /// Também o navegador e o driver dos testes das páginas (`--browser`).
    pub browser: bool,
    /// Só olhar, sem instalar nada (`--check`).
    pub check: bool,
}

/// Quanto os pacotes do compilador ocupam em `/usr`, em KiB, com folga para o que o apt baixa.
const COMPILER_SPACE: u64 = 1_300 * 1024;
/// O mesmo para o navegador.
const BROWSER_SPACE: u64 = 900 * 1024;
/// O que a prova do compilador escreve em `target/setup`, em KiB, com folga.
const PROOF_SPACE: u64 = 64 * 1024;

/// Instala o que falta e conta em `out` cada passo. O que não foi possível vem no relatório, com o que fazer;
/// `Err` é só para o que impede até o relatório (não dá para escrever em `target` ou em `out`).
pub fn setup(options: &Options, out: &mut dyn Write) -> Result<Report> {
    let machine = Machine::probe();
    let work = options.root.join("target").join("setup");
    disk::create_dir(&work)?;
    // Sem isto, uma prova que não se consegue escrever pareceria um compilador com defeito.
    disk::require_writable(&work)?;
    disk::require_space(&work, PROOF_SPACE)?;
    let mut session = Session { options, machine, work, report: Report::default(), out };
    session.report.machine = session.machine.describe();

    session.wasm()?;
    interrupt::check()?;
    session.components()?;
    interrupt::check()?;
    if options.browser {
        session.browser()?;
    }
    Ok(session.report)
}

/// Uma execução do `setup`.
struct Session<'a> {
    options: &'a Options,
    machine: Machine,
    work: PathBuf,
    report: Report,
    out: &'a mut dyn Write,
}

impl Session<'_> {
    fn wasm(&mut self) -> Result<()> {
        const NAME: &str = "compilador para WASM";
        writeln!(self.out, "Compilador para WASM")?;
        let unproven = match self.proven() {
            Ok(toolchain) => {
                writeln!(self.out, "  já está pronto: {toolchain}")?;
                self.add(NAME, toolchain.to_string(), State::AlreadyThere);
                return Ok(());
            }
            Err(unproven) => unproven,
        };
        let mut reason = unproven.reason.to_string();
        writeln!(self.out, "  {reason}")?;
        let plan = if self.options.check || unproven.by_active { Plan::default() } else { self.machine.plan() };
        for note in plan.skipped {
            writeln!(self.out, "  {note}")?;
        }
        for route in plan.routes {
            match self.take(&route).and_then(|()| self.proven().map_err(|unproven| unproven.reason)) {
                Ok(toolchain) => {
                    writeln!(self.out, "  pronto: {toolchain}")?;
                    self.add(NAME, toolchain.to_string(), State::Installed);
                    return Ok(());
                }
                Err(error) => {
                    // O Ctrl-C também chega ao programa de fora; a falha dele não é motivo para tentar outro caminho.
                    interrupt::check()?;
                    reason = error.to_string();
                    writeln!(self.out, "  não deu: {}", first_line(&reason))?;
                }
            }
        }
        let what_to_do = format!(
            "{reason}\n{}  Para instalar à mão:\n{}  Sem isto, `cargo xtask grade` funciona; o que precisa de WASM \
             (`grade --sandbox`, a página), não.\n",
            self.advice("setup"),
            self.machine.wasm_instructions()
        );
        self.add(NAME, String::new(), State::Missing(what_to_do));
        Ok(())
    }

    /// Um compilador só está pronto depois de compilar algo.
    fn proven(&self) -> Result<WasmToolchain, Unproven> {
        let toolchain =
            detect::wasm().map_err(|error| Unproven { reason: without_advice(&error), by_active: false })?;
        // Uma pasta por processo: dois `setup` ao mesmo tempo não se atrapalham.
        let work = self.work.join(format!("proof-{}", std::process::id()));
        match proof::run(&toolchain, &work) {
            Ok(()) => Ok(toolchain),
            Err(reason) => Err(Unproven { reason, by_active: toolchain.compiler().origin == Origin::Active }),
        }
    }

    fn take(&mut self, route: &Route) -> Result<()> {
        match route {
            Route::RustupTargets { toolchain } => {
                writeln!(self.out, "  → rustup target add --toolchain {toolchain} {}", TARGETS.join(" "))?;
                let mut rustup = process::clean("rustup");
                rustup.args(["target", "add", "--toolchain", toolchain]).args(TARGETS);
                process::logged(&mut rustup, &self.log("rustup")).map_err(|failure| {
                    let cause = if failure.is_network() { "sem rede para o rustup: " } else { "" };
                    anyhow!("{cause}{failure}")
                })
            }
            Route::DebianPackages => self.debian(),
        }
    }

    fn debian(&mut self) -> Result<()> {
        let log = self.log("apt");
        let packages = apt::compiler_packages(self.out, &log)?;
        self.install(&packages, COMPILER_SPACE)?;
        let compiler = detect::system()
            .ok_or_else(|| anyhow!("os pacotes estão instalados, mas {} não responde", detect::SYSTEM_RUSTC))?;
        let mut targets: Vec<&'static str> = detect::lacks(&compiler, &TARGETS).iter().map(|l| l.target).collect();
        if targets.is_empty() {
            // Talvez faltasse só um pacote, o do ligador por exemplo.
            if self.proven().is_ok() {
                return Ok(());
            }
            // Está tudo no lugar e mesmo assim a prova falhou: o que está no lugar não presta.
            for target in TARGETS {
                std_build::discard(&compiler, target)?;
            }
            targets = TARGETS.to_vec();
        }
        let (work, log) = (self.work.join("std"), self.log("std"));
        std_build::install(&compiler, &targets, &work, self.out, &log)
    }

    fn components(&mut self) -> Result<()> {
        writeln!(self.out, "rustfmt e clippy (para contribuir)")?;
        for (name, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
            if let Some(version) = component_version(subcommand) {
                writeln!(self.out, "  já está pronto: {version}")?;
                self.add(name, version, State::AlreadyThere);
                continue;
            }
            let rustup = self.machine.rustup.clone();
            if let (Some(rustup), false) = (rustup.as_ref().filter(|r| r.may_install), self.options.check) {
                writeln!(self.out, "  → rustup component add --toolchain {} {name}", rustup.toolchain)?;
                let mut command = process::clean("rustup");
                command.args(["component", "add", "--toolchain", &rustup.toolchain, name]);
                match process::logged(&mut command, &self.log("rustup")) {
                    Ok(()) => {}
                    Err(failure) => writeln!(self.out, "  não deu: {}", first_line(&failure.to_string()))?,
                }
                if let Some(version) = component_version(subcommand) {
                    self.add(name, version, State::Installed);
                    continue;
                }
            }
            writeln!(self.out, "  falta o {name}")?;
            let what_to_do = match rustup {
                Some(rustup) => format!("    rustup component add --toolchain {} {name}\n", rustup.toolchain),
                None => "    ele vem com o rustup: https://rustup.rs\n".to_owned(),
            };
            self.add(name, String::new(), State::MissingForContributors(what_to_do));
        }
        Ok(())
    }

    fn browser(&mut self) -> Result<()> {
        writeln!(self.out, "Navegador dos testes")?;
        let missing = match browser::browser() {
            Ok(found) => return self.found_browser(&found, State::AlreadyThere),
            Err(error) => error,
        };
        let mut reason = missing.reason();
        // Uma variável errada só quem a definiu pode corrigir.
        let installable = !matches!(missing, MissingBrowser::Override(..)) && self.machine.browser_packages();
        if installable && !self.options.check {
            let packages = ["chromium".to_owned(), "chromium-driver".to_owned()];
            match self.install(&packages, BROWSER_SPACE) {
                Ok(()) => match browser::browser() {
                    Ok(found) => return self.found_browser(&found, State::Installed),
                    Err(error) => reason = error.reason(),
                },
                Err(error) => {
                    interrupt::check()?;
                    reason = error.to_string();
                }
            }
        }
        writeln!(self.out, "  {}", first_line(&reason))?;
        let instructions = self.machine.browser_instructions();
        let what_to_do = format!("{reason}\n{}  Para instalar à mão:\n{instructions}", self.advice("setup --browser"));
        self.add("navegador dos testes", String::new(), State::Missing(what_to_do));
        Ok(())
    }

    fn found_browser(&mut self, found: &Browser, state: State) -> Result<()> {
        let (chrome, driver) = found.versions();
        let or_unknown = |version: &Option<String>| version.clone().unwrap_or_else(|| "versão desconhecida".to_owned());
        let detail = format!(
            "{} ({}), {} ({})",
            found.chrome.display(),
            or_unknown(&chrome),
            found.driver.display(),
            or_unknown(&driver)
        );
        if let Some(mismatch) = Browser::mismatch(chrome.as_deref(), driver.as_deref()) {
            let what_to_do =
                format!("{mismatch}: instale os dois da mesma versão\n{}", self.machine.browser_instructions());
            writeln!(self.out, "  não combina: {mismatch}")?;
            self.add("navegador dos testes", detail, State::Missing(what_to_do));
            return Ok(());
        }
        writeln!(self.out, "  pronto: {detail}")?;
        self.add("navegador dos testes", detail, state);
        Ok(())
    }

    fn install(&mut self, packages: &[String], space_kib: u64) -> Result<()> {
        if packages.iter().any(|name| apt::installed(name).is_none()) {
            disk::require_writable(Path::new("/usr/lib"))?;
            disk::require_space(Path::new("/usr"), space_kib)?;
        }
        let log = self.log("apt");
        let installed = apt::install(packages, self.out, &log)?;
        self.report.packages.extend(installed);
        Ok(())
    }

    /// Quem só olhou ainda pode mandar instalar.
    fn advice(&self, command: &str) -> String {
        if self.options.check { format!("  rode `cargo xtask {command}`\n") } else { String::new() }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.work.join(format!("{name}.log"))
    }

    fn add(&mut self, name: &'static str, detail: String, state: State) {
        self.report.items.push(Item { name, detail, state });
    }
}

/// Por que ainda não há compilador provado.
struct Unproven {
    reason: anyhow::Error,
    /// O compilador ativo tem tudo no lugar e mesmo assim não compila. Instalar outro não adiantaria: é ele o
    /// preferido.
    by_active: bool,
}

/// Dentro do próprio `setup`, "rode o setup" não ajuda ninguém.
fn without_advice(error: &MissingToolchain) -> anyhow::Error {
    let text = error.to_string();
    let lines = text.lines().filter(|line| !line.starts_with("rode `cargo xtask setup`"));
    anyhow!("{}", lines.collect::<Vec<_>>().join("\n"))
}

/// O passo a passo diz só o essencial; o resto está no relatório.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end_matches(':')
}

fn component_version(subcommand: &str) -> Option<String> {
    let text = process::capture(process::clean("cargo").args([subcommand, "--version"])).ok()?;
    Some(text.trim().to_owned())
}
