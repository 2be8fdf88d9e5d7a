//! Avalia o passo `authorizers`: a política e o Lambda authorizer com o cache aqui, e um módulo para o JWT e outro para a SigV4.

use std::time::Duration;

use gateway::authorizers::{Decision, Identity, LambdaAuthorizer, cache_ttl, evaluate};
use gateway::function::{Function, InvokeError, Reply};
use gateway::lambda_authorizer::TokenValidation;
use gateway::model::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::advance;

use crate::support::authorizers::*;
use crate::support::expect_same;

mod jwt;
mod signature;

const UNAUTHORIZED: &str = "UNAUTHORIZED: Unauthorized";
const CONFIGURATION: &str = "AUTHORIZER_CONFIGURATION_ERROR: null";
const FAILURE: &str = "AUTHORIZER_FAILURE: null";
const NOT_AUTHORIZED: &str = "ACCESS_DENIED: User is not authorized to access this resource";
const EXPLICITLY_DENIED: &str = "ACCESS_DENIED: User is not authorized to access this resource with an explicit deny";

/// O que cada decisão quer dizer.
fn meaning(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "permitir (Allow)",
        Decision::ExplicitDeny => "negar porque há um Deny (ExplicitDeny)",
        Decision::ImplicitDeny => "negar porque nada permite (ImplicitDeny)",
    }
}

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
#[case::action_in_any_case(json!({ "Statement": {
    "Effect": "Allow", "Action": "EXECUTE-API:invoke", "Resource": resource("prod/GET/alerts"),
} }), Decision::Allow)]
#[case::resource_in_its_case(document(&[("Allow", "prod/get/alerts")]), Decision::ImplicitDeny)]
fn deny_beats_allow_beats_silence(#[case] document: Value, #[case] expected: Decision) {
    let got = evaluate(&policy(&document), "execute-api:Invoke", &arn(Method::Get, "/alerts").to_string());
    expect_same!(
        got,
        expected,
        "o certo é {}, e a sua função decidiu {}. A chamada é execute-api:Invoke em prod/GET/alerts. Um statement só vale \
         quando a ação (em qualquer caixa) e o recurso (na caixa exata) casam, e um Deny que vale ganha de qualquer Allow, em \
         qualquer ordem. A política: {document}",
        meaning(expected),
        meaning(got)
    );
}

/// O TTL do cache tem padrão 300 s, 0 desliga e o máximo é 3.600 s
#[test]
fn the_ttl_has_a_default_and_a_maximum() {
    let told = |seconds: Option<u64>| seconds.map_or_else(|| "recusar".to_owned(), |seconds| format!("{seconds} s"));
    for (seconds, expected) in [(None, Some(300)), (Some(0), Some(0)), (Some(3_600), Some(3_600)), (Some(3_601), None)]
    {
        let got = cache_ttl(seconds).ok().map(|ttl| ttl.as_secs());
        let configured = seconds.map_or_else(|| "sem valor".to_owned(), |seconds| format!("em {seconds}"));
        expect_same!(
            got,
            expected,
            "com authorizerResultTtlInSeconds {configured}, o certo é {}; a sua função deu {}. O padrão é 300 s, 0 desliga o \
             cache e o máximo é 3.600 s",
            told(expected),
            told(got)
        );
    }
}

/// A política que a função devolve decide, e as duas negações têm mensagens diferentes
#[rstest]
#[case::allowed(&[("Allow", "prod/DELETE/*")], "segue: celia")]
#[case::not_mentioned(&[("Allow", "prod/POST/*")], NOT_AUTHORIZED)]
#[case::denied(&[("Allow", "*"), ("Deny", "prod/DELETE/alerts/7")], EXPLICITLY_DENIED)]
#[tokio::test(start_paused = true)]
async fn the_returned_policy_decides(#[case] statements: &[(&str, &str)], #[case] expected: &str) {
    let function = Function::always(celia(statements));
    let call = cancel("/alerts/7", "abc");
    let got = outcome(&token_authorizer(&function, None).authorize(&call).await);
    let (event, events) = (call.token_event("abc"), function.events());
    expect_same!(
        events,
        vec![event.clone()],
        "um TOKEN chama a função uma vez, com {event}; a sua chamou com {}",
        written_events(&events)
    );
    expect_same!(
        got,
        expected,
        "o certo é `{expected}`, veio `{got}`: DELETE /alerts/7 com a política {}",
        written(statements)
    );
}

