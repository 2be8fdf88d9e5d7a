//! Avalia o passo `sources`: os três envelopes e as duas camadas que repetem.
//!
//! Os JSON têm a forma das fixtures publicadas com o crate `aws_lambda_events`, com os valores de Serra Clara.

use std::cmp::Ordering;
use std::time::Duration;

use async_invocation::sources::{
    DomainEvent, EnvelopeError, Fact, Happened, NextTry, Source, Wait, compare_sequencers, decode_key, identify,
    next_try, parse, sns_wait,
};
use rstest::rstest;
use serde_json::{Value, json};

const RADAR: &str = "radar-serra-clara";

fn sns_record(message_id: &str, message: &str) -> Value {
    json!({
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": "arn:aws:sns:sa-east-1:123456789012:alertas-granizo:2f1c",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": "arn:aws:sns:sa-east-1:123456789012:alertas-granizo",
            "Subject": null,
            "Message": message,
            "Timestamp": "2026-11-22T14:02:00.000Z",
            "SignatureVersion": "1",
            "Signature": "c2VycmEtY2xhcmE=",
            "SigningCertUrl": "https://sns.sa-east-1.amazonaws.com/cert.pem",
            "UnsubscribeUrl": "https://sns.sa-east-1.amazonaws.com/?Action=Unsubscribe",
            "MessageAttributes": {}
        }
    })
}

fn s3_record(event_name: &str, key: &str, sequencer: &str) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "sa-east-1",
        "eventTime": "2026-11-22T14:00:00.000Z",
        "eventName": event_name,
        "userIdentity": {"principalId": "AWS:ESTACAO"},
        "requestParameters": {"sourceIPAddress": "203.0.113.7"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "leituras",
            "bucket": {
                "name": RADAR,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": "arn:aws:s3:::radar-serra-clara"
            },
            "object": {"key": key, "size": 2048, "eTag": "d41d8cd98f00b204", "sequencer": sequencer}
        }
    })
}

fn records(records: &[Value]) -> Value {
    json!({ "Records": records })
}

fn eventbridge(id: &str) -> Value {
    json!({
        "version": "0",
        "id": id,
        "detail-type": "Nível do rio",
        "source": "br.serraclara.defesacivil",
        "account": "123456789012",
        "time": "2026-11-22T14:05:00Z",
        "region": "sa-east-1",
        "resources": [],
        "detail": {"ponto": "Ponte Velha", "nivel_cm": 412}
    })
}

/// Tira um campo de dentro de `parent`.
fn without(mut envelope: Value, parent: &str, field: &str) -> Value {
    if let Some(object) = envelope.pointer_mut(parent).and_then(Value::as_object_mut) {
        object.remove(field);
    }
    envelope
}

fn stored(key: &str, sequencer: &str) -> DomainEvent {
    DomainEvent {
        key: format!("s3:{RADAR}/{key}#{sequencer}"),
        fact: Fact::FileStored { bucket: RADAR.to_owned(), key: key.to_owned(), sequencer: sequencer.to_owned() },
    }
}

/// O envelope diz de qual serviço veio
#[rstest]
#[case::sns(records(&[sns_record("m-1", "granizo")]), Source::Sns)]
#[case::s3(records(&[s3_record("ObjectCreated:Put", "radar.png", "0055AE")]), Source::S3)]
#[case::eventbridge(eventbridge("e-1"), Source::EventBridge)]
#[case::eventbridge_without_version(without(eventbridge("e-1"), "", "version"), Source::EventBridge)]
fn the_envelope_tells_its_source(#[case] envelope: Value, #[case] expected: Source) {
    let got = identify(&envelope);
    assert!(
        got.as_ref() == Ok(&expected),
        "este envelope é do {expected}: o SNS põe `EventSource` em cada registro, o S3 põe `eventSource`, e o \
         EventBridge não tem `Records`, tem `detail-type`, `source` e `detail`. Veio {got:?} para {envelope}"
    );
}

