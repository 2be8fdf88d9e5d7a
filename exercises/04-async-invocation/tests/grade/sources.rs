//! Avalia o passo `sources`: os três envelopes e as duas camadas que repetem.
//!
//! Os JSON têm a forma das fixtures publicadas com o crate `aws_lambda_events`, com os valores de Serra Clara.

use std::time::Duration;

use async_invocation::sources::{
    DomainEvent, EnvelopeError, Fact, Happened, NextTry, Source, decode_key, identify, next_try, parse,
};
use rstest::rstest;
use serde_json::{Value, json};

mod events;

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

/// O envelope com outro valor, ou sem valor nenhum, no lugar que `pointer` aponta.
fn changed(mut envelope: Value, pointer: &str, value: Option<Value>) -> Value {
    let Some((parent, field)) = pointer.rsplit_once('/') else { return envelope };
    if let Some(object) = envelope.pointer_mut(parent).and_then(Value::as_object_mut) {
        match value {
            Some(value) => object.insert(field.to_owned(), value),
            None => object.remove(field),
        };
    }
    envelope
}

fn stored(key: &str, sequencer: &str) -> DomainEvent {
    DomainEvent {
        key: format!("s3:{RADAR}/{key}#{sequencer}"),
        fact: Fact::FileStored { bucket: RADAR.to_owned(), key: key.to_owned(), sequencer: sequencer.to_owned() },
    }
}

fn unknown(source: &str) -> EnvelopeError {
    EnvelopeError::UnknownSource(source.to_owned())
}

/// As chaves de idempotência que saem de um envelope.
fn keys(envelope: Value) -> Result<Vec<String>, EnvelopeError> {
    parse(envelope).map(|events| events.into_iter().map(|event| event.key).collect())
}

/// O envelope diz de qual serviço veio
#[rstest]
#[case::sns(records(&[sns_record("m-1", "granizo")]), Source::Sns)]
#[case::s3(records(&[s3_record("ObjectCreated:Put", "radar.png", "0055AE")]), Source::S3)]
#[case::eventbridge(changed(eventbridge("e-1"), "/version", None), Source::EventBridge)]
fn the_envelope_tells_its_source(#[case] envelope: Value, #[case] expected: Source) {
    let got = identify(&envelope);
    assert!(
        got == Ok(expected),
        "o SNS põe `EventSource` em cada registro, o S3 põe `eventSource`, e o EventBridge não tem `Records`: tem \
         `detail-type`, `source` e `detail`. O certo é {expected}, veio {got:?}, para {envelope}"
    );
}

/// O que não é de nenhum dos três é recusado com o erro certo
#[rstest]
#[case::queue(json!({"Records": [{"eventSource": "aws:sqs", "body": "granizo"}]}), unknown("aws:sqs"))]
#[case::sns_name_in_the_field_of_s3(json!({"Records": [{"eventSource": "aws:sns"}]}), unknown("aws:sns"))]
#[case::s3_name_in_the_field_of_sns(json!({"Records": [{"EventSource": "aws:s3"}]}), unknown("aws:s3"))]
#[case::name_is_not_text(json!({"Records": [{"eventSource": 7}]}), EnvelopeError::UnknownShape)]
#[case::record_without_name(json!({"Records": [{"alerta": "granizo"}]}), EnvelopeError::UnknownShape)]
#[case::direct_call(json!({"alerta": "granizo", "lote": 7}), EnvelopeError::UnknownShape)]
#[case::bus_event_with_empty_records(changed(eventbridge("e-1"), "/Records", Some(json!([]))), EnvelopeError::UnknownShape)]
#[case::bus_event_with_null_records(changed(eventbridge("e-1"), "/Records", Some(json!(null))), EnvelopeError::UnknownShape)]
fn an_unknown_envelope_is_refused(#[case] envelope: Value, #[case] expected: EnvelopeError) {
    let got = identify(&envelope);
    assert!(
        got == Err(expected.clone()),
        "este envelope não é de SNS, S3 nem EventBridge, e aceitar o que não se conhece faria o evento sumir com sucesso. \
         O certo é Err({expected:?}), veio {got:?}, para {envelope}"
    );
}

/// Um evento do EventBridge tem `detail-type`, `source` e `detail`
#[test]
fn an_event_of_the_bus_needs_three_fields() {
    for field in ["detail-type", "source", "detail"] {
        let got = identify(&changed(eventbridge("e-1"), &format!("/{field}"), None));
        assert!(
            got == Err(EnvelopeError::UnknownShape),
            "sem `Records` e sem `{field}`, o envelope não é de ninguém: o certo é Err(UnknownShape), veio {got:?}"
        );
    }
}

