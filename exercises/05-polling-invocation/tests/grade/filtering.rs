//! Os testes do passo `filtering`: as regras, o casamento, a forma do conteúdo por origem e o fim de quem não casa.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polling_invocation::filtering::{
    Comparison, Fate, FilterCriteria, FilterSource, Pattern, Rule, fate, matches, rule,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;

/// Um registro da origem, na forma do evento real, com este conteúdo.
fn record(source: FilterSource, content: &[u8]) -> Value {
    let encoded = STANDARD.encode(content);
    let text = String::from_utf8_lossy(content);
    match source {
        FilterSource::Sqs => json!({
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": text, "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:sa-east-1:123456789012:readings", "awsRegion": "sa-east-1"
        }),
        FilterSource::Kinesis => json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": "ponte-velha", "data": encoded,
                "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
                "approximateArrivalTimestamp": 1_545_084_650.987
            },
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record",
            "eventSourceARN": "arn:aws:kinesis:sa-east-1:123456789012:stream/readings"
        }),
        FilterSource::DynamoDb => json!({
            "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": serde_json::from_slice::<Value>(content).unwrap_or_default()
        }),
        FilterSource::Kafka => json!({
            "topic": "neighbours", "partition": 0, "offset": 15, "timestamp": 1_545_084_650_987_u64,
            "timestampType": "CREATE_TIME", "value": encoded, "headers": []
        }),
        FilterSource::AmazonMq => json!({
            "messageID": "ID:b-9bcfa592", "messageType": "jms/text-message", "redelivered": false, "data": encoded,
            "destination": { "physicalName": "state" }, "timestamp": 1_598_827_811_958_u64
        }),
    }
}

#[track_caller]
fn criteria(source: FilterSource, patterns: &[&str]) -> FilterCriteria {
    match FilterCriteria::new(source, patterns) {
        Ok(criteria) => criteria,
        Err(error) => panic!("a AWS aceita {patterns:?} em {source:?}; a sua função recusou com `{error}`"),
    }
}

/// Cada elemento de uma lista do padrão é um valor ou um operador.
#[rstest]
#[case::values(vec![
    (json!("granizo"), Rule::Equals(json!("granizo"))),
    (json!(""), Rule::Equals(json!(""))),
    (json!(null), Rule::Equals(json!(null))),
    (json!(true), Rule::Equals(json!(true))),
])]
#[case::texts(vec![
    (json!({"equals-ignore-case": "Granizo"}), Rule::EqualsIgnoreCase("Granizo".to_owned())),
    (json!({"prefix": "ponte"}), Rule::Prefix("ponte".to_owned())),
    (json!({"suffix": "velha"}), Rule::Suffix("velha".to_owned())),
    (json!({"exists": false}), Rule::Exists(false)),
])]
#[case::anything_but(vec![
    (json!({"anything-but": "chuva"}), Rule::AnythingBut(vec![json!("chuva")])),
    (json!({"anything-but": [1, 2]}), Rule::AnythingBut(vec![json!(1), json!(2)])),
])]
#[case::numeric(vec![
    (json!({"numeric": [">", 30]}), Rule::Numeric(vec![(Comparison::Greater, 30.0)])),
    (json!({"numeric": [">", 0, "<=", 5]}), Rule::Numeric(vec![(Comparison::Greater, 0.0), (Comparison::AtMost, 5.0)])),
])]
fn a_rule_is_read(#[case] rules: Vec<(Value, Rule)>) {
    for (element, expected) in rules {
        let got = rule(&element);
        expect_same!(got, Some(expected.clone()), "{element} é a regra {expected:?}; a sua função leu {got:?}");
    }
}

