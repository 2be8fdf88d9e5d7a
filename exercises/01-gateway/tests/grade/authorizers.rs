//! Avalia o passo `authorizers`: a política, o Lambda authorizer com o cache, o JWT authorizer e a assinatura SigV4.

use std::time::Duration;

use gateway::authorizers::{
    Decision, IamUser, Identity, LambdaAuthorizer, cache_ttl, canonical_request, evaluate, signing_key, string_to_sign,
};
use gateway::function::{Function, InvokeError, Reply};
use gateway::jwt::{Jwks, JwtError};
use gateway::lambda_authorizer::TokenValidation;
use gateway::model::{Method, Request};
use gateway::sigv4::{Scope, hex, hmac_sha256};
use rstest::rstest;
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;
use tokio::time::advance;

use crate::support::authorizers::*;
use crate::support::expect_same;

const UNAUTHORIZED: &str = "UNAUTHORIZED: Unauthorized";
const INVALID: &str = "INVALID_SIGNATURE";
const MISMATCH: &str =
    "INVALID_SIGNATURE: The request signature we calculated does not match the signature you provided.";
const CONFIGURATION: &str = "AUTHORIZER_CONFIGURATION_ERROR: null";

/// Negar explicitamente ganha de permitir, e permitir ganha de não dizer nada
#[rstest]
#[case::allowed(document(&[("Allow", "prod/*/alerts")]), Decision::Allow)]
#[case::nothing(document(&[]), Decision::ImplicitDeny)]
#[case::deny_before_allow(document(&[("Deny", "prod/GET/alerts"), ("Allow", "*")]), Decision::ExplicitDeny)]
#[case::deny_after_allow(document(&[("Allow", "*"), ("Deny", "prod/GET/*")]), Decision::ExplicitDeny)]
#[case::deny_of_something_else(document(&[("Deny", "prod/DELETE/*"), ("Allow", "*")]), Decision::Allow)]
#[case::half_of_each(json!({ "Statement": [
    { "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource("prod/POST/alerts") },
    { "Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": resource("prod/GET/alerts") },
] }), Decision::ImplicitDeny)]
#[case::lists(json!({ "Statement": {
    "Effect": "Allow", "Action": ["execute-api:InvalidateCache", "execute-api:Inv*"],
    "Resource": [resource("dev/*"), resource("prod/GET/alerts")],
} }), Decision::Allow)]
fn deny_beats_allow_beats_silence(#[case] document: Value, #[case] expected: Decision) {
    let got = evaluate(&policy(&document), "execute-api:Invoke", &arn(Method::Get, "/alerts").to_string());
    expect_same!(
        got,
        expected,
        "execute-api:Invoke em prod/GET/alerts, com {document}: um statement vale quando a ação e o recurso casam; um Deny \
         que vale ganha de qualquer Allow, em qualquer ordem. O certo é {expected:?}, veio {got:?}"
    );
}

/// O TTL do cache tem padrão 300 s, 0 desliga e o máximo é 3.600 s
#[test]
fn the_ttl_has_a_default_and_a_maximum() {
    for (seconds, expected) in [(None, Some(300)), (Some(0), Some(0)), (Some(3_600), Some(3_600)), (Some(3_601), None)]
    {
        let got = cache_ttl(seconds).ok().map(|ttl| ttl.as_secs());
        expect_same!(
            got,
            expected,
            "authorizerResultTtlInSeconds {seconds:?}: o certo é {expected:?} (em segundos; None é recusar), veio {got:?}"
        );
    }
}

/// A política que a função devolve decide, e as duas negações têm mensagens diferentes
#[rstest]
#[case::allowed(&[("Allow", "prod/GET/*")], "segue: beto")]
#[case::not_mentioned(&[("Allow", "prod/POST/*")], "ACCESS_DENIED: User is not authorized to access this resource")]
#[case::denied(
    &[("Allow", "*"), ("Deny", "prod/GET/alerts")],
    "ACCESS_DENIED: User is not authorized to access this resource with an explicit deny"
)]
#[tokio::test(start_paused = true)]
async fn the_returned_policy_decides(#[case] statements: &[(&str, &str)], #[case] expected: &str) {
    let function = Function::always(beto(statements));
    let call = with_token(Method::Get, "/alerts", "abc");
    let got = outcome(&token_authorizer(&function, None).authorize(&call).await);
    let (event, events) = (call.token_event("abc"), function.events());
    expect_same!(events, vec![event.clone()], "um TOKEN chama a função uma vez, com {event}; ela recebeu {events:?}");
    expect_same!(got, expected, "com os statements {statements:?}, GET /alerts dá `{expected}`; veio `{got}`");
}

