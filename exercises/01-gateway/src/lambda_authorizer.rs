//! O que vai para a função de um Lambda authorizer e o que volta dela. Vem pronto; quem decide quando chamá-la, o que guardar e
//! o que responder é o passo `authorizers`.
//!
//! ```text
//!  MethodCall ──token_event / request_event──▶ função ──▶ AuthorizerOutput { quem é, política, contexto }
//! ```
//!
//! Segue `api-gateway-lambda-authorizer-input` e `api-gateway-lambda-authorizer-output`, do guia do API Gateway, para APIs REST.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use crate::model::Request;
use crate::policy::{MethodArn, Policy, PolicyError};

/// Uma requisição e o método que a rota escolheu para ela.
#[derive(Debug, Clone)]
pub struct MethodCall {
    /// A requisição.
    pub request: Request,
    /// O ARN do método, com o caminho que veio na requisição.
    pub arn: MethodArn,
    /// O recurso, com os nomes dos parâmetros: `/alerts/{alertId}`.
    pub resource: String,
    /// O valor de cada parâmetro do caminho.
    pub path_parameters: BTreeMap<String, String>,
    /// As variáveis do stage.
    pub stage_variables: BTreeMap<String, String>,
}

impl MethodCall {
    /// Uma chamada sem parâmetros no caminho nem variáveis de stage.
    pub fn new(request: Request, arn: MethodArn) -> Self {
        let resource = arn.path.clone();
        Self { request, arn, resource, path_parameters: BTreeMap::new(), stage_variables: BTreeMap::new() }
    }

    /// O evento de um authorizer do tipo TOKEN: só o token e o método.
    pub fn token_event(&self, token: &str) -> Value {
        json!({ "type": "TOKEN", "authorizationToken": token, "methodArn": self.arn.to_string() })
    }

    /// O evento de um authorizer do tipo REQUEST: a requisição inteira, menos o corpo.
    pub fn request_event(&self) -> Value {
        let query: BTreeMap<_, _> = self.request.query.iter().collect();
        let headers: BTreeMap<_, _> = self.request.headers.iter().collect();
        json!({
            "type": "REQUEST",
            "methodArn": self.arn.to_string(),
            "resource": self.resource,
            "path": self.request.path,
            "httpMethod": self.request.method.as_str(),
            "headers": headers,
            "queryStringParameters": query,
            "pathParameters": self.path_parameters,
            "stageVariables": self.stage_variables,
            "requestContext": self.context(),
        })
    }

    fn context(&self) -> Value {
        json!({
            "accountId": self.arn.account_id,
            "apiId": self.arn.api_id,
            "stage": self.arn.stage,
            "httpMethod": self.request.method.as_str(),
            "path": format!("/{}{}", self.arn.stage, self.request.path),
            "resourcePath": self.resource,
            "identity": { "sourceIp": self.request.source_ip },
        })
    }
}

/// De onde sai um pedaço da identidade de quem chamou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// `method.request.header.NOME`
    Header(String),
    /// `method.request.querystring.NOME`
    QueryString(String),
    /// `stageVariables.NOME`
    StageVariable(String),
    /// `context.NOME`, com pontos entre os níveis: `identity.sourceIp`.
    Context(String),
}

impl IdentitySource {
    /// O valor nesta chamada; `None` quando falta ou vem vazio.
    pub fn value(&self, call: &MethodCall) -> Option<String> {
        let value = match self {
            Self::Header(name) => call.request.headers.get(name)?.to_owned(),
            Self::QueryString(name) => call.request.query.get(name)?.to_owned(),
            Self::StageVariable(name) => call.stage_variables.get(name)?.clone(),
            Self::Context(name) => {
                let context = call.context();
                context.pointer(&format!("/{}", name.replace('.', "/")))?.as_str()?.to_owned()
            }
        };
        Some(value).filter(|value| !value.is_empty())
    }
}

/// A `identityValidationExpression` de um authorizer TOKEN: uma expressão regular sobre o token.
#[derive(Debug, Clone)]
pub struct TokenValidation(Regex);

impl TokenValidation {
    /// Lê a expressão; `\d` e `\w` valem para ASCII.
    ///
    /// # Errors
    /// Se a expressão não é válida.
    pub fn new(expression: &str) -> Result<Self, regex::Error> {
        RegexBuilder::new(expression).unicode(false).build().map(Self)
    }

    /// Verdadeiro quando o token serve.
    pub fn accepts(&self, token: &str) -> bool {
        self.0.is_match(token.as_bytes())
    }
}

/// O que a função de um authorizer devolve quando acha que sabe quem chamou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerOutput {
    /// Quem chamou.
    pub principal_id: String,
    /// O que ele pode fazer.
    pub policy: Policy,
    /// O que a integração recebe em `requestContext.authorizer`: a AWS transforma todo valor em texto.
    pub context: BTreeMap<String, String>,
    /// A chave de API, quando o plano de uso tira a chave do authorizer.
    pub usage_identifier_key: Option<String>,
}

