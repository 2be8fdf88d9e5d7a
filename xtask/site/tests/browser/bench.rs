//! A bancada: uma cópia do curso, o servidor sobre ela e um ChromeDriver; tudo some no fim.

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use fantoccini::ClientBuilder;
use fantoccini::wd::TimeoutConfiguration;
use grader::course::Course;
use grader::toolchain::{self, Browser};
use serde_json::json;
use site::ServerHandle;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::page::{Look, PATIENCE, Page};

pub struct Bench {
    pub course: Course,
    pub server: String,
    browser: Browser,
    driver: Mutex<Child>,
    driver_url: String,
    runtime: Runtime,
    _server: ServerHandle,
    _copy: TempDir,
}

impl Bench {
    pub fn start() -> Self {
        let browser = toolchain::browser().unwrap_or_else(|missing| panic!("{missing}"));
        let wasm = toolchain::wasm().unwrap_or_else(|missing| panic!("{missing}"));
        let real = Course::find().unwrap();
        let copy = tempfile::tempdir().unwrap();
        copy_course(&real, copy.path());
        let course = Course { target: real.target.clone(), ..Course::load(copy.path()).unwrap() };

        let runtime = Runtime::new().unwrap();
        let options = site::Options { course: course.clone(), port: 0, wasm: Some(wasm) };
        let server = runtime.block_on(site::serve(options)).unwrap_or_else(|error| panic!("{error:#}"));
        let (driver, port) = start_driver(&browser);
        Self {
            course,
            server: server.url(),
            browser,
            driver: Mutex::new(driver),
            driver_url: format!("http://127.0.0.1:{port}"),
            runtime,
            _server: server,
            _copy: copy,
        }
    }

    /// Roda um cenário até o fim; o pânico dele vira a falha do teste.
    pub fn run<'a, F, Fut>(&'a self, scenario: F) -> Result<(), String>
    where
        F: FnOnce(&'a Self) -> Fut,
        Fut: Future<Output = ()>,
    {
        self.runtime.block_on(scenario(self));
        Ok(())
    }

    /// Uma janela nova, sem nada guardado de outras.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.window().await;
        page.goto(&format!("{}/{path}", self.server)).await;
        page.ready().await;
        page
    }

    /// Como [`Self::open`], com o tema e a largura de um leitor que os escolheu antes.
    pub async fn open_in(&self, path: &str, look: Look) -> Page {
        let page = self.open("introduction.html").await;
        page.wear(look).await;
        page.goto(&format!("{}/{path}", self.server)).await;
        page.ready().await;
        page
    }

    pub async fn window(&self) -> Page {
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .map(str::to_owned);
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": self.browser.chrome, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let serde_json::Value::Object(capabilities) = capabilities else { unreachable!("é um objeto") };
        let client = ClientBuilder::new(hyper_client())
            .capabilities(capabilities)
            .connect(&self.driver_url)
            .await
            .expect("o ChromeDriver não abriu o navegador");
        let timeouts = TimeoutConfiguration::new(Some(PATIENCE), None, None);
        client.update_timeouts(timeouts).await.unwrap();
        Page::new(client, profile, self.course.target.join("screenshots"))
    }

    /// O arquivo que o leitor edita, na cópia.
    pub fn step_file(&self, step: &str) -> PathBuf {
        let (chapter, step) = self.course.find_step(step).unwrap();
        self.course.root.join(chapter.exercise_file(step))
    }

    pub fn answer(&self, step: &str) -> String {
        let (chapter, step) = self.course.find_step(step).unwrap();
        fs::read_to_string(self.course.root.join(chapter.solution_file(step))).unwrap()
    }

    /// Devolve o esqueleto ao passo e o mostra: cada cenário começa do começo.
    pub fn starter(&self, step: &str) -> String {
        let (chapter, found) = self.course.find_step(step).unwrap();
        let text = grader::build::starter_of(&self.course, chapter, found).unwrap();
        fs::write(self.step_file(step), &text).unwrap();
        text
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let mut driver = self.driver.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Se ele já terminou, não há o que encerrar.
        let _ = driver.kill();
        let _ = driver.wait();
    }
}

fn hyper_client() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

/// O driver escolhe uma porta livre e a diz na saída.
fn start_driver(browser: &Browser) -> (Child, u16) {
    let mut driver = Command::new(&browser.driver)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("o ChromeDriver não iniciou");
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines
        .find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok())
        .expect("o ChromeDriver não disse em que porta está");
    // Ninguém mais lê a saída; sem isto ele pararia ao encher o cano.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port)
}

/// O repositório sem o que é gerado: os testes escrevem na cópia, nunca nos exercícios de quem os roda.
fn copy_course(real: &Course, to: &Path) {
    for name in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "book", "exercises", "solutions", "xtask"] {
        let from = real.root.join(name);
        if from.is_file() {
            copy_file(&from, &to.join(name));
            continue;
        }
        for file in grader::files::walk(&from).unwrap() {
            let target = to.join(name).join(&file);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            copy_file(&from.join(&file), &target);
        }
    }
    let course = Course::load(to).unwrap();
    for (chapter, step) in course.steps() {
        let starter = grader::build::starter_of(&course, chapter, step).unwrap();
        fs::write(to.join(chapter.exercise_file(step)), starter).unwrap();
    }
}

/// Com a data do original: uma data nova faria o cargo compilar de novo o que as outras etapas já compilaram.
fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    let modified = fs::metadata(from).unwrap().modified().unwrap();
    fs::File::options().write(true).open(to).unwrap().set_modified(modified).unwrap();
}
