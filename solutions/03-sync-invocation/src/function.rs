//! Uma função de mentira: faz o que o roteiro manda, uma linha por chamada, e anota tudo.
//!
//! Ela roda em uma tarefa só dela: quem cansa de esperar e desliga não a interrompe, como no Lambda de verdade. O tempo é o do
//! relógio do tokio; nos testes e no laboratório ele está pausado e nada espera de verdade.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::{Kind, Timeline};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::model::{FUNCTION, FunctionError, InvokeError, Refusal};

/// Depois de tantas chamadas a função só recusa: um cliente que nunca desiste termina, em vez de ocupar o processador.
const CALL_LIMIT: usize = 200;

/// O que a função faz numa chamada.
#[derive(Debug, Clone, PartialEq)]
pub enum Behavior {
    /// Devolve este valor.
    Return(Value),
    /// Termina sem devolver nada.
    ReturnNothing,
    /// O código dela levanta este erro.
    Raise(FunctionError),
    /// Roda até o tempo dela acabar.
    Hang,
    /// O processo termina antes de responder, com este código (`None`: sem dizer qual).
    Exit(Option<i32>),
    /// Grava este documento no endereço que veio no evento e termina sem devolver nada.
    Put(String),
    /// O Lambda recusa a chamada, e a função não roda.
    Refuse(Refusal),
}

/// Uma linha do roteiro: quanto a função leva e o que faz no fim.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Quanto leva.
    pub takes: Duration,
    /// O que faz.
    pub behavior: Behavior,
}

impl Run {
    /// Leva `milliseconds` e faz `behavior`.
    pub fn new(milliseconds: u64, behavior: Behavior) -> Self {
        Self { takes: Duration::from_millis(milliseconds), behavior }
    }
}

/// Como uma execução terminou.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// A função devolveu este valor.
    Returned(Value),
    /// Terminou bem, sem devolver nada.
    Nothing,
    /// O código dela levantou um erro.
    Raised(FunctionError),
    /// O tempo dela, este, acabou.
    TimedOut(Duration),
    /// O processo terminou antes de responder, com este código.
    Exited(Option<i32>),
}

/// Uma execução que terminou.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// O número do pedido.
    pub request_id: String,
    /// A versão que rodou.
    pub version: String,
    /// O log desta execução, inteiro.
    pub log: Vec<u8>,
    /// Como terminou.
    pub ending: Ending,
}

#[derive(Debug, Default)]
struct Record {
    script: VecDeque<Run>,
    calls: Vec<Duration>,
    runs: usize,
    finished: usize,
    payloads: Vec<Value>,
    queued: Vec<Value>,
    documents: Vec<String>,
}

/// A função de mentira; clones são a mesma função.
#[derive(Debug, Clone)]
pub struct Function {
    timeline: Timeline,
    timeout: Duration,
    version: String,
    log: Vec<u8>,
    locked: Option<Refusal>,
    record: Arc<Mutex<Record>>,
    written: Arc<Notify>,
}

impl Function {
    /// Cria uma função que segue o `script`; a última linha vale para todas as chamadas seguintes, e um roteiro vazio
    /// devolve `{}` na hora. O tempo dela é o padrão do Lambda, 3 s.
    pub fn new(timeline: &Timeline, script: impl IntoIterator<Item = Run>) -> Self {
        let record = Record { script: script.into_iter().collect(), ..Record::default() };
        Self {
            timeline: timeline.clone(),
            timeout: Duration::from_secs(3),
            version: "$LATEST".to_owned(),
            log: Vec::new(),
            locked: None,
            record: Arc::new(Mutex::new(record)),
            written: Arc::new(Notify::new()),
        }
    }

    /// A mesma, com outro `Timeout`.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// A mesma, publicada como esta versão.
    pub fn with_version(self, version: &str) -> Self {
        Self { version: version.to_owned(), ..self }
    }

    /// A mesma, escrevendo este log em cada execução.
    pub fn with_log(self, log: impl Into<Vec<u8>>) -> Self {
        Self { log: log.into(), ..self }
    }

    /// A mesma, mas quem chama não pode invocá-la.
    pub fn locked(self, refusal: Refusal) -> Self {
        Self { locked: Some(refusal), ..self }
    }

