//! Cada origem chama a função com o seu envelope, e a função falha: quem tenta de novo, e até quando.

use std::time::Duration;

use async_invocation::function::Behavior;
use async_invocation::sources::{EnvelopeError, Source};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sns::SnsEvent;
use rstest::rstest;
use serde_json::{Value, json};

use super::{RADAR, eventbridge, records, s3_record, sns_record};
use crate::support::deliveries::{Delivery, End};
use crate::support::expect_same;

fn failing() -> Behavior {
    Behavior::Fail("o painel não respondeu".to_owned())
}

fn delivery(source: Source, answers: &[u16], script: Vec<Behavior>) -> Delivery {
    Delivery { source, answers: answers.to_vec(), script, pause: Duration::from_secs(60) }
}

/// O SNS chama a função com o envelope dele; até o 202 quem insiste é ele, e depois é o Lambda
#[tokio::test(start_paused = true)]
async fn sns_invokes_with_its_own_envelope() {
    let envelope = records(&[sns_record("82833b5c", "Granizo em Serra Clara até as 16h")]);
    let answers = [503, 503, 429, 429, 503, 202];
    let story = delivery(Source::Sns, &answers, vec![failing()]).play(&envelope).await;
    story.expect(
        &[0, 0, 0, 0, 1_000, 2_000],
        &[2_000, 62_100, 182_200],
        End::QueueGaveUp,
        "a API recusa cinco vezes, e o SNS repete três sem espera e duas a cada 1 s. Aceito o evento, a função erra sempre: o \
         Lambda chama mais duas vezes, 1 e 2 min depois, e o SNS, que ainda teria 100.010 tentativas, não sabe de nada",
    );
    story.expect_keys(&envelope, &Ok(vec!["sns:82833b5c".to_owned()]));
    for sent in &story.events {
        let event: SnsEvent = serde_json::from_value(sent.clone()).expect("o envelope tem a forma de SnsEvent");
        let record = &event.records[0];
        expect_same!(
            [record.event_source.as_str(), &record.event_version, &record.event_subscription_arn],
            ["aws:sns", "1.0", "arn:aws:sns:sa-east-1:123456789012:alertas-granizo:2f1c"],
            "o registro do SNS diz a origem, a versão e a assinatura: {sent}"
        );
        let sns = &record.sns;
        expect_same!(
            [sns.sns_message_type.as_str(), &sns.message_id, &sns.topic_arn, &sns.message, &sns.signature_version],
            [
                "Notification",
                "82833b5c",
                "arn:aws:sns:sa-east-1:123456789012:alertas-granizo",
                "Granizo em Serra Clara até as 16h",
                "1"
            ],
            "a mensagem do SNS diz o tipo, o id, o tópico e o texto: {sent}"
        );
        expect_same!(
            [sns.signature.as_str(), &sns.signing_cert_url, &sns.unsubscribe_url],
            [
                "c2VycmEtY2xhcmE=",
                "https://sns.sa-east-1.amazonaws.com/cert.pem",
                "https://sns.sa-east-1.amazonaws.com/?Action=Unsubscribe"
            ],
            "a mensagem do SNS vem assinada: {sent}"
        );
        expect_same!(
            (sns.subject.as_deref(), sns.timestamp.timestamp(), sns.message_attributes.len()),
            (None, 1_795_356_120, 0),
            "a mensagem do SNS traz assunto, carimbo e atributos: {sent}"
        );
    }
}

/// O S3 chama a função com o envelope dele; quem repete a função que errou é o Lambda, mesmo que não adiante
#[rstest]
#[case::then_it_works(
    "ObjectCreated:Put", vec![failing(), Behavior::Succeed], &[0, 60_100], End::Succeeded,
    "a função erra uma vez, e o Lambda chama de novo 1 min depois"
)]
#[case::never_readable(
    "ObjectRestore:Completed", vec![Behavior::Succeed], &[0, 60_100, 180_200], End::QueueGaveUp,
    "o `parse` recusa o evento nas três execuções: repetir não conserta o envelope, e o Lambda repete assim mesmo"
)]
#[tokio::test(start_paused = true)]
async fn s3_invokes_with_its_own_envelope(
    #[case] event_name: &str,
    #[case] script: Vec<Behavior>,
    #[case] runs: &[u64],
    #[case] end: End,
    #[case] rule: &str,
) {
    let envelope = records(&[s3_record(event_name, "radar+14h.png", "0055AE")]);
    let story = delivery(Source::S3, &[202], script).play(&envelope).await;
    story.expect(&[0], runs, end, rule);
    let keys = match end {
        End::Succeeded => Ok(vec![format!("s3:{RADAR}/radar 14h.png#0055AE")]),
        _ => Err(EnvelopeError::UnsupportedEvent(event_name.to_owned())),
    };
    story.expect_keys(&envelope, &keys);
    for sent in &story.events {
        let event: S3Event = serde_json::from_value(sent.clone()).expect("o envelope tem a forma de S3Event");
        let record = &event.records[0];
        let texts = [&record.event_version, &record.event_source, &record.aws_region, &record.event_name];
        let more = [&record.principal_id.principal_id, &record.request_parameters.source_ip_address];
        let texts: Vec<&str> = texts.iter().chain(&more).map(|text| text.as_deref().unwrap_or("?")).collect();
        expect_same!(
            (texts, record.event_time.timestamp()),
            (vec!["2.1", "aws:s3", "sa-east-1", event_name, "AWS:ESTACAO", "203.0.113.7"], 1_795_356_000),
            "o registro do S3 diz o que houve, quando e quem pediu: {sent}"
        );
        let element = |name: &str| record.response_elements.get(name).map(String::as_str);
        expect_same!(
            (element("x-amz-request-id"), element("x-amz-id-2")),
            (Some("C3D13FE58DE4C810"), Some("FMyUVURIY8")),
            "o registro do S3 traz os ids do pedido: {sent}"
        );
        let (bucket, object) = (&record.s3.bucket, &record.s3.object);
        let owner = bucket.owner_identity.as_ref().and_then(|owner| owner.principal_id.as_ref());
        let texts = [
            record.s3.schema_version.as_ref(),
            record.s3.configuration_id.as_ref(),
            bucket.name.as_ref(),
            bucket.arn.as_ref(),
            owner,
            object.key.as_ref(),
            object.e_tag.as_ref(),
            object.sequencer.as_ref(),
        ]
        .map(|text| text.map_or("?", String::as_str));
        expect_same!(
            (texts, object.size),
            (
                [
                    "1.0",
                    "leituras",
                    RADAR,
                    "arn:aws:s3:::radar-serra-clara",
                    "A3NL1KOZZKExample",
                    "radar+14h.png",
                    "d41d8cd98f00b204",
                    "0055AE"
                ],
                Some(2_048)
            ),
            "o registro do S3 diz o bucket e o objeto, com a chave codificada: {sent}"
        );
    }
}

