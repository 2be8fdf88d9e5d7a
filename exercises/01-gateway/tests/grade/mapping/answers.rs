//! A volta: que resposta da integração vale, e com que status responde uma integração MOCK.

use gateway::mapping::{mock_status, select_response};
use gateway::model::{GatewayResponseType, Refusal};
use gateway::template::{IntegrationResponse, Outcome};
use rstest::rstest;

use crate::support::expect_same;

fn configuration_error() -> Refusal {
    Refusal::new(GatewayResponseType::ApiConfigurationError, "Internal server error")
}

fn responses() -> Vec<IntegrationResponse> {
    [(200, ""), (404, ".*desconhecida.*"), (400, "4[0-9]{2}"), (502, ".+")]
        .map(|(status, pattern)| IntegrationResponse::new(status, pattern))
        .into()
}

/// O padrão de uma resposta casa com o errorMessage da função ou com o status do servidor; sem casar, vale a padrão.
#[rstest]
#[case::function_succeeded(Outcome::Lambda { error_message: None }, 200)]
#[case::function_failed(Outcome::Lambda { error_message: Some("cidade desconhecida: serra-azul") }, 404)]
#[case::function_failed_otherwise(Outcome::Lambda { error_message: Some("sem sinal") }, 502)]
#[case::server_answered(Outcome::Status(422), 400)]
fn the_pattern_chooses_the_response(#[case] outcome: Outcome, #[case] expected: u16) {
    let selected = select_response(&responses(), &outcome).map(|response| response.status_code);
    expect_same!(
        selected,
        Ok(expected),
        "com os padrões 404 `.*desconhecida.*`, 400 `4[0-9]{{2}}`, 502 `.+` e a resposta padrão 200, {outcome:?} leva à \
         {expected}: para o Lambda o texto é o errorMessage, vazio quando a função dá certo; a sua escolha foi {selected:?}"
    );
}

/// A resposta padrão é a que não tem padrão; sem ela, quem não casa com nada recebe 500.
#[rstest]
#[case::with_default(&[(404, "404"), (200, "")], &[(200, Some(200)), (404, Some(404)), (500, Some(200))])]
#[case::without_default(&[(404, "404")], &[(404, Some(404)), (200, None)])]
#[case::without_responses(&[], &[(200, None)])]
fn without_a_default_nothing_matching_is_an_error(
    #[case] configured: &[(u16, &str)],
    #[case] cases: &[(u16, Option<u16>)],
) {
    let responses: Vec<_> =
        configured.iter().map(|(status, pattern)| IntegrationResponse::new(*status, pattern)).collect();
    for (status, expected) in cases {
        let selected = select_response(&responses, &Outcome::Status(*status)).map(|response| response.status_code);
        expect_same!(
            selected,
            expected.ok_or(configuration_error()),
            "status {status} e respostas {configured:?}: {}; o seu código respondeu {selected:?}",
            expected.map_or("API_CONFIGURATION_ERROR, `Internal server error`".to_owned(), |it| format!("vale a {it}"))
        );
    }
}

/// Uma integração MOCK responde com o statusCode inteiro que o template escreveu; sem ele, 500.
#[rstest]
fn a_mock_answers_with_the_status_of_the_template() {
    for (written, expected) in [
        (r#"{"statusCode": 200}"#, Some(200)),
        (r#"{ "a": "b", "statusCode": 503 }"#, Some(503)),
        (r#"{"statusCode": "200"}"#, None),
        ("{}", None),
        ("[200]", None),
        ("tudo bem", None),
    ] {
        let status = mock_status(written);
        expect_same!(
            status,
            expected.ok_or(configuration_error()),
            "o template da requisição escreveu `{written}`: {}; o seu código respondeu {status:?}",
            expected.map_or("não há `statusCode` inteiro, e sai 500".to_owned(), |it| format!("o status é {it}"))
        );
    }
}
