//! O que a função recebe de cada serviço, e o que acontece com o lote que ela não consegue ler.

use aws_lambda_events::activemq::ActiveMqEvent;
use aws_lambda_events::kafka::KafkaEvent;
use aws_lambda_events::rabbitmq::RabbitMqEvent;
use polling_invocation::kafka_mq::{Cluster, KafkaRequest, MAXIMUM_RECORD_BYTES, Offsets};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::brokers::{Broker, EPOCH_MS, Ended, Forecast, Mail, Row, read_queue, read_topic};
use crate::support::expect_same;

/// Cinco registros em duas partições; o de offset 16 não é JSON.
const ROWS: [Row; 5] = [
    (0, 15, r#"{"temp":21}"#),
    (0, 16, r#"{"temp":2"#),
    (1, 4, r#"{"rain":3}"#),
    (0, 17, r#"{"temp":22}"#),
    (1, 5, r#"{"rain":0}"#),
];

/// O lote com o registro ruim e o que vem depois dele, como a função os lê.
const BAD: &[&str] = &[r#"neighbours-0 {"temp":21}"#, r#"neighbours-0 {"temp":2"#, r#"neighbours-1 {"rain":3}"#];
const GOOD: &[&str] = &[r#"neighbours-0 {"temp":22}"#, r#"neighbours-1 {"rain":0}"#];

fn request(cluster: Cluster, maximum_retry_attempts: Option<i64>, on_failure: bool) -> KafkaRequest {
    KafkaRequest { cluster, consumption_mode: None, maximum_retry_attempts, on_failure }
}

/// O evento com o lote ruim é este, campo por campo; `source` e `arn` mudam de um Kafka para o outro.
#[track_caller]
fn expect_kafka_event(got: &Value, source: &str, arn: Option<&str>) {
    let event: KafkaEvent = serde_json::from_value(got.clone()).expect("o evento tem a forma de KafkaEvent");
    expect_same!(
        (event.event_source.as_deref(), event.event_source_arn.as_deref(), event.bootstrap_servers.as_deref()),
        (Some(source), arn, Some("b-1.uni.example:9092,b-2.uni.example:9092")),
        "um lote de {source} traz a origem e os endereços, e só o do MSK traz o ARN: {got}"
    );
    let mut keys: Vec<&str> = event.records.keys().map(String::as_str).collect();
    keys.sort_unstable();
    expect_same!(keys, ["neighbours-0", "neighbours-1"], "os registros vêm por tópico-partição: {got}");
    for (partition, offset, value) in [(0, 15, "eyJ0ZW1wIjoyMX0="), (0, 16, "eyJ0ZW1wIjoy"), (1, 4, "eyJyYWluIjozfQ==")]
    {
        let list = &event.records[&format!("neighbours-{partition}")];
        let record = list.iter().find(|each| each.offset == offset).expect("o registro está no evento");
        let (topic, key, kind) = (record.topic.as_deref(), record.key.as_deref(), record.timestamp_type.as_deref());
        expect_same!(
            (topic, record.partition, record.timestamp.timestamp_millis(), kind, key, record.value.as_deref()),
            (
                Some("neighbours"),
                partition,
                EPOCH_MS + offset * 1_000,
                Some("CREATE_TIME"),
                Some("ZXNjb2xh"),
                Some(value)
            ),
            "o registro {offset} de neighbours-{partition} vem com tópico, partição, carimbo, chave e valor: {got}"
        );
        let header = record.headers.first().and_then(|header| header.get("origin")).map(Vec::as_slice);
        expect_same!(header, Some(&[117, 110, 105][..]), "um cabeçalho de Kafka é uma lista de bytes: {got}");
    }
}

fn offsets(first: i64, second: i64) -> Offsets {
    [("neighbours-0", first), ("neighbours-1", second)].map(|(key, next)| (key.to_owned(), next)).into()
}

/// Do MSK a função recebe o evento da AWS; o lote que falha onze vezes vai ao destino, e a partição anda
#[test]
fn msk_invokes_with_its_own_event() {
    let mut function = Forecast::new(1, None);
    let topic = read_topic(&ROWS, &request(Cluster::Msk, None, true), &mut function);
    let rule = "há destino, e o −1 do padrão vira 10: o lote ruim tem uma execução e dez novas tentativas (o 429 do começo não \
                conta), e só depois vêm 17 e 5";
    function.expect_runs(&[(11, BAD), (1, GOOD)], rule);
    let arn = "arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4";
    for run in &function.runs[..11] {
        expect_kafka_event(&run.event, "aws:kafka", Some(arn));
    }
    let committed = offsets(18, 6);
    expect_same!(
        topic.committed,
        committed,
        "o lote descartado também se confirma, para a partição andar: no fim os offsets são {committed:?}; com o seu código \
         ficaram {:?}",
        topic.committed
    );
    let range = |first: &str, last: &str, from: &str, to: &str| {
        json!({
            "firstRecordOffset": first, "lastRecordOffset": last,
            "firstRecordTimestamp": from, "lastRecordTimestamp": to
        })
    };
    let ranges = json!({
        "neighbours-0": range("15", "16", "2026-11-22T17:00:15.000Z", "2026-11-22T17:00:16.000Z"),
        "neighbours-1": range("4", "4", "2026-11-22T17:00:04.000Z", "2026-11-22T17:00:04.000Z")
    });
    let part = |record: &Value| {
        let (context, batch) = (&record["requestContext"], &record["KafkaBatchInfo"]);
        json!([context["condition"], context["approximateInvokeCount"], batch["batchSize"], batch["recordsInfo"]])
    };
    let received: Value = topic.received.iter().map(part).collect();
    let expected = json!([["RetryAttemptsExhausted", 11, 3, ranges]]);
    expect_same!(
        received,
        expected,
        "o destino recebe um registro só, com condição, execuções, tamanho e faixas {expected}; com o seu código recebeu \
         {received}"
    );
}

/// De um Kafka próprio a função recebe um evento sem ARN; sem destino, o lote que falha segura a partição
#[rstest]
#[case::no_limit(
    None,
    Some(30),
    30,
    "sem destino o −1 é sem limite: o lote segura a leitura até alguém corrigir a função"
)]
#[case::two_retries(Some(2), None, 3, "MaximumRetryAttempts 2 são três execuções; sem destino, o lote some sem aviso")]
fn self_managed_kafka_invokes_with_its_own_event(
    #[case] attempts: Option<i64>,
    #[case] fixed_at: Option<usize>,
    #[case] runs: usize,
    #[case] rule: &str,
) {
    let mut function = Forecast::new(2, fixed_at);
    let topic = read_topic(&ROWS, &request(Cluster::SelfManaged, attempts, false), &mut function);
    function.expect_runs(&[(runs, BAD), (1, GOOD)], rule);
    for run in &function.runs[..runs] {
        expect_kafka_event(&run.event, "SelfManagedKafka", None);
    }
    let committed = offsets(18, 6);
    expect_same!(
        (&topic.committed, topic.received.len()),
        (&committed, 0),
        "{rule}: no fim os offsets são {committed:?}, e não há destino; com o seu código ficaram {:?}",
        topic.committed
    );
}

/// Compara onde as mensagens foram parar; `rule` diz por quê.
#[track_caller]
fn expect_ended(got: &Ended, expected: &Ended, rule: &str) {
    expect_same!(got, expected, "{rule}: o fim das mensagens é {expected:?}; com o seu código foi {got:?}");
}

/// Do ActiveMQ a função recebe o evento da AWS; o lote que falha sete vezes acaba na DLQ do broker, com as boas
#[test]
fn active_mq_invokes_with_its_own_event() {
    let mail: [Mail; 4] = [
        ("ID:1", r#"{"dam":1}"#, 9),
        ("ID:2", r#"{"dam":"#, 7),
        ("ID:3", r#"{"dam":3}"#, 9),
        ("ID:4", r#"{"dam":4}"#, 9),
    ];
    let mut function = Forecast::new(0, None);
    let ended = read_queue(Broker::ActiveMq, &mail, &mut function);
    let bad: &[&str] = &[r#"state-alerts {"dam":1}"#, r#"state-alerts {"dam":"#, r#"state-alerts {"dam":3}"#];
    let rule = "o lote inteiro volta a cada falha, até seis reentregas, e o broker desiste dele";
    function.expect_runs(&[(7, bad), (1, &[r#"state-alerts {"dam":4}"#])], rule);
    expect_ended(&ended, &Ended::new(&["ID:4"], &["ID:1", "ID:2", "ID:3"], &[]), rule);
    let events: Vec<ActiveMqEvent> = function
        .runs
        .iter()
        .map(|run| serde_json::from_value(run.event.clone()).expect("o evento tem a forma de ActiveMqEvent"))
        .collect();
    let redelivered: Vec<bool> = events.iter().map(|event| event.messages[0].redelivered).collect();
    let expected = [false, true, true, true, true, true, true, false];
    expect_same!(
        redelivered,
        expected,
        "só a primeira entrega de cada mensagem vem com `redelivered` falso: {expected:?}; com o seu `settle` foi {redelivered:?}"
    );
    let arn = "arn:aws:mq:sa-east-1:123456789012:broker:state:b-0f5b7522";
    for event in &events[..7] {
        let origin = (event.event_source.as_deref(), event.event_source_arn.as_deref());
        expect_same!(
            origin,
            (Some("aws:mq"), Some(arn)),
            "o evento do ActiveMQ traz a origem e o ARN do broker: {event:?}"
        );
        let sent = [("ID:1", "eyJkYW0iOjF9"), ("ID:2", "eyJkYW0iOg=="), ("ID:3", "eyJkYW0iOjN9")];
        for (message, (id, data)) in event.messages.iter().zip(sent) {
            let texts = [&message.message_id, &message.message_type, &message.correlation_id, &message.reply_to];
            let more = [&message.type_, &message.data, &message.destination.physical_name];
            let texts: Vec<&str> = texts.iter().chain(&more).map(|text| text.as_deref().unwrap_or("?")).collect();
            expect_same!(
                texts,
                [id, "jms/text-message", "", "null", "", data, "state-alerts"],
                "a mensagem {id} vem com id, tipo, conteúdo em base64 e fila: {message:?}"
            );
            let numbers = [message.timestamp, message.broker_in_time, message.broker_out_time, message.delivery_mode];
            expect_same!(
                (numbers, message.expiration, message.priority, message.properties.get("uf").map(String::as_str)),
                ([EPOCH_MS, EPOCH_MS + 1, EPOCH_MS + 2, 1], 0, 0, Some("RS")),
                "a mensagem {id} vem com os tempos, a entrega e as propriedades do broker: {message:?}"
            );
        }
    }
}

/// Do RabbitMQ a função recebe o evento da AWS; a mensagem enorme nem entra, e o lote volta até seis vezes
#[rstest]
#[case::fixed_in_time(Some(4), 4, &["m-2", "m-3"], &[], "a quarta entrega dá certo e o broker esquece as duas")]
#[case::never_fixed(None, 7, &[], &["m-2", "m-3"], "uma entrega e seis reentregas, e as duas vão para a DLQ do broker")]
fn rabbit_mq_invokes_with_its_own_event(
    #[case] fixed_at: Option<usize>,
    #[case] runs: usize,
    #[case] acknowledged: &[&str],
    #[case] dead_lettered: &[&str],
    #[case] rule: &str,
) {
    let mail: [Mail; 3] =
        [("m-1", r#"{"cm":9}"#, MAXIMUM_RECORD_BYTES + 1), ("m-2", r#"{"cm":412}"#, 10), ("m-3", r#"{"cm":"#, 6)];
    let mut function = Forecast::new(1, fixed_at);
    let ended = read_queue(Broker::RabbitMq, &mail, &mut function);
    let rule = format!("a mensagem m-1 passa de 6 MB e o 429 do começo não conta reentrega; {rule}");
    function.expect_runs(&[(runs, &[r#"rivers {"cm":412}"#, r#"rivers {"cm":"#])], &rule);
    expect_ended(&ended, &Ended::new(acknowledged, dead_lettered, &["m-1"]), &rule);
    let arn = "arn:aws:mq:sa-east-1:123456789012:broker:state:b-9bcfa592";
    for (number, run) in function.runs.iter().enumerate() {
        let event: RabbitMqEvent =
            serde_json::from_value(run.event.clone()).expect("o evento tem a forma de RabbitMqEvent");
        let origin = (event.event_source.as_deref(), event.event_source_arn.as_deref());
        expect_same!(
            origin,
            (Some("aws:rmq"), Some(arn)),
            "o evento do RabbitMQ traz a origem e o ARN do broker: {event:?}"
        );
        let list = event.messages_by_queue.get("rivers::/").map_or(&[][..], Vec::as_slice);
        let sent: Vec<_> = list.iter().map(|each| (each.data.as_deref(), each.redelivered)).collect();
        let expected = [(Some("eyJjbSI6NDEyfQ=="), number > 0), (Some("eyJjbSI6"), number > 0)];
        expect_same!(
            sent,
            expected,
            "na execução {}, a chave `rivers::/` traz o conteúdo em base64 e `redelivered`: {expected:?}; veio {sent:?}",
            number + 1
        );
        for (message, body_size) in list.iter().zip([10, 6]) {
            let basic = &message.basic_properties;
            let absent = [
                &basic.content_encoding,
                &basic.correlation_id,
                &basic.reply_to,
                &basic.message_id,
                &basic.type_,
                &basic.app_id,
                &basic.cluster_id,
            ];
            assert!(absent.iter().all(|each| each.is_none()), "o que quem publicou não preencheu vem nulo: {basic:?}");
            let texts = [&basic.content_type, &basic.expiration, &basic.timestamp, &basic.user_id];
            let texts: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or("?")).collect();
            expect_same!(
                (texts, basic.headers.get("tries"), basic.delivery_mode, basic.priority, basic.body_size),
                (
                    vec!["text/plain", "60000", "Jan 1, 1970, 12:33:41 AM", "AIDACKCEVSQ6C2EXAMPLE"],
                    Some(&json!(10)),
                    1,
                    34,
                    body_size
                ),
                "`basicProperties` traz o que o AMQP carrega, com o tamanho do corpo: {basic:?}"
            );
        }
    }
}
