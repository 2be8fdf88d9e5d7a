//! Os testes do passo `environment`: quando um ambiente nasce, o que ele guarda e quando parte do zero.

use std::time::Duration;

use kit::text::duration;
use kit::{Kind, Random};
use lambda::environment::{Extensions, InitPlan, Readiness, Reclaim, Settings, init_plan, survives};
use lambda::program::{Failure, VISITS};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::fleet::{Arrival, Day, SETTINGS, at, ended, environments, ms, seconds, shown};

mod reset;

/// No encerramento, o ambiente tem 0, 500 ou 2.000 ms, conforme as extensões.
#[rstest]
#[case::none(Extensions::None, 0)]
#[case::internal(Extensions::Internal, 500)]
#[case::external(Extensions::External, 2_000)]
fn the_time_to_shut_down_depends_on_the_extensions(#[case] extensions: Extensions, #[case] expected: u64) {
    let found = extensions.shutdown_limit();
    expect_same!(
        found,
        ms(expected),
        "com {extensions:?} o encerramento dura no máximo {expected} ms; o seu limite é {}",
        duration(found)
    );
}

/// O código estático roda antes da invocação, e um ambiente pronto não o roda de novo.
#[rstest]
#[case::cold(Readiness::New, 400, 400, 0)]
#[case::cold_without_static_code(Readiness::New, 0, 0, 0)]
#[case::cold_almost_ten_seconds(Readiness::New, 9_999, 9_999, 0)]
#[case::cold_too_slow(Readiness::New, 10_001, 10_000, 10_001)]
#[case::cold_twice_the_limit(Readiness::New, 20_000, 10_000, 20_000)]
#[case::warm(Readiness::Warm, 400, 0, 0)]
#[case::warm_with_slow_static_code(Readiness::Warm, 12_000, 0, 0)]
#[case::reset(Readiness::Reset, 400, 0, 400)]
#[case::reset_with_slow_static_code(Readiness::Reset, 12_000, 0, 12_000)]
fn the_static_code_runs_before_or_inside_the_invocation(
    #[case] readiness: Readiness,
    #[case] init: u64,
    #[case] before: u64,
    #[case] inside: u64,
) {
    let plan = init_plan(readiness, ms(init));
    let expected = InitPlan { before: ms(before), inside: ms(inside) };
    expect_same!(
        plan,
        expected,
        "ambiente {readiness:?} e código estático de {}: {} antes da invocação (até 10 s) e {} dentro dela; o seu plano é \
         {} antes e {} dentro",
        duration(ms(init)),
        duration(expected.before),
        duration(expected.inside),
        duration(plan.before),
        duration(plan.inside)
    );
}

/// Um ambiente é encerrado quando fica parado demais ou vive demais.
#[rstest]
#[case::just_stopped(0, 60, true)]
#[case::almost_idle(599, 700, true)]
#[case::too_idle(601, 700, false)]
#[case::busy_but_old(1, 14_401, false)]
#[case::almost_old(1, 14_399, true)]
#[case::both(601, 14_401, false)]
fn an_environment_ends_when_idle_or_old(#[case] idle: u64, #[case] age: u64, #[case] expected: bool) {
    let found = survives(seconds(idle), seconds(age), &SETTINGS.reclaim);
    let say = |alive| if alive { "continua de pé" } else { "é encerrado" };
    expect_same!(
        found,
        expected,
        "o limite é de 10 min parado e de 4 h de vida; parado há {} e criado há {}, o ambiente {}; para a sua função ele {}",
        duration(seconds(idle)),
        duration(seconds(age)),
        say(expected),
        say(found)
    );
}

/// O primeiro evento cria um ambiente; o seguinte, com o ambiente ocioso, o reaproveita.
#[tokio::test(start_paused = true)]
async fn the_second_event_finds_the_environment_warm() {
    let day = Day::play(SETTINGS, ms(400), &[at(0, 100), at(1_000, 100)]).await;
    day.expect_created(1, "o segundo evento chega com o ambiente ocioso");
    let starts = day.starts();
    expect_same!(
        starts,
        [Readiness::New, Readiness::Warm],
        "o primeiro evento parte a frio (New) e o segundo a quente (Warm); na sua frota foram {starts:?}"
    );
    day.expect_ends(&[500, 1_100], "o código estático leva 0,4 s, só na partida a frio, e o handler leva 0,1 s");
}