/// O que não é de nenhum dos três é recusado com o erro certo
#[rstest]
#[case::queue(json!({"Records": [{"eventSource": "aws:sqs", "body": "granizo"}]}), EnvelopeError::UnknownSource("aws:sqs".to_owned()))]
#[case::stream(json!({"Records": [{"eventSource": "aws:kinesis"}]}), EnvelopeError::UnknownSource("aws:kinesis".to_owned()))]
#[case::direct_call(json!({"alerta": "granizo", "lote": 7}), EnvelopeError::UnknownShape)]
#[case::records_without_source(json!({"Records": [{"alerta": "granizo"}]}), EnvelopeError::UnknownShape)]
#[case::no_records(json!({"Records": []}), EnvelopeError::UnknownShape)]
#[case::bus_event_without_detail(without(eventbridge("e-1"), "", "detail"), EnvelopeError::UnknownShape)]
#[case::bus_event_without_type(without(eventbridge("e-1"), "", "detail-type"), EnvelopeError::UnknownShape)]
fn an_unknown_envelope_is_refused(#[case] envelope: Value, #[case] expected: EnvelopeError) {
    let got = parse(envelope.clone());
    assert!(
        got == Err(expected.clone()),
        "o envelope {envelope} não é de SNS, S3 nem EventBridge; aceitar em silêncio faria o evento sumir com sucesso. \
         O erro certo é {expected:?}, veio {got:?}"
    );
}

/// A chave do S3 vem codificada como em um formulário
#[rstest]
#[case::space("chuva+de+novembro.csv", "chuva de novembro.csv")]
#[case::space_as_percent("chuva%20forte.csv", "chuva forte.csv")]
#[case::literal_plus("chuva%2Bvento.csv", "chuva+vento.csv")]
#[case::accents("relat%C3%B3rio+da+esta%C3%A7%C3%A3o.csv", "relatório da estação.csv")]
#[case::folders("2026/11/22/radar+1%2B2.png", "2026/11/22/radar 1+2.png")]
#[case::percent_sign("umidade+100%25.csv", "umidade 100%.csv")]
#[case::only_once("vento%252B1.csv", "vento%2B1.csv")]
fn the_object_key_is_decoded(#[case] encoded: &str, #[case] expected: &str) {
    let got = decode_key(encoded);
    assert!(
        got.as_deref() == Ok(expected),
        "o S3 codifica o nome do objeto como application/x-www-form-urlencoded: espaço vira `+`, o `+` do nome vira \
         `%2B`. A chave {encoded:?} é o objeto {expected:?}; com outro nome o GetObject responde 404. Veio {got:?}"
    );
}

/// Uma chave que não decodifica é malformada
#[rstest]
#[case::cut("chuva%2")]
#[case::not_hexadecimal("chuva%zz.csv")]
#[case::not_utf8("chuva%FF.csv")]
fn a_broken_key_is_malformed(#[case] encoded: &str) {
    let got = decode_key(encoded);
    assert!(
        matches!(got, Err(EnvelopeError::Malformed { from: Source::S3, .. })),
        "{encoded:?} não é uma codificação válida de um nome em UTF-8, então o envelope do S3 está malformado; veio {got:?}"
    );
}

/// O sequencer ordena os eventos de um mesmo objeto
#[rstest]
#[case::before("0055AED6DCD90281E5", "0055AED6DCD90281E6", Ordering::Less)]
#[case::after("0055AED6DCD90281F0", "0055AED6DCD90281E5", Ordering::Greater)]
#[case::same("0055AED6DCD90281E5", "0055AED6DCD90281E5", Ordering::Equal)]
#[case::shorter_is_later("0055B", "0055AED6DCD90281E5", Ordering::Greater)]
#[case::longer_is_earlier("0055AED6DCD90281E5", "0055B", Ordering::Less)]
#[case::zeros_on_the_right("0055AE", "0055AE00", Ordering::Equal)]
#[case::longer_is_later("0055AE", "0055AE01", Ordering::Less)]
fn the_sequencer_orders_events(#[case] a: &str, #[case] b: &str, #[case] expected: Ordering) {
    let got = compare_sequencers(a, b);
    assert!(
        got == expected,
        "os sequencers têm tamanhos diferentes: a guia do S3 manda completar o menor com zeros à direita e só então \
         comparar como texto. De {a:?} para {b:?} o resultado é {expected:?}; veio {got:?}"
    );
}

/// A mensagem do SNS é um texto, e às vezes o texto é um objeto JSON
#[rstest]
#[case::object(r#"{"alerta":"granizo-118","ate":"16h"}"#, json!({"alerta": "granizo-118", "ate": "16h"}))]
#[case::plain_text("Granizo em Serra Clara até as 16h", json!("Granizo em Serra Clara até as 16h"))]
#[case::number("412", json!("412"))]
#[case::list("[1,2]", json!("[1,2]"))]
#[case::almost_json("{granizo}", json!("{granizo}"))]
fn the_message_of_sns_is_text_that_may_be_json(#[case] message: &str, #[case] expected: Value) {
    let got = parse(records(&[sns_record("82833b5c", message)]));
    let event = DomainEvent {
        key: "sns:82833b5c".to_owned(),
        fact: Fact::Alert { topic: "alertas-granizo".to_owned(), message: expected },
    };
    assert!(
        got == Ok(vec![event]),
        "no envelope do SNS, `Message` é sempre um texto: {message:?}. Só um objeto JSON é aberto; qualquer outro texto \
         fica como está. A chave é o MessageId, que o SNS repete na reentrega. Veio {got:?}"
    );
}