/// Um token que falta ou não tem a forma certa é 401, e a função nem roda
#[rstest]
#[case::missing(None)]
#[case::without_the_prefix(Some("abc.123"))]
#[tokio::test(start_paused = true)]
async fn a_bad_token_never_reaches_the_function(#[case] token: Option<&str>) {
    let function = Function::always(beto(&[("Allow", "*")]));
    let validation = TokenValidation::new(r"^Bearer [a-z]+\.[0-9]+$").ok();
    let identity = Identity::Token { source: header("X-Token"), validation };
    let authorizer = LambdaAuthorizer::new(identity, Some(0), function.clone()).expect("TTL");
    for (token, expected, runs) in [(token, UNAUTHORIZED, 0), (Some("Bearer abc.123"), "segue: beto", 1)] {
        let mut call = with_token(Method::Get, "/alerts", "Bearer abc.123");
        token.iter().for_each(|token| call.request.headers.append("X-Token", token));
        let got = (outcome(&authorizer.authorize(&call).await), function.runs());
        expect_same!(
            got,
            (expected.to_owned(), runs),
            "o token vem de X-Token, que é {token:?}, e a expressão pede `Bearer letras.dígitos`: o certo é `{expected}`, com \
             {runs} execução da função; veio {got:?}"
        );
    }
}

/// Só a mensagem exata `Unauthorized` vira 401; qualquer outro erro é um 500 sem mensagem
#[rstest]
#[case::exact("Unauthorized", &[UNAUTHORIZED])]
#[case::with_a_reason("Unauthorized: o token venceu", &[CONFIGURATION, "AUTHORIZER_FAILURE: null"])]
#[tokio::test(start_paused = true)]
async fn only_the_exact_word_is_401(#[case] message: &str, #[case] expected: &[&str]) {
    let authorizer = token_authorizer(&Function::always(Reply::Throw(message.to_owned())), None);
    let got = outcome(&authorizer.authorize(&with_token(Method::Get, "/alerts", "abc")).await);
    assert!(
        expected.contains(&got.as_str()),
        "a função lançou {message:?}: só o texto exato `Unauthorized` diz 401, e outro erro é um 500 com {{\"message\":null}}. \
         O certo é {expected:?}, veio `{got}`"
    );
}

/// Um retorno fora da forma, ou uma função que não pode ser chamada, é erro de configuração
#[rstest]
#[case::no_principal(json!({ "policyDocument": document(&[("Allow", "*")]) }).into())]
#[case::list_in_the_context(json!({
    "principalId": "beto", "policyDocument": document(&[("Allow", "*")]), "context": { "scopes": ["a"] },
}).into())]
#[case::error_as_a_value(json!({ "errorMessage": "Unauthorized" }).into())]
#[case::no_permission(Reply::Refuse(InvokeError::AccessDenied))]
#[tokio::test(start_paused = true)]
async fn a_broken_authorizer_is_a_configuration_error(#[case] reply: Reply) {
    let authorizer = token_authorizer(&Function::always(reply.clone()), None);
    let got = outcome(&authorizer.authorize(&with_token(Method::Get, "/alerts", "abc")).await);
    expect_same!(
        got,
        CONFIGURATION,
        "a função deu {reply:?}: o certo é um 500 {{\"message\":null}}, `{CONFIGURATION}`; veio `{got}`"
    );
}

/// Quem passa leva o contexto em texto e a chave de API, venham da função ou do cache
#[tokio::test(start_paused = true)]
async fn the_grant_carries_context_and_key() {
    let mut output = beto(&[("Allow", "*")]);
    output["context"] = json!({ "plan": 7, "paid": true });
    output["usageIdentifierKey"] = json!("chave-da-cooperativa");
    let authorizer = token_authorizer(&Function::always(output), None);
    for _ in 0..2 {
        let got = authorizer.authorize(&with_token(Method::Get, "/alerts", "abc")).await.ok();
        let got = got.map(|grant| (grant.context, grant.usage_identifier_key));
        let expected = Some((texts(&[("paid", "true"), ("plan", "7")]), Some("chave-da-cooperativa".to_owned())));
        expect_same!(got, expected, "o certo é seguir com o contexto e a chave {expected:?}; veio {got:?}");
    }
}

