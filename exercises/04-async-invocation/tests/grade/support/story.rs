//! A história de um evento no passo `retries`: rodar `process` com um roteiro e olhar o que sobrou.

use std::time::Duration;

use async_invocation::function::{Behavior, Function};
use async_invocation::model::{Event, Failure, FailureCondition, FunctionError, Resolution};
use async_invocation::retries::{Decision, EventInvokeConfig, process};
use kit::Timeline;
use kit::text::{count, duration};
use serde_json::json;
use tokio::time::{Instant, advance};

use super::finish;

/// Quanto a função leva para falhar ou dar certo.
pub const RUN_TIME: Duration = Duration::from_millis(100);

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Uma configuração válida; se ela for recusada, diz por que isso está errado.
pub fn config(attempts: Option<i64>, age: Option<i64>) -> EventInvokeConfig {
    match EventInvokeConfig::new(attempts, age) {
        Ok(config) => config,
        Err(error) => panic!(
            "MaximumRetryAttempts {} e MaximumEventAgeInSeconds {} são valores que a AWS aceita; a sua função \
             recusou com `{error}`",
            shown(attempts),
            shown(age)
        ),
    }
}

pub fn shown(value: Option<i64>) -> String {
    value.map_or("ausente".to_owned(), |value| value.to_string())
}

pub fn function_error() -> Failure {
    Failure::FunctionError(FunctionError {
        error_message: "o provedor de SMS não respondeu".to_owned(),
        error_type: "SmsError".to_owned(),
    })
}

pub fn name(failure: &Failure) -> &'static str {
    match failure {
        Failure::FunctionError(_) => "um erro da função",
        Failure::Throttled => "uma recusa por falta de vaga (429)",
        Failure::SystemError => "uma falha do serviço (5xx)",
    }
}

pub fn tell(decision: &Decision) -> String {
    match decision {
        Decision::RetryAfter(delay) => format!("tentar de novo em {}", duration(*delay)),
        Decision::GiveUp(condition) => format!("desistir com {condition}"),
    }
}

pub fn failing(message: &str) -> Behavior {
    Behavior::Fail(message.to_owned())
}

/// `1 vez`, `2 vezes`.
pub fn times(number: impl TryInto<usize>) -> String {
    count(number.try_into().unwrap_or(usize::MAX), "vez", "vezes")
}

/// O que sobrou de rodar `process` num evento.
pub struct Story {
    pub resolution: Resolution,
    pub function: Function,
    pub timeline: Timeline,
}

impl Story {
    /// Roda um evento que já esperou `waited` na fila.
    pub async fn play(waited: Duration, config: &EventInvokeConfig, script: Vec<Behavior>) -> Self {
        let event = Event {
            request_id: "00000000-0000-4000-8000-000000000007".to_owned(),
            payload: json!({ "alert": "granizo" }),
            enqueued_at: Instant::now(),
        };
        advance(waited).await;
        let timeline = Timeline::new(&[]);
        let function = Function::new(&timeline, RUN_TIME, script);
        let story = process(&event, &function, config, &timeline);
        let resolution = finish("o seu `process`", story).await;
        Self { resolution, function, timeline }
    }

    /// Quando cada tentativa começou, em milissegundos.
    pub fn starts(&self) -> Vec<u128> {
        let attempts = self.function.attempts();
        attempts.iter().map(|each| each.at.as_millis()).collect()
    }

    /// A condição de falha, as execuções e a mensagem do último erro.
    pub fn failure(&self) -> (FailureCondition, u32, Option<&str>) {
        match &self.resolution {
            Resolution::Failed { condition, runs, last_error } => {
                let message = last_error.as_ref().map(|error| error.error_message.as_str());
                (*condition, *runs, message)
            }
            Resolution::Succeeded { runs, .. } => panic!(
                "a função nunca deu certo neste roteiro, mas o seu código devolveu sucesso depois de {}",
                times(*runs)
            ),
        }
    }
}
