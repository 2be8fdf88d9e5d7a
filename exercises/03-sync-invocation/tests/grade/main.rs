//! Os testes que avaliam o capítulo 03, um módulo por passo.

mod callers;
mod client_retry;
mod invoke;
mod support;
