//! O que distingue uma resposta guardada de outra, e o que não distingue.

use std::collections::BTreeMap;

use gateway::caching::{CacheError, IntegrationCache, MethodSettings, StageSettings};
use gateway::model::{Method, Request};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::office::{declared, get, path, ttl};

const CITY: &str = "method.request.path.city";
const DAYS: &str = "method.request.querystring.days";

fn integration(parameters: &[&str], names: &[&str]) -> IntegrationCache {
    IntegrationCache::new("res4f1", None, parameters, &declared(names)).expect("os parâmetros de chave são do método")
}

/// Sem parâmetros na chave, tudo é uma pergunta só: nem o caminho distingue
#[test]
fn without_key_parameters_every_path_is_the_same_question() {
    let integration = integration(&[], &["path.city"]);
    let keys = ["serra-clara", "vale-verde"].map(|city| integration.key("dep1", &get(city, ""), &path(city)));
    expect_same!(
        keys[0],
        keys[1],
        "nenhum parâmetro está na chave, então Serra Clara e Vale Verde dividem a resposta (é o defeito da história); as suas \
         chaves são {:?} e {:?}",
        keys[0],
        keys[1]
    );
}

/// O valor de um parâmetro de caminho vem do roteamento, não do texto da requisição
#[test]
fn a_path_parameter_comes_from_the_route() {
    let integration = integration(&[CITY], &["path.city"]);
    let key = integration.key("dep1", &Request::new(Method::Get, "/v2/previsao"), &path("serra-clara"));
    let expected = BTreeMap::from([(CITY.to_owned(), Some("serra-clara".to_owned()))]);
    expect_same!(
        key.values,
        expected,
        "o roteamento disse city=serra-clara, e o nome na chave é o inteiro: {expected:?}; os seus valores são {:?}",
        key.values
    );
}

/// Dois parâmetros de mesmo nome em lugares diferentes são dois parâmetros
#[test]
fn the_place_is_part_of_the_name() {
    let names = ["path.city", "querystring.city"];
    let integration = integration(&[CITY, "method.request.querystring.city"], &names);
    let key = |query: &str| integration.key("dep1", &get("serra-clara", query), &path("serra-clara"));
    let (with, without) = (key("?city=vale-verde"), key(""));
    assert!(
        with != without,
        "path.city e querystring.city estão os dois na chave, e só o segundo mudou: as chaves são diferentes; as suas são \
         iguais, {with:?}"
    );
}

/// O que não está na chave não distingue, nem o token de quem pergunta
#[test]
fn the_token_is_not_in_the_key() {
    let integration = integration(&[DAYS], &["querystring.days"]);
    let key = |token| integration.key("dep1", &get("a", "?days=3").header("Authorization", token), &path("a"));
    let keys = [key("Bearer ana"), key("Bearer beto")];
    expect_same!(
        keys[0],
        keys[1],
        "`Authorization` não está em cacheKeyParameters, e a Ana e o Beto dividem a resposta; as suas chaves são {:?} e {:?}",
        keys[0],
        keys[1]
    );
}

/// Um parâmetro vazio não é um parâmetro que não veio
#[test]
fn an_empty_parameter_is_not_a_missing_one() {
    let integration = integration(&[DAYS], &["querystring.days"]);
    let values = ["?days=", ""].map(|query| integration.key("dep1", &get("a", query), &path("a")).values);
    let expected = [Some(String::new()), None].map(|value| BTreeMap::from([(DAYS.to_owned(), value)]));
    expect_same!(
        values,
        expected,
        "`?days=` guarda o texto vazio, e a falta de `days` guarda None: {expected:?}; os seus valores são {values:?}"
    );
}

/// Recusa o primeiro parâmetro que o método não tem, também entre os do caminho
#[rstest]
#[case::two_missing(&["method.request.querystring.a", "method.request.querystring.b"], "method.request.querystring.a")]
#[case::of_the_path(&["method.request.path.station"], "method.request.path.station")]
fn the_first_unknown_parameter_is_refused(#[case] parameters: &[&str], #[case] first: &str) {
    let got = IntegrationCache::new("res4f1", None, parameters, &declared(&["path.city"]));
    let expected = Err(CacheError::InvalidCacheKeyParameter(first.to_owned()));
    expect_same!(
        got,
        expected,
        "o método só declara path.city, e a chave pede {parameters:?}: o primeiro que falta é {first}; veio {got:?}"
    );
}

/// `*/*` não liga o cache de nenhum verbo além do GET
#[rstest]
#[case::head(Method::Head)]
#[case::options(Method::Options)]
#[case::delete(Method::Delete)]
fn the_default_is_only_for_get(#[case] method: Method) {
    let every_method = MethodSettings::cached(ttl(300));
    let stage = StageSettings { cache_cluster_enabled: true, every_method, overrides: BTreeMap::new() };
    let got = stage.caching("/cities", method).is_some();
    expect_same!(got, false, "`*/*` liga só os GET, e um {method} não passa pelo cache; no seu, passa");
}
