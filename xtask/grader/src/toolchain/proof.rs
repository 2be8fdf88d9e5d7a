//! A prova de que um compilador serve: um programa mínimo compilado e ligado para cada alvo.
//!
//! Arquivos no lugar não bastam: falta de ligador ou bibliotecas de outra versão só aparecem aqui.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::detect::{TARGETS, WasmToolchain};
use super::{disk, process};

/// Um teste de verdade: liga a biblioteca de testes, a libc e o ligador. A thread não roda em WASM, mas tem de ligar: uma só, no
/// código de um leitor, não pode impedir o capítulo inteiro de compilar.
const SOURCE: &str = "#[test]\nfn links() {\n    assert_eq!(std::env::args().count(), 1);\n    \
                      assert!(std::thread::Builder::new().spawn(|| ()).is_err());\n}\n";

/// Compila a prova dos dois alvos em `work`, que é apagada no fim.
pub(super) fn run(toolchain: &WasmToolchain, work: &Path) -> Result<()> {
    disk::create_dir(work)?;
    let result = compile(toolchain, work);
    // Sobrar lixo em uma pasta de trabalho não é motivo para reprovar o compilador.
    let _ = disk::remove(work);
    result
}

fn compile(toolchain: &WasmToolchain, work: &Path) -> Result<()> {
    let source = work.join("proof.rs");
    disk::write(&source, SOURCE)?;
    for target in TARGETS {
        let mut rustc = toolchain.rustc();
        rustc.args(["--edition", "2024", "--target", target]).arg(&source);
        rustc.arg("-o").arg(work.join(target).with_extension("wasm"));
        // No alvo da página não há como rodar testes: lá a prova é uma biblioteca dinâmica.
        rustc.args(if target == "wasm32-wasip1" { ["--test"].as_slice() } else { &["--crate-type", "cdylib"] });
        process::capture(&mut rustc)
            .map_err(|failure| anyhow!("um programa mínimo não compila para {target}: {failure}"))?;
    }
    Ok(())
}
