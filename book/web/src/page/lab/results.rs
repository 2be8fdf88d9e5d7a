//! O resultado de um laboratório na página: um lugar para cada bloco, refeito só quando a lista de blocos muda de forma.

use std::{cell::RefCell, mem::discriminant};

use web_sys::HtmlElement;

use super::super::dom;
use super::figure::Figure;
use crate::{
    blocks,
    output::{Block, Script},
    svg,
};

pub struct Results {
    place: HtmlElement,
    name: String,
    views: RefCell<Vec<(Block, View)>>,
}

enum View {
    Figure(Figure),
    Html(HtmlElement),
    Script { source: HtmlElement, answer: HtmlElement },
}

impl Results {
    pub fn new(place: HtmlElement, name: String) -> Self {
        Self { place, name, views: RefCell::new(Vec::new()) }
    }

    pub fn show(&self, new: Vec<Block>) {
        let mut views = self.views.borrow_mut();
        let same_form = views.len() == new.len()
            && views.iter().zip(&new).all(|((old, _), new)| discriminant(old) == discriminant(new));
        if !same_form {
            self.place.set_text_content(None);
            *views = new.into_iter().enumerate().map(|(index, block)| self.place(index, block)).collect();
            return;
        }
        for ((old, view), new) in views.iter_mut().zip(new) {
            // Um bloco igual fica como está: quem o estava lendo, com o foco ou a rolagem nele, não perde o lugar.
            if *old != new {
                view.update(&new);
                *old = new;
            }
        }
    }

    fn place(&self, index: usize, block: Block) -> (Block, View) {
        let place = dom::create("div", "lab-bloco", "");
        dom::append(&self.place, &[&place]);
        let view = match &block {
            Block::Timeline(_) => View::Figure(Figure::new(&place, &format!("{}-{index}", self.name))),
            Block::Script(_) => {
                let (source, answer) = (dom::create("div", "", ""), dom::create("div", "", ""));
                dom::attribute(&answer, "aria-live", "polite");
                dom::append(&place, &[&answer, &source]);
                View::Script { source, answer }
            }
            _ => View::Html(place),
        };
        view.update(&block);
        (block, view)
    }

    /// Mostra o que o cliente gerado respondeu.
    pub fn answer(&self, html: &str) {
        for (_, view) in self.views.borrow().iter() {
            if let View::Script { answer, .. } = view {
                answer.set_inner_html(html);
            }
        }
    }
}

impl View {
    fn update(&self, block: &Block) {
        match (self, block) {
            (Self::Figure(figure), Block::Timeline(timeline)) => figure.show(timeline.clone()),
            (Self::Script { source, .. }, Block::Script(script)) => source.set_inner_html(&module(script)),
            (Self::Html(place), block) => place.set_inner_html(&blocks::html(block)),
            _ => {}
        }
    }
}

fn module(script: &Script) -> String {
    format!(
        r#"<details class="bl-modulo"><summary>{}</summary><pre tabindex="0">{}</pre></details>"#,
        svg::escape(&script.label),
        svg::escape(&script.source)
    )
}
