//! O laboratório do capítulo 03: quem chama, como a função falha e o que quem espera vê, contado pelo código dos passos.
//!
//! ```text
//!   cenário ─▶ callers::call (os seis serviços)      ─▶ linha do tempo e resposta
//!          └─▶ client_retry::call (um programa seu)
//! ```

use std::process::ExitCode;
use std::time::Duration;

use kit::lab::{self, Block, Output, Tone};
use kit::text::{count, duration};
use kit::{Kind, Timeline};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sync_invocation::caller::Answer;
use sync_invocation::callers::{self, Provisioned, response_document};
use sync_invocation::client_retry::{self, Finished, Jitter, Policy};
use sync_invocation::events::{self, replies};
use sync_invocation::function::{Behavior, Ending, Function, Run};
use sync_invocation::model::{CALLER, FUNCTION, FunctionError, InvokeError, InvokeResponse, Refusal, WAITING};

const FUNCTION_ERROR: &str = "X-Amz-Function-Error";
const FORECAST: &str = "Granizo em Serra Clara às 15h.";

/// Quem chama.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Caller {
    Sdk,
    ApiGateway,
    Cognito,
    CloudFormation,
    Alexa,
    Lex,
    CloudFront,
}

/// Como as primeiras chamadas falham.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failing {
    None,
    FunctionError,
    Slow,
    Throttle,
    SystemError,
    Forbidden,
    BadAnswer,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
struct Scenario {
    caller: Caller,
    failure: Failing,
    slow_seconds: u64,
    failing_calls: u32,
}

impl Scenario {
    /// O evento que o serviço manda.
    fn event(&self) -> Value {
        match self.caller {
            Caller::Sdk => json!({ "city": "serra-clara" }),
            Caller::ApiGateway => events::api_gateway(),
            Caller::Cognito => events::cognito("PreSignUp_SignUp"),
            Caller::CloudFormation => events::cloudformation("Create"),
            Caller::Alexa => events::alexa(),
            Caller::Lex => events::lex(),
            Caller::CloudFront => events::cloudfront("viewer-request"),
        }
    }

    /// O que a função faz quando dá certo.
    fn success(&self, event: &Value) -> Behavior {
        Behavior::Return(match self.caller {
            Caller::Sdk => json!({ "forecast": FORECAST }),
            Caller::ApiGateway => replies::api_gateway(FORECAST),
            Caller::Cognito => replies::cognito(event),
            Caller::CloudFormation => {
                let station = Provisioned { physical_resource_id: "station-118".to_owned(), data: Map::new() };
                return Behavior::Put(response_document(event, &Ok(station)));
            }
            Caller::Alexa => replies::alexa(FORECAST),
            Caller::Lex => replies::lex(FORECAST),
            Caller::CloudFront => replies::cloudfront(FORECAST),
        })
    }

    /// As falhas do cenário e, depois delas, o sucesso.
    fn script(&self, event: &Value) -> Vec<Run> {
        let success = self.success(event);
        let refuse = |error| Behavior::Refuse(Refusal::new(error, "recusa do laboratório"));
        let (takes, failure) = match self.failure {
            Failing::None => return vec![Run::new(500, success)],
            Failing::FunctionError => {
                let error_message = "o radar não respondeu".to_owned();
                (500, Behavior::Raise(FunctionError { error_message, error_type: "RadarError".to_owned() }))
            }
            Failing::Slow => (self.slow_seconds * 1_000, success.clone()),
            Failing::Throttle => {
                let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
                (0, refuse(InvokeError::TooManyRequests { reason, retry_after: 1 }))
            }
            Failing::SystemError => (0, refuse(InvokeError::Service)),
            Failing::Forbidden => (0, refuse(InvokeError::AccessDenied)),
            Failing::BadAnswer => (500, Behavior::Return(json!("granizo"))),
        };
        let failures = std::iter::repeat_n(Run::new(takes, failure), self.failing_calls as usize);
        failures.chain([Run::new(500, success)]).collect()
    }
}

fn main() -> ExitCode {
    lab::run(play)
}

