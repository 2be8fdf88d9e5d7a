//! As mensagens do compilador, em uma lista em que cada uma leva ao seu lugar.

use web_sys::HtmlElement;

use super::super::dom;
use crate::compiler::{Diagnostic, Level, Range, headline_of};

pub struct Messages {
    root: HtmlElement,
}

impl Messages {
    pub fn new() -> Self {
        let root = dom::create("div", "editor-mensagens", "");
        root.set_hidden(true);
        Self { root }
    }

    pub fn element(&self) -> &HtmlElement {
        &self.root
    }

    /// Refaz a lista. `go_to` leva o cursor ao trecho, para as mensagens deste arquivo.
    pub fn show(&self, diagnostics: &[Diagnostic], file: &str, text: &str, go_to: impl Fn(Range) + Clone + 'static) {
        self.root.set_text_content(None);
        self.root.set_hidden(diagnostics.is_empty());
        let list = dom::create("ol", "", "");
        dom::append(&self.root, &[&dom::create("p", "", &headline_of(diagnostics, file)), &list]);
        for diagnostic in diagnostics {
            let (class, level) = match diagnostic.level {
                Level::Error => ("mensagem mensagem-erro", "erro"),
                Level::Warning => ("mensagem mensagem-aviso", "aviso"),
            };
            let item = dom::create("li", class, "");
            let place = if diagnostic.is_in(file) {
                let button = dom::button("mensagem-lugar", &format!("linha {}", diagnostic.line));
                let (range, go_to) = (diagnostic.range(text), go_to.clone());
                dom::on(&button, "click", move |_| go_to(range));
                button
            } else {
                dom::create("code", "mensagem-lugar", &diagnostic.place())
            };
            let words = dom::create("span", "mensagem-texto", "");
            dom::set_rich(&words, &diagnostic.message);
            dom::append(&item, &[&dom::create("strong", "", level), &place, &words]);
            if let Some(rendered) = &diagnostic.rendered {
                let details = dom::create("details", "", "");
                let whole = dom::create("pre", "", rendered);
                dom::attribute(&whole, "tabindex", "0");
                dom::append(&details, &[&dom::create("summary", "", "a mensagem inteira"), &whole]);
                dom::append(&item, &[&details]);
            }
            dom::append(&list, &[&item]);
        }
    }
}
