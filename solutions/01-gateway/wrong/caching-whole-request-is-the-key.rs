//! Engano: pôr na chave tudo o que veio na query; só os cacheKeyParameters distinguem uma resposta da outra.
//!
//! O cache de respostas de um stage de API REST.
//!
//! ```text
//!   requisição ─▶ chave ─▶ há resposta no prazo? ──sim──▶ cliente
//!                                   │ não, ou max-age=0 de quem pode
//!                                   ▼
//!                               integração ─▶ guarda ─▶ cliente
//! ```
//!
//! Segue <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>.

use std::collections::BTreeMap;
use std::time::Duration;

use time::UtcDateTime;

use crate::model::{Method, Refusal, Request, Response};

/// Uma configuração que a AWS não aceita.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// O TTL está fora dos limites; traz os segundos pedidos.
    #[error("o TTL do cache não pode ser de {0} s")]
    InvalidTtl(i64),
    /// O parâmetro de chave não é um dos `requestParameters` do método; traz o parâmetro.
    #[error("Invalid cache key parameter specified")]
    InvalidCacheKeyParameter(String),
}

/// Por quanto tempo uma resposta guardada vale (`cacheTtlInSeconds`). Zero desliga o cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(Duration);

impl Ttl {
    /// Um TTL, em segundos; `None` é o campo que não veio e vale o padrão.
    ///
    /// # Errors
    /// [`CacheError::InvalidTtl`] fora dos limites.
    pub fn new(seconds: Option<i64>) -> Result<Self, CacheError> {
        match seconds.unwrap_or(300) {
            seconds @ 0..=3_600 => Ok(Self(Duration::from_secs(seconds.unsigned_abs()))),
            seconds => Err(CacheError::InvalidTtl(seconds)),
        }
    }

    /// O prazo.
    pub fn duration(self) -> Duration {
        self.0
    }
}

/// O que fazer com um pedido de invalidação de quem não pode (`unauthorizedCacheControlHeaderStrategy`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnauthorizedStrategy {
    /// `FAIL_WITH_403`: recusa a requisição.
    FailWith403,
    /// `SUCCEED_WITH_RESPONSE_HEADER`: ignora o pedido e avisa em um cabeçalho da resposta.
    #[default]
    SucceedWithResponseHeader,
    /// `SUCCEED_WITHOUT_RESPONSE_HEADER`: ignora o pedido sem avisar.
    SucceedWithoutResponseHeader,
}

/// As configurações de cache de um método, ou de todos (`*/*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodSettings {
    /// `cachingEnabled`.
    pub caching_enabled: bool,
    /// `cacheTtlInSeconds`.
    pub ttl: Ttl,
    /// `requireAuthorizationForCacheControl`: só quem tem permissão invalida uma entrada.
    pub require_authorization_for_cache_control: bool,
    /// `unauthorizedCacheControlHeaderStrategy`.
    pub unauthorized_strategy: UnauthorizedStrategy,
}

impl MethodSettings {
    /// O cache ligado, com este TTL e os outros padrões: invalidar exige permissão, e quem não tem recebe um aviso.
    pub fn cached(ttl: Ttl) -> Self {
        Self {
            caching_enabled: true,
            ttl,
            require_authorization_for_cache_control: true,
            unauthorized_strategy: UnauthorizedStrategy::default(),
        }
    }
}

/// As configurações de cache de um stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSettings {
    /// `cacheClusterEnabled`: o stage tem um cache.
    pub cache_cluster_enabled: bool,
    /// As de `*/*`.
    pub every_method: MethodSettings,
    /// As sobrescritas, por caminho do recurso (`/cities/{city}`) e verbo. Cada uma vale inteira no lugar de `*/*`.
    pub overrides: BTreeMap<(String, Method), MethodSettings>,
}

