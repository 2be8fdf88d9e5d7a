//! A figura de um laboratório: desenho, legenda, detalhe e tabela, com as setas do teclado entre um sinal e outro.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlElement, ResizeObserver};

use super::super::dom;
use crate::{drawing, svg, timeline::Timeline};

const HOW_TO_READ: &str = "As esperas não estão em escala: a mais longa é a mais larga, mas 6 h não são 360 vezes 1 min. Os sinais sobre \
     o mesmo fundo sombreado, ou sob o mesmo instante, aconteceram juntos, na ordem desenhada.";
const EMPTY: &str = "Passe por um sinal, ou use as setas do teclado, para ler o que aconteceu.";

pub struct Figure(Rc<Inner>);

struct Inner {
    scroll: HtmlElement,
    legend: HtmlElement,
    detail: HtmlElement,
    how: HtmlElement,
    table: HtmlElement,
    timeline: RefCell<Option<Timeline>>,
    /// O sinal a que se chega com Tab.
    current: Cell<usize>,
    width: Cell<f64>,
}

impl Figure {
    /// Monta a figura dentro de `place`. `name` distingue as figuras de uma página.
    pub fn new(place: &HtmlElement, name: &str) -> Self {
        let figure = dom::create("figure", "lab-figura", "");
        let scroll = dom::create("div", "lab-rolagem", "");
        let legend = dom::create("ul", "lab-legenda", "");
        let detail = dom::create("p", "lab-detalhe", EMPTY);
        // O leitor de tela já ouve o mesmo texto no próprio sinal.
        dom::attribute(&detail, "aria-hidden", "true");
        let how = dom::create("p", "lab-como-ler", HOW_TO_READ);
        how.set_id(&format!("como-ler-{name}"));
        dom::append(&figure, &[&scroll, &detail, &legend, &how]);
        let details = dom::create("details", "lab-tabela", "");
        let table = dom::create("div", "table-wrapper", "");
        dom::append(&details, &[&dom::create("summary", "", "A linha do tempo em tabela"), &table]);
        dom::append(place, &[&figure, &details]);
        let inner = Rc::new(Inner {
            scroll,
            legend,
            detail,
            how,
            table,
            timeline: RefCell::new(None),
            current: Cell::new(0),
            width: Cell::new(0.0),
        });
        inner.listen();
        Self(inner)
    }

    pub fn show(&self, timeline: Timeline) {
        let inner = &self.0;
        let last = timeline.entries.len().saturating_sub(1);
        inner.current.set(inner.current.get().min(last));
        inner.legend.set_inner_html(&svg::legend(&timeline));
        inner.table.set_inner_html(&svg::table(&timeline));
        dom::set_text(&inner.detail, EMPTY);
        inner.timeline.replace(Some(timeline));
        inner.redraw();
    }
}

impl Inner {
    fn redraw(&self) {
        let timeline = self.timeline.borrow();
        let Some(timeline) = timeline.as_ref() else { return };
        let width = f64::from(self.scroll.client_width()).max(240.0);
        self.width.set(width);
        let drawing = drawing::draw(timeline, width);
        let had_focus = dom::document().active_element().is_some_and(|focused| self.scroll.contains(Some(&focused)));
        self.scroll.set_inner_html(&svg::render(timeline, &drawing, self.current.get(), &self.how.id()));
        if had_focus {
            self.focus_current();
        }
    }

    fn listen(self: &Rc<Self>) {
        let inner = Rc::clone(self);
        dom::on_key(&self.scroll, false, move |event| {
            let last = inner.timeline.borrow().as_ref().map_or(0, |timeline| timeline.entries.len().saturating_sub(1));
            let current = inner.current.get();
            let next = match event.key().as_str() {
                "ArrowRight" | "ArrowDown" => (current + 1).min(last),
                "ArrowLeft" | "ArrowUp" => current.saturating_sub(1),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            inner.move_to(next);
            inner.focus_current();
        });
        for name in ["focusin", "pointerover", "click"] {
            let inner = Rc::clone(self);
            dom::on(&self.scroll, name, move |event| {
                if let Some(entry) = entry_of(&event) {
                    inner.describe(entry);
                    // Passar o mouse não muda a ordem do teclado.
                    if event.type_() != "pointerover" {
                        inner.move_to(entry);
                    }
                }
            });
        }
        let inner = Rc::clone(self);
        let resized = Closure::<dyn FnMut(Array)>::new(move |_| {
            if (f64::from(inner.scroll.client_width()) - inner.width.get()).abs() > 1.0 {
                inner.redraw();
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&self.scroll);
        }
        resized.forget();
    }

    /// Passa o `tabindex` de um sinal para outro.
    fn move_to(&self, entry: usize) {
        if let Some(before) = self.sign(self.current.get()) {
            dom::attribute(&before, "tabindex", "-1");
        }
        self.current.set(entry);
        if let Some(now) = self.sign(entry) {
            dom::attribute(&now, "tabindex", "0");
        }
    }

    fn focus_current(&self) {
        if let Some(sign) = self.sign(self.current.get()) {
            let _ = sign.unchecked_into::<HtmlElement>().focus();
        }
    }

    fn sign(&self, entry: usize) -> Option<Element> {
        self.scroll.query_selector(&format!("[data-entry=\"{entry}\"]")).ok().flatten()
    }

    fn describe(&self, entry: usize) {
        let timeline = self.timeline.borrow();
        let Some(timeline) = timeline.as_ref() else { return };
        if let Some(entry) = timeline.entries.get(entry) {
            dom::set_text(&self.detail, &svg::describe(timeline, entry));
        }
    }
}

fn entry_of(event: &Event) -> Option<usize> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest("[data-entry]").ok().flatten()?.get_attribute("data-entry")?.parse().ok()
}
