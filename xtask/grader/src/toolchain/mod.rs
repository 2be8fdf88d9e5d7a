//! O compilador que gera os módulos WASM, o navegador dos testes e quem instala o que falta.
//!
//! Um compilador serve quando a pasta `lib/rustlib/ALVO/lib` dele tem a biblioteca padrão de cada alvo:
//!
//! ```text
//! wasm32-wasip1           os testes e os laboratórios: rodam no sandbox e no navegador
//! wasm32-unknown-unknown  o código da própria página
//! ```
//!
//! `wasm` só procura: primeiro o compilador ativo (o do rustup, em geral), depois o `/usr/bin/rustc` da distribuição.
//! `setup` instala, nesta ordem: o que já está pronto → `rustup target add` → pacotes do Debian → instruções.

mod apt;
mod browser;
mod detect;
mod disk;
mod machine;
mod process;
mod proof;
mod report;
mod setup;
mod std_build;

pub use browser::{Browser, MissingBrowser, browser};
pub use detect::{MissingToolchain, TARGETS, WasmToolchain, wasm};
pub use report::{Item, Report, State};
pub use setup::{Options, setup};
