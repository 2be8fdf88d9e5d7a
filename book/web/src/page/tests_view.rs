//! A lista de testes de um passo, ao vivo.
//!
//! Uma função de teste com vários casos é um grupo que abre e fecha; os números contam testes, nunca grupos.

use std::collections::HashMap;

use wasi_host::Status;
use web_sys::{HtmlDetailsElement, HtmlElement};

use super::dom;
use crate::{
    protocol::TestResult,
    score,
    state::{Group, State},
    svg,
    timeline::Kind,
};

fn icon(state: State) -> String {
    let shape = match state {
        State::Ended(Status::Passed) => svg::icon(Kind::Success),
        State::Ended(Status::Failed) => svg::icon(Kind::Error),
        State::Ended(Status::Timeout) => svg::icon(Kind::Scheduled),
        State::Ended(Status::Error) | State::NotCompiled => svg::icon(Kind::Throttled),
        _ => r#"<circle class="tl-forma" r="8"/>"#,
    };
    format!(r#"<svg class="tl" viewBox="-12 -12 24 24" width="20" height="20">{shape}</svg>"#)
}

struct Row {
    name: String,
    /// O grupo de que é um caso.
    group: Option<usize>,
    item: HtmlElement,
    icon: HtmlElement,
    word: HtmlElement,
    open: HtmlElement,
    message: HtmlElement,
    state: State,
}

/// Os casos de uma função de teste.
struct GroupRow {
    item: HtmlElement,
    details: HtmlDetailsElement,
    icon: HtmlElement,
    word: HtmlElement,
    shown: Option<Group>,
}

/// A lista inteira.
pub struct TestsView {
    list: HtmlElement,
    id: String,
    rows: Vec<Row>,
    by_name: HashMap<String, usize>,
    groups: Vec<GroupRow>,
    /// A primeira falha de uma corrida já abriu a sua mensagem…
    told: bool,
    /// …e o grupo dela, que estava fechado.
    opened: Option<usize>,
}

impl TestsView {
    /// Adota a lista que o livro trouxe.
    pub fn adopt(list: HtmlElement, id: &str) -> Self {
        let items = dom::find_in(&list, ":scope > li");
        let mut view = Self {
            list,
            id: id.replace('/', "-"),
            rows: Vec::new(),
            by_name: HashMap::new(),
            groups: Vec::new(),
            told: false,
            opened: None,
        };
        for item in items {
            if item.has_attribute("data-test") {
                view.add(item, None);
                continue;
            }
            let group = view.add_group(&item);
            for case in dom::find_in(&item, "li[data-test]") {
                view.add(case, group);
            }
        }
        view.show_groups();
        view
    }

    pub fn names(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.name.clone()).collect()
    }

    pub fn passed(&self) -> usize {
        self.rows.iter().filter(|row| row.state == State::Ended(Status::Passed)).count()
    }

    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// Todos voltam ao mesmo estado e perdem a mensagem.
    pub fn reset(&mut self, state: State) {
        self.told = false;
        if let Some(group) = self.opened.take() {
            self.groups[group].details.set_open(false);
        }
        for row in &mut self.rows {
            row.show(state, None, "");
        }
        self.show_groups();
    }

    /// Quem ainda não acabou passa a este estado.
    pub fn close_unfinished(&mut self, state: State) {
        for row in &mut self.rows {
            if matches!(row.state, State::Waiting | State::Running) {
                row.show(state, None, "");
            }
        }
        self.show_groups();
    }

    pub fn running(&mut self, name: &str) {
        let index = self.row(name);
        self.rows[index].show(State::Running, None, "");
        self.show_group(self.rows[index].group);
    }

    pub fn finished(&mut self, result: &TestResult) {
        let duration = result.execution.duration_ms;
        let time = if duration > 0.0 { format!("{} ms", score::decimal(duration)) } else { String::new() };
        let index = self.row(&result.name);
        let row = &mut self.rows[index];
        row.show(State::Ended(result.verdict.status), result.verdict.message.as_deref(), &time);
        let group = row.group;
        if result.verdict.status != Status::Passed && !self.told {
            self.told = true;
            row.set_open(true);
            if let Some(closed) = group.filter(|group| !self.groups[*group].details.open()) {
                self.groups[closed].details.set_open(true);
                self.opened = Some(closed);
            }
        }
        self.show_group(group);
    }

    /// A linha de um teste; um que só o módulo conhece ganha uma no fim.
    fn row(&mut self, name: &str) -> usize {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let item = dom::create("li", "", "");
        dom::attribute(&item, "data-test", name);
        let title = name.split_once("::").map_or(name, |(_, rest)| rest).replace('_', " ");
        dom::append(
            &item,
            &[
                &dom::create("span", "teste-titulo", &title),
                &dom::create("span", "teste-estado", ""),
                &dom::create("pre", "teste-mensagem", ""),
            ],
        );
        dom::append(&self.list, &[&item]);
        self.add(item, None);
        self.rows.len() - 1
    }

    fn add(&mut self, item: HtmlElement, group: Option<usize>) {
        let (Some(word), Some(message)) =
            (dom::find::<HtmlElement>(&item, ".teste-estado"), dom::find::<HtmlElement>(&item, ".teste-mensagem"))
        else {
            return;
        };
        let id = format!("mensagem-{}-{}", self.id, self.rows.len());
        message.set_id(&id);
        message.set_hidden(true);
        dom::attribute(&message, "tabindex", "0");
        let open = dom::button("teste-ver", "ver mensagem");
        open.set_hidden(true);
        dom::attribute(&open, "aria-expanded", "false");
        dom::attribute(&open, "aria-controls", &id);
        let icon = add_icon(&item);
        let _ = item.insert_before(&open, Some(&message));
        let mut row = Row {
            name: item.get_attribute("data-test").unwrap_or_default(),
            group,
            item,
            icon,
            word,
            open,
            message,
            state: State::Idle,
        };
        let (open, message) = (row.open.clone(), row.message.clone());
        dom::on(&row.open, "click", move |_| set_open(&open, &message, message.hidden()));
        row.show(State::Idle, None, "");
        self.by_name.insert(row.name.clone(), self.rows.len());
        self.rows.push(row);
    }

    fn add_group(&mut self, item: &HtmlElement) -> Option<usize> {
        let details: HtmlDetailsElement = dom::find(item, "details")?;
        let summary: HtmlElement = dom::find(&details, "summary")?;
        let word = dom::find(&summary, ".grupo-estado")?;
        let icon = add_icon(&summary);
        self.groups.push(GroupRow { item: item.clone(), details, icon, word, shown: None });
        Some(self.groups.len() - 1)
    }

    fn show_groups(&mut self) {
        for group in 0..self.groups.len() {
            self.show_group(Some(group));
        }
    }

    fn show_group(&mut self, group: Option<usize>) {
        let Some(index) = group else { return };
        let now = Group::of(self.rows.iter().filter(|row| row.group == group).map(|row| row.state));
        let group = &mut self.groups[index];
        if group.shown == Some(now) {
            return;
        }
        if group.shown.map(|shown| shown.state) != Some(now.state) {
            dom::attribute(&group.item, "data-state", now.state.key());
            group.icon.set_inner_html(&icon(now.state));
        }
        dom::set_text(&group.word, &now.words());
        group.shown = Some(now);
    }
}

impl Row {
    fn show(&mut self, state: State, message: Option<&str>, time: &str) {
        self.state = state;
        dom::attribute(&self.item, "data-state", state.key());
        self.icon.set_inner_html(&icon(state));
        let word = if time.is_empty() { state.word().to_owned() } else { format!("{} · {time}", state.word()) };
        dom::set_text(&self.word, &word);
        self.message.set_text_content(message);
        self.open.set_hidden(message.is_none());
        self.set_open(false);
    }

    fn set_open(&self, open: bool) {
        set_open(&self.open, &self.message, open);
    }
}

/// O lugar do ícone, antes de tudo.
fn add_icon(parent: &HtmlElement) -> HtmlElement {
    let icon = dom::create("span", "teste-icone", "");
    dom::attribute(&icon, "aria-hidden", "true");
    let _ = parent.insert_before(&icon, parent.first_child().as_ref());
    icon
}

fn set_open(button: &HtmlElement, message: &HtmlElement, open: bool) {
    message.set_hidden(!open);
    dom::attribute(button, "aria-expanded", if open { "true" } else { "false" });
    dom::set_text(button, if open { "esconder" } else { "ver mensagem" });
}
