//! Os testes do passo `concurrency`: a conta das vagas, os motivos de um 429, o ritmo, a reserva e a provisionada.

use std::time::Duration;

use kit::text::{count, duration, thousands};
use lambda::concurrency::{Account, Limit, Load, Pool, ScalingRate, required_concurrency, sustains, too_many_requests};
use rstest::rstest;
use serde_json::json;

use crate::support::crowd::{ALERT, FORECAST, START, account, ms, refusal, tell, told};
use crate::support::expect_same;

fn load(requests_per_second: u64, mean_ms: u64) -> Load {
    Load { requests_per_second, mean_duration: ms(mean_ms) }
}

/// Uma carga ocupa requisições por segundo vezes duração, e nunca menos que um ambiente para cada 10 por segundo.
#[rstest]
#[case::half_a_second(100, 500, 50)]
#[case::one_second(100, 1_000, 100)]
#[case::a_quarter(40, 250, 10)]
#[case::rounds_up(7, 300, 3)]
#[case::long(1, 900_000, 900)]
#[case::nothing(0, 500, 0)]
#[case::exactly_ten_each(100, 100, 10)]
#[case::fast(200, 50, 20)]
#[case::very_fast(101, 1, 11)]
#[case::the_whole_account(10_000, 20, 1_000)]
fn a_load_takes_rate_times_duration(#[case] rate: u64, #[case] mean_ms: u64, #[case] expected: u64) {
    let found = required_concurrency(&load(rate, mean_ms));
    expect_same!(
        found,
        expected,
        "{rate} requisições por segundo de {} ocupam {rate} × a duração em segundos, para cima, e um ambiente atende no \
         máximo 10 por segundo: são {expected} vagas; o seu `required_concurrency` deu {found}",
        duration(ms(mean_ms))
    );
}

/// Uma carga pode exceder as vagas ou as requisições por segundo que elas atendem; o limite exato cabe.
#[rstest]
#[case::fits_exactly(100, 500, Pool::Account, 50, Ok(()))]
#[case::half_a_slot_too_many(101, 500, Pool::Account, 50, Err(Limit::Concurrency(Pool::Account)))]
#[case::one_slow_request(11, 1_000, Pool::Reserved, 10, Err(Limit::Concurrency(Pool::Reserved)))]
#[case::ten_per_slot(100, 20, Pool::Reserved, 10, Ok(()))]
#[case::eleventh_of_a_slot(101, 20, Pool::Reserved, 10, Err(Limit::InvocationRate(Pool::Reserved)))]
#[case::ten_thousand(10_000, 50, Pool::Account, 1_000, Ok(()))]
#[case::above_ten_thousand(10_001, 50, Pool::Account, 1_000, Err(Limit::InvocationRate(Pool::Account)))]
fn a_load_can_exceed_the_slots_or_the_rate(
    #[case] rate: u64,
    #[case] mean_ms: u64,
    #[case] pool: Pool,
    #[case] concurrency: u64,
    #[case] expected: Result<(), Limit>,
) {
    let found = sustains(&load(rate, mean_ms), pool, concurrency);
    let say = |result: Result<(), Limit>| {
        result.map_or_else(|limit| format!("recusas por {}", tell(limit)), |()| "cabe".into())
    };
    expect_same!(
        found,
        expected,
        "{} requisições por segundo de {} em {}, que atendem 10 × {concurrency} por segundo: {}; o seu `sustains` diz: {}",
        thousands(rate as usize),
        duration(ms(mean_ms)),
        count(concurrency as usize, "vaga", "vagas"),
        say(expected),
        say(found)
    );
}

