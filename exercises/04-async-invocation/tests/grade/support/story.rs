//! A história de um evento no passo `retries`: rodar `process` com um roteiro e olhar o que sobrou.

use std::time::Duration;

use async_invocation::function::{Behavior, Function};
use async_invocation::model::{Event, FUNCTION, Failure, FailureCondition, FunctionError, QUEUE, Resolution};
use async_invocation::retries::{Decision, EventInvokeConfig, process};
use kit::text::{count, duration, thousands};
use kit::{Random, Timeline};
use serde_json::json;
use tokio::time::{Instant, advance};

use super::{expect_same, finish, times};

/// Quanto a função leva para falhar ou dar certo.
pub const RUN_TIME: Duration = Duration::from_millis(100);

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Uma configuração válida; se ela for recusada, diz por que isso está errado.
pub fn config(attempts: Option<i64>, age: Option<i64>) -> EventInvokeConfig {
    match EventInvokeConfig::new(attempts, age) {
        Ok(config) => config,
        Err(error) => {
            panic!("{} são valores que a AWS aceita; a sua função recusou com `{error}`", fields(attempts, age))
        }
    }
}

/// `MaximumRetryAttempts ausente e MaximumEventAgeInSeconds 21.601`.
pub fn fields(attempts: Option<i64>, age: Option<i64>) -> String {
    let shown = |value: Option<i64>| match value {
        None => "ausente".to_owned(),
        Some(value) => {
            let digits = thousands(usize::try_from(value.unsigned_abs()).unwrap_or(usize::MAX));
            format!("{}{digits}", if value < 0 { "-" } else { "" })
        }
    };
    format!("MaximumRetryAttempts {} e MaximumEventAgeInSeconds {}", shown(attempts), shown(age))
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

/// Compara duas decisões; `situation` conta o caso e a regra.
#[track_caller]
pub fn expect_decision(decision: Decision, expected: Decision, situation: &str) {
    let tell = |decision: &Decision| match decision {
        Decision::RetryAfter(delay) => format!("tentar de novo em {}", duration(*delay)),
        Decision::GiveUp(condition) => format!("desistir com {condition}"),
    };
    expect_same!(
        decision,
        expected,
        "{situation}: o Lambda decide {}; a sua função decidiu {}",
        tell(&expected),
        tell(&decision)
    );
}

/// `0 s, 1 min 0,1 s e 3 min 0,2 s`.
fn instants(starts: &[Duration]) -> String {
    let mut texts: Vec<String> = starts.iter().map(|each| duration(*each)).collect();
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} e {last}", texts.join(", ")),
        last => last.unwrap_or("instante nenhum".to_owned()),
    }
}

pub fn failing(message: &str) -> Behavior {
    Behavior::Fail(message.to_owned())
}

/// Um roteiro com `before` recusas antes da primeira execução e uma antes da segunda; a função falha nas três. Devolve
/// também quando cada tentativa começa.
pub fn errors_among_refusals(random: &mut Random, before: u64) -> (Vec<Behavior>, Vec<Duration>) {
    let (mut script, mut starts, mut clock) = (Vec::new(), vec![Duration::ZERO], Duration::ZERO);
    let mut next = |behavior: Behavior, wait: Duration| {
        script.push(behavior);
        clock += wait;
        starts.push(clock);
    };
    for number in 0..before {
        let refusal = random.pick(&[Behavior::Throttle, Behavior::BreakService]);
        next(refusal.cloned().unwrap_or(Behavior::Throttle), seconds(1 << number));
    }
    next(failing("primeiro"), RUN_TIME + seconds(60));
    // Depois de um erro da função, a espera das recusas volta a começar em 1 s.
    next(Behavior::Throttle, seconds(1));
    next(failing("segundo"), RUN_TIME + seconds(120));
    script.push(failing("terceiro"));
    (script, starts)
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
        let timeline = Timeline::new(&[QUEUE, FUNCTION]);
        let function = Function::new(&timeline, RUN_TIME, script);
        let story = process(&event, &function, config, &timeline);
        let resolution = finish("um evento vive no máximo 6 h", "o seu `process`", story).await;
        Self { resolution, function, timeline }
    }

    /// Compara os instantes em que as tentativas começaram; `rule` diz por que são esses.
    #[track_caller]
    pub fn expect_starts(&self, expected: &[Duration], rule: &str) {
        let starts: Vec<Duration> = self.function.attempts().iter().map(|each| each.at).collect();
        expect_same!(
            starts,
            expected,
            "{rule}: as tentativas começam em {}; as do seu `process` começaram em {}",
            instants(expected),
            instants(&starts)
        );
    }

    /// Compara a condição, as execuções e a mensagem do último erro; `situation` conta o caso.
    #[track_caller]
    pub fn expect_failure(&self, expected: (FailureCondition, u32, Option<&str>), situation: &str) {
        let tell = |(condition, runs, error): (FailureCondition, u32, Option<&str>)| {
            let runs = count(runs as usize, "execução", "execuções");
            let error = error.map_or("nenhum erro da função".to_owned(), |error| format!("o erro `{error}`"));
            format!("{condition}, com {runs} e {error}")
        };
        let failure = match &self.resolution {
            Resolution::Failed { condition, runs, last_error } => {
                (*condition, *runs, last_error.as_ref().map(|error| error.error_message.as_str()))
            }
            Resolution::Succeeded { runs, .. } => panic!(
                "a função nunca deu certo neste roteiro, mas o seu `process` devolveu sucesso depois de rodar {}",
                times(*runs)
            ),
        };
        expect_same!(
            failure,
            expected,
            "{situation}: o fim é {}; o do seu `process` é {}",
            tell(expected),
            tell(failure)
        );
    }
}
