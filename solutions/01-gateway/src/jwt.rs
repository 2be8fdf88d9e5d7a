//! Tokens JWT: abrir, achar a chave pública e conferir a assinatura. Vem pronto; o que as claims dizem quem julga é o passo
//! `authorizers`.
//!
//! ```text
//!  {"alg":"RS256","kid":"cracha-2"} . {"iss":"https://cracha.example",…} . assinatura
//!                        └─▶ a chave de mesmo kid no JWKS do emissor ──confere──▶┘
//! ```
//!
//! Segue `http-api-jwt-authorizer`, do guia do API Gateway: só algoritmos RSA.

use std::collections::HashSet;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use time::UtcDateTime;

/// As chaves públicas de um emissor, como ele as publica no `jwks_uri`.
#[derive(Debug, Clone)]
pub struct Jwks(JwkSet);

impl Jwks {
    /// Lê o JSON publicado: `{"keys":[…]}`.
    ///
    /// # Errors
    /// Se o texto não é um conjunto de chaves.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

/// Por que um token não serve. O texto é o da `error_description`; o da audiência é o que o guia mostra, os outros a AWS não
/// publica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Não há token.
    #[error("the token is missing")]
    Missing,
    /// O texto não é um JWT.
    #[error("the token is malformed")]
    Malformed,
    /// O algoritmo não é RSA.
    #[error("the token does not use an RSA-based algorithm")]
    Algorithm,
    /// O `kid` falta ou não está no JWKS.
    #[error("the token does not have a known key id")]
    UnknownKey,
    /// A assinatura não é dessa chave.
    #[error("the token does not have a valid signature")]
    Signature,
    /// `iss` não é o emissor configurado.
    #[error("the token does not have a valid issuer")]
    Issuer,
    /// Nem `aud` nem `client_id` é uma das audiências configuradas.
    #[error("the token does not have a valid audience")]
    Audience,
    /// `exp` já passou.
    #[error("the token has expired")]
    Expired,
    /// `nbf` ainda não chegou.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` ainda não chegou.
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
}

/// As claims de um token.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims(pub Map<String, Value>);

impl Claims {
    /// O valor de uma claim, como veio.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// O valor de uma claim que é um texto.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Os textos de uma claim que é um texto ou uma lista de textos, como `aud`; `None` se a claim não existe.
    pub fn texts(&self, name: &str) -> Option<Vec<&str>> {
        Some(match self.get(name)? {
            Value::String(one) => vec![one],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        })
    }

    /// O instante de uma claim contada em segundos desde 1970, como `exp`.
    pub fn instant(&self, name: &str) -> Option<UtcDateTime> {
        let value = self.get(name)?;
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?;
        UtcDateTime::from_unix_timestamp(seconds).ok()
    }

    /// Os escopos: as palavras de `scope` ou, se ela falta, de `scp`, que também pode ser uma lista.
    pub fn scopes(&self) -> Vec<&str> {
        let texts = self.texts("scope").or_else(|| self.texts("scp")).unwrap_or_default();
        texts.into_iter().flat_map(str::split_whitespace).collect()
    }
}

/// Abre o token e confere o algoritmo, o `kid` e a assinatura. As claims voltam sem que ninguém as tenha conferido.
///
/// # Errors
/// [`JwtError`], da primeira conferência que falhou.
pub fn verify(token: &str, jwks: &Jwks) -> Result<Claims, JwtError> {
    let header = decode_header(token).map_err(|_| JwtError::Malformed)?;
    // A lista é fixa: quem escolhe o algoritmo não pode ser o token, que chega de fora.
    if ![Algorithm::RS256, Algorithm::RS384, Algorithm::RS512].contains(&header.alg) {
        return Err(JwtError::Algorithm);
    }
    let jwk = header.kid.and_then(|kid| jwks.0.find(&kid)).ok_or(JwtError::UnknownKey)?;
    let key = DecodingKey::from_jwk(jwk).map_err(|_| JwtError::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    // As claims são conferidas depois, com o relógio que o authorizer recebe.
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode(token, &key, &validation).map(|data| Claims(data.claims)).map_err(|_| JwtError::Signature)
}
