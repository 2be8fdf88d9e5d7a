//! Os testes do passo `kafka_mq`: os quatro eventos, o limite de tentativas, os offsets, o registro do destino e o broker.

use polling_invocation::kafka_mq::{
    Cluster, ConsumptionMode, EventError, FailureContext, KafkaCondition, KafkaDecision, KafkaRequest,
    MAXIMUM_RECORD_BYTES, Message, Offsets, Queued, Settled, decide, failure_record, messages, retry_limit, settle,
};
use polling_invocation::stream_function::Outcome;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::brokers::{active_mq, kafka_event, queued, rabbit_mq, record};
use crate::support::expect_same;

mod events;

/// Lê um evento; as origens em ordem alfabética, e dentro delas a ordem do evento.
#[track_caller]
fn read(event: &Value) -> Vec<Message> {
    match messages(event) {
        Ok(mut list) => {
            list.sort_by(|a, b| a.origin.cmp(&b.origin));
            list
        }
        Err(error) => panic!("este evento é bem formado, e a sua função recusou com `{error}`: {event}"),
    }
}

/// O MSK e o Kafka autogerenciado têm a mesma forma, com uma chave por partição.
#[rstest]
#[case::msk("aws:kafka")]
#[case::self_managed("SelfManagedKafka")]
fn a_kafka_event_is_a_list_per_partition(#[case] source: &str) {
    let got = read(&kafka_event(source));
    let at = 1_795_366_800_000;
    let expected = [
        record("neighbours-0", 15, at + 15_000, Some(r#"{"temp":21}"#)),
        record("neighbours-0", 16, at + 16_000, None),
        record("neighbours-0", 17, at + 17_000, Some("granizo")),
        record("neighbours-1", 4, at + 4_000, Some("{")),
    ];
    expect_same!(
        got,
        expected,
        "um evento de {source} tem os registros em `records`, por tópico-partição e em ordem, com o valor em base64 \
         (ou nulo); o certo é {expected:?}, e a sua função leu {got:?}"
    );
}

/// O ActiveMQ entrega uma lista, com o nome da fila em cada mensagem.
#[test]
fn an_active_mq_event_is_a_list() {
    let got = read(&active_mq());
    let expected = [queued("state-alerts", "granizo", false), queued("state-alerts", "chuva", true)];
    expect_same!(got, expected, "do ActiveMQ o certo é {expected:?}, e a sua função leu {got:?}");
}

/// O RabbitMQ entrega uma lista por fila, e a chave traz o virtual host depois de `::`.
#[test]
fn a_rabbit_mq_event_is_a_list_per_queue() {
    let got = read(&rabbit_mq());
    let expected = [queued("rivers", "412", true), queued("rivers", "415", false)];
    expect_same!(
        got,
        expected,
        "a chave `rivers::/` é a fila `rivers` no virtual host `/`: o certo é {expected:?}; veio {got:?}"
    );
}

/// Um evento sem mensagens é uma lista vazia, e não um erro.
#[test]
fn an_empty_event_has_no_messages() {
    let event = json!({ "eventSource": "SelfManagedKafka", "bootstrapServers": "b-1:9092", "records": {} });
    let got = messages(&event);
    expect_same!(got, Ok(vec![]), "`records` vazio é um evento sem mensagens; o seu resultado foi {got:?}");
}

/// O que não é de nenhum dos quatro é recusado com o nome que veio.
#[rstest]
#[case::sqs(json!({ "eventSource": "aws:sqs", "records": {} }), Some("aws:sqs"))]
#[case::nothing(json!({ "records": {} }), None)]
#[case::case_matters(json!({ "eventSource": "selfManagedKafka", "records": {} }), Some("selfManagedKafka"))]
fn another_source_is_refused(#[case] event: Value, #[case] name: Option<&str>) {
    let expected = EventError::UnknownSource(name.map(str::to_owned));
    let got = messages(&event);
    expect_same!(got, Err(expected.clone()), "{event}: o certo é Err({expected:?}); veio {got:?}");
}

/// Um evento conhecido com forma errada é malformado.
#[rstest]
#[case::records_is_a_list(json!({ "eventSource": "aws:kafka", "records": [1] }))]
#[case::offset_missing(json!({ "eventSource": "aws:kafka", "records": { "a-0": [{ "topic": "a", "partition": 0 }] } }))]
#[case::no_messages(json!({ "eventSource": "aws:mq" }))]
#[case::bad_base64_in_kafka({ let mut event = kafka_event("aws:kafka"); event["records"]["neighbours-1"][0]["value"] = json!("%%%"); event })]
#[case::bad_base64_in_rabbit({ let mut event = rabbit_mq(); event["rmqMessagesByQueue"]["rivers::/"][0]["data"] = json!("%%%"); event })]
#[case::bad_base64({ let mut event = active_mq(); event["messages"][1]["data"] = json!("%%%"); event })]
fn a_broken_event_is_malformed(#[case] event: Value) {
    let got = messages(&event);
    assert!(
        matches!(got, Err(EventError::Malformed(_))),
        "este evento diz de onde veio e não tem a forma de lá: o certo é Err(Malformed(…)); veio {got:?}, para {event}"
    );
}

fn request(cluster: Cluster, mode: Option<ConsumptionMode>, attempts: Option<i64>, on_failure: bool) -> KafkaRequest {
    KafkaRequest { cluster, consumption_mode: mode, maximum_retry_attempts: attempts, on_failure }
}

/// Quantas novas tentativas um lote de Kafka tem.
#[rstest]
#[case::default_without_destination(request(Cluster::Msk, None, None, false), None)]
#[case::minus_one_without_destination(request(Cluster::SelfManaged, None, Some(-1), false), None)]
#[case::default_with_destination(request(Cluster::Msk, None, None, true), Some(10))]
#[case::minus_one_with_destination(request(Cluster::SelfManaged, Some(ConsumptionMode::Stream), Some(-1), true), Some(10))]
#[case::zero(request(Cluster::Msk, None, Some(0), true), Some(0))]
#[case::above_ten(request(Cluster::Msk, None, Some(25), true), Some(25))]
#[case::largest(request(Cluster::Msk, None, Some(10_000), false), Some(10_000))]
#[case::queue_default(request(Cluster::SelfManaged, Some(ConsumptionMode::Queue), None, false), Some(0))]
#[case::queue_default_with_destination(
    request(Cluster::SelfManaged, Some(ConsumptionMode::Queue), None, true),
    Some(0)
)]
#[case::queue_three(request(Cluster::SelfManaged, Some(ConsumptionMode::Queue), Some(3), true), Some(3))]
fn the_limit_of_retries(#[case] request: KafkaRequest, #[case] expected: Option<u32>) {
    let got = retry_limit(&request);
    expect_same!(
        got,
        Ok(expected),
        "no modo Stream o padrão é −1, sem limite, e com destino de falha −1 vira 10; no modo Queue o padrão é 0. De \
         {request:?} o certo é {expected:?} (None é sem limite); o seu foi {got:?}"
    );
}