/// O que o EventBridge aceita em um barramento e o filtro do Lambda não.
#[rstest]
#[case::only_on_a_bus(vec![
    json!({"wildcard": "ponte*"}),
    json!({"cidr": "10.0.0.0/24"}),
    json!({"anything-but": {"prefix": "chuva"}}),
    json!({"anything-but": {"suffix": "fraca"}}),
])]
#[case::anything_but(vec![
    json!({"anything-but": ["chuva", 1]}),
    json!({"anything-but": []}),
    json!({"anything-but": true}),
    json!({"anything-but": [true]}),
])]
#[case::shape(vec![
    json!({"prefix": "a", "suffix": "b"}),
    json!({}),
    json!({"contains": "a"}),
    json!(["a"]),
    json!({"prefix": 3}),
    json!({"exists": "true"}),
])]
#[case::numeric(vec![
    json!({"numeric": [">"]}),
    json!({"numeric": [">", "30"]}),
    json!({"numeric": ["!=", 30]}),
    json!({"numeric": [">", 1, "<", 5, "<", 9]}),
])]
fn what_the_filter_does_not_know_is_invalid(#[case] elements: Vec<Value>) {
    for element in elements {
        let pattern = json!({ "body": { "kind": [element] } }).to_string();
        let got = FilterCriteria::new(FilterSource::Sqs, &[&pattern]).map_err(|error| error.to_string());
        let expected = "InvalidParameterValueException: Invalid filter pattern definition.";
        expect_same!(
            got.as_ref().err().map(String::as_str),
            Some(expected),
            "o filtro do Lambda não aceita {element}: a resposta é `{expected}`; a sua foi {got:?}"
        );
    }
}

/// Um padrão que não é um objeto de listas é recusado.
#[rstest]
#[case::not_json("{body")]
#[case::list(r#"["granizo"]"#)]
#[case::value_without_list(r#"{"body":{"kind":"granizo"}}"#)]
#[case::empty_list(r#"{"body":{"kind":[]}}"#)]
#[case::empty_object(r#"{}"#)]
fn a_malformed_pattern_is_refused(#[case] pattern: &str) {
    let good = r#"{"body":{"kind":["granizo"]}}"#;
    let got = FilterCriteria::new(FilterSource::Sqs, &[good, pattern]).map_err(|error| error.message);
    expect_same!(
        got.as_ref().err().map(String::as_str),
        Some("Invalid filter pattern definition."),
        "o segundo filtro, `{pattern}`, derruba o pedido com `Invalid filter pattern definition.`; o seu resultado \
         foi {got:?}"
    );
}

/// Cinco filtros cabem; seis, não.
#[test]
fn five_filters_fit() {
    let pattern = r#"{"body":{"kind":["granizo"]}}"#;
    criteria(FilterSource::Sqs, &[pattern; 5]);
    let got = FilterCriteria::new(FilterSource::Sqs, &[pattern; 6]);
    assert!(got.is_err(), "o limite é de 5 filtros por mapeamento; a sua função aceitou 6");
}

/// Em um fluxo o padrão do conteúdo tem de ser um objeto.
#[rstest]
#[case::kinesis(FilterSource::Kinesis, r#"{"data":["granizo"]}"#, false)]
#[case::dynamodb(FilterSource::DynamoDb, r#"{"dynamodb":["granizo"]}"#, false)]
#[case::kinesis_object(FilterSource::Kinesis, r#"{"data":{"kind":["granizo"]}}"#, true)]
#[case::sqs(FilterSource::Sqs, r#"{"body":["granizo"]}"#, true)]
#[case::kafka(FilterSource::Kafka, r#"{"value":["granizo"]}"#, true)]
#[case::mq(FilterSource::AmazonMq, r#"{"data":["granizo"]}"#, true)]
fn a_stream_refuses_a_text_pattern(#[case] source: FilterSource, #[case] pattern: &str, #[case] accepted: bool) {
    let got = FilterCriteria::new(source, &[pattern]);
    expect_same!(
        got.is_ok(),
        accepted,
        "em {source:?} o padrão `{pattern}` {}; o seu resultado foi {got:?}",
        if accepted { "é aceito" } else { "é recusado na criação: o conteúdo de um fluxo se filtra como JSON" }
    );
}

