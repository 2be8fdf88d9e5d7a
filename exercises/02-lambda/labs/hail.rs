//! O laboratório das vagas: fotos e alertas disputam a concorrência de uma conta, a do código do leitor.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use kit::Kind;
use kit::lab::{Block, Output, Tone};
use kit::text::{count, duration, thousands};
use lambda::concurrency::{Account, Limit, Placement, Running};
use serde::Deserialize;

/// Quando chega a primeira foto, em milissegundos.
const PHOTOS_START: u64 = 5_000;
/// Quando a última foto para de chegar.
const PHOTOS_END: u64 = 29_000;
/// Quando sai o alerta.
const ALERTS_START: u64 = 15_000;
/// O fim da história.
const END: u64 = 45_000;
/// De quanto em quanto tempo quem foi recusado tenta de novo.
const RETRY: u64 = 1_000;
/// Quanto dura a função dos SMS.
const ALERT_TIME: u64 = 500;
/// De quanto em quanto tempo as curvas são medidas.
const SAMPLE: u64 = 250;

const NAMES: [&str; 2] = ["make-thumbnail", "send-sms"];
const PHOTO: usize = 0;
const ALERT: usize = 1;

/// Uma reserva, ou nenhuma.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Reserve {
    /// A função usa o poço.
    #[serde(rename = "none")]
    None,
    #[serde(rename = "0")]
    Zero,
    #[serde(rename = "10")]
    Ten,
    #[serde(rename = "100")]
    Hundred,
    #[serde(rename = "300")]
    ThreeHundred,
    #[serde(rename = "900")]
    NineHundred,
}

impl Reserve {
    fn executions(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Zero => Some(0),
            Self::Ten => Some(10),
            Self::Hundred => Some(100),
            Self::ThreeHundred => Some(300),
            Self::NineHundred => Some(900),
        }
    }
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    photos_per_second: u64,
    photos_at_once: bool,
    photo_seconds: u64,
    alerts_per_second: u64,
    limit: u64,
    photo_reserve: Reserve,
    alert_reserve: Reserve,
    retry: bool,
}

/// O que acontece em um instante. No mesmo instante, quem termina vem antes de quem chega, e a medida vem no fim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Finish { function: usize, index: usize },
    Arrive { function: usize, since: u64 },
    Sample,
}

/// Como foi a história de uma função.
#[derive(Debug, Default)]
struct Tally {
    arrived: usize,
    ran: usize,
    cold: usize,
    running: usize,
    longest_wait: u64,
    refusals: Vec<(Limit, usize)>,
    points: Vec<(u64, f64)>,
    marks: Vec<(u64, Kind)>,
}

impl Tally {
    fn refuse(&mut self, limit: Limit) {
        match self.refusals.iter_mut().find(|(each, _)| *each == limit) {
            Some((_, number)) => *number += 1,
            None => self.refusals.push((limit, 1)),
        }
    }
}

/// Faz as fotos e os alertas disputarem as vagas.
pub async fn play(scenario: Scenario) -> Output {
    let mut account = Account::new(scenario.limit);
    for (function, reserve) in [(PHOTO, scenario.photo_reserve), (ALERT, scenario.alert_reserve)] {
        let Some(reserved) = reserve.executions() else { continue };
        if let Err(error) = account.put_function_concurrency(NAMES[function], reserved) {
            return refused_reserve(NAMES[function], reserved, &error.to_string());
        }
    }

    let mut events: BinaryHeap<Reverse<(u64, Event)>> = scenario.arrivals().map(Reverse).collect();
    let times = [scenario.photo_seconds * 1_000, ALERT_TIME];
    let mut tallies = [Tally::default(), Tally::default()];
    let mut running: Vec<Option<Running>> = Vec::new();
    while let Some(Reverse((now, event))) = events.pop() {
        if now > END {
            break;
        }
        match event {
            Event::Finish { function, index } => {
                if let Some(finished) = running[index].take() {
                    account.finish(finished);
                    tallies[function].running -= 1;
                }
            }
            Event::Sample => {
                for tally in &mut tallies {
                    tally.points.push((now, tally.running as f64));
                }
            }
            Event::Arrive { function, since } => {
                let tally = &mut tallies[function];
                tally.arrived += usize::from(since == now);
                match account.invoke(NAMES[function], "1", Duration::from_millis(now)) {
                    Ok(started) => {
                        tally.ran += 1;
                        tally.running += 1;
                        tally.cold += usize::from(started.placement == Placement::Cold);
                        tally.longest_wait = tally.longest_wait.max(now - since);
                        tally.marks.push((now, Kind::Accepted));
                        events.push(Reverse((now + times[function], Event::Finish { function, index: running.len() })));
                        running.push(Some(started));
                    }
                    Err(limit) => {
                        tally.refuse(limit);
                        tally.marks.push((now, Kind::Throttled));
                        if scenario.retry {
                            events.push(Reverse((now + RETRY, Event::Arrive { function, since })));
                        }
                    }
                }
            }
        }
    }
    let summary = summarize(&tallies);
    let table = table(&tallies);
    let mut blocks: Vec<Block> = NAMES.iter().zip(tallies).map(|(name, tally)| curve(name, tally)).collect();
    blocks.push(table);
    Output { summary, blocks }
}