/// O que não combina é recusado, com o tipo certo de erro.
#[rstest]
#[case::queue_in_msk(
    request(Cluster::Msk, Some(ConsumptionMode::Queue), Some(3), false),
    "InvalidParameterValueException"
)]
#[case::queue_without_limit(request(Cluster::SelfManaged, Some(ConsumptionMode::Queue), Some(-1), true), "InvalidParameterValueException")]
#[case::below(request(Cluster::Msk, None, Some(-2), false), "ValidationException")]
#[case::above(request(Cluster::SelfManaged, None, Some(10_001), true), "ValidationException")]
fn what_does_not_fit_is_refused(#[case] request: KafkaRequest, #[case] expected: &str) {
    let got = retry_limit(&request).map_err(|error| error.error_type);
    expect_same!(
        got,
        Err(expected),
        "ConsumptionMode Queue é só do Kafka autogerenciado e não aceita −1; MaximumRetryAttempts vai de −1 a \
         10.000. Para {request:?} o erro é {expected}; o seu resultado foi {got:?}"
    );
}

/// Fora da faixa, a mensagem diz qual é o limite.
#[rstest]
#[case::below(-2, "greater than or equal to -1")]
#[case::above(10_001, "less than or equal to 10000")]
fn the_message_tells_the_limit(#[case] attempts: i64, #[case] limit: &str) {
    let request = request(Cluster::Msk, None, Some(attempts), false);
    let expected = format!(
        "ValidationException: 1 validation error detected: Value '{attempts}' at 'maximumRetryAttempts' failed to satisfy \
         constraint: Member must have value {limit}"
    );
    let got = retry_limit(&request).map_err(|error| error.to_string());
    expect_same!(got, Err(expected.clone()), "para {request:?} o erro é `{expected}`; o seu resultado foi {got:?}");
}

