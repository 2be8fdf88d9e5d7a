//! Pequenas ajudas para o DOM: achar, criar, escutar.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, KeyboardEvent, Window};

/// A janela. Fora de uma página este código nem é carregado.
pub fn window() -> Window {
    web_sys::window().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

pub fn document() -> Document {
    window().document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

/// O primeiro elemento dentro de `root` que casa com o seletor.
pub fn find<T: JsCast>(root: &Element, selector: &str) -> Option<T> {
    root.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Todos os elementos do documento que casam com o seletor.
pub fn find_all(selector: &str) -> Vec<HtmlElement> {
    all(document().query_selector_all(selector))
}

/// Todos os elementos dentro de `root` que casam com o seletor.
pub fn find_in(root: &Element, selector: &str) -> Vec<HtmlElement> {
    all(root.query_selector_all(selector))
}

fn all(nodes: Result<web_sys::NodeList, JsValue>) -> Vec<HtmlElement> {
    let Ok(nodes) = nodes else { return Vec::new() };
    (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into().ok()).collect()
}

/// Um elemento novo, com classe e texto.
pub fn create(tag: &str, class: &str, text: &str) -> HtmlElement {
    let element: HtmlElement =
        document().create_element(tag).map(JsCast::unchecked_into).unwrap_or_else(|error| error.unchecked_into());
    if !class.is_empty() {
        element.set_class_name(class);
    }
    if !text.is_empty() {
        element.set_text_content(Some(text));
    }
    element
}

/// Um botão que não envia formulário.
pub fn button(class: &str, text: &str) -> HtmlElement {
    let button = create("button", class, text);
    attribute(&button, "type", "button");
    button
}

pub fn attribute(element: &Element, name: &str, value: &str) {
    // Só falha com um nome de atributo inválido, e os nossos são literais.
    let _ = element.set_attribute(name, value);
}

pub fn append(parent: &Element, children: &[&Element]) {
    for child in children {
        let _ = parent.append_child(child);
    }
}

/// Escreve Markdown mínimo: o que está entre crases vira `<code>`.
pub fn set_rich(element: &Element, text: &str) {
    element.set_text_content(None);
    for (index, piece) in text.split('`').enumerate() {
        // Um elemento sem texto nenhum continua `:empty` para o CSS.
        if piece.is_empty() {
            continue;
        }
        let part = create(if index % 2 == 1 { "code" } else { "span" }, "", piece);
        let _ = element.append_child(&part);
    }
}

/// Muda o texto só quando é outro, para que uma região `aria-live` não o repita.
pub fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Escuta um evento enquanto a página existir.
pub fn on(target: &EventTarget, event: &str, listener: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(listener);
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Escuta o teclado; com `capture`, antes de qualquer componente lá dentro.
pub fn on_key(target: &EventTarget, capture: bool, mut listener: impl FnMut(KeyboardEvent) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if let Ok(event) = event.dyn_into::<KeyboardEvent>() {
            listener(event);
        }
    });
    let listener = closure.as_ref().unchecked_ref();
    let _ = target.add_event_listener_with_callback_and_bool("keydown", listener, capture);
    closure.forget();
}

/// O mdBook muda de página com as setas e abre a busca com `s`: dentro das nossas áreas, tecla é nossa.
pub fn keep_keys(element: &Element) {
    on_key(element, false, |event| event.stop_propagation());
}

/// Um prazo: chama `run` depois de `milliseconds`, a não ser que o valor seja largado antes.
pub struct Timer {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Timer {
    pub fn after(milliseconds: i32, run: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(run);
        let id = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(closure.as_ref().unchecked_ref(), milliseconds)
            .unwrap_or_default();
        Self { id, _closure: closure }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

/// Um relógio que bate até ser largado.
pub struct Ticker {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Ticker {
    pub fn every(milliseconds: i32, run: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(run);
        let id = window()
            .set_interval_with_callback_and_timeout_and_arguments_0(closure.as_ref().unchecked_ref(), milliseconds)
            .unwrap_or_default();
        Self { id, _closure: closure }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        window().clear_interval_with_handle(self.id);
    }
}

/// O relógio da página, em milissegundos.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
