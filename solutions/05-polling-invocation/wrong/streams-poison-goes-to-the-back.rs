//! Engano: o pedaço que falha vai para o fim da fila, e o resto do lote passa na frente.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::shard::{OnFailure, Shard, StreamRecord};
use crate::stream_function::{Outcome, StreamFunction};

/// Os campos de `CreateEventSourceMapping` que valem para um fluxo, como vieram; `None` é um campo que não veio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamRequest {
    /// `MaximumRetryAttempts`; −1 é sem limite.
    pub maximum_retry_attempts: Option<i64>,
    /// `MaximumRecordAgeInSeconds`; −1 é sem limite.
    pub maximum_record_age_in_seconds: Option<i64>,
    /// `ParallelizationFactor`.
    pub parallelization_factor: Option<i64>,
    /// `BisectBatchOnFunctionError`.
    pub bisect_batch_on_function_error: bool,
}

/// O valor de um campo, ou `default` se ele não veio, se cabe na faixa.
///
/// # Errors
/// [`ApiError::out_of_range`] fora dela.
pub fn within(value: Option<i64>, default: i64, member: &str, low: i64, high: i64) -> Result<i64, ApiError> {
    let value = value.unwrap_or(default);
    if value < low {
        return Err(ApiError::out_of_range(value, member, &format!("greater than or equal to {low}")));
    }
    if value > high {
        return Err(ApiError::out_of_range(value, member, &format!("less than or equal to {high}")));
    }
    Ok(value)
}

/// A configuração conferida. Um limite `None` é o −1 da AWS: sem limite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamConfig {
    /// Quantas vezes tentar de novo um lote em que a função falhou.
    pub maximum_retry_attempts: Option<u32>,
    /// A idade máxima de um registro.
    pub maximum_record_age: Option<Duration>,
    /// Quantos lotes do mesmo shard rodam ao mesmo tempo.
    pub parallelization_factor: usize,
    /// Se um lote que falha é dividido em dois.
    pub bisect: bool,
    /// Quantos registros cabem em um lote; o padrão é 100.
    pub batch_size: usize,
}

impl StreamConfig {
    /// Confere os campos, na ordem da estrutura; o primeiro que não serve é a resposta.
    ///
    /// # Errors
    /// [`ApiError::out_of_range`] para um valor fora da faixa do campo, com o nome em `camelCase`;
    /// [`ApiError::invalid_parameter`] para uma idade de 0 a 59 s.
    pub fn new(request: &StreamRequest) -> Result<Self, ApiError> {
        let attempts = within(request.maximum_retry_attempts, -1, "maximumRetryAttempts", -1, 10_000)?;
        let age = within(request.maximum_record_age_in_seconds, -1, "maximumRecordAgeInSeconds", -1, 604_800)?;
        if (0..60).contains(&age) {
            return Err(ApiError::invalid_parameter("MaximumRecordAgeInSeconds must be -1 or at least 60"));
        }
        let factor = within(request.parallelization_factor, 1, "parallelizationFactor", 1, 10)?;
        Ok(Self {
            maximum_retry_attempts: u32::try_from(attempts).ok(),
            maximum_record_age: u64::try_from(age).ok().map(Duration::from_secs),
            parallelization_factor: usize::try_from(factor).unwrap_or(1),
            bisect: request.bisect_batch_on_function_error,
            batch_size: 100,
        })
    }
}

/// Em qual das `parallelization_factor` raias um registro anda. A AWS não publica esta conta; o que ela garante é que a mesma
/// chave cai sempre na mesma.
pub fn slot(partition_key: &str, parallelization_factor: usize) -> usize {
    let sum = partition_key.bytes().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    sum % parallelization_factor.max(1)
}

/// Separa os registros de um shard em `parallelization_factor` raias, que a AWS processa ao mesmo tempo.
///
/// A raia de cada registro é a que [`slot`] diz; dentro dela a ordem é a do shard. Uma raia pode ficar vazia.
pub fn lanes(records: &[StreamRecord], parallelization_factor: usize) -> Vec<Vec<StreamRecord>> {
    let mut lanes = vec![Vec::new(); parallelization_factor];
    for record in records {
        lanes[slot(&record.partition_key, parallelization_factor)].push(record.clone());
    }
    lanes
}

/// Se um registro com esta idade já não pode mais ir à função: passou de `MaximumRecordAge` ou da retenção do fluxo.
pub fn is_expired(age: Duration, retention: Duration, config: &StreamConfig) -> bool {
    age > retention || config.maximum_record_age.is_some_and(|maximum| age > maximum)
}

/// Por que um lote foi descartado.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A função falhou em todas as tentativas a que o lote tinha direito.
    RetryAttemptsExhausted,
    /// Os registros passaram da idade.
    RecordAgeExceeded,
}

/// O que fazer com um lote depois de uma tentativa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Avançar o checkpoint para o fim do lote.
    Advance,
    /// Esperar e tentar o mesmo lote.
    Retry,
    /// Dividir em dois: a primeira metade fica com este número de registros.
    Split(usize),
    /// Descartar o lote, mandar o registro ao destino e seguir.
    Discard(Condition),
}

