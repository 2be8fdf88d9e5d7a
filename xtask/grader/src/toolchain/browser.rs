//! Acha o navegador e o driver com que os testes de ponta a ponta abrem as páginas.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use super::process;

/// O Chromium (ou Chrome) e o ChromeDriver da mesma versão.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    pub chrome: PathBuf,
    pub driver: PathBuf,
}

/// O que falta para abrir páginas nos testes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MissingBrowser {
    #[error("a variável {0} aponta para {path}, que não existe: corrija-a ou apague-a", path = .1.display())]
    Override(&'static str, PathBuf),
    #[error("{reason}: rode `cargo xtask setup --browser`, ou diga onde ele está em CHROME", reason = self.reason())]
    Chrome,
    #[error("{reason}: rode `cargo xtask setup --browser`, ou diga onde ele está em CHROMEDRIVER", reason = self.reason())]
    Driver,
}

impl MissingBrowser {
    /// O que falta, sem o conselho de rodar o `setup`.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Override(..) => self.to_string(),
            Self::Chrome => "não encontrei o Chromium nem o Chrome".to_owned(),
            Self::Driver => "não encontrei o ChromeDriver".to_owned(),
        }
    }
}

/// O que se olha da máquina para achar um navegador; separado para que a procura seja testada sem um.
struct Search<'a> {
    variable: &'a dyn Fn(&str) -> Option<PathBuf>,
    in_path: &'a dyn Fn(&str) -> Option<PathBuf>,
    exists: &'a dyn Fn(&Path) -> bool,
}

/// Procura, nesta ordem: as variáveis `CHROME` e `CHROMEDRIVER`, o PATH, os lugares de costume de cada sistema.
pub fn browser() -> Result<Browser, MissingBrowser> {
    Search {
        variable: &|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from),
        in_path: &process::find,
        exists: &Path::exists,
    }
    .browser()
}

impl Search<'_> {
    fn browser(&self) -> Result<Browser, MissingBrowser> {
        let chrome_names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
        let chrome = self.find("CHROME", &chrome_names, &self.chrome_places())?.ok_or(MissingBrowser::Chrome)?;
        let driver_names = ["chromedriver", "chromium.chromedriver"];
        let driver = self.find("CHROMEDRIVER", &driver_names, &driver_places())?.ok_or(MissingBrowser::Driver)?;
        Ok(Browser { chrome, driver })
    }

    fn find(
        &self,
        variable: &'static str,
        names: &[&str],
        places: &[PathBuf],
    ) -> Result<Option<PathBuf>, MissingBrowser> {
        if let Some(path) = (self.variable)(variable) {
            // Uma variável errada é dita, nunca ignorada: senão os testes usariam outro navegador sem avisar.
            return if (self.exists)(&path) { Ok(Some(path)) } else { Err(MissingBrowser::Override(variable, path)) };
        }
        let named = names.iter().find_map(|name| (self.in_path)(name));
        Ok(named.or_else(|| places.iter().find(|place| (self.exists)(place)).cloned()))
    }

    fn chrome_places(&self) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = [
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ]
        .iter()
        .map(PathBuf::from)
        .collect();
        let roots = ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"];
        places.extend(roots.iter().filter_map(|name| (self.variable)(name)).flat_map(|root| {
            [["Google", "Chrome"].as_slice(), &["Chromium"]].map(|parts| {
                let folder = parts.iter().fold(root.clone(), |path, part| path.join(part));
                folder.join("Application").join("chrome.exe")
            })
        }));
        places
    }
}

/// O Debian e o Ubuntu antigo guardam o driver fora do PATH.
fn driver_places() -> Vec<PathBuf> {
    ["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"].iter().map(PathBuf::from).collect()
}

impl Browser {
    /// As versões do navegador e do driver, quando respondem.
    ///
    /// No Windows `chrome --version` abre uma janela em vez de responder; lá só se pergunta ao driver.
    pub(super) fn versions(&self) -> (Option<String>, Option<String>) {
        let ask = |program: &Path| {
            let text = process::capture(process::clean(program).arg("--version")).ok()?;
            version_in(&text)
        };
        let chrome = if cfg!(windows) { None } else { ask(&self.chrome) };
        (chrome, ask(&self.driver))
    }

    /// O driver recusa um navegador de outra versão principal; dizer isto antes poupa um erro obscuro.
    pub(super) fn mismatch(chrome: Option<&str>, driver: Option<&str>) -> Option<String> {
        let (chrome, driver) = (chrome?, driver?);
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        (major(chrome) != major(driver)).then(|| format!("o navegador é {chrome} e o driver é {driver}"))
    }
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} e {}", self.chrome.display(), self.driver.display())
    }
}

/// `Chromium 156.0.8078.79 built on Debian…` → `156.0.8078.79`.
fn version_in(text: &str) -> Option<String> {
    let is_version = |word: &&str| word.contains('.') && word.split('.').all(|part| part.parse::<u32>().is_ok());
    text.split_whitespace().find(is_version).map(str::to_owned)
}

#[cfg(test)]
#[path = "browser_tests.rs"]
mod tests;
