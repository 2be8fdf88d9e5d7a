//! O laboratório do capítulo 05: a mesma leitura quebrada chega a uma fila e a um shard, e o código dos passos conta as duas
//! histórias lado a lado.
//!
//! ```text
//!   cenário ─▶ leituras ─┬─▶ Queue ─▶ poll    (sqs)      ─▶ uma volta, as outras seguem
//!                        └─▶ Shard ─▶ consume (streams)  ─▶ uma trava, as outras esperam
//! ```

use std::process::ExitCode;
use std::time::Duration;

use kit::lab::{self, Block, Output, Tone};
use kit::text::{count, duration};
use kit::{Kind, Timeline};
use polling_invocation::api_error::ApiError;
use polling_invocation::queue::{Attributes, DEAD_LETTER_QUEUE, QUEUE, Queue, RedrivePolicy};
use polling_invocation::shard::{ON_FAILURE, OnFailure, SHARD, STREAM_FUNCTION, Shard, StreamKind, StreamRecord};
use polling_invocation::sms_function::{Behavior, FUNCTION, Function};
use polling_invocation::sqs::{EventSourceMapping, poll};
use polling_invocation::stream_function::{Outcome, StreamFunction};
use polling_invocation::streams::{StreamConfig, StreamRequest, consume};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