/// O que a função disse vale até o TTL, para cada token
#[rstest]
#[case::default_ttl(None, &[(0, "abc"), (299, "abc")], 1)]
#[case::default_ttl_over(None, &[(0, "abc"), (200, "abc"), (301, "abc")], 2)]
#[case::off(Some(0), &[(0, "abc"), (0, "abc")], 2)]
#[case::two_tokens(Some(60), &[(0, "abc"), (1, "xyz"), (59, "abc")], 2)]
#[tokio::test(start_paused = true)]
async fn the_output_is_kept_for_the_ttl(#[case] ttl: Option<u32>, #[case] calls: &[(u64, &str)], #[case] runs: usize) {
    let function = Function::always(beto(&[("Allow", "*")]));
    let authorizer = token_authorizer(&function, ttl);
    let mut clock = 0;
    for (at, token) in calls {
        advance(Duration::from_secs(at - clock)).await;
        clock = *at;
        let got = outcome(&authorizer.authorize(&with_token(Method::Get, "/alerts", token)).await);
        expect_same!(got, "segue: beto", "aos {at} s, com o token {token}, o certo é seguir; veio `{got}`");
    }
    let got = function.runs();
    expect_same!(got, runs, "TTL {ttl:?} e (s, token) {calls:?}: a função roda {runs} vez(es); rodou {got}");
}

/// O cache guarda a política, que é avaliada de novo para cada método
#[rstest]
#[case::narrow_policy(&[("Allow", "prod/GET/alerts")], [Method::Get, Method::Post])]
#[case::denied_first(&[("Allow", "*"), ("Deny", "prod/POST/*")], [Method::Post, Method::Get])]
#[tokio::test(start_paused = true)]
async fn the_cached_policy_is_evaluated_again(#[case] statements: &[(&str, &str)], #[case] methods: [Method; 2]) {
    let function = Function::always(beto(statements));
    let authorizer = token_authorizer(&function, None);
    for method in methods {
        let got = outcome(&authorizer.authorize(&with_token(method, "/alerts", "abc")).await);
        let expected = if method == Method::Get { "segue: beto" } else { "ACCESS_DENIED" };
        assert!(
            got.starts_with(expected),
            "o mesmo token chama {methods:?} em /alerts, nesta ordem; a política {statements:?} é avaliada para cada ARN, venha \
             da função ou do cache. Em {method} o certo é `{expected}`, veio `{got}`"
        );
    }
    let runs = function.runs();
    expect_same!(runs, 1, "as duas chamadas têm o mesmo token, em menos de 300 s: a função roda 1 vez; rodou {runs}");
}

/// Com cache, um REQUEST exige todas as fontes; sem cache, a função é que decide
#[rstest]
#[case::with_cache(Some(300), UNAUTHORIZED)]
#[case::without_cache(Some(0), "segue: beto")]
#[tokio::test(start_paused = true)]
async fn every_source_is_required_only_with_the_cache(#[case] ttl: Option<u32>, #[case] expected: &str) {
    let function = Function::always(beto(&[("Allow", "*")]));
    let call = from_client("vinícola", "");
    let got = (outcome(&request_authorizer(&function, sources(), ttl).authorize(&call).await), function.events());
    let right = (expected.to_owned(), if ttl == Some(0) { vec![call.request_event()] } else { vec![] });
    expect_same!(
        got,
        right,
        "fontes X-Client = \"vinícola\" e city vazia, TTL {ttl:?}: a resposta e os eventos certos são {right:?}; veio {got:?}"
    );
}

