//! Capítulo 07: arquiteturas orientadas a eventos.

pub mod bus;
pub mod envelope;
pub mod json;
pub mod pattern;
// capstone
// fan_out
// saga
