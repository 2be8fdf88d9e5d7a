//! Os testes do passo `concurrency`: a conta das vagas, os motivos de um 429, o ritmo, a reserva e a provisionada.

use std::time::Duration;

use kit::text::{count, duration, thousands};
use lambda::concurrency::{
    Account, Limit, Load, Placement, Pool, ScalingRate, required_concurrency, sustains, too_many_requests,
};
use rstest::rstest;
use serde_json::json;

use crate::support::crowd::{ALERT, FORECAST, START, THUMBNAIL, account, crowd, expect_one, expect_room, ms, tell};
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
         são {:?}",
        wait.map_or("nada".to_owned(), duration),
        expected.map_or("ausente".to_owned(), |value| format!("`{value}`")),
        response.headers
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
        "de 1.000 vagas, com reservas {reserves:?} e provisionadas {provisioned:?} (que contam dentro da reserva da própria \
         função), sobram {expected} sem dono; o seu `unreserved` deu {found}"
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
        "com {before:?} em 1.000 vagas, reservar {reserved} para {ALERT} dá {}; no seu código, {}",
        expected.unwrap_or("certo"),
        found.as_deref().unwrap_or("certo")
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
    let found = account.put_function_concurrency(ALERT, 4).err().map(|error| error.message);
    let expected =
        " ReservedConcurrentExecutions  4 should not be lower than function's total provisioned concurrency [5].";
    expect_same!(
        found.as_deref(),
        Some(expected),
        "com 5 ambientes provisionados nas duas versões, reservar 4 dá `{expected}`; no seu código, {found:?}"
    );
    let equal = account.put_function_concurrency(ALERT, 5);
    expect_same!(equal, Ok(()), "reservar 5, o mesmo que a provisionada, é aceito; o seu código deu {equal:?}");
}

/// As funções sem reserva dividem o poço: quem chega primeiro leva, e a vaga que volta serve a outra.
#[test]
fn functions_without_a_reserve_share_the_pool() {
    let mut account = account(1_000, &[]);
    let full = Limit::Concurrency(Pool::Account);
    let rule = "a conta tem 1.000 vagas, e ninguém reservou";
    let mut thumbnails = expect_room(&mut account, (THUMBNAIL, "1"), START, (1_000, full), rule);
    expect_one(&mut account, (ALERT, "1"), START, Err(full), "as miniaturas ocupam as 1.000 vagas da conta");
    if let Some(running) = thumbnails.pop() {
        account.finish(running);
    }
    let rule = "uma miniatura terminou e a vaga dela voltou ao poço";
    expect_one(&mut account, (ALERT, "1"), START, Ok(Placement::Cold), rule);
    expect_one(&mut account, (THUMBNAIL, "1"), START, Err(full), "o alerta ocupou a vaga que havia");
}

/// A reserva é um piso: as vagas dela existem mesmo com o poço cheio, e usá-las não tira nada do poço.
#[rstest]
#[case::thumbnails_first(true)]
#[case::alerts_first(false)]
fn a_reserve_is_a_floor(#[case] thumbnails_first: bool) {
    let mut account = account(1_000, &[(ALERT, 100)]);
    let thumbnails = (THUMBNAIL, 900, Limit::Concurrency(Pool::Account));
    let alerts = (ALERT, 100, Limit::Concurrency(Pool::Reserved));
    let order = if thumbnails_first { [thumbnails, alerts] } else { [alerts, thumbnails] };
    for (function, room, limit) in order {
        let rule = "100 das 1.000 vagas são só de send-sms, paradas ou não, e as outras 900 são do poço";
        expect_room(&mut account, (function, "1"), START, (room, limit), rule);
    }
}

/// A reserva é um teto: a função não usa o poço, nem vazio, e todas as versões dividem a reserva.
#[rstest]
#[case::one_version(&[("1", 30)])]
#[case::two_versions(&[("1", 10), ("2", 20)])]
#[case::latest_too(&[("$LATEST", 12), ("1", 8), ("2", 10)])]
fn a_reserve_is_a_ceiling_for_all_the_versions(#[case] parts: &[(&str, usize)]) {
    let mut account = account(1_000, &[(ALERT, 30)]);
    for (version, number) in parts {
        let (running, refused) = crowd(&mut account, (ALERT, version), *number, START);
        expect_same!(
            running.len(),
            *number,
            "a reserva é de 30, e {number} de {ALERT}:{version} ainda cabem (as partes são {parts:?}); couberam {} e a recusa \
             foi {refused:?}",
            running.len()
        );
    }
    let rule =
        format!("a reserva de 30 é da função inteira e está usada por {parts:?}; as 970 da conta não servem a ela");
    for (version, _) in parts {
        expect_one(&mut account, (ALERT, version), START, Err(Limit::Concurrency(Pool::Reserved)), &rule);
    }
}

