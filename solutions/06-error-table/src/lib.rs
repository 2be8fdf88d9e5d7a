//! Capítulo 06: o quadro de erros por modelo de invocação.

pub mod bench;
pub mod choose;
pub mod model;
pub mod observe;
pub mod table;
pub mod words;
