//! O que corre pelo caminho inteiro de uma requisição: as partes prontas, o que cada uma diz e o registro do que aconteceu.
//!
//! ```text
//!   route ─▶ resource_policy ─▶ authenticate ─▶ usage_plan ─▶ validate ─▶ cached ─▶ integrate ─▶ store
//!     └────────────┴─────────────────┴─────────────┴────────────┴───────────┴──── Refusal ─▶ gateway response
//! ```
//!
//! As partes são os outros passos do capítulo; quem as põe em ordem é o passo `pipeline`.

use std::collections::BTreeMap;
use std::time::Duration;

use time::UtcDateTime;

use crate::model::{GatewayResponseType, Method, Refusal, Request, Response};

/// O recurso e o método que atendem a requisição.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// O método, que pode ser o `ANY` do recurso: aqui, sempre o verbo da requisição.
    pub method: Method,
    /// O caminho do recurso, com os nomes dos parâmetros: `/cities/{city}`.
    pub resource_path: String,
    /// O valor de cada parâmetro de caminho.
    pub path_parameters: BTreeMap<String, String>,
}

/// O que uma política diz de uma requisição.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Um `Allow` casa, e nenhum `Deny`.
    Allow,
    /// Nada casa.
    Silent,
    /// Um `Deny` casa.
    Deny,
}

/// De que conta é quem chama.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Account {
    /// Da conta dona da API.
    #[default]
    Same,
    /// De outra conta.
    Other,
}

/// Quem chama, depois de autenticado.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// O que a política dele, ou a que o authorizer devolveu, diz deste método; `None` quando o método não tem authorizer.
    pub verdict: Option<Verdict>,
    /// De que conta ele é.
    pub account: Account,
    /// Quem ele é.
    pub principal_id: Option<String>,
    /// O que o authorizer contou dele; na integração, `$context.authorizer.NOME`.
    pub context: BTreeMap<String, String>,
    /// A chave de API que o authorizer deu a ele, se a API usa `apiKeySource` `AUTHORIZER`.
    pub usage_identifier_key: Option<String>,
}

/// O que o cache tem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cached {
    /// O método não usa cache.
    Off,
    /// Uma resposta guardada que ainda vale.
    Hit(Response),
    /// Nada que valha: a integração responde, e a resposta pode ser guardada.
    Miss,
}

/// As partes de uma API REST, uma por etapa. Nos testes, um roteiro ou os passos de referência; no laboratório, os seus.
#[allow(async_fn_in_trait, reason = "as partes rodam na tarefa de quem chama e não precisam ser `Send`")]
pub trait Parts {
    /// Acha o recurso e o método.
    ///
    /// # Errors
    /// Se não há nenhum.
    fn route(&mut self, request: &Request) -> Result<Matched, Refusal>;

    /// O que a política de recursos da API diz; `None` quando a API não tem uma.
    fn resource_policy(&mut self, request: &Request, matched: &Matched) -> Option<Verdict>;

    /// Autentica quem chama: chama o authorizer do método, se ele tem um.
    ///
    /// # Errors
    /// Se a identidade falta ou não serve, ou se o authorizer falhou.
    async fn authenticate(&mut self, request: &Request, matched: &Matched) -> Result<Caller, Refusal>;

    /// Confere a chave de API, gasta uma ficha de cada balde e desconta a cota.
    ///
    /// # Errors
    /// Se a chave não serve, se não há fichas ou se a cota acabou.
    fn usage_plan(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<(), Refusal>;

    /// Confere os parâmetros e o corpo.
    ///
    /// # Errors
    /// Se algo falta ou não segue o modelo.
    fn validate(&mut self, request: &Request, matched: &Matched) -> Result<(), Refusal>;

    /// Procura a resposta no cache.
    ///
    /// # Errors
    /// Se o cliente pediu para invalidar a entrada e não pode.
    fn cached(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<Cached, Refusal>;

    /// Transforma a requisição, chama a integração e transforma a resposta.
    ///
    /// # Errors
    /// Se nenhum mapping template serve, ou se a integração falhou ou demorou.
    async fn integrate(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<Response, Refusal>;

    /// Guarda no cache a resposta da integração e devolve a que vai para o cliente: a mesma, ou com um aviso do cache a mais.
    fn store(&mut self, request: &Request, matched: &Matched, response: Response) -> Response;
}

/// O que não muda de uma requisição para outra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageInfo {
    /// A região da API: `sa-east-1`.
    pub region: String,
    /// A conta dona da API.
    pub account_id: String,
    /// A API: `a1b2c3d4e5`.
    pub api_id: String,
    /// O stage: `prod`.
    pub stage: String,
}

impl StageInfo {
    /// O ARN do método, com o caminho da requisição (e não o do recurso).
    pub fn method_arn(&self, method: Method, path: &str) -> String {
        let Self { region, account_id, api_id, stage } = self;
        format!("arn:aws:execute-api:{region}:{account_id}:{api_id}/{stage}/{method}{path}")
    }
}

/// O ARN como a AWS o mostra a quem foi recusado: com os oito primeiros dígitos da conta escondidos.
pub fn masked(arn: &str) -> String {
    let mut parts: Vec<_> = arn.splitn(6, ':').map(str::to_owned).collect();
    if let Some(account) = parts.get_mut(4) {
        *account = account.char_indices().map(|(index, digit)| if index < 8 { '*' } else { digit }).collect();
    }
    parts.join(":")
}

/// O que distingue uma requisição das outras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// O identificador que o API Gateway deu à requisição.
    pub request_id: String,
    /// Quando ela chegou.
    pub at: UtcDateTime,
}

/// Como o cache foi usado.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheUse {
    /// O método não usa cache, ou a requisição parou antes dele.
    #[default]
    NotUsed,
    /// A resposta veio do cache.
    Hit,
    /// A resposta veio da integração.
    Miss,
}

