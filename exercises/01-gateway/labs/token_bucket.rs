//! O laboratório do balde de fichas: uma carga chega a um balde só, o do código do leitor.

use gateway::limits::Throttle;
use gateway::throttling::TokenBucket;
use kit::Kind;
use kit::lab::{Block, Output};
use kit::text::{count, thousands};
use serde::Deserialize;
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

/// O começo da história: um pouco antes do alerta de granizo das 14h02.
const START: UtcDateTime = utc_datetime!(2026-11-22 17:01:50);

/// Quantas vezes o nível do balde é medido para a curva.
const SAMPLES: u64 = 200;

/// Como as requisições se espalham no tempo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pattern {
    /// Uma a uma, com o mesmo intervalo.
    Steady,
    /// As de cada segundo chegam todas no começo dele.
    Bursts,
    /// O quíntuplo durante um quinto do tempo, quando sai o alerta.
    HailAlert,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    rate: u32,
    burst: u32,
    load: u32,
    pattern: Pattern,
    seconds: u64,
}

/// Um trecho da história: `[start, end)`, em milissegundos, e quantas requisições por segundo chegam nele.
struct Phase {
    name: &'static str,
    start: u64,
    end: u64,
    load: u32,
}

impl Scenario {
    /// Os trechos que a tabela separa.
    fn phases(&self) -> Vec<Phase> {
        let end = self.seconds * 1_000;
        let phase = |name, start, end, load| Phase { name, start, end, load };
        match self.pattern {
            Pattern::Steady | Pattern::Bursts => {
                vec![phase("1º segundo", 0, 1_000, self.load), phase("depois", 1_000, end, self.load)]
            }
            Pattern::HailAlert => {
                let (alert, calm) = (end * 2 / 5, end * 3 / 5);
                vec![
                    phase("antes do alerta", 0, alert, self.load),
                    phase("no pico", alert, calm, self.load * 5),
                    phase("depois do pico", calm, end, self.load),
                ]
            }
        }
    }

    /// Os instantes em que as requisições de um trecho chegam, em microssegundos.
    fn arrivals(&self, phase: &Phase) -> Vec<u64> {
        let (start, end, load) = (phase.start * 1_000, phase.end * 1_000, u64::from(phase.load));
        let total = (end - start) * load / 1_000_000;
        let at = |turn: u64| match self.pattern {
            Pattern::Bursts => start + turn / load * 1_000_000,
            Pattern::Steady | Pattern::HailAlert => start + turn * 1_000_000 / load,
        };
        (0..total).map(at).collect()
    }
}

/// Como um trecho terminou.
struct Tally {
    name: &'static str,
    accepted: usize,
    refused: usize,
}

/// Faz a carga passar pelo balde.
pub async fn play(scenario: Scenario) -> Output {
    let now = |microseconds: u64| START + Duration::microseconds(i64::try_from(microseconds).unwrap_or(i64::MAX));
    let mut bucket = TokenBucket::new(Throttle::new(f64::from(scenario.rate), scenario.burst), now(0));

    let sample_every = scenario.seconds * 1_000_000 / SAMPLES;
    let (mut points, mut marks, mut tallies) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_refusal = None;
    for phase in scenario.phases() {
        let mut tally = Tally { name: phase.name, accepted: 0, refused: 0 };
        let mut arrivals = scenario.arrivals(&phase).into_iter().peekable();
        let samples = (phase.start * 1_000).div_ceil(sample_every)..(phase.end * 1_000).div_ceil(sample_every);
        for instant in samples.map(|sample| sample * sample_every).chain([phase.end * 1_000]) {
            // A medida de um instante já conta as requisições dele, menos na virada de trecho, que é do seguinte.
            while let Some(at) = arrivals.next_if(|at| *at <= instant) {
                let kind = if bucket.try_take(now(at)) {
                    tally.accepted += 1;
                    Kind::Accepted
                } else {
                    tally.refused += 1;
                    first_refusal.get_or_insert(at);
                    Kind::Throttled
                };
                marks.push((at / 1_000, kind));
            }
            if instant < phase.end * 1_000 || phase.end == scenario.seconds * 1_000 {
                points.push((instant / 1_000, bucket.level(now(instant)).as_f64()));
            }
        }
        tallies.push(tally);
    }

    let summary = summarize(&tallies, first_refusal);
    let curve = Block::Series {
        label: "Fichas no balde".to_owned(),
        unit: "fichas".to_owned(),
        max: f64::from(scenario.burst),
        points,
        marks,
    };
    Output { summary, blocks: vec![curve, table(&tallies)] }
}

fn table(tallies: &[Tally]) -> Block {
    let row = |name: &str, accepted: usize, refused: usize| {
        vec![name.to_owned(), thousands(accepted + refused), thousands(accepted), thousands(refused)]
    };
    let mut rows: Vec<_> = tallies.iter().map(|each| row(each.name, each.accepted, each.refused)).collect();
    let (accepted, refused) = totals(tallies);
    rows.push(row("total", accepted, refused));
    Block::Table {
        label: "Requisições em cada trecho".to_owned(),
        header: ["trecho", "chegaram", "aceitas", "recusadas (429)"].map(str::to_owned).to_vec(),
        rows,
    }
}

fn totals(tallies: &[Tally]) -> (usize, usize) {
    tallies.iter().fold((0, 0), |(accepted, refused), each| (accepted + each.accepted, refused + each.refused))
}

fn summarize(tallies: &[Tally], first_refusal: Option<u64>) -> String {
    let (accepted, refused) = totals(tallies);
    let arrived = count(accepted + refused, "requisição chegou", "requisições chegaram");
    let Some(at) = first_refusal else {
        return format!("{arrived} e todas foram aceitas: nunca faltou ficha.");
    };
    let accepted = count(accepted, "foi aceita", "foram aceitas");
    let refused = count(refused, "recebeu 429", "receberam 429");
    let after = match at {
        0 => "logo na primeira rajada".to_owned(),
        _ => format!("em {}", kit::text::duration(std::time::Duration::from_millis(at / 1_000))),
    };
    format!("{arrived}: {accepted} e {refused}. A primeira recusa veio {after}.")
}