/// A chave do cache de um REQUEST são todas as fontes, em ordem, e nada além delas
#[rstest]
#[case::same_sources(("a", "b"), ("a", "b"), 1)]
#[case::swapped(("a", "b"), ("b", "a"), 2)]
#[case::glued(("a", "bc"), ("ab", "c"), 2)]
#[tokio::test(start_paused = true)]
async fn the_key_is_every_source_in_order(#[case] one: (&str, &str), #[case] other: (&str, &str), #[case] runs: usize) {
    let function = Function::always(beto(&[("Allow", "*")]));
    let authorizer = request_authorizer(&function, sources(), None);
    for (index, (client, city)) in [one, other].into_iter().enumerate() {
        let mut call = from_client(client, city);
        call.request.headers.append("X-Attempt", &index.to_string());
        let got = outcome(&authorizer.authorize(&call).await);
        expect_same!(got, "segue: beto", "X-Client = {client:?}, city = {city:?}: o certo é seguir; veio `{got}`");
    }
    let got = function.runs();
    expect_same!(got, runs, "fontes (X-Client, city) {one:?} e {other:?}: a função roda {runs} vez(es); rodou {got}");
}

/// Cada claim é conferida contra o authorizer e o relógio
#[rstest]
#[case::other_issuer(json!({ "iss": "https://cracha.example/" }), Some(JwtError::Issuer))]
#[case::one_of_the_audiences(json!({ "aud": ["outro", "painel"], "client_id": "outro" }), None)]
#[case::other_audience(json!({ "aud": "weather" }), Some(JwtError::Audience))]
#[case::no_audience(json!({ "aud": null }), Some(JwtError::Audience))]
#[case::client_id_alone(json!({ "aud": null, "client_id": "painel" }), None)]
#[case::client_id_beside_aud(json!({ "aud": "outro", "client_id": "painel" }), Some(JwtError::Audience))]
#[case::expired(json!({ "exp": NOW.unix_timestamp() - 1 }), Some(JwtError::Expired))]
#[case::not_yet(json!({ "nbf": NOW.unix_timestamp() + 1 }), Some(JwtError::NotYetValid))]
#[case::issued_later(json!({ "iat": NOW.unix_timestamp() + 1 }), Some(JwtError::IssuedInTheFuture))]
#[case::without_nbf(json!({ "nbf": null }), None)]
fn each_claim_is_checked(#[case] changes: Value, #[case] expected: Option<JwtError>) {
    let all = good_claims_with(&changes);
    let got = jwt_authorizer(jwks()).check_claims(&all, NOW).err();
    let now = NOW.unix_timestamp();
    expect_same!(
        got,
        expected,
        "emissor https://cracha.example, audiências weather-app e painel, agora {now}: com as claims {all:?} o certo é \
         {expected:?}; veio {got:?}"
    );
}

/// Um token assinado pelo Crachá passa, com ou sem `Bearer `, e as claims seguem com ele
#[rstest]
#[case::bare("", &[])]
#[case::with_prefix("Bearer ", &["alerts:write", "alerts:read"])]
fn a_signed_token_passes(#[case] prefix: &str, #[case] scopes: &[&str]) {
    let request = Request::new(Method::Get, "/alerts").header("authorization", &format!("{prefix}{TOKEN}"));
    let got = jwt_authorizer(jwks()).authorize(&request, scopes, NOW).map_err(|response| response.status);
    let user = got.as_ref().map(|claims| claims.text("sub"));
    expect_same!(
        user,
        Ok(Some("beto")),
        "o token do Beto vale, tem o escopo alerts:read e a rota pede um de {scopes:?}: o certo é seguir com sub = beto; veio \
         {got:?}"
    );
}

