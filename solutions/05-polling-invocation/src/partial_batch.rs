//! A resposta parcial: o que a função diz que falhou, e o que o mapeamento refaz.
//!
//! ```text
//!   lote ─▶ função ─▶ {"batchItemFailures":[{"itemIdentifier":"b"}]}
//!                              │
//!        fila:  apaga a, c     │   fluxo: confirma a
//!               devolve b   ◀──┴──▶       refaz b, c
//! ```
//!
//! Segue `services-sqs-errorhandling`, `services-kinesis-batchfailurereporting` e `services-ddb-batchfailurereporting`, do guia
//! do Lambda.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};

/// O que a chamada à função deu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A função devolveu este corpo, que deve ser JSON.
    Returned(&'a str),
    /// A função lançou um erro ou estourou o tempo.
    Failed,
}

/// O que a função contou do lote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Deu tudo certo.
    Success,
    /// Falharam estes, pelo identificador, na ordem em que vieram.
    Failures(Vec<String>),
    /// O relato não serve: o lote inteiro falhou.
    Invalid,
}

/// O que o mapeamento faz com cada registro do lote, pelo identificador, na ordem do lote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Os que acabaram: apagados da fila, ou atrás do ponto de controle do fluxo.
    pub done: Vec<String>,
    /// Os que vão para a função outra vez.
    pub retried: Vec<String>,
}

impl Settlement {
    /// O lote inteiro deu certo.
    pub fn all_done(batch: &[&str]) -> Self {
        Self { done: owned(batch), retried: Vec::new() }
    }

    /// O lote inteiro vai de novo.
    pub fn all_retried(batch: &[&str]) -> Self {
        Self { done: Vec::new(), retried: owned(batch) }
    }
}

fn owned(identifiers: &[&str]) -> Vec<String> {
    identifiers.iter().map(|&each| each.to_owned()).collect()
}

/// Lê o corpo que a função devolveu, com `ReportBatchItemFailures` ligado.
pub fn read_report(body: &str) -> Report {
    // passo: começo — leia o relato em {body}
    use serde_json::Value;

    let Ok(response) = serde_json::from_str::<Value>(body) else {
        return Report::Invalid;
    };
    let items = match response.get("batchItemFailures") {
        None | Some(Value::Null) => return Report::Success,
        Some(Value::Array(items)) => items,
        Some(_) => return Report::Invalid,
    };
    let identifiers: Option<Vec<String>> = items
        .iter()
        .map(|item| item.get("itemIdentifier")?.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
        .collect();
    match identifiers {
        None => Report::Invalid,
        Some(identifiers) if identifiers.is_empty() => Report::Success,
        Some(identifiers) => Report::Failures(identifiers),
    }
    // passo: fim
}

/// O que o mapeamento de uma fila do SQS faz com um lote. `message_ids` são os `messageId` do lote;
/// `report_batch_item_failures` diz se o mapeamento tem `FunctionResponseTypes: ["ReportBatchItemFailures"]`.
pub fn settle_queue(message_ids: &[&str], outcome: Outcome<'_>, report_batch_item_failures: bool) -> Settlement {
    // passo: começo — decida o que apagar e o que devolver de {message_ids:?}: {outcome:?}, relato {report_batch_item_failures}
    let body = match outcome {
        Outcome::Failed => return Settlement::all_retried(message_ids),
        Outcome::Returned(_) if !report_batch_item_failures => return Settlement::all_done(message_ids),
        Outcome::Returned(body) => body,
    };
    let failures = match read_report(body) {
        Report::Success => return Settlement::all_done(message_ids),
        Report::Invalid => return Settlement::all_retried(message_ids),
        Report::Failures(failures) => failures,
    };
    if failures.iter().any(|failure| !message_ids.contains(&failure.as_str())) {
        return Settlement::all_retried(message_ids);
    }
    let (retried, done) = message_ids.iter().map(|&id| id.to_owned()).partition(|id| failures.contains(id));
    Settlement { done, retried }
    // passo: fim
}

/// O que o mapeamento de um fluxo (Kinesis ou DynamoDB) faz com um lote. `sequence_numbers` são os do lote, na ordem do shard.
pub fn settle_stream(sequence_numbers: &[&str], outcome: Outcome<'_>, report_batch_item_failures: bool) -> Settlement {
    // passo: começo — decida o que confirmar e o que refazer de {sequence_numbers:?}: {outcome:?}, relato {report_batch_item_failures}
    let body = match outcome {
        Outcome::Failed => return Settlement::all_retried(sequence_numbers),
        Outcome::Returned(_) if !report_batch_item_failures => return Settlement::all_done(sequence_numbers),
        Outcome::Returned(body) => body,
    };
    let failures = match read_report(body) {
        Report::Success => return Settlement::all_done(sequence_numbers),
        Report::Invalid => return Settlement::all_retried(sequence_numbers),
        Report::Failures(failures) => failures,
    };
    // O lote vem na ordem do shard: o menor número de sequência é o que aparece primeiro.
    let positions = failures.iter().map(|failure| sequence_numbers.iter().position(|&number| number == failure));
    let checkpoint = positions.collect::<Option<Vec<usize>>>().and_then(|positions| positions.into_iter().min());
    let (done, retried) = sequence_numbers.split_at(checkpoint.unwrap_or(0));
    Settlement { done: owned(done), retried: owned(retried) }
    // passo: fim
}

/// O lado da função: trata cada mensagem com `process` e conta quais falharam.
///
/// Em uma fila padrão, uma falha não impede as outras. Em uma fila FIFO, a primeira falha encerra o trabalho: ela e todas as que
/// vêm depois, sem serem tratadas, são contadas como falhas.
pub fn handle<E>(event: &SqsEvent, process: impl FnMut(&SqsMessage) -> Result<(), E>) -> SqsBatchResponse {
    // passo: começo — trate as mensagens do lote e devolva as que falharam
    // passo: usa event, process
    let mut process = process;
    let mut response = SqsBatchResponse::default();
    let mut stopped = false;
    for message in &event.records {
        if stopped || process(message).is_err() {
            response.add_failure(message.message_id.clone().unwrap_or_default());
            let arn = message.event_source_arn.as_deref().unwrap_or_default();
            stopped = arn.ends_with(".fifo");
        }
    }
    response
    // passo: fim
}
