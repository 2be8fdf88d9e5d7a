//! Capítulo 07: arquiteturas orientadas a eventos.

pub mod box_office;
pub mod bus;
pub mod capstone;
pub mod envelope;
pub mod fan_out;
pub mod filter_policy;
pub mod hailstorm;
pub mod json;
pub mod pattern;
pub mod saga;
pub mod topic;
