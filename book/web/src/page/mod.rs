//! O lado da página: acha as seções que o livro trouxe e lhes dá vida.

mod api;
mod config;
mod dom;
mod editor;
mod hand;
mod lab;
mod mailbox;
mod quiz;
mod runner;
mod sidebar;
mod step;
mod storage;
mod tests_view;

use std::rc::Rc;

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsError, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{CustomEvent, CustomEventInit};

use self::{config::Config, lab::Lab, quiz::Quiz, step::Step};

/// O nome do evento que avisa que um passo foi salvo.
const SAVED: &str = "caderno:saved";

/// Começa. `base` é o endereço da pasta `caderno/`, de onde vêm o Worker e os módulos.
#[wasm_bindgen]
pub fn start(base: &str) -> Result<(), JsError> {
    let config = Rc::new(Config::read(base));
    sidebar::refresh();
    dom::on(&dom::window(), "storage", |_| sidebar::refresh());
    let steps: Vec<Rc<Step>> =
        dom::find_all("section.passo").into_iter().filter_map(|section| Step::hydrate(&config, section)).collect();
    for section in dom::find_all("section.lab") {
        Lab::hydrate(&config, section);
    }
    for section in dom::find_all("section.quiz") {
        Quiz::hydrate(&section);
    }
    let ready = future_to_promise(async move {
        for step in steps {
            step.open_editor().await;
        }
        Ok(JsValue::UNDEFINED)
    });
    expose(base, &ready).map_err(|_| JsError::new("a página não deixou criar window.caderno"))
}

/// `window.caderno`: o que os testes da página (e os curiosos) chamam do console.
fn expose(base: &str, ready: &Promise) -> Result<(), JsValue> {
    let base = base.to_owned();
    let run =
        Closure::<dyn Fn(String, Option<i32>) -> Promise>::new(move |module: String, deadline_ms: Option<i32>| {
            let base = base.clone();
            future_to_promise(async move {
                let module = absolute(&module);
                let deadline_ms = deadline_ms.unwrap_or(runner::DEADLINE_MS);
                let results =
                    runner::run_module(&base, &module, deadline_ms).await.map_err(|reason| JsError::new(&reason))?;
                let text = serde_json::to_string(&results).map_err(JsError::from)?;
                js_sys::JSON::parse(&text)
            })
        });
    let caderno = Object::new();
    Reflect::set(&caderno, &"runModule".into(), run.as_ref())?;
    Reflect::set(&caderno, &"ready".into(), ready)?;
    Reflect::set(&dom::window(), &"caderno".into(), &caderno)?;
    run.forget();
    Ok(())
}

/// O Worker resolve endereços relativos a si mesmo; quem chama pensa na página.
fn absolute(url: &str) -> String {
    let page = dom::window().location().href().unwrap_or_default();
    web_sys::Url::new_with_base(url, &page).map_or_else(|_| url.to_owned(), |url| url.href())
}

/// Avisa os laboratórios da página de que o código de um passo mudou no disco.
fn announce_saved(step: &str) {
    let init = CustomEventInit::new();
    init.set_detail(&JsValue::from_str(step));
    if let Ok(event) = CustomEvent::new_with_event_init_dict(SAVED, &init) {
        let _ = dom::document().dispatch_event(&event);
    }
}

fn on_saved(listener: impl Fn(&str) + 'static) {
    dom::on(&dom::document(), SAVED, move |event| {
        let step = event.dyn_ref::<CustomEvent>().and_then(|event| event.detail().as_string());
        listener(&step.unwrap_or_default());
    });
}
