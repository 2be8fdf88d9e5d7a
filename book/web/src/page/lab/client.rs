//! O cliente JavaScript que um laboratório gerou, carregado em uma moldura isolada.
//!
//! A moldura tem origem própria e política sem rede: o código gerado não lê a página, não chama o servidor e não fala com ninguém a
//! não ser por aqui. O `fetch` que ele recebe manda cada requisição para [`Heard::Request`], e a resposta volta por
//! [`Client::respond`].

use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{HtmlElement, HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort};

use super::super::dom;
use crate::output::{Response, Script};

/// O que a moldura diz.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Heard {
    /// O cliente chamou `fetch`.
    Request { id: u32, request: serde_json::Value },
    /// O método devolveu este valor, já em JSON indentado.
    Value { text: String },
    /// O método, ou o próprio módulo, lançou um erro.
    Failure { text: String },
}

#[derive(Serialize)]
struct Answer<'a> {
    id: u32,
    status: u16,
    headers: &'a [(String, String)],
    body: &'a str,
}

/// A moldura some quando este valor é largado.
pub struct Client {
    frame: HtmlElement,
    port: MessagePort,
    _hear: Closure<dyn FnMut(MessageEvent)>,
    _load: Closure<dyn FnMut()>,
}

impl Client {
    pub fn start(base: &str, script: &Script, hear: impl Fn(Heard) + 'static) -> Result<Self, String> {
        let lost = |error: JsValue| format!("o navegador não abriu a moldura do cliente: {error:?}");
        let channel = MessageChannel::new().map_err(lost)?;
        let port = channel.port1();
        let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let text = message.data().as_string().unwrap_or_default();
            if let Ok(heard) = serde_json::from_str(&text) {
                hear(heard);
            }
        });
        port.set_onmessage(Some(listen.as_ref().unchecked_ref()));

        let frame = dom::create("iframe", "", "");
        frame.set_hidden(true);
        dom::attribute(&frame, "sandbox", "allow-scripts");
        dom::attribute(&frame, "title", "cliente gerado");
        dom::attribute(&frame, "src", &format!("{base}client.html"));
        let job = serde_json::json!({ "source": script.source, "config": script.call.config,
            "operation": script.call.operation, "params": script.call.params,
            "body": script.call.body });
        let (window, other_end) = (frame.clone(), channel.port2());
        let load = Closure::<dyn FnMut()>::new(move || {
            let Some(window) = window.dyn_ref::<HtmlIFrameElement>().and_then(HtmlIFrameElement::content_window) else {
                return;
            };
            // A moldura tem origem opaca, que não se escreve: `*` entrega à única janela que há ali, a nossa.
            let ports = js_sys::Array::of1(&other_end);
            let _ = window.post_message_with_transfer(&JsValue::from_str(&job.to_string()), "*", &ports);
        });
        let _ = frame.add_event_listener_with_callback("load", load.as_ref().unchecked_ref());
        if let Some(body) = dom::document().body() {
            dom::append(&body, &[&frame]);
        }
        Ok(Self { frame, port, _hear: listen, _load: load })
    }

    /// Responde a uma requisição do cliente.
    pub fn respond(&self, id: u32, response: &Response) {
        let answer = Answer { id, status: response.status, headers: &response.headers, body: &response.body };
        if let Ok(text) = serde_json::to_string(&answer) {
            let _ = self.port.post_message(&JsValue::from_str(&text));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
        self.frame.remove();
    }
}
