//! A função `get-forecast` no passo `versions`, e como se fala dela.

use std::fmt::Display;

use kit::Random;
use lambda::versions::{Alias, ApiError, Configuration, Function, PublishVersion, VersionId, Weights};

use super::expect_same;

pub const ARN: &str = "arn:aws:lambda:sa-east-1:123456789012:function:get-forecast";
pub const ROLE: &str = "arn:aws:iam::123456789012:role/get-forecast";
pub const DLQ: &str = "arn:aws:sqs:sa-east-1:123456789012:get-forecast-dlq";

pub const LATEST: VersionId = VersionId::Latest;

pub fn v(number: u64) -> VersionId {
    VersionId::Published(number)
}

/// A configuração de `$LATEST` com este código.
pub fn code(sha: &str) -> Configuration {
    Configuration {
        code_sha256: sha.to_owned(),
        description: "previsão".to_owned(),
        memory_size: 256,
        role: ROLE.to_owned(),
        dead_letter_target: None,
    }
}

/// Uma função com uma versão publicada para cada configuração; `$LATEST` fica igual à última.
pub fn function(published: &[Configuration]) -> Function {
    let first = published.first().cloned().unwrap_or_else(|| code("sha-0"));
    let mut function = Function::new(ARN, first);
    for (number, configuration) in (1..).zip(published) {
        function.latest = configuration.clone();
        publish(&mut function, number, "$LATEST mudou, e publicar cria a versão seguinte");
    }
    function
}

/// Três versões que só diferem no código.
pub fn three() -> Function {
    function(&[code("sha-1"), code("sha-2"), code("sha-3")])
}

/// O resultado de um pedido, como se lê numa frase.
pub fn outcome<T: Display>(result: &Result<T, ApiError>) -> String {
    match result {
        Ok(value) => format!("`{value}`"),
        Err(error) => format!("o erro `{error}`"),
    }
}

/// O erro de um pedido, ou que ele foi aceito.
pub fn refusal(error: Option<&ApiError>) -> String {
    error.map_or("aceito".to_owned(), |error| format!("o erro `{error}`"))
}

/// `2 com 0.1`; `sem pesos`.
pub fn told(weights: &Weights) -> String {
    let pairs: Vec<String> = weights.iter().map(|(version, weight)| format!("{version} com {weight}")).collect();
    if pairs.is_empty() { "sem pesos".to_owned() } else { format!("pesos {}", pairs.join(" e ")) }
}

/// `alias da versão 1, pesos 2 com 0.1`.
pub fn told_alias(alias: Option<&Alias>) -> String {
    alias.map_or("nenhum alias".to_owned(), |each| {
        format!("o alias na versão {}, {}", each.function_version, told(&each.weights))
    })
}

/// `chamar live`; `chamar sem qualificador`.
fn call(qualifier: Option<&str>) -> String {
    format!("chamar {}", qualifier.unwrap_or("sem qualificador"))
}

/// Publica e confere o número.
#[track_caller]
pub fn publish(function: &mut Function, expected: u64, rule: &str) {
    let found = function.publish_version(&PublishVersion::default());
    expect_same!(found, Ok(expected), "{rule}: `PublishVersion` dá `{expected}`; no seu código, {}", outcome(&found));
}

/// `{ versão: peso }`.
pub fn weights(pairs: &[(VersionId, f64)]) -> Weights {
    pairs.iter().copied().collect()
}

/// Cria um alias que a AWS aceita.
#[track_caller]
pub fn alias(function: &mut Function, name: &str, version: VersionId, others: &[(VersionId, f64)]) {
    let found = function.create_alias(name, version, weights(others));
    let expected = format!("{ARN}:{name}");
    expect_same!(
        found,
        Ok(expected.clone()),
        "o alias {name} para a versão {version}, {}, é aceito e o ARN dele é `{expected}`; no seu código, {}",
        told(&weights(others)),
        outcome(&found)
    );
}

/// Chama com o qualificador e confere a versão e o código que rodaram, e o ARN que a função viu.
#[track_caller]
pub fn expect_run(function: &Function, qualifier: Option<&str>, version: VersionId, sha: &str, rule: &str) {
    let found = function.invoke(qualifier, &mut Random::new(1));
    let arn = qualifier.map_or(ARN.to_owned(), |name| format!("{ARN}:{name}"));
    let seen = found
        .as_ref()
        .map(|each| (each.executed_version, each.configuration.code_sha256.clone(), each.invoked_function_arn.clone()));
    let expected: Result<_, &ApiError> = Ok((version, sha.to_owned(), arn));
    expect_same!(
        seen,
        expected,
        "{rule}: {} roda a versão {version}, com o código {sha} e o ARN da chamada; no seu código, {}",
        call(qualifier),
        match &seen {
            Ok((version, sha, arn)) => format!("roda a versão {version}, com o código {sha} e o ARN `{arn}`"),
            Err(error) => format!("dá o erro `{error}`"),
        }
    );
}

/// Quantas de `number` invocações do alias foram para a versão.
pub fn share(function: &Function, name: &str, version: VersionId, number: usize, random: &mut Random) -> usize {
    let run = |_| function.invoke(Some(name), random).is_ok_and(|each| each.executed_version == version);
    (0..number).map(run).filter(|hit| *hit).count()
}
