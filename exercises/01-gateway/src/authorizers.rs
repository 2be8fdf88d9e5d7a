//! Os authorizers: quem está chamando e se pode chamar este método.
//!
//! ```text
//!  REST, Lambda authorizer: identidade ─▶ cache ─▶ função ─▶ política ─┐
//!  REST, IAM (SigV4):       assinatura ─▶ política do usuário ─────────┴─▶ evaluate ─▶ segue ou 403
//!  HTTP API, JWT:           assinatura do token ─▶ claims ─▶ escopos ─▶ segue, 401 ou 403
//! ```
//!
//! Segue `apigateway-use-lambda-authorizer` e `http-api-jwt-authorizer`, do guia do API Gateway, e
//! `reference_sigv-create-signed-request`, do guia do IAM.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use time::UtcDateTime;
use tokio::time::Instant;

use crate::function::Function;
use crate::jwt::{Claims, Jwks, JwtError};
use crate::lambda_authorizer::{AuthorizerOutput, IdentitySource, MethodCall, TokenValidation};
use crate::model::{Refusal, Request, Response};
use crate::policy::{MethodArn, Policy};
use crate::sigv4::Scope;

/// O que uma política diz de uma ação sobre um recurso.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Algum statement permite e nenhum nega.
    Allow,
    /// Algum statement nega.
    ExplicitDeny,
    /// Nenhum statement trata disto.
    ImplicitDeny,
}

/// Avalia uma política: o que ela diz de `action` sobre `resource`.
pub fn evaluate(policy: &Policy, action: &str, resource: &str) -> Decision {
    let _ = policy;
    todo!("diga o que a política decide de {action:?} sobre {resource:?}")
}

/// `authorizerResultTtlInSeconds` passa do máximo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("authorizerResultTtlInSeconds vai até 3600, e veio {0}")]
pub struct InvalidTtl(pub u32);

/// Por quanto tempo o que a função disse vale, a partir de `authorizerResultTtlInSeconds`; zero é sem cache.
///
/// # Errors
/// [`InvalidTtl`] quando passa do máximo.
pub fn cache_ttl(seconds: Option<u32>) -> Result<Duration, InvalidTtl> {
    todo!("confira {seconds:?}, com o padrão e o máximo")
}

/// Como um Lambda authorizer reconhece quem chamou.
#[derive(Debug, Clone)]
pub enum Identity {
    /// TOKEN: um cabeçalho.
    Token {
        /// De onde sai o token.
        source: IdentitySource,
        /// A `identityValidationExpression`, se houver.
        validation: Option<TokenValidation>,
    },
    /// REQUEST: nenhuma, uma ou várias fontes.
    Request {
        /// As fontes, na ordem em que formam a chave do cache.
        sources: Vec<IdentitySource>,
    },
}

/// Um Lambda authorizer de uma API REST, com o cache.
#[derive(Debug)]
pub struct LambdaAuthorizer {
    identity: Identity,
    ttl: Duration,
    function: Function,
    cache: Mutex<HashMap<Vec<String>, (AuthorizerOutput, Instant)>>,
}

/// O que segue com uma requisição que um Lambda authorizer deixou passar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Quem chamou.
    pub principal_id: String,
    /// O que a integração recebe em `requestContext.authorizer`.
    pub context: BTreeMap<String, String>,
    /// A chave de API, quando o plano de uso tira a chave do authorizer.
    pub usage_identifier_key: Option<String>,
}

impl LambdaAuthorizer {
    /// Um authorizer com o cache vazio; `ttl_seconds` é `authorizerResultTtlInSeconds`.
    ///
    /// # Errors
    /// [`InvalidTtl`] quando `ttl_seconds` passa do máximo.
    pub fn new(identity: Identity, ttl_seconds: Option<u32>, function: Function) -> Result<Self, InvalidTtl> {
        Ok(Self { identity, ttl: cache_ttl(ttl_seconds)?, function, cache: Mutex::default() })
    }

