//! O site inteiro: páginas, código da página e módulos, conferidos, em uma pasta.

use std::path::Path;

use anyhow::Result;
use grader::course::Course;
use grader::quiz;
use grader::toolchain::{self, WasmToolchain};

use crate::theme::PageConfig;
use crate::{Mode, Problem, Problems, assets, book, output};

/// O site estático em `out`; sem o alvo WASM não há o que publicar, e uma pergunta com a resposta errada não se publica.
///
/// [`build_served`] não prova as perguntas: quem abre o livro não espera compilar os modelos para a própria máquina.
pub fn build(course: &Course, out: &Path) -> Result<()> {
    let wasm = toolchain::wasm()?;
    let chapters: Vec<_> = course.chapters.iter().collect();
    let faults = quiz::prove(course, &chapters)?.into_iter().flatten();
    Problems::none_of(faults.map(Problem::from).collect())?;
    let page = PageConfig { mode: Mode::Static, token: None, wasm: true };
    write_site(course, out, &page, Some(&wasm))
}

/// O site de `site serve`; sem o alvo WASM (`wasm` é `None`) fica o texto, e a página diz o que instalar.
pub fn build_served(course: &Course, out: &Path, token: &str, wasm: Option<&WasmToolchain>) -> Result<()> {
    let page = PageConfig { mode: Mode::Serve, token: Some(token.to_owned()), wasm: wasm.is_some() };
    write_site(course, out, &page, wasm)
}

pub(crate) fn write_site(course: &Course, out: &Path, page: &PageConfig, wasm: Option<&WasmToolchain>) -> Result<()> {
    output::replace_dir(out, |dir| {
        // As páginas primeiro: um erro no texto aparece antes da parte demorada.
        book::render(course, dir, page)?;
        assets::copy_handwritten(course, dir)?;
        if let Some(wasm) = wasm {
            assets::build_web(course, dir, wasm)?;
            assets::build_modules(course, dir)?;
        }
        book::check_pages(dir)
    })
}
