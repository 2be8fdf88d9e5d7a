//! Os testes que avaliam o capítulo 02, um módulo por passo.

mod concurrency;
mod environment;
mod handler;
mod permissions;
mod runtime_api;
mod support;
mod versions;
