//! Lotes, relatos e o que o mapeamento faz com eles, para o passo `partial_batch`.

use aws_lambda_events::sqs::SqsEvent;
use polling_invocation::partial_batch::{Outcome, Settlement};
use serde_json::{Value, json};

use super::{expect_same, list};

/// O `messageId` de número `number`.
pub fn message_id(number: u32) -> String {
    format!("059f36b4-87a3-44ab-83d2-{number:012}")
}

/// Um evento do SQS, na forma que o Lambda entrega, com uma mensagem para cada corpo.
pub fn sqs_event(queue: &str, bodies: &[&str]) -> SqsEvent {
    let records: Vec<Value> = (1..)
        .zip(bodies)
        .map(|(number, body)| {
            json!({
                "messageId": message_id(number),
                "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{number}"),
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1795366800000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1795366800012",
                    // As filas padrão também aceitam grupo, para dividir a vez entre eles; isso não as torna FIFO.
                    "MessageGroupId": "estacao-7",
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:sa-east-1:123456789012:{queue}"),
                "awsRegion": "sa-east-1",
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).expect("é um evento do SQS")
}

/// O corpo com estes identificadores.
pub fn report(identifiers: &[&str]) -> String {
    let items: Vec<Value> = identifiers.iter().map(|each| json!({ "itemIdentifier": each })).collect();
    json!({ "batchItemFailures": items }).to_string()
}

pub fn outcome(body: Option<&str>) -> Outcome<'_> {
    body.map_or(Outcome::Failed, Outcome::Returned)
}

/// `a função devolveu … `, para uma mensagem.
pub fn tell(outcome: Outcome<'_>) -> String {
    match outcome {
        Outcome::Returned(body) => format!("a função devolveu `{body}`"),
        Outcome::Failed => "a função lançou um erro".to_owned(),
    }
}

/// Compara o que o mapeamento faz com o lote; `rule` diz por quê.
#[track_caller]
pub fn expect_settlement(got: &Settlement, done: &[&str], retried: &[&str], situation: &str, rule: &str) {
    let shown = |done: String, retried: String| format!("acabaram {done}, e vão de novo {retried}");
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    expect_same!(
        (got.done.clone(), got.retried.clone()),
        (owned(done), owned(retried)),
        "{situation}. {rule}: {}; na sua conta, {}",
        shown(list(done, "nenhum"), list(retried, "nenhum")),
        shown(list(&got.done, "nenhum"), list(&got.retried, "nenhum"))
    );
}
