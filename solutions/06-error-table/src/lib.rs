//! Capítulo 06: o quadro de erros por modelo de invocação.

// choose
pub mod model;
// observe
// table