    /// Confere se a função existe e se quem chama pode invocá-la.
    ///
    /// # Errors
    /// A recusa, com a mensagem pronta.
    pub fn authorize(&self) -> Result<(), Refusal> {
        self.locked.clone().map_or(Ok(()), Err)
    }

    /// Guarda o evento na fila interna, para rodar depois.
    pub fn enqueue(&self, payload: Value) {
        self.lock().queued.push(payload);
    }

    /// Roda a função com o evento e espera ela terminar.
    ///
    /// # Errors
    /// A recusa, quando o Lambda não consegue rodá-la.
    pub async fn run(&self, payload: &Value) -> Result<Execution, Refusal> {
        let (number, run) = self.begin(payload);
        if let Behavior::Refuse(refusal) = run.behavior {
            let text = format!("{number}ª chamada: recusada, {}", refusal.error.name());
            self.timeline.record(FUNCTION, Kind::Throttled, text);
            return Err(refusal);
        }
        let this = self.clone();
        let running = tokio::spawn(async move { this.execute(number, run).await });
        match running.await {
            Ok(execution) => Ok(execution),
            // Só acontece quando o relógio dos testes é desligado no meio.
            Err(_) => std::future::pending().await,
        }
    }

    fn begin(&self, payload: &Value) -> (usize, Run) {
        let mut record = self.lock();
        let at = self.timeline.elapsed();
        record.calls.push(at);
        let number = record.calls.len();
        let run = match record.script.len() {
            _ if number > CALL_LIMIT => {
                Run::new(1_000, Behavior::Refuse(Refusal::new(InvokeError::Service, "call limit of the model")))
            }
            0 => Run::new(0, Behavior::Return(serde_json::json!({}))),
            1 => record.script[0].clone(),
            _ => record.script.pop_front().unwrap_or(Run::new(0, Behavior::ReturnNothing)),
        };
        if !matches!(run.behavior, Behavior::Refuse(_)) {
            record.runs += 1;
            record.payloads.push(payload.clone());
        }
        (number, run)
    }

    async fn execute(&self, number: usize, run: Run) -> Execution {
        let started = Instant::now();
        let hangs = run.behavior == Behavior::Hang || run.takes > self.timeout;
        sleep(if hangs { self.timeout } else { run.takes }).await;
        let ending = match run.behavior {
            _ if hangs => Ending::TimedOut(self.timeout),
            Behavior::Return(value) => Ending::Returned(value),
            Behavior::Raise(error) => Ending::Raised(error),
            Behavior::Exit(code) => Ending::Exited(code),
            Behavior::Put(document) => {
                self.lock().documents.push(document);
                self.written.notify_one();
                Ending::Nothing
            }
            Behavior::ReturnNothing | Behavior::Hang | Behavior::Refuse(_) => Ending::Nothing,
        };
        let (kind, text) = match &ending {
            Ending::Returned(_) | Ending::Nothing => (Kind::Success, "termina"),
            Ending::Raised(_) => (Kind::Error, "erro da função"),
            Ending::TimedOut(_) => (Kind::Error, "tempo da função esgotado"),
            Ending::Exited(_) => (Kind::Error, "o processo sai"),
        };
        self.timeline.record_since(started, FUNCTION, kind, format!("{number}ª chamada: {text}"));
        self.lock().finished += 1;
        let request_id = format!("00000000-0000-4000-8000-{number:012}");
        Execution { request_id, version: self.version.clone(), log: self.log.clone(), ending }
    }

    /// Quando cada chamada chegou, contando as recusadas.
    pub fn calls(&self) -> Vec<Duration> {
        self.lock().calls.clone()
    }

    /// Quantas vezes a função começou a rodar.
    pub fn runs(&self) -> usize {
        self.lock().runs
    }

    /// Quantas vezes ela terminou, bem ou mal.
    pub fn finished(&self) -> usize {
        self.lock().finished
    }

    /// O evento de cada execução.
    pub fn payloads(&self) -> Vec<Value> {
        self.lock().payloads.clone()
    }

    /// O que está na fila interna.
    pub fn queued(&self) -> Vec<Value> {
        self.lock().queued.clone()
    }

    /// O primeiro documento que ela gravar, se gravar algum.
    pub async fn document(&self) -> String {
        loop {
            if let Some(document) = self.lock().documents.first() {
                return document.clone();
            }
            self.written.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