fn batch() -> Vec<Message> {
    vec![
        record("neighbours-0", 15, 1_795_366_800_000, Some("a")),
        record("neighbours-1", 4, 1_795_366_801_250, Some("b")),
        record("neighbours-0", 17, 1_795_366_899_999, Some("c")),
        record("rain-12", 0, 1_709_251_199_001, Some("d")),
    ]
}

/// O que fazer com o lote depois de cada tentativa; o offset que se confirma é o próximo a ler.
#[rstest]
#[case::success(Outcome::Succeeded, 1, Some(0), "confirmar")]
#[case::success_at_last(Outcome::Succeeded, 11, Some(10), "confirmar")]
#[case::first_failure(Outcome::FunctionError, 1, Some(3), "de novo")]
#[case::last_retry_to_go(Outcome::FunctionError, 3, Some(3), "de novo")]
#[case::no_limit(Outcome::FunctionError, 9_000, None, "de novo")]
#[case::exhausted(Outcome::FunctionError, 4, Some(3), "descartar")]
#[case::no_retries(Outcome::FunctionError, 1, Some(0), "descartar")]
#[case::throttled(Outcome::Refused, 0, Some(0), "de novo")]
#[case::throttled_after_the_last(Outcome::Refused, 11, Some(10), "de novo")]
fn the_decision_after_an_attempt(
    #[case] outcome: Outcome,
    #[case] runs: u32,
    #[case] limit: Option<u32>,
    #[case] expected: &str,
) {
    let offsets: Offsets =
        [("neighbours-0", 18), ("neighbours-1", 5), ("rain-12", 1)].map(|(name, next)| (name.to_owned(), next)).into();
    let expected = match expected {
        "confirmar" => KafkaDecision::Commit(offsets),
        "descartar" => KafkaDecision::Discard(offsets),
        _ => KafkaDecision::Retry,
    };
    let got = decide(outcome, &batch(), runs, limit);
    expect_same!(
        got,
        expected,
        "{outcome:?}, {runs} execuções, limite {limit:?}, com os offsets 15 e 17 da partição 0, 4 da 1 e 0 de \
         rain-12: o certo é {expected:?}; a sua função decidiu {got:?}"
    );
}

/// Confirma-se depois do maior offset, e não depois do último da lista.
#[test]
fn the_highest_offset_of_each_partition_counts() {
    let mut batch = batch();
    batch.reverse();
    let expected: Offsets =
        [("neighbours-0", 18), ("neighbours-1", 5), ("rain-12", 1)].map(|(name, next)| (name.to_owned(), next)).into();
    let got = decide(Outcome::Succeeded, &batch, 1, None);
    expect_same!(
        got,
        KafkaDecision::Commit(expected.clone()),
        "o lote veio com o 17 de neighbours-0 antes do 15, e mesmo assim o próximo a ler é 18: confirmam-se {expected:?}; a sua \
         função decidiu {got:?}"
    );
}

fn context(condition: KafkaCondition, runs: u32) -> FailureContext {
    FailureContext {
        request_id: "req-9".to_owned(),
        function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:neighbours".to_owned(),
        condition,
        runs,
        timestamp: "2026-11-22T17:30:00.000Z".to_owned(),
        event_source_arn: "arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4".to_owned(),
        bootstrap_servers: "b-1.uni.example:9092".to_owned(),
        payload_size: 1_162,
    }
}

