//! A prova nativa do último passo: cem tardes de granizo, cada uma com 10.000 relatos e a sua semente.
//!
//! Em cada uma, com todas as falhas ligadas: nenhum relato aceito se perde e nenhum efeito se repete; o que não teve efeito está
//! em uma DLQ. Depois da volta, com as falhas desligadas, as DLQs estão vazias e tudo o que foi aceito teve efeito uma vez.
//!
//! Uma falha diz a semente. Para ver a história do relato que não fechou, e só ela:
//!
//! ```sh
//! CAPSTONE_SEED=17 cargo test -p event-driven-solution --test seeds replay -- --nocapture
//! ```
//!
//! `CAPSTONE_STORY=42` escolhe de qual relato contar a história, e `CAPSTONE_REPORTS=120` faz uma tarde de 120 relatos.

use std::env;

use event_driven::capstone::system;
use event_driven::hailstorm::{Audit, Faults, Plan, World};

const REPORTS: u32 = 10_000;
const PLAN: Plan = Plan::SERRA_CLARA;

fn world(seed: u64, reports: u32) -> World {
    World::new(seed, reports, Faults::HAIL, PLAN, system(&PLAN)).expect("o Lambda cria os mapeamentos")
}

/// Como repetir, para quem lê a falha.
fn replay_hint(seed: u64) -> String {
    format!("Para repetir: CAPSTONE_SEED={seed} cargo test -p event-driven-solution --test seeds replay -- --nocapture")
}

fn check(world: &World, moment: &str) -> Audit {
    if let Some(complaint) = world.complaint() {
        panic!("{moment}, {complaint}{}", replay_hint(world.seed()));
    }
    world.audit()
}

/// Uma tarde inteira; devolve a conferência da tarde e a do fim.
fn play(seed: u64, reports: u32) -> (World, Audit, Audit) {
    let mut world = world(seed, reports);
    world.run();
    let storm = check(&world, "no fim da tarde");
    world.redrive();
    let end = check(&world, "depois da volta");
    let hint = replay_hint(seed);
    assert_eq!(
        end.dead, [0; 3],
        "semente {seed}: as falhas acabaram e a volta rodou, mas as DLQs não estão vazias. {hint}"
    );
    assert_eq!(end.waiting, 0, "semente {seed}: as falhas acabaram, mas nem todo relato aceito teve efeito. {hint}");
    (world, storm, end)
}

fn play_all(seeds: std::ops::RangeInclusive<u64>) {
    let (mut accepted, mut dead, mut steps) = (0, 0, 0);
    for seed in seeds {
        let (world, storm, end) = play(seed, REPORTS);
        assert!(
            storm.dead.iter().all(|dead| *dead > 0),
            "semente {seed}: nada foi para uma das DLQs; a tarde foi calma"
        );
        accepted += end.accepted;
        dead += storm.dead.iter().sum::<usize>();
        steps += world.trace().len();
    }
    println!("{accepted} relatos aceitos, {dead} eventos passaram por uma DLQ, {steps} passos");
}

#[test]
fn every_accepted_report_takes_effect_once_seeds_1_to_50() {
    play_all(1..=50);
}

#[test]
fn every_accepted_report_takes_effect_once_seeds_51_to_100() {
    play_all(51..=100);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let (first, ..) = play(7, REPORTS);
    let (second, ..) = play(7, REPORTS);
    assert!(first.trace() == second.trace(), "a semente 7 deu duas histórias diferentes");
    let (other, ..) = play(8, REPORTS);
    assert!(first.trace() != other.trace(), "as sementes 7 e 8 deram a mesma história");
}

/// Repete uma semente e conta a história de um relato: o que não fechou, ou o de `CAPSTONE_STORY`.
#[test]
fn replay() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(seed) = number("CAPSTONE_SEED") else {
        return;
    };
    let reports = number("CAPSTONE_REPORTS").and_then(|reports| u32::try_from(reports).ok()).unwrap_or(REPORTS);
    let mut world = world(seed, reports);
    world.run();
    if world.complaint().is_none() {
        world.redrive();
    }
    if let Some(report) = number("CAPSTONE_STORY").and_then(|number| u32::try_from(number).ok()) {
        println!("semente {seed}, relato {report}:\n{}", world.story(report));
    }
    let Audit { accepted, applied, dead, waiting, violations } = world.audit();
    println!(
        "semente {seed}: {accepted} aceitos, {applied} efeitos, {dead:?} nas DLQs, {waiting} por fazer, {} não fecham",
        violations.len()
    );
    assert!(world.complaint().is_none(), "{}", world.complaint().unwrap_or_default());
}

/// O exemplo da página: um relato de uma tarde pequena, do primeiro envio ao fim da volta.
#[test]
fn the_story_on_the_page() {
    let (world, ..) = play(34, 120);
    insta::assert_snapshot!(world.story(101), @"
    00:03:46.547  o barramento aceita o evento
    00:03:46.547  o telefone manda (envio 1) e não recebe resposta
    00:03:47.089  seguro: o barramento entrega
    00:03:47.599  aviso: o barramento entrega
    00:03:47.599  aviso: recebe, pela vez nº 1
    00:03:47.599  aviso: EFEITO
    00:03:48.285  mapa: vai para a DLQ
    00:03:48.815  o barramento aceita o evento
    00:03:48.815  o telefone manda (envio 2) e vê 202
    00:03:49.206  aviso: o barramento entrega
    00:03:49.206  aviso: recebe, pela vez nº 1
    00:03:49.206  aviso: a função para no meio
    00:03:49.363  seguro: o barramento entrega
    00:03:49.423  mapa: vai para a DLQ
    00:03:52.089  seguro: recebe, pela vez nº 1
    00:03:52.089  seguro: recebe, pela vez nº 1
    00:03:52.089  seguro: EFEITO
    00:03:52.089  seguro: já havia registro, nada gravado
    00:03:52.089  seguro: apagada da fila
    00:03:52.089  seguro: apagada da fila
    00:04:49.206  aviso: recebe, pela vez nº 2
    00:04:49.206  aviso: já havia registro, nada gravado
    5d 01:09:27.820  mapa: a volta devolve o evento
    5d 01:09:27.820  mapa: a volta apaga da DLQ
    5d 01:09:27.820  mapa: a volta devolve o evento
    5d 01:09:27.820  mapa: a volta apaga da DLQ
    5d 01:09:32.820  mapa: recebe, pela vez nº 1
    5d 01:09:32.820  mapa: recebe, pela vez nº 1
    5d 01:09:32.820  mapa: EFEITO
    5d 01:09:32.820  mapa: já havia registro, nada gravado
    5d 01:09:32.820  mapa: apagada da fila
    5d 01:09:32.820  mapa: apagada da fila
    ");
}