/// Dois eventos ao mesmo tempo nunca dividem um ambiente.
#[rstest]
#[case::two_together(&[0, 0], 2)]
#[case::five_together(&[0, 0, 0, 0, 0], 5)]
#[case::during_the_handler(&[0, 450], 2)]
#[case::during_the_init(&[0, 200], 2)]
#[case::one_after_the_other(&[0, 600, 1_200, 1_800], 1)]
#[tokio::test(start_paused = true)]
async fn an_environment_handles_one_event_at_a_time(#[case] arrivals: &[u64], #[case] expected: u32) {
    let events: Vec<Arrival> = arrivals.iter().map(|at_ms| at(*at_ms, 100)).collect();
    let day = Day::play(SETTINGS, ms(400), &events).await;
    let rule = format!("eventos aos {arrivals:?} ms, 400 ms de código estático e 100 ms de handler");
    day.expect_created(expected, &rule);
}

/// O exemplo do guia: dez eventos, seis ambientes.
#[tokio::test(start_paused = true)]
async fn ten_events_as_in_the_guide_need_six_environments() {
    // Do 1º ao 5º chegam com todos ocupados; o 6º, o 7º e o 8º pegam um que acabou; o 9º não acha nenhum; o 10º acha.
    let durations = [
        (0, 500),
        (100, 500),
        (200, 550),
        (300, 900),
        (400, 900),
        (550, 900),
        (650, 900),
        (800, 900),
        (900, 900),
        (1_250, 900),
    ];
    let events: Vec<Arrival> = durations.map(|(at_ms, takes)| at(at_ms, takes)).to_vec();
    let day = Day::play(SETTINGS, Duration::ZERO, &events).await;
    let new: Vec<usize> =
        (1..).zip(day.starts()).filter(|(_, start)| *start == Readiness::New).map(|(number, _)| number).collect();
    expect_same!(
        new,
        [1, 2, 3, 4, 5, 9],
        "só quem não acha ambiente ocioso cria um: os eventos 1, 2, 3, 4, 5 e 9; na sua frota criaram {new:?}"
    );
    day.expect_created(6, "dez eventos como os do guia");
}

/// O contador em uma variável global mostra um número por ambiente; só a tabela conta todo mundo.
#[tokio::test(start_paused = true)]
async fn a_counter_in_a_global_shows_three_different_numbers() {
    // Três visitas seguidas; depois duas ao mesmo tempo; depois três ao mesmo tempo.
    let events = [
        at(0, 100),
        at(1_000, 100),
        at(2_000, 100),
        at(3_000, 100),
        at(3_000, 100),
        at(4_000, 100),
        at(4_000, 100),
        at(4_000, 100),
    ];
    let day = Day::play(SETTINGS, Duration::ZERO, &events).await;

    day.expect_created(3, "nunca há mais de três eventos ao mesmo tempo");
    let mut last: Vec<u64> = day.in_memory()[5..].iter().flatten().copied().collect();
    last.sort_unstable();
    expect_same!(
        last,
        [1, 2, 5],
        "cada ambiente tem a sua variável: as três últimas respostas mostram 5, 2 e 1; na sua frota mostraram {last:?}"
    );
    let table = day.in_table().into_iter().flatten().max();
    expect_same!(
        table,
        Some(8),
        "foram oito visitas, e a tabela fora do Lambda sabe; ela mostrou {}",
        table.map_or("falhas".to_owned(), |visits| visits.to_string())
    );
}

/// Um ambiente ocioso guarda a memória e o /tmp enquanto está congelado.
#[tokio::test(start_paused = true)]
async fn a_frozen_environment_keeps_memory_and_tmp() {
    let day = Day::play(SETTINGS, ms(400), &[at(0, 100), at(300_000, 100), at(600_000, 100)]).await;
    let (memory, tmp) = (day.in_memory(), day.in_tmp());
    let expected = [Some(1), Some(2), Some(3)];
    expect_same!(
        memory,
        expected,
        "três visitas ao mesmo ambiente, de 5 em 5 min: a memória conta 1, 2 e 3; a sua contou {}",
        shown(&memory)
    );
    expect_same!(tmp, expected, "o arquivo em /tmp também conta 1, 2 e 3; o seu contou {}", shown(&tmp));
}

