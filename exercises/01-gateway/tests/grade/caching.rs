//! Avalia o passo `caching`: as configurações, a chave, o prazo e a invalidação por chave.

use std::collections::BTreeMap;
use std::time::Duration;

use gateway::caching::{
    CacheError, IntegrationCache, InvalidateCache, Lookup, MethodSettings, Metrics, StageSettings, Ttl,
    UnauthorizedStrategy,
};
use gateway::model::{Method, Request, Response};
use kit::text::{duration, thousands};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::office::{NOON, Office, declared, get, integration, path, text, ttl, whole};
use InvalidateCache::Denied;
use UnauthorizedStrategy::{FailWith403, SucceedWithResponseHeader};

const FORECAST: &str = "/cities/{city}/forecast";

/// O TTL vai de 0 a 3.600 s, e o padrão é 300
#[rstest]
#[case::default(None, Some(300))]
#[case::maximum(Some(3_600), Some(3_600))]
#[case::above_the_maximum(Some(3_601), None)]
#[case::negative(Some(-1), None)]
fn the_ttl_has_limits(#[case] seconds: Option<i64>, #[case] expected: Option<u64>) {
    let got = Ttl::new(seconds).map(Ttl::duration);
    let expected = expected.map(Duration::from_secs).ok_or(CacheError::InvalidTtl(seconds.unwrap_or_default()));
    expect_same!(
        got,
        expected,
        "cacheTtlInSeconds {seconds:?}: o padrão é 300 s, o máximo é 3.600 e 0 é um valor válido. O certo é {expected:?}, \
         veio {got:?}"
    );
}

/// Só GET passa pelo cache, e cada método pode ser sobrescrito
#[rstest]
#[case::get(true, true, None, Method::Get, true)]
#[case::get_without_the_switch(true, false, None, Method::Get, false)]
#[case::post(true, true, None, Method::Post, false)]
#[case::post_turned_on(true, true, Some((true, 60)), Method::Post, true)]
#[case::get_turned_off(true, true, Some((false, 300)), Method::Get, false)]
#[case::get_turned_on(true, false, Some((true, 10)), Method::Get, true)]
#[case::get_with_ttl_zero(true, true, Some((true, 0)), Method::Get, false)]
#[case::no_cluster(false, true, Some((true, 60)), Method::Get, false)]
fn only_get_is_cached_unless_overridden(
    #[case] cache_cluster_enabled: bool,
    #[case] every_method: bool,
    #[case] own: Option<(bool, i64)>,
    #[case] method: Method,
    #[case] expected: bool,
) {
    let settings = |(caching_enabled, seconds), unauthorized_strategy| MethodSettings {
        caching_enabled,
        unauthorized_strategy,
        ..MethodSettings::cached(ttl(seconds))
    };
    let every_method = settings((every_method, 300), SucceedWithResponseHeader);
    let own = own.map(|own| settings(own, FailWith403));
    let overrides = own.map(|own| ((FORECAST.to_owned(), method), own)).into_iter().collect();
    let got = StageSettings { cache_cluster_enabled, every_method, overrides }.caching(FORECAST, method);
    let expected = expected.then(|| own.unwrap_or(every_method));
    let brief = |settings: &Option<MethodSettings>| match settings {
        None => "nada".to_owned(),
        Some(each) => {
            let switch = if each.caching_enabled { "ligado" } else { "desligado" };
            format!("{switch}, TTL {}, {:?}", duration(each.ttl.duration()), each.unauthorized_strategy)
        }
    };
    expect_same!(
        got,
        expected,
        "{method} {FORECAST}, com cluster: {cache_cluster_enabled}, `*/*`: {}, sobrescrita: {}. `*/*` só serve ao GET, a \
         sobrescrita vale inteira no lugar dele, e TTL 0 desliga. O certo é {}, veio {}",
        brief(&Some(every_method)),
        brief(&own),
        brief(&expected),
        brief(&got)
    );
}

/// Uma sobrescrita é de um método de um recurso
#[test]
fn an_override_belongs_to_one_method_of_one_resource() {
    let every_method = MethodSettings::cached(ttl(300));
    let overrides = BTreeMap::from([((FORECAST.to_owned(), Method::Get), MethodSettings::cached(ttl(60)))]);
    let stage = StageSettings { cache_cluster_enabled: true, every_method, overrides };
    for (resource, method, expected) in
        [(FORECAST, Method::Get, Some(60)), (FORECAST, Method::Post, None), ("/cities", Method::Get, Some(300))]
    {
        let got = stage.caching(resource, method).map(|settings| settings.ttl.duration().as_secs());
        expect_same!(
            got,
            expected,
            "`*/*` tem TTL de 300 s e só GET {FORECAST} tem uma sobrescrita, de 60 s: em {method} {resource} espera-se \
             {expected:?}, veio {got:?}"
        );
    }
}

