//! Os testes do passo `callers`: de quem é o evento, até quando ele espera e o que quem espera vê.

use std::time::Duration;

use kit::text::duration;
use rstest::rstest;
use serde_json::{Value, json};
use sync_invocation::caller::{Answer, Outcome, Reaction, Service};
use sync_invocation::callers::{api_gateway, cognito, patience, recognize};
use sync_invocation::events::{self, replies};
use sync_invocation::function::{Behavior, Run};
use sync_invocation::model::InvokeError;

use crate::support::answers::{NO_ROOM, Told, describe, error, expect_http, failed, refused, strangers, tell};
use crate::support::{expect_same, times};

mod services;
mod stack;

/// O começo de um evento, que inteiro não cabe em uma mensagem.
fn shown(event: &Value) -> String {
    let text = event.to_string();
    let start: String = text.chars().take(200).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

/// O evento diz de quem é, pelos campos que só aquele serviço manda.
#[rstest]
#[case::api_gateway(Service::ApiGateway, [events::api_gateway(), events::api_gateway_v2()])]
#[case::cognito(
    Service::Cognito,
    [events::cognito("PreSignUp_SignUp"), events::cognito("PostConfirmation_ConfirmSignUp")]
)]
#[case::cloudformation(Service::CloudFormation, [events::cloudformation("Create"), events::cloudformation("Delete")])]
#[case::alexa(Service::Alexa, [events::alexa()])]
#[case::lex(Service::Lex, [events::lex()])]
#[case::cloudfront(Service::CloudFront, [events::cloudfront("viewer-request"), events::cloudfront("origin-request")])]
fn the_event_says_who_sent_it<const N: usize>(#[case] expected: Service, #[case] events: [Value; N]) {
    for event in events {
        let got = recognize(&event);
        expect_same!(
            got,
            Some(expected),
            "este evento é do {expected}; a sua função disse {}: {}",
            got.map_or("nenhum dos seis", Service::name),
            shown(&event)
        );
    }
}

/// Um evento de outro serviço não é de nenhum dos seis.
#[test]
fn an_event_of_another_service_is_nobodys() {
    for event in strangers() {
        let got = recognize(&event);
        expect_same!(
            got,
            None,
            "este evento não é de nenhum dos seis; a sua função disse {}: {}",
            got.map_or("nenhum", Service::name),
            shown(&event)
        );
    }
}

/// Cada serviço espera até o limite dele.
#[rstest]
#[case::at_most_ten_seconds(&[(Service::Cognito, 5), (Service::Alexa, 8)])]
#[case::half_a_minute(&[(Service::ApiGateway, 29), (Service::Lex, 30), (Service::CloudFront, 30)])]
#[case::one_hour(&[(Service::CloudFormation, 3_600)])]
fn each_service_waits_up_to_its_limit(#[case] limits: &[(Service, u64)]) {
    for (service, seconds) in limits {
        let got = patience(*service);
        expect_same!(
            got,
            Duration::from_secs(*seconds),
            "{service} espera {seconds} s; a sua função disse {}",
            duration(got)
        );
    }
}

/// O API Gateway entrega a resposta da função a quem pediu.
#[rstest]
#[case::forecast(replies::api_gateway("granizo às 15h"), 200, r#"{"forecast":"granizo às 15h"}"#)]
#[case::not_found(json!({ "statusCode": 404, "body": "cidade desconhecida" }), 404, "cidade desconhecida")]
#[case::no_body(json!({ "statusCode": 204 }), 204, "")]
fn api_gateway_hands_over_the_answer(#[case] value: Value, #[case] status: u16, #[case] body: &str) {
    let got = api_gateway(&Outcome::Returned(value.clone()));
    expect_same!(
        got,
        Answer::Http { status, body: body.to_owned() },
        "a função devolveu {value}: o cliente recebe HTTP {status} com o corpo `{body}`; a sua função deu {}",
        got.describe()
    );
}

