//! Os laboratórios do capítulo 07, um módulo para cada: o cenário diz qual.

use std::process::ExitCode;

use kit::lab::{self, LabError};

mod hailstorm;
mod pattern;

fn main() -> ExitCode {
    lab::run_many(async |name, scenario| match name {
        "hailstorm" => Ok(hailstorm::play(&scenario.read()?)),
        "pattern" => Ok(pattern::play(scenario.read()?)),
        _ => Err(LabError::Unknown(name.to_owned())),
    })
}
