//! Capítulo 03: a invocação síncrona do Lambda.

// callers
// client_retry
// invoke
