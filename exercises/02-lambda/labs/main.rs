//! Os laboratórios do capítulo 02, um módulo para cada: o cenário diz qual.

use std::process::ExitCode;

use kit::lab::{self, LabError};

mod fleet;
mod hail;

fn main() -> ExitCode {
    lab::run_many(async |name, scenario| match name {
        "fleet" => Ok(fleet::play(scenario.read()?).await),
        "hail" => Ok(hail::play(scenario.read()?).await),
        _ => Err(LabError::Unknown(name.to_owned())),
    })
}