/// A chave do S3 vem codificada como em um formulário
#[rstest]
#[case::space("chuva+de+novembro.csv", "chuva de novembro.csv")]
#[case::space_as_percent("chuva%20forte.csv", "chuva forte.csv")]
#[case::literal_plus("chuva%2Bvento.csv", "chuva+vento.csv")]
#[case::accents("2026/relat%C3%B3rio+da+esta%C3%A7%C3%A3o.csv", "2026/relatório da estação.csv")]
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
#[case::not_utf8("chuva%FF.csv")]
fn a_broken_key_is_malformed(#[case] encoded: &str) {
    let got = decode_key(encoded);
    assert!(
        matches!(got, Err(EnvelopeError::Malformed { from: Source::S3, .. })),
        "{encoded:?} não é a codificação de um nome em UTF-8: o certo é Err(Malformed {{ from: S3, .. }}), veio {got:?}"
    );
}

/// A mensagem do SNS é um texto, e às vezes o texto é um objeto JSON
#[rstest]
#[case::plain_text("Granizo em Serra Clara até as 16h", json!("Granizo em Serra Clara até as 16h"))]
#[case::object(r#"{"alerta":"granizo-118","ate":"16h"}"#, json!({"alerta": "granizo-118", "ate": "16h"}))]
#[case::number("412", json!("412"))]
#[case::list("[1,2]", json!("[1,2]"))]
#[case::almost_json("{granizo}", json!("{granizo}"))]
#[case::text_about_the_test_event("chegou um s3:TestEvent", json!("chegou um s3:TestEvent"))]
#[case::other_event(r#"{"Event":"granizo","nota":"s3:TestEvent"}"#, json!({"Event": "granizo", "nota": "s3:TestEvent"}))]
fn the_message_of_sns_is_text_that_may_be_json(#[case] message: &str, #[case] expected: Value) {
    let got = parse(records(&[sns_record("82833b5c", message)]));
    let event = DomainEvent {
        key: "sns:82833b5c".to_owned(),
        fact: Fact::Alert { topic: "alertas-granizo".to_owned(), message: expected.clone() },
    };
    assert!(
        got == Ok(vec![event]),
        "`Message` é sempre um texto, e só um objeto JSON é aberto: de {message:?} a mensagem certa é {expected:?}. O \
         tópico é o fim do ARN, alertas-granizo, e a chave é sns:82833b5c, o MessageId, que o SNS repete na reentrega. \
         Veio {got:?}"
    );
}

/// O aviso de teste do S3 que chega pelo SNS não é um alerta
#[test]
fn the_test_event_of_s3_is_skipped() {
    let test = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-22T13:00:00.000Z",
        "Bucket": RADAR, "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3e"
    });
    let got = keys(records(&[sns_record("m-1", &test.to_string()), sns_record("m-2", "granizo")]));
    assert!(
        got == Ok(vec!["sns:m-2".to_owned()]),
        "ao ligar as notificações de um bucket a um tópico, o S3 manda `s3:TestEvent` para conferir o caminho: m-1 é esse \
         aviso e m-2 é um alerta. O certo é só o evento de chave sns:m-2; as chaves foram {got:?}"
    );
}

/// Gravar e apagar um objeto viram fatos diferentes, com o nome decodificado
#[rstest]
#[case::put("ObjectCreated:Put", true)]
#[case::copy("ObjectCreated:Copy", true)]
#[case::delete("ObjectRemoved:Delete", false)]
#[case::delete_marker("ObjectRemoved:DeleteMarkerCreated", false)]
fn created_and_removed_are_different_facts(#[case] event_name: &str, #[case] created: bool) {
    let mut expected = stored("radar 14h.png", "0055AE");
    if let (false, Fact::FileStored { bucket, key, sequencer }) = (created, expected.fact.clone()) {
        expected.fact = Fact::FileRemoved { bucket, key, sequencer };
    }
    let got = parse(records(&[s3_record(event_name, "radar+14h.png", "0055AE")]));
    assert!(
        got == Ok(vec![expected.clone()]),
        "{event_name}: o `eventName` é uma família e um detalhe; ObjectCreated grava, ObjectRemoved apaga, e a chave \
         `radar+14h.png` é o objeto `radar 14h.png`. O certo é {expected:?}, veio {got:?}"
    );
}