/// O aviso de teste do S3 que chega pelo SNS não é um alerta
#[test]
fn the_test_event_of_s3_is_skipped() {
    let test = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-22T13:00:00.000Z",
        "Bucket": RADAR, "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3e"
    });
    let got = parse(records(&[sns_record("m-1", &test.to_string()), sns_record("m-2", "granizo")]));
    let keys = got.as_ref().map(|events| events.iter().map(|event| event.key.as_str()).collect::<Vec<_>>());
    assert!(
        keys == Ok(vec!["sns:m-2"]),
        "ao ligar as notificações de um bucket a um tópico, o S3 manda `s3:TestEvent` para conferir o caminho: m-1 é \
         esse aviso e m-2 é um alerta de verdade; saiu {got:?}"
    );
}

/// Gravar e apagar um objeto viram fatos diferentes, com o nome decodificado
#[rstest]
#[case::put("ObjectCreated:Put", true)]
#[case::copy("ObjectCreated:Copy", true)]
#[case::multipart("ObjectCreated:CompleteMultipartUpload", true)]
#[case::delete("ObjectRemoved:Delete", false)]
#[case::delete_marker("ObjectRemoved:DeleteMarkerCreated", false)]
fn created_and_removed_are_different_facts(#[case] event_name: &str, #[case] created: bool) {
    let mut expected = stored("radar 14h.png", "0055AE");
    if let (false, Fact::FileStored { bucket, key, sequencer }) = (created, expected.fact.clone()) {
        expected.fact = Fact::FileRemoved { bucket, key, sequencer };
    }
    let got = parse(records(&[s3_record(event_name, "radar+14h.png", "0055AE")]));
    assert!(
        got == Ok(vec![expected]),
        "o `eventName` do S3 é uma família e um detalhe, aqui {event_name:?}: ObjectCreated grava, ObjectRemoved apaga; \
         a chave da notificação é `radar+14h.png` e o objeto se chama `radar 14h.png`. Veio {got:?}"
    );
}

/// Um evento do S3 que não grava nem apaga é recusado
#[test]
fn another_kind_of_s3_event_is_refused() {
    let got = parse(records(&[s3_record("ObjectRestore:Completed", "radar.png", "0055AE")]));
    assert!(
        got == Err(EnvelopeError::UnsupportedEvent("ObjectRestore:Completed".to_owned())),
        "ObjectRestore:Completed avisa que um objeto voltou do Glacier: não é gravação nem remoção; veio {got:?}"
    );
}

/// Cada registro do envelope vira um evento, na ordem em que veio
#[rstest]
#[case::two(2)]
#[case::seven(7)]
fn every_record_becomes_an_event(#[case] count: usize) {
    let files: Vec<_> = (0..count).map(|n| (format!("radar-{n}.png"), format!("0055AE{n:02}"))).collect();
    let envelope: Vec<_> = files.iter().map(|(key, seq)| s3_record("ObjectCreated:Put", key, seq)).collect();
    let got = parse(records(&envelope));
    let expected = files.iter().map(|(key, seq)| stored(key, seq)).collect::<Vec<_>>();
    assert!(
        got == Ok(expected),
        "`Records` é uma lista e este envelope tem {count} registros: nenhum pode ficar para trás, nem mudar de lugar. Veio {got:?}"
    );
    let alerts: Vec<_> = (0..count).map(|n| sns_record(&format!("m-{n}"), "granizo")).collect();
    let keys = parse(records(&alerts)).map(|events| events.into_iter().map(|event| event.key).collect::<Vec<_>>());
    let expected = (0..count).map(|n| format!("sns:m-{n}")).collect::<Vec<_>>();
    assert!(
        keys == Ok(expected),
        "o envelope do SNS tem {count} registros, cada um com o seu MessageId; as chaves foram {keys:?}"
    );
}