/// Quantas leituras chegam.
const READINGS: u32 = 8;
/// O intervalo entre duas leituras.
const INTERVAL: Duration = Duration::from_secs(7);
/// O que o laboratório mostra: dez minutos, das 14h00 às 14h10.
const HORIZON: Duration = Duration::from_secs(600);
/// O tempo que a função pode levar, conferido contra a visibilidade da fila.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);
/// O tempo que ela leva.
const RUN_TIME: Duration = Duration::from_millis(100);

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
struct Scenario {
    /// De 1 a 8; 0 é nenhuma.
    poison: u32,
    batch_size: usize,
    visibility_seconds: u64,
    max_receive_count: u32,
    maximum_retry_attempts: i64,
    #[serde(rename = "maximum_record_age_seconds")]
    maximum_record_age: Age,
    bisect: bool,
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

impl Age {
    fn seconds(self) -> i64 {
        match self {
            Self::Unlimited => -1,
            Self::OneMinute => 60,
            Self::FiveMinutes => 300,
        }
    }
}

fn main() -> ExitCode {
    lab::run(play)
}

/// O nome de uma leitura na fila.
fn body(reading: u32, poison: u32) -> String {
    if reading == poison { format!("{reading} quebrada") } else { reading.to_string() }
}

/// Conta as duas histórias de um cenário.
async fn play(scenario: Scenario) -> Output {
    let timeline = Timeline::new(&[QUEUE, FUNCTION, DEAD_LETTER_QUEUE, SHARD, STREAM_FUNCTION, ON_FAILURE]);
    let configured = configure(&scenario);
    let (mapping, config) = match configured {
        Ok(configured) => configured,
        Err(error) => {
            let text = error.to_string();
            return Output {
                summary: "A AWS não aceita esta configuração, e o mapeamento não é criado.".to_owned(),
                blocks: vec![Block::Text { label: "A resposta, 400".to_owned(), text, tone: Tone::Bad }],
            };
        }
    };

    let (poison, visibility_timeout) = (scenario.poison, Duration::from_secs(scenario.visibility_seconds));
    let attributes = Attributes { visibility_timeout, ..Attributes::default() };
    let dead_letters = Queue::new(&timeline, "readings-dlq", DEAD_LETTER_QUEUE, attributes.clone());
    let redrive =
        RedrivePolicy { max_receive_count: scenario.max_receive_count, dead_letter_queue: dead_letters.clone() };
    let queue = Queue::new(&timeline, "readings", QUEUE, Attributes { redrive_policy: Some(redrive), ..attributes });
    let broken = body(poison, poison);
    let queue_function = Function::new(&timeline, RUN_TIME, move |call| match call.bodies.contains(&broken) {
        true => Behavior::Fail,
        false => Behavior::Succeed,
    });

    let arrival = |reading: u32| INTERVAL * (reading - 1);
    let record = |reading: u32| StreamRecord {
        sequence_number: reading.to_string(),
        partition_key: "ponte-velha".to_owned(),
        data: if reading == poison { r#"{"temp": 2"#.to_owned() } else { r#"{"temp":21.5}"#.to_owned() },
        arrived_at: arrival(reading),
    };
    let day = Duration::from_secs(24 * 3_600);
    let mut shard = Shard::new(&timeline, StreamKind::Kinesis, day, (1..=READINGS).map(record).collect());
    let stream_function = StreamFunction::new(&timeline, []);
    let mut on_failure = OnFailure::new(&timeline);

    let arrivals = async {
        for reading in 1..=READINGS {
            sleep(arrival(reading).saturating_sub(timeline.elapsed())).await;
            queue.send(body(reading, poison));
        }
        queue.close();
    };
    // Quem não acaba em dez minutos fica como está: é o que o desenho mostra.
    let (_, _, _) = tokio::join!(
        arrivals,
        timeout(HORIZON, poll(&queue, &queue_function, &mapping)),
        timeout(HORIZON, consume(&mut shard, &stream_function, &config, &mut on_failure)),
    );

    let left_in_queue = queue.bodies().len();
    let waiting = waiting(&shard);
    if waiting > 0 {
        let text = format!("14h10: o shard continua parado, com {} à espera", count(waiting, "leitura", "leituras"));
        timeline.record(SHARD, Kind::Note, text);
    }
    let rows =
        (1..=READINGS).map(|reading| row(reading, poison, &queue_function, &dead_letters, &stream_function, &shard));
    let table = Block::Table {
        label: "Quando cada leitura foi tratada".to_owned(),
        header: ["leitura", "chegou", "pela fila", "pelo shard"].map(str::to_owned).to_vec(),
        rows: rows
            .zip(1..)
            .map(|([name, by_queue, by_shard], reading)| vec![name, clock(arrival(reading)), by_queue, by_shard])
            .collect(),
    };
    let summary = summarize(&dead_letters, left_in_queue, on_failure.received().len(), waiting);
    Output { summary, blocks: vec![Block::Timeline(timeline), table] }
}

/// Confere os dois mapeamentos como a AWS.
fn configure(scenario: &Scenario) -> Result<(EventSourceMapping, StreamConfig), ApiError> {
    let visibility_timeout = Duration::from_secs(scenario.visibility_seconds);
    let mapping = EventSourceMapping::new(visibility_timeout, FUNCTION_TIMEOUT, scenario.batch_size, None)?;
    let config = StreamConfig::new(&StreamRequest {
        maximum_retry_attempts: Some(scenario.maximum_retry_attempts),
        maximum_record_age_in_seconds: Some(scenario.maximum_record_age.seconds()),
        parallelization_factor: None,
        bisect_batch_on_function_error: scenario.bisect,
    })?;
    Ok((mapping, StreamConfig { batch_size: scenario.batch_size, ..config }))
}

/// Quantas leituras o shard ainda não resolveu.
fn waiting(shard: &Shard) -> usize {
    let resolved = shard.checkpoint().and_then(|checkpoint| checkpoint.parse::<usize>().ok()).unwrap_or(0);
    (READINGS as usize).saturating_sub(resolved)
}

/// A leitura, e o fim dela na fila e no shard.
fn row(
    reading: u32,
    poison: u32,
    queue_function: &Function,
    dead_letters: &Queue,
    stream_function: &StreamFunction,
    shard: &Shard,
) -> [String; 3] {
    let (name, broken) = (body(reading, poison), body(poison, poison));
    let treated = queue_function.calls().into_iter().find(|call| {
        let good = poison == 0 || !call.bodies.contains(&broken);
        call.ran && good && call.bodies.contains(&name)
    });
    let by_queue = match treated {
        Some(call) => clock(call.at + RUN_TIME),
        None if dead_letters.bodies().contains(&name) => "não: está na DLQ".to_owned(),
        None => "ainda não: volta à fila".to_owned(),
    };
    let sequence = reading.to_string();
    let treated = stream_function
        .calls()
        .into_iter()
        .find(|call| call.outcome == Outcome::Succeeded && call.records.contains(&sequence));
    let resolved = READINGS as usize - waiting(shard);
    let by_shard = match treated {
        Some(call) => clock(call.at + RUN_TIME),
        None if reading as usize <= resolved => "não: foi descartada".to_owned(),
        None => "ainda não: o shard está parado".to_owned(),
    };
    [name, by_queue, by_shard]
}

/// `14h00min21,1s`: o laboratório começa às 14h.
fn clock(elapsed: Duration) -> String {
    let (minutes, seconds) = (elapsed.as_secs() / 60, elapsed.as_secs() % 60);
    match elapsed.subsec_millis() / 100 {
        0 => format!("14h{minutes:02}min{seconds:02}s"),
        tenths => format!("14h{minutes:02}min{seconds:02},{tenths}s"),
    }
}

/// As duas histórias em duas frases.
fn summarize(dead_letters: &Queue, left_in_queue: usize, discarded: usize, waiting: usize) -> String {
    let readings = |number: usize| count(number, "leitura", "leituras");
    let queue = match (dead_letters.bodies().len(), left_in_queue) {
        (0, 0) => "Na fila, as oito leituras foram tratadas".to_owned(),
        (dead, 0) => format!("A fila seguiu andando e esvaziou, com {} na DLQ", readings(dead)),
        (dead, left) => {
            format!("Em {}, a fila ainda tem {}, com {} na DLQ", duration(HORIZON), readings(left), readings(dead))
        }
    };
    let records = count(discarded, "registro", "registros");
    let shard = match (discarded, waiting) {
        (0, 0) => "No shard, as oito leituras foram tratadas, na ordem".to_owned(),
        (_, 0) => format!(
            "O shard parou na leitura ruim até desistir dela ({records} no destino de falha), e só então seguiu"
        ),
        (_, waiting) => {
            format!("O shard está parado há quase {}, com {} à espera", duration(HORIZON), readings(waiting))
        }
    };
    format!("{queue}. {shard}.")
}
