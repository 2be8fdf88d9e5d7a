//! As perguntas do capítulo na página: responder, ler os porquês, tentar de novo.
//!
//! O livro traz tudo escrito, com os porquês em `<details>` que o CSS esconde; responder marca a pergunta com `data-answered`, que os
//! mostra. O que se guarda é só se cada uma foi acertada, pelo id dela.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::JsCast;
use web_sys::{HtmlDetailsElement, HtmlElement, HtmlInputElement};

use super::{dom, storage};
use crate::quiz;

/// As perguntas de uma página.
pub struct Quiz {
    score: HtmlElement,
    questions: Vec<Question>,
}

struct Question {
    /// `capítulo/pergunta`.
    id: String,
    section: HtmlElement,
    state: HtmlElement,
    fieldset: HtmlElement,
    button: HtmlElement,
    verdict: HtmlElement,
    why: HtmlDetailsElement,
    kind: Kind,
    answered: Cell<bool>,
}

enum Kind {
    Choice(Vec<Choice>),
    Number { input: HtmlInputElement, answer: f64, unit: String, shown: String, mistakes: Vec<Mistake> },
    Order(Order),
}

struct Choice {
    item: HtmlElement,
    input: HtmlInputElement,
    right: bool,
    why: HtmlDetailsElement,
    words: HtmlElement,
}

struct Mistake {
    item: HtmlElement,
    value: f64,
}

struct Order {
    list: HtmlElement,
    items: Vec<Item>,
    /// O item que está em cada lugar, de cima para baixo.
    places: RefCell<Vec<usize>>,
}

struct Item {
    item: HtmlElement,
    text: String,
    /// O lugar certo, a partir de 1.
    place: usize,
    why: HtmlDetailsElement,
    words: HtmlElement,
    up: HtmlElement,
    down: HtmlElement,
}

/// O que se concluiu de uma resposta, e a frase que o diz.
struct Judged {
    right: bool,
    said: String,
}

impl Quiz {
    /// Dá vida a uma seção `.quiz`; uma pergunta sem as partes combinadas fica como o livro a trouxe.
    pub fn hydrate(section: &HtmlElement) -> Option<()> {
        let chapter = section.get_attribute("data-chapter")?;
        let questions = dom::find_in(section, ".pergunta");
        let quiz = Rc::new(Self {
            score: dom::find(section, ".quiz-placar")?,
            questions: questions.into_iter().filter_map(|section| Question::adopt(&chapter, section)).collect(),
        });
        for index in 0..quiz.questions.len() {
            Self::listen(&quiz, index);
        }
        quiz.refresh();
        let same = Rc::clone(&quiz);
        // Outra aba pode ter respondido.
        dom::on(&dom::window(), "storage", move |_| same.refresh());
        Some(())
    }

    fn listen(quiz: &Rc<Self>, index: usize) {
        let Some(question) = quiz.questions.get(index) else { return };
        let same = Rc::clone(quiz);
        dom::on(&question.button, "click", move |_| same.submit(index));
        match &question.kind {
            Kind::Choice(_) => {}
            Kind::Number { input, .. } => {
                let same = Rc::clone(quiz);
                dom::on_key(input, false, move |event| {
                    if event.key() == "Enter" {
                        event.prevent_default();
                        same.submit(index);
                    }
                });
            }
            Kind::Order(order) => {
                for (number, item) in order.items.iter().enumerate() {
                    for (button, down) in [(&item.up, false), (&item.down, true)] {
                        let same = Rc::clone(quiz);
                        dom::on(button, "click", move |_| {
                            if let Some(question) = same.questions.get(index) {
                                question.shift(number, down);
                            }
                        });
                    }
                }
            }
        }
        // As setas escolhem a alternativa, e não a página.
        dom::keep_keys(&question.fieldset);
    }

    /// Responder ou, depois da resposta, tentar de novo.
    fn submit(&self, index: usize) {
        let Some(question) = self.questions.get(index) else { return };
        if question.answered.get() {
            question.reopen();
            return;
        }
        match question.judge() {
            Err(missing) => question.say(missing),
            Ok(judged) => {
                storage::record_answer(&question.id, judged.right);
                question.close(&judged);
                self.refresh();
            }
        }
    }

    fn refresh(&self) {
        let answers = storage::answers();
        let outcomes: Vec<_> = self.questions.iter().map(|question| answers.outcome(&question.id)).collect();
        dom::set_text(&self.score, &quiz::score(&outcomes));
        for (question, outcome) in self.questions.iter().zip(outcomes) {
            question.state.set_hidden(outcome.is_none());
            if let Some(outcome) = outcome {
                dom::attribute(&question.section, "data-result", outcome.key());
                dom::set_text(&question.state, outcome.words());
            }
        }
    }
}