/// O API Gateway transforma cada falha em um 5xx, e não repete.
#[rstest]
#[case::function_error(failed("sem radar"), 502, "Internal server error")]
#[case::text_instead_of_object(Outcome::Returned(json!("granizo")), 502, "Internal server error")]
#[case::status_code_in_a_text(Outcome::Returned(json!({ "statusCode": "200" })), 502, "Internal server error")]
#[case::no_room(refused(NO_ROOM), 500, "Internal server error")]
#[case::not_allowed(refused(InvokeError::AccessDenied), 500, "Internal server error")]
#[case::too_slow(Outcome::TimedOut, 504, "Endpoint request timed out")]
fn api_gateway_turns_each_failure_into_a_5xx(#[case] outcome: Outcome, #[case] status: u16, #[case] message: &str) {
    expect_http(&api_gateway(&outcome), status, message, &tell(&outcome));
}

/// O Cognito segue com a operação quando recebe o evento de volta.
#[rstest]
#[case::confirmed(replies::cognito(&events::cognito("PreSignUp_SignUp")), true)]
#[case::unchanged(events::cognito("PreSignUp_SignUp"), false)]
fn cognito_proceeds_with_the_event_it_gets_back(#[case] value: Value, #[case] confirmed: bool) {
    let event = events::cognito("PreSignUp_SignUp");
    let got = cognito(&event, &Outcome::Returned(value.clone()), 1);
    let expected = Reaction::Answer(Answer::Proceeds(value["response"].clone()));
    expect_same!(
        got,
        expected,
        "a função devolveu o evento, com autoConfirmUser {confirmed}: a operação segue com o `response` dele; a sua função deu {}",
        describe(&got)
    );
}

/// Sem `request` e `response` de volta, a operação falha.
#[rstest]
#[case::nothing(&[Value::Null, json!({}), json!({ "statusCode": 200, "body": "ok" })])]
#[case::not_objects(&[json!({ "request": null, "response": {} }), json!({ "request": {}, "response": [] })])]
#[case::half(&[json!({ "response": { "autoConfirmUser": true } }), json!({ "request": {} })])]
fn cognito_needs_the_whole_event_back(#[case] values: &[Value]) {
    for value in values {
        let got = cognito(&events::cognito("PreSignUp_SignUp"), &Outcome::Returned(value.clone()), 1);
        let message = "Unrecognizable lambda output".to_owned();
        let expected = Reaction::Answer(Answer::OperationFailed { error: "InvalidLambdaResponseException", message });
        expect_same!(
            got,
            expected,
            "a função devolveu {value}, sem `request` e `response`: {}; a sua função deu {}",
            describe(&expected),
            describe(&got)
        );
    }
}

/// O erro da função chega à pessoa com o nome do gatilho na frente, e sem repetição.
#[rstest]
#[case::sign_up("PreSignUp_SignUp", "e-mail já usado", "PreSignUp failed with error e-mail já usado.")]
#[case::by_the_administrator(
    "PreSignUp_AdminCreateUser",
    "fora do horário",
    "PreSignUp failed with error fora do horário."
)]
#[case::sign_in("PreAuthentication_Authentication", "conta presa", "PreAuthentication failed with error conta presa.")]
fn cognito_shows_the_error_of_the_function(#[case] source: &str, #[case] text: &str, #[case] message: &str) {
    for attempt in 1..=3 {
        let got = cognito(&events::cognito(source), &failed(text), attempt);
        let message = message.to_owned();
        let expected = Reaction::Answer(Answer::OperationFailed { error: "UserLambdaValidationException", message });
        expect_same!(
            got,
            expected,
            "{source}, {attempt}ª chamada, a função falhou com `{text}`: a função respondeu, e o Cognito mostra {}; a sua função \
             deu {}",
            describe(&expected),
            describe(&got)
        );
    }
}

/// O Cognito chama até três vezes a função que demora.
#[rstest]
#[case::first(1, true)]
#[case::second(2, true)]
#[case::third(3, false)]
fn cognito_calls_a_slow_function_three_times(#[case] attempt: u32, #[case] again: bool) {
    let got = cognito(&events::cognito("PostAuthentication_Authentication"), &Outcome::TimedOut, attempt);
    let expected = if again {
        Reaction::TryAgain
    } else {
        let message =
            "PostAuthentication invocation failed due to error Socket timeout while invoking Lambda function."
                .to_owned();
        Reaction::Answer(Answer::OperationFailed { error: "UnexpectedLambdaException", message })
    };
    expect_same!(
        got,
        expected,
        "a {attempt}ª chamada passou de 5 s, e o Cognito faz até 3: {}; a sua função deu {}",
        describe(&expected),
        describe(&got)
    );
}

