//! Capítulo 04: a invocação assíncrona do Lambda.

pub mod destinations;
pub mod idempotency;
pub mod queue;
pub mod retries;
pub mod sources;
