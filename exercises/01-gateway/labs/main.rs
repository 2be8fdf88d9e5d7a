//! Os laboratórios do capítulo 01, um módulo para cada: o cenário diz qual.

use std::process::ExitCode;

use kit::lab::{self, LabError};

mod canary;
mod policy_evaluator;
mod sdk;
mod template_editor;
mod token_bucket;

fn main() -> ExitCode {
    lab::run_many(async |name, scenario| match name {
        "canary" => Ok(canary::play(scenario.read()?).await),

        "template-editor" => Ok(template_editor::play(scenario.read()?).await),
        "sdk" => Ok(sdk::play(scenario.read()?).await),
        "token-bucket" => Ok(token_bucket::play(scenario.read()?).await),
        "policy-evaluator" => Ok(policy_evaluator::play(scenario.read()?).await),

        // request-explorer
        _ => {
            let _ = scenario;
            Err(LabError::Unknown(name.to_owned()))
        }
    })
}