/// Um token que não serve é 401 com `www-authenticate`; um que serve mas não tem o escopo é 403
#[rstest]
#[case::missing(None, jwks(), NOW, 401)]
#[case::forged(Some(FORGED.to_owned()), jwks(), NOW, 401)]
#[case::unknown_key(Some(TOKEN.to_owned()), old_jwks(), NOW, 401)]
#[case::expired(Some(TOKEN.to_owned()), jwks(), utc_datetime!(2026-11-22 18:00:01), 401)]
#[case::no_scope(Some(TOKEN.to_owned()), jwks(), NOW, 403)]
fn a_bad_token_is_401_and_a_missing_scope_403(
    #[case] token: Option<String>,
    #[case] jwks: Jwks,
    #[case] now: UtcDateTime,
    #[case] status: u16,
) {
    let mut request = Request::new(Method::Post, "/alerts");
    token.iter().for_each(|token| request.headers.append("Authorization", &format!("Bearer {token}")));
    let got = jwt_authorizer(jwks).authorize(&request, &["alerts:write"], now).err();
    let body = if status == 401 { r#"{"message":"Unauthorized"}"# } else { r#"{"message":"Forbidden"}"# };
    let challenge = got.as_ref().and_then(|response| response.headers.get("www-authenticate")).unwrap_or_default();
    let challenged = challenge.starts_with("Bearer") && challenge.contains(r#"error="invalid_token""#);
    assert!(
        got.as_ref().is_some_and(|got| got.status == status && got.body_text() == body)
            && (challenged || status == 403 || token.is_none()),
        "POST /alerts pede alerts:write, às {now}: o certo é {status} {body}, e no 401 de um token que não serve vem \
         `www-authenticate: Bearer … error=\"invalid_token\"`; veio {got:?}"
    );
}

/// A forma canônica tem seis partes, e só os cabeçalhos assinados entram
#[rstest]
#[case::plain(
    Request::new(Method::Get, "/cities").header("X-Note", "a"),
    "GET\n/prod/cities\n\nhost:api.example\nx-note:a\n\nhost;x-note\n@"
)]
#[case::encoded(
    Request::new(Method::Get, "/cities/vale%20verde?days=3&city=Serra+Clara").header("x-note", ""),
    "GET\n/prod/cities/vale%2520verde\ncity=Serra%20Clara&days=3\nhost:api.example\nx-note:\n\nhost;x-note\n@"
)]
#[case::spaces_and_repetitions(
    Request::new(Method::Put, "/").header("X-Note", "  a   b ").header("Accept", "*/*").header("x-note", "c"),
    "PUT\n/prod/\n\nhost:api.example\nx-note:a b,c\n\nhost;x-note\n@"
)]
fn the_canonical_request_has_six_parts(#[case] request: Request, #[case] expected: &str) {
    let expected = expected.replace('@', "c9f383568c8e29aaae04764340d56adc8c25b88c9bcec63c742f2c00ceb8323c");
    let request = request.header("Host", "api.example").body("granizo");
    let got = canonical_request(&request, "prod", &["host".to_owned(), "x-note".to_owned()]);
    expect_same!(got, expected, "de {request:?}, a forma canônica certa é\n{expected}\n\ne veio\n{got}");
}

/// O texto a assinar tem quatro linhas, e a chave vem de quatro HMACs
#[test]
fn the_text_and_the_key_follow_the_examples() {
    let scope = Scope { date: "20261122".into(), region: "sa-east-1".into(), service: "execute-api".into() };
    let digest = "8a49bc33a3659802d7a109b7bf3e6d7c21a25d821a7ee909ca184d4ab83572df";
    let expected = format!("AWS4-HMAC-SHA256\n20261122T170200Z\n20261122/sa-east-1/execute-api/aws4_request\n{digest}");
    let got = string_to_sign("20261122T170200Z", &scope, PAGE_EXAMPLE);
    expect_same!(got, expected, "de\n{PAGE_EXAMPLE}\n\no texto a assinar certo é\n{expected}\n\ne veio\n{got}");
    let (got, expected) = (hex(&hmac_sha256(&signing_key(SECRET, &scope), expected.as_bytes())), PAGE_SIGNATURE);
    expect_same!(
        got,
        expected,
        "com a chave do escopo {scope}, a assinatura do exemplo da página é {expected}; veio {got}"
    );
    let scope = Scope { date: "20150830".into(), region: "us-east-1".into(), service: "iam".into() };
    let (got, expected) = (hex(&signing_key(SECRET, &scope)), PUBLISHED_KEY);
    expect_same!(got, expected, "a chave do segredo {SECRET:?} no escopo {scope} é {expected}; veio {got}");
}

/// Uma requisição assinada pelo crate que os SDKs usam é aceita
#[rstest]
#[case::plain(Method::Get, "/cities", &[], "")]
#[case::encoded(Method::Get, "/cities/vale%20verde/forecast?days=3&at=Serra+Clara%2F1&days=10", &[], "")]
#[case::with_body(Method::Post, "/alerts", &[("Content-Type", "application/json"), ("X-Note", " a   b ")], "granizo")]
fn a_signed_request_is_accepted(
    #[case] method: Method,
    #[case] target: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
) {
    // Um proxy no caminho acrescenta um cabeçalho, que ninguém assinou.
    let request = BASE.request(method, target, headers, body).header("X-Forwarded-For", "203.0.113.7");
    let got = iam(&request, &[civil_defense(&[("Allow", "prod/*")])], NOW);
    let authorization = request.headers.get("authorization").unwrap_or_default();
    assert!(
        got.starts_with("segue"),
        "{method} {target}, assinada por aws-sigv4 com `{authorization}`: o certo é seguir; veio `{got}`"
    );
}

