//! O que roda dentro da página do livro: os testes de um passo, o editor, os laboratórios e as perguntas.
//!
//! ```text
//!  página (start)                                   Worker (worker)
//!  botões, editor, lista ao vivo  ── Request ──▶   compila o módulo uma vez
//!  prazo por teste, cancelar      ◀── Reply ───    uma instância nova por teste, com wasi_host
//! ```
//!
//! As decisões moram em módulos que não sabem o que é um navegador e se testam com `cargo test -p web`. O que toca no DOM,
//! na rede e nos Workers fica em `page` e `worker`, que só existem em `wasm32`.

pub mod axis;
pub mod blocks;
pub mod comparison;
pub mod compiler;
pub mod difference;
pub mod drawing;
pub mod editing;
pub mod output;
pub mod progress;
pub mod protocol;
pub mod quiz;
pub mod run;
pub mod scenario;
pub mod score;
pub mod state;
pub mod svg;
pub mod timeline;
pub mod trap;

#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod worker;

#[cfg(target_arch = "wasm32")]
pub use page::start;
#[cfg(target_arch = "wasm32")]
pub use worker::worker;
