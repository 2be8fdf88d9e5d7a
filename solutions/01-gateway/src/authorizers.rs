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
    // passo: começo — diga o que a política decide de {action:?} sobre {resource:?}
    // passo: usa policy
    use crate::policy::Effect;

    let mut decision = Decision::ImplicitDeny;
    for statement in &policy.statements {
        if !statement.covers_action(action) || !statement.covers_resource(resource) {
            continue;
        }
        match statement.effect {
            Effect::Deny => return Decision::ExplicitDeny,
            Effect::Allow => decision = Decision::Allow,
        }
    }
    decision
    // passo: fim
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
    // passo: começo — confira {seconds:?}, com o padrão e o máximo
    match seconds.unwrap_or(300) {
        seconds @ 0..=3_600 => Ok(Duration::from_secs(seconds.into())),
        seconds => Err(InvalidTtl(seconds)),
    }
    // passo: fim
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
        // passo: começo — tire a identidade da chamada, ou recuse com 401
        // passo: usa call
        use crate::model::GatewayResponseType::Unauthorized;

        let unauthorized = || Refusal::new(Unauthorized, "Unauthorized");
        match &self.identity {
            Identity::Token { source, validation } => {
                let token = source.value(call).ok_or_else(unauthorized)?;
                if validation.as_ref().is_some_and(|validation| !validation.accepts(&token)) {
                    return Err(unauthorized());
                }
                Ok(vec![token])
            }
            Identity::Request { .. } if self.ttl.is_zero() => Ok(Vec::new()),
            Identity::Request { sources } => {
                sources.iter().map(|source| source.value(call).ok_or_else(unauthorized)).collect()
            }
        }
        // passo: fim
    }

    /// Chama a função e lê o que ela devolveu.
    ///
    /// # Errors
    /// `UNAUTHORIZED` quando a função lança exatamente `Unauthorized`; outro tipo, sem mensagem, quando algo quebra.
    pub async fn consult(&self, event: &Value) -> Result<AuthorizerOutput, Refusal> {
        // passo: começo — chame a função com o evento e traduza cada desfecho
        // passo: usa event, &self.function
        use crate::model::GatewayResponseType::{AuthorizerConfigurationError, Unauthorized};

        let broken = || Refusal::without_message(AuthorizerConfigurationError);
        let invocation = self.function.invoke(event).await.map_err(|_| broken())?;
        if invocation.error_message().as_deref() == Some("Unauthorized") {
            return Err(Refusal::new(Unauthorized, "Unauthorized"));
        }
        if invocation.function_error {
            return Err(broken());
        }
        AuthorizerOutput::parse(&invocation.payload).map_err(|_| broken())
        // passo: fim
    }

    /// Decide se a chamada segue.
    ///
    /// # Errors
    /// Os de [`Self::identify`] e [`Self::consult`]; e `ACCESS_DENIED` quando a política não permite este método.
    pub async fn authorize(&self, call: &MethodCall) -> Result<Grant, Refusal> {
        // passo: começo — decida se a chamada segue
        // passo: usa call
        use crate::model::GatewayResponseType::AccessDenied;
        use crate::policy::INVOKE;

        let key = self.identify(call)?;
        let output = match self.recall(&key) {
            Some(output) => output,
            None => {
                let output = self.consult(&self.event(call, &key)).await?;
                self.remember(key, &output);
                output
            }
        };
        let refused = "User is not authorized to access this resource";
        match evaluate(&output.policy, INVOKE, &call.arn.to_string()) {
            Decision::Allow => Ok(Grant {
                principal_id: output.principal_id,
                context: output.context,
                usage_identifier_key: output.usage_identifier_key,
            }),
            Decision::ImplicitDeny => Err(Refusal::new(AccessDenied, refused)),
            Decision::ExplicitDeny => Err(Refusal::new(AccessDenied, format!("{refused} with an explicit deny"))),
        }
        // passo: fim
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
        // passo: começo — confira cada claim
        // passo: usa claims, now
        if claims.text("iss") != Some(self.issuer.as_str()) {
            return Err(JwtError::Issuer);
        }
        let name = if claims.get("aud").is_some() { "aud" } else { "client_id" };
        let audiences = claims.texts(name).unwrap_or_default();
        if !audiences.iter().any(|audience| self.audiences.iter().any(|accepted| accepted == audience)) {
            return Err(JwtError::Audience);
        }
        if claims.instant("exp").is_none_or(|exp| exp <= now) {
            return Err(JwtError::Expired);
        }
        if claims.instant("nbf").is_some_and(|nbf| nbf > now) {
            return Err(JwtError::NotYetValid);
        }
        if claims.instant("iat").is_some_and(|iat| iat > now) {
            return Err(JwtError::IssuedInTheFuture);
        }
        Ok(())
        // passo: fim
    }

    /// Decide se a requisição segue, numa rota que pede um dos `scopes` (nenhum, se a lista é vazia).
    ///
    /// # Errors
    /// A resposta: 401 com `www-authenticate` quando o token não serve, 403 quando lhe falta escopo.
    pub fn authorize(&self, request: &Request, scopes: &[&str], now: UtcDateTime) -> Result<Claims, Response> {
        // passo: começo — decida se a requisição segue, numa rota que pede um dos escopos {scopes:?}
        // passo: usa request, now
        use crate::jwt::verify;

        let checked = || {
            let value = request.headers.get(&self.header).ok_or(JwtError::Missing)?;
            let claims = verify(value.strip_prefix("Bearer ").unwrap_or(value), &self.jwks)?;
            self.check_claims(&claims, now).map(|()| claims)
        };
        let claims = checked().map_err(|error| {
            let challenge = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{error}\"");
            Response::message(401, "Unauthorized").header("www-authenticate", &challenge)
        })?;
        if scopes.is_empty() || claims.scopes().iter().any(|scope| scopes.contains(scope)) {
            Ok(claims)
        } else {
            Err(Response::message(403, "Forbidden"))
        }
        // passo: fim
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
    // passo: começo — escreva a requisição ao stage {stage:?} na forma canônica, com os cabeçalhos {signed_headers:?}
    // passo: usa request
    use crate::sigv4::{canonical_path, canonical_query, sha256_hex};

    let names: Vec<_> = signed_headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut headers = String::new();
    for name in &names {
        let values = request.headers.get_all(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
        headers += &format!("{name}:{}\n", values.collect::<Vec<_>>().join(","));
    }
    [
        request.method.as_str(),
        &canonical_path(&format!("/{stage}{}", request.path)),
        &canonical_query(&request.query),
        &headers,
        &names.join(";"),
        &sha256_hex(&request.body),
    ]
    .join("\n")
    // passo: fim
}

