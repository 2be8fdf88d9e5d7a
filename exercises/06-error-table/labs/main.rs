//! O laboratório do capítulo 06: o quadro de erros, feito na hora com o código dos passos `observe` e `table`.
//!
//! ```text
//!   controles ─▶ Parameters de cada modelo ─▶ bench::run ─▶ observe ─▶ table ─▶ o quadro
//!                                                                      merge ─▶ o Markdown dele
//! ```

use std::process::ExitCode;
use std::time::Duration;

use error_table::bench;
use error_table::model::{Failure, Model, Parameters};
use error_table::observe::observe;
use error_table::table::{Table, merge, table};
use kit::lab::{self, Block, Output, Tone};
use kit::text::count;
use serde::Deserialize;

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
struct Scenario {
    failure: Shown,
    failure_target: bool,
    max_attempts: u32,
    asynchronous_retries: u32,
    visibility_seconds: u64,
    max_receive_count: u32,
    source_retries: Limit,
    maximum_record_age_seconds: Age,
    batch_size: usize,
    bisect: bool,
    parallelization_factor: usize,
}

/// Que falhas o quadro mostra.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shown {
    All,
    FunctionError,
    Timeout,
    Throttle,
    SystemError,
    PoisonRecord,
}

impl Shown {
    fn failures(self) -> Vec<Failure> {
        match self {
            Self::All => Failure::ALL.to_vec(),
            Self::FunctionError => vec![Failure::FunctionError],
            Self::Timeout => vec![Failure::Timeout],
            Self::Throttle => vec![Failure::Throttle],
            Self::SystemError => vec![Failure::SystemError],
            Self::PoisonRecord => vec![Failure::PoisonRecord],
        }
    }
}

/// `MaximumRetryAttempts` dos fluxos e do Kafka.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Limit {
    #[serde(rename = "-1")]
    Unlimited,
    #[serde(rename = "0")]
    None,
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "5")]
    Five,
}

/// `MaximumRecordAgeInSeconds`.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Age {
    #[serde(rename = "-1")]
    Unlimited,
    #[serde(rename = "60")]
    OneMinute,
    #[serde(rename = "300")]
    FiveMinutes,
}

impl Scenario {
    /// A configuração de um modelo: cada um só lê os controles que tem.
    fn parameters(&self, model: Model) -> Parameters {
        let of = if self.failure_target { Parameters::with_failure_target(model) } else { Parameters::of(model) };
        let (maximum_retry_attempts, maximum_age) = match model {
            Model::Asynchronous => (Some(self.asynchronous_retries), of.maximum_age),
            _ => (self.source_retries.attempts(), self.maximum_record_age_seconds.duration()),
        };
        Parameters {
            max_attempts: self.max_attempts,
            batch_size: self.batch_size,
            maximum_retry_attempts,
            maximum_age,
            visibility_timeout: Duration::from_secs(self.visibility_seconds),
            max_receive_count: self.max_receive_count,
            bisect: self.bisect,
            parallelization_factor: self.parallelization_factor,
            ..of
        }
    }
}

impl Limit {
    fn attempts(self) -> Option<u32> {
        match self {
            Self::Unlimited => None,
            Self::None => Some(0),
            Self::Two => Some(2),
            Self::Five => Some(5),
        }
    }
}

impl Age {
    fn duration(self) -> Option<Duration> {
        match self {
            Self::Unlimited => None,
            Self::OneMinute => Some(Duration::from_secs(60)),
            Self::FiveMinutes => Some(Duration::from_secs(300)),
        }
    }
}

fn main() -> ExitCode {
    lab::run(play)
}

/// Grava, lê e monta o quadro.
async fn play(scenario: Scenario) -> Output {
    let failures = scenario.failure.failures();
    let mut observations = Vec::new();
    let mut rejected = Vec::new();
    for model in Model::ALL {
        let parameters = scenario.parameters(model);
        for failure in &failures {
            match bench::run(model, *failure, &parameters).await {
                Ok(trace) => observations.push(observe(&trace)),
                Err(error) => rejected.push(format!("{model}, {failure}: {error}")),
            }
        }
    }
    let made = table(&observations);
    let label = match failures[..] {
        [failure] => format!("O quadro, só com {failure}"),
        _ => "O quadro, com as cinco falhas".to_owned(),
    };
    let board = Block::Table { label, header: made.header(), rows: made.rows() };
    let merged = merge(made);
    let summary = summarize(observations.len(), &merged, scenario.failure_target);
    let markdown = Block::Text {
        label: "Em Markdown, com as colunas iguais juntas".to_owned(),
        text: merged.to_markdown(),
        tone: Tone::Plain,
    };
    let refused = (!rejected.is_empty()).then(|| Block::Text {
        label: "O que a AWS não aceita".to_owned(),
        text: rejected.join("\n"),
        tone: Tone::Bad,
    });
    Output { summary, blocks: [Some(board), refused, Some(markdown)].into_iter().flatten().collect() }
}

/// De quantas gravações o quadro saiu, e que modelos dizem o mesmo.
fn summarize(recordings: usize, merged: &Table, failure_target: bool) -> String {
    let recordings = count(recordings, "gravação", "gravações");
    let target = if failure_target { "com" } else { "sem" };
    let same: Vec<&str> =
        merged.columns.iter().map(|column| column.name.as_str()).filter(|name| name.contains(", ")).collect();
    match same[..] {
        [] => format!("De {recordings}, {target} destino de falha: não há dois modelos que digam o mesmo em tudo."),
        _ => format!("De {recordings}, {target} destino de falha: dizem o mesmo em tudo {}.", same.join("; e ")),
    }
}
