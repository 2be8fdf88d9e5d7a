//! Os eventos do MSK, do Kafka autogerenciado, do ActiveMQ e do RabbitMQ, e quem os lê, para o passo `kafka_mq`.
//!
//! Os dois leitores montam o evento, chamam a função e perguntam o resto a quem resolve o passo: `read_topic` ao `decide` e
//! `read_queue` ao `settle`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polling_invocation::kafka_mq::{
    Cluster, FailureContext, KafkaCondition, KafkaDecision, KafkaRequest, MAXIMUM_RECORD_BYTES, Message, Offsets,
    Queued, decide, failure_record, messages, retry_limit, settle,
};
use polling_invocation::stream_function::Outcome;
use serde_json::{Map, Value, json};

use super::expect_same;

/// O instante do offset 0, em milissegundos desde 1970.
pub const EPOCH_MS: i64 = 1_795_366_800_000;

/// Quantos registros cabem em um lote.
const BATCH_SIZE: usize = 3;

/// Depois de tantas tentativas os leitores param, mesmo que sobre registro.
const ATTEMPT_LIMIT: usize = 60;

fn kafka_record(partition: i64, offset: i64, value: &Value) -> Value {
    json!({
        "topic": "neighbours", "partition": partition, "offset": offset, "timestamp": EPOCH_MS + offset * 1_000,
        "timestampType": "CREATE_TIME", "key": "ZXNjb2xh", "value": value,
        "headers": [{ "origin": [117, 110, 105] }]
    })
}

/// Um evento de Kafka com estes registros, por `tópico-partição`. Só o do MSK tem ARN.
fn kafka(source: &str, records: Map<String, Value>) -> Value {
    let mut event = json!({
        "eventSource": source,
        "bootstrapServers": "b-1.uni.example:9092,b-2.uni.example:9092",
        "records": records
    });
    if source == "aws:kafka" {
        event["eventSourceArn"] = json!("arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4");
    }
    event
}

/// Um evento de Kafka com duas partições; a 0 tem três registros, e o segundo não tem valor.
pub fn kafka_event(source: &str) -> Value {
    let first = json!([
        kafka_record(0, 15, &json!("eyJ0ZW1wIjoyMX0=")),
        kafka_record(0, 16, &Value::Null),
        kafka_record(0, 17, &json!("Z3Jhbml6bw=="))
    ]);
    let second = json!([kafka_record(1, 4, &json!("ew=="))]);
    kafka(source, Map::from_iter([("neighbours-0".to_owned(), first), ("neighbours-1".to_owned(), second)]))
}

fn active_mq_message(id: &str, data: &str, redelivered: bool) -> Value {
    json!({
        "messageID": id, "messageType": "jms/text-message", "timestamp": EPOCH_MS, "deliveryMode": 1,
        "correlationID": "", "replyTo": "null", "destination": { "physicalName": "state-alerts" },
        "redelivered": redelivered, "type": "", "expiration": 0, "priority": 0, "data": data,
        "brokerInTime": EPOCH_MS + 1, "brokerOutTime": EPOCH_MS + 2, "properties": { "uf": "RS" }
    })
}

fn active_mq_event(messages: Vec<Value>) -> Value {
    json!({
        "eventSource": "aws:mq",
        "eventSourceArn": "arn:aws:mq:sa-east-1:123456789012:broker:state:b-0f5b7522",
        "messages": messages
    })
}

pub fn active_mq() -> Value {
    active_mq_event(vec![active_mq_message("ID:1", "Z3Jhbml6bw==", false), active_mq_message("ID:2", "Y2h1dmE=", true)])
}

fn rabbit_mq_message(data: &str, body_size: usize, redelivered: bool) -> Value {
    json!({
        "basicProperties": {
            "contentType": "text/plain", "contentEncoding": null, "headers": { "tries": 10 }, "deliveryMode": 1,
            "priority": 34, "correlationId": null, "replyTo": null, "expiration": "60000", "messageId": null,
            "timestamp": "Jan 1, 1970, 12:33:41 AM", "type": null, "userId": "AIDACKCEVSQ6C2EXAMPLE",
            "appId": null, "clusterId": null, "bodySize": body_size
        },
        "redelivered": redelivered, "data": data
    })
}

fn rabbit_mq_event(messages: Vec<Value>) -> Value {
    json!({
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:sa-east-1:123456789012:broker:state:b-9bcfa592",
        "rmqMessagesByQueue": { "rivers::/": messages }
    })
}

