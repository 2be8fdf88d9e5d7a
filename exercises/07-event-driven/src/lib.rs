//! Capítulo 07: arquiteturas orientadas a eventos.

pub mod bus;
pub mod envelope;
pub mod json;
pub mod pattern;
// capstone
pub mod fan_out;
pub mod filter_policy;
pub mod topic;
// saga
