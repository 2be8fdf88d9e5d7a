//! Quem pode falar com o servidor: só as páginas que ele mesmo serviu, abertas nesta máquina.
//!
//! O servidor escreve arquivos e roda o compilador, então um site qualquer aberto em outra aba não pode alcançá-lo:
//!
//! - `Host` diferente do nosso é um nome de fora que aponta para 127.0.0.1 (*DNS rebinding*);
//! - `Origin` e `Sec-Fetch-Site` dizem que o pedido partiu de outro site;
//! - a senha (`x-caderno-token`), sorteada a cada início, só está nas páginas servidas, que outro site não consegue ler.
//!
//! Isso protege de outras páginas, não de outras pessoas: quem tem outra conta nesta mesma máquina pode abrir a página,
//! ler nela a senha e usar a API, porque 127.0.0.1 é de todos os usuários dela.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Shared, csp};

/// O cabeçalho que leva a senha em cada chamada à API.
pub const TOKEN_HEADER: &str = "x-caderno-token";

/// Os nomes pelos quais o servidor atende.
#[derive(Debug, Clone)]
pub struct Hosts(Vec<String>);

impl Hosts {
    pub fn new(port: u16) -> Self {
        let mut names: Vec<_> = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")).into();
        if port == 80 {
            // O navegador não escreve a porta 80 no `Host`.
            names.extend(["127.0.0.1", "localhost"].map(String::from));
        }
        Self(names)
    }

    fn refusal(&self, request: &Request) -> Option<&'static str> {
        let headers = request.headers();
        let host = only(headers, header::HOST.as_str()).filter(|host| self.0.iter().any(|ours| ours == host));
        let Some(host) = host else {
            return Some("este servidor só atende por 127.0.0.1 ou localhost, com a porta que ele mostrou ao iniciar");
        };
        if request.uri().authority().is_some_and(|authority| authority.as_str() != host) {
            return Some("o endereço do pedido não é o deste servidor");
        }
        if headers.contains_key(header::ORIGIN)
            && only(headers, header::ORIGIN.as_str()) != Some(format!("http://{host}").as_str())
        {
            return Some("o pedido partiu de outro site");
        }
        // Outra porta de localhost é `same-site`: também é outro site.
        match only(headers, "sec-fetch-site") {
            Some("same-origin" | "none") => None,
            None if !headers.contains_key("sec-fetch-site") => None,
            _ => Some("o pedido partiu de outro site; para abrir o livro, digite o endereço dele no navegador"),
        }
    }
}

/// O valor de um cabeçalho que aparece exatamente uma vez.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.to_str().ok()).flatten()
}

/// Barra o que vem de fora e põe em toda resposta os cabeçalhos de proteção.
pub async fn protect(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match app.hosts.refusal(&request) {
        Some(why) => (StatusCode::FORBIDDEN, Json(json!({ "error": why }))).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::try_from(csp::for_file())
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Toda chamada à API leva a senha; só os módulos, que não guardam segredo, e o que não existe dispensam.
pub async fn require_token(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let in_header = only(request.headers(), TOKEN_HEADER);
    // `EventSource` não manda cabeçalhos: nos eventos, e só neles, a senha vai no endereço.
    let in_query = request.uri().path().ends_with("/events").then(|| request.uri().query()).flatten();
    let in_query = in_query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    if in_header.or(in_query).is_some_and(|token| same(token, &app.token)) {
        return next.run(request).await;
    }
    let error = "falta a senha desta sessão; recarregue a página (o servidor foi reiniciado?)";
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": error }))).into_response()
}

/// Compara sem parar no primeiro byte diferente: o tempo da resposta não conta quantos estavam certos.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
