//! O que os testes do capítulo dividem.

pub mod observations;
pub mod traces;
