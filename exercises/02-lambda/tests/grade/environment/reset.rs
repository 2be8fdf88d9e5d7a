//! O que um erro, uma queda e um tempo esgotado fazem com um ambiente, e o que acontece com o trabalho que ficou para trás.

use std::time::Duration;

use kit::Timeline;
use kit::text::duration;
use lambda::environment::{Fleet, Readiness};
use lambda::model::FunctionError;
use lambda::program::{CONNECTIONS, Failure, Leftover, Program, Reply, VISITS};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::fleet::{Arrival, Day, SETTINGS, at, ended, ms, pending, shown};

/// Um erro devolvido pelo handler não derruba nada: o ambiente continua quente, com a memória.
#[tokio::test(start_paused = true)]
async fn an_error_returned_keeps_the_environment() {
    let day = Day::play(SETTINGS, ms(400), &[at(0, 100), at(1_000, 100).fails(), at(2_000, 100)]).await;
    day.expect_created(1, "nunca há dois eventos ao mesmo tempo");
    let starts = day.starts();
    expect_same!(
        starts,
        [Readiness::New, Readiness::Warm, Readiness::Warm],
        "o handler devolveu um erro e o processo continuou de pé: o terceiro evento acha o ambiente quente; na sua frota as \
         partidas foram {starts:?}"
    );
    let memory = day.in_memory();
    expect_same!(
        memory,
        [Some(1), None, Some(3)],
        "a visita que falhou também contou: a memória mostra 1, falha, 3; a sua mostrou {}",
        shown(&memory)
    );
}

/// Uma queda ou um tempo esgotado apaga a memória, mas não o /tmp, e o próximo evento paga a inicialização.
#[rstest]
#[case::crash(at(1_000, 100).crashes(), 1_100)]
#[case::timeout(at(1_000, 9_000), 4_000)]
#[tokio::test(start_paused = true)]
async fn a_crash_or_a_timeout_resets_memory_but_not_tmp(#[case] failing: Arrival, #[case] failed_at: u64) {
    let day = Day::play(SETTINGS, ms(400), &[at(0, 100), failing, at(10_000, 100), at(20_000, 100)]).await;
    let rule = "o ambiente é reiniciado, e não trocado";
    day.expect_created(1, rule);
    let starts = day.starts();
    expect_same!(
        starts,
        [Readiness::New, Readiness::Warm, Readiness::Reset, Readiness::Warm],
        "{rule}: o evento seguinte o acha em Reset e o deixa pronto; na sua frota as partidas foram {starts:?}"
    );
    let memory = day.in_memory();
    expect_same!(
        memory,
        [Some(1), None, Some(1), Some(2)],
        "{rule}: a memória recomeça do zero, 1, falha, 1, 2; a sua mostrou {}",
        shown(&memory)
    );
    let tmp = day.in_tmp();
    expect_same!(
        tmp,
        [Some(1), None, Some(3), Some(4)],
        "{rule}: o /tmp fica, 1, falha, 3, 4; o seu mostrou {}",
        shown(&tmp)
    );
    day.expect_ends(
        &[500, failed_at, 10_500, 20_100],
        "a inicialização suprimida (0,4 s) roda junto da invocação seguinte",
    );
    let duration_after = day.seen[2].invocation.duration;
    expect_same!(
        duration_after,
        ms(500),
        "a inicialização suprimida entra na duração da invocação: 0,4 + 0,1 s; a sua durou {}",
        duration(duration_after)
    );
}

/// Logo depois da queda ou do timeout não há memória; depois da próxima invocação, ela tem o que o código estático põe.
#[rstest]
#[case::crash(at(0, 100).crashes())]
#[case::timeout(at(0, 9_000))]
#[tokio::test(start_paused = true)]
async fn the_static_code_fills_the_memory_again(#[case] failing: Arrival) {
    let crashed = Day::play(SETTINGS, ms(400), std::slice::from_ref(&failing)).await;
    let idle = crashed.fleet.idle();
    expect_same!(idle.len(), 1, "o ambiente derrubado volta aos ociosos; a sua frota tem {} ociosos", idle.len());
    assert!(
        idle[0].memory.is_empty(),
        "o ambiente foi derrubado: a memória fica vazia; a sua tem {:?}",
        idle[0].memory
    );
    expect_same!(idle[0].tmp.get(VISITS), Some(&1), "o /tmp não é limpo: tem uma visita; o seu tem {:?}", idle[0].tmp);

    let again = Day::play(SETTINGS, ms(400), &[failing, at(10_000, 100)]).await;
    let memory = again.fleet.idle().first().map(|each| each.memory.clone()).unwrap_or_default();
    expect_same!(
        (memory.get(CONNECTIONS), memory.get(VISITS)),
        (Some(&1), Some(&1)),
        "o código estático abre a conexão outra vez e o handler conta uma visita; a sua memória é {memory:?}"
    );
}

