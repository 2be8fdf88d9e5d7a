//! O laboratório do canary: muitas aberturas de uma tela que faz várias chamadas, cada uma sorteada pelo código do leitor.

use gateway::stages::{Api, DeploymentCanarySettings, PercentTraffic, StageError, StageVariables};
use kit::Random;
use kit::lab::{Block, Output, Tone};
use kit::text::{count, thousands};
use serde::Deserialize;

/// Quantas vezes a tela é aberta.
const SCREENS: usize = 1_000;

/// Quantas aberturas aparecem desenhadas, chamada por chamada.
const DRAWN: usize = 12;

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    percent_traffic: u32,
    calls: usize,
    seed: u64,
    promoted: bool,
}

/// O que uma abertura da tela recebeu: uma versão por chamada; verdadeiro é a nova.
type Screen = Vec<bool>;

/// Quantas aberturas vieram só da versão antiga, só da nova, e misturadas.
#[derive(Debug, Default)]
struct Tally {
    old: usize,
    new: usize,
    mixed: usize,
}

/// Abre a tela muitas vezes e conta o que cada abertura recebeu.
pub async fn play(scenario: Scenario) -> Output {
    let screens = match open_screens(&scenario) {
        Ok(screens) => screens,
        Err(error) => {
            let text = error.to_string();
            let block = Block::Text { label: "A sua API recusou".to_owned(), text, tone: Tone::Bad };
            return Output { summary: format!("A história não foi até o fim: {error}."), blocks: vec![block] };
        }
    };
    let mut tally = Tally::default();
    for screen in &screens {
        match (screen.contains(&false), screen.contains(&true)) {
            (true, true) => tally.mixed += 1,
            (false, true) => tally.new += 1,
            _ => tally.old += 1,
        }
    }
    let blocks = vec![table(&scenario, &tally), drawing(&screens)];
    Output { summary: summarize(&scenario, &tally), blocks }
}

/// Publica a versão antiga em `prod` e a nova no canary, e faz as chamadas.
fn open_screens(scenario: &Scenario) -> Result<Vec<Screen>, StageError> {
    let mut api = Api::new("antiga");
    let deployment = api.snapshot();
    api.create_stage("prod", deployment, StageVariables::new())?;
    api.configuration = "nova";
    let percent = f64::from(scenario.percent_traffic.min(100));
    // De 0 a 100 a porcentagem sempre existe.
    if let Some(percent_traffic) = PercentTraffic::new(percent) {
        let stage_variable_overrides = StageVariables::new();
        api.create_canary_deployment("prod", DeploymentCanarySettings { percent_traffic, stage_variable_overrides })?;
    }
    if scenario.promoted {
        api.promote_canary("prod")?;
    }
    let mut random = Random::new(scenario.seed);
    let mut call = || api.select("prod", &mut random).is_some_and(|selected| *selected.configuration == "nova");
    Ok((0..SCREENS).map(|_| (0..scenario.calls.max(1)).map(|_| call()).collect()).collect())
}

/// A fração esperada de aberturas só da versão antiga e só da nova.
fn expected(scenario: &Scenario) -> (f64, f64) {
    if scenario.promoted {
        return (0.0, 1.0);
    }
    let canary = f64::from(scenario.percent_traffic.min(100)) / 100.0;
    let calls = i32::try_from(scenario.calls.max(1)).unwrap_or(i32::MAX);
    ((1.0 - canary).powi(calls), canary.powi(calls))
}

/// `0.469` vira `46,9%`.
fn percentage(fraction: f64) -> String {
    format!("{:.1}%", fraction * 100.0).replace('.', ",")
}

fn table(scenario: &Scenario, tally: &Tally) -> Block {
    let (old, new) = expected(scenario);
    let row = |name: &str, counted: usize, expected: f64| {
        vec![
            name.to_owned(),
            thousands(counted),
            percentage(counted as f64 / SCREENS as f64),
            percentage(expected.max(0.0)),
        ]
    };
    Block::Table {
        label: format!("{} aberturas da tela", thousands(SCREENS)),
        header: ["as respostas vieram", "aberturas", "contado", "pela conta"].map(str::to_owned).to_vec(),
        rows: vec![
            row("todas da versão antiga", tally.old, old),
            row("todas da nova", tally.new, new),
            row("misturadas", tally.mixed, 1.0 - old - new),
        ],
    }
}

fn drawing(screens: &[Screen]) -> Block {
    let line = |(number, screen): (usize, &Screen)| {
        let calls: Vec<&str> = screen.iter().map(|new| if *new { "●" } else { "○" }).collect();
        format!("{:>2}ª  {}", number + 1, calls.join(" "))
    };
    let text = screens.iter().take(DRAWN).enumerate().map(line).collect::<Vec<_>>().join("\n");
    let label = format!("As primeiras {DRAWN} aberturas: ○ versão antiga, ● nova");
    Block::Text { label, text, tone: Tone::Plain }
}

fn summarize(scenario: &Scenario, tally: &Tally) -> String {
    let canary = match scenario.promoted {
        true => "o canary promovido".to_owned(),
        false => format!("{}% no canary", scenario.percent_traffic),
    };
    let calls = count(scenario.calls.max(1), "chamada", "chamadas");
    let mixed = match tally.mixed {
        0 => "nenhuma misturou as duas versões".to_owned(),
        mixed => format!("{} as duas versões", count(mixed, "misturou", "misturaram")),
    };
    let new = match tally.new {
        0 => "nenhuma veio".to_owned(),
        new => count(new, "veio", "vieram"),
    };
    format!("Com {canary} e {calls} por tela, de {} aberturas {mixed}, e {new} só da nova.", thousands(SCREENS))
}