/// Conta uma chamada num cenário.
async fn play(scenario: Scenario) -> Output {
    let timeline = Timeline::new(&[WAITING, CALLER, FUNCTION]);
    let event = scenario.event();
    let function = Function::new(&timeline, scenario.script(&event)).with_timeout(Duration::from_secs(60));
    let answer = match scenario.caller {
        Caller::Sdk => call_with_sdk(&function, &event, &timeline).await,
        _ => callers::call(&event, &function, &timeline).await,
    };
    let seen = answer.describe();
    let elapsed = timeline.elapsed();
    // As execuções abandonadas terminam depois da resposta, e aparecem na linha do tempo.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (calls, runs) = (function.calls().len(), function.runs());
    let finished = match function.finished() {
        finished if finished == runs => String::new(),
        finished => format!(" (terminou {finished})"),
    };
    let summary = format!(
        "A função foi chamada {} e rodou {}{finished}. Quem espera viu, em {}: {seen}.",
        count(calls, "vez", "vezes"),
        count(runs, "vez", "vezes"),
        duration(elapsed),
        seen = seen.trim_end_matches('.')
    );
    let tone = match &answer {
        Answer::Http { status, body } if *status >= 400 || body.starts_with(FUNCTION_ERROR) => Tone::Bad,
        Answer::OperationFailed { .. } | Answer::ResourceFailed { .. } => Tone::Bad,
        Answer::SaysPrepared(_) | Answer::Unpublished => Tone::Plain,
        _ => Tone::Good,
    };
    let text = Block::Text { label: "O que quem espera vê".to_owned(), text: seen, tone };
    let sent = serde_json::to_string_pretty(&event).unwrap_or_default();
    let sent = Block::Text { label: "O evento que a função recebe".to_owned(), text: sent, tone: Tone::Plain };
    Output { summary, blocks: vec![Block::Timeline(timeline), text, sent] }
}

/// Um programa com o SDK: 3 tentativas, 10 s por tentativa, 60 s ao todo.
async fn call_with_sdk(function: &Function, event: &Value, timeline: &Timeline) -> Answer {
    let policy =
        Policy { max_attempts: 3, attempt_timeout: Duration::from_secs(10), deadline: Duration::from_secs(60) };
    let finished =
        client_retry::call(&policy, &mut Jitter::new(118), timeline, |_| async { Ok(send(function, event).await) })
            .await;
    let answer = match &finished.outcome {
        client_retry::Outcome::Answered(response) => {
            let header = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}: {value}"));
            let failed = header("x-amzn-ErrorType", &response.error_type)
                .or_else(|| header(FUNCTION_ERROR, &response.function_error));
            Answer::Http { status: response.status, body: failed.unwrap_or_else(|| response.body.clone()) }
        }
        client_retry::Outcome::TimedOut => Answer::Says("o programa cansou de esperar".to_owned()),
        client_retry::Outcome::Disconnected => Answer::Says("a conexão caiu".to_owned()),
    };
    let Finished { attempts, .. } = finished;
    let attempts = count(attempts as usize, "tentativa", "tentativas");
    timeline.record(WAITING, Kind::Delivered, format!("{attempts}: {}", answer.describe()));
    answer
}

/// Uma tentativa do SDK, já em forma de resposta HTTP.
async fn send(function: &Function, event: &Value) -> InvokeResponse {
    let execution = match function.run(event).await {
        Ok(execution) => execution,
        Err(refusal) => {
            let (status, retry_after) = match refusal.error {
                InvokeError::TooManyRequests { retry_after, .. } => (429, Some(retry_after)),
                InvokeError::AccessDenied => (403, None),
                _ => (500, None),
            };
            let error_type = Some(refusal.error.name().to_owned());
            return InvokeResponse { error_type, retry_after, ..InvokeResponse::empty(status) };
        }
    };
    let (function_error, body) = match execution.ending {
        Ending::Returned(value) => (None, value.to_string()),
        Ending::Nothing => (None, "null".to_owned()),
        Ending::Raised(error) => (Some("Unhandled"), error.error_message),
        Ending::TimedOut(_) | Ending::Exited(_) => (Some("Unhandled"), String::new()),
    };
    let function_error = function_error.map(str::to_owned);
    InvokeResponse { function_error, body, ..InvokeResponse::empty(200) }
}
