//! Capítulo 02: o que é uma função e como o Lambda a executa.

// concurrency
// environment
pub mod handler;
pub mod model;
// permissions
// runtime_api
// versions
