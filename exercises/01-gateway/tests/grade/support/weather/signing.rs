//! Assina uma requisição com o `aws-sigv4` de verdade, como faria um cliente da AWS.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use gateway::model::Request;
use time::UtcDateTime;

use super::configuration::{API, REGION, STAGE};

/// A requisição com os cabeçalhos que a assinatura acrescenta.
pub fn sign(mut request: Request, access_key_id: &str, secret_access_key: &str, now: UtcDateTime) -> Request {
    let host = format!("{API}.execute-api.{REGION}.amazonaws.com");
    request.headers.insert("host", &host);
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let uri = format!("https://{host}/{STAGE}{}{query}", request.path);
    let identity = Credentials::new(access_key_id, secret_access_key, None, None, "exemplo").into();
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("execute-api")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .settings(SigningSettings::default())
        .build()
        .unwrap_or_else(|error| panic!("os parâmetros da assinatura estão completos: {error}"))
        .into();
    let headers: Vec<_> = request.headers.iter().collect();
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(request.method.as_str(), uri, headers.into_iter(), body);
    let signable = signable.unwrap_or_else(|error| panic!("a requisição pode ser assinada: {error}"));
    let signed = aws_sigv4::http_request::sign(signable, &parameters);
    let (instructions, _) =
        signed.unwrap_or_else(|error| panic!("a requisição pode ser assinada: {error}")).into_parts();
    for (name, value) in instructions.headers() {
        request.headers.insert(name, value);
    }
    request
}