/// A reentrega repete a chave, e outra gravação do mesmo objeto não
#[test]
fn a_redelivery_repeats_the_key_and_an_overwrite_does_not() {
    let keys = |envelope: Value| parse(envelope).map(|events| events.into_iter().map(|e| e.key).collect::<Vec<_>>());
    let put = |sequencer: &str| records(&[s3_record("ObjectCreated:Put", "radar.png", sequencer)]);
    let mut again = put("0055AE01");
    again["Records"][0]["responseElements"]["x-amz-request-id"] = json!("OUTRO");
    let (original, redelivered) = (keys(put("0055AE01")), keys(again));
    assert!(
        original == redelivered,
        "o S3 entrega ao menos uma vez: o mesmo PUT pode chegar de novo, com o mesmo sequencer, e a chave é a mesma; \
         foram {original:?} e {redelivered:?}"
    );
    let (first, second) = (keys(put("0055AE01")), keys(put("0055AE02")));
    assert!(
        first != second,
        "radar.png foi gravado duas vezes, com sequencers diferentes: são dois eventos, mas os dois têm a chave {first:?}"
    );
}

/// O detalhe do EventBridge já é um objeto
#[test]
fn the_detail_of_eventbridge_is_an_object() {
    let got = parse(eventbridge("7bf73129-1428"));
    let detail = json!({"ponto": "Ponte Velha", "nivel_cm": 412}).as_object().cloned().unwrap_or_default();
    let expected = DomainEvent {
        key: "eventbridge:7bf73129-1428".to_owned(),
        fact: Fact::Detail { detail_type: "Nível do rio".to_owned(), detail },
    };
    assert!(
        got == Ok(vec![expected]),
        "o EventBridge entrega um evento por vez, sem `Records`; a chave é o `id` e `detail` já é um objeto. Veio {got:?}"
    );
}

/// Falta de um campo necessário é envelope malformado, com o nome da origem
#[rstest]
#[case::eventbridge_id(without(eventbridge("e-1"), "", "id"), Source::EventBridge)]
#[case::eventbridge_detail_is_text({ let mut e = eventbridge("e-1"); e["detail"] = json!("{}"); e }, Source::EventBridge)]
#[case::sns_message_id(without(records(&[sns_record("m-1", "oi")]), "/Records/0/Sns", "MessageId"), Source::Sns)]
#[case::s3_event_name(without(records(&[s3_record("ObjectCreated:Put", "a", "00")]), "/Records/0", "eventName"), Source::S3)]
#[case::s3_bucket(without(records(&[s3_record("ObjectCreated:Put", "a", "00")]), "/Records/0/s3/bucket", "name"), Source::S3)]
#[case::s3_key(without(records(&[s3_record("ObjectCreated:Put", "a", "00")]), "/Records/0/s3/object", "key"), Source::S3)]
#[case::s3_sequencer(without(records(&[s3_record("ObjectRemoved:Delete", "a", "00")]), "/Records/0/s3/object", "sequencer"), Source::S3)]
#[case::s3_key_that_does_not_decode(records(&[s3_record("ObjectCreated:Put", "a%", "00")]), Source::S3)]
fn a_missing_field_is_malformed(#[case] envelope: Value, #[case] expected: Source) {
    let got = parse(envelope.clone());
    assert!(
        matches!(&got, Err(EnvelopeError::Malformed { from, .. }) if *from == expected),
        "a origem é {expected}, mas falta um campo de que a chave ou o fato precisa (ou o valor não serve): {envelope}. \
         Sem ele não há chave estável; veio {got:?}"
    );
}

