//! O laboratório da frota: uma série de eventos, os ambientes que a atenderam e o que cada um contou, pelo código do leitor.

use std::sync::Arc;
use std::time::Duration;

use kit::lab::{Block, Output};
use kit::text::count;
use kit::{Kind, Random, Timeline};
use lambda::environment::{
    CALLER, ENVIRONMENTS, Environment, Extensions, Fleet, Invocation, Readiness, Reclaim, Settings,
};
use lambda::program::{Behavior, Event, Program, VISITS};
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// O `Timeout` da função, o padrão do Lambda.
const TIMEOUT: Duration = Duration::from_secs(3);

/// O evento que dá errado, quando um dá: cedo o bastante para que se veja o que vem depois.
const TROUBLED: u32 = 3;

/// O que acontece com o terceiro evento.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Trouble {
    None,
    Error,
    Crash,
    Timeout,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    events: u32,
    interval_ms: u64,
    duration_ms: u64,
    init_ms: u64,
    pause_seconds: u64,
    idle_seconds: u64,
    trouble: Trouble,
    jitter: bool,
    seed: u64,
}

/// Um dia da frota.
struct Day {
    fleet: Arc<Fleet>,
    timeline: Timeline,
    invocations: Vec<Invocation>,
}

/// Roda os eventos do cenário e conta o que a frota fez com eles.
pub async fn play(scenario: Scenario) -> Output {
    // A primeira vez só conta os ambientes, para que o desenho tenha as raias certas e em ordem.
    let created = run(&scenario, 0).await.fleet.created();
    let day = run(&scenario, created).await;
    let summary = summarize(&day);
    let table = table(&day);
    Output { summary, blocks: vec![Block::Timeline(day.timeline), table] }
}

/// Manda cada evento no seu instante, sem que um espere pelo outro.
async fn run(scenario: &Scenario, lanes: u32) -> Day {
    let lanes = usize::try_from(lanes).unwrap_or(usize::MAX).min(ENVIRONMENTS.len());
    let timeline = Timeline::new(&[&[CALLER][..], &ENVIRONMENTS[..lanes]].concat());
    let settings = Settings {
        timeout: TIMEOUT,
        extensions: Extensions::None,
        reclaim: Reclaim {
            idle: Duration::from_secs(scenario.idle_seconds.max(1)),
            age: Duration::from_secs(4 * 3_600),
        },
    };
    let program = Program::new(Duration::from_millis(scenario.init_ms));
    let fleet = Arc::new(Fleet::new(settings, program, &timeline));

    let mut running = JoinSet::new();
    for (number, at) in (1..).zip(arrivals(scenario)) {
        let event = event(scenario, number);
        let (fleet, timeline) = (Arc::clone(&fleet), timeline.clone());
        running.spawn(async move {
            sleep(at).await;
            timeline.record(CALLER, Kind::Accepted, format!("evento {number}"));
            (number, fleet.invoke(&event).await)
        });
    }
    let mut invocations = running.join_all().await;
    invocations.sort_by_key(|(number, _)| *number);
    let invocations = invocations.into_iter().map(|(_, invocation)| invocation).collect();
    Day { fleet, timeline, invocations }
}

/// O instante de cada evento: em intervalos iguais ou sorteados, com a pausa no meio.
fn arrivals(scenario: &Scenario) -> Vec<Duration> {
    let mut random = Random::new(scenario.seed);
    let mut at = Duration::ZERO;
    (0..scenario.events.max(1))
        .map(|index| {
            if index > 0 {
                let percent = if scenario.jitter { random.between(0..=200) } else { 100 };
                at += Duration::from_millis(scenario.interval_ms * percent / 100);
            }
            if index > 0 && index == scenario.events / 2 {
                at += Duration::from_secs(scenario.pause_seconds);
            }
            at
        })
        .collect()
}

fn event(scenario: &Scenario, number: u32) -> Event {
    let trouble = if number == TROUBLED { scenario.trouble } else { Trouble::None };
    let (takes, behavior) = match trouble {
        Trouble::None => (scenario.duration_ms, Behavior::Succeed),
        Trouble::Error => (scenario.duration_ms, Behavior::Fail),
        Trouble::Crash => (scenario.duration_ms, Behavior::Crash),
        Trouble::Timeout => (60_000, Behavior::Succeed),
    };
    Event { number, takes: Duration::from_millis(takes), behavior }
}

fn visits(environment: &Environment) -> u64 {
    environment.memory.get(VISITS).copied().unwrap_or(0)
}

/// Os ambientes de pé no fim, em ordem.
fn standing(day: &Day) -> Vec<Environment> {
    let mut standing = day.fleet.idle();
    standing.sort_by_key(|each| each.number);
    standing
}

fn table(day: &Day) -> Block {
    let standing = standing(day);
    let rows = (1..=day.fleet.created())
        .map(|number| {
            let attended = day.invocations.iter().filter(|each| each.environment == number).count();
            let (memory, tmp) = match standing.iter().find(|each| each.number == number) {
                None => ("encerrado".to_owned(), "encerrado".to_owned()),
                Some(environment) => (
                    if environment.memory.is_empty() { "vazia".to_owned() } else { visits(environment).to_string() },
                    environment.tmp.get(VISITS).copied().unwrap_or(0).to_string(),
                ),
            };
            vec![number.to_string(), attended.to_string(), memory, tmp]
        })
        .collect();
    let header = ["ambiente", "eventos que atendeu", "contador na memória", "contador em /tmp"];
    Block::Table {
        label: "No fim, o que cada ambiente guarda".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

/// O dia em duas frases.
fn summarize(day: &Day) -> String {
    let started = |readiness| day.invocations.iter().filter(|each| each.start == readiness).count();
    let suppressed = match started(Readiness::Reset) {
        0 => String::new(),
        number => format!(", {} com inicialização suprimida", count(number, "reinício", "reinícios")),
    };
    let failed = match day.invocations.iter().filter(|each| each.result.is_err()).count() {
        0 => String::new(),
        number => format!(" {}.", count(number, "evento falhou", "eventos falharam")),
    };
    let total = day.invocations.len();
    let mut shown: Vec<u64> = standing(day).iter().map(visits).collect();
    shown.sort_unstable();
    let shown = match shown.as_slice() {
        [] => "não está em ambiente nenhum".to_owned(),
        [one] => format!("vale {one}"),
        [first, .., last] if first == last => format!("vale {first} em cada ambiente"),
        [first, last] => format!("vale {first} ou {last}, conforme o ambiente"),
        [first, .., last] => format!("vale de {first} a {last}, conforme o ambiente"),
    };
    let created = usize::try_from(day.fleet.created()).unwrap_or(usize::MAX);
    format!(
        "{}: {}{suppressed} e {} a quente, em {}.{failed} No fim, a variável global {shown}; a tabela, fora do Lambda, conta \
         {total}.",
        count(total, "evento", "eventos"),
        count(started(Readiness::New), "partida a frio", "partidas a frio"),
        started(Readiness::Warm),
        count(created, "ambiente", "ambientes"),
    )
}