/// O texto que a chave assina.
pub fn string_to_sign(amz_date: &str, scope: &Scope, canonical_request: &str) -> String {
    // passo: começo — junte as quatro linhas, com {amz_date} e {scope}
    // passo: usa canonical_request
    use crate::sigv4::{ALGORITHM, sha256_hex};

    format!("{ALGORITHM}\n{amz_date}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()))
    // passo: fim
}

/// A chave de um dia, uma região e um serviço, derivada do segredo.
pub fn signing_key(secret_access_key: &str, scope: &Scope) -> [u8; 32] {
    // passo: começo — derive a chave do escopo {scope} em quatro passos
    // passo: usa secret_access_key
    use crate::sigv4::hmac_sha256;

    let day = hmac_sha256(format!("AWS4{secret_access_key}").as_bytes(), scope.date.as_bytes());
    let region = hmac_sha256(&day, scope.region.as_bytes());
    let service = hmac_sha256(&region, scope.service.as_bytes());
    hmac_sha256(&service, b"aws4_request")
    // passo: fim
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
    // passo: começo — decida quem assinou e se pode chamar {arn}
    // passo: usa request, users, now
    use crate::model::GatewayResponseType::{AccessDenied, InvalidSignature, MissingAuthenticationToken};
    use crate::policy::INVOKE;
    use crate::sigv4::{Authorization, clock_message, hex, hmac_sha256, parse_amz_date, same_signature};

    const WINDOW: Duration = Duration::from_secs(5 * 60);
    let missing = || Refusal::new(MissingAuthenticationToken, "Missing Authentication Token");
    let authorization = Authorization::from_headers(&request.headers).ok_or_else(missing)?;
    let amz_date = request.headers.get("x-amz-date").ok_or_else(missing)?;
    let signed_at = parse_amz_date(amz_date).ok_or_else(missing)?;

    let user = users.iter().find(|user| user.access_key_id == authorization.access_key_id);
    let user =
        user.ok_or_else(|| Refusal::new(AccessDenied, "The security token included in the request is invalid."))?;
    let invalid = |message: String| Err(Refusal::new(InvalidSignature, message));
    if (now - signed_at).unsigned_abs() > WINDOW {
        return invalid(clock_message(signed_at, now));
    }
    let scope = &authorization.scope;
    if scope.region != arn.region || scope.service != "execute-api" {
        return invalid(format!("Credential should be scoped to a valid Region, not {}", scope.region));
    }
    let canonical = canonical_request(request, &arn.stage, &authorization.signed_headers);
    let text = string_to_sign(amz_date, scope, &canonical);
    let expected = hex(&hmac_sha256(&signing_key(&user.secret_access_key, scope), text.as_bytes()));
    if !same_signature(&expected, &authorization.signature) {
        let refused = "The request signature we calculated does not match the signature you provided.";
        return invalid(format!("{refused} Check your AWS Secret Access Key and signing method."));
    }

    let ending = match evaluate(&user.policy, INVOKE, &arn.to_string()) {
        Decision::Allow => return Ok(user),
        Decision::ImplicitDeny => "because no identity-based policy allows the execute-api:Invoke action",
        Decision::ExplicitDeny => "with an explicit deny in an identity-based policy",
    };
    let refused = format!("User: {} is not authorized to perform: {INVOKE} on resource: {}", user.arn, arn.masked());
    Err(Refusal::new(AccessDenied, format!("{refused} {ending}")))
    // passo: fim
}
