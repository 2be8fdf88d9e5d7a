//! A API do servidor local (`cargo xtask serve`).

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use super::{config::Config, dom};
use crate::{
    compiler::{Build, Diagnostic},
    editing::OnDisk,
};

/// Por que um pedido não deu certo.
#[derive(Debug)]
pub enum Failure {
    /// O servidor não respondeu.
    Gone,
    /// O servidor respondeu com um erro, nas palavras dele.
    Refused(String),
}

impl Failure {
    pub fn text(&self) -> String {
        match self {
            Self::Gone => crate::editing::Notice::ServerGone.text(),
            Self::Refused(reason) => reason.clone(),
        }
    }
}

/// O que aconteceu com um salvamento.
pub enum Save {
    Done { hash: String },
    Conflict(OnDisk),
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Hash {
    hash: String,
}

#[derive(Deserialize)]
pub struct LabBuild {
    pub lab: Option<String>,
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal());
        }
        self.parse()
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.body)
            .map_err(|error| Failure::Refused(format!("o servidor respondeu algo inesperado: {error}")))
    }

    fn refusal(&self) -> Failure {
        let said = serde_json::from_str::<Refusal>(&self.body).map(|refusal| refusal.error).unwrap_or_default();
        Failure::Refused(match (said.is_empty(), self.status) {
            (false, _) => said,
            (true, 401 | 403) => {
                "o servidor foi reiniciado e não reconhece mais esta página: recarregue-a (seu rascunho fica guardado)"
                    .into()
            }
            (true, status) => format!("o servidor respondeu {status}"),
        })
    }
}

pub async fn step(config: &Config, step: &str) -> Result<OnDisk, Failure> {
    call(config, "GET", &format!("/api/steps/{step}"), None).await?.read()
}

pub async fn save(config: &Config, step: &str, source: &str, base_hash: &str) -> Result<Save, Failure> {
    let body = json!({ "source": source, "base_hash": base_hash });
    let answer = call(config, "PUT", &format!("/api/steps/{step}"), Some(body.to_string())).await?;
    if answer.status == 409 {
        return answer.parse().map(Save::Conflict);
    }
    answer.read::<Hash>().map(|Hash { hash }| Save::Done { hash })
}

pub async fn build(config: &Config, step: &str) -> Result<Build, Failure> {
    call(config, "POST", &format!("/api/build/{step}"), None).await?.read()
}

pub async fn lab(config: &Config, chapter: &str) -> Result<LabBuild, Failure> {
    call(config, "POST", &format!("/api/lab/{chapter}"), None).await?.read()
}

/// O endereço dos avisos de mudança de um passo. `EventSource` não manda cabeçalhos, por isso o token vai no endereço.
pub fn events_url(config: &Config, step: &str) -> String {
    let token = js_sys::encode_uri_component(config.token.as_deref().unwrap_or_default());
    format!("/api/steps/{step}/events?token={token}")
}

async fn call(config: &Config, method: &str, url: &str, body: Option<String>) -> Result<Answer, Failure> {
    let gone = |_: JsValue| Failure::Gone;
    let headers = Headers::new().map_err(gone)?;
    headers.set("x-caderno-token", config.token.as_deref().unwrap_or_default()).map_err(gone)?;
    headers.set("content-type", "application/json").map_err(gone)?;
    let request = RequestInit::new();
    request.set_method(method);
    request.set_headers(&headers);
    if let Some(body) = body {
        request.set_body(&JsValue::from_str(&body));
    }
    let response: Response =
        JsFuture::from(dom::window().fetch_with_str_and_init(url, &request)).await.map_err(gone)?.unchecked_into();
    let text = JsFuture::from(response.text().map_err(gone)?).await.map_err(gone)?;
    Ok(Answer { status: response.status(), body: text.as_string().unwrap_or_default() })
}
