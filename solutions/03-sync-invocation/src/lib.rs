//! Capítulo 03: a invocação síncrona do Lambda.

pub mod caller;
pub mod callers;
pub mod client_retry;
pub mod events;
pub mod function;
pub mod invoke;
pub mod model;
pub mod translations;
