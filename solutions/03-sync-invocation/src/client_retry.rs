//! O cliente que repete: o que vale tentar de novo, quanto esperar e quando parar.
//!
//! ```text
//!   send ──▶ Outcome ──classify──▶ None ─────────────────────────▶ acabou
//!    ▲                        └──▶ Transient, Throttling
//!    │                                  │ tentativas? prazo?
//!    └── wait ◀── delay ◀── sorteio ◀── ceiling
//! ```
//!
//! Segue `feature-retry-behavior`, da referência dos SDKs da AWS (a versão de 2026).

use std::future::Future;
use std::time::Duration;

use kit::{Kind, Random, Timeline};
use tokio::time::sleep;

use crate::model::{CALLER, InvokeResponse};

/// A conexão falhou: recusada, cortada, nome não encontrado.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a conexão falhou")]
pub struct ConnectionFailed;

/// Como uma tentativa terminou, do ponto de vista do cliente.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// O Lambda respondeu.
    Answered(InvokeResponse),
    /// O cliente cansou de esperar. A função pode ter rodado, pode estar rodando ou pode nem ter começado.
    TimedOut,
    /// A conexão falhou.
    Disconnected,
}

/// Por que vale tentar de novo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryable {
    /// Uma falha que costuma passar em milissegundos.
    Transient,
    /// O serviço pediu para ir mais devagar.
    Throttling,
}

/// As escolhas de um cliente.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Quantas tentativas ao todo, contando a primeira; nunca 0.
    pub max_attempts: u32,
    /// Quanto esperar por uma tentativa.
    pub attempt_timeout: Duration,
    /// Quanto a chamada inteira pode levar, com as tentativas e as esperas.
    pub deadline: Duration,
}

/// O fim de uma chamada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Como a última tentativa terminou.
    pub outcome: Outcome,
    /// Quantas tentativas foram feitas.
    pub attempts: u32,
}

/// O sorteio das esperas, com semente: a mesma semente dá sempre as mesmas esperas.
#[derive(Debug, Clone)]
pub struct Jitter {
    random: Random,
}

impl Jitter {
    /// Começa a sequência da `seed`.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed) }
    }

    /// Sorteia uma espera entre zero e o teto: o *full jitter*.
    pub fn draw(&mut self, ceiling: Duration) -> Duration {
        let milliseconds = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.random.between(0..=milliseconds))
    }
}

/// Se vale tentar de novo, e por quê; `None` é uma resposta que fica.
pub fn classify(outcome: &Outcome) -> Option<Retryable> {
    // passo: começo — diga se vale repetir depois de {outcome:?}
    match outcome {
        Outcome::TimedOut | Outcome::Disconnected => Some(Retryable::Transient),
        Outcome::Answered(response) => {
            let throttled = ["TooManyRequestsException", "EC2ThrottledException"];
            match response.status {
                429 => Some(Retryable::Throttling),
                500..=599 if response.error_type.as_deref().is_some_and(|name| throttled.contains(&name)) => {
                    Some(Retryable::Throttling)
                }
                500..=599 => Some(Retryable::Transient),
                _ => None,
            }
        }
    }
    // passo: fim
}

/// O teto do sorteio antes da nova tentativa número `retry`; a primeira nova tentativa é a 0.
pub fn ceiling(reason: Retryable, retry: u32) -> Duration {
    // passo: começo — o teto da espera antes da nova tentativa {retry}, depois de {reason:?}
    const CAP: u64 = 20_000;
    let base = match reason {
        Retryable::Transient => 50,
        Retryable::Throttling => 1_000,
    };
    let milliseconds = 2u64.saturating_pow(retry).saturating_mul(base);
    Duration::from_millis(milliseconds.min(CAP))
    // passo: fim
}

/// Quanto esperar, com o que foi sorteado e o que o serviço pediu em `Retry-After`.
pub fn delay(drawn: Duration, retry_after: Option<Duration>) -> Duration {
    // passo: começo — junte o sorteado, {drawn:?}, e o pedido, {retry_after:?}
    const SLACK: Duration = Duration::from_secs(5);
    match retry_after {
        Some(asked) => asked.clamp(drawn, drawn + SLACK),
        None => drawn,
    }
    // passo: fim
}

/// Espera `delay` antes da próxima tentativa e anota a espera na linha do tempo.
pub async fn wait(timeline: &Timeline, delay: Duration) {
    let text = format!("nova tentativa em {}", kit::text::duration(delay));
    timeline.record(CALLER, Kind::Scheduled, text);
    sleep(delay).await;
}

/// Faz uma chamada, repetindo enquanto valer a pena.
///
/// `send` faz uma tentativa e recebe o número dela, a partir de 1.
pub async fn call<F>(policy: &Policy, jitter: &mut Jitter, timeline: &Timeline, send: impl FnMut(u32) -> F) -> Finished
where
    F: Future<Output = Result<InvokeResponse, ConnectionFailed>>,
{
    // passo: começo — repita: tente com limite de tempo, classifique, calcule a espera, espere com `wait`
    // passo: usa policy, jitter, timeline, send
    use tokio::time::{Instant, timeout};

    let mut send = send;
    let start = Instant::now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let left = policy.deadline.saturating_sub(start.elapsed());
        let outcome = match timeout(policy.attempt_timeout.min(left), send(attempts)).await {
            Ok(Ok(response)) => Outcome::Answered(response),
            Ok(Err(ConnectionFailed)) => Outcome::Disconnected,
            Err(_) => Outcome::TimedOut,
        };
        let Some(reason) = classify(&outcome).filter(|_| attempts < policy.max_attempts) else {
            return Finished { outcome, attempts };
        };
        let asked = match &outcome {
            Outcome::Answered(response) => response.retry_after.map(Duration::from_secs),
            _ => None,
        };
        let delay = delay(jitter.draw(ceiling(reason, attempts - 1)), asked);
        if start.elapsed() + delay >= policy.deadline {
            return Finished { outcome, attempts };
        }
        wait(timeline, delay).await;
    }
    // passo: fim
}
