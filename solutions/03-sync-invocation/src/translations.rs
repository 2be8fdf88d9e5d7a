//! O que a Alexa, o Lex e o CloudFront fazem com o que veio do Lambda: estas traduções já vêm prontas.

use serde_json::Value;

use crate::caller::{Answer, Outcome, Prepared};

/// O que a Alexa diz. O que ela faz quando a função falha não é publicado.
pub fn alexa(outcome: &Outcome) -> Answer {
    let speech = |value: &Value| value.pointer("/response/outputSpeech/text")?.as_str().map(str::to_owned);
    match outcome {
        Outcome::Returned(value) => speech(value).map_or(Answer::Unpublished, Answer::Says),
        Outcome::FunctionError(_) | Outcome::Refused(_) | Outcome::TimedOut => Answer::Unpublished,
    }
}

/// O que o robô do Lex diz, com os três textos prontos ligados.
pub fn lex(outcome: &Outcome) -> Answer {
    let value = match outcome {
        Outcome::Returned(value) => value,
        Outcome::FunctionError(_) | Outcome::Refused(_) => return Answer::SaysPrepared(Prepared::Failure),
        Outcome::TimedOut => return Answer::SaysPrepared(Prepared::Timeout),
    };
    if value.pointer("/sessionState/dialogAction/type").is_none() {
        return Answer::Unpublished;
    }
    let messages = value["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: Vec<&str> = messages.iter().filter_map(|message| message["content"].as_str()).collect();
    let failed = value.pointer("/sessionState/intent/state").and_then(Value::as_str) == Some("Failed");
    match (said.is_empty(), failed) {
        (false, _) => Answer::Says(said.join("\n")),
        (true, true) => Answer::SaysPrepared(Prepared::Failure),
        (true, false) => Answer::SaysPrepared(Prepared::Success),
    }
}

/// O que o visitante recebe do CloudFront.
pub fn cloudfront(event: &Value, outcome: &Outcome) -> Answer {
    let Outcome::Returned(value) = outcome else {
        return Answer::http_error(503, "the Lambda function returned an error");
    };
    let invalid = || Answer::http_error(502, "the Lambda function result failed validation");
    let Some(status) = value.get("status") else {
        return if value.get("uri").is_some() { Answer::Forwarded } else { invalid() };
    };
    let at_viewer = event.pointer("/Records/0/cf/config/eventType").and_then(Value::as_str) == Some("viewer-request");
    let limit = if at_viewer { 40 * 1024 } else { 1024 * 1024 };
    let body = value["body"].as_str().unwrap_or_default();
    match status.as_str().and_then(|text| text.parse().ok()) {
        Some(204) if at_viewer && !body.is_empty() => invalid(),
        Some(status @ 200..=599) if value.to_string().len() <= limit => Answer::Http { status, body: body.to_owned() },
        _ => invalid(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::events::{self, replies};
    use crate::model::{FunctionError, InvokeError, Refusal};

    fn failed() -> Outcome {
        Outcome::FunctionError(FunctionError { error_message: "sem radar".to_owned(), error_type: "Error".to_owned() })
    }

    fn no_room() -> Outcome {
        let reason = "ConcurrentInvocationLimitExceeded";
        Outcome::Refused(Refusal::new(InvokeError::TooManyRequests { reason, retry_after: 1 }, "motivo"))
    }

    /// O status de uma resposta HTTP; 0 quando não é uma.
    fn http_status(answer: &Answer) -> u16 {
        if let Answer::Http { status, .. } = answer { *status } else { 0 }
    }

    /// O robô do Lex diz o que a função mandou dizer, ou o texto pronto.
    #[rstest]
    #[case::said(replies::lex("granizo às 15h"), Answer::Says("granizo às 15h".to_owned()))]
    #[case::said_and_failed(
        json!({ "sessionState": { "dialogAction": { "type": "Close" }, "intent": { "name": "Forecast", "state": "Failed" } },
                "messages": [{ "contentType": "PlainText", "content": "não achei a cidade" }] }),
        Answer::Says("não achei a cidade".to_owned())
    )]
    #[case::two_lines(
        json!({ "sessionState": { "dialogAction": { "type": "Close" } },
                "messages": [{ "content": "granizo às 15h" }, { "contentType": "ImageResponseCard" }, { "content": "cubra o carro" }] }),
        Answer::Says("granizo às 15h\ncubra o carro".to_owned())
    )]
    #[case::no_dialog_action(json!({ "messages": [{ "content": "granizo" }] }), Answer::Unpublished)]
    #[case::silent(
        json!({ "sessionState": { "dialogAction": { "type": "Close" }, "intent": { "name": "Forecast", "state": "Fulfilled" } } }),
        Answer::SaysPrepared(Prepared::Success)
    )]
    #[case::no_messages_in_the_list(
        json!({ "sessionState": { "dialogAction": { "type": "Close" }, "intent": { "name": "Forecast", "state": "Fulfilled" } },
                "messages": [] }),
        Answer::SaysPrepared(Prepared::Success)
    )]
    #[case::silent_and_failed(
        json!({ "sessionState": { "dialogAction": { "type": "Close" }, "intent": { "name": "Forecast", "state": "Failed" } } }),
        Answer::SaysPrepared(Prepared::Failure)
    )]
    fn lex_says_what_the_function_said_or_the_prepared_text(#[case] value: Value, #[case] expected: Answer) {
        let got = lex(&Outcome::Returned(value.clone()));
        assert_eq!(
            got,
            expected,
            "a função devolveu {value}: {}; a sua função deu {}",
            expected.describe(),
            got.describe()
        );
    }

    /// Quando a função não chega ao fim, o Lex usa o texto de falha ou o de demora.
    #[rstest]
    #[case::function_error(failed(), Prepared::Failure)]
    #[case::no_room(no_room(), Prepared::Failure)]
    #[case::too_slow(Outcome::TimedOut, Prepared::Timeout)]
    fn lex_has_a_text_for_each_failure(#[case] outcome: Outcome, #[case] prepared: Prepared) {
        let (got, expected) = (lex(&outcome), Answer::SaysPrepared(prepared));
        assert_eq!(
            got,
            expected,
            "{}: {}; a sua função deu {}",
            format_args!("{outcome:?}"),
            expected.describe(),
            got.describe()
        );
    }

    /// O CloudFront segue com a requisição que a função devolve, ou responde com o que ela gerou.
    #[rstest]
    #[case::request(events::cloudfront("viewer-request")["Records"][0]["cf"]["request"].clone(), Answer::Forwarded)]
    #[case::generated(replies::cloudfront("granizo"), Answer::Http { status: 200, body: "granizo".to_owned() })]
    #[case::redirect(json!({ "status": "302" }), Answer::Http { status: 302, body: String::new() })]
    #[case::lowest(json!({ "status": "200" }), Answer::Http { status: 200, body: String::new() })]
    #[case::highest(json!({ "status": "599" }), Answer::Http { status: 599, body: String::new() })]
    fn cloudfront_forwards_the_request_or_answers(#[case] value: Value, #[case] expected: Answer) {
        for event_type in ["viewer-request", "origin-request"] {
            let got = cloudfront(&events::cloudfront(event_type), &Outcome::Returned(value.clone()));
            assert_eq!(
                got,
                expected,
                "{event_type}, a função devolveu {value}: {}; a sua função deu {}",
                expected.describe(),
                got.describe()
            );
        }
    }

    /// Uma resposta malformada vira 502.
    #[rstest]
    #[case::status_out_of_range(&[json!({ "status": "199" }), json!({ "status": "600" }), json!({ "status": 200 })])]
    #[case::neither(&[json!({ "statusCode": 200, "body": "granizo" }), json!("granizo"), Value::Null])]
    fn a_malformed_answer_at_the_edge_is_502(#[case] values: &[Value]) {
        for value in values {
            let got = cloudfront(&events::cloudfront("origin-request"), &Outcome::Returned(value.clone()));
            assert_eq!(
                http_status(&got),
                502,
                "a função devolveu {value}, que não é requisição nem resposta válida: 502; a sua função deu {}",
                got.describe()
            );
        }
    }

    /// A resposta gerada tem limite de 40 KB perto do visitante e de 1 MB perto da origem.
    #[rstest]
    #[case::small_at_the_viewer("viewer-request", 30_000, 200)]
    #[case::large_at_the_viewer("viewer-request", 50_000, 502)]
    #[case::large_at_the_origin("origin-request", 900_000, 200)]
    #[case::too_large_at_the_origin("origin-request", 1_200_000, 502)]
    fn a_generated_answer_has_a_size_limit(#[case] event_type: &str, #[case] size: usize, #[case] status: u16) {
        let value = replies::cloudfront(&"g".repeat(size));
        let got = cloudfront(&events::cloudfront(event_type), &Outcome::Returned(value));
        assert_eq!(
            http_status(&got),
            status,
            "{event_type}, resposta gerada com um corpo de {} bytes: o limite é de 40 KB em viewer-request e 1 MB em \
             origin-request, então é {status}; a sua função deu {}",
            size,
            got.describe()
        );
    }

    /// Um 204 com corpo é recusado perto do visitante.
    #[rstest]
    #[case::with_a_body("viewer-request", json!({ "status": "204", "body": "granizo" }), 502)]
    #[case::without_a_body("viewer-request", json!({ "status": "204" }), 204)]
    #[case::with_a_body_at_the_origin("origin-request", json!({ "status": "204", "body": "granizo" }), 204)]
    fn no_content_has_no_body_at_the_viewer(#[case] event_type: &str, #[case] value: Value, #[case] status: u16) {
        let got = cloudfront(&events::cloudfront(event_type), &Outcome::Returned(value.clone()));
        assert_eq!(
            http_status(&got),
            status,
            "{event_type}, a função devolveu {value}: {status}; a sua função deu {}",
            got.describe()
        );
    }

    /// Falha, recusa e demora na borda são 503.
    #[rstest]
    #[case::function_error(failed())]
    #[case::no_room(no_room())]
    #[case::too_slow(Outcome::TimedOut)]
    fn a_failure_at_the_edge_is_503(#[case] outcome: Outcome) {
        let got = cloudfront(&events::cloudfront("viewer-request"), &outcome);
        assert_eq!(http_status(&got), 503, "{}: 503; a sua função deu {}", format_args!("{outcome:?}"), got.describe());
    }
}