/// Por que o retorno da função não serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// Não é um objeto JSON.
    #[error("o retorno da função não é um objeto JSON")]
    NotAnObject,
    /// Falta `principalId`, ou não é um texto.
    #[error("falta principalId")]
    NoPrincipal,
    /// Falta `policyDocument`, ou não é uma política.
    #[error("policyDocument não serve: {0}")]
    Policy(#[from] PolicyError),
    /// Um valor de `context` é um objeto, uma lista ou nulo.
    #[error("context.{0} precisa ser texto, número ou booleano")]
    Context(String),
    /// `context` não é um objeto, ou `usageIdentifierKey` não é um texto.
    #[error("{0} não serve")]
    Field(&'static str),
}

impl AuthorizerOutput {
    /// Lê o retorno da função.
    ///
    /// # Errors
    /// [`OutputError`] se falta `principalId` ou `policyDocument`, ou se algum campo não tem a forma certa.
    pub fn parse(payload: &[u8]) -> Result<Self, OutputError> {
        let Ok(Value::Object(output)) = serde_json::from_slice(payload) else { return Err(OutputError::NotAnObject) };
        let principal_id =
            output.get("principalId").and_then(Value::as_str).ok_or(OutputError::NoPrincipal)?.to_owned();
        let policy = Policy::from_value(output.get("policyDocument").unwrap_or(&Value::Null))?;
        let context = match output.get("context") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(context)) => texts(context)?,
            Some(_) => return Err(OutputError::Field("context")),
        };
        let usage_identifier_key = match output.get("usageIdentifierKey") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(OutputError::Field("usageIdentifierKey")),
        };
        Ok(Self { principal_id, policy, context, usage_identifier_key })
    }
}

/// Cada valor como texto: `7` vira `"7"`, `true` vira `"true"`.
fn texts(context: &Map<String, Value>) -> Result<BTreeMap<String, String>, OutputError> {
    let text = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Number(_) | Value::Bool(_) => Ok((name.clone(), value.to_string())),
        _ => Err(OutputError::Context(name.clone())),
    };
    context.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Method;

    fn call() -> MethodCall {
        let request = Request::new(Method::Get, "/alerts?city=serra-clara&empty=").header("X-Token", "abc");
        let arn = MethodArn {
            region: "sa-east-1".into(),
            account_id: "123456789012".into(),
            api_id: "a1b2c3d4e5".into(),
            stage: "prod".into(),
            method: Method::Get,
            path: "/alerts".into(),
        };
        let mut call = MethodCall::new(request, arn);
        call.stage_variables.insert("line".into(), "blue".into());
        call
    }

    #[test]
    fn a_source_reads_the_four_places() {
        let value = |source: IdentitySource| source.value(&call());
        assert_eq!(value(IdentitySource::Header("x-token".into())).as_deref(), Some("abc"));
        assert_eq!(value(IdentitySource::QueryString("city".into())).as_deref(), Some("serra-clara"));
        assert_eq!(value(IdentitySource::QueryString("empty".into())), None);
        assert_eq!(value(IdentitySource::StageVariable("line".into())).as_deref(), Some("blue"));
        assert_eq!(value(IdentitySource::Context("identity.sourceIp".into())).as_deref(), Some("203.0.113.7"));
        assert_eq!(value(IdentitySource::Context("identity.user".into())), None);
    }

    #[test]
    fn the_request_event_has_the_fields_of_the_guide() {
        let event = call().request_event();
        assert_eq!(event["methodArn"], "arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/prod/GET/alerts");
        assert_eq!((&event["path"], &event["requestContext"]["path"]), (&json!("/alerts"), &json!("/prod/alerts")));
        assert_eq!(event["queryStringParameters"], json!({ "city": "serra-clara", "empty": "" }));
        assert_eq!(event["stageVariables"], json!({ "line": "blue" }));
    }

    #[test]
    fn a_bad_output_says_what_is_wrong() {
        let policy = json!({ "Version": "2012-10-17", "Statement": [] });
        let outputs = [
            json!("Allow"),
            json!({ "policyDocument": policy }),
            json!({ "principalId": "beto" }),
            json!({ "principalId": "beto", "policyDocument": policy, "context": [] }),
            json!({ "principalId": "beto", "policyDocument": policy, "context": { "scopes": ["a"] } }),
            json!({ "principalId": "beto", "policyDocument": policy, "usageIdentifierKey": 7 }),
        ];
        let complaint = |output: Value| match AuthorizerOutput::parse(output.to_string().as_bytes()) {
            Ok(output) => output.principal_id,
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(outputs.map(complaint).join("\n"), @"
        o retorno da função não é um objeto JSON
        falta principalId
        policyDocument não serve: a política: precisa ser um objeto
        context não serve
        context.scopes precisa ser texto, número ou booleano
        usageIdentifierKey não serve
        ");
    }

    #[test]
    fn the_context_becomes_text() {
        let output = json!({
            "principalId": "beto", "policyDocument": { "Statement": [] },
            "context": { "n": 7, "b": true, "s": "x", "f": 1.5 }, "usageIdentifierKey": "k"
        });
        let output = AuthorizerOutput::parse(output.to_string().as_bytes()).expect("serve");
        let context: Vec<_> = output.context.values().map(String::as_str).collect();
        assert_eq!((context, output.usage_identifier_key.as_deref()), (vec!["true", "1.5", "7", "x"], Some("k")));
    }

    #[test]
    fn a_validation_is_a_regular_expression() {
        let validation = TokenValidation::new(r"^Bearer \w+\.\d+$").expect("expressão");
        assert!(
            validation.accepts("Bearer abc.12") && !validation.accepts("abc.12") && !validation.accepts("Bearer é.1")
        );
    }
}
