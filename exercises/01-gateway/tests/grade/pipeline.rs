//! Os testes do passo `pipeline`.

mod responses;

use std::time::Duration;

use gateway::exchange::{Account, CacheUse, Cached, Verdict};
use gateway::model::{GatewayResponseType, Method, Request, Response};
use gateway::pipeline::{Customization, Decision, GatewayResponses, decide};
use kit::text::count;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::script::{STAGES, Script, arrival, forecast};

/// Se ninguém recusa, as etapas rodam todas, cada uma uma vez e na ordem.
#[tokio::test(start_paused = true)]
async fn every_stage_runs_once_and_in_order() {
    let mut script = Script::new();
    let (response, _) = script.serve(&forecast()).await;
    expect_same!(
        script.calls,
        STAGES,
        "a ordem é {}; o seu código chamou {}",
        STAGES.join(", "),
        script.calls.join(", ")
    );
    expect_same!(response.status, 200, "a resposta é a da integração, 200; a sua foi {}", response.status);
    expect_same!(
        response.body_text(),
        script.response.body_text(),
        "o corpo é o da integração; o seu é {}",
        response.body_text()
    );
}

/// A etapa que recusa é a última que roda.
#[rstest]
#[case::route("route", GatewayResponseType::MissingAuthenticationToken)]
#[case::authorizer("authenticate", GatewayResponseType::Unauthorized)]
#[case::api_key("usage_plan", GatewayResponseType::InvalidApiKey)]
#[case::validation("validate", GatewayResponseType::BadRequestBody)]
#[case::cache("cached", GatewayResponseType::AccessDenied)]
#[case::integration("integrate", GatewayResponseType::IntegrationTimeout)]
#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_way(#[case] stage: &'static str, #[case] kind: GatewayResponseType) {
    let mut script = Script::refusing(stage, kind);
    let (response, exchange) = script.serve(&forecast()).await;
    let expected: Vec<_> = STAGES[..=STAGES.iter().position(|each| *each == stage).unwrap_or(0)].to_vec();
    expect_same!(
        script.calls,
        expected,
        "`{stage}` recusou, então só rodam {}; o seu código chamou {}",
        expected.join(", "),
        script.calls.join(", ")
    );
    let (status, _) = gateway::exchange::default_status(kind);
    expect_same!(response.status, status, "{kind} sai com {status}; o seu status foi {}", response.status);
    let recorded = exchange.refusal.as_ref().map(|refusal| refusal.kind);
    expect_same!(recorded, Some(kind), "o registro guarda a recusa {kind}; o seu guarda {recorded:?}");
}

/// O que cada par de políticas decide, para quem é da conta dona da API.
#[rstest]
#[case::both_allow(Verdict::Allow, Verdict::Allow, Decision::Allow)]
#[case::only_the_resource_policy(Verdict::Allow, Verdict::Silent, Decision::Allow)]
#[case::only_the_caller(Verdict::Silent, Verdict::Allow, Decision::Allow)]
#[case::nobody_spoke(Verdict::Silent, Verdict::Silent, Decision::ImplicitDeny)]
#[case::the_resource_policy_denies(Verdict::Deny, Verdict::Allow, Decision::ExplicitDeny)]
#[case::the_caller_is_denied(Verdict::Allow, Verdict::Deny, Decision::ExplicitDeny)]
#[case::denied_and_silent(Verdict::Silent, Verdict::Deny, Decision::ExplicitDeny)]
#[case::denied_by_the_resource_policy_alone(Verdict::Deny, Verdict::Silent, Decision::ExplicitDeny)]
#[case::both_deny(Verdict::Deny, Verdict::Deny, Decision::ExplicitDeny)]
fn in_the_same_account_one_allow_is_enough(
    #[case] resource: Verdict,
    #[case] caller: Verdict,
    #[case] expected: Decision,
) {
    let found = decide(Some(resource), Some(caller), Account::Same);
    expect_same!(
        found,
        expected,
        "mesma conta, política de recursos {resource:?} e de quem chama {caller:?}: um Deny vence tudo, e sem ele basta um \
         Allow. A decisão é {expected:?}; a sua foi {found:?}"
    );
}