/// Um evento do S3 que não grava nem apaga é recusado, tenha ou não os outros campos
#[rstest]
#[case::complete(s3_record("ObjectRestore:Completed", "radar.png", "0055AE"))]
#[case::without_sequencer(changed(s3_record("ObjectRestore:Completed", "a", ""), "/s3/object/sequencer", None))]
fn another_kind_of_s3_event_is_refused(#[case] record: Value) {
    let got = parse(records(&[record]));
    let expected = EnvelopeError::UnsupportedEvent("ObjectRestore:Completed".to_owned());
    assert!(
        got == Err(expected.clone()),
        "ObjectRestore:Completed avisa que um objeto voltou do Glacier: não é gravação nem remoção, e o nome do evento é \
         olhado antes dos outros campos. O certo é Err({expected:?}), veio {got:?}"
    );
}

/// A reentrega repete a chave, e outra gravação do mesmo objeto não
#[test]
fn a_redelivery_repeats_the_key_and_an_overwrite_does_not() {
    let put = |sequencer: &str| records(&[s3_record("ObjectCreated:Put", "radar.png", sequencer)]);
    let again = changed(put("0055AE01"), "/Records/0/responseElements/x-amz-request-id", Some(json!("OUTRO")));
    for (what, envelope, expected) in [
        ("o PUT de sequencer 0055AE01", put("0055AE01"), "s3:radar-serra-clara/radar.png#0055AE01"),
        ("a reentrega desse PUT, com o mesmo sequencer", again, "s3:radar-serra-clara/radar.png#0055AE01"),
        (
            "outro PUT do mesmo objeto, de sequencer 0055AE02",
            put("0055AE02"),
            "s3:radar-serra-clara/radar.png#0055AE02",
        ),
    ] {
        let got = keys(envelope);
        assert!(got == Ok(vec![expected.to_owned()]), "{what}: a chave certa é {expected}; veio {got:?}");
    }
}

/// Cada registro do envelope vira um evento, na ordem em que veio
#[test]
fn every_record_becomes_an_event() {
    let files: Vec<_> = (0..7).map(|n| (format!("radar-{n}.png"), format!("0055AE{n:02}"))).collect();
    let envelope: Vec<_> = files.iter().map(|(key, seq)| s3_record("ObjectCreated:Put", key, seq)).collect();
    let expected: Vec<_> = files.iter().map(|(key, seq)| stored(key, seq).key).collect();
    let alerts: Vec<_> = (0..7).map(|n| sns_record(&format!("m-{n}"), "granizo")).collect();
    let ids: Vec<_> = (0..7).map(|n| format!("sns:m-{n}")).collect();
    for (envelope, expected) in [(envelope, expected), (alerts, ids)] {
        let got = keys(records(&envelope));
        assert!(
            got == Ok(expected.clone()),
            "`Records` é uma lista e este envelope tem 7 registros: nenhum fica para trás nem muda de lugar. As chaves \
             certas são {expected:?}; vieram {got:?}"
        );
    }
}

/// O detalhe do EventBridge já é um objeto
#[test]
fn the_detail_of_eventbridge_is_an_object() {
    let detail = json!({"ponto": "Ponte Velha", "nivel_cm": 412}).as_object().cloned().unwrap_or_default();
    let expected = DomainEvent {
        key: "eventbridge:7bf73129-1428".to_owned(),
        fact: Fact::Detail { detail_type: "Nível do rio".to_owned(), detail },
    };
    let got = parse(eventbridge("7bf73129-1428"));
    assert!(
        got == Ok(vec![expected.clone()]),
        "o EventBridge entrega um evento por vez, sem `Records`; a chave é o `id` e `detail` já é um objeto. O certo é \
         {expected:?}, veio {got:?}"
    );
}

