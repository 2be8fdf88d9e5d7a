//! O que os testes do capítulo dividem.

pub mod traces;