/// Todo limite é um 429 com `Type` `User` e o `Reason` da causa; a frase só se cobra onde foi vista na AWS.
#[rstest]
#[case::account(Limit::Concurrency(Pool::Account), "ConcurrentInvocationLimitExceeded", Some("Rate Exceeded."))]
#[case::reserved(
    Limit::Concurrency(Pool::Reserved),
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    Some("Rate Exceeded.")
)]
#[case::account_rate(Limit::InvocationRate(Pool::Account), "FunctionInvocationRateLimitExceeded", None)]
#[case::reserved_rate(Limit::InvocationRate(Pool::Reserved), "ReservedFunctionInvocationRateLimitExceeded", None)]
#[case::caller(Limit::CallerRate, "CallerRateLimitExceeded", Some("Rate exceeded"))]
#[case::snapshots(Limit::SnapshotCreation, "ConcurrentSnapshotCreateLimitExceeded", None)]
fn each_limit_has_its_reason(#[case] limit: Limit, #[case] reason: &str, #[case] message: Option<&str>) {
    let response = too_many_requests(limit, None);
    let message = message.map_or_else(|| response.body["message"].clone(), |message| json!(message));
    let found = (response.status, &response.body["Type"], &response.body["Reason"], &response.body["message"]);
    expect_same!(
        found,
        (429, &json!("User"), &json!(reason), &message),
        "uma recusa por {} é 429, com `Type` `User`, `Reason` `{reason}` e `message` {message}; a sua é {} com o corpo {}",
        tell(limit),
        response.status,
        response.body
    );
}

/// O ritmo de criação também responde 429; o `Reason` dele não é publicado.
#[test]
fn the_scaling_rate_is_also_a_429() {
    let status = too_many_requests(Limit::ScalingRate, None).status;
    expect_same!(status, 429, "faltou ritmo para criar um ambiente: a resposta é 429; a sua é {status}");
}

