use super::*;
use crate::sample;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use tower::ServiceExt;

const QUEUE: &str = "/api/steps/async-invocation/queue";
const TOKEN: &str = "a-senha";
/// Só para que um teste quebrado termine; nenhum teste depende de quanto tempo passou.
const PATIENCE: Duration = Duration::from_secs(60);

struct Server {
    dir: tempfile::TempDir,
    app: Shared,
    stop: watch::Sender<bool>,
}

fn server() -> Server {
    let (dir, course) = sample::course();
    let out = dir.path().join("out");
    crate::build::build_served(&course, &out, TOKEN, None).unwrap();
    let steps = Arc::new(Steps::new(course));
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(App {
        hosts: Hosts::new(3000),
        token: TOKEN.to_owned(),
        pages: Pages::load(&out).unwrap(),
        changes: Arc::new(Changes::new(Arc::clone(&steps))),
        builds: Arc::new(reader_builds(&steps)),
        steps,
        modules: Modules::default(),
        stopping,
    });
    Server { dir, app, stop }
}

impl Server {
    async fn send(&self, request: Request) -> Response<Body> {
        router(Arc::clone(&self.app)).oneshot(request).await.unwrap()
    }

    async fn status(&self, request: Request) -> StatusCode {
        self.send(request).await.status()
    }