    /// O que a função disse desta identidade, se ainda vale.
    pub fn recall(&self, key: &[String]) -> Option<AuthorizerOutput> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(key).filter(|(_, expires_at)| Instant::now() < *expires_at).map(|(output, _)| output.clone())
    }

    /// Guarda o que a função disse desta identidade, a partir de agora e pelo TTL.
    pub fn remember(&self, key: Vec<String>, output: &AuthorizerOutput) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(key, (output.clone(), Instant::now() + self.ttl));
    }

    /// O evento para a função; a `key` de um TOKEN é o próprio token.
    pub fn event(&self, call: &MethodCall, key: &[String]) -> Value {
        match &self.identity {
            Identity::Token { .. } => call.token_event(&key.concat()),
            Identity::Request { .. } => call.request_event(),
        }
    }

    /// A identidade de quem chamou, que é a chave do cache: o token, ou o valor de cada fonte em ordem.
    ///
    /// # Errors
    /// `UNAUTHORIZED` quando falta o que este authorizer exige; a função nem é chamada.
    pub fn identify(&self, call: &MethodCall) -> Result<Vec<String>, Refusal> {
        let _ = call;
        todo!("tire a identidade da chamada, ou recuse com 401")
    }

    /// Chama a função e lê o que ela devolveu.
    ///
    /// # Errors
    /// `UNAUTHORIZED` quando a função lança exatamente `Unauthorized`; outro tipo, sem mensagem, quando algo quebra.
    pub async fn consult(&self, event: &Value) -> Result<AuthorizerOutput, Refusal> {
        let _ = (event, &self.function);
        todo!("chame a função com o evento e traduza cada desfecho")
    }

    /// Decide se a chamada segue.
    ///
    /// # Errors
    /// Os de [`Self::identify`] e [`Self::consult`]; e `ACCESS_DENIED` quando a política não permite este método.
    pub async fn authorize(&self, call: &MethodCall) -> Result<Grant, Refusal> {
        let _ = call;
        todo!("decida se a chamada segue")
    }
}

/// O JWT authorizer de uma HTTP API.
#[derive(Debug, Clone)]
pub struct JwtAuthorizer {
    /// O nome do cabeçalho em que o token vem, como `Authorization`; na AWS, `$request.header.Authorization`.
    pub header: String,
    /// O emissor em que a API confia.
    pub issuer: String,
    /// As audiências aceitas.
    pub audiences: Vec<String>,
    /// As chaves públicas do emissor.
    pub jwks: Jwks,
}

impl JwtAuthorizer {
    /// Confere o que o token diz de si, menos os escopos. A assinatura já foi conferida.
    ///
    /// # Errors
    /// O [`JwtError`] da claim que não serve.
    pub fn check_claims(&self, claims: &Claims, now: UtcDateTime) -> Result<(), JwtError> {
        let _ = (claims, now);
        todo!("confira cada claim")
    }

    /// Decide se a requisição segue, numa rota que pede um dos `scopes` (nenhum, se a lista é vazia).
    ///
    /// # Errors
    /// A resposta: 401 com `www-authenticate` quando o token não serve, 403 quando lhe falta escopo.
    pub fn authorize(&self, request: &Request, scopes: &[&str], now: UtcDateTime) -> Result<Claims, Response> {
        let _ = (request, now);
        todo!("decida se a requisição segue, numa rota que pede um dos escopos {scopes:?}")
    }
}

/// Um usuário do IAM: a chave com que assina e o que a política dele diz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamUser {
    /// `arn:aws:iam::123456789012:user/defesa-civil`
    pub arn: String,
    /// O nome público da chave.
    pub access_key_id: String,
    /// O segredo, que só o usuário e a AWS conhecem.
    pub secret_access_key: String,
    /// O que ele pode fazer.
    pub policy: Policy,
}

/// A requisição na forma canônica: os mesmos bytes para quem assina e para quem confere.
pub fn canonical_request(request: &Request, stage: &str, signed_headers: &[String]) -> String {
    let _ = request;
    todo!("escreva a requisição ao stage {stage:?} na forma canônica, com os cabeçalhos {signed_headers:?}")
}

/// O texto que a chave assina.
pub fn string_to_sign(amz_date: &str, scope: &Scope, canonical_request: &str) -> String {
    let _ = canonical_request;
    todo!("junte as quatro linhas, com {amz_date} e {scope}")
}

/// A chave de um dia, uma região e um serviço, derivada do segredo.
pub fn signing_key(secret_access_key: &str, scope: &Scope) -> [u8; 32] {
    let _ = secret_access_key;
    todo!("derive a chave do escopo {scope} em quatro passos")
}

/// Decide se uma requisição assinada pode chamar o método `arn`, e devolve quem a assinou.
///
/// # Errors
/// [`Refusal`]: `MISSING_AUTHENTICATION_TOKEN`, `INVALID_SIGNATURE` ou `ACCESS_DENIED`.
pub fn authorize_iam<'a>(
    request: &Request,
    arn: &MethodArn,
    users: &'a [IamUser],
    now: UtcDateTime,
) -> Result<&'a IamUser, Refusal> {
    let _ = (request, users, now);
    todo!("decida quem assinou e se pode chamar {arn}")
}
