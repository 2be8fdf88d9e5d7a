//! `site serve`: as páginas com editor, e a API que lê, grava e compila os passos. Só nesta máquina.

mod api;
mod builds;
mod changes;
mod csp;
mod guard;
mod modules;
mod pages;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use grader::build::{Diagnostic, Source, Target, TestsBuild};
use grader::course::Course;
use grader::toolchain::WasmToolchain;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use builds::{Builds, Compiled, Job};
use changes::Changes;
use guard::Hosts;
use modules::Modules;
use pages::Pages;
use steps::Steps;

/// O que o servidor precisa saber para começar.
pub struct Options {
    pub course: Course,
    /// 0 escolhe uma porta livre.
    pub port: u16,
    /// Sem ele as páginas mostram o texto e dizem o que instalar.
    pub wasm: Option<WasmToolchain>,
}

/// Um servidor no ar.
pub struct ServerHandle {
    address: SocketAddr,
    token: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
    /// Solto, deixa de vigiar as pastas.
    _watcher: Option<notify::RecommendedWatcher>,
}

impl ServerHandle {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A senha que as páginas levam nas chamadas à API.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Para de aceitar pedidos, encerra os eventos e espera o que está em curso.
    pub async fn stop(self) -> Result<()> {
        // Ninguém ouvindo quer dizer que o servidor já parou.
        let _ = self.stop.send(true);
        self.task.await.context("o servidor parou com um erro interno")?.context("o servidor parou com um erro de rede")
    }
}

/// O que as rotas compartilham.
struct App {
    hosts: Hosts,
    token: String,
    pages: Pages,
    steps: Arc<Steps>,
    changes: Arc<Changes>,
    builds: Arc<Builds>,
    modules: Modules,
    stopping: watch::Receiver<bool>,
}

type Shared = Arc<App>;

/// Gera o livro e começa a servi-lo; volta assim que aceita pedidos.
pub async fn serve(options: Options) -> Result<ServerHandle> {
    let Options { course, port, wasm } = options;
    // A porta antes da parte demorada: se ela está ocupada, é melhor saber logo.
    let listener = bind(port).await?;
    let address = listener.local_addr()?;
    let token = random_token()?;

    let out = course.target.join("book-serve");
    let (built, secret, dir) = (course.clone(), token.clone(), out.clone());
    tokio::task::spawn_blocking(move || crate::build::build_served(&built, &dir, &secret, wasm.as_ref()))
        .await
        .context("a geração do livro parou no meio")??;
    let pages = Pages::load(&out)?;

    let steps = Arc::new(Steps::new(course));
    let changes = Arc::new(Changes::new(Arc::clone(&steps)));
    let watcher = match changes.watch() {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            eprintln!("Aviso: {error:#}. O livro funciona, mas não percebe sozinho o que você salva em outro editor.");
            None
        }
    };
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(App {
        hosts: Hosts::new(address.port()),
        token: token.clone(),
        pages,
        builds: Arc::new(reader_builds(&steps)),
        steps,
        changes,
        modules: Modules::default(),
        stopping: stopping.clone(),
    });
    let mut until = stopping;
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(async move {
        // Um erro aqui quer dizer que ninguém mais pode pedir para parar: para também.
        let _ = until.wait_for(|stopping| *stopping).await;
    });
    let task = tokio::spawn(server.into_future());
    Ok(ServerHandle { address, token, stop, task, _watcher: watcher })
}

async fn bind(port: u16) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "a porta {port} está ocupada (outro `cargo xtask serve` aberto?); escolha outra: `cargo xtask serve --port {}`",
            port.checked_add(1).unwrap_or(3000)
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            bail!("o sistema não deixa usar a porta {port}; escolha uma acima de 1023: `cargo xtask serve --port 3001`")
        }
        Err(error) => Err(error).with_context(|| format!("não consegui abrir a porta {port}")),
    }
}

fn random_token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok().context("o sistema não forneceu números aleatórios para a senha da sessão")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn router(app: Shared) -> Router {
    let guarded = Router::new()
        .route("/api/steps/{chapter}/{step}", get(api::read_step).put(api::write_step))
        .route("/api/steps/{chapter}/{step}/events", get(api::step_events))
        .route("/api/build/{chapter}/{step}", post(api::build_step))
        .route("/api/lab/{chapter}", post(api::build_lab))
        .method_not_allowed_fallback(api::wrong_method)
        .layer(DefaultBodyLimit::max(api::BODY_LIMIT))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), guard::require_token));
    Router::new()
        .route("/api/modules/{file}", get(api::module))
        .merge(guarded)
        .route("/api", any(api::unknown))
        .route("/api/", any(api::unknown))
        .route("/api/{*rest}", any(api::unknown))
        .fallback(get(page))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), guard::protect))
        .with_state(app)
}

async fn page(State(app): State<Shared>, request: Request) -> impl IntoResponse {
    app.pages.respond(request.uri().path(), request.headers())
}

/// A fila que compila o código de quem lê com o avaliador.
fn reader_builds(steps: &Arc<Steps>) -> Builds {
    let (compiling, watching) = (Arc::clone(steps), Arc::clone(steps));
    Builds::new(
        Box::new(move |job| compile(compiling.course(), job)),
        Box::new(move |chapter| hashes(&watching, chapter)),
    )
}

fn compile(course: &Course, job: &Job) -> Result<Compiled> {
    let chapter =
        course.chapter(job.chapter()).with_context(|| format!("não existe o capítulo `{}`", job.chapter()))?;
    match job {
        Job::Tests(_) => {
            let built = grader::build::build_tests(course, chapter, &Source::Reader, Target::Wasm)?;
            let module = grader::build::read_artifact(&built.artifact)?;
            let step_errors = built.replaced.keys().map(|step| step.step().to_owned()).collect();
            Ok(Compiled { module: Some(module.into()), diagnostics: diagnostics(built), step_errors })
        }
        Job::Lab(_) => {
            let built = grader::build::build_lab(course, chapter, &Source::Reader, Target::Wasm)?;
            let module = built.artifact.as_deref().map(grader::build::read_artifact).transpose()?;
            Ok(Compiled { module: module.map(Into::into), diagnostics: built.diagnostics, step_errors: Vec::new() })
        }
    }
}

/// Os erros primeiro, depois os avisos.
fn diagnostics(built: TestsBuild) -> Vec<Diagnostic> {
    built.replaced.into_values().flatten().chain(built.warnings).collect()
}

fn hashes(steps: &Steps, chapter: &str) -> BTreeMap<String, String> {
    let Some(chapter) = steps.course().chapter(chapter) else { return BTreeMap::new() };
    chapter.steps.iter().filter_map(|step| Some((step.name().to_owned(), steps.hash(chapter, step)?))).collect()
}