impl Question {
    fn adopt(chapter: &str, section: HtmlElement) -> Option<Self> {
        let id = section.get_attribute("data-question")?;
        let fieldset: HtmlElement = dom::find(&section, "fieldset")?;
        let why: HtmlDetailsElement = dom::find(&section, ".pergunta-porque")?;
        let kind = match section.get_attribute("data-kind")?.as_str() {
            "single" | "several" => {
                let items = dom::find_in(&fieldset, ".pergunta-opcoes > li").into_iter();
                Kind::Choice(items.map(Choice::adopt).collect::<Option<_>>()?)
            }
            "number" => number(&fieldset, &why)?,
            "order" => Kind::Order(Order::adopt(&fieldset)?),
            _ => return None,
        };
        Some(Self {
            id: format!("{chapter}/{id}"),
            state: dom::find(&section, ".pergunta-estado")?,
            button: dom::find(&section, ".pergunta-responder")?,
            verdict: dom::find(&section, ".pergunta-veredito")?,
            section,
            fieldset,
            why,
            kind,
            answered: Cell::new(false),
        })
    }

    /// O que a resposta vale, ou o que falta para haver uma.
    fn judge(&self) -> Result<Judged, &'static str> {
        let (right, wrong) = match &self.kind {
            Kind::Choice(choices) => {
                if !choices.iter().any(|choice| choice.input.checked()) {
                    return Err("Escolha uma alternativa antes de responder.");
                }
                let right = choices.iter().all(|choice| choice.input.checked() == choice.right);
                (right, "Ainda não. Leia o porquê de cada alternativa.".to_owned())
            }
            Kind::Number { input, answer, unit, shown, .. } => {
                let said =
                    quiz::parse_number(&input.value(), unit).ok_or("Escreva um número, como 12, 5.400 ou 2,5.")?;
                (quiz::same_number(said, *answer), format!("Ainda não. A resposta é {shown}."))
            }
            Kind::Order(order) => (order.is_right(), "Ainda não. Veja o lugar de cada um.".to_owned()),
        };
        Ok(Judged { right, said: if right { "Resposta certa.".to_owned() } else { wrong } })
    }

    /// Fecha a resposta e mostra os porquês.
    fn close(&self, judged: &Judged) {
        self.answered.set(true);
        match &self.kind {
            Kind::Choice(choices) => choices.iter().for_each(Choice::show),
            Kind::Number { input, unit, mistakes, .. } => {
                let said = quiz::parse_number(&input.value(), unit);
                for mistake in mistakes {
                    let same = said.is_some_and(|said| quiz::same_number(said, mistake.value));
                    mistake.item.set_hidden(!same);
                }
            }
            Kind::Order(order) => order.show(),
        }
        self.why.set_open(true);
        dom::attribute(&self.section, "data-answered", if judged.right { "right" } else { "wrong" });
        dom::attribute(&self.fieldset, "disabled", "");
        dom::set_text(&self.button, "Tentar de novo");
        self.say(&judged.said);
        // Quem respondeu com Enter estava no campo, que acaba de ser desligado.
        let _ = self.button.focus();
    }

    /// Volta a aceitar uma resposta.
    fn reopen(&self) {
        self.answered.set(false);
        self.why.set_open(false);
        let _ = self.section.remove_attribute("data-answered");
        let _ = self.fieldset.remove_attribute("disabled");
        dom::set_text(&self.button, "Responder");
        self.say("");
        let first = match &self.kind {
            Kind::Choice(choices) => {
                choices.iter().for_each(Choice::clear);
                choices.first().map(|choice| HtmlElement::from(choice.input.clone()))
            }
            Kind::Number { input, mistakes, .. } => {
                mistakes.iter().for_each(|mistake| mistake.item.set_hidden(false));
                input.select();
                Some(HtmlElement::from(input.clone()))
            }
            Kind::Order(order) => order.reopen(),
        };
        if let Some(first) = first {
            let _ = first.focus();
        }
    }

    fn say(&self, text: &str) {
        dom::set_text(&self.verdict, text);
    }

    /// Sobe ou desce um item, sem que o foco saia do botão.
    fn shift(&self, number: usize, down: bool) {
        let Kind::Order(order) = &self.kind else { return };
        let Some(item) = order.items.get(number) else { return };
        if let Some(place) = order.shift(number, down) {
            let _ = if down { item.down.focus() } else { item.up.focus() };
            self.say(&format!("{}: agora em {place}º de {}.", item.text, order.items.len()));
        }
    }
}