/// Decide o que fazer com um lote de `records` registros depois de uma tentativa que terminou em `outcome`.
///
/// `runs` é quantas vezes a função já rodou com exatamente este lote, contando a que acabou de terminar.
pub fn decide(outcome: Outcome, records: usize, runs: u32, config: &StreamConfig) -> Decision {
    match outcome {
        Outcome::Succeeded => Decision::Advance,
        Outcome::Refused => Decision::Retry,
        Outcome::FunctionError if config.bisect && records > 1 => Decision::Split(records / 2),
        Outcome::FunctionError => match config.maximum_retry_attempts {
            Some(maximum) if runs > maximum => Decision::Discard(Condition::RetryAttemptsExhausted),
            _ => Decision::Retry,
        },
    }
}

/// Um lote de que o Lambda desistiu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// Os registros, em ordem; nunca vazio.
    pub records: Vec<StreamRecord>,
    /// Por quê.
    pub condition: Condition,
    /// Quantas vezes a função rodou com este lote.
    pub runs: u32,
}

/// O que o registro do destino conta do lote: o objeto `KinesisBatchInfo`, ou `DDBStreamBatchInfo`.
pub fn batch_info(records: &[StreamRecord], shard: &Shard) -> Value {
    let sequence = |record: Option<&StreamRecord>| record.map(|each| each.sequence_number.clone());
    let arrival = |record: Option<&StreamRecord>| record.map(|each| crate::shard::timestamp(each.arrived_at));
    json!({
        "shardId": shard.id,
        "startSequenceNumber": sequence(records.first()),
        "endSequenceNumber": sequence(records.last()),
        "approximateArrivalOfFirstRecord": arrival(records.first()),
        "approximateArrivalOfLastRecord": arrival(records.last()),
        "batchSize": records.len(),
        "streamArn": shard.stream_arn,
    })
}

/// O registro que o destino de falha recebe: só metadados.
///
/// `request_id` é o da última tentativa e `timestamp` é o instante da entrega, prontos.
pub fn failure_record(discarded: &Discarded, shard: &Shard, request_id: &str, timestamp: &str) -> Value {
    use crate::shard::StreamKind;

    let (condition, ran) = match discarded.condition {
        Condition::RetryAttemptsExhausted => ("RetryAttemptsExhausted", true),
        Condition::RecordAgeExceeded => ("RecordAgeExceeded", false),
    };
    let mut record = json!({
        "requestContext": {
            "requestId": request_id,
            "functionArn": StreamFunction::ARN,
            "condition": condition,
            "approximateInvokeCount": discarded.runs.max(1),
        },
        "version": "1.0",
        "timestamp": timestamp,
    });
    if ran {
        let response = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
        record["responseContext"] = response;
    }
    let name = match shard.kind {
        StreamKind::Kinesis => "KinesisBatchInfo",
        StreamKind::DynamoDb => "DDBStreamBatchInfo",
    };
    record[name] = batch_info(&discarded.records, shard);
    record
}

/// Manda o lote descartado ao destino e avança o checkpoint para o fim dele.
pub fn discard(discarded: &Discarded, shard: &mut Shard, on_failure: &mut OnFailure) {
    let at = crate::shard::timestamp(shard.now());
    let request_id = format!("00000000-0000-4000-8000-{:012}", on_failure.received().len() + 1);
    on_failure.send(failure_record(discarded, shard, &request_id, &at));
    if let Some(last) = discarded.records.last() {
        shard.advance(last);
    }
}

/// Lê o shard até o fim, um lote de cada vez, com `ParallelizationFactor` 1.
pub async fn consume(shard: &mut Shard, function: &StreamFunction, config: &StreamConfig, on_failure: &mut OnFailure) {
    use crate::stream_function::back_off;

    while let Some(batch) = shard.read(config.batch_size).await {
        // O topo da pilha é o pedaço mais antigo: a ordem do shard.
        let mut pieces = vec![batch];
        while let Some(mut piece) = pieces.pop() {
            let (mut runs, mut attempts) = (0, 0);
            loop {
                let now = shard.now();
                let old =
                    |record: &&StreamRecord| is_expired(now.saturating_sub(record.arrived_at), shard.retention, config);
                let expired = piece.iter().take_while(old).count();
                if expired > 0 {
                    let records = piece.drain(..expired).collect();
                    let expired = Discarded { records, condition: Condition::RecordAgeExceeded, runs };
                    discard(&expired, shard, on_failure);
                }
                let Some(last) = piece.last() else { break };
                let outcome = function.invoke(&piece).await;
                attempts += 1;
                runs += u32::from(outcome != Outcome::Refused);
                match decide(outcome, piece.len(), runs, config) {
                    Decision::Advance => {
                        shard.advance(last);
                        break;
                    }
                    Decision::Retry => back_off(attempts).await,
                    Decision::Split(first) => {
                        let second = piece.split_off(first);
                        pieces.extend([piece, second]);
                        break;
                    }
                    Decision::Discard(condition) => {
                        discard(&Discarded { records: piece, condition, runs }, shard, on_failure);
                        break;
                    }
                }
            }
        }
    }
}
