//! O JWT authorizer da API HTTP: as claims, o token assinado, o cabeçalho e os escopos.

use gateway::jwt::{Jwks, JwtError};
use gateway::model::{Method, Request, Response};
use rstest::rstest;
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::support::authorizers::*;
use crate::support::expect_same;

/// O resultado de uma conferência de claims, em uma frase.
fn verdict(error: Option<JwtError>) -> String {
    match error {
        None => "Ok".to_owned(),
        Some(error) => format!("o erro {error:?}, `{error}`"),
    }
}

/// O que a API respondeu, em uma linha.
fn answer(response: Option<&Response>) -> String {
    let Some(response) = response else { return "seguiu".to_owned() };
    let challenge = response.headers.get("www-authenticate").unwrap_or("ausente");
    format!("{} {}, com www-authenticate {challenge}", response.status, response.body_text())
}

/// O perfil do Beto, com este valor no cabeçalho.
fn profile(header: &str, value: &str) -> Request {
    Request::new(Method::Get, "/users/beto").header(header, value)
}

/// Cada claim é conferida contra o authorizer e o relógio
#[rstest]
#[case::other_issuer(json!({ "iss": "https://cracha.example/" }), Some(JwtError::Issuer))]
#[case::one_of_the_audiences(json!({ "aud": ["outro", "painel"], "client_id": "outro" }), None)]
#[case::other_audience(json!({ "aud": "weather" }), Some(JwtError::Audience))]
#[case::no_audience(json!({ "aud": null }), Some(JwtError::Audience))]
#[case::client_id_alone(json!({ "aud": null, "client_id": "painel" }), None)]
#[case::client_id_beside_aud(json!({ "aud": "outro", "client_id": "painel" }), Some(JwtError::Audience))]
#[case::empty_aud_is_still_aud(json!({ "aud": [], "client_id": "painel" }), Some(JwtError::Audience))]
#[case::expired(json!({ "exp": NOW.unix_timestamp() - 1 }), Some(JwtError::Expired))]
#[case::not_yet(json!({ "nbf": NOW.unix_timestamp() + 1 }), Some(JwtError::NotYetValid))]
#[case::issued_later(json!({ "iat": NOW.unix_timestamp() + 1 }), Some(JwtError::IssuedInTheFuture))]
#[case::without_nbf(json!({ "nbf": null }), None)]
fn each_claim_is_checked(#[case] changes: Value, #[case] expected: Option<JwtError>) {
    let all = good_claims_with(&changes);
    let got = jwt_authorizer(jwks()).check_claims(&all, NOW).err();
    expect_same!(
        got,
        expected,
        "o certo é {}; a sua função deu {}. O emissor configurado é https://cracha.example, as audiências são weather-app e \
         painel (`client_id` só conta quando não há `aud`), e agora é {}; as claims: {}",
        verdict(expected),
        verdict(got),
        NOW.unix_timestamp(),
        Value::Object(all.0)
    );
}

/// Um token assinado pelo Crachá passa, com ou sem `Bearer `, e as claims seguem com ele
#[rstest]
#[case::bare("", &[])]
#[case::with_prefix("Bearer ", &["alerts:write", "alerts:read"])]
fn a_signed_token_passes(#[case] prefix: &str, #[case] scopes: &[&str]) {
    let request = profile("authorization", &format!("{prefix}{TOKEN}"));
    let got = jwt_authorizer(jwks()).authorize(&request, scopes, NOW);
    let user = got.as_ref().ok().and_then(|claims| claims.text("sub"));
    expect_same!(
        user,
        Some("beto"),
        "o certo é seguir com as claims do token, em que sub é beto; a sua função {}. O token vale, tem os escopos alerts:read e \
         profile, veio {}, e a rota pede {}",
        answer(got.as_ref().err()),
        if prefix.is_empty() { "sozinho no cabeçalho" } else { "depois de `Bearer `" },
        if scopes.is_empty() { "nenhum".to_owned() } else { format!("um de {}", scopes.join(", ")) }
    );
}