impl Choice {
    fn adopt(item: HtmlElement) -> Option<Self> {
        Some(Self {
            input: dom::find(&item, "input")?,
            right: item.get_attribute("data-right")? == "true",
            why: dom::find(&item, "details")?,
            words: dom::find(&item, ".opcao-veredito")?,
            item,
        })
    }

    fn show(&self) {
        let chosen = self.input.checked();
        dom::set_text(&self.words, quiz::choice_words(self.right, chosen));
        dom::attribute(&self.item, "data-chosen", if chosen { "true" } else { "false" });
        self.why.set_open(true);
    }

    fn clear(&self) {
        self.input.set_checked(false);
        self.why.set_open(false);
        let _ = self.item.remove_attribute("data-chosen");
    }
}

fn number(fieldset: &HtmlElement, why: &HtmlDetailsElement) -> Option<Kind> {
    let input: HtmlInputElement = dom::find(fieldset, "input")?;
    let shown: HtmlElement = dom::find(why, ".pergunta-certa")?;
    let mistakes = dom::find_in(why, ".pergunta-enganos > li").into_iter();
    let mistakes = mistakes.filter_map(|item| {
        let value = item.get_attribute("data-value")?.parse().ok()?;
        Some(Mistake { item, value })
    });
    Some(Kind::Number {
        answer: input.get_attribute("data-answer")?.parse().ok()?,
        unit: input.get_attribute("data-unit").unwrap_or_default(),
        shown: shown.text_content()?,
        mistakes: mistakes.collect(),
        input,
    })
}

impl Order {
    fn adopt(fieldset: &HtmlElement) -> Option<Self> {
        let list: HtmlElement = dom::find(fieldset, ".pergunta-itens")?;
        let items: Vec<_> = dom::find_in(&list, ":scope > li").into_iter().map(Item::adopt).collect::<Option<_>>()?;
        let places = RefCell::new((0..items.len()).collect());
        let order = Self { list, items, places };
        order.mark_edges();
        Some(order)
    }

    fn is_right(&self) -> bool {
        self.places.borrow().iter().map(|number| self.items[*number].place).is_sorted()
    }

    /// O lugar em que o item ficou, a partir de 1; `None` se já estava na ponta.
    fn shift(&self, number: usize, down: bool) -> Option<usize> {
        let place = {
            let mut places = self.places.borrow_mut();
            let from = places.iter().position(|other| *other == number)?;
            let to = if down { from + 1 } else { from.checked_sub(1)? };
            if to >= places.len() {
                return None;
            }
            places.swap(from, to);
            to + 1
        };
        for number in self.places.borrow().iter() {
            // Acrescentar quem já está na lista só o muda de lugar.
            dom::append(&self.list, &[&self.items[*number].item]);
        }
        self.mark_edges();
        Some(place)
    }

    /// O primeiro não sobe e o último não desce.
    fn mark_edges(&self) {
        let places = self.places.borrow();
        for (index, number) in places.iter().enumerate() {
            let item = &self.items[*number];
            for (button, edge) in [(&item.up, index == 0), (&item.down, index + 1 == places.len())] {
                dom::attribute(button, "aria-disabled", if edge { "true" } else { "false" });
            }
        }
    }

    fn show(&self) {
        for (given, number) in (1..).zip(self.places.borrow().iter()) {
            let item = &self.items[*number];
            dom::set_text(&item.words, &quiz::place_words(item.place, given));
            dom::attribute(&item.item, "data-right", if item.place == given { "true" } else { "false" });
            item.why.set_open(true);
        }
    }

    fn reopen(&self) -> Option<HtmlElement> {
        for item in &self.items {
            item.why.set_open(false);
            let _ = item.item.remove_attribute("data-right");
        }
        self.places.borrow().first().map(|number| self.items[*number].down.clone())
    }
}

impl Item {
    fn adopt(item: HtmlElement) -> Option<Self> {
        let label: HtmlElement = dom::find(&item, ".item-texto")?;
        let text = label.text_content()?;
        let buttons = dom::create("span", "item-mover", "");
        let [up, down] = [("↑", "Subir"), ("↓", "Descer")].map(|(arrow, verb)| {
            let button = dom::button("", arrow);
            dom::attribute(&button, "aria-label", &format!("{verb}: {text}"));
            dom::append(&buttons, &[&button]);
            button
        });
        let why: HtmlDetailsElement = dom::find(&item, "details")?;
        let _ = item.insert_before(&buttons, Some(why.unchecked_ref()));
        Some(Self {
            place: item.get_attribute("data-place")?.parse().ok()?,
            words: dom::find(&item, ".opcao-veredito")?,
            item,
            text,
            why,
            up,
            down,
        })
    }
}
