//! Os eventos do MSK, do Kafka autogerenciado, do ActiveMQ e do RabbitMQ, para o passo `kafka_mq`.

use polling_invocation::kafka_mq::Message;
use serde_json::{Value, json};

fn kafka_record(partition: u64, offset: u64, value: &Value) -> Value {
    let timestamp = 1_795_366_800_000 + offset * 1_000;
    json!({
        "topic": "neighbours", "partition": partition, "offset": offset, "timestamp": timestamp,
        "timestampType": "CREATE_TIME", "key": "ZXNjb2xh", "value": value,
        "headers": [{ "origin": [117, 110, 105] }]
    })
}

/// Um evento de Kafka com duas partições; a 0 tem três registros, e o segundo não tem valor.
pub fn kafka_event(source: &str) -> Value {
    let mut event = json!({
        "eventSource": source,
        "bootstrapServers": "b-1.uni.example:9092,b-2.uni.example:9092",
        "records": {
            "neighbours-0": [
                kafka_record(0, 15, &json!("eyJ0ZW1wIjoyMX0=")),
                kafka_record(0, 16, &Value::Null),
                kafka_record(0, 17, &json!("Z3Jhbml6bw=="))
            ],
            "neighbours-1": [kafka_record(1, 4, &json!("ew=="))]
        }
    });
    if source == "aws:kafka" {
        event["eventSourceArn"] = json!("arn:aws:kafka:sa-east-1:123456789012:cluster/uni/e9f754c6-4");
    }
    event
}

pub fn active_mq() -> Value {
    let message = |id: &str, data: &str, redelivered: bool| {
        json!({
            "messageID": id, "messageType": "jms/text-message", "timestamp": 1_795_366_800_000_u64, "deliveryMode": 1,
            "correlationID": "", "replyTo": "null", "destination": { "physicalName": "state-alerts" },
            "redelivered": redelivered, "type": "", "expiration": 0, "priority": 0, "data": data,
            "brokerInTime": 1_795_366_800_001_u64, "brokerOutTime": 1_795_366_800_002_u64, "properties": { "uf": "RS" }
        })
    };
    json!({
        "eventSource": "aws:mq",
        "eventSourceArn": "arn:aws:mq:sa-east-1:123456789012:broker:state:b-0f5b7522",
        "messages": [message("ID:1", "Z3Jhbml6bw==", false), message("ID:2", "Y2h1dmE=", true)]
    })
}

pub fn rabbit_mq() -> Value {
    let message = |data: &str, redelivered: bool| {
        json!({
            "basicProperties": {
                "contentType": "text/plain", "contentEncoding": null, "headers": { "tries": 10 }, "deliveryMode": 1,
                "priority": 34, "correlationId": null, "replyTo": null, "expiration": "60000", "messageId": null,
                "timestamp": "Jan 1, 1970, 12:33:41 AM", "type": null, "userId": "AIDACKCEVSQ6C2EXAMPLE",
                "appId": null, "clusterId": null, "bodySize": 80
            },
            "redelivered": redelivered, "data": data
        })
    };
    json!({
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:sa-east-1:123456789012:broker:state:b-9bcfa592",
        "rmqMessagesByQueue": { "rivers::/": [message("NDEy", true), message("NDE1", false)] }
    })
}

pub fn record(origin: &str, offset: i64, timestamp_ms: i64, data: Option<&str>) -> Message {
    Message {
        origin: origin.to_owned(),
        offset: Some(offset),
        timestamp_ms: Some(timestamp_ms),
        data: data.map(|data| data.as_bytes().to_vec()),
        redelivered: false,
    }
}

pub fn queued(origin: &str, data: &str, redelivered: bool) -> Message {
    let data = Some(data.as_bytes().to_vec());
    Message { origin: origin.to_owned(), offset: None, timestamp_ms: None, data, redelivered }
}
