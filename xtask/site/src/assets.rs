//! A pasta `caderno/` do site: o código da página e os módulos que ela roda.
//!
//! ```text
//! caderno/app.js worker.js caderno.css …   escritos à mão, de book/theme/caderno
//! caderno/web.js web_bg.wasm               de book/web, pelo wasm-bindgen
//! caderno/modules/CAPÍTULO.tests.wasm      os testes, com as respostas
//! caderno/modules/CAPÍTULO.lab.wasm        o laboratório, com as respostas
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use grader::build::{Source, Target, build_lab, build_tests};
use grader::course::{Chapter, Course};
use grader::toolchain::WasmToolchain;
use serde::Deserialize;
use wasm_bindgen_cli_support::Bindgen;

use crate::output::copy_tree;

/// Os arquivos escritos à mão.
pub fn copy_handwritten(course: &Course, out: &Path) -> Result<()> {
    let from = course.root.join("book").join("theme").join("caderno");
    if !from.is_dir() {
        bail!("falta a pasta {}; recupere-a com `git checkout -- book/theme`", from.display());
    }
    copy_tree(&from, &out.join("caderno"))
}

/// O código da página: `book/web` para `wasm32-unknown-unknown`, e dele o JavaScript que o carrega.
pub fn build_web(course: &Course, out: &Path, wasm: &WasmToolchain) -> Result<()> {
    let module = compile_web(course, wasm)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&module).out_name("web").typescript(false).remove_name_section(true);
    // Com o caminho padrão, `init()` acha `web_bg.wasm` ao lado de `web.js`, em qualquer pasta.
    bindgen.omit_default_module_path(false);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(out.join("caderno")))
        .context("o wasm-bindgen não conseguiu gerar `caderno/web.js`; a versão dele em `book/web` tem de ser a mesma de `xtask/site`")
}

fn compile_web(course: &Course, wasm: &WasmToolchain) -> Result<PathBuf> {
    let output = wasm
        .cargo()
        .current_dir(&course.root)
        .env("CARGO_TARGET_DIR", wasm.target_dir(&course.target))
        .args(["build", "--package", "web", "--target", "wasm32-unknown-unknown", "--release"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("não consegui rodar o cargo; ele vem com o Rust (https://rustup.rs)")?;
    if !output.status.success() {
        bail!("`book/web` não compila para WASM; o que o compilador disse está acima");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| {
            message.reason == "compiler-artifact" && message.target.as_ref().is_some_and(|t| t.name == "web")
        })
        .flat_map(|message| message.filenames)
        .find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .context(
            "o cargo compilou `book/web` mas não gerou um `.wasm`; o pacote precisa de `crate-type = [\"cdylib\"]`",
        )
}

/// As linhas do cargo que interessam: `{"reason":"compiler-artifact","target":{"name":"web"},"filenames":[…]}`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<MessageTarget>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
}

/// Os testes e o laboratório de cada capítulo, com as respostas.
pub fn build_modules(course: &Course, out: &Path) -> Result<()> {
    let dir = out.join("caderno").join("modules");
    fs::create_dir_all(&dir).with_context(|| format!("não consegui criar {}", dir.display()))?;
    for chapter in &course.chapters {
        build_module_of_tests(course, chapter, &dir)?;
        if !chapter.labs.is_empty() {
            let lab = build_lab(course, chapter, &Source::Solution, Target::Wasm)?;
            let Some(artifact) = &lab.artifact else {
                let first = lab.diagnostics.first().map(|error| error.rendered.as_str()).unwrap_or_default();
                bail!("o laboratório de {} não compila para WASM:\n{first}", chapter.id);
            };
            copy_tree(artifact, &dir.join(format!("{}.lab.wasm", chapter.slug())))?;
        }
    }
    Ok(())
}

/// À parte porque o resultado guarda a trava da cópia de trabalho, que o laboratório também usa: ela tem de ser solta aqui.
fn build_module_of_tests(course: &Course, chapter: &Chapter, dir: &Path) -> Result<()> {
    let tests = build_tests(course, chapter, &Source::Solution, Target::Wasm)?;
    if let Some((step, errors)) = tests.replaced.first_key_value() {
        let first = errors.first().map(|error| error.rendered.as_str()).unwrap_or_default();
        bail!("a resposta de `{step}` não compila para WASM:\n{first}");
    }
    copy_tree(&tests.artifact, &dir.join(format!("{}.tests.wasm", chapter.slug())))
}