/// Um parâmetro de chave tem de ser do método
#[rstest]
#[case::undeclared("method.request.querystring.day")]
#[case::another_place("method.request.querystring.city")]
fn a_key_parameter_is_one_of_the_method(#[case] parameter: &str) {
    let parameters = ["method.request.querystring.days", parameter];
    let got = IntegrationCache::new("res4f1", None, &parameters, &declared(&["path.city", "querystring.days"]));
    let expected = Err(CacheError::InvalidCacheKeyParameter(parameter.to_owned()));
    expect_same!(
        got,
        expected,
        "o método declara path.city e querystring.days, e a chave pede {parameters:?}: o certo é {expected:?}, veio {got:?}"
    );
}

/// A chave só tem os parâmetros escolhidos
#[rstest]
#[case::other_city("outra cidade", "vale-verde", get("vale-verde", "?days=3"), false)]
#[case::other_days("outros dias", "serra-clara", get("serra-clara", "?days=5"), false)]
#[case::without_days("sem os dias", "serra-clara", get("serra-clara", ""), false)]
#[case::outside_the_key("com unit=F", "serra-clara", get("serra-clara", "?unit=F&days=3"), true)]
#[case::header("com outro cabeçalho", "serra-clara", get("serra-clara", "?days=3").header("Accept-Language", "de"), true)]
#[case::body("com um corpo", "serra-clara", get("serra-clara", "?days=3").body("{}"), true)]
fn the_key_has_only_the_chosen_parameters(
    #[case] what: &str,
    #[case] city: &str,
    #[case] request: Request,
    #[case] hit: bool,
) {
    let mut office = Office::with_ttl(300);
    office.reading(0.0);
    let got = text(&office.ask(10.0, city, &request));
    let expected = if hit { "leitura 1" } else { "leitura 2" };
    expect_same!(
        got,
        expected,
        "a chave é path.city e querystring.days. Depois de /cities/serra-clara/forecast?days=3, que ficou com leitura 1, vem \
         uma requisição {what}: o certo é {expected:?}, veio {got:?}"
    );
}

/// Um cabeçalho escolhido entra na chave
#[test]
fn a_chosen_header_is_part_of_the_key() {
    let chosen = ["method.request.header.Accept-Language"];
    let integration = IntegrationCache::new("res4f1", None, &chosen, &declared(&["header.Accept-Language"]))
        .expect("o cabeçalho é do método");
    let key = |language| integration.key("dep1", &get("a", "").header("Accept-Language", language), &path("a"));
    assert!(
        key("pt") != key("de") && key("pt") == key("pt"),
        "Accept-Language está nos cacheKeyParameters: pt e de são duas respostas. Vieram {:?} e {:?}",
        key("pt"),
        key("de")
    );
}

/// Cada deployment tem as suas respostas, e um namespace igual as divide
#[rstest]
#[case::canary(("dep1", None), ("dep2", None), false)]
#[case::another_namespace(("dep1", None), ("dep1", Some("previsao")), false)]
#[case::shared_namespace_in_the_canary(("dep1", Some("previsao")), ("dep2", Some("previsao")), false)]
fn entries_belong_to_a_deployment_and_a_namespace(
    #[case] first: (&str, Option<&str>),
    #[case] second: (&str, Option<&str>),
    #[case] shared: bool,
) {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    let key = |(deployment, namespace): (&str, Option<&str>)| {
        integration(namespace).key(deployment, &request, &path("serra-clara"))
    };
    let answers: Vec<String> = [first, second, first]
        .into_iter()
        .zip([0.0, 1.0, 2.0])
        .map(|(from, at)| text(&office.ask_with(at, at, key(from), &request)))
        .collect();
    let expected = ["leitura 1", if shared { "leitura 1" } else { "leitura 2" }, "leitura 1"];
    expect_same!(
        answers,
        expected,
        "a mesma requisição por (deployment, namespace) {first:?}, {second:?} e {first:?} de novo: o certo é {expected:?}, \
         veio {answers:?}"
    );
}

/// O namespace padrão é o id do recurso, e com o mesmo nome dois recursos dividem a resposta
#[test]
fn two_resources_share_a_namespace_only_by_name() {
    let parameters = ["method.request.path.city"];
    for (namespace, expected) in [(None, ["res4f1", "res7a2"]), (Some("previsao"), ["previsao", "previsao"])] {
        let got = ["res4f1", "res7a2"].map(|resource| {
            IntegrationCache::new(resource, namespace, &parameters, &declared(&["path.city"]))
                .map(|each| each.key("dep1", &get("serra-clara", ""), &path("serra-clara")).cache_namespace)
        });
        expect_same!(
            got,
            expected.map(|each| Ok(each.to_owned())),
            "recursos res4f1 e res7a2 com cacheNamespace {namespace:?}: o certo é {expected:?} na chave, veio {got:?}"
        );
    }
}

/// Um acerto devolve a resposta inteira, sem chamar a integração
#[test]
fn a_hit_returns_the_whole_response() {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    let (first, second) = (office.ask(0.0, "serra-clara", &request), office.ask(10.0, "serra-clara", &request));
    expect_same!(
        (&second, office.calls),
        (&first, 1),
        "10 s depois da primeira, {}, a mesma requisição recebe a resposta guardada, igual em status, cabeçalhos e corpo, sem \
         chamar a integração; veio {}, e as chamadas foram {}",
        whole(&first),
        whole(&second),
        office.calls
    );
}