/// Nada do que foi assinado pode mudar no caminho
#[test]
fn a_change_after_signing_is_refused() {
    type Change = fn(&mut Request);
    let changes: [(&str, Change); 5] = [
        ("o verbo", |request| request.method = Method::Put),
        ("o caminho", |request| request.path = "/alert".into()),
        ("a query", |request| request.query = [("city", "b")].into_iter().collect()),
        ("um cabeçalho assinado", |request| request.headers.insert("X-Note", "b")),
        ("o corpo", |request| request.body = b"geada".to_vec()),
    ];
    for (what, change) in changes {
        let mut request = BASE.request(Method::Post, "/alerts?city=a", &[("X-Note", "a")], "granizo");
        change(&mut request);
        let got = iam(&request, &[civil_defense(&[("Allow", "*")])], NOW);
        assert!(got.starts_with(INVALID), "mudou {what} depois de assinar: o certo é {INVALID}; veio `{got}`");
    }
}

/// Cada problema da assinatura tem a sua recusa, e o relógio pode estar até 5 minutos fora
#[rstest]
#[case::not_signed(None, NOW, "MISSING_AUTHENTICATION_TOKEN: Missing Authentication Token")]
#[case::unknown_key(Some(Client { access_key_id: "AKIDOTHER", ..BASE }), NOW, ": The security token included in the request is invalid.")]
#[case::other_secret(Some(Client { secret: "outro", ..BASE }), NOW, MISMATCH)]
#[case::other_region(Some(Client { region: "us-east-1", ..BASE }), NOW, INVALID)]
#[case::other_service(Some(Client { service: "s3", ..BASE }), NOW, INVALID)]
#[case::too_old(Some(BASE), utc_datetime!(2026-11-22 17:07:01), INVALID)]
#[case::from_the_future(Some(BASE), utc_datetime!(2026-11-22 16:56:59), INVALID)]
#[case::still_in_time(Some(BASE), utc_datetime!(2026-11-22 17:06:59), "segue")]
fn each_problem_has_its_refusal(#[case] client: Option<Client>, #[case] now: UtcDateTime, #[case] expected: &str) {
    let unsigned = || Request::new(Method::Get, "/alerts").header("Host", HOST);
    let request = client.map_or_else(unsigned, |client| client.request(Method::Get, "/alerts", &[], ""));
    let got = iam(&request, &[civil_defense(&[("Allow", "*")])], now);
    let authorization = request.headers.get("authorization");
    assert!(
        got.contains(expected),
        "chave AKIDEXAMPLE, sa-east-1, agora {now}, Authorization {authorization:?}: o certo é `{expected}`; veio `{got}`"
    );
}

/// Quem assina bem ainda precisa da permissão, e a recusa diz quem, o quê e onde
#[rstest]
#[case::implicit(&[("Allow", "prod/GET/*")], false)]
#[case::explicit(&[("Allow", "*"), ("Deny", "prod/DELETE/*")], true)]
fn a_good_signature_still_needs_permission(#[case] statements: &[(&str, &str)], #[case] explicit: bool) {
    let request = BASE.request(Method::Delete, "/alerts/7", &[], "");
    let other = IamUser { access_key_id: "AKIDOTHER".into(), ..civil_defense(&[("Allow", "*")]) };
    let got = iam(&request, &[other, civil_defense(statements)], NOW);
    let expected = "ACCESS_DENIED: User: arn:aws:iam::123456789012:user/defesa-civil is not authorized to perform: \
                    execute-api:Invoke on resource: arn:aws:execute-api:sa-east-1:";
    assert!(
        got.starts_with(expected)
            && got.contains("9012:a1b2c3d4e5/prod/DELETE/alerts/7")
            && got.contains(" with an explicit deny") == explicit,
        "com os statements {statements:?}, DELETE /alerts/7 é recusado com `{expected}…` e o fim do ARN do método; \
         ` with an explicit deny` vem depois só quando um Deny alcança. Veio `{got}`"
    );
}
