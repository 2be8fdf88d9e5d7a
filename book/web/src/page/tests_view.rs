//! A lista de testes de um passo, ao vivo.

use wasi_host::Status;
use web_sys::HtmlElement;

use super::dom;
use crate::{protocol::TestResult, score, svg, timeline::Kind};

/// Em que pé está um teste. Ícone, palavra e cor dizem a mesma coisa.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Idle,
    Waiting,
    Running,
    Ended(Status),
    Cancelled,
    NotCompiled,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Idle => "",
            Self::Waiting => "na espera",
            Self::Running => "rodando",
            Self::Ended(Status::Passed) => "passou",
            Self::Ended(Status::Failed) => "falhou",
            Self::Ended(Status::Timeout) => "estourou o prazo",
            Self::Ended(Status::Error) => "não pôde rodar",
            Self::Cancelled => "cancelado",
            Self::NotCompiled => "não compilou",
        }
    }

    /// O valor de `data-state`, para o CSS e para testes da página.
    fn key(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended(Status::Passed) => "passed",
            Self::Ended(Status::Failed) => "failed",
            Self::Ended(Status::Timeout) => "timeout",
            Self::Ended(Status::Error) => "error",
            Self::Cancelled => "cancelled",
            Self::NotCompiled => "not-compiled",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Ended(Status::Passed) => svg::icon(Kind::Success),
            Self::Ended(Status::Failed) => svg::icon(Kind::Error),
            Self::Ended(Status::Timeout) => svg::icon(Kind::Scheduled),
            Self::Ended(Status::Error) | Self::NotCompiled => svg::icon(Kind::Throttled),
            _ => r#"<circle class="tl-forma" r="8"/>"#,
        }
    }
}

struct Row {
    name: String,
    item: HtmlElement,
    icon: HtmlElement,
    word: HtmlElement,
    open: HtmlElement,
    message: HtmlElement,
    state: State,
}

/// A lista inteira.
pub struct TestsView {
    list: HtmlElement,
    id: String,
    rows: Vec<Row>,
}

impl TestsView {
    /// Adota a lista que o livro trouxe.
    pub fn adopt(list: HtmlElement, id: &str) -> Self {
        let items = dom::find_in(&list, "li[data-test]");
        let mut view = Self { list, id: id.replace('/', "-"), rows: Vec::new() };
        for item in items {
            view.add(item);
        }
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
        for row in &mut self.rows {
            row.show(state, None, "");
        }
    }

    /// Quem ainda não acabou passa a este estado.
    pub fn close_unfinished(&mut self, state: State) {
        for row in &mut self.rows {
            if matches!(row.state, State::Waiting | State::Running) {
                row.show(state, None, "");
            }
        }
    }

    pub fn running(&mut self, name: &str) {
        self.row(name).show(State::Running, None, "");
    }

    pub fn finished(&mut self, result: &TestResult) {
        let duration = result.execution.duration_ms;
        let time = if duration > 0.0 { format!("{} ms", score::decimal(duration)) } else { String::new() };
        let first_failure = result.verdict.status != Status::Passed && !self.rows.iter().any(Row::is_open);
        let row = self.row(&result.name);
        row.show(State::Ended(result.verdict.status), result.verdict.message.as_deref(), &time);
        if first_failure {
            row.set_open(true);
        }
    }

    /// A linha de um teste; um que só o módulo conhece ganha uma no fim.
    fn row(&mut self, name: &str) -> &mut Row {
        let index = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
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
            self.add(item);
            self.rows.len() - 1
        });
        &mut self.rows[index]
    }

    fn add(&mut self, item: HtmlElement) {
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
        let icon = dom::create("span", "teste-icone", "");
        dom::attribute(&icon, "aria-hidden", "true");
        let _ = item.insert_before(&icon, item.first_child().as_ref());
        let _ = item.insert_before(&open, Some(&message));
        let mut row = Row {
            name: item.get_attribute("data-test").unwrap_or_default(),
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
        self.rows.push(row);
    }
}

impl Row {
    fn show(&mut self, state: State, message: Option<&str>, time: &str) {
        self.state = state;
        dom::attribute(&self.item, "data-state", state.key());
        self.icon.set_inner_html(&format!(
            r#"<svg class="tl" viewBox="-12 -12 24 24" width="20" height="20">{}</svg>"#,
            state.icon()
        ));
        let word = if time.is_empty() { state.word().to_owned() } else { format!("{} · {time}", state.word()) };
        dom::set_text(&self.word, &word);
        self.message.set_text_content(message);
        self.open.set_hidden(message.is_none());
        self.set_open(false);
    }

    fn is_open(&self) -> bool {
        !self.message.hidden()
    }

    fn set_open(&self, open: bool) {
        set_open(&self.open, &self.message, open);
    }
}

fn set_open(button: &HtmlElement, message: &HtmlElement, open: bool) {
    message.set_hidden(!open);
    dom::attribute(button, "aria-expanded", if open { "true" } else { "false" });
    dom::set_text(button, if open { "esconder" } else { "ver mensagem" });
}
