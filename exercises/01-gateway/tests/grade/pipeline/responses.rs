//! As gateway responses.

use gateway::model::{GatewayResponseType, Refusal};
use gateway::pipeline::{Customization, GatewayResponses};
use rstest::rstest;
use serde_json::{Value, json};

use super::json_of;
use crate::support::expect_same;

/// A recusa sai com o status, o `x-amzn-ErrorType` e a mensagem do seu tipo.
#[rstest]
#[case::route(GatewayResponseType::MissingAuthenticationToken, "Missing Authentication Token", 403)]
#[case::authorizer_said_no(GatewayResponseType::Unauthorized, "Unauthorized", 401)]
#[case::no_tokens_left(GatewayResponseType::Throttled, "Too Many Requests", 429)]
#[case::quota(GatewayResponseType::QuotaExceeded, "Limit Exceeded", 429)]
#[case::missing_parameter(
    GatewayResponseType::BadRequestParameters,
    "Missing required request parameters: [days]",
    400
)]
#[case::no_template(GatewayResponseType::UnsupportedMediaType, "Unsupported Media Type", 415)]
#[case::slow_integration(GatewayResponseType::IntegrationTimeout, "Endpoint request timed out", 504)]
fn a_refusal_leaves_with_the_status_of_its_type(
    #[case] kind: GatewayResponseType,
    #[case] message: &str,
    #[case] status: u16,
) {
    let response = GatewayResponses::default().render(&Refusal::new(kind, message));
    expect_same!(response.status, status, "{kind} sai com o status {status}; o seu foi {}", response.status);
    let body = json_of(&response);
    expect_same!(
        body,
        json!({ "message": message }),
        "o corpo de {kind} é {{\"message\":\"{message}\"}}; o seu é {body}"
    );
    let (_, expected) = gateway::exchange::default_status(kind);
    let found = response.headers.get("x-amzn-errortype").unwrap_or("nenhum");
    expect_same!(found, expected, "{kind} leva `x-amzn-ErrorType: {expected}`; o seu valor é {found}");
    let content_type = response.headers.get("content-type").unwrap_or("nenhum");
    expect_same!(content_type, "application/json", "uma gateway response é application/json; a sua é {content_type}");
}

/// Um authorizer quebrado sai com `{"message":null}`.
#[rstest]
fn a_refusal_without_a_message_has_a_null_body() {
    let refusal = Refusal::without_message(GatewayResponseType::AuthorizerConfigurationError);
    let response = GatewayResponses::default().render(&refusal);
    let text = response.body_text();
    expect_same!(
        text.replace(' ', ""),
        r#"{"message":null}"#,
        "sem mensagem o corpo é {{\"message\":null}}, com null e não um texto; o seu é {text}"
    );
    expect_same!(response.status, 500, "um authorizer quebrado é 500; o seu status foi {}", response.status);
}

/// Sem mensagem, `$context.error.message` também é `null`.
#[rstest]
fn both_message_variables_are_null_without_a_message() {
    let kind = GatewayResponseType::AuthorizerConfigurationError;
    let template = r#"{"message":$context.error.message,"string":$context.error.messageString}"#.to_owned();
    let responses = customized(kind, Customization { template: Some(template), ..Customization::default() });
    let text = responses.render(&Refusal::without_message(kind)).body_text();
    expect_same!(
        text,
        r#"{"message":null,"string":null}"#,
        "sem mensagem, as duas variáveis valem null, sem aspas; o seu corpo é {text}"
    );
}

/// Uma mensagem com aspas continua um corpo JSON válido.
#[rstest]
fn a_message_with_quotes_is_still_json() {
    let message = r#"o campo "days" não serve: use \ com cuidado"#;
    let response = GatewayResponses::default().render(&Refusal::new(GatewayResponseType::BadRequestBody, message));
    let body: Result<Value, _> = serde_json::from_slice(&response.body);
    let found = body.ok().and_then(|body| body["message"].as_str().map(str::to_owned));
    expect_same!(
        found.as_deref(),
        Some(message),
        "`$context.error.messageString` é a mensagem entre aspas e com escapes; o seu corpo é {}",
        response.body_text()
    );
}

fn customized(kind: GatewayResponseType, custom: Customization) -> GatewayResponses {
    GatewayResponses { by_type: [(kind, custom)].into(), ..GatewayResponses::default() }
}

