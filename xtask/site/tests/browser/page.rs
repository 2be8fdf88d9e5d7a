//! Uma página aberta e o que um leitor faz nela. Esperar é sempre por uma condição, nunca por um tempo.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Compilar o capítulo para WASM pela primeira vez é a espera mais longa.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// Um tema e um tamanho de janela.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub theme: &'static str,
    pub size: (u32, u32),
    pub name: &'static str,
}

const DESKTOP: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (390, 844);

/// Os dois temas e os dois tamanhos, em duas fotografias.
pub const TWO_LOOKS: [Look; 2] = [LOOKS[0], LOOKS[3]];

/// Claro e escuro, na mesa e no telefone.
pub const LOOKS: [Look; 4] = [
    Look { theme: "light", size: DESKTOP, name: "light-desktop" },
    Look { theme: "light", size: PHONE, name: "light-phone" },
    Look { theme: "navy", size: DESKTOP, name: "navy-desktop" },
    Look { theme: "navy", size: PHONE, name: "navy-phone" },
];

pub struct Page {
    pub client: Client,
    screenshots: PathBuf,
    _profile: TempDir,
}

impl Page {
    pub fn new(client: Client, profile: TempDir, screenshots: PathBuf) -> Self {
        Self { client, screenshots, _profile: profile }
    }

    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Espera a página terminar de se montar (o editor, se houver, já mostra o arquivo).
    pub async fn ready(&self) {
        let script = "const done = arguments[0]; const look = () => window.caderno ? \
                      window.caderno.ready.then(() => done(true), (e) => done(String(e))) : \
                      requestAnimationFrame(look); look();";
        let answer = self.client.execute_async(script, vec![]).await.unwrap();
        assert_eq!(answer, json!(true), "a página não se montou: {answer}");
    }

    pub async fn find(&self, css: &str) -> Element {
        self.client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await
            .unwrap_or_else(|error| panic!("não apareceu {css}: {error}"))
    }

    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// Espera o texto de `css` conter `words` e o devolve.
    pub async fn text_with(&self, css: &str, words: &str) -> String {
        let script = "const [css, words] = arguments; const found = [...document.querySelectorAll(css)]\
                      .find((one) => one.textContent.includes(words)); return found ? found.textContent : null;";
        match self.until(script, json!([css, words])).await {
            Value::String(text) => text,
            other => panic!("não é texto: {other}"),
        }
    }

    /// Repete um script até ele devolver algo diferente de nulo e falso.
    pub async fn until(&self, script: &str, arguments: Value) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const given = arguments[0]; const start = performance.now();\
             const probe = (function() {{ {script} }}); const look = () => {{ const found = probe.apply(null, given);\
             if (found !== null && found !== false && found !== undefined) done(found);\
             else if (performance.now() - start > {}) done(null); else requestAnimationFrame(look); }}; look();",
            PATIENCE.as_millis()
        );
        let found = self.client.execute_async(&script, vec![arguments.clone()]).await.unwrap();
        assert_ne!(found, Value::Null, "esperei em vão por {arguments}; a página mostra:\n{}", self.body().await);
        found
    }

    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    async fn body(&self) -> String {
        self.text("main").await.chars().take(4000).collect()
    }

    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        // Os botões ficam embaixo do texto; o que está fora da tela não recebe o clique.
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.script(script, vec![serde_json::to_value(&element).unwrap()]).await;
        element.click().await.unwrap_or_else(|error| panic!("não consegui clicar em {css}: {error}"));
    }

    /// Roda os testes e espera o fim.
    pub async fn run_tests(&self) {
        self.click(".passo-rodar").await;
        self.until("return document.querySelector('.passo').dataset.result === 'running' || null", json!([])).await;
        self.finished().await;
    }

    /// Espera a corrida em curso acabar.
    pub async fn finished(&self) {
        self.until("return document.querySelector('.passo-cancelar').hidden || null", json!([])).await;
    }

    pub async fn tests_in(&self, state: &str) -> usize {
        self.count(&format!("li[data-test][data-state={state}]")).await
    }

    /// O texto do editor, como está na tela.
    pub async fn editor_text(&self) -> String {
        let script = "return window.ace.edit(document.querySelector('.ace_editor')).getValue()";
        self.script(script, vec![]).await.as_str().unwrap().to_owned()
    }

    /// Apaga o que há no editor e escreve `text`, pelo teclado do navegador.
    pub async fn type_over(&self, text: &str) {
        self.click(".ace_editor .ace_content").await;
        let select_all = KeyActions::new("teclado".into())
            .then(KeyAction::Down { value: Key::Control.into() })
            .then(KeyAction::Down { value: 'a' })
            .then(KeyAction::Up { value: 'a' })
            .then(KeyAction::Up { value: Key::Control.into() })
            .then(KeyAction::Down { value: Key::Delete.into() })
            .then(KeyAction::Up { value: Key::Delete.into() });
        self.client.perform_actions(select_all).await.unwrap();
        self.type_here(text).await;
    }

    /// Escreve onde o cursor está.
    pub async fn type_here(&self, text: &str) {
        self.client.issue_cmd(InsertText(text.to_owned())).await.unwrap();
    }

    pub async fn press(&self, key: Key) {
        let keys = KeyActions::new("teclado".into())
            .then(KeyAction::Down { value: key.into() })
            .then(KeyAction::Up { value: key.into() });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Espera a situação do arquivo no editor: `saved`, `dirty`, `conflict`…
    pub async fn situation(&self, state: &str) {
        self.find(&format!(".editor-situacao[data-state={state}]")).await;
    }

    /// Escolhe tema e tamanho; valem da próxima página em diante.
    pub async fn wear(&self, look: Look) {
        self.script("localStorage.setItem('mdbook-theme', arguments[0])", vec![json!(look.theme)]).await;
        self.client.set_window_size(look.size.0, look.size.1).await.unwrap();
    }

    /// Fotografa a janela em `target/screenshots/NOME.png`, para quem quer ver.
    pub async fn photograph(&self, name: &str) {
        self.keep(&format!("{name}.png"), &self.client.screenshot().await.unwrap());
    }

    /// Guarda um arquivo ao lado das fotografias.
    pub fn keep(&self, name: &str, bytes: &[u8]) {
        std::fs::create_dir_all(&self.screenshots).unwrap();
        std::fs::write(self.screenshots.join(name), bytes).unwrap();
    }

    /// Fecha a janela; um erro no console da página é uma falha, mesmo que ninguém tenha olhado para ele.
    pub async fn close(self) {
        let errors = self.console_errors().await;
        self.client.close().await.unwrap();
        assert!(errors.is_empty(), "erros no console da página: {errors:#?}");
    }

    async fn console_errors(&self) -> Vec<String> {
        let log = self.client.issue_cmd(BrowserLog).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }
}

/// Insere texto no elemento em foco, como um teclado ou um método de entrada faria.
#[derive(Debug)]
struct InsertText(String);

impl WebDriverCompatibleCommand for InsertText {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": "Input.insertText", "params": { "text": self.0 } });
        (Method::POST, Some(body.to_string()))
    }
}

/// O que a página escreveu no console.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
