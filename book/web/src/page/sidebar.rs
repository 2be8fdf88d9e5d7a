//! A marca de "passou" ao lado de cada passo resolvido, no sumário do livro.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Url};

use super::{dom, storage};
use crate::progress::step_of_path;

const MARK: &str = "caderno-passou";

/// Refaz as marcas. Pode ser chamada quantas vezes for preciso.
pub fn refresh() {
    let progress = storage::progress();
    for link in dom::find_all("#mdbook-sidebar .chapter a[href], .sidebar .chapter a[href]") {
        let step = step_of_link(&link);
        let done = step.is_some_and(|step| progress.is_done(&step));
        let mark: Option<HtmlElement> = dom::find(&link, &format!(".{MARK}"));
        match mark {
            None if done => {
                let mark = dom::create("span", MARK, "✓");
                dom::attribute(&mark, "title", "passou");
                dom::attribute(&mark, "role", "img");
                dom::attribute(&mark, "aria-label", "passou");
                dom::append(&link, &[&mark]);
            }
            Some(mark) if !done => mark.remove(),
            _ => {}
        }
    }
}

fn step_of_link(link: &HtmlElement) -> Option<String> {
    let anchor: &web_sys::HtmlAnchorElement = link.dyn_ref()?;
    let url = Url::new(&anchor.href()).ok()?;
    // O sumário também traz os títulos da página aberta; a marca é da página.
    if url.hash().is_empty() { step_of_path(&url.pathname()) } else { None }
}