/// De outra conta, as duas políticas precisam permitir.
#[rstest]
#[case::both_allow(Verdict::Allow, Verdict::Allow, Decision::Allow)]
#[case::only_the_resource_policy(Verdict::Allow, Verdict::Silent, Decision::ImplicitDeny)]
#[case::only_the_caller(Verdict::Silent, Verdict::Allow, Decision::ImplicitDeny)]
#[case::nobody_spoke(Verdict::Silent, Verdict::Silent, Decision::ImplicitDeny)]
#[case::denied(Verdict::Allow, Verdict::Deny, Decision::ExplicitDeny)]
#[case::denied_and_silent(Verdict::Silent, Verdict::Deny, Decision::ExplicitDeny)]
#[case::denied_by_the_resource_policy(Verdict::Deny, Verdict::Allow, Decision::ExplicitDeny)]
fn from_another_account_both_must_allow(
    #[case] resource: Verdict,
    #[case] caller: Verdict,
    #[case] expected: Decision,
) {
    let found = decide(Some(resource), Some(caller), Account::Other);
    expect_same!(
        found,
        expected,
        "outra conta, política de recursos {resource:?} e de quem chama {caller:?}: um Deny vence tudo, e sem ele as duas \
         precisam permitir. A decisão é {expected:?}; a sua foi {found:?}"
    );
}

/// Uma política que não existe não conta, e de que conta é quem chama também não; sem nenhuma, o método é aberto.
#[rstest]
#[case::an_open_method(None, None, Decision::Allow)]
#[case::only_a_silent_resource_policy(Some(Verdict::Silent), None, Decision::ImplicitDeny)]
#[case::only_a_resource_policy_that_allows(Some(Verdict::Allow), None, Decision::Allow)]
#[case::only_the_caller(None, Some(Verdict::Allow), Decision::Allow)]
#[case::only_a_silent_caller(None, Some(Verdict::Silent), Decision::ImplicitDeny)]
#[case::only_a_resource_policy_that_denies(Some(Verdict::Deny), None, Decision::ExplicitDeny)]
#[case::only_a_denied_caller(None, Some(Verdict::Deny), Decision::ExplicitDeny)]
fn a_policy_that_does_not_exist_does_not_count(
    #[case] resource: Option<Verdict>,
    #[case] caller: Option<Verdict>,
    #[case] expected: Decision,
) {
    for (account, from) in [(Account::Same, "mesma conta"), (Account::Other, "outra conta")] {
        let found = decide(resource, caller, account);
        expect_same!(
            found,
            expected,
            "{from}, política de recursos {} e de quem chama {}: a que não existe não conta, e decide a outra sozinha, sem \
             olhar a conta. A decisão é {expected:?}; a sua foi {found:?}",
            policy(resource),
            policy(caller)
        );
    }
}

/// O que uma política diz, ou que ela não existe.
fn policy(verdict: Option<Verdict>) -> String {
    verdict.map_or("inexistente".to_owned(), |verdict| format!("{verdict:?}"))
}

const ARN: &str = "arn:aws:execute-api:sa-east-1:********9012:a1b2c3d4e5/prod/GET/cities/serra-clara";

/// Um `Deny` da política de recursos barra antes do authorizer, que nem é chamado.
#[tokio::test(start_paused = true)]
async fn an_explicit_deny_comes_before_the_authorizer() {
    let mut script = Script { resource_policy: Some(Verdict::Deny), ..Script::new() };
    script.caller.verdict = Some(Verdict::Allow);
    let (response, _) = script.serve(&forecast()).await;
    expect_same!(
        script.calls,
        ["route", "resource_policy"],
        "a política de recursos nega: o authorizer nem é chamado; o seu código chamou {}",
        script.calls.join(", ")
    );
    let expected = format!(
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: {ARN} with an explicit deny"
    );
    let body = json_of(&response);
    expect_same!(
        body,
        json!({ "message": expected }),
        "a mensagem leva o ARN, com o caminho da requisição: `{expected}`; o seu corpo é {body}"
    );
}

/// A recusa das políticas: quem não foi autenticado é `anonymous`; quem foi recebe a frase curta.
#[rstest]
#[case::nobody_authenticated(Some(Verdict::Silent), None, format!("User: anonymous is not authorized to perform: execute-api:Invoke on resource: {ARN} because no resource-based policy allows the execute-api:Invoke action"))]
#[case::authenticated_and_silent(None, Some(Verdict::Silent), "User is not authorized to access this resource".to_owned())]
#[case::authenticated_and_denied(Some(Verdict::Allow), Some(Verdict::Deny), "User is not authorized to access this resource with an explicit deny".to_owned())]
#[tokio::test(start_paused = true)]
async fn a_denied_caller_is_told_who_denied(
    #[case] resource: Option<Verdict>,
    #[case] caller: Option<Verdict>,
    #[case] message: String,
) {
    let mut script = Script { resource_policy: resource, ..Script::new() };
    script.caller.verdict = caller;
    let (response, _) = script.serve(&forecast()).await;
    let found = (response.status, json_of(&response));
    expect_same!(
        found,
        (403, json!({ "message": message })),
        "política de recursos {}, de quem chama {}: 403 com `{message}`; o seu foi {} com {}",
        policy(resource),
        policy(caller),
        found.0,
        found.1
    );
    expect_same!(
        script.calls.last(),
        Some(&"authenticate"),
        "quem não é autorizado não gasta ficha nem chega à validação; o seu código chamou {}",
        script.calls.join(", ")
    );
}