pub fn rabbit_mq() -> Value {
    rabbit_mq_event(vec![rabbit_mq_message("NDEy", 3, true), rabbit_mq_message("NDE1", 3, false)])
}

pub fn record(origin: &str, offset: i64, timestamp_ms: i64, data: Option<&str>) -> Message {
    Message {
        origin: origin.to_owned(),
        offset: Some(offset),
        timestamp_ms: Some(timestamp_ms),
        data: data.map(|data| data.as_bytes().to_vec()),
        redelivered: false,
    }
}

pub fn queued(origin: &str, data: &str, redelivered: bool) -> Message {
    let data = Some(data.as_bytes().to_vec());
    Message { origin: origin.to_owned(), offset: None, timestamp_ms: None, data, redelivered }
}

/// Uma execução da função.
pub struct Run {
    /// O evento que ela recebeu.
    pub event: Value,
    /// O que o `messages` leu dele: `origem texto`, com as origens em ordem alfabética.
    pub read: Vec<String>,
}

/// A função da previsão: lê o evento com `messages` e falha se um conteúdo não é JSON.
pub struct Forecast {
    pub runs: Vec<Run>,
    attempts: usize,
    refusals: usize,
    fixed_at: usize,
}

impl Forecast {
    /// Recusa as primeiras `refusals` chamadas (429); da execução `fixed_at` em diante, alguém corrigiu o código e ela dá certo.
    pub fn new(refusals: usize, fixed_at: Option<usize>) -> Self {
        Self { runs: Vec::new(), attempts: 0, refusals, fixed_at: fixed_at.unwrap_or(usize::MAX) }
    }

    fn invoke(&mut self, event: Value) -> Outcome {
        self.attempts += 1;
        if self.attempts <= self.refusals {
            return Outcome::Refused;
        }
        let mut list = match messages(&event) {
            Ok(list) => list,
            Err(error) => {
                panic!("a função recebeu o evento do serviço e o seu `messages` recusou: {error}; ele é {event}")
            }
        };
        list.sort_by(|a, b| a.origin.cmp(&b.origin));
        let content = |message: &Message| message.data.clone().unwrap_or_default();
        let show = |message: &Message| format!("{} {}", message.origin, String::from_utf8_lossy(&content(message)));
        let readable = list.iter().all(|message| serde_json::from_slice::<Value>(&content(message)).is_ok());
        self.runs.push(Run { event, read: list.iter().map(show).collect() });
        if readable || self.runs.len() >= self.fixed_at { Outcome::Succeeded } else { Outcome::FunctionError }
    }

    /// Compara o que a função leu em cada execução; `rule` diz por quê.
    #[track_caller]
    pub fn expect_runs(&self, expected: &[(usize, &[&str])], rule: &str) {
        let mut got: Vec<(usize, &[String])> = Vec::new();
        for run in &self.runs {
            match got.last_mut() {
                Some((times, read)) if *read == run.read => *times += 1,
                _ => got.push((1, &run.read)),
            }
        }
        let expected: Vec<(usize, Vec<String>)> =
            expected.iter().map(|(times, read)| (*times, read.iter().map(|&each| each.to_owned()).collect())).collect();
        let same = expected.iter().map(|(times, read)| (*times, read.as_slice())).collect::<Vec<_>>();
        let tell = |runs: &[(usize, &[String])]| {
            let texts: Vec<String> =
                runs.iter().map(|(times, read)| format!("{times}× [{}]", read.join(", "))).collect();
            texts.join(", depois ")
        };
        expect_same!(
            got,
            same,
            "{rule}: a função roda {}; com o seu código rodou {}",
            tell(&same),
            if got.is_empty() { "nenhuma vez".to_owned() } else { tell(&got) }
        );
    }
}

