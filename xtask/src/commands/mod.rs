//! Um módulo por comando.

pub mod check;
pub mod diff;
pub mod exercises;
pub mod grade;
pub mod hint;
pub mod reset;
pub mod setup;
pub mod site;
pub mod test;