/// O casamento, campo a campo, de um padrão com uma leitura.
#[rstest]
#[case::equality(&[
    (r#"{"kind":["granizo"]}"#, true),
    (r#"{"kind":["Granizo"]}"#, false),
    (r#"{"kind":[{"equals-ignore-case":"GRANIZO"}]}"#, true),
    (r#"{"kind":["chuva","granizo"]}"#, true),
    (r#"{"level":["3"]}"#, false),
])]
#[case::fields(&[
    (r#"{"kind":["granizo"],"level":[9]}"#, false),
    (r#"{"level":[3]}"#, true),
    (r#"{"station":{"id":["ponte-velha"]}}"#, true),
    (r#"{"station":{"id":{"deep":["x"]}}}"#, false),
])]
#[case::texts(&[
    (r#"{"kind":[{"prefix":"gran"}]}"#, true),
    (r#"{"kind":[{"suffix":"gran"}]}"#, false),
    (r#"{"level":[{"suffix":"3"}]}"#, false),
])]
#[case::anything_but(&[
    (r#"{"kind":[{"anything-but":["chuva","vento"]}]}"#, true),
    (r#"{"kind":[{"anything-but":["chuva","granizo"]}]}"#, false),
    (r#"{"wind":[{"anything-but":["forte"]}]}"#, false),
    (r#"{"note":[{"anything-but":["forte"]}]}"#, true),
    (r#"{"tags":[{"anything-but":["alerta"]}]}"#, true),
    (r#"{"tags":[{"anything-but":["alerta","serra"]}]}"#, false),
])]
#[case::numbers(&[
    (r#"{"level":[3.0]}"#, false),
    (r#"{"level":[{"numeric":["=",3.0]}]}"#, true),
    (r#"{"level":[{"numeric":[">",2,"<=",3]}]}"#, true),
    (r#"{"level":[{"numeric":[">",3,"<=",5]}]}"#, false),
    (r#"{"code":[{"numeric":[">",2]}]}"#, false),
])]
#[case::exists(&[
    (r#"{"level":[{"exists":true}]}"#, true),
    (r#"{"note":[{"exists":true}]}"#, true),
    (r#"{"station":[{"exists":true}]}"#, false),
    (r#"{"wind":[{"exists":false}]}"#, true),
    (r#"{"level":[{"exists":false}]}"#, false),
])]
#[case::null(&[
    (r#"{"note":[null]}"#, true),
    (r#"{"wind":[null]}"#, false),
])]
#[case::lists(&[
    (r#"{"tags":["alerta"]}"#, true),
    (r#"{"tags":["teste"]}"#, false),
    (r#"{"tags":[{"prefix":"ser"}]}"#, true),
    (r#"{"tags":[{"exists":true}]}"#, true),
])]
fn a_pattern_matches_a_reading(#[case] patterns: &[(&str, bool)]) {
    let reading = json!({
        "kind": "granizo", "level": 3, "code": "7", "note": null, "tags": ["alerta", "serra"],
        "station": { "id": "ponte-velha" }
    });
    for &(pattern, expected) in patterns {
        let Some(parsed) = Pattern::parse(pattern) else {
            panic!("o padrão `{pattern}` é aceito pela AWS; com a sua `rule` ele foi recusado");
        };
        let got = matches(&parsed, Some(&reading));
        let verb = if expected { "casa" } else { "não casa" };
        expect_same!(
            got,
            expected,
            "o padrão `{pattern}` {verb} com a leitura {reading}; a sua função diz o contrário"
        );
    }
}

/// Os filtros valem em OU, e sem filtro nenhum tudo passa.
#[rstest]
#[case::no_filters(&[], true)]
#[case::second_filter(&[r#"{"body":{"kind":["vento"]}}"#, r#"{"body":{"kind":["granizo"]}}"#], true)]
#[case::no_filter_matches(&[r#"{"body":{"kind":["vento"]}}"#, r#"{"body":{"kind":["chuva"]}}"#], false)]
#[case::half_of_each(&[r#"{"body":{"kind":["granizo"],"level":[9]}}"#, r#"{"body":{"kind":["vento"],"level":[3]}}"#], false)]
fn filters_are_alternatives(#[case] patterns: &[&str], #[case] expected: bool) {
    let got =
        criteria(FilterSource::Sqs, patterns).accepts(&record(FilterSource::Sqs, br#"{"kind":"granizo","level":3}"#));
    expect_same!(
        got,
        expected,
        "com os filtros {patterns:?}, a mensagem {{\"kind\":\"granizo\",\"level\":3}} {}; o seu código diz o contrário",
        if expected { "passa: basta um filtro inteiro casar" } else { "não passa: nenhum filtro inteiro casa" }
    );
}

/// Cada origem tem a chave do seu conteúdo, decodificado antes de comparar.
#[rstest]
#[case::sqs(FilterSource::Sqs, r#"{"body":{"kind":["granizo"]}}"#)]
#[case::kinesis(FilterSource::Kinesis, r#"{"data":{"kind":["granizo"]}}"#)]
#[case::dynamodb(FilterSource::DynamoDb, r#"{"dynamodb":{"kind":["granizo"]}}"#)]
#[case::kafka(FilterSource::Kafka, r#"{"value":{"kind":["granizo"]}}"#)]
#[case::mq(FilterSource::AmazonMq, r#"{"data":{"kind":["granizo"]}}"#)]
fn every_source_has_its_key(#[case] source: FilterSource, #[case] pattern: &str) {
    let filter = criteria(source, &[pattern]);
    for (content, expected) in [(r#"{"kind":"granizo"}"#, true), (r#"{"kind":"chuva"}"#, false)] {
        let got = filter.accepts(&record(source, content.as_bytes()));
        let verb = if expected { "passa" } else { "não passa" };
        expect_same!(got, expected, "{source:?}, `{pattern}`: {content} {verb}; o seu código diz o contrário");
    }
}

/// Quando a forma do conteúdo não é a do padrão, cada origem faz uma coisa.
#[rstest]
#[case::sqs(FilterSource::Sqs, &[
    ("granizo", r#"{"body":{"kind":[{"exists":false}]}}"#, false),
    (r#"{"a":1}"#, r#"{"body":[{"anything-but":["erro"]}]}"#, false),
    ("granizo", r#"{"body":[{"anything-but":["erro"]}]}"#, true),
    ("erro", r#"{"body":[{"anything-but":["erro"]}]}"#, false),
    (r#"{"temp": 2"#, r#"{"body":{"temp":[{"exists":false}]}}"#, false),
    ("granizo", r#"{"eventSource":["aws:sqs"]}"#, true),
])]
#[case::kinesis(FilterSource::Kinesis, &[
    ("granizo", r#"{"data":{"kind":[{"exists":false}]}}"#, false),
    ("granizo", r#"{"partitionKey":["ponte-velha"]}"#, true),
    ("granizo", r#"{"partitionKey":["escola"]}"#, false),
    (r#"{"kind":"granizo"}"#, r#"{"partitionKey":["ponte-velha"],"data":{"kind":["granizo"]}}"#, true),
])]
#[case::dynamodb(FilterSource::DynamoDb, &[
    (r#"{"kind":"granizo"}"#, r#"{"eventName":["INSERT"]}"#, true),
    (r#"{"kind":"granizo"}"#, r#"{"eventName":["REMOVE"],"dynamodb":{"kind":["granizo"]}}"#, false),
])]
#[case::kafka(FilterSource::Kafka, &[
    ("granizo", r#"{"value":{"kind":["vento"]}}"#, true),
    (r#"{"a":1}"#, r#"{"value":["vento"]}"#, true),
    ("granizo", r#"{"value":["vento"]}"#, false),
    ("granizo", r#"{"topic":["outro"]}"#, false),
])]
#[case::amazonmq(FilterSource::AmazonMq, &[
    ("granizo", r#"{"data":{"kind":["vento"]}}"#, true),
    (r#"{"a":1}"#, r#"{"data":[{"prefix":"Result"}]}"#, true),
    (r#"{"a":1}"#, r#"{"data":{"a":[2]}}"#, false),
    ("granizo", r#"{"data":{"kind":["vento"]},"redelivered":[true]}"#, false),
])]
fn a_mismatch_of_form_depends_on_the_source(#[case] source: FilterSource, #[case] records: &[(&str, &str, bool)]) {
    for &(content, pattern, expected) in records {
        let got = criteria(source, &[pattern]).accepts(&record(source, content.as_bytes()));
        let verb = if expected { "vai à função" } else { "não vai à função" };
        expect_same!(
            got,
            expected,
            "{source:?}, padrão `{pattern}`, conteúdo `{content}`: o registro {verb} (SQS e fluxos descartam o que \
             tem outra forma; Kafka e MQ comparam só os metadados); o seu código diz o contrário"
        );
    }
}

/// No Kafka e no MQ, bytes que não são UTF-8 só se comparam pelos metadados.
#[rstest]
#[case::kafka(FilterSource::Kafka, "value")]
#[case::mq(FilterSource::AmazonMq, "data")]
fn bytes_that_are_not_utf8_pass(#[case] source: FilterSource, #[case] key: &str) {
    for pattern in [format!(r#"{{"{key}":["granizo"]}}"#), format!(r#"{{"{key}":{{"kind":["granizo"]}}}}"#)] {
        let got = criteria(source, &[&pattern]).accepts(&record(source, &[0xFF, 0xFE, 0x67]));
        assert!(got, "{source:?}, padrão `{pattern}`: um conteúdo em UTF-16 não se compara, e o registro vai à função");
    }
}

/// No Kinesis os mesmos bytes têm outra forma que o padrão, e o registro é descartado.
#[test]
fn kinesis_discards_bytes_that_are_not_utf8() {
    let filter = criteria(FilterSource::Kinesis, &[r#"{"data":{"kind":[{"exists":false}]}}"#]);
    let got = filter.accepts(&record(FilterSource::Kinesis, &[0xFF, 0xFE, 0x67]));
    assert!(
        !got,
        "no Kinesis um conteúdo em UTF-16 não é um objeto JSON: a forma é outra, e o registro não vai à função"
    );
}

/// O registro recusado tem o fim da origem dele.
#[rstest]
#[case::sqs(FilterSource::Sqs, Fate::Deleted, "sai da fila")]
#[case::kinesis(FilterSource::Kinesis, Fate::SkippedByTheIterator, "fica para trás do iterador")]
#[case::dynamodb(FilterSource::DynamoDb, Fate::SkippedByTheIterator, "fica para trás do iterador")]
#[case::kafka(FilterSource::Kafka, Fate::CommittedAfterTheInvocation, "tem o offset confirmado depois da função")]
#[case::mq(FilterSource::AmazonMq, Fate::AcknowledgedAtOnce, "é reconhecido ao filtrar")]
fn a_refused_record_ends_as_its_source_says(#[case] source: FilterSource, #[case] expected: Fate, #[case] what: &str) {
    let got = fate(source);
    expect_same!(got, expected, "em {source:?} o registro que nenhum filtro aceita {what}; a sua função diz {got:?}");
}

/// O exemplo da página: dois filtros e cinco mensagens.
#[test]
fn the_example_of_the_page() {
    let filter = criteria(
        FilterSource::Sqs,
        &[
            r#"{"body":{"kind":["granizo",{"prefix":"venda"}],"level":[{"numeric":[">=",3]}]}}"#,
            r#"{"body":{"station":[{"exists":false}]}}"#,
        ],
    );
    let messages = [
        r#"{"kind":"granizo","level":3,"station":"escola"}"#,
        r#"{"kind":"granizo","level":2,"station":"escola"}"#,
        r#"{"kind":"vendaval","level":4.5,"station":"escola"}"#,
        r#"{"kind":"chuva","level":1}"#,
        "granizo",
    ];
    let got: Vec<bool> =
        messages.iter().map(|each| filter.accepts(&record(FilterSource::Sqs, each.as_bytes()))).collect();
    expect_same!(
        got,
        [true, false, true, true, false],
        "das cinco mensagens passam a 1ª, a 3ª e a 4ª; com o seu código o resultado é {got:?}"
    );
}
