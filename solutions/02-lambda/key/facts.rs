//! Os fatos do capítulo: a concorrência e quem precisa de uma permissão na política da função.

use kit::key::Key;
use kit::text::{duration, thousands};
use lambda::concurrency::{
    ACCOUNT_CONCURRENCY, MINIMUM_UNRESERVED, REQUESTS_PER_ENVIRONMENT, SCALING_STEP, SCALING_WINDOW,
};
use lambda::permissions::{Grant, INVOKE_FUNCTION, Origin, grant_for};

/// Acrescenta os fatos à chave.
pub fn add(key: Key) -> Key {
    let number = |number: u64| thousands(usize::try_from(number).unwrap_or(usize::MAX));
    let key = key
        .fact("account-concurrency", number(ACCOUNT_CONCURRENCY))
        .fact("minimum-unreserved", number(MINIMUM_UNRESERVED))
        .fact("requests-per-environment", number(REQUESTS_PER_ENVIRONMENT))
        .fact("scaling-step", number(SCALING_STEP))
        .fact("scaling-window", duration(SCALING_WINDOW))
        .fact("invoke-action", format!("`{INVOKE_FUNCTION}`"));
    let pushing = [
        ("api-gateway", Origin::ApiGateway),
        ("s3", Origin::S3),
        ("sns", Origin::Sns),
        ("event-bridge", Origin::EventBridge),
        ("cognito", Origin::Cognito),
    ];
    pushing.into_iter().fold(key, |key, (name, origin)| match grant_for(origin) {
        Grant::FunctionPolicy { principal } => key.fact(&format!("principal-{name}"), format!("`{principal}`")),
        Grant::ExecutionRole => key,
    })
}