/// A resposta vale pelo TTL, contado de quando foi guardada
#[rstest]
#[case::default_just_before(None, 299.9, "leitura 1")]
#[case::default_just_after(None, 300.1, "leitura 2")]
#[case::one_hour_just_before(Some(3_600), 3_599.9, "leitura 1")]
fn an_entry_lives_for_the_ttl(#[case] seconds: Option<i64>, #[case] at: f64, #[case] expected: &str) {
    let ttl = Ttl::new(seconds).expect("o TTL do caso é válido");
    let mut office = Office::new(MethodSettings::cached(ttl), Denied);
    office.reading(0.0);
    let (got, at) = (office.reading(at), duration(Duration::from_secs_f64(at)));
    expect_same!(
        got,
        expected,
        "cacheTtlInSeconds {seconds:?} e leitura 1 guardada em 0 s: em {at} o certo é {expected:?}, veio {got:?}"
    );
}

/// Um acerto não renova o prazo, e o prazo conta da resposta
#[rstest]
#[case::hits_do_not_renew(0.0, &[(200.0, "leitura 1"), (290.0, "leitura 1"), (310.0, "leitura 2"), (600.0, "leitura 2")])]
#[case::slow_backend(20.0, &[(310.0, "leitura 1"), (321.0, "leitura 2")])]
fn the_deadline_counts_from_the_answer(#[case] answered_at: f64, #[case] later: &[(f64, &str)]) {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    let key = integration(None).key("dep1", &request, &path("serra-clara"));
    let first = text(&office.ask_with(0.0, answered_at, key, &request));
    expect_same!(first, "leitura 1", "não havia nada guardado; veio {first:?}");
    for &(at, expected) in later {
        let got = office.reading(at);
        expect_same!(
            got,
            expected,
            "TTL de 300 s, pergunta em 0 s e resposta guardada em {answered_at} s: o prazo conta daí, e um acerto não o \
             renova. Em {at} s o certo é {expected:?}, veio {got:?}"
        );
    }
}

/// Uma resposta grande demais chega ao cliente, mas não fica guardada
#[rstest]
#[case::the_largest(1_048_576, true)]
#[case::one_byte_more(1_048_577, false)]
fn a_large_response_is_not_kept(#[case] size: usize, #[case] kept: bool) {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    let key = integration(None).key("dep1", &request, &path("serra-clara"));
    let first = office.cache.lookup(key, &request, &office.settings, Denied, NOON);
    let Ok(Lookup::Miss(pending)) = first else { panic!("o cache está vazio, e a busca não deu Miss") };
    let response = Response::new(200).body(vec![b'x'; size]);
    let delivered = office.cache.store(pending, response, NOON).body.len();
    let again = office.reading(1.0).len();
    let expected = if kept { size } else { "leitura 1".len() };
    expect_same!(
        (delivered, again),
        (size, expected),
        "o limite é 1.048.576 bytes: de um corpo de {}, o cliente recebe tudo, e a requisição seguinte recebe {} bytes; \
         vieram {} e {}",
        thousands(size),
        thousands(expected),
        thousands(delivered),
        thousands(again)
    );
}

/// Esvaziar o cache leva as respostas de todos os deployments
#[test]
fn a_flush_takes_everything() {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    let key = |deployment| integration(None).key(deployment, &request, &path("serra-clara"));
    for (at, deployment) in [(0.0, "dep1"), (1.0, "dep2")] {
        text(&office.ask_with(at, at, key(deployment), &request));
    }
    office.cache.flush();
    let after = ["dep1", "dep2"].map(|deployment| text(&office.ask_with(10.0, 10.0, key(deployment), &request)));
    let metrics = office.cache.metrics();
    expect_same!(
        (after.clone(), metrics),
        (["leitura 3".to_owned(), "leitura 4".to_owned()], Metrics { cache_hit_count: 0, cache_miss_count: 4 }),
        "depois do flush, os dois deployments voltam à integração, e as métricas não voltam atrás: vieram {after:?} e \
         {metrics:?}"
    );
}

/// Dez minutos de um pedido por segundo: duas idas à integração
#[test]
fn ten_minutes_of_one_request_per_second() {
    let mut office = Office::with_ttl(300);
    let request = get("serra-clara", "?days=3");
    for second in 0..600 {
        let at = f64::from(second) + 0.5;
        let key = integration(None).key("dep1", &request, &path("serra-clara"));
        let _ = office.ask_with(at, at + 0.2, key, &request);
    }
    let metrics = office.cache.metrics();
    let expected = Metrics { cache_hit_count: 598, cache_miss_count: 2 };
    expect_same!(
        metrics,
        expected,
        "TTL de 300 s e 600 requisições, de 0,5 a 599,5 s, que a integração responde em 0,2 s: vão à integração a de 0,5 s e \
         a de 301,5 s. O certo é {expected:?}, veio {metrics:?}"
    );
}

mod invalidation;
mod key;
