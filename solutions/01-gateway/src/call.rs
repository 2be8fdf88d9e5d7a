//! O que o gateway sabe de uma chamada e conta à função em `requestContext`.
//!
//! ```text
//!   Request  (veio do cliente)   ┐
//!   Call     (a rota, o stage …) ┴─▶ o evento que a função recebe
//! ```
//!
//! Segue `http-api-develop-integrations-lambda`, do guia do API Gateway, que traz os dois formatos lado a lado.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::UtcDateTime;
use time::macros::format_description;

use crate::model::Request;

/// A rota que casou e o que mais o gateway sabe.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// O que casou: o caminho do recurso numa API REST (`/cities/{city}`), a chave da rota numa API HTTP
    /// (`GET /userinfo` ou `$default`).
    pub route: String,
    /// O id do recurso; só as APIs REST têm.
    pub resource_id: String,
    /// Os valores de `{param}` e `{proxy+}`.
    pub path_parameters: BTreeMap<String, String>,
    /// As variáveis do stage.
    pub stage_variables: BTreeMap<String, String>,
    /// O stage: `prod`, ou `$default` numa API HTTP sem prefixo na URL.
    pub stage: String,
    /// A conta da AWS, com 12 dígitos.
    pub account_id: String,
    /// O id da API.
    pub api_id: String,
    /// O domínio por onde a chamada entrou.
    pub domain_name: String,
    /// O id desta requisição.
    pub request_id: String,
    /// O que o authorizer deixou, se a rota tem um.
    pub authorizer: Option<Value>,
    /// Agora.
    pub now: UtcDateTime,
}

impl Call {
    /// O `requestContext` do formato 1.0. O `path` daqui leva o nome do stage; o do evento, não.
    pub fn context_v1(&self, request: &Request) -> Value {
        let mut context = json!({
            "accountId": self.account_id,
            "apiId": self.api_id,
            "domainName": self.domain_name,
            "domainPrefix": self.domain_prefix(),
            "extendedRequestId": self.request_id,
            "httpMethod": request.method.as_str(),
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": request.source_ip,
                "user": null,
                "userAgent": request.headers.get("User-Agent"),
                "userArn": null,
            },
            "path": format!("/{}{}", self.stage, request.path),
            "protocol": "HTTP/1.1",
            "requestId": self.request_id,
            "requestTime": common_log_time(self.now),
            "requestTimeEpoch": milliseconds(self.now),
            "resourceId": self.resource_id,
            "resourcePath": self.route,
            "stage": self.stage,
        });
        self.add_authorizer(&mut context);
        context
    }

    /// O `requestContext` do formato 2.0.
    pub fn context_v2(&self, request: &Request) -> Value {
        let mut context = json!({
            "accountId": self.account_id,
            "apiId": self.api_id,
            "domainName": self.domain_name,
            "domainPrefix": self.domain_prefix(),
            "http": {
                "method": request.method.as_str(),
                "path": self.raw_path(request),
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("User-Agent").unwrap_or_default(),
            },
            "requestId": self.request_id,
            "routeKey": self.route,
            "stage": self.stage,
            "time": common_log_time(self.now),
            "timeEpoch": milliseconds(self.now),
        });
        self.add_authorizer(&mut context);
        context
    }

    /// O `rawPath` do formato 2.0: o caminho com o nome do stage na frente, menos no stage `$default`, que não aparece na URL.
    pub fn raw_path(&self, request: &Request) -> String {
        match self.stage.as_str() {
            "$default" => request.path.clone(),
            stage => format!("/{stage}{}", request.path),
        }
    }

    fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }

    /// Sem authorizer, a chave nem aparece.
    fn add_authorizer(&self, context: &mut Value) {
        if let (Some(context), Some(authorizer)) = (context.as_object_mut(), &self.authorizer) {
            context.insert("authorizer".to_owned(), authorizer.clone());
        }
    }
}

/// Os valores de cada nome, na ordem em que vieram: `a=1&b=2&a=3` vira `{a: [1, 3], b: [2]}`.
pub fn grouped<N: Into<String>, V: Into<String>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name.into()).or_default().push(value.into());
    }
    values
}

/// Um objeto JSON, ou `null` se não há nada para pôr nele.
pub fn object_or_null<V: Into<Value>>(pairs: impl IntoIterator<Item = (String, V)>) -> Value {
    let object: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
    if object.is_empty() { Value::Null } else { Value::Object(object) }
}

/// A data no formato dos logs (CLF): `22/Nov/2026:17:02:00 +0000`.
pub fn common_log_time(time: UtcDateTime) -> String {
    let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    time.format(format).unwrap_or_default()
}

/// Milissegundos desde 1970.
pub fn milliseconds(time: UtcDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    #[test]
    fn times_are_written_as_aws_does() {
        let now = utc_datetime!(2020-03-04 19:15:17.135);
        assert_eq!(common_log_time(now), "04/Mar/2020:19:15:17 +0000");
        assert_eq!(milliseconds(now), 1_583_349_317_135);
    }
}
