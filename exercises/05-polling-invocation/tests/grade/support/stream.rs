//! As leituras das estações e a história de um shard, para o passo `streams`.

use std::time::Duration;

use kit::Timeline;
use kit::text::duration;
use polling_invocation::shard::{ON_FAILURE, OnFailure, SHARD, STREAM_FUNCTION, Shard, StreamKind, StreamRecord};
use polling_invocation::stream_function::{Call, StreamFunction, Trouble};
use polling_invocation::streams::{
    Condition, Decision, Discarded, StreamConfig, StreamRequest, consume, failure_record,
};
use serde_json::Value;

use super::expect_same;

pub const DAY: Duration = Duration::from_secs(86_400);

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Uma leitura da estação; a de `data` quebrado é a pílula.
pub fn reading(number: usize, station: &str, data: &str, arrived_at: Duration) -> StreamRecord {
    StreamRecord {
        sequence_number: format!("s{number}"),
        partition_key: station.to_owned(),
        data: data.to_owned(),
        arrived_at,
    }
}

/// `good` leituras que chegam às 14h00; a de número `bad` (a partir de 1) não é JSON.
pub fn readings(total: usize, bad: Option<usize>) -> Vec<StreamRecord> {
    let one = |number: usize| {
        let data = if Some(number) == bad { r#"{"temp": 2"# } else { r#"{"temp": 21.5}"# };
        reading(number, "ponte-velha", data, Duration::ZERO)
    };
    (1..=total).map(one).collect()
}

pub fn request(attempts: Option<i64>, age: Option<i64>, factor: Option<i64>) -> StreamRequest {
    StreamRequest {
        maximum_retry_attempts: attempts,
        maximum_record_age_in_seconds: age,
        parallelization_factor: factor,
        bisect_batch_on_function_error: false,
    }
}

/// Uma configuração montada à mão, para não depender do código de quem resolve o passo.
pub fn config(attempts: Option<u32>, age: Option<u64>, bisect: bool) -> StreamConfig {
    StreamConfig {
        maximum_retry_attempts: attempts,
        maximum_record_age: age.map(seconds),
        parallelization_factor: 1,
        bisect,
        batch_size: 8,
    }
}

/// O registro que o destino recebe por um lote de três leituras, s4 a s6.
pub fn record(kind: StreamKind, condition: Condition, runs: u32) -> Value {
    let shard = Shard::new(&Timeline::new(&[]), kind, DAY, Vec::new());
    let records = vec![
        reading(4, "escola", "{}", Duration::from_millis(1_250)),
        reading(5, "escola", "{", seconds(2)),
        reading(6, "escola", "{}", seconds(3_661)),
    ];
    failure_record(&Discarded { records, condition, runs }, &shard, "req-7", "2026-11-22T18:30:00.000Z")
}

pub fn decision(decision: Decision) -> String {
    match decision {
        Decision::Advance => "avançar o checkpoint".to_owned(),
        Decision::Retry => "tentar o mesmo lote de novo".to_owned(),
        Decision::Split(first) => format!("dividir, com {first} na primeira metade"),
        Decision::Discard(Condition::RetryAttemptsExhausted) => "descartar com RetryAttemptsExhausted".to_owned(),
        Decision::Discard(Condition::RecordAgeExceeded) => "descartar com RecordAgeExceeded".to_owned(),
    }
}

/// O que sobrou de ler um shard até o fim.
pub struct Reading {
    pub calls: Vec<Call>,
    pub received: Vec<Value>,
    pub checkpoint: Option<String>,
}

impl Reading {
    /// Lê o shard com `consume`.
    pub async fn play(
        records: Vec<StreamRecord>,
        retention: Duration,
        config: &StreamConfig,
        troubles: Vec<Trouble>,
    ) -> Self {
        Self::play_from(StreamKind::Kinesis, records, retention, config, troubles).await
    }

    /// O mesmo, com um fluxo deste serviço.
    pub async fn play_from(
        kind: StreamKind,
        records: Vec<StreamRecord>,
        retention: Duration,
        config: &StreamConfig,
        troubles: Vec<Trouble>,
    ) -> Self {
        let timeline = Timeline::new(&[SHARD, STREAM_FUNCTION, ON_FAILURE]);
        let function = StreamFunction::new(&timeline, troubles);
        let function = match kind {
            StreamKind::Kinesis => function,
            StreamKind::DynamoDb => function.of_a_table(&records),
        };
        let mut shard = Shard::new(&timeline, kind, retention, records);
        let mut on_failure = OnFailure::new(&timeline);
        let story = consume(&mut shard, &function, config, &mut on_failure);
        if tokio::time::timeout(30 * DAY, story).await.is_err() {
            let batches = batches(&function.calls());
            let start: Vec<&str> = batches.iter().take(6).map(String::as_str).collect();
            panic!(
                "todo registro acaba resolvido ou vencido, e o shard chega ao fim; o seu `consume` continuava 30 dias \
                 depois, no relógio do teste. As primeiras tentativas foram com {}",
                start.join(" | ")
            );
        }
        let checkpoint = shard.checkpoint().map(str::to_owned);
        let received = on_failure.received().to_vec();
        Self { calls: function.calls(), received, checkpoint }
    }

    /// Compara os lotes de cada tentativa, em ordem; `rule` diz por que são esses.
    #[track_caller]
    pub fn expect_batches(&self, expected: &[&str], rule: &str) {
        let actual = batches(&self.calls);
        expect_same!(
            actual,
            expected,
            "{rule}: as tentativas são, em ordem, [{}]; as do seu `consume` foram [{}]",
            expected.join(" | "),
            actual.join(" | ")
        );
    }

    /// Compara o que chegou ao destino: do primeiro ao último número de sequência, condição e contagem.
    #[track_caller]
    pub fn expect_received(&self, expected: &[&str], rule: &str) {
        let actual: Vec<String> = self.received.iter().map(summary).collect();
        expect_same!(
            actual,
            expected,
            "{rule}: o destino recebe [{}]; com o seu código recebeu [{}]",
            expected.join(" | "),
            actual.join(" | ")
        );
    }

    /// Compara o checkpoint do fim.
    #[track_caller]
    pub fn expect_checkpoint(&self, expected: &str) {
        let actual = self.checkpoint.as_deref().unwrap_or("o começo");
        expect_same!(actual, expected, "no fim o checkpoint está em {expected}; com o seu código parou em {actual}");
    }

    /// Compara os instantes das tentativas.
    #[track_caller]
    pub fn expect_starts(&self, expected_ms: &[u64], rule: &str) {
        let actual: Vec<Duration> = self.calls.iter().map(|call| call.at).collect();
        let expected: Vec<Duration> = expected_ms.iter().copied().map(Duration::from_millis).collect();
        let tell = |instants: &[Duration]| instants.iter().map(|at| duration(*at)).collect::<Vec<_>>().join(", ");
        expect_same!(
            actual,
            expected,
            "{rule}: as tentativas começam em {}; as do seu `consume` começaram em {}",
            tell(&expected),
            tell(&actual)
        );
    }
}

/// `s1 s2 s3` para cada tentativa.
fn batches(calls: &[Call]) -> Vec<String> {
    calls.iter().map(|call| call.records.join(" ")).collect()
}

/// `s3..s3 RetryAttemptsExhausted 3`.
fn summary(record: &Value) -> String {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
    let info = if record.get("DDBStreamBatchInfo").is_some() { "DDBStreamBatchInfo" } else { "KinesisBatchInfo" };
    format!(
        "{}..{} {} {}",
        text(&format!("/{info}/startSequenceNumber")),
        text(&format!("/{info}/endSequenceNumber")),
        text("/requestContext/condition"),
        record.pointer("/requestContext/approximateInvokeCount").unwrap_or(&Value::Null)
    )
}
