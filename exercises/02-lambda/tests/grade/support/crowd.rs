//! Muitas invocações de uma vez no passo `concurrency`, e o que se diz delas.

use std::fmt::Display;
use std::time::Duration;

use kit::text::thousands;
use lambda::concurrency::{Account, InvalidParameterValueException, Limit, Placement, Pool, Running};

use super::expect_same;

/// A função que manda os SMS de alerta.
pub const ALERT: &str = "send-sms";
/// A função que dá a previsão.
pub const FORECAST: &str = "get-forecast";
/// A função que faz as miniaturas das fotos.
pub const THUMBNAIL: &str = "make-thumbnail";

pub const START: Duration = Duration::ZERO;

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Uma conta com reservas que a AWS aceita.
pub fn account(limit: u64, reserves: &[(&str, u64)]) -> Account {
    let mut account = Account::new(limit);
    for (function, reserved) in reserves {
        if let Err(error) = account.put_function_concurrency(function, *reserved) {
            panic!(
                "a conta tem {} vagas e a AWS aceita reservar {reserved} para {function}; a sua função recusou com `{error}`",
                thousands(limit as usize)
            );
        }
    }
    account
}

/// Chama a função até `number` vezes no mesmo instante, e para na primeira recusa.
pub fn crowd(
    account: &mut Account,
    (function, version): (&str, &str),
    number: usize,
    now: Duration,
) -> (Vec<Running>, Option<Limit>) {
    let mut running = Vec::new();
    while running.len() < number {
        match account.invoke(function, version, now) {
            Ok(each) => running.push(each),
            Err(limit) => return (running, Some(limit)),
        }
    }
    (running, None)
}

/// Chama a função mais uma vez do que devia caber, e confere quantas couberam e por que parou.
#[track_caller]
pub fn expect_room(
    account: &mut Account,
    target: (&str, &str),
    now: Duration,
    (room, limit): (usize, Limit),
    rule: &str,
) -> Vec<Running> {
    let (running, refused) = crowd(account, target, room + 1, now);
    expect_same!(
        (running.len(), refused),
        (room, Some(limit)),
        "{rule}: em {}:{} cabem {}, e a seguinte é recusada por {}; no seu código couberam {} e {}",
        target.0,
        target.1,
        thousands(room),
        tell(limit),
        thousands(running.len()),
        refused.map_or("nenhuma foi recusada".to_owned(), |limit| format!("a recusa foi por {}", tell(limit)))
    );
    running
}

/// Chama a função uma vez e confere onde ela rodou, ou por que não rodou.
#[track_caller]
pub fn expect_one(
    account: &mut Account,
    (function, version): (&str, &str),
    now: Duration,
    expected: Result<Placement, Limit>,
    rule: &str,
) -> Option<Running> {
    let found = account.invoke(function, version, now);
    let outcome = found.as_ref().map(|running| running.placement).map_err(|limit| *limit);
    expect_same!(
        outcome,
        expected,
        "{rule}: {function}:{version} {}; no seu código, {}",
        fate(expected),
        fate(outcome)
    );
    found.ok()
}

fn fate(outcome: Result<Placement, Limit>) -> String {
    match outcome {
        Ok(Placement::Provisioned) => "roda em um ambiente provisionado".to_owned(),
        Ok(Placement::Warm) => "roda em um ambiente ocioso".to_owned(),
        Ok(Placement::Cold) => "roda em um ambiente novo".to_owned(),
        Err(limit) => format!("é recusada por {}", tell(limit)),
    }
}

/// `100 de send-sms e 20 de get-forecast`; `nenhuma`.
pub fn told<T: Display>(parts: impl IntoIterator<Item = (T, u64)>) -> String {
    let parts: Vec<String> = parts.into_iter().map(|(name, number)| format!("{number} de {name}")).collect();
    if parts.is_empty() { "nenhuma".to_owned() } else { parts.join(" e ") }
}

/// O erro, ou que o pedido foi aceito.
pub fn refusal(error: Option<&InvalidParameterValueException>) -> String {
    error.map_or("aceito".to_owned(), |error| format!("o erro `{error}`"))
}

/// O limite, como se lê numa frase.
pub fn tell(limit: Limit) -> &'static str {
    match limit {
        Limit::Concurrency(Pool::Account) => "falta de vaga na conta",
        Limit::Concurrency(Pool::Reserved) => "falta de vaga na reserva",
        Limit::InvocationRate(Pool::Account) => "requisições por segundo demais para as vagas da conta",
        Limit::InvocationRate(Pool::Reserved) => "requisições por segundo demais para a reserva",
        Limit::ScalingRate => "ambientes novos demais em pouco tempo",
        Limit::CallerRate => "ritmo de quem chama a API",
        Limit::SnapshotCreation => "instantâneos demais em criação",
    }
}