impl Scenario {
    /// Tudo o que já se sabe que vai acontecer: as medidas e as primeiras chegadas.
    fn arrivals(&self) -> impl Iterator<Item = (u64, Event)> {
        let samples = (0..=END / SAMPLE).map(|number| (number * SAMPLE, Event::Sample));
        let (at_once, photos, alerts) = (self.photos_at_once, self.photos_per_second, self.alerts_per_second);
        let arrive = |function, at| (at, Event::Arrive { function, since: at });
        let photo_at = move |number| if at_once { 0 } else { number * 1_000 / photos.max(1) };
        let photos = (0..photos * (PHOTOS_END - PHOTOS_START) / 1_000)
            .map(move |number| arrive(PHOTO, PHOTOS_START + photo_at(number)));
        let alerts = (0..alerts * (END - ALERTS_START) / 1_000)
            .map(move |number| arrive(ALERT, ALERTS_START + number * 1_000 / alerts.max(1)));
        samples.chain(photos).chain(alerts)
    }
}

fn refused_reserve(function: &str, reserved: u64, message: &str) -> Output {
    Output {
        summary: format!("A AWS não aceita reservar {} para {function}.", thousands(reserved as usize)),
        blocks: vec![Block::Text {
            label: "InvalidParameterValueException".to_owned(),
            text: message.to_owned(),
            tone: Tone::Bad,
        }],
    }
}

fn curve(name: &str, tally: Tally) -> Block {
    let max = tally.points.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    Block::Series {
        label: format!("Execuções de {name} ao mesmo tempo"),
        unit: String::new(),
        max,
        points: tally.points,
        marks: tally.marks,
    }
}

fn table(tallies: &[Tally; 2]) -> Block {
    let row = |(name, tally): (&&str, &Tally)| {
        let reasons =
            tally.refusals.iter().map(|(limit, number)| format!("{}: {}", reason(*limit), thousands(*number)));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let reasons = if reasons.is_empty() { "nenhuma".to_owned() } else { reasons };
        vec![(*name).to_owned(), thousands(tally.arrived), thousands(tally.ran), thousands(tally.cold), reasons]
    };
    Block::Table {
        label: format!("Os {} da história", duration(Duration::from_millis(END))),
        header: ["função", "chegaram", "rodaram", "ambientes criados", "recusas (429)"].map(str::to_owned).to_vec(),
        rows: NAMES.iter().zip(tallies).map(row).collect(),
    }
}

/// O `Reason` do código do leitor; o do ritmo não é publicado, e ganha um nome nosso.
fn reason(limit: Limit) -> String {
    match limit {
        Limit::ScalingRate => "ritmo de criação".to_owned(),
        _ => format!("{:?}", limit.reason()),
    }
}

fn summarize(tallies: &[Tally; 2]) -> String {
    let [photos, alerts] = tallies.each_ref().map(|tally| {
        let refused: usize = tally.refusals.iter().map(|(_, number)| number).sum();
        let ran = count(tally.ran, "rodou", "rodaram");
        let arrived = thousands(tally.arrived);
        let refusals = count(refused, "recusa", "recusas");
        let wait = duration(Duration::from_millis(tally.longest_wait));
        match (refused, tally.longest_wait) {
            (0, _) => format!("das {arrived} chamadas de {{}}, {ran} e nenhuma recebeu 429"),
            (_, 0) => format!("das {arrived} chamadas de {{}}, {ran}, com {refusals}"),
            _ => format!("das {arrived} chamadas de {{}}, {ran}, com {refusals}; a que mais esperou começou {wait} depois de chegar"),
        }
    });
    let sentence = format!("{}; {}.", photos.replace("{}", NAMES[PHOTO]), alerts.replace("{}", NAMES[ALERT]));
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
