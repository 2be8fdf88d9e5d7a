//! O CloudFront com Lambda@Edge: o que o visitante recebe.

use kit::text::thousands;
use rstest::rstest;
use serde_json::{Value, json};
use sync_invocation::caller::{Answer, Outcome};
use sync_invocation::callers::cloudfront;
use sync_invocation::events::{self, replies};

use crate::support::answers::{NO_ROOM, failed, http_status, refused, tell};
use crate::support::expect_same;

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
        expect_same!(
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
#[case::status_out_of_range(&[json!({ "status": "199" }), json!({ "status": "600" }), json!({ "status": "ok" })])]
#[case::neither(&[json!({ "statusCode": 200, "body": "granizo" }), json!("granizo"), Value::Null])]
fn a_malformed_answer_at_the_edge_is_502(#[case] values: &[Value]) {
    for value in values {
        let got = cloudfront(&events::cloudfront("origin-request"), &Outcome::Returned(value.clone()));
        expect_same!(
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
    expect_same!(
        http_status(&got),
        status,
        "{event_type}, resposta gerada com um corpo de {} bytes: o limite é de 40 KB em viewer-request e 1 MB em \
         origin-request, então é {status}; a sua função deu {}",
        thousands(size),
        got.describe()
    );
}

/// Um 204 com corpo é recusado perto do visitante.
#[rstest]
#[case::with_a_body(json!({ "status": "204", "body": "granizo" }), 502)]
#[case::without_a_body(json!({ "status": "204" }), 204)]
fn no_content_has_no_body_at_the_viewer(#[case] value: Value, #[case] status: u16) {
    let got = cloudfront(&events::cloudfront("viewer-request"), &Outcome::Returned(value.clone()));
    expect_same!(
        http_status(&got),
        status,
        "viewer-request, a função devolveu {value}: {status}; a sua função deu {}",
        got.describe()
    );
}

/// Falha, recusa e demora na borda são 503.
#[rstest]
#[case::function_error(failed("sem radar"))]
#[case::no_room(refused(NO_ROOM))]
#[case::too_slow(Outcome::TimedOut)]
fn a_failure_at_the_edge_is_503(#[case] outcome: Outcome) {
    let got = cloudfront(&events::cloudfront("viewer-request"), &outcome);
    expect_same!(http_status(&got), 503, "{}: 503; a sua função deu {}", tell(&outcome), got.describe());
}