/// O EventBridge chama a função com o envelope dele; o 429 da fila interna não gasta as novas tentativas
#[tokio::test(start_paused = true)]
async fn eventbridge_invokes_with_its_own_envelope() {
    let envelope = eventbridge("7bf73129-1428");
    let script = vec![Behavior::Throttle, Behavior::Throttle, failing()];
    let story = delivery(Source::EventBridge, &[429, 503, 202], script).play(&envelope).await;
    story.expect(
        &[0, 60_000, 120_000],
        &[123_000, 183_100, 303_200],
        End::QueueGaveUp,
        "a API recusa duas vezes e o EventBridge repete (neste teste, a cada 60 s). Aceito o evento, a fila interna encontra a \
         função sem vaga duas vezes, que não contam, e depois ela erra: são três execuções, e o EventBridge não volta",
    );
    story.expect_keys(&envelope, &Ok(vec!["eventbridge:7bf73129-1428".to_owned()]));
    for sent in &story.events {
        let event: EventBridgeEvent<Value> =
            serde_json::from_value(sent.clone()).expect("o envelope tem a forma de EventBridgeEvent");
        let texts = [&event.version, &event.id, &event.account, &event.region];
        let texts: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or("?")).collect();
        expect_same!(
            (texts, event.detail_type.as_str(), event.source.as_str()),
            (vec!["0", "7bf73129-1428", "123456789012", "sa-east-1"], "Nível do rio", "br.serraclara.defesacivil"),
            "o evento do EventBridge diz o id, o tipo e de onde veio: {sent}"
        );
        expect_same!(
            (event.time.map(|time| time.timestamp()), event.resources, event.detail),
            (Some(1_795_356_300), Some(vec![]), json!({ "ponto": "Ponte Velha", "nivel_cm": 412 })),
            "o evento do EventBridge traz a hora, os recursos e o detalhe: {sent}"
        );
    }
}

/// O EventBridge insiste 185 vezes ou por 24 h, o que vier primeiro, e a função nunca roda
#[rstest]
#[case::every_minute(60, 186, "185 novas entregas a cada 60 s acabam em pouco mais de 3 h: são 186 ao todo")]
#[case::every_twelve_minutes(720, 121, "a cada 12 min, em 24 h cabem 120 novas entregas: são 121 ao todo")]
#[tokio::test(start_paused = true)]
async fn eventbridge_stops_at_the_first_limit(#[case] pause: u64, #[case] expected: usize, #[case] rule: &str) {
    let pause = Duration::from_secs(pause);
    let always_busy = Delivery { pause, ..delivery(Source::EventBridge, &[503], vec![]) };
    let story = always_busy.play(&eventbridge("e-1")).await;
    expect_same!(
        (story.deliveries.len(), story.runs.len(), story.end),
        (expected, 0, End::SourceGaveUp),
        "a API responde sempre 503, e {rule}; com o seu `next_try` foram {} entregas e {} execuções, e o fim foi {:?}",
        story.deliveries.len(),
        story.runs.len(),
        story.end
    );
}

/// Sem o 202 e sem nova entrega, a função nunca roda, e a fila interna nem sabe do evento
#[rstest]
#[case::sns_without_permission(Source::Sns, 403, End::SourceGaveUp, "403 é falha permanente para o SNS")]
#[case::eventbridge_without_function(
    Source::EventBridge,
    404,
    End::SourceGaveUp,
    "404 é falha permanente para o EventBridge"
)]
#[case::s3(Source::S3, 503, End::Unpublished, "o S3 não publica o que faz com um 503")]
#[tokio::test(start_paused = true)]
async fn without_the_202_the_function_never_runs(
    #[case] source: Source,
    #[case] status: u16,
    #[case] end: End,
    #[case] rule: &str,
) {
    let envelope = match source {
        Source::Sns => records(&[sns_record("m-1", "granizo")]),
        Source::S3 => records(&[s3_record("ObjectCreated:Put", "radar.png", "0055AE")]),
        Source::EventBridge => eventbridge("e-1"),
    };
    delivery(source, &[status, 202], vec![]).play(&envelope).await.expect(&[0], &[], end, rule);
}