/// O que a política julga é o ARN da chamada, com o caminho que veio, e não o recurso com os nomes dos parâmetros
#[rstest]
#[case::this_alert("prod/DELETE/alerts/7", "segue: celia")]
#[case::another_alert("prod/DELETE/alerts/8", NOT_AUTHORIZED)]
#[tokio::test(start_paused = true)]
async fn the_policy_is_about_the_arn_of_the_call(#[case] allowed: &str, #[case] expected: &str) {
    let mut call = cancel("/alerts/7", "abc");
    call.resource = "/alerts/{alertId}".to_owned();
    call.path_parameters.insert("alertId".to_owned(), "7".to_owned());
    let function = Function::always(celia(&[("Allow", allowed)]));
    let got = outcome(&token_authorizer(&function, None).authorize(&call).await);
    expect_same!(
        got,
        expected,
        "o certo é `{expected}`, veio `{got}`: a política só permite {allowed}, e DELETE /alerts/7, que casou com o recurso \
         /alerts/{{alertId}}, tem o ARN {}",
        call.arn
    );
}

/// Um token que falta ou não tem a forma certa é 401, e a função nem roda
#[rstest]
#[case::missing(None)]
#[case::without_the_prefix(Some("abc.123"))]
#[tokio::test(start_paused = true)]
async fn a_bad_token_never_reaches_the_function(#[case] token: Option<&str>) {
    let function = Function::always(celia(&[("Allow", "*")]));
    let validation = TokenValidation::new(r"^Bearer [a-z]+\.[0-9]+$").ok();
    let identity = Identity::Token { source: header("X-Token"), validation };
    let authorizer = LambdaAuthorizer::new(identity, Some(0), function.clone()).expect("TTL");
    for (token, expected, runs) in [(token, UNAUTHORIZED, 0), (Some("Bearer abc.123"), "segue: celia", 1)] {
        let mut call = cancel("/alerts/7", "Bearer abc.123");
        token.iter().for_each(|token| call.request.headers.append("X-Token", token));
        let (got, ran) = (outcome(&authorizer.authorize(&call).await), function.runs());
        expect_same!(
            (got.as_str(), ran),
            (expected, runs),
            "o certo é `{expected}`, com a função rodada {runs} vez(es); veio `{got}`, e ela rodou {ran}. O token vem do cabeçalho \
             X-Token ({}), e a expressão pede `Bearer letras.dígitos`: sem um token que case, é 401 sem chamar a função",
            token.map_or_else(|| "que não veio".to_owned(), |token| format!("que traz `{token}`"))
        );
    }
}

/// A identidade de um TOKEN é o valor inteiro do cabeçalho, com o `Bearer`
#[tokio::test(start_paused = true)]
async fn the_token_is_the_whole_header() {
    let function = Function::always(celia(&[("Allow", "*")]));
    let authorizer = token_authorizer(&function, None);
    let call = cancel("/alerts/7", "Bearer abc");
    let key = authorizer.identify(&call).unwrap_or_default();
    let _ = authorizer.authorize(&call).await;
    let events = function.events();
    expect_same!(
        (&key, &events),
        (&vec!["Bearer abc".to_owned()], &vec![call.token_event("Bearer abc")]),
        "o cabeçalho traz `Bearer abc`, e é esse texto inteiro que forma a chave do cache e vai em authorizationToken; a sua \
         chave é `{}`, e a função recebeu {}",
        key.join("`, `"),
        written_events(&events)
    );
}

/// Só a mensagem exata `Unauthorized` vira 401; qualquer outro erro é um 500 sem mensagem
#[rstest]
#[case::exact("Unauthorized", &[UNAUTHORIZED])]
#[case::with_a_reason("Unauthorized: o token venceu", &[CONFIGURATION, FAILURE])]
#[case::with_a_prefix("Error: Unauthorized", &[CONFIGURATION, FAILURE])]
#[case::in_small_letters("unauthorized", &[CONFIGURATION, FAILURE])]
#[tokio::test(start_paused = true)]
async fn only_the_exact_word_is_401(#[case] message: &str, #[case] expected: &[&str]) {
    let authorizer = token_authorizer(&Function::always(Reply::Throw(message.to_owned())), None);
    let got = outcome(&authorizer.authorize(&cancel("/alerts/7", "abc")).await);
    assert!(
        expected.contains(&got.as_str()),
        "o certo é `{}`, veio `{got}`: a função lançou `{message}`, e só o texto exato `Unauthorized` vira 401; outro erro é um \
         500 com {{\"message\":null}}",
        expected.join("` ou `")
    );
}

