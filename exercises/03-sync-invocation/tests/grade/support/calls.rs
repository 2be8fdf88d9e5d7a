//! Um Lambda de mentira, visto pelo cliente, para o passo `client_retry`.

use std::time::Duration;

use kit::text::{count, duration};
use kit::{Kind, Timeline};
use serde_json::json;
use sync_invocation::client_retry::{ConnectionFailed, Finished, Jitter, Outcome, Policy, call};
use sync_invocation::function::{Behavior, Function, Run};
use sync_invocation::model::{InvokeError, InvokeResponse, Refusal};
use tokio::time::{Instant, sleep};

use super::{describe, expect_same, finish};

/// O que acontece com uma tentativa.
#[derive(Debug, Clone)]
pub enum Attempt {
    /// O Lambda responde isto depois de tantos milissegundos.
    Answer(u64, InvokeResponse),
    /// A conexão cai depois de tantos milissegundos.
    Drop(u64),
    /// Ninguém responde.
    Silence,
}

/// Uma resposta 200.
pub fn ok() -> InvokeResponse {
    InvokeResponse { body: json!({ "hail": true }).to_string(), ..InvokeResponse::empty(200) }
}

/// Uma resposta 200 de uma função que falhou.
pub fn function_error() -> InvokeResponse {
    InvokeResponse {
        function_error: Some("Unhandled".to_owned()),
        body: json!({ "errorMessage": "sem radar", "errorType": "RadarError" }).to_string(),
        ..InvokeResponse::empty(200)
    }
}

/// Uma recusa com este status e este nome.
pub fn refused(status: u16, name: &str) -> InvokeResponse {
    InvokeResponse { error_type: Some(name.to_owned()), body: "{}".to_owned(), ..InvokeResponse::empty(status) }
}

/// Um 429, com `Retry-After`.
pub fn throttled(retry_after: Option<u64>) -> InvokeResponse {
    InvokeResponse { retry_after, ..refused(429, "TooManyRequestsException") }
}

/// Uma política folgada, com tantas tentativas.
pub fn policy(max_attempts: u32) -> Policy {
    Policy { max_attempts, attempt_timeout: Duration::from_secs(10), deadline: Duration::from_secs(3_600) }
}

pub fn milliseconds(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// O que sobrou de uma chamada.
pub struct Told {
    pub finished: Finished,
    /// Quando cada tentativa saiu.
    pub starts: Vec<Duration>,
    /// Quanto a chamada levou.
    pub elapsed: Duration,
    /// Quantas esperas a linha do tempo anotou.
    pub waits: usize,
    /// O que o sorteio daria em seguida, com teto de 1 s.
    pub next_draw: Duration,
}

impl Told {
    /// Faz uma chamada com o roteiro; a última linha vale para todas as tentativas seguintes.
    pub async fn by(policy: Policy, seed: u64, script: &[Attempt]) -> Self {
        let start = Instant::now();
        let mut starts = Vec::new();
        let mut jitter = Jitter::new(seed);
        let timeline = Timeline::new(&[]);
        let send = |number: u32| {
            starts.push(start.elapsed());
            let index = (number as usize).clamp(1, script.len()) - 1;
            let attempt = if starts.len() > 100 { Attempt::Silence } else { script[index].clone() };
            async move {
                match attempt {
                    Attempt::Answer(after, response) => {
                        sleep(milliseconds(after)).await;
                        Ok(response)
                    }
                    Attempt::Drop(after) => {
                        sleep(milliseconds(after)).await;
                        Err(ConnectionFailed)
                    }
                    Attempt::Silence => std::future::pending().await,
                }
            }
        };
        let called = call(&policy, &mut jitter, &timeline, send);
        let finished = finish("toda chamada tem um prazo", "o seu `call`", called).await;
        let elapsed = start.elapsed();
        let waits = timeline.entries().iter().filter(|event| event.kind == Kind::Scheduled).count();
        let next_draw = jitter.draw(Duration::from_secs(1));
        Self { finished, starts, elapsed, waits, next_draw }
    }

    /// Compara quantas tentativas saíram e quantas a resposta diz.
    #[track_caller]
    pub fn expect_attempts(&self, expected: u32, why: &str) {
        let (sent, said) = (self.starts.len(), self.finished.attempts);
        expect_same!(
            (sent, said),
            (expected as usize, expected),
            "{why}: {} ao todo; o seu `call` mandou {sent} e diz que foram {said}",
            count(expected as usize, "tentativa", "tentativas")
        );
    }

    /// Compara o instante em que cada tentativa saiu.
    #[track_caller]
    pub fn expect_starts(&self, expected: &[Duration], why: &str) {
        let tell = |starts: &[Duration]| starts.iter().map(|each| duration(*each)).collect::<Vec<_>>().join(", ");
        expect_same!(
            self.starts,
            expected,
            "{why}: as tentativas saem em {}; as do seu `call` saíram em {}",
            tell(expected),
            tell(&self.starts)
        );
    }
}

/// Um fim em uma frase.
pub fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(response) => format!("a resposta {}", describe(response)),
        Outcome::TimedOut => "o tempo do cliente esgotado".to_owned(),
        Outcome::Disconnected => "a conexão caída".to_owned(),
    }
}

/// A função que manda um SMS e leva tanto tempo; o tempo dela é de 60 s.
pub fn sms_function(timeline: &Timeline, takes: u64) -> Function {
    let sent = Behavior::Return(json!({ "sent": true }));
    Function::new(timeline, [Run::new(takes, sent)]).with_timeout(Duration::from_secs(60))
}

/// Uma chamada à função pela rede, com a recusa já em forma de resposta.
pub async fn send_to(function: Function) -> Result<InvokeResponse, ConnectionFailed> {
    let failed = |refusal: Refusal| match refusal.error {
        InvokeError::TooManyRequests { retry_after, .. } => throttled(Some(retry_after)),
        error => refused(500, error.name()),
    };
    Ok(function.run(&json!({ "alert": 118 })).await.map_or_else(failed, |_| ok()))
}