/// O registro do destino, com a faixa de cada partição.
#[test]
fn the_record_has_a_range_per_partition() {
    let got = failure_record(&batch(), &context(KafkaCondition::RetryAttemptsExhausted, 11));
    let range = |first: &str, last: &str, from: &str, to: &str| {
        json!({
            "firstRecordOffset": first, "lastRecordOffset": last,
            "firstRecordTimestamp": from, "lastRecordTimestamp": to
        })
    };
    let expected = json!({
        "requestContext": {
            "requestId": "req-9",
            "functionArn": "arn:aws:lambda:sa-east-1:123456789012:function:neighbours",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 11
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0",
        "timestamp": "2026-11-22T17:30:00.000Z",
        "KafkaBatchInfo": {
            "batchSize": 4,
            "eventSourceArn": "arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4",
            "bootstrapServers": "b-1.uni.example:9092",
            "payloadSize": 1162,
            "recordsInfo": {
                "neighbours-0": range("15", "17", "2026-11-22T17:00:00.000Z", "2026-11-22T17:01:39.999Z"),
                "neighbours-1": range("4", "4", "2026-11-22T17:00:01.250Z", "2026-11-22T17:00:01.250Z"),
                "rain-12": range("0", "0", "2024-02-29T23:59:59.001Z", "2024-02-29T23:59:59.001Z")
            }
        }
    });
    expect_same!(got, expected, "o registro certo é {expected:#}; o seu é {got:#}");
}

/// Um registro grande demais sai sem resposta: a função nem rodou.
#[test]
fn a_record_too_large_has_no_response() {
    let got = failure_record(&batch()[..1], &context(KafkaCondition::MaximumPayloadSizeExceeded, 0));
    expect_same!(
        (
            &got["requestContext"]["condition"],
            got.get("responseContext"),
            &got["requestContext"]["approximateInvokeCount"]
        ),
        (&json!("MaximumPayloadSizeExceeded"), Some(&Value::Null), &json!(1)),
        "com MaximumPayloadSizeExceeded, responseContext está lá e é nulo, e a contagem não é menor que 1; o seu \
         registro é {got:#}"
    );
}

fn message(id: &str, bytes: usize, redeliveries: u32) -> Queued {
    Queued { id: id.to_owned(), bytes, redeliveries }
}

fn ids(list: &[&str]) -> Vec<String> {
    list.iter().map(|each| (*each).to_owned()).collect()
}

/// Um lote que deu certo é reconhecido inteiro, também na última reentrega.
#[test]
fn a_good_batch_is_acknowledged() {
    let got = settle(vec![message("a", 10, 0), message("b", 10, 6)], Outcome::Succeeded);
    let expected = Settled { acknowledged: ids(&["a", "b"]), ..Settled::default() };
    expect_same!(got, expected, "a função deu certo: as duas mensagens são reconhecidas; o seu resultado foi {got:?}");
}

/// Um lote que falhou volta inteiro, com as boas e a ruim, e cada mensagem tem a sua conta.
#[rstest]
#[case::first_delivery(0, false)]
#[case::sixth_delivery(5, false)]
#[case::seventh_delivery(6, true)]
fn a_bad_batch_comes_back_whole(#[case] redeliveries: u32, #[case] dead: bool) {
    let got = settle(vec![message("a", 10, redeliveries), message("b", 10, 0)], Outcome::FunctionError);
    let expected = if dead {
        Settled { dead_lettered: ids(&["a"]), redelivered: vec![message("b", 10, 1)], ..Settled::default() }
    } else {
        Settled { redelivered: vec![message("a", 10, redeliveries + 1), message("b", 10, 1)], ..Settled::default() }
    };
    expect_same!(
        got,
        expected,
        "a função falhou; a mensagem `a` já tinha {redeliveries} reentregas e `b` nenhuma, e maximumRedeliveries é \
         6: o certo é {expected:?}; o seu resultado foi {got:?}"
    );
}

/// Uma mensagem má passa por sete entregas: a original e seis reentregas.
#[test]
fn seven_deliveries_in_all() {
    let mut batch = vec![message("a", 10, 0)];
    let mut deliveries = 0;
    while !batch.is_empty() && deliveries < 20 {
        deliveries += 1;
        let settled = settle(batch, Outcome::FunctionError);
        batch = settled.redelivered;
    }
    expect_same!(deliveries, 7, "uma original e seis reentregas são 7 entregas; com o seu código foram {deliveries}");
}

/// Sem vaga, a função não rodou e o broker não conta reentrega.
#[test]
fn a_refusal_counts_no_redelivery() {
    let batch = vec![message("a", 10, 6), message("b", 10, 2)];
    let got = settle(batch.clone(), Outcome::Refused);
    let expected = Settled { redelivered: batch, ..Settled::default() };
    expect_same!(got, expected, "a recusa devolve o lote como estava: {expected:?}; o seu resultado foi {got:?}");
}

/// Uma mensagem de mais de 6 MB é descartada antes da função, dê ela certo ou não.
#[rstest]
#[case::success(Outcome::Succeeded)]
#[case::failure(Outcome::FunctionError)]
#[case::refusal(Outcome::Refused)]
fn a_message_too_large_is_discarded(#[case] outcome: Outcome) {
    let (most, over) = (MAXIMUM_RECORD_BYTES, MAXIMUM_RECORD_BYTES + 1);
    let got = settle(vec![message("grande", over, 0), message("b", most, 0)], outcome);
    expect_same!(
        (got.discarded.clone(), got.dead_lettered.len()),
        (ids(&["grande"]), 0),
        "com {outcome:?}: {over} bytes passam de 6 MB, e a mensagem é descartada, sem ir à DLQ do broker; {most} cabem. O seu resultado \
         foi {got:?}"
    );
}
