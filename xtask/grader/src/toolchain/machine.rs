//! O que a máquina é e, a partir disso, por quais caminhos tentar instalar: uma função pura sobre o que foi visto.

use std::env;
use std::fs;
use std::path::Path;

use super::detect::{self, TARGETS};
use super::process;

/// O sistema operacional, até onde ele muda o que se instala.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum System {
    Linux(OsRelease),
    MacOs,
    Windows,
    Other(String),
}

/// Os campos de `/etc/os-release` que interessam.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OsRelease {
    pub(super) id: String,
    pub(super) id_like: Vec<String>,
    pub(super) pretty_name: String,
}

impl OsRelease {
    /// Lê o formato `CHAVE="valor"`, uma por linha.
    pub(super) fn parse(text: &str) -> Self {
        let mut release = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            let value = value.trim().trim_matches(['"', '\'']);
            match key {
                "ID" => release.id = value.to_ascii_lowercase(),
                "ID_LIKE" => release.id_like = value.split_whitespace().map(str::to_ascii_lowercase).collect(),
                "PRETTY_NAME" => release.pretty_name = value.to_owned(),
                _ => {}
            }
        }
        release
    }

    fn is_debian_like(&self) -> bool {
        self.id == "debian" || self.id_like.iter().any(|like| like == "debian")
    }
}

/// O compilador ativo, quando é o rustup que cuida dele.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rustup {
    /// Como em `rustup target add --toolchain NOME`.
    pub(super) toolchain: String,
    /// Falso com `RUSTUP_AUTO_INSTALL=0`: quem usa a máquina não quer que o rustup baixe nada.
    pub(super) may_install: bool,
}

/// Tudo o que decide o caminho da instalação.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) system: System,
    pub(super) superuser: bool,
    pub(super) rustup: Option<Rustup>,
    /// `apt-get`, `apt-cache` e `dpkg` existem.
    pub(super) apt: bool,
}

/// Um caminho de instalação da biblioteca padrão WASM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    RustupTargets { toolchain: String },
    DebianPackages,
}

/// Os caminhos que valem a pena, em ordem, e o que se diz dos que foram pulados.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) routes: Vec<Route>,
    pub(super) skipped: Vec<String>,
}

impl Machine {
    /// Olha a máquina em que se está.
    pub(super) fn probe() -> Self {
        let system = match env::consts::OS {
            "linux" => {
                let text = fs::read_to_string("/etc/os-release").or_else(|_| fs::read_to_string("/usr/lib/os-release"));
                System::Linux(OsRelease::parse(&text.unwrap_or_default()))
            }
            "macos" => System::MacOs,
            "windows" => System::Windows,
            other => System::Other(other.to_owned()),
        };
        let superuser = cfg!(unix) && process::capture(process::clean("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        let rustup = process::find("rustup").and_then(|_| detect::active()).and_then(|active| {
            let toolchain = rustup_toolchain(&active.sysroot)?;
            let may_install = env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0");
            Some(Rustup { toolchain, may_install })
        });
        let apt = ["apt-get", "apt-cache", "dpkg"].iter().all(|name| process::find(name).is_some());
        Self { system, superuser, rustup, apt }
    }

    /// Nesta ordem: o rustup, que não precisa de root; depois os pacotes da distribuição.
    pub(super) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        match &self.rustup {
            Some(rustup) if rustup.may_install => {
                plan.routes.push(Route::RustupTargets { toolchain: rustup.toolchain.clone() });
            }
            Some(_) => plan.skipped.push(
                "RUSTUP_AUTO_INSTALL=0 pede que o rustup não baixe nada: `rustup target add` foi pulado".to_owned(),
            ),
            None => plan.skipped.push("o compilador ativo não é do rustup: `rustup target add` foi pulado".to_owned()),
        }
        match &self.system {
            System::Linux(release) if release.is_debian_like() && self.apt => {
                if self.superuser {
                    plan.routes.push(Route::DebianPackages);
                } else {
                    plan.skipped.push("sem root: os pacotes da distribuição foram pulados".to_owned());
                }
            }
            _ => plan.skipped.push("este sistema não é Debian: os pacotes da distribuição foram pulados".to_owned()),
        }
        plan
    }

    /// O apt desta máquina tem o navegador, e dá para usá-lo?
    ///
    /// No Ubuntu os pacotes do apt são cascas do snap, que não se instala de dentro de um contêiner.
    pub(super) fn browser_packages(&self) -> bool {
        let real = matches!(&self.system, System::Linux(r) if r.is_debian_like() && r.id != "ubuntu");
        real && self.apt && self.superuser
    }

    /// Os comandos exatos para quem vai instalar a biblioteca padrão WASM à mão, neste sistema.
    pub(super) fn wasm_instructions(&self) -> String {
        let targets = TARGETS.join(" ");
        let mut text = match &self.rustup {
            Some(rustup) => format!("    rustup target add --toolchain {} {targets}\n", rustup.toolchain),
            None => {
                let install = match self.system {
                    System::Windows => "winget install Rustlang.Rustup",
                    System::MacOs => "brew install rustup && rustup default stable",
                    _ => "instale o rustup como diz https://rustup.rs",
                };
                format!("    {install}\n    rustup target add {targets}   (nesta pasta)\n")
            }
        };
        if let System::Linux(release) = &self.system
            && release.is_debian_like()
            && self.apt
            && !self.superuser
        {
            text.push_str(&format!("  ou, com os pacotes do Debian:\n    sudo {} setup\n", this_program()));
        }
        text
    }

    /// Os comandos exatos para instalar o navegador e o driver, neste sistema.
    pub(super) fn browser_instructions(&self) -> String {
        match &self.system {
            System::MacOs => "    brew install --cask google-chrome chromedriver\n".to_owned(),
            System::Windows => {
                "    winget install Google.Chrome\n    winget install Chromium.ChromeDriver\n".to_owned()
            }
            System::Linux(release) if release.id == "ubuntu" => "    sudo snap install chromium\n".to_owned(),
            System::Linux(release) if release.is_debian_like() => {
                "    sudo apt-get install chromium chromium-driver\n".to_owned()
            }
            _ => "    instale o Chromium e o ChromeDriver da mesma versão\n".to_owned(),
        }
    }

    /// Uma linha que diz que máquina é esta.
    pub(super) fn describe(&self) -> String {
        let system = match &self.system {
            System::Linux(release) if release.pretty_name.is_empty() => "Linux".to_owned(),
            System::Linux(release) => release.pretty_name.clone(),
            System::MacOs => "macOS".to_owned(),
            System::Windows => "Windows".to_owned(),
            System::Other(name) => name.clone(),
        };
        let who = if self.superuser { "como root" } else { "sem root" };
        format!("{system} ({}), {who}", env::consts::ARCH)
    }
}

/// `…/toolchains/1.95.0-x86_64-unknown-linux-gnu` → o nome da última pasta.
fn rustup_toolchain(sysroot: &Path) -> Option<String> {
    let is_rustup = sysroot.parent()?.file_name()? == "toolchains";
    is_rustup.then(|| sysroot.file_name().map(|name| name.to_string_lossy().into_owned())).flatten()
}

/// Este executável, para ser repetido em um comando: com `sudo`, o `cargo` de quem usa não está no PATH.
fn this_program() -> String {
    env::current_exe().map_or_else(|_| "cargo xtask".to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