/// O dono da API muda o status, o corpo e os cabeçalhos de um tipo.
#[rstest]
fn the_owner_changes_one_type() {
    let custom = Customization {
        status: Some(404),
        headers: vec![("Access-Control-Allow-Origin".to_owned(), "*".to_owned())],
        template: Some(r#"{"erro":$context.error.messageString,"tipo":"$context.error.responseType"}"#.to_owned()),
    };
    let responses = customized(GatewayResponseType::MissingAuthenticationToken, custom);
    let refusal = |kind| Refusal::new(kind, "Missing Authentication Token");
    let response = responses.render(&refusal(GatewayResponseType::MissingAuthenticationToken));
    expect_same!(response.status, 404, "o dono trocou o status por 404; o seu foi {}", response.status);
    let body = json_of(&response);
    let expected = json!({ "erro": "Missing Authentication Token", "tipo": "MISSING_AUTHENTICATION_TOKEN" });
    expect_same!(body, expected, "o corpo segue o modelo do dono e seria {expected}; o seu é {body}");
    let origin = response.headers.get("access-control-allow-origin").unwrap_or("nenhum");
    expect_same!(origin, "*", "o cabeçalho que o dono pôs vai na resposta; o seu valor é {origin}");
    let other = responses.render(&refusal(GatewayResponseType::InvalidApiKey));
    expect_same!(other.status, 403, "só um tipo foi mudado, e o outro continua 403; o seu foi {}", other.status);
}

/// `DEFAULT_4XX` vale para os tipos 4xx que ninguém mudou, e só para eles.
#[rstest]
#[case::a_type_nobody_changed(GatewayResponseType::InvalidApiKey, 418)]
#[case::another_one(GatewayResponseType::Throttled, 418)]
#[case::a_type_with_its_own(GatewayResponseType::Unauthorized, 402)]
#[case::a_type_changed_only_in_its_body(GatewayResponseType::AccessDenied, 403)]
#[case::a_server_error(GatewayResponseType::IntegrationTimeout, 504)]
fn the_family_default_is_for_types_nobody_changed(#[case] kind: GatewayResponseType, #[case] status: u16) {
    let only = |status, template: Option<&str>| Customization {
        status,
        template: template.map(str::to_owned),
        ..Customization::default()
    };
    let responses = GatewayResponses {
        by_type: [
            (GatewayResponseType::Unauthorized, only(Some(402), None)),
            (GatewayResponseType::AccessDenied, only(None, Some("{}"))),
        ]
        .into(),
        default_4xx: Some(only(Some(418), None)),
        default_5xx: None,
    };
    let found = responses.render(&Refusal::new(kind, "x")).status;
    expect_same!(
        found,
        status,
        "DEFAULT_4XX diz 418, UNAUTHORIZED foi mudado para 402 e ACCESS_DENIED só no corpo: {kind} sai com {status}, e o seu \
         saiu com {found}"
    );
}

/// O tipo que foi mudado não herda nada da família: nem o corpo, nem os cabeçalhos.
#[rstest]
#[case::a_type_changed_only_in_its_status(GatewayResponseType::AccessDenied, r#"{"message":"x"}"#, "nenhum")]
#[case::a_type_nobody_changed(GatewayResponseType::InvalidApiKey, "x!", "https://serra-clara.example")]
fn a_changed_type_takes_nothing_from_the_family(
    #[case] kind: GatewayResponseType,
    #[case] body: &str,
    #[case] origin: &str,
) {
    let family = Customization {
        headers: vec![("Access-Control-Allow-Origin".to_owned(), "https://serra-clara.example".to_owned())],
        template: Some("$context.error.message!".to_owned()),
        ..Customization::default()
    };
    let only_status = Customization { status: Some(404), ..Customization::default() };
    let responses =
        GatewayResponses { default_4xx: Some(family), ..customized(GatewayResponseType::AccessDenied, only_status) };
    let response = responses.render(&Refusal::new(kind, "x"));
    let found = (response.body_text(), response.headers.get("access-control-allow-origin").unwrap_or("nenhum"));
    expect_same!(
        found,
        (body.to_owned(), origin),
        "DEFAULT_4XX muda o corpo e põe um cabeçalho, e ACCESS_DENIED mudou só o status: {kind} sai com o corpo `{body}` e \
         Access-Control-Allow-Origin {origin}; o seu saiu com `{}` e {}",
        found.0,
        found.1
    );
}

/// `DEFAULT_5XX` sem status muda o corpo e deixa a cada tipo o seu.
#[rstest]
fn a_family_default_without_status_keeps_each_one() {
    let custom =
        Customization { template: Some("quebrou: $context.error.message".to_owned()), ..Customization::default() };
    let responses = GatewayResponses { default_5xx: Some(custom), ..GatewayResponses::default() };
    let slow = responses.render(&Refusal::new(GatewayResponseType::IntegrationTimeout, "Endpoint request timed out"));
    let found = (slow.status, slow.body_text());
    let expected = (504, "quebrou: Endpoint request timed out".to_owned());
    expect_same!(
        found,
        expected,
        "o corpo é o do modelo, com `$context.error.message` sem aspas, e o status continua 504; \
         o seu foi {} com {}",
        found.0,
        found.1
    );
}