impl StageSettings {
    /// As configurações com que o cache atende um método, ou `None` quando o método não passa pelo cache.
    pub fn caching(&self, resource_path: &str, method: Method) -> Option<MethodSettings> {
        let own = self.overrides.get(&(resource_path.to_owned(), method)).copied();
        let inherited = (method == Method::Get).then_some(self.every_method);
        let settings = own.or(inherited).filter(|_| self.cache_cluster_enabled)?;
        (settings.caching_enabled && settings.ttl.duration() > Duration::ZERO).then_some(settings)
    }
}

/// Os parâmetros de caminho que o roteamento achou.
pub type PathParameters = BTreeMap<String, String>;

/// O que identifica uma resposta guardada.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey {
    /// O deployment que responde: o do stage ou o do canary.
    pub deployment_id: String,
    /// O `cacheNamespace`.
    pub cache_namespace: String,
    /// O verbo.
    pub method: Method,
    /// Cada parâmetro de chave e o valor dele; `None` quando não veio.
    pub values: BTreeMap<String, Option<String>>,
}

/// A parte da integração que diz o que entra na chave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationCache {
    /// `cacheNamespace`: integrações com o mesmo nome dividem as respostas guardadas.
    pub cache_namespace: String,
    /// `cacheKeyParameters`: como `method.request.path.city`.
    pub cache_key_parameters: Vec<String>,
}

impl IntegrationCache {
    /// A configuração de uma integração. Sem `cache_namespace`, vale o padrão.
    ///
    /// # Errors
    /// [`CacheError::InvalidCacheKeyParameter`] no primeiro parâmetro que o método não declara.
    pub fn new(
        resource_id: &str,
        cache_namespace: Option<&str>,
        cache_key_parameters: &[&str],
        request_parameters: &BTreeMap<String, bool>,
    ) -> Result<Self, CacheError> {
        let unknown = cache_key_parameters.iter().find(|name| !request_parameters.contains_key(**name));
        if let Some(name) = unknown {
            return Err(CacheError::InvalidCacheKeyParameter((*name).to_owned()));
        }
        Ok(Self {
            cache_namespace: cache_namespace.unwrap_or(resource_id).to_owned(),
            cache_key_parameters: cache_key_parameters.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    /// A chave de uma requisição que este deployment atende.
    pub fn key(&self, deployment_id: &str, request: &Request, path: &PathParameters) -> CacheKey {
        let value = |parameter: &str| {
            let (location, name) = parameter.strip_prefix("method.request.")?.split_once('.')?;
            match location {
                "header" => request.headers.get_exact(name),
                "path" => path.get(name).map(String::as_str),
                "querystring" => request.query.get(name),
                _ => None,
            }
        };
        let values = self.cache_key_parameters.iter();
        CacheKey {
            deployment_id: deployment_id.to_owned(),
            cache_namespace: self.cache_namespace.clone(),
            method: request.method,
            values: values
                .map(|each| (each.clone(), value(each).map(str::to_owned)))
                .chain(request.query.iter().map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
                .collect(),
        }
    }
}

/// Se as políticas do IAM dão a quem chama a ação `execute-api:InvalidateCache` neste método.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidateCache {
    /// Dão.
    Allowed,
    /// Não dão, ou a requisição não veio assinada.
    Denied,
}

/// O que fazer com o `Cache-Control` de uma requisição.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheControl {
    /// Atender pelo cache, como qualquer outra.
    Use,
    /// Atender pelo cache e avisar na resposta que o pedido foi ignorado.
    UseAndWarn,
    /// Buscar na integração e trocar a resposta guardada.
    Refresh,
    /// Recusar com 403.
    Refuse,
}

/// Decide o que fazer com o `Cache-Control` da requisição.
pub fn cache_control(request: &Request, settings: &MethodSettings, permission: InvalidateCache) -> CacheControl {
    let asks = request.headers.get_all("Cache-Control").flat_map(|value| value.split(','));
    if !asks.map(str::trim).any(|directive| directive == "max-age=0") {
        return CacheControl::Use;
    }
    if !settings.require_authorization_for_cache_control || permission == InvalidateCache::Allowed {
        return CacheControl::Refresh;
    }
    match settings.unauthorized_strategy {
        UnauthorizedStrategy::FailWith403 => CacheControl::Refuse,
        UnauthorizedStrategy::SucceedWithResponseHeader => CacheControl::UseAndWarn,
        UnauthorizedStrategy::SucceedWithoutResponseHeader => CacheControl::Use,
    }
}

/// A mesma resposta com o cabeçalho `Warning`, que avisa que o `Cache-Control` foi ignorado.
pub fn with_warning(response: Response) -> Response {
    response.header("Warning", "199 - \"Cache-Control ignored: not authorized to invalidate the cache\"")
}

/// Uma resposta guardada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A resposta, como a integração a deu.
    pub response: Response,
    /// Até quando ela vale.
    pub expires_at: UtcDateTime,
}

/// As métricas do cache no CloudWatch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// `CacheHitCount`: requisições respondidas pelo cache.
    pub cache_hit_count: u64,
    /// `CacheMissCount`: requisições que passaram pelo cache e foram respondidas pela integração.
    pub cache_miss_count: u64,
}

