//! O que todos os capítulos usam: linha do tempo, sorteio com semente, a entrada e saída dos laboratórios, a chave das
//! perguntas.
//!
//! ```text
//!   modelo do capítulo ──anota──▶ Timeline ──▶ texto (testes, terminal)
//!                                          └─▶ JSON  (laboratório na página)
//! ```
//!
//! Este crate entra em todo binário de teste, por isso só tem o que mais de um capítulo precisa.

pub mod key;
pub mod lab;
mod random;
pub mod text;
mod timeline;

pub use random::Random;
pub use timeline::{Entry, Kind, Lane, Timeline};
