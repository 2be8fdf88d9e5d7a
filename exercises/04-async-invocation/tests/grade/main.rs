//! Os testes que avaliam o capítulo 04, um módulo por passo.

mod destinations;
mod idempotency;
mod queue;
mod retries;
mod sources;
mod support;