/// Um registro do tópico: partição, offset e texto.
pub type Row = (i64, i64, &'static str);

/// O que sobrou de ler um tópico.
pub struct Topic {
    /// O próximo offset a ler de cada partição.
    pub committed: Offsets,
    /// O que chegou ao destino de falha.
    pub received: Vec<Value>,
}

/// Lê o tópico até o fim: cada lote só sai do lugar quando o `decide` manda.
pub fn read_topic(rows: &[Row], request: &KafkaRequest, function: &mut Forecast) -> Topic {
    let limit = match retry_limit(request) {
        Ok(limit) => limit,
        Err(error) => panic!("{request:?} é um pedido que a AWS aceita; a sua função recusou com `{error}`"),
    };
    let source = if request.cluster == Cluster::Msk { "aws:kafka" } else { "SelfManagedKafka" };
    let key = |partition: i64| format!("neighbours-{partition}");
    let mut topic = Topic { committed: Offsets::new(), received: Vec::new() };
    let mut runs = 0;
    while function.attempts < ATTEMPT_LIMIT {
        let unread = |row: &&Row| topic.committed.get(&key(row.0)).is_none_or(|next| row.1 >= *next);
        let batch: Vec<Row> = rows.iter().filter(unread).take(BATCH_SIZE).copied().collect();
        if batch.is_empty() {
            break;
        }
        let mut partitions: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (partition, offset, text) in &batch {
            let value = json!(STANDARD.encode(text));
            partitions.entry(key(*partition)).or_default().push(kafka_record(*partition, *offset, &value));
        }
        let event = kafka(source, partitions.into_iter().map(|(key, list)| (key, json!(list))).collect());
        let payload_size = event.to_string().len();
        let outcome = function.invoke(event);
        runs += u32::from(outcome != Outcome::Refused);
        let list: Vec<Message> =
            batch.iter().map(|row| record(&key(row.0), row.1, EPOCH_MS + row.1 * 1_000, Some(row.2))).collect();
        let offsets = match decide(outcome, &list, runs, limit) {
            KafkaDecision::Retry => continue,
            KafkaDecision::Commit(offsets) => offsets,
            KafkaDecision::Discard(offsets) => {
                if request.on_failure {
                    topic.received.push(failure_record(&list, &context(runs, payload_size)));
                }
                offsets
            }
        };
        topic.committed.extend(offsets);
        runs = 0;
    }
    topic
}

fn context(runs: u32, payload_size: usize) -> FailureContext {
    FailureContext {
        request_id: "req-11".to_owned(),
        function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:forecast".to_owned(),
        condition: KafkaCondition::RetryAttemptsExhausted,
        runs,
        timestamp: "2026-11-22T17:30:00.000Z".to_owned(),
        event_source_arn: "arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4".to_owned(),
        bootstrap_servers: "b-1.uni.example:9092,b-2.uni.example:9092".to_owned(),
        payload_size,
    }
}

/// De quem é o broker.
#[derive(Clone, Copy)]
pub enum Broker {
    ActiveMq,
    RabbitMq,
}

/// Uma mensagem na fila do broker: id, texto e tamanho em bytes.
pub type Mail = (&'static str, &'static str, usize);

/// Onde as mensagens foram parar, pelo id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub acknowledged: Vec<String>,
    pub dead_lettered: Vec<String>,
    pub discarded: Vec<String>,
}

impl Ended {
    /// O fim de cada mensagem: reconhecidas, na DLQ do broker e descartadas.
    pub fn new(acknowledged: &[&str], dead_lettered: &[&str], discarded: &[&str]) -> Self {
        let owned = |list: &[&str]| list.iter().map(|&each| each.to_owned()).collect();
        Self { acknowledged: owned(acknowledged), dead_lettered: owned(dead_lettered), discarded: owned(discarded) }
    }
}

/// Lê a fila do broker até ela esvaziar: cada mensagem só sai dela quando o `settle` lhe dá um fim.
pub fn read_queue(broker: Broker, mail: &[Mail], function: &mut Forecast) -> Ended {
    let mut waiting: Vec<Queued> =
        mail.iter().map(|&(id, _, bytes)| Queued { id: id.to_owned(), bytes, redeliveries: 0 }).collect();
    let mut ended = Ended::default();
    while !waiting.is_empty() && function.attempts < ATTEMPT_LIMIT {
        let batch: Vec<Queued> = waiting.drain(..waiting.len().min(BATCH_SIZE)).collect();
        let fits = batch.iter().filter(|each| each.bytes <= MAXIMUM_RECORD_BYTES);
        let list = fits.map(|each| {
            let text = mail.iter().find(|(id, ..)| *id == each.id).map_or("", |(_, text, _)| text);
            let (data, redelivered) = (STANDARD.encode(text), each.redeliveries > 0);
            match broker {
                Broker::ActiveMq => active_mq_message(&each.id, &data, redelivered),
                Broker::RabbitMq => rabbit_mq_message(&data, text.len(), redelivered),
            }
        });
        let event = match broker {
            Broker::ActiveMq => active_mq_event(list.collect()),
            Broker::RabbitMq => rabbit_mq_event(list.collect()),
        };
        let outcome = function.invoke(event);
        let settled = settle(batch, outcome);
        ended.acknowledged.extend(settled.acknowledged);
        ended.dead_lettered.extend(settled.dead_lettered);
        ended.discarded.extend(settled.discarded);
        waiting.splice(..0, settled.redelivered);
    }
    ended
}