/// Um ambiente parado demais é encerrado, e o próximo evento parte a frio, sem memória nem /tmp.
#[tokio::test(start_paused = true)]
async fn an_idle_environment_is_reclaimed() {
    let day = Day::play(SETTINGS, ms(400), &[at(0, 100), at(700_000, 100)]).await;
    day.expect_created(2, "o ambiente 1 ficou parado mais de 10 min e foi encerrado");
    let retired = day.fleet.retired();
    expect_same!(
        retired,
        [1],
        "quem passa do limite é encerrado com `retire`; na sua frota foram encerrados {retired:?}"
    );
    let counters = (day.in_memory()[1], day.in_tmp()[1]);
    expect_same!(
        counters,
        (Some(1), Some(1)),
        "o ambiente novo começa sem memória e sem /tmp; os contadores mostraram {}",
        shown(&[counters.0, counters.1])
    );
}

/// Mesmo sem parar de receber eventos, um ambiente não vive para sempre.
#[tokio::test(start_paused = true)]
async fn a_busy_environment_is_reclaimed_by_age() {
    let settings = Settings { reclaim: Reclaim { idle: seconds(600), age: seconds(3_600) }, ..SETTINGS };
    // Um evento por minuto, durante 61 minutos: o último chega com o ambiente além de 1 h de vida.
    let events: Vec<Arrival> = (0..=61).map(|minute| at(minute * 60_000 + 500, 100)).collect();
    let day = Day::play(settings, ms(400), &events).await;
    day.expect_created(2, "um evento por minuto, por pouco mais de uma hora, com limite de 1 h de vida");
}

/// Só o vencido é encerrado: os outros ociosos ficam.
#[tokio::test(start_paused = true)]
async fn only_the_expired_are_reclaimed() {
    // Três ambientes; um deles trabalha até os 9 min, e os outros dois vencem antes dos 11.
    let settings = Settings { timeout: seconds(900), ..SETTINGS };
    let events = [at(0, 100), at(0, 100), at(0, 540_000), at(660_000, 100)];
    let day = Day::play(settings, Duration::ZERO, &events).await;
    let retired = day.fleet.retired().len();
    expect_same!(
        retired,
        2,
        "aos 11 min, dois ambientes estão parados há mais de 10 min e um há 2 min: dois são encerrados; na sua frota foram {retired}"
    );
    day.expect_created(3, "o quarto evento usa o ambiente que sobrou");
}

/// O timeout corta a invocação, e a inicialização de antes dela não gasta esse tempo.
#[rstest]
#[case::cold_init_is_free(2_500, 2_900, true, 5_400)]
#[case::handler_too_slow(400, 3_100, false, 3_400)]
#[case::slow_init_redone_inside(12_000, 100, false, 13_000)]
#[tokio::test(start_paused = true)]
async fn the_timeout_covers_the_invocation_only(
    #[case] init: u64,
    #[case] takes: u64,
    #[case] succeeds: bool,
    #[case] end: u64,
) {
    let day = Day::play(SETTINGS, ms(init), &[at(0, takes)]).await;
    let rule =
        format!("timeout de 3 s, código estático de {} e handler de {}", duration(ms(init)), duration(ms(takes)));
    let result = &day.seen[0].invocation.result;
    let say = |good| if good { "dá certo" } else { "estoura o tempo" };
    expect_same!(
        (result.is_ok(), matches!(result, Err(Failure::TimedOut))),
        (succeeds, !succeeds),
        "{rule}: a invocação {}; a sua {}",
        say(succeeds),
        ended(result)
    );
    day.expect_ends(&[end], &rule);
}

