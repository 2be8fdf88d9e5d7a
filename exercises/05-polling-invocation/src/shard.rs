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

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kit::{Kind, Lane, Timeline};
use serde_json::{Value, json};
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

impl StreamKind {
    /// O ARN do fluxo.
    pub fn arn(self) -> &'static str {
        match self {
            Self::Kinesis => "arn:aws:kinesis:sa-east-1:123456789012:stream/readings",
            Self::DynamoDb => "arn:aws:dynamodb:sa-east-1:123456789012:table/stations/stream/2026-11-22T14:00:00.000",
        }
    }
}

const SHARD_ID: &str = "shardId-000000000000";

/// O instante 0 da linha do tempo, em segundos desde 1970.
const EPOCH: u64 = 1_795_366_800;

/// O evento que a função recebe por um lote: o do Kinesis ou o do DynamoDB Streams, com as chaves da AWS.
///
/// `stream` são os registros do fluxo inteiro. No DynamoDB, o anterior do mesmo item é o `OldImage`, e `data` vazio é o item
/// apagado.
pub fn event(kind: StreamKind, stream: &[StreamRecord], batch: &[StreamRecord]) -> Value {
    let old_image = |record: &StreamRecord| {
        let before = stream.iter().take_while(|each| each.sequence_number != record.sequence_number);
        let old = before.filter(|each| each.partition_key == record.partition_key).last();
        old.filter(|each| !each.data.is_empty())
    };
    let records = batch.iter().map(|record| match kind {
        StreamKind::Kinesis => kinesis_record(record),
        StreamKind::DynamoDb => dynamodb_record(record, old_image(record)),
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn kinesis_record(record: &StreamRecord) -> Value {
    let arrival = (Duration::from_secs(EPOCH) + record.arrived_at).as_secs_f64();
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence_number,
            "data": STANDARD.encode(&record.data),
            "approximateArrivalTimestamp": arrival,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{SHARD_ID}:{}", record.sequence_number),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/forecast",
        "awsRegion": "sa-east-1",
        "eventSourceARN": StreamKind::Kinesis.arn(),
    })
}

fn dynamodb_record(record: &StreamRecord, old: Option<&StreamRecord>) -> Value {
    let keys = json!({ "station": { "S": record.partition_key } });
    let image = |of: &StreamRecord| json!({ "station": { "S": of.partition_key }, "reading": { "S": of.data } });
    let event_name = match old {
        _ if record.data.is_empty() => "REMOVE",
        Some(_) => "MODIFY",
        None => "INSERT",
    };
    let mut change = json!({
        "ApproximateCreationDateTime": EPOCH + record.arrived_at.as_secs(),
        "Keys": keys,
        "SequenceNumber": record.sequence_number,
        "SizeBytes": record.partition_key.len() + record.data.len() + old.map_or(0, |old| old.data.len()),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if event_name != "REMOVE" {
        change["NewImage"] = image(record);
    }
    if let Some(old) = old {
        change["OldImage"] = image(old);
    }
    json!({
        "eventID": format!("{:0>32}", record.sequence_number),
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "sa-east-1",
        "dynamodb": change,
        "eventSourceARN": StreamKind::DynamoDb.arn(),
    })
}

/// Se a função consegue ler um registro do evento: a leitura é JSON, ou o item foi apagado.
pub fn is_readable(record: &Value) -> bool {
    let text = match record["kinesis"]["data"].as_str() {
        Some(data) => STANDARD.decode(data).unwrap_or_default(),
        None => match record["dynamodb"]["NewImage"]["reading"]["S"].as_str() {
            Some(reading) => reading.as_bytes().to_vec(),
            None => return record["eventName"] == "REMOVE",
        },
    };
    serde_json::from_slice::<Value>(&text).is_ok()
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
        Self {
            id: SHARD_ID.to_owned(),
            stream_arn: kind.arn().to_owned(),
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
