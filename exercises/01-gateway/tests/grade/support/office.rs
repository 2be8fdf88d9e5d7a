//! Um stage com cache e a integração por trás dele, para os testes do passo `caching`.

use std::collections::BTreeMap;
use std::time::Duration;

use gateway::caching::{
    Cache, CacheKey, IntegrationCache, InvalidateCache, Lookup, MethodSettings, PathParameters, Ttl,
};
use gateway::model::{Method, Refusal, Request, Response};
use time::UtcDateTime;
use time::macros::utc_datetime;

/// A hora em que as histórias começam.
pub const NOON: UtcDateTime = utc_datetime!(2026-11-22 12:00);

/// Um TTL que a AWS aceita.
pub fn ttl(seconds: i64) -> Ttl {
    Ttl::new(Some(seconds)).expect("um TTL de 0 a 3.600 s é válido")
}

/// Os `requestParameters` de um método, nenhum obrigatório.
pub fn declared(names: &[&str]) -> BTreeMap<String, bool> {
    names.iter().map(|name| (format!("method.request.{name}"), false)).collect()
}

/// A integração da previsão, com a cidade e os dias na chave; o idioma e a unidade ficam de fora.
pub fn integration(namespace: Option<&str>) -> IntegrationCache {
    let names = ["path.city", "querystring.days", "querystring.unit", "header.Accept-Language"];
    let key = ["method.request.path.city", "method.request.querystring.days"];
    IntegrationCache::new("res4f1", namespace, &key, &declared(&names))
        .expect("`days` e `city` estão em request_parameters, com `false`, e isso basta para entrarem na chave")
}

/// Os parâmetros de caminho de `/cities/{city}`.
pub fn path(city: &str) -> PathParameters {
    BTreeMap::from([("city".to_owned(), city.to_owned())])
}

/// `GET /cities/{city}/forecast`, com esta query.
pub fn get(city: &str, query: &str) -> Request {
    Request::new(Method::Get, &format!("/cities/{city}/forecast{query}"))
}

/// Um stage com cache e a integração por trás dele, que numera as respostas: `leitura 1`, `leitura 2` …
pub struct Office {
    pub cache: Cache,
    pub settings: MethodSettings,
    permission: InvalidateCache,
    pub calls: u64,
}

impl Office {
    /// O cache vazio, e quem pergunta tem esta permissão.
    pub fn new(settings: MethodSettings, permission: InvalidateCache) -> Self {
        Self { cache: Cache::new(), settings, permission, calls: 0 }
    }

    /// Com os padrões e este TTL, e quem pergunta não pode invalidar.
    pub fn with_ttl(seconds: i64) -> Self {
        Self::new(MethodSettings::cached(ttl(seconds)), InvalidateCache::Denied)
    }

    /// Pergunta aos `at` segundos, pelo deployment `dep1`, e a integração responde na hora.
    pub fn ask(&mut self, at: f64, city: &str, request: &Request) -> Result<Response, Refusal> {
        let key = integration(None).key("dep1", request, &path(city));
        self.ask_with(at, at, key, request)
    }

    /// Pergunta aos `at` segundos, e a integração responde aos `answered_at`.
    pub fn ask_with(
        &mut self,
        at: f64,
        answered_at: f64,
        key: CacheKey,
        request: &Request,
    ) -> Result<Response, Refusal> {
        match self.cache.lookup(key, request, &self.settings, self.permission, instant(at))? {
            Lookup::Hit(response) => Ok(response),
            Lookup::Miss(pending) => {
                self.calls += 1;
                let response = Response::new(203).header("X-Station", "01").body(format!("leitura {}", self.calls));
                Ok(self.cache.store(pending, response, instant(answered_at)))
            }
        }
    }

    /// O corpo da resposta a `GET …/serra-clara/forecast?days=3`.
    pub fn reading(&mut self, at: f64) -> String {
        text(&self.ask(at, "serra-clara", &get("serra-clara", "?days=3")))
    }

    /// O mesmo, com `Cache-Control: max-age=0`.
    pub fn refresh(&mut self, at: f64) -> Result<Response, Refusal> {
        self.ask(at, "serra-clara", &get("serra-clara", "?days=3").header("Cache-Control", "max-age=0"))
    }
}

/// `seconds` depois do meio-dia.
pub fn instant(seconds: f64) -> UtcDateTime {
    NOON + Duration::from_secs_f64(seconds)
}

/// O corpo, ou a recusa.
pub fn text(result: &Result<Response, Refusal>) -> String {
    result.as_ref().map_or_else(ToString::to_string, Response::body_text)
}

/// `203 [("X-Station", "01")] "leitura 1"`.
pub fn whole(result: &Result<Response, Refusal>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |response| {
        let headers: Vec<_> = response.headers.iter().collect();
        format!("{} {headers:?} {:?}", response.status, response.body_text())
    })
}
