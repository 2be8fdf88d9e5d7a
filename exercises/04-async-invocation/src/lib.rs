//! Capítulo 04: a invocação assíncrona do Lambda.

pub mod destinations;
pub mod function;
pub mod idempotency;
pub mod model;
pub mod queue;
pub mod retries;
pub mod sources;
