//! O livro como site: gera a versão estática e serve a versão com editor.
//!
//! ```text
//! book/src ──► panels (passo, laboratório, perguntas) ──► mdBook ──► links (confere) ─┐
//! book/web ──► wasm-bindgen ──► caderno/web.js                                        ├─► pasta pronta ──► server (axum)
//! soluções ──► grader::build ──► caderno/modules/*.wasm                              ─┘
//! ```
//!
//! As dependências pesadas (mdBook, axum, wasm-bindgen) moram só aqui: quem só corrige exercícios nunca as compila.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "em um teste, o pânico é a falha"))]

mod assets;
mod book;
mod build;
mod chrome;
mod html;
mod links;
mod markers;
mod output;
mod panels;
mod problem;
mod server;
mod theme;

pub use build::build;
pub use links::check as check_links;
pub use problem::{Problem, Problems};
pub use server::{Options, ServerHandle, serve};

/// Onde as páginas vão viver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Em qualquer servidor de arquivos: testes e laboratórios rodam com a resposta de referência.
    Static,
    /// Sob `site serve`: há editor, e o código de quem lê é compilado.
    Serve,
}

#[cfg(test)]
mod sample;
