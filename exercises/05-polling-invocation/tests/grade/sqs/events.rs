//! O que a função recebe de uma fila padrão e de uma FIFO, e onde acaba o lote que ela não consegue ler.

use aws_lambda_events::sqs::SqsEvent;
use polling_invocation::sms_function::{Behavior, Call, Function};
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::redelivery::{Post, expect_calls, mapping, seconds};

const GOOD: &str = r#"{"to":"Beto"}"#;
const BAD: &str = r#"{"to":"#;

/// A função dos SMS: lê o evento como o crate da AWS o define e falha se um corpo não é JSON.
fn send_sms(call: &Call) -> Behavior {
    let event: SqsEvent = serde_json::from_value(call.event.clone()).expect("o evento tem a forma de SqsEvent");
    let mut bodies = event.records.iter().map(|message| message.body.as_deref().unwrap_or_default());
    match bodies.all(|body| serde_json::from_str::<Value>(body).is_ok()) {
        true => Behavior::Succeed,
        false => Behavior::Fail,
    }
}

/// A mensagem como o evento a mostra na entrega `delivery`; a primeira foi no instante 0.
fn message(number: usize, body: &str, md5: &str, delivery: usize) -> Value {
    json!({
        "messageId": format!("00000000-0000-4000-8000-{number:012}"),
        "receiptHandle": format!("AQEB-{number:012}-{delivery}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": delivery.to_string(), "SentTimestamp": "1795366800000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "1795366800000"
        },
        "messageAttributes": {},
        "md5OfBody": md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:sa-east-1:123456789012:sms",
        "awsRegion": "sa-east-1"
    })
}

/// A mesma mensagem em uma fila FIFO: o ARN acaba em `.fifo` e há três atributos a mais.
fn fifo_message(number: usize, body: &str, md5: &str, delivery: usize) -> Value {
    let mut message = message(number, body, md5, delivery);
    message["eventSourceARN"] = json!("arn:aws:sqs:sa-east-1:123456789012:sms.fifo");
    message["attributes"]["MessageGroupId"] = json!("est-7");
    message["attributes"]["SequenceNumber"] = json!((18_849_496_460_467_696_127_u128 + number as u128).to_string());
    message["attributes"]["MessageDeduplicationId"] = json!(format!("sms-{number}"));
    message
}

/// Compara cada evento enviado com as duas mensagens do lote, que voltam juntas a cada entrega.
#[track_caller]
fn expect_events(function: &Function, message: impl Fn(usize, &str, &str, usize) -> Value) {
    for (call, delivery) in function.calls().iter().zip(1..) {
        let expected = json!({ "Records": [
            message(1, GOOD, "3d359dc35966278f9926f664cee1ef8f", delivery),
            message(2, BAD, "80da68f8bc0530c0da80ee4cb2b955e9", delivery)
        ] });
        expect_same!(
            call.event,
            expected,
            "na entrega {delivery} a função recebe o evento do SQS com o lote inteiro, {expected:#}; o seu código mandou \
             {:#}",
            call.event
        );
    }
}

/// Da fila padrão a função recebe o evento da AWS, e o lote que ela não lê volta com o contador mais alto
#[tokio::test(start_paused = true)]
async fn sqs_invokes_with_its_own_event() {
    let post = Post::new(30, false, Some(3));
    post.send(&[GOOD, BAD]);
    let function = post.function(seconds(1), send_sms);
    post.drain(&function, &mapping(10, None)).await;
    let rule =
        "a função falha com o lote, nada se apaga e ele reaparece com a visibilidade de 30 s, três vezes ao todo";
    let batch: &[&str] = &[GOOD, BAD];
    expect_calls(&function, &[(0, batch), (30_000, batch), (60_000, batch)], rule);
    expect_events(&function, message);
    post.expect_left(&[], batch, "na quarta entrega as duas mensagens vão para a DLQ, também a boa");
}

/// Da fila FIFO a função recebe também o grupo e a ordem, e o grupo espera pelo lote que ela não lê
#[tokio::test(start_paused = true)]
async fn a_fifo_queue_invokes_with_its_own_event() {
    let post = Post::new(30, true, Some(2));
    for body in [GOOD, BAD] {
        post.queue.send_to_group("est-7", body);
    }
    let function = post.function(seconds(1), send_sms);
    post.drain(&function, &mapping(10, None)).await;
    let batch: &[&str] = &[GOOD, BAD];
    expect_calls(&function, &[(0, batch), (30_000, batch)], "o lote do grupo est-7 é entregue duas vezes");
    expect_events(&function, fifo_message);
    post.expect_left(&[], batch, "na terceira entrega o lote vai para a DLQ, que também é FIFO");
}
