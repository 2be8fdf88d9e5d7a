//! Onde se digita: o Ace que vem com o mdBook ou, se ele não carregou, uma área de texto com o mesmo comportamento.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlTextAreaElement};

use super::{super::dom, ace::Ace};
use crate::compiler::{Diagnostic, Range};

pub enum Surface {
    Ace(Ace),
    Plain(Plain),
}

impl Surface {
    /// Abre em `host`. `label` nomeia o editor e `help` diz como sair dele, para leitores de tela.
    pub fn open(host: &HtmlElement, label: &str, help: &str) -> Self {
        let surface = Ace::open(host).map_or_else(|| Self::Plain(Plain::open(host)), Self::Ace);
        if let Some(input) = surface.input() {
            dom::attribute(&input, "aria-label", label);
            dom::attribute(&input, "aria-description", help);
            dom::attribute(&input, "spellcheck", "false");
        }
        surface.let_tab_escape(host);
        surface
    }

    fn input(&self) -> Option<HtmlElement> {
        match self {
            Self::Ace(ace) => ace.input(),
            Self::Plain(plain) => Some(plain.area.clone().into()),
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Ace(ace) => ace.text(),
            Self::Plain(plain) => plain.text(),
        }
    }

    /// Troca o texto; o cursor fica na mesma linha e coluna, se ainda existirem.
    pub fn set_text(&self, text: &str) {
        match self {
            Self::Ace(ace) => ace.set_text(text),
            Self::Plain(plain) => plain.set_text(text),
        }
    }

    pub fn on_change(&self, listener: impl Fn() + 'static) {
        match self {
            Self::Ace(ace) => ace.on_change(listener),
            Self::Plain(plain) => dom::on(&plain.area, "input", move |_| listener()),
        }
    }

    pub fn set_read_only(&self, read_only: bool) {
        match self {
            Self::Ace(ace) => ace.set_read_only(read_only),
            Self::Plain(plain) => plain.area.set_read_only(read_only),
        }
    }

    pub fn focus(&self) {
        if let Some(input) = self.input() {
            let _ = input.focus();
        }
    }

    /// Sublinha e anota as linhas de `file` que o compilador apontou.
    pub fn mark(&self, diagnostics: &[Diagnostic], file: &str, text: &str) {
        if let Self::Ace(ace) = self {
            ace.mark(diagnostics.iter().filter(|diagnostic| diagnostic.is_in(file)), text);
        }
    }

    pub fn go_to(&self, range: Range) {
        match self {
            Self::Ace(ace) => ace.go_to(range),
            Self::Plain(plain) => plain.go_to(range),
        }
        self.focus();
    }

    /// Esc e depois Tab sai do editor: quem usa teclado não fica preso. Roda antes de o editor ver a tecla.
    fn let_tab_escape(&self, host: &HtmlElement) {
        let escaping = Rc::new(Cell::new(false));
        let plain = match self {
            Self::Plain(plain) => Some(plain.area.clone()),
            Self::Ace(_) => None,
        };
        dom::on_key(host, true, move |event| match event.key().as_str() {
            "Escape" => escaping.set(true),
            "Shift" => {}
            // Sem impedir o padrão: o navegador leva o foco adiante.
            "Tab" if escaping.take() => event.stop_immediate_propagation(),
            "Tab" => {
                if let Some(area) = plain.as_ref().filter(|_| !event.shift_key()) {
                    event.prevent_default();
                    let (start, end) = selection(area);
                    let _ = area.set_range_text_with_start_and_end("    ", start, end);
                    let _ = area.set_selection_range(start + 4, start + 4);
                    if let Ok(changed) = web_sys::Event::new("input") {
                        let _ = area.dispatch_event(&changed);
                    }
                }
            }
            _ => escaping.set(false),
        });
    }
}

/// A área de texto simples.
pub struct Plain {
    area: HtmlTextAreaElement,
    /// Uma área de texto troca `\r\n` por `\n`; o arquivo volta ao disco como veio.
    crlf: Cell<bool>,
}

impl Plain {
    fn open(host: &HtmlElement) -> Self {
        let area: HtmlTextAreaElement = dom::create("textarea", "editor-simples", "").unchecked_into();
        area.set_rows(24);
        dom::attribute(&area, "autocapitalize", "off");
        dom::attribute(&area, "wrap", "off");
        dom::append(host, &[&area]);
        Self { area, crlf: Cell::new(false) }
    }

    fn text(&self) -> String {
        let text = self.area.value();
        if self.crlf.get() { text.replace('\n', "\r\n") } else { text }
    }

    fn set_text(&self, text: &str) {
        self.crlf.set(text.contains("\r\n"));
        let (start, end) = selection(&self.area);
        let scroll = self.area.scroll_top();
        self.area.set_value(text);
        let _ = self.area.set_selection_range(start, end);
        self.area.set_scroll_top(scroll);
    }

    fn go_to(&self, range: Range) {
        let text = self.area.value();
        let before: usize =
            text.split('\n').take(range.start_row as usize).map(|line| line.encode_utf16().count() + 1).sum();
        let at = before as u32 + range.start_column;
        let _ = self.area.set_selection_range(at, at);
    }
}

fn selection(area: &HtmlTextAreaElement) -> (u32, u32) {
    let start = area.selection_start().ok().flatten().unwrap_or(0);
    (start, area.selection_end().ok().flatten().unwrap_or(start))
}
