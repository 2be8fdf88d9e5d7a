//! Os testes que avaliam o capítulo 06, um módulo por passo.

mod choose;
mod observe;
mod support;
mod table;