/// O registro de uma requisição atendida ou recusada: dele saem o log de acesso e as métricas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// A API e o stage.
    pub info: StageInfo,
    /// O identificador e a chegada.
    pub arrival: Arrival,
    /// O verbo.
    pub method: Method,
    /// O caminho, sem o stage.
    pub path: String,
    /// O endereço IP de quem chamou.
    pub source_ip: String,
    /// O cabeçalho `User-Agent`.
    pub user_agent: Option<String>,
    /// O recurso, se a requisição chegou a um.
    pub resource_path: Option<String>,
    /// Quem chamou, se foi autenticado.
    pub principal_id: Option<String>,
    /// O que o authorizer contou.
    pub context: BTreeMap<String, String>,
    /// A recusa, se houve uma.
    pub refusal: Option<Refusal>,
    /// O status que o cliente recebeu.
    pub status: u16,
    /// O tamanho do corpo que o cliente recebeu, em bytes.
    pub response_length: usize,
    /// Da chegada da requisição à saída da resposta.
    pub latency: Duration,
    /// O tempo da integração; `None` quando ela não foi chamada.
    pub integration_latency: Option<Duration>,
    /// Como o cache foi usado.
    pub cache: CacheUse,
}

impl Exchange {
    /// O registro de uma requisição que acabou de chegar: ainda não passou por nada.
    pub fn new(info: &StageInfo, arrival: &Arrival, request: &Request) -> Self {
        Self {
            info: info.clone(),
            arrival: arrival.clone(),
            method: request.method,
            path: request.path.clone(),
            source_ip: request.source_ip.clone(),
            user_agent: request.headers.get("User-Agent").map(str::to_owned),
            resource_path: None,
            principal_id: None,
            context: BTreeMap::new(),
            refusal: None,
            status: 0,
            response_length: 0,
            latency: Duration::ZERO,
            integration_latency: None,
            cache: CacheUse::NotUsed,
        }
    }
}

/// O status e o `x-amzn-ErrorType` de cada tipo de gateway response, quando o dono da API não mudou nada.
pub fn default_status(kind: GatewayResponseType) -> (u16, &'static str) {
    use GatewayResponseType as Type;
    match kind {
        Type::BadRequestBody | Type::BadRequestParameters => (400, "BadRequestException"),
        Type::Unauthorized => (401, "UnauthorizedException"),
        Type::AccessDenied => (403, "AccessDeniedException"),
        Type::ExpiredToken => (403, "ExpiredTokenException"),
        Type::InvalidApiKey => (403, "ForbiddenException"),
        Type::InvalidSignature => (403, "InvalidSignatureException"),
        Type::MissingAuthenticationToken => (403, "MissingAuthenticationTokenException"),
        Type::WafFiltered => (403, "ForbiddenException"),
        Type::ResourceNotFound => (404, "ResourceNotFoundException"),
        Type::RequestTooLarge => (413, "RequestTooLargeException"),
        Type::UnsupportedMediaType => (415, "BadRequestException"),
        Type::QuotaExceeded => (429, "LimitExceededException"),
        Type::Throttled => (429, "TooManyRequestsException"),
        Type::ApiConfigurationError => (500, "InternalServerErrorException"),
        Type::AuthorizerConfigurationError => (500, "AuthorizerConfigurationException"),
        Type::AuthorizerFailure => (500, "AuthorizerFailureException"),
        Type::IntegrationFailure | Type::IntegrationTimeout => (504, "InternalServerErrorException"),
    }
}