/// Reserva 0 é um freio: nada roda.
#[test]
fn a_reserve_of_zero_blocks_the_function() {
    let mut account = account(1_000, &[(ALERT, 0)]);
    for version in ["$LATEST", "7"] {
        let rule = "reserva 0 recusa toda invocação";
        expect_one(&mut account, (ALERT, version), START, Err(Limit::Concurrency(Pool::Reserved)), rule);
    }
}

/// Os provisionados rodam primeiro, só para a versão deles; o que passa transborda para ambientes comuns.
#[test]
fn what_exceeds_the_provisioned_spills_over() {
    let mut account = account(1_000, &[]).with_provisioned(FORECAST, "3", 2);
    let rule = "a versão 3 tem 2 ambientes provisionados";
    let first = expect_one(&mut account, (FORECAST, "3"), START, Ok(Placement::Provisioned), rule);
    expect_one(&mut account, (FORECAST, "4"), START, Ok(Placement::Cold), "os provisionados são só da versão 3");
    expect_one(&mut account, (FORECAST, "3"), START, Ok(Placement::Provisioned), rule);
    let rule = "os 2 provisionados estão ocupados, e a terceira transborda";
    expect_one(&mut account, (FORECAST, "3"), START, Ok(Placement::Cold), rule);
    if let Some(running) = first {
        account.finish(running);
    }
    let rule = "um provisionado ficou livre, e é ele que roda primeiro";
    expect_one(&mut account, (FORECAST, "3"), START, Ok(Placement::Provisioned), rule);
}

/// Os provisionados saem da reserva da função, ou do poço, mesmo parados.
#[test]
fn provisioned_environments_take_slots_even_when_idle() {
    let mut reserved = account(1_000, &[]).with_provisioned(ALERT, "1", 2);
    let accepted = reserved.put_function_concurrency(ALERT, 2);
    expect_same!(accepted, Ok(()), "reserva 2 com 2 provisionados é aceito; o seu código deu {accepted:?}");
    let rule = "a reserva é 2 e os 2 provisionados da versão 1 a ocupam, parados";
    expect_one(&mut reserved, (ALERT, "$LATEST"), START, Err(Limit::Concurrency(Pool::Reserved)), rule);
    expect_room(
        &mut reserved,
        (ALERT, "1"),
        START,
        (2, Limit::Concurrency(Pool::Reserved)),
        "não há para onde transbordar",
    );

    let mut shared = account(1_000, &[]).with_provisioned(FORECAST, "3", 300);
    let rule = "300 provisionados parados tiram 300 vagas do poço de 1.000";
    expect_room(&mut shared, (THUMBNAIL, "1"), START, (700, Limit::Concurrency(Pool::Account)), rule);
    let rule = "o poço está cheio, mas os provisionados da versão 3 já estão separados";
    expect_one(&mut shared, (FORECAST, "3"), START, Ok(Placement::Provisioned), rule);
}

/// Um provisionado ocupa uma vaga só, parado ou trabalhando: a execução dele não conta outra vez.
#[rstest]
#[case::idle(0)]
#[case::half(2)]
#[case::busy(4)]
fn a_busy_provisioned_environment_counts_once(#[case] busy: usize) {
    let mut shared = account(1_000, &[]).with_provisioned(FORECAST, "3", 4);
    let (running, _) = crowd(&mut shared, (FORECAST, "3"), busy, START);
    expect_same!(running.len(), busy, "são 4 provisionados e {busy} execuções; rodaram {}", running.len());
    let rule = format!("de 1.000 vagas, 4 são de provisionados, {busy} deles trabalhando");
    expect_room(&mut shared, (THUMBNAIL, "1"), START, (996, Limit::Concurrency(Pool::Account)), &rule);

    let mut reserved = account(1_000, &[(ALERT, 10)]).with_provisioned(ALERT, "1", 4);
    let (running, _) = crowd(&mut reserved, (ALERT, "1"), busy, START);
    expect_same!(running.len(), busy, "são 4 provisionados e {busy} execuções; rodaram {}", running.len());
    let rule = format!("da reserva de 10, 4 vagas são de provisionados, {busy} deles trabalhando");
    expect_room(&mut reserved, (ALERT, "2"), START, (6, Limit::Concurrency(Pool::Reserved)), &rule);
}

