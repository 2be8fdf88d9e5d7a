//! Capítulo 02: o que é uma função e como o Lambda a executa.

// concurrency
// environment
// handler
// permissions
// runtime_api
// versions
