//! Engano: "tenta mais vezes" virou três novas tentativas, quatro execuções ao todo.

use std::time::Duration;

use kit::{Kind, Timeline};
use tokio::time::sleep;

use crate::function::Function;
use crate::model::{Event, Failure, FailureCondition, QUEUE, Resolution};

/// O erro 400 da API do Lambda para um valor fora dos limites.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValidationException {
    /// A mensagem da AWS, em inglês.
    pub message: String,
}

/// A configuração da invocação assíncrona de uma função. Só existe com valores que a AWS aceita.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventInvokeConfig {
    maximum_retry_attempts: u32,
    maximum_event_age: Duration,
}

impl EventInvokeConfig {
    /// Confere os valores como `PutFunctionEventInvokeConfig`; `None` é um campo que não veio e vale o padrão.
    ///
    /// # Errors
    /// [`ValidationException`] com a mensagem da AWS, que junta todos os valores ruins.
    pub fn new(
        maximum_retry_attempts: Option<i64>,
        maximum_event_age_in_seconds: Option<i64>,
    ) -> Result<Self, ValidationException> {
        use std::ops::RangeInclusive;

        fn violation(value: i64, member: &str, range: &RangeInclusive<i64>) -> Option<String> {
            let constraint = if value < *range.start() {
                format!("greater than or equal to {}", range.start())
            } else if value > *range.end() {
                format!("less than or equal to {}", range.end())
            } else {
                return None;
            };
            Some(format!(
                "Value '{value}' at '{member}' failed to satisfy constraint: Member must have value {constraint}"
            ))
        }

        let attempts = maximum_retry_attempts.unwrap_or(2);
        let age = maximum_event_age_in_seconds.unwrap_or(21_600);
        let violations: Vec<String> = [
            violation(attempts, "maximumRetryAttempts", &(0..=2)),
            violation(age, "maximumEventAgeInSeconds", &(60..=21_600)),
        ]
        .into_iter()
        .flatten()
        .collect();

        match (violations.len(), u32::try_from(attempts), u64::try_from(age)) {
            (0, Ok(maximum_retry_attempts), Ok(seconds)) => {
                Ok(Self { maximum_retry_attempts, maximum_event_age: Duration::from_secs(seconds) })
            }
            (count, ..) => {
                let noun = if count == 1 { "error" } else { "errors" };
                let list = violations.join("; ");
                Err(ValidationException { message: format!("{count} validation {noun} detected: {list}") })
            }
        }
    }

    /// Quantas vezes tentar de novo depois de um erro da função: de 0 a 2.
    pub fn maximum_retry_attempts(&self) -> u32 {
        self.maximum_retry_attempts
    }

    /// A idade máxima de um evento.
    pub fn maximum_event_age(&self) -> Duration {
        self.maximum_event_age
    }
}

/// As falhas de um evento, contando a da tentativa que acabou de terminar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// Quantas vezes a função rodou e falhou.
    pub function_errors: u32,
    /// Quantas recusas (429 ou 5xx) seguidas, até agora.
    pub refusals: u32,
}

impl Failures {
    /// Conta mais uma.
    pub fn count(&mut self, failure: &Failure) {
        match failure {
            Failure::FunctionError(_) => {
                self.function_errors += 1;
                self.refusals = 0;
            }
            Failure::Throttled | Failure::SystemError => self.refusals += 1,
        }
    }
}

/// O que fazer depois de uma tentativa que falhou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Devolver o evento à fila e tentar de novo depois deste tempo.
    RetryAfter(Duration),
    /// Desistir agora.
    GiveUp(FailureCondition),
}

/// Quanto esperar depois da recusa número `refusals` (a primeira é a 1): 1 s, que dobra a cada recusa, até 5 min.
pub fn refusal_delay(refusals: u32) -> Duration {
    const CEILING: u64 = 5 * 60;
    // Perto das seis horas já são umas 80 recusas, e 2^80 não cabe em 64 bits.
    let seconds = 2u64.saturating_pow(refusals.saturating_sub(1));
    Duration::from_secs(seconds.min(CEILING))
}

/// Decide o que fazer depois de uma tentativa que falhou.
///
/// `failures` já conta a `failure` que acabou de acontecer; `age` é a idade do evento agora.
pub fn decide(failures: &Failures, failure: &Failure, age: Duration, config: &EventInvokeConfig) -> Decision {
    let delay = match failure {
        Failure::FunctionError(_) => {
            if failures.function_errors > config.maximum_retry_attempts() + 1 {
                return Decision::GiveUp(FailureCondition::RetriesExhausted);
            }
            Duration::from_secs(60) * failures.function_errors
        }
        Failure::Throttled | Failure::SystemError => refusal_delay(failures.refusals),
    };
    if age + delay > config.maximum_event_age() {
        Decision::GiveUp(FailureCondition::EventAgeExceeded)
    } else {
        Decision::RetryAfter(delay)
    }
}

/// Devolve o evento à fila: anota na linha do tempo e espera `delay`.
pub async fn back_to_queue(timeline: &Timeline, delay: Duration) {
    let text = format!("de volta à fila; nova tentativa em {} s", delay.as_secs());
    timeline.record(QUEUE, Kind::Scheduled, text);
    sleep(delay).await;
}

/// Tenta rodar a função com o `event` até dar certo ou o Lambda desistir.
///
/// Entre uma tentativa e a próxima, o evento espera com [`back_to_queue`].
pub async fn process(
    event: &Event,
    function: &Function,
    config: &EventInvokeConfig,
    timeline: &Timeline,
) -> Resolution {
    let mut failures = Failures::default();
    let mut last_error = None;
    loop {
        let failure = match function.invoke(event).await {
            Ok(response) => {
                return Resolution::Succeeded { response, runs: failures.function_errors + 1 };
            }
            Err(failure) => failure,
        };
        failures.count(&failure);
        let decision = decide(&failures, &failure, event.enqueued_at.elapsed(), config);
        if let Failure::FunctionError(error) = failure {
            last_error = Some(error);
        }
        match decision {
            Decision::RetryAfter(delay) => back_to_queue(timeline, delay).await,
            Decision::GiveUp(condition) => {
                return Resolution::Failed { condition, runs: failures.function_errors, last_error };
            }
        }
    }
}
