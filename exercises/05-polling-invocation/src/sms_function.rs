//! Uma função de mentira, que envia os SMS de um evento do SQS: faz o que mandarem e anota tudo.
//!
//! O tempo que ela "roda" é do relógio do tokio; nos testes e no laboratório ele está pausado e nada espera de verdade.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use kit::text::count;
use kit::{Kind, Lane, Timeline};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A função.
pub const FUNCTION: Lane = Lane { id: "function", label: "função" };

/// Depois de tantas chamadas a função não responde mais: um mapeamento que nunca desiste fica parado, em vez de ocupar o
/// processador para sempre.
const CALL_LIMIT: usize = 2_000;

/// O que a função faz em uma chamada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// Dá certo e devolve `null`.
    Succeed,
    /// Dá certo e devolve este JSON.
    Return(Value),
    /// O código da função devolve um erro, e o lote inteiro falha.
    Fail,
    /// Não tem vaga: 429, sem rodar.
    Throttle,
}

/// Por que uma chamada não deu certo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A função rodou e falhou, ou estourou o tempo.
    FunctionError,
    /// A função não rodou: sem vaga (429).
    Throttled,
}

/// Uma chamada anotada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Os corpos das mensagens do evento, em ordem.
    pub bodies: Vec<String>,
    /// O evento que a função recebeu, em JSON, como a AWS o manda.
    pub event: Value,
    /// O maior `ApproximateReceiveCount` entre as mensagens do evento.
    pub receive_count: u32,
    /// Quando começou, desde o começo da linha do tempo.
    pub at: Duration,
    /// Se a função chegou a rodar (uma recusa não roda).
    pub ran: bool,
}

type Decide = dyn Fn(&Call) -> Behavior + Send + Sync;

#[derive(Default)]
struct Record {
    calls: Vec<Call>,
    running: usize,
    most_running: usize,
}

/// A função de mentira; clones são a mesma função.
#[derive(Clone)]
pub struct Function {
    timeline: Timeline,
    run_time: Duration,
    reserved_concurrency: usize,
    decide: Arc<Decide>,
    record: Arc<Mutex<Record>>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("run_time", &self.run_time).finish_non_exhaustive()
    }
}

impl Function {
    /// Cria uma função que leva `run_time` para rodar e, em cada chamada, faz o que `decide` manda.
    pub fn new(
        timeline: &Timeline,
        run_time: Duration,
        decide: impl Fn(&Call) -> Behavior + Send + Sync + 'static,
    ) -> Self {
        Self {
            timeline: timeline.clone(),
            run_time,
            reserved_concurrency: usize::MAX,
            decide: Arc::new(decide),
            record: Arc::default(),
        }
    }

    /// A mesma função, com concorrência reservada: acima dela a chamada é recusada com 429.
    #[must_use]
    pub fn with_reserved_concurrency(self, reserved_concurrency: usize) -> Self {
        Self { reserved_concurrency, ..self }
    }

    /// Chama a função de forma síncrona com um lote e espera a resposta.
    ///
    /// # Errors
    /// A [`Failure`] do que aconteceu.
    pub async fn invoke(&self, event: &SqsEvent) -> Result<Value, Failure> {
        let Some((behavior, call)) = self.begin(event) else {
            return std::future::pending().await;
        };
        let batch = call.bodies.join(", ");
        if behavior == Behavior::Throttle {
            self.timeline.record(FUNCTION, Kind::Throttled, format!("[{batch}]: sem vaga (429)"));
            return Err(Failure::Throttled);
        }
        let started = Instant::now();
        sleep(self.run_time).await;
        let (kind, ending) = match behavior {
            Behavior::Fail => (Kind::Error, "erro da função"),
            _ => (Kind::Success, "deu certo"),
        };
        let nth = count(usize::try_from(call.receive_count).unwrap_or(usize::MAX), "recebimento", "recebimentos");
        self.timeline.record_since(started, FUNCTION, kind, format!("[{batch}], {nth}: {ending}"));
        self.lock().running -= 1;
        match behavior {
            Behavior::Fail => Err(Failure::FunctionError),
            Behavior::Return(value) => Ok(value),
            Behavior::Succeed | Behavior::Throttle => Ok(json!(null)),
        }
    }

    /// Todas as chamadas, em ordem.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// O maior número de execuções ao mesmo tempo.
    pub fn most_running(&self) -> usize {
        self.lock().most_running
    }

    /// Anota a chamada e devolve o que fazer com ela.
    fn begin(&self, event: &SqsEvent) -> Option<(Behavior, Call)> {
        let receive_count = |text: &String| text.parse().unwrap_or(0);
        let counts = event.records.iter().filter_map(|message| message.attributes.get("ApproximateReceiveCount"));
        let mut call = Call {
            bodies: event.records.iter().map(|message| message.body.clone().unwrap_or_default()).collect(),
            event: payload(event),
            receive_count: counts.map(receive_count).max().unwrap_or(0),
            at: self.timeline.elapsed(),
            ran: true,
        };
        let mut record = self.lock();
        if record.calls.len() >= CALL_LIMIT {
            return None;
        }
        let full = record.running >= self.reserved_concurrency;
        let behavior = if full { Behavior::Throttle } else { (self.decide)(&call) };
        call.ran = behavior != Behavior::Throttle;
        record.calls.push(call.clone());
        if call.ran {
            record.running += 1;
            record.most_running = record.most_running.max(record.running);
        }
        Some((behavior, call))
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // A trava só guarda somas e cópias: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// O JSON do evento. O que uma mensagem não tem, como o MD5 de atributos que ninguém pôs, a AWS não manda.
fn payload(event: &SqsEvent) -> Value {
    let mut payload = serde_json::to_value(event).expect("um evento do SQS vira JSON");
    for record in payload["Records"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        record.retain(|_, value| !value.is_null());
    }
    payload
}