/// Um ambiente ocioso serve à mesma versão, e não a outra.
#[test]
fn an_idle_environment_serves_its_own_version() {
    let mut account = account(1_000, &[]);
    let first = expect_one(&mut account, (ALERT, "1"), START, Ok(Placement::Cold), "não há ambiente nenhum");
    if let Some(running) = first {
        account.finish(running);
    }
    expect_one(&mut account, (ALERT, "2"), ms(5), Ok(Placement::Cold), "o ambiente ocioso é da versão 1");
    expect_one(&mut account, (ALERT, "1"), ms(5), Ok(Placement::Warm), "há um ambiente ocioso da versão 1");
    expect_one(&mut account, (ALERT, "1"), ms(5), Ok(Placement::Cold), "o único da versão 1 está ocupado");
}

/// Com vagas de sobra, uma função ainda cria só 1.000 ambientes de uma vez, e cada função tem o seu ritmo.
#[test]
fn each_function_creates_one_thousand_at_once() {
    let mut account = account(5_000, &[]).with_provisioned(THUMBNAIL, "1", 5);
    let (ready, _) = crowd(&mut account, (THUMBNAIL, "1"), 5, START);
    expect_same!(ready.len(), 5, "a versão 1 tem 5 provisionados; rodaram {}", ready.len());
    let (first, _) = crowd(&mut account, (THUMBNAIL, "1"), 600, START);
    expect_same!(first.len(), 600, "600 ambientes novos cabem no ritmo de 1.000; couberam {}", first.len());
    let rule = "a conta tem 5.000 vagas, mas a função cria 1.000 ambientes de uma vez, somadas as versões; os provisionados não \
                contam";
    let mut second = expect_room(&mut account, (THUMBNAIL, "2"), START, (400, Limit::ScalingRate), rule);
    expect_one(&mut account, (ALERT, "1"), START, Ok(Placement::Cold), "o ritmo é de cada função");
    if let Some(running) = second.pop() {
        account.finish(running);
    }
    let rule = "um ambiente ocioso não gasta o ritmo";
    expect_one(&mut account, (THUMBNAIL, "2"), START, Ok(Placement::Warm), rule);
}

/// O ritmo volta aos poucos, e uma recusa não gasta nada, nem vaga nem ritmo.
#[test]
fn a_refusal_spends_nothing() {
    let mut account = account(5_000, &[]);
    crowd(&mut account, (THUMBNAIL, "1"), 1_000, START);
    for now in [0, 3, 6, 9] {
        let rule = format!("os 1.000 acabaram, e em {now} ms ainda não voltou um ambiente");
        expect_one(&mut account, (THUMBNAIL, "1"), ms(now), Err(Limit::ScalingRate), &rule);
    }
    expect_one(&mut account, (THUMBNAIL, "1"), ms(10), Ok(Placement::Cold), "em 10 ms cabe 1, por mais que se insista");
    let rule = "de 10 ms a 1,01 s voltam 100";
    expect_room(&mut account, (THUMBNAIL, "1"), ms(1_010), (100, Limit::ScalingRate), rule);

    let mut blocked = self::account(1_000, &[(ALERT, 1)]);
    let first = expect_one(&mut blocked, (ALERT, "1"), START, Ok(Placement::Cold), "a reserva é 1");
    for _ in 0..3 {
        expect_one(&mut blocked, (ALERT, "1"), START, Err(Limit::Concurrency(Pool::Reserved)), "a reserva é 1");
    }
    if let Some(running) = first {
        blocked.finish(running);
    }
    let rule = "a execução terminou; as recusas não ocuparam a vaga";
    expect_one(&mut blocked, (ALERT, "1"), START, Ok(Placement::Warm), rule);
}
