//! O que o passo `authorizers` precisa para testar: a API do tempo, as chaves do Crachá e um cliente que assina de verdade.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use gateway::authorizers::{Grant, IamUser, Identity, JwtAuthorizer, LambdaAuthorizer, authorize_iam};
use gateway::function::Function;
use gateway::jwt::{Claims, Jwks};
use gateway::lambda_authorizer::{IdentitySource, MethodCall};
use gateway::model::{Method, Refusal, Request};
use gateway::policy::{MethodArn, Policy};
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;

/// As 14h02 de Serra Clara.
pub const NOW: UtcDateTime = utc_datetime!(2026-11-22 17:02);

/// As chaves públicas do Crachá. São dados de teste: as chaves privadas foram feitas com `openssl genrsa 1024` (um emissor de
/// verdade usa 2.048 bits ou mais, que o interpretador do sandbox leva quase um segundo para conferir), assinaram os tokens
/// abaixo e foram apagadas. Para outros tokens, faça outro par, ponha `n` e `e` (`openssl rsa -modulus`, em base64url) aqui e assine
/// `cabeçalho.claims` com `openssl dgst -sha256 -sign`.
const JWKS: &str = r#"{"keys":[
  {"kty":"RSA","use":"sig","alg":"RS256","kid":"cracha-1","n":"xbqSADjt7GKD92rQYBQ9TudAQICKAc9u82gPJ5oDdZbqRVDCWNuxutSJuP9eo3AgOHLSE0-NkkOmdRR6_p4MvjIzncg1GqqJx82M1rTBaTOlyPa76lJ17SSYkIK4hb2XCxdMqYcjUFfUySTD7YwvGrAacTu1XbzAbE9Ti11BodE","e":"AQAB"},
  {"kty":"RSA","use":"sig","alg":"RS256","kid":"cracha-2","n":"pwB6YErsWJbEKumq4skexLqLDjPmlsPg6SJwPkXLbfk1YZ4hyM0BBEeNyqwEbR6YemxwQYaHFT6ODZm1WlFBgHdTPRdkpAlFAkOMYOhmXioRzQzvqR-FGKvFBjC8nnMyIan3E1AeBvRCiqsA2ZdKlNS9Xa0s0aGBA-Yn-MNbkxc","e":"AQAB"},
  {"kty":"RSA","use":"sig","alg":"RS256","kid":"cracha-3","n":"2oLuZaokzNGkD5U2nVNKbEM36L6Pxad-l91OHQnYHx_MNd0-FN5iHIsPWJRxCH8vQSN8__fVRt6KMtdx8m81b9Oc1EK_2PFSkT4xsKcYzTCp9v9CmVs3MfmDbprRpvwIquHxx-nksRvpmLzjy9C8s7-mXRNak6jKrzcM1Haru68","e":"AQAB"}
]}"#;

/// Um token do Beto, da chave `cracha-2`: emissor `https://cracha.example`, audiência `weather-app`, escopos `alerts:read profile`,
/// emitido às 17h00 e válido até as 18h00 (UTC) de 22 de novembro de 2026.
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImNyYWNoYS0yIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2NyYWNoYS5leGFtcGxl\
             IiwiYXVkIjoid2VhdGhlci1hcHAiLCJzdWIiOiJiZXRvIiwiaWF0IjoxNzk1MzY2ODAwLCJuYmYiOjE3OTUzNjY4MDAsImV4cCI6\
             MTc5NTM3MDQwMCwic2NvcGUiOiJhbGVydHM6cmVhZCBwcm9maWxlIn0.MNmdUoI7oP89dYtTDt7bGMXvRMFhBJg8xN5YEt3woaDi\
             qr1kOlUprhQN9jZOVJBDz2rv13sHGbQ25XKvU4ykiWmHrMsenjnyBKtzazrDrd-Ff_Gar8QecFACB1M2Lwsqz6QTNmtxRM8XM62I\
             ztPwcY1JFYCYFJVyS7xR9AnqqqA";

/// As mesmas claims, com o mesmo `kid`, mas assinadas com a outra chave.
pub const FORGED: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImNyYWNoYS0yIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2NyYWNoYS5leGFtcGxl\
             IiwiYXVkIjoid2VhdGhlci1hcHAiLCJzdWIiOiJiZXRvIiwiaWF0IjoxNzk1MzY2ODAwLCJuYmYiOjE3OTUzNjY4MDAsImV4cCI6\
             MTc5NTM3MDQwMCwic2NvcGUiOiJhbGVydHM6cmVhZCBwcm9maWxlIn0.Hj35kKMwcPc4dLNKQj-YsUoJX5pTJxXr7hQc0yzAJPaI\
             N5p0Mpm-gDOgFKo80OTg8O3Y5KXej3NyPz5V1wgDKylNH-QZq1w230NKKyZmvFU5FNKHmg3P1Aa4jORn5b6_kyIiPJHQRcPP4lFC\
             83m6pmuGxy5U8dna622S9URfFhc";

