//! Os seis serviços chamam a função com o evento deles: o que ela recebe, o que quem espera vê e o que uma falha dela causa.
//!
//! Onde o crate `aws_lambda_events` tem o tipo do evento, o que a função recebeu é lido com ele. Da Alexa, do Lex V2 e do
//! CloudFront ele não tem: os campos são os da página de cada um, que o módulo `events` cita.

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest;
use aws_lambda_events::cognito::{CognitoEventUserPoolsPreSignup, CognitoEventUserPoolsPreSignupTriggerSource};
use rstest::rstest;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sync_invocation::caller::{Answer, Prepared};
use sync_invocation::callers::{Provisioned, response_document};
use sync_invocation::events::{self, replies};
use sync_invocation::function::{Behavior, Run};

use crate::support::answers::{Told, error};
use crate::support::{expect_same, times};

/// Faz a chamada com uma função que dá certo em 300 ms; confere o que quem espera vê e devolve o que a função recebeu.
async fn received(service: &str, event: &Value, behavior: Behavior, expected: Answer) -> Value {
    let told = Told::by(event, vec![Run::new(300, behavior)]).await;
    expect_same!(
        (told.function.payloads(), told.elapsed),
        (vec![event.clone()], Duration::from_millis(300)),
        "o {service} chama a função uma vez, com o evento inteiro; com o seu código ela rodou {}, e quem espera viu «{}»",
        times(told.function.runs()),
        told.answer.describe()
    );
    expect_same!(
        told.answer,
        expected,
        "a função deu certo, e quem espera pelo {service} vê «{}»; com o seu código, «{}»",
        expected.describe(),
        told.answer.describe()
    );
    event.clone()
}

/// O evento, lido pelo tipo publicado.
#[track_caller]
fn read<T: DeserializeOwned>(payload: Value) -> T {
    serde_json::from_value(payload).unwrap_or_else(|error| panic!("o tipo publicado lê o evento; ele disse: {error}"))
}

/// Confere que o evento tem todos estes campos.
#[track_caller]
fn expect_fields(payload: &Value, fields: &[&str]) {
    let missing: Vec<_> = fields.iter().filter(|field| payload.pointer(field).is_none()).collect();
    assert!(missing.is_empty(), "no evento que chegou à função faltam {missing:?}: {payload}");
}