/// Quem foi autenticado e depois recusado fica no registro, com o que o authorizer contou dele.
#[tokio::test(start_paused = true)]
async fn a_denied_caller_is_on_the_record() {
    let mut script = Script::new();
    script.caller.verdict = Some(Verdict::Silent);
    script.caller.principal_id = Some("estagiario".to_owned());
    script.caller.context.insert("turno".to_owned(), "noite".to_owned());
    let (response, exchange) = script.serve(&forecast()).await;
    expect_same!(response.status, 403, "a política dele não permite: 403; o seu status foi {}", response.status);
    let found = (exchange.principal_id.as_deref(), exchange.context.get("turno").map(String::as_str));
    expect_same!(
        found,
        (Some("estagiario"), Some("noite")),
        "o authorizer disse quem é, estagiario, e que o turno é noite, antes da recusa; o seu registro diz {} e {}",
        found.0.unwrap_or("nada"),
        found.1.unwrap_or("nada")
    );
}

/// O que está no cache responde no lugar da integração, mas só a quem passou pelas outras etapas.
#[tokio::test(start_paused = true)]
async fn a_cached_answer_spares_only_the_integration() {
    let kept = Response::new(200).body("guardada");
    let mut script = Script { cached: Cached::Hit(kept), integration_time: Duration::from_millis(80), ..Script::new() };
    let (response, exchange) = script.serve(&forecast()).await;
    expect_same!(
        script.calls,
        STAGES[..6],
        "com a resposta no cache a integração não é chamada, e o resto é; o seu código chamou {}",
        script.calls.join(", ")
    );
    expect_same!(response.body_text(), "guardada", "a resposta é a do cache; a sua é {}", response.body_text());
    let found = (exchange.cache, exchange.integration_latency);
    expect_same!(
        found,
        (CacheUse::Hit, None),
        "o registro diz Hit e nenhum tempo de integração; o seu diz {:?} e {}",
        found.0,
        found.1.map_or("nenhum".to_owned(), |time| format!("{} ms", time.as_millis()))
    );
}

/// O que a integração responde vai a `store` quando o cache não tinha nada, e só então; o status não conta.
#[rstest]
#[case::a_miss(Cached::Miss, 200, 1)]
#[case::a_miss_and_a_404(Cached::Miss, 404, 1)]
#[case::no_cache(Cached::Off, 200, 0)]
#[tokio::test(start_paused = true)]
async fn only_a_miss_is_stored(#[case] cached: Cached, #[case] status: u16, #[case] stored: usize) {
    let mut script = Script { cached: cached.clone(), response: Response::new(status), ..Script::new() };
    let (response, _) = script.serve(&forecast()).await;
    expect_same!(
        script.stored,
        vec![script.response.clone(); stored],
        "o cache respondeu {cached:?} e a integração, {status}: `store` roda {}; no seu código rodou {}",
        count(stored, "vez", "vezes"),
        count(script.stored.len(), "vez", "vezes")
    );
    let warned = response.headers.get("Warning").is_some();
    expect_same!(
        warned,
        stored == 1,
        "o cliente recebe o que `store` devolve, aqui com um cabeçalho `Warning`, quando ele é chamado; a sua resposta {} tem",
        if warned { "o" } else { "não o" }
    );
}

/// Uma integração que falhou não vai para o cache, mas o tempo dela conta.
#[tokio::test(start_paused = true)]
async fn a_failed_integration_is_timed_and_not_stored() {
    let mut script = Script {
        cached: Cached::Miss,
        integration_time: Duration::from_secs(29),
        ..Script::refusing("integrate", GatewayResponseType::IntegrationTimeout)
    };
    let (_, exchange) = script.serve(&forecast()).await;
    expect_same!(
        script.stored.len(),
        0,
        "uma recusa não é guardada no cache; o seu código guardou {}",
        script.stored.len()
    );
    let expected = Some(Duration::from_secs(29));
    let found = exchange.integration_latency;
    expect_same!(
        found,
        expected,
        "a integração levou 29 s até falhar, e esse tempo conta; o seu registro diz {}",
        found.map_or("que ela não foi chamada".to_owned(), |time| format!("{} s", time.as_secs_f64()))
    );
}

