//! Uma função de mentira: faz o que o roteiro manda, uma linha por tentativa, e anota tudo.
//!
//! O tempo que ela "roda" é do relógio do tokio; nos testes e no laboratório ele está pausado e nada espera de verdade.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::{Kind, Timeline};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::model::{Event, FUNCTION, Failure, FunctionError};

/// O `Timeout` da função: o padrão do Lambda, 3 s.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Depois de tantas tentativas a função não responde mais: uma fila que nunca desiste fica parada, em vez de ocupar o
/// processador para sempre. Seis horas de recusas cabem em menos de 100.
const ATTEMPT_LIMIT: usize = 500;

/// O que a função faz numa tentativa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// Dá certo.
    Succeed,
    /// O código da função devolve um erro com esta mensagem.
    Fail(String),
    /// Roda até o tempo acabar.
    TimeOut,
    /// Não tem vaga: 429, sem rodar.
    Throttle,
    /// O serviço falha: 5xx, sem rodar.
    BreakService,
}

/// Uma tentativa anotada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// O pedido que a fez.
    pub request_id: String,
    /// Quando começou, desde o começo da linha do tempo.
    pub at: Duration,
    /// Se a função chegou a rodar (uma recusa não roda).
    pub ran: bool,
}

#[derive(Debug)]
struct Record {
    script: VecDeque<Behavior>,
    attempts: Vec<Attempt>,
    finished: usize,
}

/// A função de mentira; clones são a mesma função.
#[derive(Debug, Clone)]
pub struct Function {
    timeline: Timeline,
    run_time: Duration,
    record: Arc<Mutex<Record>>,
}

impl Function {
    /// Cria uma função que leva `run_time` para rodar e segue o `script`; a última linha do roteiro vale para todas as
    /// tentativas seguintes. Um roteiro vazio dá sempre certo.
    pub fn new(timeline: &Timeline, run_time: Duration, script: impl IntoIterator<Item = Behavior>) -> Self {
        Self {
            timeline: timeline.clone(),
            run_time,
            record: Arc::new(Mutex::new(Record {
                script: script.into_iter().collect(),
                attempts: Vec::new(),
                finished: 0,
            })),
        }
    }

    /// Faz uma tentativa com o `event`.
    ///
    /// # Errors
    /// A [`Failure`] que o roteiro manda.
    pub async fn invoke(&self, event: &Event) -> Result<Value, Failure> {
        let Some((behavior, number)) = self.begin(event) else {
            return std::future::pending().await;
        };
        match behavior {
            Behavior::Throttle => Err(self.refuse(number, "sem vaga (429)", Failure::Throttled)),
            Behavior::BreakService => Err(self.refuse(number, "falha do serviço (500)", Failure::SystemError)),
            Behavior::Succeed => {
                self.run(number, self.run_time, Kind::Success, "deu certo").await;
                Ok(json!({ "sent": true }))
            }
            Behavior::Fail(error_message) => {
                self.run(number, self.run_time, Kind::Error, "erro da função").await;
                Err(Failure::FunctionError(FunctionError { error_message, error_type: "SmsError".to_owned() }))
            }
            Behavior::TimeOut => {
                self.run(number, TIMEOUT, Kind::Error, "tempo esgotado").await;
                Err(Failure::FunctionError(timed_out(event)))
            }
        }
    }

    fn refuse(&self, number: usize, why: &str, failure: Failure) -> Failure {
        let text = format!("{number}ª tentativa: {why}");
        self.timeline.record(FUNCTION, Kind::Throttled, text);
        failure
    }

    async fn run(&self, number: usize, run_time: Duration, kind: Kind, ending: &str) {
        let started = Instant::now();
        sleep(run_time).await;
        let text = format!("{number}ª tentativa: {ending}");
        self.timeline.record_since(started, FUNCTION, kind, text);
        self.lock().finished += 1;
    }

    /// Todas as tentativas, em ordem.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.lock().attempts.clone()
    }

    /// Quantas vezes a função rodou; recusas não contam.
    pub fn runs(&self) -> usize {
        let record = self.lock();
        record.attempts.iter().filter(|each| each.ran).count()
    }

    /// Quantas execuções chegaram ao fim.
    pub fn finished(&self) -> usize {
        self.lock().finished
    }

    /// Anota a tentativa; devolve o que fazer e o número dela entre as deste evento.
    fn begin(&self, event: &Event) -> Option<(Behavior, usize)> {
        let at = self.timeline.elapsed();
        let mut record = self.lock();
        if record.attempts.len() >= ATTEMPT_LIMIT {
            return None;
        }
        let behavior = if record.script.len() > 1 { record.script.pop_front() } else { record.script.front().cloned() };
        let behavior = behavior.unwrap_or(Behavior::Succeed);
        record.attempts.push(Attempt {
            request_id: event.request_id.clone(),
            at,
            ran: !matches!(behavior, Behavior::Throttle | Behavior::BreakService),
        });
        let same_event = |each: &&Attempt| each.request_id == event.request_id;
        let number = record.attempts.iter().filter(same_event).count();
        Some((behavior, number))
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // A trava só guarda somas e cópias: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// O erro que o Lambda escreve quando o tempo da função acaba.
fn timed_out(event: &Event) -> FunctionError {
    let id = &event.request_id;
    let seconds = TIMEOUT.as_secs_f64();
    FunctionError {
        error_message: format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds"),
        error_type: "Sandbox.Timedout".to_owned(),
    }
}