/// Quem repete depende de onde a falha aconteceu
#[rstest]
#[case::sns_accepted(Source::Sns, Happened::Answered(202), NextTry::Nothing)]
#[case::s3_accepted(Source::S3, Happened::Answered(202), NextTry::Nothing)]
#[case::eventbridge_accepted(Source::EventBridge, Happened::Answered(202), NextTry::Nothing)]
#[case::sns_throttled(Source::Sns, Happened::Answered(429), sns_policy())]
#[case::sns_service_error(Source::Sns, Happened::Answered(500), sns_policy())]
#[case::sns_bad_gateway(Source::Sns, Happened::Answered(502), sns_policy())]
#[case::sns_no_permission(Source::Sns, Happened::Answered(403), NextTry::GivesUp)]
#[case::sns_function_deleted(Source::Sns, Happened::Answered(404), NextTry::GivesUp)]
#[case::eventbridge_throttled(Source::EventBridge, Happened::Answered(429), eventbridge_policy())]
#[case::eventbridge_service_error(Source::EventBridge, Happened::Answered(503), eventbridge_policy())]
#[case::eventbridge_no_permission(Source::EventBridge, Happened::Answered(403), NextTry::GivesUp)]
#[case::s3_throttled(Source::S3, Happened::Answered(429), NextTry::Unpublished)]
#[case::s3_service_error(Source::S3, Happened::Answered(500), NextTry::Unpublished)]
#[case::s3_no_permission(Source::S3, Happened::Answered(403), NextTry::Unpublished)]
#[case::sns_function_error(Source::Sns, Happened::FunctionError, lambda(Some(2)))]
#[case::s3_function_error(Source::S3, Happened::FunctionError, lambda(Some(2)))]
#[case::eventbridge_function_error(Source::EventBridge, Happened::FunctionError, lambda(Some(2)))]
#[case::sns_throttle_in_the_queue(Source::Sns, Happened::QueueThrottled, lambda(None))]
#[case::eventbridge_throttle_in_the_queue(Source::EventBridge, Happened::QueueThrottled, lambda(None))]
fn the_layer_that_failed_is_the_one_that_retries(
    #[case] source: Source,
    #[case] happened: Happened,
    #[case] expected: NextTry,
) {
    let got = next_try(source, happened);
    let what = match happened {
        Happened::Answered(202) => {
            "o Lambda respondeu 202: a entrega terminou bem, e a origem não fica sabendo do resto"
        }
        Happened::Answered(429 | 500..) => {
            "o Lambda não aceitou o evento, por ora: a repetição é da origem, não da fila"
        }
        Happened::Answered(_) => "o Lambda recusou com 4xx, e repetir o mesmo pedido daria o mesmo erro",
        Happened::FunctionError => "o evento já estava na fila interna quando a função falhou: quem repete é o Lambda",
        Happened::QueueThrottled => {
            "o evento já estava na fila interna e volta para ela: tenta por até 6 h, sem teto de vezes"
        }
    };
    assert!(got == expected, "origem {source}, {happened:?}: {what}. O certo é {expected:?}, veio {got:?}");
}

const HOUR: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);
const TWENTY: Duration = Duration::from_secs(20);

fn sns_policy() -> NextTry {
    NextTry::Source { retries: 100_015, within: 23 * 24 * HOUR }
}

fn eventbridge_policy() -> NextTry {
    NextTry::Source { retries: 185, within: 24 * HOUR }
}

fn lambda(retries: Option<u32>) -> NextTry {
    NextTry::Lambda { retries, within: 6 * HOUR }
}

/// O SNS espera cada vez mais, em quatro fases
#[rstest]
#[case::no_such_delivery(0, None)]
#[case::first_immediate(1, Some(Wait::Exactly(Duration::ZERO)))]
#[case::last_immediate(3, Some(Wait::Exactly(Duration::ZERO)))]
#[case::first_of_one_second(4, Some(Wait::Exactly(SECOND)))]
#[case::last_of_one_second(5, Some(Wait::Exactly(SECOND)))]
#[case::first_backoff(6, Some(Wait::Between(SECOND, TWENTY)))]
#[case::last_backoff(15, Some(Wait::Between(SECOND, TWENTY)))]
#[case::first_of_twenty_seconds(16, Some(Wait::Exactly(TWENTY)))]
#[case::last_of_all(100_015, Some(Wait::Exactly(TWENTY)))]
#[case::after_the_last(100_016, None)]
fn the_waits_of_sns_come_in_four_phases(#[case] retry: u32, #[case] expected: Option<Wait>) {
    let got = sns_wait(retry);
    assert!(
        got == expected,
        "o SNS faz 3 novas entregas sem espera, 2 a cada 1 s, 10 com recuo entre 1 s e 20 s e 100.000 a cada 20 s; antes \
         da nova entrega {retry} a espera é {expected:?}, veio {got:?}"
    );
}

/// As esperas do SNS somam 23 dias
#[test]
fn the_waits_of_sns_add_up_to_23_days() {
    let retries: Vec<_> = (1..).map_while(sns_wait).take(200_000).collect();
    let shortest: Duration = retries
        .iter()
        .map(|wait| match wait {
            Wait::Exactly(wait) | Wait::Between(wait, _) => *wait,
        })
        .sum();
    assert!(
        (retries.len(), shortest.as_secs() / 86_400) == (100_015, 23),
        "3 imediatas + 2 de 1 s + 10 com recuo + 100.000 de 20 s são 100.015 novas entregas em 23 dias; as suas são {} \
         em {} s",
        retries.len(),
        shortest.as_secs()
    );
}
