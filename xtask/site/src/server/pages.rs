//! O site pronto, lido inteiro para a memória: são poucos megabytes, e um pedido só acha o que está na lista.
//!
//! Um endereço nunca vira caminho no disco: `..`, links simbólicos e nomes estranhos simplesmente não estão na lista.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use grader::course::slashed;
use grader::files;

use super::csp;

/// A moldura do cliente gerado, que tem a sua própria política.
const CLIENT_FRAME: &str = "caderno/client.html";

/// As páginas e os arquivos, pelo endereço sem a `/` inicial.
#[derive(Debug, Default)]
pub struct Pages {
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    kind: &'static str,
    tag: HeaderValue,
    policy: HeaderValue,
}

impl Pages {
    pub fn load(dir: &Path) -> Result<Self> {
        let mut found = HashMap::new();
        for file in files::walk(dir)? {
            let name = slashed(&file);
            // A marca da pasta e o que mais começa com ponto são assunto do disco, não do livro.
            if name.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            let path = dir.join(&file);
            let bytes = std::fs::read(&path).with_context(|| format!("não consegui ler {}", path.display()))?;
            let policy = match std::str::from_utf8(&bytes) {
                _ if name == CLIENT_FRAME => csp::for_client().to_owned(),
                Ok(html) if name.ends_with(".html") => csp::for_page(html),
                _ => csp::for_file(),
            };
            let tag = format!("\"{}\"", files::hash(&bytes));
            let file = File {
                kind: media_type(&name),
                tag: HeaderValue::try_from(tag)?,
                policy: HeaderValue::try_from(policy)?,
                bytes: bytes.into(),
            };
            found.insert(name, file);
        }
        Ok(Self { files: found })
    }

    /// A resposta para um endereço; `headers` são os do pedido.
    pub fn respond(&self, path: &str, headers: &HeaderMap) -> Response<Body> {
        let name = path.trim_start_matches('/');
        let index = if name.is_empty() || name.ends_with('/') { format!("{name}index.html") } else { name.to_owned() };
        let Some(file) = self.files.get(&index) else { return not_found() };
        let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&file.tag) {
            let mut unchanged = Response::new(Body::empty());
            *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
            unchanged
        } else {
            Response::new(Body::from(file.bytes.clone()))
        };
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
        out.insert(header::ETAG, file.tag.clone());
        out.insert(header::CONTENT_SECURITY_POLICY, file.policy.clone());
        // Guardar pode, mas perguntando antes: a cada `serve` a senha da página muda.
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

fn not_found() -> Response<Body> {
    let page = "<!DOCTYPE html>\n<html lang=\"pt-BR\"><meta charset=\"utf-8\"><title>Página não encontrada</title>\n\
                <p>Esta página não existe. <a href=\"/\">Voltar ao começo do livro</a>.</p></html>\n";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