/// O token vem do cabeçalho que o authorizer diz, e só dele
#[rstest]
#[case::there("X-Cracha", true)]
#[case::somewhere_else("Authorization", false)]
fn the_token_comes_from_the_configured_header(#[case] sent_in: &str, #[case] passes: bool) {
    let mut authorizer = jwt_authorizer(jwks());
    authorizer.header = "X-Cracha".to_owned();
    let got = authorizer.authorize(&profile(sent_in, TOKEN), &[], NOW).err();
    expect_same!(
        got.as_ref().map_or(200, |response| response.status),
        if passes { 200 } else { 401 },
        "o certo é {}; a sua função: {}. O cabeçalho do authorizer é X-Cracha, e um token que vale veio em {sent_in}",
        if passes { "seguir" } else { "401, porque ali não há token" },
        answer(got.as_ref())
    );
}

/// Um token que não serve é 401 com `www-authenticate`; um que serve mas não tem o escopo é 403
#[rstest]
#[case::missing("não veio token", None, jwks(), NOW, 401)]
#[case::forged("o token tem um kid do JWKS, mas foi assinado com outra chave", Some(FORGED), jwks(), NOW, 401)]
#[case::unknown_key("o kid do token não está no JWKS", Some(TOKEN), old_jwks(), NOW, 401)]
#[case::expired(
    "o token venceu há 1 s (o escopo que falta só se olha depois)",
    Some(TOKEN),
    jwks(),
    utc_datetime!(2026-11-22 18:00:01),
    401
)]
#[case::no_scope("o token vale, só que sem o escopo", Some(TOKEN), jwks(), NOW, 403)]
fn a_bad_token_is_401_and_a_missing_scope_403(
    #[case] why: &str,
    #[case] token: Option<&str>,
    #[case] jwks: Jwks,
    #[case] now: UtcDateTime,
    #[case] status: u16,
) {
    let mut request = Request::new(Method::Get, "/users/beto");
    token.iter().for_each(|token| request.headers.append("Authorization", &format!("Bearer {token}")));
    let got = jwt_authorizer(jwks).authorize(&request, &["alerts:write"], now).err();
    let body = if status == 401 { r#"{"message":"Unauthorized"}"# } else { r#"{"message":"Forbidden"}"# };
    let challenge = got.as_ref().and_then(|response| response.headers.get("www-authenticate")).unwrap_or_default();
    let challenged = challenge.starts_with("Bearer") && challenge.contains(r#"error="invalid_token""#);
    assert!(
        got.as_ref().is_some_and(|got| got.status == status && got.body_text() == body)
            && (challenged || status == 403 || token.is_none()),
        "o certo é {status} {body}; a sua função: {}. Aqui {why}, e a rota pede alerts:write. No 401 de um token que veio e não serve \
         há um `www-authenticate: Bearer … error=\"invalid_token\"`",
        answer(got.as_ref())
    );
}

/// Um escopo é uma palavra inteira, e basta um dos que a rota pede
#[rstest]
#[case::the_second_of_the_token(&["profile"], true)]
#[case::one_of_two(&["alerts:write", "profile"], true)]
#[case::a_piece(&["alerts"], false)]
#[case::the_beginning(&["alerts:rea"], false)]
#[case::both_as_one(&["alerts:read profile"], false)]
#[case::something_longer(&["alerts:read:all"], false)]
fn a_scope_is_a_whole_word(#[case] scopes: &[&str], #[case] passes: bool) {
    for (claim, token) in [("scope, um texto", TOKEN), ("scp, uma lista", SCP_TOKEN)] {
        let got = jwt_authorizer(jwks()).authorize(&profile("Authorization", token), scopes, NOW).err();
        expect_same!(
            got.as_ref().map_or(200, |response| response.status),
            if passes { 200 } else { 403 },
            "o certo é {}; a sua função: {}. O token tem os escopos alerts:read e profile (na claim {claim}), e a rota pede um de \
             `{}`",
            if passes { "seguir" } else { "403" },
            answer(got.as_ref()),
            scopes.join("`, `")
        );
    }
}
