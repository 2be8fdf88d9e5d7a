//! Os testes que avaliam o capítulo 07, um módulo por passo.

mod bus;
mod capstone;
mod fan_out;
mod saga;
mod support;
