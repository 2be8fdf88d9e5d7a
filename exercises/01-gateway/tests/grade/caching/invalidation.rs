//! `Cache-Control: max-age=0`: quem pode invalidar, o que muda no cache e o que recebe quem não pode.

use gateway::caching::{
    CacheControl, InvalidateCache, Lookup, MethodSettings, Metrics, UnauthorizedStrategy, cache_control,
};
use gateway::model::{GatewayResponseType, Response};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::office::{Office, get, instant, integration, path, text, ttl};
use InvalidateCache::{Allowed, Denied};
use UnauthorizedStrategy::{FailWith403, SucceedWithResponseHeader, SucceedWithoutResponseHeader};

/// `max-age=0` só invalida para quem pode
#[rstest]
#[case::another_age(Some("max-age=60"), true, Denied, FailWith403, CacheControl::Use)]
#[case::allowed(Some("max-age=0"), true, Allowed, FailWith403, CacheControl::Refresh)]
#[case::nobody_asks_for_permission(Some("max-age=0"), false, Denied, FailWith403, CacheControl::Refresh)]
#[case::refused(Some("max-age=0"), true, Denied, FailWith403, CacheControl::Refuse)]
#[case::ignored_with_a_warning(Some("max-age=0"), true, Denied, SucceedWithResponseHeader, CacheControl::UseAndWarn)]
#[case::ignored_in_silence(Some("max-age=0"), true, Denied, SucceedWithoutResponseHeader, CacheControl::Use)]
fn only_those_who_may_invalidate_do(
    #[case] header: Option<&str>,
    #[case] require_authorization_for_cache_control: bool,
    #[case] permission: InvalidateCache,
    #[case] unauthorized_strategy: UnauthorizedStrategy,
    #[case] expected: CacheControl,
) {
    let cached = MethodSettings::cached(ttl(300));
    let settings = MethodSettings { require_authorization_for_cache_control, unauthorized_strategy, ..cached };
    let mut request = get("serra-clara", "?days=3");
    request.headers = header.map(|value| ("Cache-Control", value)).into_iter().collect();
    let got = cache_control(&request, &settings, permission);
    expect_same!(
        got,
        expected,
        "Cache-Control {header:?}, requireAuthorizationForCacheControl {require_authorization_for_cache_control}, \
         execute-api:InvalidateCache {permission:?}, estratégia {unauthorized_strategy:?}: o certo é {expected:?}, veio \
         {got:?}"
    );
}

/// Uma invalidação troca a resposta guardada e recomeça o prazo
#[test]
fn an_invalidation_replaces_the_entry() {
    let mut office = Office::new(MethodSettings::cached(ttl(300)), Allowed);
    let answers = [
        office.reading(0.0),
        text(&office.refresh(100.0)),
        office.reading(200.0),
        office.reading(390.0),
        office.reading(410.0),
    ];
    let expected = ["leitura 1", "leitura 2", "leitura 2", "leitura 2", "leitura 3"];
    let metrics = office.cache.metrics();
    expect_same!(
        (&answers, metrics),
        (&expected.map(str::to_owned), Metrics { cache_hit_count: 2, cache_miss_count: 3 }),
        "TTL de 300 s, uma leitura em 0 s, max-age=0 de quem pode em 100 s, leituras em 200, 390 e 410 s: a resposta nova \
         entra no lugar da velha e vale por mais 300 s. O certo é {expected:?}, com 2 acertos e 3 faltas; veio {answers:?}, \
         com {metrics:?}"
    );
}

