//! Um shard de mentira: os registros em ordem, o relógio deles e o checkpoint de quem lê.
//!
//! ```text
//!   registros:   1   2   3   4   5   6        (a ordem em que chegaram)
//!   checkpoint:      ▲                        o último resolvido; `read` começa no seguinte
//! ```
//!
//! O tempo é o do tokio, pausado nos testes; os instantes contam do começo da linha do tempo, 14h00 em Serra Clara.

use std::fmt;
use std::time::Duration;

use kit::{Kind, Lane, Timeline};
use serde_json::Value;
use tokio::time::sleep;

/// O shard, visto por quem o lê.
pub const SHARD: Lane = Lane { id: "shard", label: "shard" };
/// A função.
pub const STREAM_FUNCTION: Lane = Lane { id: "stream_function", label: "função" };
/// O destino de falha.
pub const ON_FAILURE: Lane = Lane { id: "on_failure", label: "OnFailure" };

/// De que serviço é o fluxo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Kinesis Data Streams.
    Kinesis,
    /// DynamoDB Streams.
    DynamoDb,
}

/// Um registro do fluxo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// O número de sequência: cresce dentro do shard.
    pub sequence_number: String,
    /// A chave de partição (no DynamoDB, a chave do item).
    pub partition_key: String,
    /// O conteúdo, já decodificado.
    pub data: String,
    /// Quando chegou ao fluxo, desde o começo da linha do tempo.
    pub arrived_at: Duration,
}

/// Um shard e até onde ele foi resolvido.
#[derive(Debug)]
pub struct Shard {
    /// `shardId-000000000000`.
    pub id: String,
    /// O ARN do fluxo.
    pub stream_arn: String,
    /// De que serviço é.
    pub kind: StreamKind,
    /// Por quanto tempo o fluxo guarda um registro.
    pub retention: Duration,
    timeline: Timeline,
    records: Vec<StreamRecord>,
    resolved: usize,
}

impl Shard {
    /// Um shard com estes registros, na ordem em que chegam.
    pub fn new(timeline: &Timeline, kind: StreamKind, retention: Duration, records: Vec<StreamRecord>) -> Self {
        let stream_arn = match kind {
            StreamKind::Kinesis => "arn:aws:kinesis:sa-east-1:123456789012:stream/readings",
            StreamKind::DynamoDb => {
                "arn:aws:dynamodb:sa-east-1:123456789012:table/stations/stream/2026-11-22T14:00:00.000"
            }
        };
        Self {
            id: "shardId-000000000000".to_owned(),
            stream_arn: stream_arn.to_owned(),
            kind,
            retention,
            timeline: timeline.clone(),
            records,
            resolved: 0,
        }
    }

    /// Os próximos registros depois do checkpoint, até `limit`. Se nenhum chegou ainda, espera o primeiro; `None` quando não
    /// há mais nada para chegar.
    pub async fn read(&mut self, limit: usize) -> Option<Vec<StreamRecord>> {
        let pending = self.records.get(self.resolved..)?;
        let first = pending.first()?;
        sleep(first.arrived_at.saturating_sub(self.timeline.elapsed())).await;
        let now = self.timeline.elapsed();
        Some(pending.iter().take_while(|each| each.arrived_at <= now).take(limit).cloned().collect())
    }

    /// Avança o checkpoint até `last`, com ele dentro.
    pub fn advance(&mut self, last: &StreamRecord) {
        let position = self.records.iter().position(|each| each.sequence_number == last.sequence_number);
        if let Some(position) = position {
            self.resolved = position + 1;
            self.timeline.record(SHARD, Kind::Note, format!("checkpoint em {}", last.sequence_number));
        }
    }

    /// O número de sequência do último registro resolvido.
    pub fn checkpoint(&self) -> Option<&str> {
        let last = self.resolved.checked_sub(1)?;
        self.records.get(last).map(|each| each.sequence_number.as_str())
    }

    /// O relógio do shard: quanto tempo desde o começo da linha do tempo.
    pub fn now(&self) -> Duration {
        self.timeline.elapsed()
    }
}

/// O destino de falha: uma fila SQS ou um tópico SNS que guarda o que recebe.
#[derive(Debug)]
pub struct OnFailure {
    timeline: Timeline,
    received: Vec<Value>,
}

impl OnFailure {
    /// Um destino vazio.
    pub fn new(timeline: &Timeline) -> Self {
        Self { timeline: timeline.clone(), received: Vec::new() }
    }

    /// Entrega um registro.
    pub fn send(&mut self, record: Value) {
        let condition = record["requestContext"]["condition"].as_str().unwrap_or("sem condição");
        self.timeline.record(ON_FAILURE, Kind::Delivered, format!("chega o registro: {condition}"));
        self.received.push(record);
    }

    /// O que chegou, em ordem.
    pub fn received(&self) -> &[Value] {
        &self.received
    }
}

/// Um instante da linha do tempo como a AWS o escreve: 0 s é `2026-11-22T17:00:00.000Z`, 14h00 em Serra Clara.
pub fn timestamp(at: Duration) -> String {
    let since_midnight = Duration::from_secs(17 * 3_600) + at;
    let (day, total) = (22 + since_midnight.as_secs() / 86_400, since_midnight.as_secs() % 86_400);
    let (hours, minutes, seconds) = (total / 3_600, total / 60 % 60, total % 60);
    format!("2026-11-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", since_midnight.subsec_millis())
}

impl fmt::Display for StreamRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sequence_number)
    }
}