/// O ambiente está parado desde o fim da última invocação, tenha ela dado certo ou não.
#[rstest]
#[case::success(Ok(Reply { in_memory: 1, in_tmp: 1, in_table: 1, leftover: None }))]
#[case::error(Err(Failure::Error(FunctionError::new("SmsError", "a operadora não respondeu"))))]
#[case::crash(Err(Failure::Crashed))]
#[case::timeout(Err(Failure::TimedOut))]
#[tokio::test(start_paused = true)]
async fn the_environment_is_idle_since_the_end_of_any_invocation(#[case] result: Result<Reply, Failure>) {
    let mut environment = Fleet::new(SETTINGS, Program::new(ms(400)), &Timeline::new(&[])).create();
    tokio::time::advance(ms(90_000)).await;
    environment.finish(ms(100), &result);
    let idle = environment.idle_since.elapsed();
    expect_same!(
        idle,
        Duration::ZERO,
        "a invocação, que {}, acabou agora, e é de agora que o ambiente está parado; o seu diz que parou há {}",
        ended(&result),
        duration(idle)
    );
}

/// A inicialização suprimida gasta o timeout: se não couber, a falha se repete.
#[tokio::test(start_paused = true)]
async fn a_suppressed_init_spends_the_timeout() {
    let day = Day::play(SETTINGS, ms(2_500), &[at(0, 100).crashes(), at(10_000, 1_000), at(20_000, 100)]).await;
    let second = &day.seen[1].invocation.result;
    expect_same!(
        *second,
        Err(Failure::TimedOut),
        "depois da queda, 2,5 s de inicialização e 1 s de handler não cabem no timeout de 3 s; o segundo evento do seu {}",
        ended(second)
    );
    let third = &day.seen[2].invocation;
    expect_same!(
        (third.start, third.result.is_ok()),
        (Readiness::Reset, true),
        "o timeout reiniciou o ambiente de novo, e 2,5 + 0,1 s cabem em 3 s; o seu terceiro evento partiu {:?} e {}",
        third.start,
        ended(&third.result)
    );
}

/// Um trabalho deixado para trás para com o ambiente e só anda enquanto outra invocação roda, mesmo uma que falhe.
#[rstest]
#[case::still_frozen(&[], 0)]
#[case::one_invocation_is_not_enough(&[at(60_000, 200)], 0)]
#[case::two_invocations_finish_it(&[at(60_000, 200), at(120_000, 200)], 1)]
#[case::one_long_invocation_finishes_it(&[at(60_000, 400)], 1)]
#[case::exactly_what_was_missing(&[at(60_000, 300)], 1)]
#[case::an_error_thaws_it_too(&[at(60_000, 400).fails()], 1)]
#[tokio::test(start_paused = true)]
async fn a_leftover_only_runs_while_the_environment_is_thawed(#[case] later: &[Arrival], #[case] expected: u64) {
    let mut events = vec![at(0, 100).leaves("upload", 300)];
    events.extend(later.iter().cloned());
    let day = Day::play(SETTINGS, ms(400), &events).await;
    let idle = day.fleet.idle();
    let found = idle.first().and_then(|each| each.memory.get("upload")).copied().unwrap_or(0);
    let left = idle.first().map(|each| each.leftovers.len()).unwrap_or_default();
    let ran: Duration = later.iter().map(|each| each.takes).sum();
    let say = |done| if done == 0 { "não terminou" } else { "terminou, e sai da lista" };
    expect_same!(
        (found, left),
        (expected, if expected == 0 { 1 } else { 0 }),
        "sobrou um envio de 0,3 s, e depois o ambiente rodou {}: o envio {}; na sua frota, memory[\"upload\"] vale {found} e \
         sobraram {left} na lista",
        duration(ran),
        say(expected)
    );
}

/// Um trabalho que termina põe 1 na variável dele; não soma.
#[tokio::test(start_paused = true)]
async fn a_finished_leftover_sets_its_variable_to_one() {
    let events = [at(0, 100).leaves("upload", 50), at(60_000, 100).leaves("upload", 50), at(120_000, 100)];
    let day = Day::play(SETTINGS, ms(400), &events).await;
    let found = day.fleet.idle().first().and_then(|each| each.memory.get("upload")).copied();
    expect_same!(
        found,
        Some(1),
        "dois envios com o mesmo nome terminaram, e cada um deixa memory[\"upload\"] = 1; na sua frota ela {}",
        found.map_or("não existe".to_owned(), |value| format!("vale {value}"))
    );
}

/// O tempo que um trabalho já andou não se perde, e a queda leva o que não terminou.
#[tokio::test(start_paused = true)]
async fn leftovers_advance_together_and_die_with_the_process() {
    let events = [at(0, 100).leaves("upload", 300), at(60_000, 200).leaves("metrics", 50)];
    let day = Day::play(SETTINGS, ms(400), &events).await;
    let mut left = day.fleet.idle()[0].leftovers.clone();
    left.sort_by_key(|each| each.remaining);
    let expected = [("metrics", 50), ("upload", 100)]
        .map(|(name, remaining)| Leftover { name: name.to_owned(), remaining: ms(remaining) });
    expect_same!(
        left,
        expected,
        "o envio andou 0,2 s e falta 0,1 s; o outro acabou de ficar para trás, com 0,05 s; na sua frota sobraram {}",
        pending(&left)
    );

    let crashed = Day::play(SETTINGS, ms(400), &[at(0, 100).leaves("upload", 300), at(60_000, 500).crashes()]).await;
    let idle = &crashed.fleet.idle()[0];
    assert!(
        idle.leftovers.is_empty() && !idle.memory.contains_key("upload"),
        "o processo caiu e levou o que estava em segundo plano; na sua frota sobrou {}, e a memória é {:?}",
        pending(&idle.leftovers),
        idle.memory
    );
}