/// O corpo vai até 10.485.760 bytes; um a mais é 413, antes de qualquer etapa.
#[rstest]
#[case::exactly_the_limit(10_485_760, 200)]
#[case::one_byte_more(10_485_761, 413)]
#[tokio::test(start_paused = true)]
async fn a_body_has_a_limit(#[case] length: usize, #[case] status: u16) {
    let mut script = Script::new();
    let (response, _) = script.serve(&Request::new(Method::Post, "/alerts").body(vec![b'a'; length])).await;
    expect_same!(response.status, status, "um corpo de {length} bytes dá {status}; o seu deu {}", response.status);
    if status == 413 {
        let body = json_of(&response);
        let expected = json!({ "message": "HTTP content length exceeded 10485760 bytes" });
        expect_same!(body, expected, "a mensagem é {expected}; a sua é {body}");
        expect_same!(script.calls.len(), 0, "nenhuma etapa roda; o seu código chamou {}", script.calls.join(", "));
    }
}

/// Toda resposta leva `x-amzn-RequestId`, também a recusada.
#[rstest]
#[case::answered(Script::new())]
#[case::refused(Script::refusing("usage_plan", GatewayResponseType::Throttled))]
#[tokio::test(start_paused = true)]
async fn every_response_has_its_request_id(#[case] mut script: Script) {
    let (response, exchange) = script.serve(&forecast()).await;
    let found = response.headers.get("x-amzn-requestid").unwrap_or("nenhum");
    let expected = arrival().request_id;
    expect_same!(
        found,
        expected,
        "toda resposta leva `x-amzn-RequestId` com o identificador da requisição, {expected}; na sua o valor é {found}"
    );
    let recorded = (exchange.status, exchange.response_length);
    expect_same!(
        recorded,
        (response.status, response.body.len()),
        "o registro guarda o status {} e o tamanho {} da resposta; o seu guarda {} e {}",
        response.status,
        response.body.len(),
        recorded.0,
        recorded.1
    );
}

/// O registro guarda a resposta que o cliente recebeu, e não a de fábrica.
#[tokio::test(start_paused = true)]
async fn the_record_has_the_response_the_owner_wrote() {
    let kind = GatewayResponseType::MissingAuthenticationToken;
    let custom = Customization { status: Some(404), template: Some("{}".to_owned()), ..Customization::default() };
    let responses = GatewayResponses { by_type: [(kind, custom)].into(), ..GatewayResponses::default() };
    let (_, exchange) = Script::refusing("route", kind).serve_with(&forecast(), &responses).await;
    let found = (exchange.status, exchange.response_length);
    expect_same!(
        found,
        (404, 2),
        "o dono trocou o 403 por 404 e o corpo por {{}}, e o cliente recebe 404 com 2 bytes; o seu registro guarda {} e {}",
        found.0,
        found.1
    );
}

/// `Latency` conta o caminho inteiro; `IntegrationLatency`, só a integração.
#[tokio::test(start_paused = true)]
async fn latency_counts_everything_and_integration_latency_only_the_backend() {
    let mut script = Script {
        authorizer_time: Duration::from_millis(80),
        integration_time: Duration::from_millis(120),
        ..Script::new()
    };
    let (_, exchange) = script.serve(&forecast()).await;
    let found = (exchange.latency.as_millis(), exchange.integration_latency.map(|latency| latency.as_millis()));
    expect_same!(
        found,
        (200, Some(120)),
        "o authorizer levou 80 ms e a integração 120: Latency 200 e IntegrationLatency 120; as suas são {} e {}",
        found.0,
        found.1.map_or("ausente".to_owned(), |time| time.to_string())
    );
}

/// Quem acaba no cache ou numa recusa também levou tempo: o do authorizer.
#[rstest]
#[case::a_cached_answer(Script { cached: Cached::Hit(Response::new(200)), ..Script::new() })]
#[case::a_refusal(Script::refusing("validate", GatewayResponseType::BadRequestBody))]
#[tokio::test(start_paused = true)]
async fn the_way_that_ends_early_also_takes_time(#[case] mut script: Script) {
    script.authorizer_time = Duration::from_millis(80);
    let (response, exchange) = script.serve(&forecast()).await;
    let found = exchange.latency.as_millis();
    expect_same!(
        found,
        80,
        "o authorizer levou 80 ms e o caminho acabou antes da integração, com {}: Latency é 80; a sua é {found}",
        response.status
    );
}

mod monitoring;

mod office;

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|_| panic!("o corpo de uma gateway response é JSON; o seu é `{}`", response.body_text()))
}