/// Até a resposta nova chegar, a invalidação deixa a velha onde está
#[test]
fn an_invalidation_keeps_the_old_entry_until_the_new_answer() {
    let mut office = Office::new(MethodSettings::cached(ttl(300)), Allowed);
    office.reading(0.0);
    let request = get("serra-clara", "?days=3");
    let key = || integration(None).key("dep1", &request, &path("serra-clara"));
    let asking = get("serra-clara", "?days=3").header("Cache-Control", "max-age=0");
    let refresh = office.cache.lookup(key(), &asking, &office.settings, Allowed, instant(100.0));
    let between = office.reading(101.0);
    let Ok(Lookup::Miss(pending)) = refresh else {
        panic!("max-age=0 de quem pode vai à integração: o certo é Miss, e a sua busca deu outra coisa")
    };
    let _ = office.cache.store(pending, Response::new(200).body("leitura nova"), instant(102.0));
    let after = office.reading(103.0);
    expect_same!(
        (between.as_str(), after.as_str()),
        ("leitura 1", "leitura nova"),
        "o certo é \"leitura 1\" aos 101 s e \"leitura nova\" aos 103 s; vieram {between:?} e {after:?}. O max-age=0 de quem pode \
         chega aos 100 s, e a integração só responde aos 102 s: a resposta velha é substituída por `store`, e até lá ainda atende \
         quem não pediu a invalidação"
    );
}

/// Uma invalidação só troca a entrada da sua chave
#[test]
fn an_invalidation_leaves_the_other_keys() {
    let mut office = Office::new(MethodSettings::cached(ttl(300)), Allowed);
    let valley = get("vale-verde", "?days=3");
    let before = text(&office.ask(0.0, "vale-verde", &valley));
    let fresh = text(&office.refresh(10.0));
    let after = text(&office.ask(20.0, "vale-verde", &valley));
    expect_same!(
        (before.as_str(), fresh.as_str(), after.as_str()),
        ("leitura 1", "leitura 2", "leitura 1"),
        "max-age=0 em serra-clara não mexe em vale-verde, que continua com leitura 1; vieram {before:?}, {fresh:?} e {after:?}"
    );
}

/// Quem não pode invalidar recebe a resposta guardada, com ou sem aviso
#[rstest]
#[case::with_warning(SucceedWithResponseHeader, true)]
#[case::in_silence(SucceedWithoutResponseHeader, false)]
fn an_ignored_invalidation_is_served_from_the_cache(#[case] strategy: UnauthorizedStrategy, #[case] warned: bool) {
    let settings = MethodSettings { unauthorized_strategy: strategy, ..MethodSettings::cached(ttl(300)) };
    let mut office = Office::new(settings, Denied);
    let plain = get("serra-clara", "?days=3");
    // A primeira acha o cache vazio, e a segunda acha a resposta da primeira; a terceira não pede invalidação nenhuma.
    let answers = [office.refresh(0.0), office.refresh(10.0), office.ask(20.0, "serra-clara", &plain)].map(|each| {
        let warning = each.as_ref().is_ok_and(|response| response.headers.get("Warning").is_some());
        (text(&each), warning)
    });
    let expected = [warned, warned, false].map(|warned| ("leitura 1".to_owned(), warned));
    expect_same!(
        answers,
        expected,
        "{strategy:?}: dois max-age=0 de quem não pode e uma leitura comum. O pedido é ignorado, e o aviso, se há, é só de \
         quem pediu, venha a resposta da integração ou do cache. O certo é (corpo, Warning) {expected:?}, veio {answers:?}"
    );
}

/// FAIL_WITH_403 recusa sem tocar no cache
#[test]
fn a_refused_invalidation_changes_nothing() {
    let settings = MethodSettings { unauthorized_strategy: FailWith403, ..MethodSettings::cached(ttl(300)) };
    let mut office = Office::new(settings, Denied);
    let refused = [office.refresh(0.0), (office.reading(1.0), office.refresh(2.0)).1];
    let kinds = refused.map(|each| each.err().map(|refusal| refusal.kind));
    let (after, metrics) = (office.reading(3.0), office.cache.metrics());
    let expected = Metrics { cache_hit_count: 1, cache_miss_count: 1 };
    expect_same!(
        (kinds, after.as_str(), metrics),
        ([Some(GatewayResponseType::AccessDenied); 2], "leitura 1", expected),
        "max-age=0 sem permissão em 0 e em 2 s, leituras em 1 e em 3 s, com FAIL_WITH_403: as duas são recusadas com \
         ACCESS_DENIED, com ou sem resposta guardada, e não contam. Vieram as recusas {kinds:?}, {after:?} no fim e {metrics:?}"
    );
}
