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
    todo!("leia o relato em {body}")
}

/// O que o mapeamento de uma fila do SQS faz com um lote. `message_ids` são os `messageId` do lote;
/// `report_batch_item_failures` diz se o mapeamento tem `FunctionResponseTypes: ["ReportBatchItemFailures"]`.
pub fn settle_queue(message_ids: &[&str], outcome: Outcome<'_>, report_batch_item_failures: bool) -> Settlement {
    todo!("decida o que apagar e o que devolver de {message_ids:?}: {outcome:?}, relato {report_batch_item_failures}")
}

/// O que o mapeamento de um fluxo (Kinesis ou DynamoDB) faz com um lote. `sequence_numbers` são os do lote, na ordem do shard.
pub fn settle_stream(sequence_numbers: &[&str], outcome: Outcome<'_>, report_batch_item_failures: bool) -> Settlement {
    todo!(
        "decida o que confirmar e o que refazer de {sequence_numbers:?}: {outcome:?}, relato {report_batch_item_failures}"
    )
}

/// O lado da função: trata cada mensagem com `process` e conta quais falharam.
///
/// Em uma fila padrão, uma falha não impede as outras. Em uma fila FIFO, a primeira falha encerra o trabalho: ela e todas as que
/// vêm depois, sem serem tratadas, são contadas como falhas.
pub fn handle<E>(event: &SqsEvent, process: impl FnMut(&SqsMessage) -> Result<(), E>) -> SqsBatchResponse {
    let _ = (event, process);
    todo!("trate as mensagens do lote e devolva as que falharam")
}