/// Uma inicialização de mais de 10 s é refeita dentro da primeira invocação, se o timeout deixar.
#[tokio::test(start_paused = true)]
async fn an_init_of_twelve_seconds_is_paid_almost_twice() {
    let settings = Settings { timeout: seconds(30), ..SETTINGS };
    let day = Day::play(settings, seconds(12), &[at(0, 500), at(60_000, 500)]).await;
    day.expect_ends(
        &[22_500, 60_500],
        "10 s até o corte, mais 12 s de novo dentro da invocação, mais 0,5 s do handler; depois, só o handler",
    );
    let durations: Vec<Duration> = day.seen.iter().map(|each| each.invocation.duration).collect();
    expect_same!(
        durations,
        [ms(12_500), ms(500)],
        "a duração é a da fase de invocação, com a inicialização que rodou dentro dela: 12,5 s e 0,5 s; as suas foram {} e {}",
        duration(durations[0]),
        duration(durations[1])
    );
}

/// Um dia de tempestade sorteado: nunca dois eventos no mesmo ambiente ao mesmo tempo, e a soma dos contadores fecha.
#[rstest]
#[case::seed_3(3)]
#[case::seed_58(58)]
#[case::seed_1121(1_121)]
#[tokio::test(start_paused = true)]
async fn a_stormy_day_never_shares_an_environment(#[case] seed: u64) {
    let mut random = Random::new(seed);
    let events: Vec<Arrival> = (0..60).map(|_| at(random.between(0..=20_000), random.between(50..=2_500))).collect();
    let day = Day::play(SETTINGS, ms(300), &events).await;

    let mut spans: Vec<(u32, Duration, Duration)> = day
        .seen
        .iter()
        .zip(&events)
        .map(|(seen, event)| (seen.invocation.environment, event.at, seen.ended_at))
        .collect();
    spans.sort();
    for pair in spans.windows(2) {
        let [(first, _, end), (second, start, _)] = pair else { continue };
        assert!(
            first != second || end <= start,
            "semente {seed}: o ambiente {first} atendia um evento até {} e recebeu outro aos {}",
            duration(*end),
            duration(*start)
        );
    }
    let total: u64 = day.fleet.idle().iter().filter_map(|each| each.memory.get(VISITS)).sum();
    expect_same!(
        total,
        60,
        "semente {seed}: foram 60 visitas, somadas as memórias de {}; na sua frota a soma é {total}",
        environments(day.fleet.created())
    );
}

/// Um código estático de 12 s não cabe no timeout padrão, e isso não passa sozinho: todos os eventos falham.
#[tokio::test(start_paused = true)]
async fn a_slow_init_with_the_default_timeout_never_gets_better() {
    let day = Day::play(SETTINGS, seconds(12), &[at(0, 100), at(60_000, 100), at(120_000, 100)]).await;
    day.expect_ends(
        &[13_000, 63_000, 123_000],
        "12 s de código estático e timeout de 3 s: 10 s + 3 s no primeiro, 3 s nos outros",
    );
    let failed = day.seen.iter().filter(|each| each.invocation.result == Err(Failure::TimedOut)).count();
    expect_same!(
        failed,
        3,
        "a inicialização refeita nunca cabe no timeout: os 3 eventos o estouram; na sua frota foram {failed}"
    );
}

/// O mesmo que a frota fez está na linha do tempo: uma inicialização por partida a frio, uma barra por evento.
#[tokio::test(start_paused = true)]
async fn the_timeline_draws_each_environment() {
    let events = [at(0, 600), at(200, 600), at(2_000, 100).crashes(), at(3_000, 100)];
    let day = Day::play(SETTINGS, ms(400), &events).await;
    let entries = day.timeline.entries();
    let inits = entries.iter().filter(|each| each.kind == Kind::Started).count();
    expect_same!(
        inits,
        2,
        "dois eventos partiram a frio, então há 2 inicializações desenhadas; na sua linha há {inits}:\n{}",
        day.timeline
    );
    let bars = entries.iter().filter(|each| matches!(each.kind, Kind::Success | Kind::Error)).count();
    expect_same!(bars, 4, "são 4 eventos, cada um com a sua barra; na sua linha há {bars}:\n{}", day.timeline);
}