/// O resultado de uma busca.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A resposta para o cliente; a integração não é chamada.
    Hit(Response),
    /// Chame a integração e entregue a resposta dela a [`Cache::store`], com isto.
    Miss(Pending),
}

/// O que [`Cache::store`] precisa saber de uma requisição que foi à integração.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Onde guardar a resposta.
    pub key: CacheKey,
    /// Por quanto tempo ela vale.
    pub ttl: Duration,
    /// Verdadeiro quando o cliente tem de receber o `Warning`.
    pub warn: bool,
}

/// O cache de um stage.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    entries: BTreeMap<CacheKey, Entry>,
    metrics: Metrics,
}

impl Cache {
    /// O tamanho da maior resposta que o cache guarda, em bytes.
    pub const MAXIMUM_RESPONSE_SIZE: usize = 1_048_576;

    /// Um cache vazio.
    pub fn new() -> Self {
        Self::default()
    }

    /// As métricas até aqui.
    pub fn metrics(&self) -> Metrics {
        self.metrics
    }

    /// O que está guardado, inclusive o que já venceu.
    pub fn entries(&self) -> &BTreeMap<CacheKey, Entry> {
        &self.entries
    }

    /// Procura a resposta de uma requisição, no instante `now`.
    ///
    /// # Errors
    /// [`Refusal`] quando o cliente pede uma invalidação que não pode fazer e a estratégia é recusar.
    pub fn lookup(
        &mut self,
        key: CacheKey,
        request: &Request,
        settings: &MethodSettings,
        permission: InvalidateCache,
        now: UtcDateTime,
    ) -> Result<Lookup, Refusal> {
        use crate::model::GatewayResponseType;

        let decision = cache_control(request, settings, permission);
        if decision == CacheControl::Refuse {
            let message = "not authorized to invalidate the cache";
            return Err(Refusal::new(GatewayResponseType::AccessDenied, message));
        }
        let warn = decision == CacheControl::UseAndWarn;
        let entry = self.entries.get(&key).filter(|entry| decision != CacheControl::Refresh && now < entry.expires_at);
        if let Some(entry) = entry {
            self.metrics.cache_hit_count += 1;
            let response = entry.response.clone();
            return Ok(Lookup::Hit(if warn { with_warning(response) } else { response }));
        }
        self.metrics.cache_miss_count += 1;
        Ok(Lookup::Miss(Pending { key, ttl: settings.ttl.duration(), warn }))
    }

    /// Guarda a resposta que a integração deu no instante `now`, se ela couber, e devolve a que vai para o cliente.
    pub fn store(&mut self, pending: Pending, response: Response, now: UtcDateTime) -> Response {
        if response.body.len() <= Self::MAXIMUM_RESPONSE_SIZE {
            let entry = Entry { response: response.clone(), expires_at: now + pending.ttl };
            self.entries.insert(pending.key, entry);
        } else {
            self.entries.remove(&pending.key);
        }
        if pending.warn { with_warning(response) } else { response }
    }

    /// Esvazia o cache do stage (`FlushStageCache`).
    pub fn flush(&mut self) {
        self.entries.clear();
    }
}
