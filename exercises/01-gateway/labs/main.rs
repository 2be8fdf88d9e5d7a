//! Os laboratórios do capítulo 01, um módulo para cada: o cenário diz qual.

use std::process::ExitCode;

// Aqui, os passos que a API do escritório liga são os de quem lê; nos testes, os de referência.
use gateway as ready;
use kit::lab::{self, LabError};

mod canary;
mod policy_evaluator;
mod request_explorer;
mod sdk;
mod template_editor;
mod token_bucket;
#[path = "../tests/grade/support/weather/mod.rs"]
mod weather;

fn main() -> ExitCode {
    lab::run_many(async |name, scenario| match name {
        "canary" => Ok(canary::play(scenario.read()?).await),
        "template-editor" => Ok(template_editor::play(scenario.read()?).await),
        "sdk" => Ok(sdk::play(scenario.read()?).await),
        "token-bucket" => Ok(token_bucket::play(scenario.read()?).await),
        "policy-evaluator" => Ok(policy_evaluator::play(scenario.read()?).await),
        "request-explorer" => Ok(request_explorer::play(scenario.read()?).await),
        _ => Err(LabError::Unknown(name.to_owned())),
    })
}
