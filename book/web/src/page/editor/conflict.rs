//! A escolha entre o texto da página e o do disco, com os dois à vista. Nada se perde até a pessoa decidir.

use web_sys::HtmlElement;

use super::super::dom;
use crate::difference::difference;

pub struct ConflictView {
    root: HtmlElement,
    mine: HtmlElement,
    disk: HtmlElement,
    keep: HtmlElement,
    take: HtmlElement,
}

impl ConflictView {
    pub fn new() -> Self {
        let root = dom::create("div", "editor-conflito", "");
        root.set_hidden(true);
        dom::attribute(&root, "role", "group");
        dom::attribute(&root, "aria-label", "O arquivo mudou no disco");
        let title = dom::create(
            "p",
            "",
            "O arquivo mudou no disco enquanto havia texto seu por salvar. Com qual versão ficar?",
        );
        dom::attribute(&title, "role", "alert");
        let both = dom::create("div", "editor-versoes", "");
        let (keep, mine) = side(&both, "O seu texto", "ficar com o meu");
        let (take, disk) = side(&both, "O que está no disco", "usar o do disco");
        dom::append(&root, &[&title, &both]);
        Self { root, mine, disk, keep, take }
    }

    pub fn element(&self) -> &HtmlElement {
        &self.root
    }

    pub fn show(&self, mine: &str, disk: &str) {
        let (left, right) = difference(mine, disk);
        dom::set_text(&self.mine, &left);
        dom::set_text(&self.disk, &right);
        self.root.set_hidden(false);
    }

    pub fn hide(&self) {
        self.root.set_hidden(true);
    }

    pub fn focus(&self) {
        let _ = self.keep.focus();
    }

    pub fn on_keep_mine(&self, run: impl Fn() + 'static) {
        dom::on(&self.keep, "click", move |_| run());
    }

    pub fn on_take_disk(&self, run: impl Fn() + 'static) {
        dom::on(&self.take, "click", move |_| run());
    }
}

fn side(parent: &HtmlElement, title: &str, action: &str) -> (HtmlElement, HtmlElement) {
    let side = dom::create("div", "editor-versao", "");
    let text = dom::create("pre", "", "");
    dom::attribute(&text, "tabindex", "0");
    dom::attribute(&text, "aria-label", title);
    let button = dom::button("editor-escolha", action);
    dom::append(&side, &[&dom::create("p", "editor-versao-titulo", title), &text, &button]);
    dom::append(parent, &[&side]);
    (button, text)
}
