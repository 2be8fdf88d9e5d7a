//! A pasta de tema que o mdBook recebe: os modelos dele em português, o que `book/theme` sobrepõe e a configuração da página.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mdbook_driver::config::HtmlConfig;
use mdbook_html::theme::Theme;
use serde::Serialize;

use crate::Mode;
use crate::chrome::{self, translate};

/// O que toda página leva em `<script id="caderno-config">`.
#[derive(Debug, Clone)]
pub struct PageConfig {
    pub mode: Mode,
    /// O que as chamadas à API levam; só existe sob `site serve`.
    pub token: Option<String>,
    /// Falso quando falta o alvo WASM: a página mostra o texto e diz o que instalar.
    pub wasm: bool,
}

#[derive(Serialize)]
struct ConfigJson<'a> {
    serve: bool,
    token: Option<&'a str>,
    wasm: bool,
    root: &'a str,
    version: &'a str,
}

/// Escreve em `dir` o tema completo; `ours` é `book/theme`.
pub fn write(dir: &Path, ours: &Path, config: &PageConfig) -> Result<()> {
    write_translated_templates(dir)?;
    copy_overrides(ours, dir)?;
    append(&dir.join("head.hbs"), &head(config)?)?;
    append(&dir.join("header.hbs"), header(config))
}

fn write_translated_templates(dir: &Path) -> Result<()> {
    let original = tempfile::tempdir().context("não consegui criar uma pasta temporária")?;
    let mut html = HtmlConfig::default();
    html.theme = Some(original.path().to_path_buf());
    Theme::copy_theme(&html, original.path())?;
    fs::create_dir_all(dir).with_context(|| format!("não consegui criar {}", dir.display()))?;
    for (file, words) in [("index.hbs", chrome::PAGE), ("book.js", chrome::BOOK_JS)] {
        let text =
            fs::read_to_string(original.path().join(file)).with_context(|| format!("não consegui ler {file}"))?;
        let path = dir.join(file);
        fs::write(&path, translate(&text, words, file)?)
            .with_context(|| format!("não consegui escrever {}", path.display()))?;
    }
    Ok(())
}

/// `book/theme/caderno` fica de fora: não é tema do mdBook, é copiado para o site por [`crate::assets`].
fn copy_overrides(ours: &Path, dir: &Path) -> Result<()> {
    if !ours.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(ours).with_context(|| format!("não consegui ler {}", ours.display()))? {
        let entry = entry?;
        if entry.file_name() == "caderno" {
            continue;
        }
        crate::output::copy_tree(&entry.path(), &dir.join(entry.file_name()))?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> Result<()> {
    let before = if path.exists() { fs::read_to_string(path)? } else { String::new() };
    fs::write(path, before + text).with_context(|| format!("não consegui escrever {}", path.display()))
}

/// `{{ path_to_root }}` é o mdBook quem preenche, página a página: os endereços valem em qualquer profundidade e pasta.
fn head(config: &PageConfig) -> Result<String> {
    let json = serde_json::to_string(&ConfigJson {
        serve: config.mode == Mode::Serve,
        token: config.token.as_deref(),
        wasm: config.wasm,
        root: "{{ path_to_root }}",
        version: env!("CARGO_PKG_VERSION"),
    })?;
    // O sumário sem JavaScript (`toc.html`) usa o mesmo cabeçalho e não precisa de nada disto.
    Ok(format!(
        r#"{{{{#unless is_toc_html}}}}
        <script type="application/json" id="caderno-config">{json}</script>
        <link rel="stylesheet" href="{{{{ path_to_root }}}}caderno/caderno.css">
        <script type="module" src="{{{{ path_to_root }}}}caderno/app.js"></script>
{{{{/unless}}}}
"#
    ))
}

fn header(config: &PageConfig) -> &'static str {
    if config.wasm {
        return "";
    }
    r#"<p class="caderno-aviso" role="note">Os testes e os laboratórios desta página estão parados: falta o alvo WASM do Rust. Rode <code>cargo xtask setup</code> e depois <code>cargo xtask serve</code> de novo. Enquanto isso, edite o arquivo do passo no seu editor e corrija com <code>cargo xtask grade</code>.</p>
"#
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(config: &PageConfig) -> (String, String) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), Path::new("não existe"), config).unwrap();
        let read = |file| fs::read_to_string(dir.path().join(file)).unwrap();
        (read("head.hbs"), read("header.hbs"))
    }

    #[test]
    fn the_head_says_where_the_root_is_and_who_serves() {
        let config = PageConfig { mode: Mode::Serve, token: Some("abc".into()), wasm: true };
        let (head, header) = written(&config);
        insta::assert_snapshot!(head, @r#"
{{#unless is_toc_html}}
        <script type="application/json" id="caderno-config">{"serve":true,"token":"abc","wasm":true,"root":"{{ path_to_root }}","version":"0.1.0"}</script>
        <link rel="stylesheet" href="{{ path_to_root }}caderno/caderno.css">
        <script type="module" src="{{ path_to_root }}caderno/app.js"></script>
{{/unless}}
"#);
        assert_eq!(header, "");
    }

    #[test]
    fn without_the_wasm_target_every_page_says_what_to_install() {
        let config = PageConfig { mode: Mode::Serve, token: None, wasm: false };
        let (head, header) = written(&config);
        assert!(head.contains(r#""wasm":false"#), "{head}");
        assert!(header.contains("cargo xtask setup"), "{header}");
    }
}