/// Campo necessário que falta ou não serve é envelope malformado, com o nome da origem
#[rstest]
#[case::sns(Source::Sns, records(&[sns_record("m-1", "oi"), sns_record("m-2", "oi")]), vec![
    ("/Records/0/Sns/MessageId", None),
    ("/Records/0/Sns/TopicArn", None),
    ("/Records/0/Sns/Message", None),
    ("/Records/0/Sns/Message", Some(json!({"alerta": "granizo-118"}))),
    ("/Records/1/Sns/MessageId", None),
])]
#[case::s3(Source::S3, records(&vec![s3_record("ObjectRemoved:Delete", "a", "00"); 2]), vec![
    ("/Records/0/eventName", None),
    ("/Records/0/s3/bucket/name", None),
    ("/Records/0/s3/object/key", None),
    ("/Records/0/s3/object/key", Some(json!("a%"))),
    ("/Records/0/s3/object/sequencer", None),
    ("/Records/1/s3/object/sequencer", None),
])]
#[case::eventbridge(Source::EventBridge, eventbridge("e-1"), vec![
    ("/id", None),
    ("/detail-type", Some(json!(412))),
    ("/detail", Some(json!("{}"))),
])]
fn a_missing_field_is_malformed(
    #[case] source: Source,
    #[case] envelope: Value,
    #[case] changes: Vec<(&str, Option<Value>)>,
) {
    for (pointer, value) in changes {
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let what = match &value {
            None => format!("falta `{field}`"),
            Some(value) => format!("`{field}` é {value}, que não serve"),
        };
        let got = parse(changed(envelope.clone(), pointer, value));
        assert!(
            matches!(&got, Err(EnvelopeError::Malformed { from, .. }) if *from == source),
            "o envelope é do {source} e {what}: nenhum evento sai dele, nem dos outros registros. O certo é \
             Err(Malformed {{ from: {source:?}, .. }}), veio {got:?}"
        );
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
const SNS_POLICY: NextTry = NextTry::Source { retries: 100_015, within: Duration::from_secs(23 * 24 * 3_600) };
const EVENTBRIDGE_POLICY: NextTry = NextTry::Source { retries: 185, within: Duration::from_secs(24 * 3_600) };

/// Como se escreve o valor no código, com o prazo em horas ou dias em vez de segundos.
fn shown(next: NextTry) -> String {
    let time = |within: Duration| match within.as_secs() {
        seconds if seconds % 3_600 != 0 => format!("{} s", within.as_secs_f64()),
        seconds if seconds < 48 * 3_600 || seconds % 86_400 != 0 => format!("{} h", seconds / 3_600),
        seconds => format!("{} dias", seconds / 86_400),
    };
    match next {
        NextTry::Source { retries, within } => format!("Source {{ retries: {retries}, within: {} }}", time(within)),
        NextTry::Lambda { retries, within } => format!("Lambda {{ retries: {retries:?}, within: {} }}", time(within)),
        other => format!("{other:?}"),
    }
}

/// Com o 202 a entrega acabou, venha de onde vier
#[test]
fn a_202_ends_the_delivery() {
    for source in [Source::Sns, Source::S3, Source::EventBridge] {
        let got = next_try(source, Happened::Answered(202));
        assert!(
            got == NextTry::Nothing,
            "origem {source}, Answered(202): a entrega deu certo, e a origem não fica sabendo do resto. O certo é Nothing, \
             veio {}",
            shown(got)
        );
    }
}

/// Sem o 202, quem repete é a origem, se alguém repete
#[rstest]
#[case::sns_busy(Source::Sns, &[429, 500, 502], SNS_POLICY)]
#[case::sns_refused(Source::Sns, &[403, 404], NextTry::GivesUp)]
#[case::eventbridge_busy(Source::EventBridge, &[429, 500, 503], EVENTBRIDGE_POLICY)]
#[case::eventbridge_refused(Source::EventBridge, &[403, 404], NextTry::GivesUp)]
#[case::s3(Source::S3, &[429, 500, 503, 403, 404], NextTry::Unpublished)]
fn without_the_202_the_origin_retries(#[case] source: Source, #[case] statuses: &[u16], #[case] expected: NextTry) {
    let why = match expected {
        NextTry::Unpublished => "o S3 não publica o que faz quando o Lambda recusa, nem com 4xx nem com 5xx",
        NextTry::GivesUp => "4xx que não é 429 é falha permanente: repetir o mesmo pedido daria o mesmo erro",
        _ => "429 e 5xx passam, e o evento ainda não está na fila interna: a repetição é da origem",
    };
    for &status in statuses {
        let got = next_try(source, Happened::Answered(status));
        assert!(
            got == expected,
            "origem {source}, Answered({status}): {why}. O certo é {}, veio {}",
            shown(expected),
            shown(got)
        );
    }
}

/// Depois do 202, quem repete é o Lambda, venha o evento de onde vier
#[rstest]
#[case::function_error(Happened::FunctionError, Some(2), "a função errou: até mais 2 chamadas")]
#[case::throttled(Happened::QueueThrottled, None, "o evento volta à fila, sem teto de vezes")]
fn after_the_202_lambda_retries(#[case] happened: Happened, #[case] retries: Option<u32>, #[case] why: &str) {
    let expected = NextTry::Lambda { retries, within: 6 * HOUR };
    for source in [Source::Sns, Source::S3, Source::EventBridge] {
        let got = next_try(source, happened);
        assert!(
            got == expected,
            "origem {source}, {happened:?}: o 202 já saiu, e quem repete é o Lambda; {why}. O certo é {}, veio {}",
            shown(expected),
            shown(got)
        );
    }
}
