//! Kafka e Amazon MQ: os eventos reais, o que se confirma depois de um lote e o fim de quem falha.
//!
//! ```text
//!   Kafka: partição 0  ──lê em ordem──▶ lote ──certo──▶ confirma offsets (o próximo a ler)
//!                                        └─falhou─▶ o mesmo lote, até o limite ─▶ OnFailure, e confirma
//!   MQ:    fila        ──────────────▶ lote ──certo──▶ reconhece todas
//!                                        └─falhou─▶ o lote inteiro de volta ─▶ 6 reentregas ─▶ DLQ do broker
//! ```
//!
//! Segue `with-kafka`, `kafka-retry-configurations`, `kafka-on-failure`, `with-mq` e `services-mq-errors`, do guia do Lambda.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::api_error::ApiError;
use crate::stream_function::Outcome;

/// De quem é o Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// Amazon MSK.
    Msk,
    /// Kafka autogerenciado.
    SelfManaged,
}

/// O `ConsumptionMode` de um Kafka autogerenciado.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumptionMode {
    /// Em ordem, por partição: um consumer group.
    Stream,
    /// Como uma fila, sem ordem: um share group, do Kafka 4.2 em diante.
    Queue,
}

/// Um registro de Kafka ou uma mensagem de fila, já decodificados.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `tópico-partição` no Kafka; o nome da fila no MQ.
    pub origin: String,
    /// O offset; `None` no MQ.
    pub offset: Option<i64>,
    /// O carimbo do registro, em milissegundos desde 1970; `None` no MQ.
    pub timestamp_ms: Option<i64>,
    /// O conteúdo; `None` é um registro de Kafka sem valor.
    pub data: Option<Vec<u8>>,
    /// Se o broker já a entregou antes; no Kafka é sempre `false`.
    pub redelivered: bool,
}

/// Um evento que não deu para ler.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// `eventSource` é outro, ou não veio.
    #[error("origem desconhecida: {0:?}")]
    UnknownSource(Option<String>),
    /// A origem é conhecida e o resto não serve.
    #[error("evento malformado: {0}")]
    Malformed(String),
}

/// As mensagens de um evento do MSK, de um Kafka autogerenciado, do ActiveMQ ou do RabbitMQ.
///
/// Dentro de cada origem a ordem é a do evento; entre as origens, qualquer uma.
///
/// # Errors
/// [`EventError`], se o evento não é de nenhum dos quatro ou não tem a forma do seu.
pub fn messages(event: &Value) -> Result<Vec<Message>, EventError> {
    // passo: começo — lê as mensagens do evento
    // passo: usa event
    use aws_lambda_events::activemq::ActiveMqEvent;
    use aws_lambda_events::kafka::KafkaEvent;
    use aws_lambda_events::rabbitmq::RabbitMqEvent;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn read<E: serde::de::DeserializeOwned>(event: &Value) -> Result<E, EventError> {
        serde_json::from_value(event.clone()).map_err(|error| EventError::Malformed(error.to_string()))
    }
    let decode = |text: Option<String>| -> Result<Option<Vec<u8>>, EventError> {
        text.map(|text| STANDARD.decode(text).map_err(|error| EventError::Malformed(error.to_string()))).transpose()
    };
    let queued = |origin: String, data: Option<String>, redelivered: bool| {
        Ok(Message { origin, offset: None, timestamp_ms: None, data: decode(data)?, redelivered })
    };
    match event["eventSource"].as_str() {
        Some("aws:kafka" | "SelfManagedKafka") => {
            let partitions = read::<KafkaEvent>(event)?.records;
            let records = partitions
                .into_iter()
                .flat_map(|(origin, list)| list.into_iter().map(move |each| (origin.clone(), each)));
            let message = |(origin, record): (String, aws_lambda_events::kafka::KafkaRecord)| {
                Ok(Message {
                    origin,
                    offset: Some(record.offset),
                    timestamp_ms: Some(record.timestamp.timestamp_millis()),
                    data: decode(record.value)?,
                    redelivered: false,
                })
            };
            records.map(message).collect()
        }
        Some("aws:mq") => {
            let list = read::<ActiveMqEvent>(event)?.messages;
            let message = |each: aws_lambda_events::activemq::ActiveMqMessage| {
                queued(each.destination.physical_name.unwrap_or_default(), each.data, each.redelivered)
            };
            list.into_iter().map(message).collect()
        }
        Some("aws:rmq") => {
            let queues = read::<RabbitMqEvent>(event)?.messages_by_queue;
            let list = queues.into_iter().flat_map(|(key, list)| {
                let queue = key.split_once("::").map_or(key.as_str(), |(queue, _)| queue).to_owned();
                list.into_iter().map(move |each| (queue.clone(), each))
            });
            list.map(|(queue, each)| queued(queue, each.data, each.redelivered)).collect()
        }
        other => Err(EventError::UnknownSource(other.map(str::to_owned))),
    }
    // passo: fim
}

