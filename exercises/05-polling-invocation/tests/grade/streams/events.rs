//! O que a função recebe de cada serviço, e o que o shard faz quando ela falha por muito tempo.

use aws_lambda_events::dynamodb::{Event, StreamViewType};
use aws_lambda_events::kinesis::KinesisEvent;
use kit::text::duration;
use polling_invocation::shard::StreamKind;
use polling_invocation::stream_function::Trouble;
use serde_json::json;

use crate::support::expect_same;
use crate::support::stream::{DAY, Reading, config, reading, readings, seconds};

/// Do Kinesis a função recebe o evento da AWS, na ordem do shard, e o lote que falha vai ao destino
#[tokio::test(start_paused = true)]
async fn kinesis_invokes_with_its_own_event() {
    let story = Reading::play(readings(2, Some(2)), DAY, &config(Some(1), None, false), vec![]).await;
    story.expect_batches(&["s1 s2", "s1 s2"], "o Kinesis repete o lote inteiro uma vez");
    story.expect_received(&["s1..s2 RetryAttemptsExhausted 2"], "a função falhou duas vezes");
    for call in &story.calls {
        let event: KinesisEvent =
            serde_json::from_value(call.event.clone()).expect("o evento tem a forma de KinesisEvent");
        let sent: Vec<(&str, &[u8])> =
            event.records.iter().map(|each| (each.kinesis.sequence_number.as_str(), &each.kinesis.data[..])).collect();
        let expected: [(&str, &[u8]); 2] = [("s1", br#"{"temp": 21.5}"#), ("s2", br#"{"temp": 2"#)];
        expect_same!(sent, expected, "as duas leituras vão em cada evento do Kinesis; o seu lote levou {}", call.event);
    }
    let expected = json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0", "partitionKey": "ponte-velha", "sequenceNumber": "s1",
            "data": "eyJ0ZW1wIjogMjEuNX0=", "approximateArrivalTimestamp": 1_795_366_800.0
        },
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000000:s1",
        "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/forecast",
        "awsRegion": "sa-east-1", "eventSourceARN": "arn:aws:kinesis:sa-east-1:123456789012:stream/readings"
    });
    let got = story.calls.first().map(|call| &call.event["Records"][0]);
    expect_same!(got, Some(&expected), "o registro do Kinesis é {expected:#}; o do seu lote foi {got:?}");
}

/// Do DynamoDB a função recebe as mudanças dos itens, e o lote que falha vai ao destino
#[tokio::test(start_paused = true)]
async fn dynamodb_streams_invokes_with_its_own_event() {
    let records = [(1, r#"{"temp": 21}"#), (2, r#"{"temp": 22}"#), (3, ""), (4, "{")]
        .map(|(number, data)| reading(number, "ponte-velha", data, seconds(0)));
    let config = config(Some(1), None, false);
    let story = Reading::play_from(StreamKind::DynamoDb, records.to_vec(), DAY, &config, vec![]).await;
    story.expect_batches(&["s1 s2 s3 s4", "s1 s2 s3 s4"], "o fluxo da tabela repete o lote inteiro uma vez");
    story.expect_received(&["s1..s4 RetryAttemptsExhausted 2"], "a função falhou duas vezes");
    story.expect_checkpoint("s4");
    for call in &story.calls {
        let event: Event = serde_json::from_value(call.event.clone()).expect("o evento tem a forma de dynamodb::Event");
        let sent: Vec<(&str, Option<&str>, bool, bool)> = event
            .records
            .iter()
            .map(|each| {
                let change = &each.change;
                let images = (!change.new_image.is_empty(), !change.old_image.is_empty());
                (each.event_name.as_str(), change.sequence_number.as_deref(), images.0, images.1)
            })
            .collect();
        let expected = [
            ("INSERT", Some("s1"), true, false),
            ("MODIFY", Some("s2"), true, true),
            ("REMOVE", Some("s3"), false, true),
            ("INSERT", Some("s4"), true, false),
        ];
        expect_same!(sent, expected, "as quatro mudanças vão na ordem do shard; o seu lote levou {}", call.event);
        let views =
            event.records.iter().all(|each| each.change.stream_view_type == Some(StreamViewType::NewAndOldImages));
        assert!(views, "este fluxo manda a imagem nova e a antiga; o seu lote levou {}", call.event);
    }
    let image = |data: &str| json!({ "station": { "S": "ponte-velha" }, "reading": { "S": data } });
    let expected = json!({
        "eventID": "000000000000000000000000000000s2", "eventName": "MODIFY", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "sa-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_366_800, "Keys": { "station": { "S": "ponte-velha" } },
            "NewImage": image(r#"{"temp": 22}"#), "OldImage": image(r#"{"temp": 21}"#), "SequenceNumber": "s2",
            "SizeBytes": 35, "StreamViewType": "NEW_AND_OLD_IMAGES"
        },
        "eventSourceARN": "arn:aws:dynamodb:sa-east-1:123456789012:table/stations/stream/2026-11-22T14:00:00.000"
    });
    let got = story.calls.first().map(|call| &call.event["Records"][1]);
    expect_same!(got, Some(&expected), "o registro do DynamoDB é {expected:#}; o do seu lote foi {got:?}");
}

/// Uma função sem vaga por mais tempo que a idade perde o lote sem rodar.
#[tokio::test(start_paused = true)]
async fn throttling_longer_than_the_age_loses_the_batch() {
    let story =
        Reading::play(readings(1, None), DAY, &config(Some(0), Some(60), true), vec![Trouble::Throttle; 50]).await;
    let rule = "as recusas insistem até a idade: em 63 s o registro já passou de 60 s";
    story.expect_batches(&["s1"; 6], rule);
    story.expect_received(&["s1..s1 RecordAgeExceeded 1"], rule);
}

/// Com os valores padrão, um registro ruim segura o shard pela retenção inteira.
#[tokio::test(start_paused = true)]
async fn the_defaults_block_for_the_whole_retention() {
    let mut records = readings(1, Some(1));
    records.push(reading(2, "escola", "{}", seconds(3_600)));
    let story = Reading::play(records, DAY, &config(None, None, true), vec![]).await;
    let second = story.calls.iter().find(|call| call.records.iter().any(|each| each == "s2"));
    let at = second.map(|call| call.at);
    assert!(
        at.is_some_and(|at| at > DAY && at < DAY + seconds(120)),
        "−1 e −1: s1 é tentado até passar da retenção de 24 h, e s2, que chegou à 1 h, só roda depois disso, logo \
         que s1 vence; com o seu código s2 rodou {}",
        at.map_or("nunca".to_owned(), |at| format!("em {}", duration(at)))
    );
    story.expect_checkpoint("s2");
}