/// A recusa do Lambda não se repete; a de permissão tem a mensagem conhecida.
#[test]
fn cognito_does_not_repeat_a_refusal() {
    let event = events::cognito("PreSignUp_SignUp");
    for error in [InvokeError::Service, InvokeError::EniLimitReached, InvokeError::Ec2Throttled] {
        let got = cognito(&event, &refused(error), 1);
        assert!(
            matches!(got, Reaction::Answer(Answer::OperationFailed { .. })),
            "{} é 5xx: o Cognito não repete e a operação falha; a sua função deu {}",
            error.name(),
            describe(&got)
        );
    }
    let got = cognito(&event, &refused(InvokeError::AccessDenied), 1);
    let message = "PreSignUp invocation failed due to error AccessDeniedException.".to_owned();
    let expected = Reaction::Answer(Answer::OperationFailed { error: "UnexpectedLambdaException", message });
    expect_same!(got, expected, "sem permissão, {}; a sua função deu {}", describe(&expected), describe(&got));
}

/// Uma chamada inteira: quem espera, quantas vezes a função rodou e em quanto tempo.
#[rstest]
#[case::api_gateway_fails_once(
    events::api_gateway(), vec![Run::new(100, Behavior::Raise(error("sem radar")))], 1, 100
)]
#[case::api_gateway_waits_29_seconds(events::api_gateway(), vec![Run::new(60_000, Behavior::ReturnNothing)], 1, 29_000)]
#[case::cognito_waits_three_times(
    events::cognito("PreSignUp_SignUp"), vec![Run::new(6_000, Behavior::ReturnNothing)], 3, 15_000
)]
#[case::cognito_shows_the_error_at_once(
    events::cognito("PreSignUp_SignUp"), vec![Run::new(200, Behavior::Raise(error("e-mail já usado")))], 1, 200
)]
#[case::cognito_second_call_is_warm(
    events::cognito("PreSignUp_SignUp"),
    vec![Run::new(6_000, Behavior::ReturnNothing), Run::new(100, Behavior::Return(replies::cognito(&events::cognito("x"))))],
    2,
    5_100
)]
#[case::lex_waits_30_seconds(events::lex(), vec![Run::new(60_000, Behavior::ReturnNothing)], 1, 30_000)]
#[case::edge_waits_30_seconds(
    events::cloudfront("viewer-request"), vec![Run::new(60_000, Behavior::ReturnNothing)], 1, 30_000
)]
#[tokio::test(start_paused = true)]
async fn a_whole_call_takes_what_the_service_allows(
    #[case] event: Value,
    #[case] script: Vec<Run>,
    #[case] runs: usize,
    #[case] elapsed: u64,
) {
    let told = Told::by(&event, script).await;
    expect_same!(
        (told.function.runs(), told.elapsed),
        (runs, Duration::from_millis(elapsed)),
        "a função roda {} e a resposta sai em {}; com o seu código ela rodou {} e a resposta, «{}», saiu em {}",
        times(runs),
        duration(Duration::from_millis(elapsed)),
        times(told.function.runs()),
        told.answer.describe(),
        duration(told.elapsed)
    );
}

/// A Alexa fala o texto que a função devolveu.
#[tokio::test(start_paused = true)]
async fn alexa_speaks_the_answer() {
    let script = vec![Run::new(300, Behavior::Return(replies::alexa("granizo às 15h")))];
    let told = Told::by(&events::alexa(), script).await;
    expect_same!(
        told.answer,
        Answer::Says("granizo às 15h".to_owned()),
        "a função devolveu outputSpeech: a pessoa ouve o texto; com o seu código, {}",
        told.answer.describe()
    );
}
