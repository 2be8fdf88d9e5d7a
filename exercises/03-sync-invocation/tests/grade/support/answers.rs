//! Chamadas e respostas dos seis serviços, para o passo `callers`.

use std::time::Duration;

use kit::Timeline;
use serde_json::{Value, json};
use sync_invocation::caller::{Answer, Outcome, Reaction};
use sync_invocation::callers::call;
use sync_invocation::function::{Function, Run};
use sync_invocation::model::{FunctionError, InvokeError, Refusal};

use super::{expect_same, finish};

/// O erro que a função levanta nos testes.
pub fn failed(message: &str) -> Outcome {
    Outcome::FunctionError(error(message))
}

pub fn error(message: &str) -> FunctionError {
    FunctionError { error_message: message.to_owned(), error_type: "Error".to_owned() }
}

/// A recusa do Lambda.
pub fn refused(error: InvokeError) -> Outcome {
    Outcome::Refused(Refusal::new(error, "motivo"))
}

/// Um 429.
pub const NO_ROOM: InvokeError =
    InvokeError::TooManyRequests { reason: "ConcurrentInvocationLimitExceeded", retry_after: 1 };

/// Um fim em uma frase.
pub fn tell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(value) => {
            format!("a função devolveu {}", value.to_string().chars().take(120).collect::<String>())
        }
        Outcome::FunctionError(error) => format!("a função falhou com `{}`", error.error_message),
        Outcome::Refused(refusal) => format!("o Lambda recusou com {}", refusal.error.name()),
        Outcome::TimedOut => "o serviço cansou de esperar".to_owned(),
    }
}

/// Uma reação em uma frase.
pub fn describe(reaction: &Reaction) -> String {
    match reaction {
        Reaction::Answer(answer) => answer.describe(),
        Reaction::TryAgain => "tentar de novo".to_owned(),
        Reaction::KeepWaiting => "continuar esperando".to_owned(),
    }
}

/// Compara duas respostas HTTP pelo status e pela mensagem do corpo.
#[track_caller]
pub fn expect_http(answer: &Answer, status: u16, message: &str, why: &str) {
    let got = match answer {
        Answer::Http { status, body } => {
            let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
            Some((*status, body["message"].as_str().unwrap_or_default().to_owned()))
        }
        _ => None,
    };
    expect_same!(
        got,
        Some((status, message.to_owned())),
        "{why}: HTTP {status} com {{\"message\":\"{message}\"}}; a sua função deu {}",
        answer.describe()
    );
}

/// O que sobrou de uma chamada inteira.
pub struct Told {
    pub answer: Answer,
    pub function: Function,
    pub elapsed: Duration,
}

impl Told {
    /// Faz a chamada com o roteiro. O tempo da função é de 15 min, o máximo, para que seja o serviço a desistir.
    pub async fn by(event: &Value, script: Vec<Run>) -> Self {
        let timeline = Timeline::new(&[]);
        let function = Function::new(&timeline, script).with_timeout(Duration::from_secs(900));
        let called = call(event, &function, &timeline);
        let answer = finish("nenhum serviço espera mais que uma hora", "a chamada", called).await;
        Self { answer, function, elapsed: timeline.elapsed() }
    }
}

/// Eventos que não são de nenhum dos seis, alguns com um campo de nome parecido.
pub fn strangers() -> [Value; 13] {
    [
        json!({}),
        json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": "granizo" } }] }),
        json!({ "Records": [{ "eventSource": "aws:s3", "s3": { "bucket": { "name": "radar" } } }] }),
        json!({ "version": "0", "id": "7bf73129", "detail-type": "Nível do rio", "source": "defesacivil", "detail": {} }),
        json!({ "city": "serra-clara", "request": "previsão" }),
        // Application Load Balancer.
        json!({ "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:sa-east-1:123456789012:targetgroup/mapa" } },
                "httpMethod": "GET", "path": "/mapa", "headers": {}, "body": "", "isBase64Encoded": false }),
        // O documento que chega a um destino da invocação assíncrona.
        json!({ "version": "1.0", "requestContext": { "requestId": "5d478078", "condition": "RetriesExhausted" },
                "requestPayload": {}, "responsePayload": {} }),
        // Lex V1.
        json!({ "messageVersion": "1.0", "bot": { "name": "previsao" }, "currentIntent": { "name": "Forecast" } }),
        // Programas da Ana, com nomes que lembram os dos serviços.
        json!({ "sessionState": { "step": 2 } }),
        json!({ "request": { "type": "previsão" } }),
        json!({ "context": { "System": "radar" } }),
        json!({ "RequestType": "Create", "City": "serra-clara" }),
        json!({ "ResponseURL": "https://defesacivil.example/boletim" }),
    ]
}