/// O tipo do erro vai em `x-amzn-ErrorType`, e `Retry-After`, quando há, em segundos inteiros para cima.
#[rstest]
#[case::absent(None, None)]
#[case::one_second(Some(ms(1_000)), Some("1"))]
#[case::a_fraction(Some(ms(200)), Some("1"))]
#[case::one_and_a_bit(Some(ms(1_001)), Some("2"))]
fn the_headers_say_the_error_and_the_wait(#[case] wait: Option<Duration>, #[case] expected: Option<&str>) {
    let response = too_many_requests(Limit::Concurrency(Pool::Reserved), wait);
    let header = |name: &str| {
        let found = response.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    expect_same!(
        (header("x-amzn-errortype"), header("retry-after")),
        (Some("TooManyRequestsException"), expected),
        "com {} a pedir de espera, os cabeçalhos são `x-amzn-ErrorType: TooManyRequestsException` e `Retry-After` {}; os seus \
         são {}",
        wait.map_or("nada".to_owned(), duration),
        expected.map_or("ausente".to_owned(), |value| format!("`{value}`")),
        response.headers.iter().map(|(name, value)| format!("`{name}: {value}`")).collect::<Vec<_>>().join(", ")
    );
}

/// Gastos os 1.000, o ritmo volta aos poucos: um ambiente a cada 10 ms, até 1.000, sem acumular.
#[rstest]
#[case::at_once(0, 0)]
#[case::almost_one(9, 0)]
#[case::one(10, 1)]
#[case::one_second(1_000, 100)]
#[case::half_the_window(5_000, 500)]
#[case::just_before_the_window(9_999, 999)]
#[case::the_window(10_000, 1_000)]
#[case::ten_minutes(600_000, 1_000)]
fn the_scaling_rate_refills_all_the_time(#[case] waited: u64, #[case] expected: u64) {
    let mut rate = ScalingRate::new(START);
    let created = rate.take(5_000, START);
    expect_same!(created, 1_000, "uma função cria até 1.000 ambientes de uma vez; o seu `take(5000)` criou {created}");
    let available = rate.available(ms(waited));
    expect_same!(
        available,
        expected,
        "{} depois de gastar os 1.000, o ritmo dá {expected}: 100 por segundo, sem esperar a janela e sem passar de 1.000; o \
         seu `available` deu {available}",
        duration(ms(waited))
    );
}

/// Uma função parada não junta mais que 1.000, e quem usa parte fica com o resto.
#[test]
fn what_is_left_stays_and_nothing_piles_up() {
    let mut rate = ScalingRate::new(START);
    let steps =
        [(60_000, 600, 600), (60_000, 600, 400), (61_000, 600, 100), (61_015, 9, 1), (61_020, 9, 1), (61_025, 9, 0)];
    for (now, wanted, expected) in steps {
        let created = rate.take(wanted, ms(now));
        expect_same!(
            created,
            expected,
            "o ritmo é 1.000 no começo e volta 1 a cada 10 ms, com o pedaço que sobra: em {} a função quer {wanted} e cria \
             {expected}; o seu `take` criou {created}",
            duration(ms(now))
        );
    }
}

/// A conta separa o que cada função reservou; sem reserva, o que ela deixou inicializado.
#[rstest]
#[case::nothing(&[], &[], 1_000)]
#[case::two_reserves(&[(ALERT, 200), (FORECAST, 100)], &[], 700)]
#[case::provisioned(&[], &[(FORECAST, "3", 50)], 950)]
#[case::provisioned_inside_the_reserve(&[(FORECAST, 100)], &[(FORECAST, "3", 50)], 900)]
#[case::two_versions(&[(ALERT, 200)], &[(FORECAST, "3", 50), (FORECAST, "4", 25)], 725)]
fn the_account_sets_aside_what_was_claimed(
    #[case] reserves: &[(&str, u64)],
    #[case] provisioned: &[(&str, &str, u64)],
    #[case] expected: u64,
) {
    let account = provisioned.iter().fold(account(1_000, reserves), |account, (function, version, number)| {
        account.with_provisioned(function, version, *number)
    });
    let found = account.unreserved();
    expect_same!(
        found,
        expected,
        "de 1.000 vagas, com {} reservadas e {} provisionadas (que contam dentro da reserva da própria \
         função), sobram {expected} sem dono; o seu `unreserved` deu {found}",
        told(reserves.iter().copied()),
        told(provisioned.iter().map(|(function, version, number)| (format!("{function}:{version}"), *number)))
    );
}

const BELOW: &str = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                     below its minimum value of [100].";

/// Pode-se reservar o que não tem dono, menos 100; a reserva nova toma o lugar da antiga.
#[rstest]
#[case::all_that_is_allowed(&[], 900, None)]
#[case::one_too_many(&[], 901, Some(BELOW))]
#[case::zero(&[], 0, None)]
#[case::zero_with_the_account_full(&[(FORECAST, 900)], 0, None)]
#[case::after_another(&[(FORECAST, 400)], 500, None)]
#[case::after_another_one_too_many(&[(FORECAST, 400)], 501, Some(BELOW))]
#[case::the_same_again(&[(ALERT, 900)], 900, None)]
#[case::a_larger_one(&[(ALERT, 300), (FORECAST, 500)], 400, None)]
#[case::too_large(&[(ALERT, 300), (FORECAST, 500)], 401, Some(BELOW))]
fn a_reserve_leaves_one_hundred(#[case] before: &[(&str, u64)], #[case] reserved: u64, #[case] expected: Option<&str>) {
    let mut account = account(1_000, before);
    let unreserved = account.unreserved();
    let found = account.put_function_concurrency(ALERT, reserved).err().map(|error| error.message);
    expect_same!(
        found.as_deref(),
        expected,
        "de 1.000 vagas, com {} reservadas, reservar {reserved} para {ALERT} dá {}; no seu código, {}",
        told(before.iter().copied()),
        expected.unwrap_or("um pedido aceito"),
        found.as_deref().unwrap_or("um pedido aceito")
    );
    if expected.is_some() {
        let after = account.unreserved();
        expect_same!(
            after,
            unreserved,
            "uma reserva recusada não muda nada: sem dono havia {unreserved} vagas; agora há {after}"
        );
    }
}

/// A reserva não pode ser menor que a provisionada da função; a mensagem é a da AWS, com os espaços dela.
#[test]
fn a_reserve_is_not_below_the_provisioned() {
    let mut account = Account::new(1_000).with_provisioned(ALERT, "1", 2).with_provisioned(ALERT, "2", 3);
    let found = account.put_function_concurrency(ALERT, 4).err();
    let expected =
        " ReservedConcurrentExecutions  4 should not be lower than function's total provisioned concurrency [5].";
    expect_same!(
        found.as_ref().map(|error| error.message.as_str()),
        Some(expected),
        "com 5 ambientes provisionados nas duas versões, reservar 4 dá o erro `{expected}`; no seu código, {}",
        refusal(found.as_ref())
    );
    let unreserved = account.unreserved();
    expect_same!(unreserved, 995, "a reserva recusada não muda nada: sobram 995 sem dono; no seu código, {unreserved}");
    for reserved in [5, 900] {
        let accepted = account.clone().put_function_concurrency(ALERT, reserved);
        expect_same!(
            accepted,
            Ok(()),
            "reservar {reserved} é aceito: os 5 provisionados cabem dentro da reserva, que deixa pelo menos 100 sem dono; no \
             seu código, {}",
            refusal(accepted.as_ref().err())
        );
    }
}

mod room;