/// Um retorno fora da forma, ou uma função que não pode ser chamada, é erro de configuração
#[rstest]
#[case::no_principal("devolveu uma política sem principalId", json!({ "policyDocument": document(&[("Allow", "*")]) }).into())]
#[case::list_in_the_context("devolveu uma lista em context.scopes", json!({
    "principalId": "celia", "policyDocument": document(&[("Allow", "*")]), "context": { "scopes": ["a"] },
}).into())]
#[case::error_as_a_value(
    "devolveu, sem lançar, um objeto com errorMessage", json!({ "errorMessage": "Unauthorized" }).into()
)]
#[case::no_permission("não pôde ser chamada: o Lambda negou o acesso", Reply::Refuse(InvokeError::AccessDenied))]
#[tokio::test(start_paused = true)]
async fn a_broken_authorizer_is_a_configuration_error(#[case] what: &str, #[case] reply: Reply) {
    let authorizer = token_authorizer(&Function::always(reply), None);
    let got = outcome(&authorizer.authorize(&cancel("/alerts/7", "abc")).await);
    expect_same!(
        got,
        CONFIGURATION,
        "o certo é `{CONFIGURATION}`, um 500 com {{\"message\":null}}; veio `{got}`. A função {what}"
    );
}

/// Quem passa leva o contexto em texto e a chave de API, venham da função ou do cache
#[tokio::test(start_paused = true)]
async fn the_grant_carries_context_and_key() {
    let mut output = celia(&[("Allow", "*")]);
    output["context"] = json!({ "plan": 7, "paid": true });
    output["usageIdentifierKey"] = json!("chaveDaDefesaCivil2026");
    let authorizer = token_authorizer(&Function::always(output), None);
    for from in ["da função", "do cache"] {
        let got = authorizer.authorize(&cancel("/alerts/7", "abc")).await.ok();
        let (context, key) = got.map(|grant| (grant.context, grant.usage_identifier_key)).unwrap_or_default();
        expect_same!(
            (&context, key.as_deref()),
            (&texts(&[("paid", "true"), ("plan", "7")]), Some("chaveDaDefesaCivil2026")),
            "o certo é seguir com o contexto paid = \"true\" e plan = \"7\" e com a chave chaveDaDefesaCivil2026, também quando vêm \
             {from}; o seu tem o contexto {} e a chave {}",
            json!(context),
            key.as_deref().unwrap_or("nenhuma")
        );
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
    let function = Function::always(celia(&[("Allow", "*")]));
    let authorizer = token_authorizer(&function, ttl);
    let mut clock = 0;
    for (at, token) in calls {
        advance(Duration::from_secs(at - clock)).await;
        clock = *at;
        let got = outcome(&authorizer.authorize(&cancel("/alerts/7", token)).await);
        expect_same!(got, "segue: celia", "aos {at} s, com o token {token}, o certo é seguir; veio `{got}`");
    }
    let got = function.runs();
    let told = calls.iter().map(|(at, token)| format!("`{token}` aos {at} s")).collect::<Vec<_>>().join(", ");
    expect_same!(
        got,
        runs,
        "a função roda {runs} vez(es), e a sua rodou {got}: TTL de {} s e os tokens {told}. Cada token tem a sua entrada, que \
         vale pelo TTL; com TTL 0 nada fica guardado",
        ttl.unwrap_or(300)
    );
}

/// O cache guarda a política, que é avaliada de novo para cada método
#[rstest]
#[case::narrow_policy(&[("Allow", "prod/GET/alerts")], [Method::Get, Method::Post])]
#[case::denied_first(&[("Allow", "*"), ("Deny", "prod/POST/*")], [Method::Post, Method::Get])]
#[tokio::test(start_paused = true)]
async fn the_cached_policy_is_evaluated_again(#[case] statements: &[(&str, &str)], #[case] methods: [Method; 2]) {
    let function = Function::always(celia(statements));
    let authorizer = token_authorizer(&function, None);
    for method in methods {
        let got = outcome(&authorizer.authorize(&with_token(method, "/alerts", "abc")).await);
        let expected = if method == Method::Get { "segue: celia" } else { "ACCESS_DENIED" };
        assert!(
            got.starts_with(expected),
            "em {method} /alerts o certo é `{expected}`, veio `{got}`. O mesmo token chama {} e depois {}; a política {} é \
             avaliada para cada ARN, venha da função ou do cache",
            methods[0],
            methods[1],
            written(statements)
        );
    }
    let runs = function.runs();
    expect_same!(
        runs,
        1,
        "a função roda 1 vez, e a sua rodou {runs}: as duas chamadas têm o mesmo token, em menos de 300 s"
    );
}

/// Uma política que só permite a chamada da vez recusa a seguinte, enquanto estiver no cache
#[rstest]
#[case::default_ttl(None, ["segue: celia", NOT_AUTHORIZED, "segue: celia", "segue: celia"], 2)]
#[case::off(Some(0), ["segue: celia"; 4], 4)]
#[tokio::test(start_paused = true)]
async fn a_narrow_policy_refuses_the_next_call(
    #[case] ttl: Option<u32>,
    #[case] expected: [&str; 4],
    #[case] runs: usize,
) {
    let function = Function::new(|event| celia(&[("Allow", event["methodArn"].as_str().unwrap_or_default())]));
    let authorizer = token_authorizer(&function, ttl);
    let calls = [(0, "/alerts/112"), (5, "/alerts/113"), (299, "/alerts/112"), (301, "/alerts/113")];
    let mut clock = 0;
    for ((at, path), expected) in calls.into_iter().zip(expected) {
        advance(Duration::from_secs(at - clock)).await;
        clock = at;
        let got = outcome(&authorizer.authorize(&cancel(path, "abc")).await);
        expect_same!(
            got,
            expected,
            "aos {at} s, em DELETE {path}, o certo é `{expected}`, veio `{got}`. O TTL é {} s, o token é sempre o mesmo, e a função \
             permite só o methodArn que recebeu: é o exemplo da página",
            ttl.unwrap_or(300)
        );
    }
    let got = function.runs();
    expect_same!(got, runs, "com TTL de {} s, a função roda {runs} vezes; a sua rodou {got}", ttl.unwrap_or(300));
}

/// Com cache, um REQUEST exige todas as fontes; sem cache, a função é que decide
#[rstest]
#[case::with_cache(Some(300), UNAUTHORIZED)]
#[case::without_cache(Some(0), "segue: cooperativa")]
#[tokio::test(start_paused = true)]
async fn every_source_is_required_only_with_the_cache(#[case] ttl: Option<u32>, #[case] expected: &str) {
    let function = Function::always(cooperative(&[("Allow", "*")]));
    let call = from_client("cooperativa", "");
    let got = outcome(&request_authorizer(&function, sources(), ttl).authorize(&call).await);
    let (events, right) = (function.events(), if ttl == Some(0) { vec![call.request_event()] } else { vec![] });
    expect_same!(
        (got.as_str(), &events),
        (expected, &right),
        "o certo é `{expected}`, com a função chamada {} vez(es), com o evento da requisição inteira; veio `{got}`, e a função \
         recebeu {}. As fontes são X-Client, que veio, e city, que está vazia; o TTL é {} s, e só com cache todas as fontes são \
         exigidas",
        right.len(),
        written_events(&events),
        ttl.unwrap_or(300)
    );
}

/// A chave do cache de um REQUEST são todas as fontes, em ordem
#[rstest]
#[case::same_sources(("a", "b"), ("a", "b"), 1)]
#[case::swapped(("a", "b"), ("b", "a"), 2)]
#[case::glued(("a", "bc"), ("ab", "c"), 2)]
#[tokio::test(start_paused = true)]
async fn the_key_is_every_source_in_order(#[case] one: (&str, &str), #[case] other: (&str, &str), #[case] runs: usize) {
    let function = Function::always(cooperative(&[("Allow", "*")]));
    let authorizer = request_authorizer(&function, sources(), None);
    for (index, (client, city)) in [one, other].into_iter().enumerate() {
        let mut call = from_client(client, city);
        call.request.headers.append("X-Attempt", &index.to_string());
        let got = outcome(&authorizer.authorize(&call).await);
        expect_same!(got, "segue: cooperativa", "X-Client `{client}` e city `{city}`: o certo é seguir; veio `{got}`");
    }
    let got = function.runs();
    expect_same!(
        got,
        runs,
        "a função roda {runs} vez(es), e a sua rodou {got}: X-Client e city são `{}` e `{}` na primeira chamada e `{}` e `{}` na \
         segunda. A chave é o valor de cada fonte, em ordem, e mais nada da requisição",
        one.0,
        one.1,
        other.0,
        other.1
    );
}

/// O método não entra na chave de um REQUEST: a política guardada serve ou não serve a cada ARN
#[tokio::test(start_paused = true)]
async fn the_method_is_not_in_the_key_of_a_request() {
    let function = Function::always(cooperative(&[("Allow", "prod/GET/alerts")]));
    let authorizer = request_authorizer(&function, sources(), None);
    for (method, path, expected) in [
        (Method::Get, "/alerts", "segue: cooperativa"),
        (Method::Get, "/cities", NOT_AUTHORIZED),
        (Method::Post, "/alerts", NOT_AUTHORIZED),
        (Method::Get, "/alerts", "segue: cooperativa"),
    ] {
        let got = outcome(&authorizer.authorize(&from_client_to(method, path, "cooperativa", "serra-clara")).await);
        let runs = function.runs();
        expect_same!(
            (got.as_str(), runs),
            (expected, 1),
            "em {method} {path} o certo é `{expected}`, com a função rodada 1 vez ao todo; veio `{got}`, e ela rodou {runs}. As \
             fontes são sempre as mesmas, então a entrada do cache também; a política só permite prod/GET/alerts"
        );
    }
}