/// O mesmo token, da chave `cracha-3`, com os escopos na claim `scp`, em lista, e sem `scope`.
pub const SCP_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImNyYWNoYS0zIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2NyYWNoYS5leGFtcGxl\
             IiwiYXVkIjoid2VhdGhlci1hcHAiLCJzdWIiOiJiZXRvIiwiaWF0IjoxNzk1MzY2ODAwLCJuYmYiOjE3OTUzNjY4MDAsImV4cCI6\
             MTc5NTM3MDQwMCwic2NwIjpbImFsZXJ0czpyZWFkIiwicHJvZmlsZSJdfQ.ZXGKYjvAMj0XmQVU3gJa6v3EyGHWehz5nV0bADz7p\
             LXUIrZTC2RAId8ily9gBPZHjST3QacPrc7Kx9GBlB4FHbF3d5koHmXFY5qX_jPXTYrZXihxIRM-MXHjUzj183u1VYi6iLoVV7dYI\
             K4GuDXT79Sv6d_QfnZtiolUJoeeTMw";

/// O segredo da Defesa Civil é o dos exemplos da documentação da AWS.
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const HOST: &str = "a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com";

/// O corpo do exemplo que está na página.
pub const PAGE_BODY: &str = r#"{"kind":"granizo","city":"serra-clara","severity":4}"#;

/// A forma canônica que está na página.
pub const PAGE_EXAMPLE: &str = "POST\n/prod/alerts\n\nhost:a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com\n\
                                x-amz-date:20261122T170200Z\n\nhost;x-amz-date\n\
                                bf93803b59c64e3862429701fa651ee8df1d44d19117f427be6727e0776dd2bb";

/// O SHA-256 da forma canônica que está na página.
pub const PAGE_DIGEST: &str = "fb13f1509967934925bc4d33dfc56acf34fadc48157a787193827042a3194bcd";

/// A assinatura que está na página.
pub const PAGE_SIGNATURE: &str = "d71a1a698285d3877c6c5272e7ac42293f126bbeffafc9890e7979c508c8fa9e";

/// A chave que a documentação da AWS publicou para `20150830/us-east-1/iam` com o segredo dos exemplos.
pub const PUBLISHED_KEY: &str = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";

pub fn jwks() -> Jwks {
    Jwks::parse(JWKS).expect("o JWKS dos testes é válido")
}

/// As chaves de antes da última troca: sem a `cracha-2`.
pub fn old_jwks() -> Jwks {
    Jwks::parse(&JWKS.replace("cracha-2", "cracha-0")).expect("o JWKS dos testes é válido")
}

/// As claims de um token que vale agora, com estas no lugar; `null` tira a claim.
pub fn good_claims_with(changes: &Value) -> Claims {
    let now = NOW.unix_timestamp();
    let mut claims = json!({ "iss": "https://cracha.example", "aud": "weather-app", "exp": now + 1, "nbf": now - 1, "iat": now - 1 });
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let present = claims.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Claims(present.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// O ARN de um método da API do tempo, em `prod`.
pub fn arn(method: Method, path: &str) -> MethodArn {
    MethodArn {
        region: "sa-east-1".into(),
        account_id: "123456789012".into(),
        api_id: "a1b2c3d4e5".into(),
        stage: "prod".into(),
        method,
        path: path.into(),
    }
}

/// `prod/GET/*` na API do tempo; um padrão que já é um ARN, ou `*`, fica como está.
pub fn resource(pattern: &str) -> String {
    if pattern == "*" || pattern.starts_with("arn:") {
        return pattern.to_owned();
    }
    format!("arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/{pattern}")
}

/// O documento de uma política com um statement de `execute-api:Invoke` para cada `(efeito, recurso)`.
pub fn document(statements: &[(&str, &str)]) -> Value {
    let statement = |(effect, pattern): &(&str, &str)| json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource(pattern) });
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(statement).collect::<Vec<_>>() })
}

pub fn policy(document: &Value) -> Policy {
    Policy::from_value(document).expect("a política dos testes é válida")
}

/// O retorno de uma função que reconhece a Dona Célia.
pub fn celia(statements: &[(&str, &str)]) -> Value {
    json!({ "principalId": "celia", "policyDocument": document(statements) })
}

/// O retorno de uma função que reconhece a cooperativa.
pub fn cooperative(statements: &[(&str, &str)]) -> Value {
    json!({ "principalId": "cooperativa", "policyDocument": document(statements) })
}

/// Os statements em uma linha: `Allow prod/GET/*; Deny prod/POST/*`.
pub fn written(statements: &[(&str, &str)]) -> String {
    statements.iter().map(|(effect, pattern)| format!("{effect} {pattern}")).collect::<Vec<_>>().join("; ")
}

/// Os eventos que a função recebeu, em JSON.
pub fn written_events(events: &[Value]) -> String {
    if events.is_empty() {
        return "nada, porque não rodou".to_owned();
    }
    events.iter().map(Value::to_string).collect::<Vec<_>>().join(" e depois ")
}