    async fn json(&self, request: Request) -> (StatusCode, Value) {
        let response = self.send(request).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn queue_file(&self) -> std::path::PathBuf {
        self.dir.path().join("exercises/04-async-invocation/src/queue.rs")
    }
}

/// Um pedido como a página o faz; `change` o estraga.
fn request(
    method: &str,
    path: &str,
    change: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder,
) -> Request {
    let builder = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000");
    change(builder).body(Body::empty()).unwrap()
}

fn get_page(path: &str) -> Request {
    request("GET", path, |builder| builder)
}

fn call(method: &str, path: &str, body: &Value) -> Request {
    let mut request = request(method, path, |builder| builder.header(guard::TOKEN_HEADER, TOKEN));
    *request.body_mut() = Body::from(body.to_string());
    request
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let server = server();
    for (host, expected) in [
        ("127.0.0.1:3000", StatusCode::OK),
        ("localhost:3000", StatusCode::OK),
        ("127.0.0.1:3001", StatusCode::FORBIDDEN),
        ("127.0.0.1", StatusCode::FORBIDDEN),
        ("malvado.example:3000", StatusCode::FORBIDDEN),
        ("127.0.0.1:3000.malvado.example", StatusCode::FORBIDDEN),
    ] {
        let request = Request::builder().uri("/").header(header::HOST, host).body(Body::empty()).unwrap();
        assert_eq!(server.status(request).await, expected, "{host}");
    }
    let nameless = Request::builder().uri("/").body(Body::empty()).unwrap();
    assert_eq!(server.status(nameless).await, StatusCode::FORBIDDEN);
    let twice = request("GET", "/", |builder| builder.header(header::HOST, "malvado.example"));
    assert_eq!(server.status(twice).await, StatusCode::FORBIDDEN);
    let absolute = request("GET", "http://malvado.example/", |builder| builder);
    assert_eq!(server.status(absolute).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn requests_that_start_in_another_site_are_refused() {
    let server = server();
    for (name, value, expected) in [
        ("origin", "http://127.0.0.1:3000", StatusCode::OK),
        ("origin", "http://localhost:3000", StatusCode::FORBIDDEN),
        ("origin", "https://malvado.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin", StatusCode::OK),
        ("sec-fetch-site", "none", StatusCode::OK),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
    ] {
        let asked = request("GET", QUEUE, |builder| builder.header(guard::TOKEN_HEADER, TOKEN).header(name, value));
        assert_eq!(server.status(asked).await, expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn the_api_asks_for_the_token_of_this_session() {
    let server = server();
    for (method, path) in [
        ("GET", QUEUE.to_owned()),
        ("PUT", QUEUE.to_owned()),
        ("GET", format!("{QUEUE}/events")),
        ("POST", "/api/build/async-invocation/queue".to_owned()),
        ("POST", "/api/lab/async-invocation".to_owned()),
        // A senha no endereço só vale para os eventos.
        ("GET", format!("{QUEUE}?token={TOKEN}")),
    ] {
        assert_eq!(
            server.status(request(method, &path, |builder| builder)).await,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
    }
    let wrong = request("GET", QUEUE, |builder| builder.header(guard::TOKEN_HEADER, "outra-senha"));
    assert_eq!(server.status(wrong).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.status(get_page(&format!("{QUEUE}/events?token={TOKEN}"))).await, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_is_not_in_the_course_never_reaches_the_disk() {
    let server = server();
    for path in [
        "/api/steps/async-invocation/nada",
        "/api/steps/async-invocation/..%2F..%2Fsrc%2Fqueue",
        "/api/steps/..%2F04-async-invocation/queue",
        "/api/steps/04-async-invocation/queue",
        "/api/steps/async-invocation/queue.rs",
        "/api/steps/async-invocation/%00",
    ] {
        let (status, body) = server.json(call("PUT", path, &json!({ "source": "x", "base_hash": "y" }))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(body["error"].is_string(), "{path}");
    }
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/.caderno-site",
        "/.caderno-site/../../book/book.toml",
        "/caderno/../../book/book.toml",
    ] {
        assert_eq!(server.status(get_page(path)).await, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_write_replaces_the_file_and_a_stale_one_is_refused() {
    let server = server();
    let (_, before) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(before["path"], "exercises/04-async-invocation/src/queue.rs");

    let (status, written) =
        server.json(call("PUT", QUEUE, &json!({ "source": "fn nova() {}\n", "base_hash": before["hash"] }))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(fs::read_to_string(server.queue_file()).unwrap(), "fn nova() {}\n");
    let siblings = fs::read_dir(server.queue_file().parent().unwrap()).unwrap().count();
    assert_eq!(siblings, 2, "nenhum arquivo temporário sobra ao lado");

    let (status, conflict) =
        server.json(call("PUT", QUEUE, &json!({ "source": "perdida", "base_hash": before["hash"] }))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!((&conflict["source"], &conflict["hash"]), (&json!("fn nova() {}\n"), &written["hash"]));
    assert_eq!(fs::read_to_string(server.queue_file()).unwrap(), "fn nova() {}\n");
}

#[tokio::test]
async fn a_file_with_windows_line_endings_keeps_them() {
    let server = server();
    fs::write(server.queue_file(), "a\r\nb\r\n").unwrap();
    let (_, before) = server.json(call("GET", QUEUE, &Value::Null)).await;
    let (_, after) = server.json(call("PUT", QUEUE, &json!({ "source": "a\nc\n", "base_hash": before["hash"] }))).await;
    assert_eq!(fs::read_to_string(server.queue_file()).unwrap(), "a\r\nc\r\n");
    let (_, read) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(read["hash"], after["hash"]);
}

#[tokio::test]
async fn bad_bodies_are_explained() {
    let server = server();
    let (status, body) = server.json(call("PUT", QUEUE, &json!({ "source": 1 }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["error"].as_str().unwrap().contains("base_hash"));
    let huge = json!({ "source": "x".repeat(api::BODY_LIMIT), "base_hash": "" });
    let (status, body) = server.json(call("PUT", QUEUE, &huge)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body["error"].as_str().unwrap().contains("1 MiB"));
}

#[tokio::test]
async fn a_missing_or_strange_file_says_what_to_do() {
    let server = server();
    fs::write(server.queue_file(), [0xff, 0xfe]).unwrap();
    let (status, body) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body["error"].as_str().unwrap().contains("UTF-8"));
    fs::remove_file(server.queue_file()).unwrap();
    let (status, body) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body["error"].as_str().unwrap().contains("cargo xtask reset async-invocation/queue"));
    fs::create_dir(server.queue_file()).unwrap();
    let (status, body) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body["error"].as_str().unwrap().contains("não é um arquivo comum"));
}

#[tokio::test]
async fn what_the_api_does_not_have_is_answered_in_json() {
    let server = server();
    for (method, path, expected) in [
        ("GET", "/api", StatusCode::NOT_FOUND),
        ("GET", "/api/", StatusCode::NOT_FOUND),
        ("GET", "/api/nada", StatusCode::NOT_FOUND),
        ("DELETE", "/api/nada/mais", StatusCode::NOT_FOUND),
        ("GET", "/api/modules/", StatusCode::NOT_FOUND),
        ("DELETE", QUEUE, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (status, body) = server.json(call(method, path, &Value::Null)).await;
        assert_eq!(status, expected, "{method} {path}");
        assert!(body["error"].is_string(), "{method} {path}");
    }
}

/// A página não lê nem grava o passo, que leva até `target` por um link; `target` guarda "segredo".
#[cfg(unix)]
async fn assert_link_is_refused(server: &Server, target: &std::path::Path) {
    let (status, body) = server.json(call("GET", QUEUE, &Value::Null)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body["error"].as_str().unwrap().contains("é um link"));
    let hash = grader::files::hash(b"segredo");
    let write = call("PUT", QUEUE, &json!({ "source": "x", "base_hash": hash }));
    assert_eq!(server.status(write).await, StatusCode::FORBIDDEN);
    assert_eq!(fs::read_to_string(target).unwrap(), "segredo");
}

#[cfg(unix)]
#[tokio::test]
async fn a_step_that_is_a_link_is_neither_read_nor_written() {
    let server = server();
    let outside = tempfile::tempdir().unwrap();
    // Fora do curso, dentro dele e na própria pasta do capítulo: nenhum dos três é o arquivo do passo.
    for target in [
        outside.path().join("segredo.rs"),
        server.dir.path().join("segredo.toml"),
        server.queue_file().with_file_name("segredo.rs"),
    ] {
        fs::write(&target, "segredo").unwrap();
        fs::remove_file(server.queue_file()).unwrap();
        std::os::unix::fs::symlink(&target, server.queue_file()).unwrap();
        assert_link_is_refused(&server, &target).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_step_in_a_linked_folder_is_neither_read_nor_written() {
    let server = server();
    let sources = server.queue_file().parent().unwrap().to_owned();
    let elsewhere = server.dir.path().join("elsewhere");
    fs::rename(&sources, &elsewhere).unwrap();
    fs::write(elsewhere.join("queue.rs"), "segredo").unwrap();
    std::os::unix::fs::symlink(&elsewhere, &sources).unwrap();
    assert_link_is_refused(&server, &elsewhere.join("queue.rs")).await;
}

#[tokio::test]
async fn pages_are_protected_and_carry_the_token() {
    let server = server();
    let response = server.send(get_page("/async-invocation/queue.html")).await;
    let headers = response.headers().clone();
    assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("'wasm-unsafe-eval' 'sha256-") && !policy.contains("'unsafe-eval'"), "{policy}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains(&format!(r#""serve":true,"token":"{TOKEN}""#)));

    let again = request("GET", "/async-invocation/queue.html", |builder| {
        builder.header("if-none-match", &headers[header::ETAG])
    });
    assert_eq!(server.status(again).await, StatusCode::NOT_MODIFIED);
    for path in ["/nada.html", "/api/modules/nada.wasm", "/api"] {
        let response = server.send(get_page(path)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
}

/// Abre os eventos do passo; a inscrição já vale quando a resposta chega.
async fn events(server: &Server) -> axum::body::BodyDataStream {
    let response = server.send(get_page(&format!("{QUEUE}/events?token={TOKEN}"))).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    response.into_body().into_data_stream()
}

async fn next_event(events: &mut axum::body::BodyDataStream) -> Option<String> {
    let chunk = tokio::time::timeout(PATIENCE, events.next()).await.expect("nenhum evento chegou")?;
    Some(String::from_utf8(chunk.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn the_other_pages_hear_of_a_write() {
    let server = server();
    let mut events = events(&server).await;
    let (_, before) = server.json(call("GET", QUEUE, &Value::Null)).await;
    let (_, after) =
        server.json(call("PUT", QUEUE, &json!({ "source": "fn f() {}\n", "base_hash": before["hash"] }))).await;
    let expected = format!("event: changed\ndata: {}\n\n", json!({ "hash": after["hash"] }));
    assert_eq!(next_event(&mut events).await.unwrap(), expected);
}

#[tokio::test]
async fn a_change_made_by_another_editor_is_heard() {
    let server = server();
    let _watcher = server.app.changes.watch().unwrap();
    let mut events = events(&server).await;
    fs::write(server.queue_file(), "fn de_fora() {}\n").unwrap();
    let event = next_event(&mut events).await.unwrap();
    assert!(event.contains(&grader::files::hash(b"fn de_fora() {}\n")), "{event}");
}

#[tokio::test]
async fn stopping_ends_the_events() {
    let server = server();
    let mut events = events(&server).await;
    server.stop.send(true).unwrap();
    assert_eq!(next_event(&mut events).await, None);
}

#[tokio::test]
async fn a_compiler_error_of_ours_is_json_in_portuguese() {
    let mut server = server();
    let app = Arc::get_mut(&mut server.app).unwrap();
    app.builds = Arc::new(Builds::new(
        Box::new(|_| Err(anyhow::anyhow!("rode `cargo xtask setup`").context("falta o alvo WASM"))),
        Box::new(|_| BTreeMap::new()),
    ));
    let (status, body) = server.json(call("POST", "/api/build/async-invocation/queue", &Value::Null)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body["error"], "falta o alvo WASM: rode `cargo xtask setup`");
}

#[tokio::test]
async fn a_build_answers_with_the_hash_the_module_and_the_errors() {
    let mut server = server();
    let app = Arc::get_mut(&mut server.app).unwrap();
    let steps = Arc::clone(&app.steps);
    app.builds = Arc::new(Builds::new(
        Box::new(|_| {
            let module = Some(axum::body::Bytes::from_static(b"\0asm"));
            Ok(Compiled { module, diagnostics: Vec::new(), step_errors: vec!["retries".into()] })
        }),
        Box::new(move |chapter| hashes(&steps, chapter)),
    ));
    let (_, source) = server.json(call("GET", QUEUE, &Value::Null)).await;
    let (status, body) = server.json(call("POST", "/api/build/async-invocation/queue", &Value::Null)).await;
    assert_eq!((status, &body["hash"], &body["step_errors"]), (StatusCode::OK, &source["hash"], &json!(["retries"])));
    let module = server.send(get_page(body["tests"].as_str().unwrap())).await;
    assert_eq!(module.headers()[header::CONTENT_TYPE], "application/wasm");
    assert_eq!(module.into_body().collect().await.unwrap().to_bytes(), b"\0asm".as_slice());
    let (status, lab) = server.json(call("POST", "/api/lab/async-invocation", &Value::Null)).await;
    assert_eq!((status, &lab["lab"]), (StatusCode::OK, &body["tests"]));
    assert_eq!(server.status(call("POST", "/api/lab/nada", &Value::Null)).await, StatusCode::NOT_FOUND);
}
