//! Quem acha lugar: o poço, a reserva, a provisionada e o ritmo, com uma conta em andamento.

use lambda::concurrency::{Limit, Placement, Pool};
use rstest::rstest;

use crate::support::crowd::{
    ALERT, FORECAST, START, THUMBNAIL, account, crowd, expect_one, expect_room, ms, refusal, tell, told,
};
use crate::support::expect_same;

/// As funções sem reserva dividem o poço: quem chega primeiro leva, e a vaga que volta serve a outra.
#[test]
fn functions_without_a_reserve_share_the_pool() {
    let mut account = account(1_000, &[]);
    let full = Limit::Concurrency(Pool::Account);
    let rule = "a conta tem 1.000 vagas, e ninguém reservou";
    let mut thumbnails = expect_room(&mut account, (THUMBNAIL, "1"), START, (1_000, full), rule);
    for running in [(ALERT, "1"), (THUMBNAIL, "2")] {
        let rule = "as miniaturas da versão 1 ocupam as 1.000 vagas da conta";
        expect_one(&mut account, running, START, Err(full), rule);
    }
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
            "a reserva é de 30, e {number} de {ALERT}:{version} ainda cabem; couberam {}, e {}",
            running.len(),
            refused.map_or("nenhuma foi recusada".to_owned(), |limit| format!("a recusa foi por {}", tell(limit)))
        );
    }
    let used = told(parts.iter().map(|(version, number)| (format!("{ALERT}:{version}"), *number as u64)));
    let rule = format!("a reserva de 30 é da função inteira e está usada ({used}); as 970 da conta não servem a ela");
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
    expect_same!(
        accepted,
        Ok(()),
        "reserva 2 com 2 provisionados é aceito; no seu código, {}",
        refusal(accepted.as_ref().err())
    );
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

/// Só um ambiente novo gasta ritmo: nem o ocioso, nem quem foi recusado por falta de vaga.
#[test]
fn only_a_new_environment_spends_the_scaling_rate() {
    let mut account = account(5_000, &[(ALERT, 1)]);
    let mut running = expect_one(&mut account, (ALERT, "1"), START, Ok(Placement::Cold), "a reserva é 1");
    for _ in 0..200 {
        if let Some(done) = running {
            account.finish(done);
        }
        let rule = "a execução anterior terminou e deixou um ambiente ocioso";
        running = expect_one(&mut account, (ALERT, "1"), START, Ok(Placement::Warm), rule);
    }
    for _ in 0..500 {
        expect_one(
            &mut account,
            (ALERT, "1"),
            START,
            Err(Limit::Concurrency(Pool::Reserved)),
            "a reserva é 1, ocupada",
        );
    }
    let raised = account.put_function_concurrency(ALERT, 1_000);
    expect_same!(raised, Ok(()), "reservar 1.000 de 5.000 é aceito; no seu código, {}", refusal(raised.as_ref().err()));
    let rule = "a reserva agora é 1.000, 1 roda, e só ele foi criado: 200 vezes ocioso e 500 recusas não gastam ritmo, e ainda há 999";
    expect_room(&mut account, (ALERT, "1"), START, (999, Limit::Concurrency(Pool::Reserved)), rule);
}