/// O que chegou em uma requisição, em uma linha.
pub fn written_request(request: &Request) -> String {
    let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name} = `{value}`")).collect();
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
    let query = if query.is_empty() { String::new() } else { format!(" (query {})", query.join(", ")) };
    format!(
        "{} {}{query}, com {} e o corpo `{}`",
        request.method,
        request.path,
        headers.join(", "),
        request.body_text()
    )
}

pub fn call(request: Request) -> MethodCall {
    let arn = arn(request.method, &request.path);
    MethodCall::new(request, arn)
}

/// Uma chamada com o token no cabeçalho `Authorization`.
pub fn with_token(method: Method, path: &str, token: &str) -> MethodCall {
    call(Request::new(method, path).header("Authorization", token))
}

/// Uma chamada de `DELETE` com o token, que é como a Dona Célia cancela um alerta.
pub fn cancel(path: &str, token: &str) -> MethodCall {
    with_token(Method::Delete, path, token)
}

pub fn header(name: &str) -> IdentitySource {
    IdentitySource::Header(name.to_owned())
}

/// Um authorizer TOKEN sem expressão de validação.
pub fn token_authorizer(function: &Function, ttl: Option<u32>) -> LambdaAuthorizer {
    let identity = Identity::Token { source: header("Authorization"), validation: None };
    LambdaAuthorizer::new(identity, ttl, function.clone()).expect("o TTL dos testes é válido")
}

/// Um authorizer REQUEST com estas fontes.
pub fn request_authorizer(function: &Function, sources: Vec<IdentitySource>, ttl: Option<u32>) -> LambdaAuthorizer {
    LambdaAuthorizer::new(Identity::Request { sources }, ttl, function.clone()).expect("o TTL dos testes é válido")
}

/// As duas fontes dos authorizers REQUEST: o cabeçalho X-Client e a query city.
pub fn sources() -> Vec<IdentitySource> {
    vec![header("X-Client"), IdentitySource::QueryString("city".to_owned())]
}

pub fn from_client(client: &str, city: &str) -> MethodCall {
    from_client_to(Method::Get, "/alerts", client, city)
}

pub fn from_client_to(method: Method, path: &str, client: &str, city: &str) -> MethodCall {
    call(Request::new(method, &format!("{path}?city={city}")).header("X-Client", client))
}

/// O authorizer do Crachá, com estas chaves.
pub fn jwt_authorizer(jwks: Jwks) -> JwtAuthorizer {
    let audiences = vec!["weather-app".to_owned(), "painel".to_owned()];
    JwtAuthorizer { header: "Authorization".into(), issuer: "https://cracha.example".into(), audiences, jwks }
}

/// O que o authorizer decidiu, em uma linha: `segue: celia` ou `ACCESS_DENIED: …`.
pub fn outcome(result: &Result<Grant, Refusal>) -> String {
    match result {
        Ok(grant) => format!("segue: {}", grant.principal_id),
        Err(refusal) => refusal.to_string(),
    }
}

/// A Defesa Civil, com esta política.
pub fn civil_defense(statements: &[(&str, &str)]) -> IamUser {
    IamUser {
        arn: "arn:aws:iam::123456789012:user/defesa-civil".into(),
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: SECRET.into(),
        policy: policy(&document(statements)),
    }
}

/// O que `authorize_iam` decide de uma requisição à API do tempo, em uma linha: `segue: ARN de quem assinou` ou `TIPO: mensagem`.
pub fn iam(request: &Request, users: &[IamUser], now: UtcDateTime) -> String {
    match authorize_iam(request, &arn(request.method, &request.path), users, now) {
        Ok(user) => format!("segue: {}", user.arn),
        Err(refusal) => refusal.to_string(),
    }
}

/// O cliente da Defesa Civil: assina com o crate que os SDKs da AWS usam.
pub struct Client {
    pub access_key_id: &'static str,
    pub secret: &'static str,
    pub region: &'static str,
    pub service: &'static str,
    pub at: UtcDateTime,
}

/// O cliente com tudo certo.
pub const BASE: Client =
    Client { access_key_id: "AKIDEXAMPLE", secret: SECRET, region: "sa-east-1", service: "execute-api", at: NOW };

impl Client {
    /// Uma requisição assinada ao stage `prod`; `target` é o caminho com a query, como vai pela rede.
    pub fn request(&self, method: Method, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
        let identity = Credentials::new(self.access_key_id, self.secret, None, None, "testes").into();
        let since_epoch = Duration::from_secs(self.at.unix_timestamp().unsigned_abs());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + since_epoch)
            .settings(SigningSettings::default())
            .build()
            .expect("nada falta aos parâmetros")
            .into();
        let uri = format!("https://{HOST}/prod{target}");
        let body_to_sign = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new(method.as_str(), &uri, headers.iter().copied(), body_to_sign);
        let signed = sign(signable.expect("a requisição é válida"), &params).expect("a requisição pode ser assinada");
        let mut request = Request::new(method, target).header("Host", HOST).body(body);
        for (name, value) in headers.iter().copied().chain(signed.output().headers()) {
            request.headers.append(name, value);
        }
        request
    }
}

/// Os pares como a integração os recebe.
pub fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
