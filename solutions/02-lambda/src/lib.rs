//! Capítulo 02: o que é uma função e como o Lambda a executa.

pub mod concurrency;
pub mod endpoint;
pub mod environment;
pub mod handler;
pub mod model;
pub mod permissions;
pub mod program;
pub mod runtime_api;
pub mod versions;