/// Os campos de `CreateEventSourceMapping` de um Kafka, como vieram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KafkaRequest {
    /// De quem é o Kafka.
    pub cluster: Cluster,
    /// `ConsumptionMode`; `None` é um campo que não veio e vale `Stream`.
    pub consumption_mode: Option<ConsumptionMode>,
    /// `MaximumRetryAttempts`; `None` é um campo que não veio.
    pub maximum_retry_attempts: Option<i64>,
    /// Se há destino de falha.
    pub on_failure: bool,
}

/// Quantas novas tentativas um lote tem; `None` é sem limite.
///
/// # Errors
/// [`ApiError::out_of_range`] fora de −1 a 10.000; [`ApiError::invalid_parameter`] para o que não combina.
pub fn retry_limit(request: &KafkaRequest) -> Result<Option<u32>, ApiError> {
    // passo: começo — diz quantas novas tentativas {request:?} dá, ou por que não serve
    let mode = request.consumption_mode.unwrap_or(ConsumptionMode::Stream);
    if (request.cluster, mode) == (Cluster::Msk, ConsumptionMode::Queue) {
        return Err(ApiError::invalid_parameter("ConsumptionMode Queue is only for self-managed Kafka."));
    }
    let default = if mode == ConsumptionMode::Queue { 0 } else { -1 };
    let member = "maximumRetryAttempts";
    match request.maximum_retry_attempts.unwrap_or(default) {
        value if value < -1 => Err(ApiError::out_of_range(value, member, "greater than or equal to -1")),
        value if value > 10_000 => Err(ApiError::out_of_range(value, member, "less than or equal to 10000")),
        -1 if mode == ConsumptionMode::Queue => {
            Err(ApiError::invalid_parameter("MaximumRetryAttempts -1 is not valid for ConsumptionMode Queue."))
        }
        -1 if request.on_failure => Ok(Some(10)),
        value => Ok(u32::try_from(value).ok()),
    }
    // passo: fim
}

/// Os offsets a confirmar: para cada `tópico-partição`, o próximo a ler.
pub type Offsets = BTreeMap<String, i64>;

/// O que fazer com um lote de Kafka depois de uma tentativa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaDecision {
    /// Confirmar estes offsets e seguir.
    Commit(Offsets),
    /// Tentar o mesmo lote, sem confirmar nada.
    Retry,
    /// Mandar o registro ao destino, confirmar estes offsets e seguir.
    Discard(Offsets),
}

/// Decide o que fazer com um lote de Kafka depois de uma tentativa. `runs` conta as execuções deste lote; `limit` é o de
/// [`retry_limit`].
pub fn decide(outcome: Outcome, batch: &[Message], runs: u32, limit: Option<u32>) -> KafkaDecision {
    // passo: começo — decide o que fazer com o lote depois de {outcome:?}, com {runs} execuções e limite {limit:?}
    // passo: usa batch
    let mut offsets = Offsets::new();
    for message in batch {
        let next = message.offset.unwrap_or_default() + 1;
        let highest = offsets.entry(message.origin.clone()).or_insert(next);
        *highest = next.max(*highest);
    }
    match outcome {
        Outcome::Succeeded => KafkaDecision::Commit(offsets),
        Outcome::FunctionError if limit.is_some_and(|limit| runs > limit) => KafkaDecision::Discard(offsets),
        Outcome::FunctionError | Outcome::Refused => KafkaDecision::Retry,
    }
    // passo: fim
}

/// Por que um lote de Kafka foi ao destino.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaCondition {
    /// A função falhou em todas as tentativas.
    RetryAttemptsExhausted,
    /// O registro não cabe em uma invocação: a função nem rodou.
    MaximumPayloadSizeExceeded,
}

/// O que o registro do destino precisa, além do lote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureContext {
    /// O id da última invocação.
    pub request_id: String,
    /// O ARN da função.
    pub function_arn: String,
    /// Por que falhou.
    pub condition: KafkaCondition,
    /// Quantas vezes a função rodou com o lote.
    pub runs: u32,
    /// O instante da entrega, pronto.
    pub timestamp: String,
    /// O ARN da origem.
    pub event_source_arn: String,
    /// Os endereços dos brokers.
    pub bootstrap_servers: String,
    /// O tamanho do lote, em bytes.
    pub payload_size: usize,
}

