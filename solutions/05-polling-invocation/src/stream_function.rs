//! A função que lê as leituras das estações, de mentira: falha quando o lote traz uma leitura que não é JSON.
//!
//! Antes disso ela segue um roteiro de problemas, um por tentativa; com o roteiro vazio, só as leituras decidem. Ela leva 0,1 s.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::{Kind, Timeline};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::shard::{STREAM_FUNCTION, StreamKind, StreamRecord, event, is_readable};

/// Quanto a função leva.
pub const RUN_TIME: Duration = Duration::from_millis(100);

/// Depois de tantas tentativas a função não responde mais: um leitor que nunca avança fica parado, em vez de girar sem fim.
const ATTEMPT_LIMIT: usize = 4_000;

/// Um problema que não vem das leituras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Não tem vaga: 429, sem rodar.
    Throttle,
    /// O serviço falha: 5xx, sem rodar.
    BreakService,
    /// Roda e falha, com o lote que for.
    Fail,
}

/// Como terminou uma tentativa de chamar a função.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Rodou e deu certo.
    Succeeded,
    /// Rodou e falhou.
    FunctionError,
    /// Não chegou a rodar: throttling ou erro do serviço.
    Refused,
}

/// Uma tentativa anotada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Quando começou, desde o começo da linha do tempo.
    pub at: Duration,
    /// Os números de sequência do lote.
    pub records: Vec<String>,
    /// O evento que a função recebeu, como a AWS o manda.
    pub event: Value,
    /// Como terminou.
    pub outcome: Outcome,
}

/// A função; clones são a mesma função.
#[derive(Debug, Clone)]
pub struct StreamFunction {
    timeline: Timeline,
    run_time: Duration,
    kind: StreamKind,
    stream: Vec<StreamRecord>,
    record: Arc<Mutex<(VecDeque<Trouble>, Vec<Call>)>>,
}

impl StreamFunction {
    /// O ARN dela.
    pub const ARN: &'static str = "arn:aws:lambda:sa-east-1:123456789012:function:forecast";

    /// Cria a função com um roteiro de problemas.
    pub fn new(timeline: &Timeline, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        let script = troubles.into_iter().collect();
        Self {
            timeline: timeline.clone(),
            run_time: RUN_TIME,
            kind: StreamKind::Kinesis,
            stream: Vec::new(),
            record: Arc::new(Mutex::new((script, Vec::new()))),
        }
    }

    /// A mesma função, ligada a um fluxo de uma tabela do DynamoDB com estes registros.
    pub fn of_a_table(mut self, stream: &[StreamRecord]) -> Self {
        self.kind = StreamKind::DynamoDb;
        self.stream = stream.to_vec();
        self
    }

    /// A mesma função, que leva `run_time`: uma que estoura o tempo leva o tempo todo.
    #[must_use]
    pub fn with_run_time(self, run_time: Duration) -> Self {
        Self { run_time, ..self }
    }

    /// Chama a função com um lote.
    pub async fn invoke(&self, batch: &[StreamRecord]) -> Outcome {
        if self.lock().1.len() >= ATTEMPT_LIMIT {
            return std::future::pending().await;
        }
        let trouble = self.lock().0.pop_front();
        let event = event(self.kind, &self.stream, batch);
        let readable = event["Records"].as_array().is_some_and(|records| records.iter().all(is_readable));
        let outcome = match trouble {
            Some(Trouble::Throttle | Trouble::BreakService) => Outcome::Refused,
            Some(Trouble::Fail) => Outcome::FunctionError,
            None if readable => Outcome::Succeeded,
            None => Outcome::FunctionError,
        };
        let records: Vec<String> = batch.iter().map(|each| each.sequence_number.clone()).collect();
        let text = records.join(" ");
        self.lock().1.push(Call { at: self.timeline.elapsed(), records, event, outcome });
        if outcome == Outcome::Refused {
            self.timeline.record(STREAM_FUNCTION, Kind::Throttled, format!("sem vaga para o lote {text}"));
            return outcome;
        }
        let started = Instant::now();
        sleep(self.run_time).await;
        let (kind, text) = match outcome {
            Outcome::Succeeded => (Kind::Success, format!("lote {text}")),
            _ => (Kind::Error, format!("lote {text}")),
        };
        self.timeline.record_since(started, STREAM_FUNCTION, kind, text);
        outcome
    }

    /// Todas as tentativas, em ordem.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().1.clone()
    }

    fn lock(&self) -> MutexGuard<'_, (VecDeque<Trouble>, Vec<Call>)> {
        // A trava só guarda cópias: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Espera antes de tentar o mesmo lote de novo: 1 s, que dobra a cada tentativa seguida e para em 1 min.
///
/// A AWS não publica esse recuo; este é o do modelo.
pub async fn back_off(attempts: u32) {
    let seconds = 2u64.saturating_pow(attempts.saturating_sub(1)).min(60);
    sleep(Duration::from_secs(seconds)).await;
}
