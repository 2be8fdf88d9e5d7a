//! A API que as páginas usam: ler e gravar um passo, saber que ele mudou, compilar. Todo erro é `{"error":"texto"}`.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use grader::course::StepId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::Shared;
use super::builds::{Done, Job};
use super::steps::{Error, Source};

/// O maior corpo aceito: um passo tem poucos quilobytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Um erro como a página o recebe.
#[derive(Debug)]
pub struct Failure(StatusCode, Value);

impl Failure {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self(status, json!({ "error": text.into() }))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        (self.0, Json(self.1)).into_response()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Unknown(_) | Error::Missing(..) => Self::new(StatusCode::NOT_FOUND, text),
            Error::Linked(_) => Self::new(StatusCode::FORBIDDEN, text),
            Error::NotText(_) | Error::NotAFile(..) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, text),
            Error::Conflict(present) => {
                let Source { source, hash, .. } = *present;
                Self(StatusCode::CONFLICT, json!({ "error": text, "source": source, "hash": hash }))
            }
            Error::Io(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, text),
        }
    }
}

type Answer<T> = Result<T, Failure>;

pub async fn read_step(
    State(app): State<Shared>,
    Path((chapter, step)): Path<(String, String)>,
) -> Answer<Json<Source>> {
    Ok(Json(app.steps.read(&chapter, &step)?))
}

#[derive(Deserialize)]
struct Write {
    source: String,
    base_hash: String,
}

pub async fn write_step(
    State(app): State<Shared>,
    Path((chapter, step)): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<Value>> {
    let Write { source, base_hash } = parse(body)?;
    let hash = app.steps.write(&chapter, &step, &source, &base_hash).await?;
    app.changes.note(StepId::new(chapter, step), hash.clone());
    Ok(Json(json!({ "hash": hash })))
}

fn parse(body: Result<Bytes, BytesRejection>) -> Answer<Write> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "o texto passa de 1 MiB; um passo tem poucos quilobytes")
        }
        status => Failure::new(status, "o pedido chegou pela metade; tente de novo"),
    })?;
    serde_json::from_slice(&body).map_err(|_| {
        Failure::new(StatusCode::BAD_REQUEST, "o pedido tem de ser {\"source\":\"…\",\"base_hash\":\"…\"}")
    })
}

/// `changed` a cada mudança do passo no disco, até a página fechar ou o servidor parar.
pub async fn step_events(
    State(app): State<Shared>,
    Path((chapter, step)): Path<(String, String)>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let wanted = app.steps.find(&chapter, &step)?.1.id.clone();
    let mut stopping = app.stopping.clone();
    let changes = stream::unfold(app.changes.subscribe(), |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(change) => return Some((change, receiver)),
                // Ficou para trás: o próximo aviso traz a soma atual, que é o que importa.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let events = changes
        .filter(move |change| std::future::ready(change.step == wanted))
        .map(|change| Ok(Event::default().event("changed").data(json!({ "hash": change.hash }).to_string())))
        .take_until(async move {
            // Um erro aqui quer dizer que o servidor já se foi.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

pub async fn build_step(
    State(app): State<Shared>,
    Path((chapter, step)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    app.steps.find(&chapter, &step)?;
    let done = run(&app, Job::Tests(chapter)).await?;
    Ok(Json(json!({
        "hash": done.hashes.get(&step),
        "tests": module_address(&app, &done),
        "diagnostics": done.compiled.diagnostics,
        "step_errors": done.compiled.step_errors,
    })))
}

pub async fn build_lab(State(app): State<Shared>, Path(chapter): Path<String>) -> Answer<Json<Value>> {
    let known = app.steps.course().chapters.iter().find(|known| known.slug() == chapter);
    if known.is_none_or(|known| known.labs.is_empty()) {
        return Err(Failure::new(StatusCode::NOT_FOUND, format!("o capítulo `{chapter}` não tem laboratório")));
    }
    let done = run(&app, Job::Lab(chapter)).await?;
    Ok(Json(json!({ "lab": module_address(&app, &done), "diagnostics": done.compiled.diagnostics })))
}

async fn run(app: &Shared, job: Job) -> Answer<std::sync::Arc<Done>> {
    app.builds.run(job).await.map_err(|text| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, text))
}

fn module_address(app: &Shared, done: &Done) -> Option<String> {
    done.compiled.module.clone().map(|module| app.modules.keep(module))
}

/// Sem senha: o nome é a soma do conteúdo, e o conteúdo não guarda segredo.
pub async fn module(State(app): State<Shared>, Path(file): Path<String>) -> Answer<Response<Body>> {
    let module = file.strip_suffix(".wasm").and_then(|id| app.modules.get(id)).ok_or_else(|| {
        Failure::new(StatusCode::NOT_FOUND, "este módulo não está mais guardado; rode os testes de novo")
    })?;
    let mut response = Response::new(Body::from(module));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/wasm"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

pub async fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "este endereço não existe na API")
}

pub async fn wrong_method() -> Failure {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "este endereço da API não aceita esse método")
}