/// O `recordsInfo` do registro do destino: para cada `tópico-partição`, o primeiro e o último offset e carimbo do lote.
pub fn records_info(batch: &[Message]) -> Map<String, Value> {
    // passo: começo — monta a faixa de cada partição
    // passo: usa batch
    let mut partitions: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
    for message in batch {
        partitions.entry(&message.origin).or_default().push(message);
    }
    let end = |message: &Message| {
        (message.offset.unwrap_or_default().to_string(), instant(message.timestamp_ms.unwrap_or_default()))
    };
    let mut info = Map::new();
    for (origin, list) in partitions {
        if let [first, ..] = list[..] {
            let last = list.last().copied().unwrap_or(first);
            let ((first_offset, first_timestamp), (last_offset, last_timestamp)) = (end(first), end(last));
            let value = json!({
                "firstRecordOffset": first_offset,
                "lastRecordOffset": last_offset,
                "firstRecordTimestamp": first_timestamp,
                "lastRecordTimestamp": last_timestamp,
            });
            info.insert(origin.to_owned(), value);
        }
    }
    info
    // passo: fim
}

/// O registro que uma fila SQS ou um tópico SNS recebe por um lote de Kafka que falhou.
pub fn failure_record(batch: &[Message], context: &FailureContext) -> Value {
    let (condition, response) = match context.condition {
        KafkaCondition::RetryAttemptsExhausted => {
            let response = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
            ("RetryAttemptsExhausted", response)
        }
        KafkaCondition::MaximumPayloadSizeExceeded => ("MaximumPayloadSizeExceeded", Value::Null),
    };
    json!({
        "requestContext": {
            "requestId": context.request_id,
            "functionArn": context.function_arn,
            "condition": condition,
            "approximateInvokeCount": context.runs.max(1),
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": context.timestamp,
        "KafkaBatchInfo": {
            "batchSize": batch.len(),
            "eventSourceArn": context.event_source_arn,
            "bootstrapServers": context.bootstrap_servers,
            "payloadSize": context.payload_size,
            "recordsInfo": records_info(batch),
        },
    })
}

/// Milissegundos desde 1970 como a AWS os escreve: `2026-11-22T17:00:00.000Z`.
pub fn instant(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    // O calendário contado a partir de 1º de março do ano 0, em que o dia a mais do bissexto cai no fim do ano.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (seconds, milliseconds) = (rest / 1_000, rest % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}Z")
}

/// Uma mensagem de uma fila do Amazon MQ, no que interessa ao fim dela.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// O id da mensagem.
    pub id: String,
    /// O tamanho, em bytes.
    pub bytes: usize,
    /// Quantas vezes o broker já a entregou de novo; 0 na primeira entrega.
    pub redeliveries: u32,
}

/// O fim de cada mensagem de um lote do Amazon MQ, pelo id e na ordem do lote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Passaram do tamanho e o Lambda as descartou, antes de chamar a função.
    pub discarded: Vec<String>,
    /// O broker pode esquecer.
    pub acknowledged: Vec<String>,
    /// Voltam, com mais uma reentrega na conta.
    pub redelivered: Vec<Queued>,
    /// O broker desistiu: vão para a DLQ dele.
    pub dead_lettered: Vec<String>,
}

/// O maior registro que cabe em uma invocação: 6 MB.
pub const MAXIMUM_RECORD_BYTES: usize = 6 * 1024 * 1024;

/// Quantas reentregas o broker faz: `maximumRedeliveries`, que o Lambda não deixa mudar.
pub const MAXIMUM_REDELIVERIES: u32 = 6;

/// O fim de cada mensagem de um lote do Amazon MQ, depois de uma tentativa que terminou em `outcome`.
pub fn settle(batch: Vec<Queued>, outcome: Outcome) -> Settled {
    // passo: começo — dá um fim a cada mensagem, depois de {outcome:?}
    // passo: usa batch
    let mut settled = Settled::default();
    for message in batch {
        if message.bytes > MAXIMUM_RECORD_BYTES {
            settled.discarded.push(message.id);
        } else if outcome == Outcome::Succeeded {
            settled.acknowledged.push(message.id);
        } else if outcome == Outcome::Refused {
            settled.redelivered.push(message);
        } else if message.redeliveries >= MAXIMUM_REDELIVERIES {
            settled.dead_lettered.push(message.id);
        } else {
            settled.redelivered.push(Queued { redeliveries: message.redeliveries + 1, ..message });
        }
    }
    settled
    // passo: fim
}