/// O API Gateway chama a função com o evento 1.0 e responde com o que ela devolve.
#[tokio::test(start_paused = true)]
async fn api_gateway_invokes_with_the_rest_event() {
    let reply = replies::api_gateway("granizo às 15h");
    let expected = Answer::Http { status: 200, body: r#"{"forecast":"granizo às 15h"}"#.to_owned() };
    let payload = received("API Gateway", &events::api_gateway(), Behavior::Return(reply), expected).await;
    let request: ApiGatewayProxyRequest = read(payload);
    expect_same!(
        (request.http_method.as_str(), request.path.as_deref(), request.path_parameters["city"].as_str()),
        ("GET", Some("/cities/serra-clara/forecast"), "serra-clara"),
        "o evento 1.0 é o pedido da previsão de serra-clara; o tipo leu {request:?}"
    );
    expect_same!(
        (request.request_context.apiid.as_deref(), request.request_context.stage.as_deref()),
        (Some("a1b2c3d4e5"), Some("prod")),
        "o `requestContext` diz a API e o stage; o tipo leu {:?}",
        request.request_context
    );
}

/// Uma API HTTP chama a função com o evento 2.0.
#[tokio::test(start_paused = true)]
async fn api_gateway_invokes_with_the_http_event() {
    let reply = replies::api_gateway("sol");
    let expected = Answer::Http { status: 200, body: r#"{"forecast":"sol"}"#.to_owned() };
    let payload = received("API Gateway", &events::api_gateway_v2(), Behavior::Return(reply), expected).await;
    let request: ApiGatewayV2httpRequest = read(payload);
    expect_same!(
        (request.version.as_deref(), request.raw_path.as_deref(), request.request_context.http.method.as_str()),
        (Some("2.0"), Some("/users/beto"), "GET"),
        "o evento 2.0 é um GET de /users/beto; o tipo leu {request:?}"
    );
}

/// O Cognito chama o gatilho com o evento do cadastro e segue com o que ele pôs em `response`.
#[tokio::test(start_paused = true)]
async fn cognito_invokes_the_trigger_with_the_sign_up() {
    let event = events::cognito("PreSignUp_SignUp");
    let reply = replies::cognito(&event);
    let expected = Answer::Proceeds(reply["response"].clone());
    let payload = received("Cognito", &event, Behavior::Return(reply), expected).await;
    let event: CognitoEventUserPoolsPreSignup = read(payload);
    let header = &event.cognito_event_user_pools_header;
    expect_same!(
        (header.trigger_source.as_ref(), header.user_name.as_deref(), event.response.auto_confirm_user),
        (Some(&CognitoEventUserPoolsPreSignupTriggerSource::SignUp), Some("beto"), false),
        "é o cadastro do beto, ainda sem resposta; o tipo leu {event:?}"
    );
}

/// O CloudFormation chama a função com o pedido e segue quando ela grava o documento.
#[rstest]
#[case::create("Create", None)]
#[case::update("Update", Some("station-118"))]
#[case::delete("Delete", Some("station-118"))]
#[tokio::test(start_paused = true)]
async fn cloudformation_invokes_the_custom_resource(#[case] request_type: &str, #[case] known: Option<&str>) {
    let event = events::cloudformation(request_type);
    let resource = Provisioned { physical_resource_id: "station-118".to_owned(), data: Map::new() };
    let document = response_document(&event, &Ok(resource));
    let expected = Answer::ResourceReady { physical_resource_id: "station-118".to_owned() };
    let payload = received("CloudFormation", &event, Behavior::Put(document), expected).await;
    let (kind, url, id) = match read(payload) {
        CloudFormationCustomResourceRequest::Create::<Value, Value>(request) => ("Create", request.response_url, None),
        CloudFormationCustomResourceRequest::Update(request) => {
            ("Update", request.response_url, Some(request.physical_resource_id))
        }
        CloudFormationCustomResourceRequest::Delete(request) => {
            ("Delete", request.response_url, Some(request.physical_resource_id))
        }
        other => panic!("o tipo publicado leu outro pedido: {other:?}"),
    };
    expect_same!(
        (kind, id.as_deref(), url.starts_with("https://")),
        (request_type, known, true),
        "é um {request_type}, com um `ResponseURL` e o identificador que já existe, se existe; o tipo leu {kind}, {id:?}, {url}"
    );
}

/// A Alexa chama a skill com a pergunta e diz o que ela mandou dizer.
#[tokio::test(start_paused = true)]
async fn alexa_invokes_the_skill_with_the_intent() {
    let reply = replies::alexa("granizo às 15h");
    let expected = Answer::Says("granizo às 15h".to_owned());
    let payload = received("Alexa", &events::alexa(), Behavior::Return(reply), expected).await;
    expect_fields(
        &payload,
        &[
            "/version",
            "/session/new",
            "/session/sessionId",
            "/session/application/applicationId",
            "/session/user/userId",
            "/context/System/application/applicationId",
            "/context/System/user/userId",
            "/context/System/device/deviceId",
            "/context/System/apiEndpoint",
            "/context/System/apiAccessToken",
            "/request/type",
            "/request/requestId",
            "/request/timestamp",
            "/request/locale",
            "/request/intent/name",
            "/request/intent/confirmationStatus",
            "/request/intent/slots/city/value",
        ],
    );
}

/// O Lex chama a função para cumprir o pedido e diz o que ela mandou dizer.
#[tokio::test(start_paused = true)]
async fn lex_invokes_the_fulfillment_with_the_intent() {
    let reply = replies::lex("granizo às 15h");
    let expected = Answer::Says("granizo às 15h".to_owned());
    let payload = received("Lex", &events::lex(), Behavior::Return(reply), expected).await;
    expect_fields(
        &payload,
        &[
            "/messageVersion",
            "/invocationSource",
            "/inputMode",
            "/responseContentType",
            "/sessionId",
            "/inputTranscript",
            "/invocationLabel",
            "/bot/id",
            "/bot/name",
            "/bot/localeId",
            "/bot/version",
            "/bot/aliasId",
            "/bot/aliasName",
            "/interpretations/0/interpretationSource",
            "/interpretations/0/intent/name",
            "/interpretations/0/nluConfidence",
            "/requestAttributes",
            "/sessionState/sessionAttributes",
            "/sessionState/activeContexts",
            "/sessionState/intent/slots/city/value/interpretedValue",
            "/sessionState/intent/state",
            "/sessionState/intent/confirmationState",
            "/sessionState/originatingRequestId",
            "/transcriptions/0/transcription",
            "/transcriptions/0/transcriptionConfidence",
            "/transcriptions/0/resolvedContext/intent",
            "/transcriptions/0/resolvedSlots/city/shape",
        ],
    );
}

/// O CloudFront chama a função no caminho da requisição e segue com a que ela devolve; perto da origem, a requisição diz qual é.
#[rstest]
#[case::at_the_viewer("viewer-request", false)]
#[case::at_the_origin("origin-request", true)]
#[tokio::test(start_paused = true)]
async fn cloudfront_invokes_with_the_request(#[case] event_type: &str, #[case] origin: bool) {
    let event = events::cloudfront(event_type);
    let request = event["Records"][0]["cf"]["request"].clone();
    let payload = received("CloudFront", &event, Behavior::Return(request), Answer::Forwarded).await;
    let cf = &payload["Records"][0]["cf"];
    expect_fields(
        cf,
        &[
            "/config/distributionDomainName",
            "/config/distributionId",
            "/config/eventType",
            "/config/requestId",
            "/request/clientIp",
            "/request/method",
            "/request/uri",
            "/request/querystring",
            "/request/headers/host/0/key",
            "/request/headers/host/0/value",
        ],
    );
    expect_same!(
        (&cf["config"]["eventType"], cf.pointer("/request/origin/custom/domainName").is_some()),
        (&json!(event_type), origin),
        "só `origin-request` traz a origem; o evento é {payload}"
    );
}

/// A mesma função que falha, debaixo de cada serviço: o que quem espera vê e quantas vezes ela roda, onde se publica.
#[rstest]
#[case::api_gateway(events::api_gateway(), Answer::http_error(502, "Internal server error"), Some(1))]
#[case::api_gateway_v2(events::api_gateway_v2(), Answer::http_error(502, "Internal server error"), Some(1))]
#[case::cognito(
    events::cognito("PreSignUp_SignUp"),
    Answer::OperationFailed {
        error: "UserLambdaValidationException",
        message: "PreSignUp failed with error sem radar.".to_owned()
    },
    Some(1)
)]
#[case::cloudformation(events::cloudformation("Create"), Answer::ResourceFailed { reason: String::new() }, Some(3))]
#[case::alexa(events::alexa(), Answer::Unpublished, None)]
#[case::lex(events::lex(), Answer::SaysPrepared(Prepared::Failure), None)]
#[case::cloudfront(events::cloudfront("viewer-request"), Answer::http_error(503, ""), Some(1))]
#[tokio::test(start_paused = true)]
async fn a_failing_function_under_each_service(
    #[case] event: Value,
    #[case] expected: Answer,
    #[case] runs: Option<usize>,
) {
    let told = Told::by(&event, vec![Run::new(300, Behavior::Raise(error("sem radar")))]).await;
    let same = match (&told.answer, &expected) {
        // O motivo do CloudFormation e o corpo do CloudFront são livres.
        (Answer::ResourceFailed { .. }, Answer::ResourceFailed { .. }) => true,
        (Answer::Http { status, .. }, Answer::Http { status: 503, .. }) => *status == 503,
        (answer, expected) => answer == expected,
    };
    let ran = told.function.runs();
    assert!(
        same && runs.is_none_or(|runs| runs == ran),
        "a função falha com `sem radar`: quem espera vê «{}», e ela roda {}; com o seu código, «{}», e rodou {}",
        expected.describe(),
        runs.map_or("o quanto o serviço quiser, que não publica".to_owned(), times),
        told.answer.describe(),
        times(ran)
    );
}
