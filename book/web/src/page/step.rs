//! A seção de um passo: botão, corrida, lista e, com o servidor local, o editor.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, HtmlSelectElement};

use super::{
    api,
    config::Config,
    dom,
    editor::{Editor, Saving},
    mailbox::Mailbox,
    runner::{self, Mail, Progress},
    sidebar, storage,
    tests_view::TestsView,
};
use crate::{
    run::{Outcome, Run},
    score,
    state::State,
};

const NO_WASM: &str = "Falta a parte WASM da toolchain, que roda os testes na página. No terminal, rode `cargo xtask setup` e \
                       abra `cargo xtask serve` de novo.";

pub struct Step {
    config: Rc<Config>,
    section: HtmlElement,
    id: String,
    points: f64,
    file: String,
    run: HtmlElement,
    cancel: HtmlElement,
    time: HtmlElement,
    status: HtmlElement,
    origin: Option<HtmlSelectElement>,
    view: RefCell<TestsView>,
    editor: RefCell<Option<Rc<Editor>>>,
    /// A corrida em curso; um número novo desautoriza a anterior.
    turn: Cell<u32>,
    busy: Cell<bool>,
    mail: RefCell<Option<Mailbox<Mail>>>,
    clock: RefCell<Option<dom::Ticker>>,
}

impl Step {
    /// Dá vida a uma seção `.passo`; sem as partes combinadas, ela fica como o livro a trouxe.
    pub fn hydrate(config: &Rc<Config>, section: HtmlElement) -> Option<Rc<Self>> {
        let id = section.get_attribute("data-step")?;
        let list: HtmlElement = dom::find(&section, ".passo-testes")?;
        let step = Rc::new(Self {
            config: Rc::clone(config),
            points: section.get_attribute("data-points")?.parse().ok()?,
            file: section.get_attribute("data-file").unwrap_or_default(),
            run: dom::find(&section, ".passo-rodar")?,
            cancel: dom::find(&section, ".passo-cancelar")?,
            time: dom::find(&section, ".passo-tempo")?,
            status: dom::find(&section, ".passo-estado")?,
            origin: dom::find(&section, ".passo-origem"),
            view: RefCell::new(TestsView::adopt(list, &id)),
            editor: RefCell::new(None),
            turn: Cell::new(0),
            busy: Cell::new(false),
            mail: RefCell::new(None),
            clock: RefCell::new(None),
            section,
            id,
        });
        step.prepare_origin();
        let runner = Rc::clone(&step);
        dom::on(&step.run, "click", move |_| Rc::clone(&runner).start());
        let canceller = Rc::clone(&step);
        dom::on(&step.cancel, "click", move |_| canceller.cancelled());
        Some(step)
    }

    /// Abre o editor, quando há servidor; volta quando o texto está na tela (ou não há o que esperar).
    pub async fn open_editor(self: Rc<Self>) {
        let host: Option<HtmlElement> = dom::find(&self.section, ".passo-editor");
        let Some(host) = host.filter(|_| self.config.serve) else { return };
        let runner = Rc::clone(&self);
        let editor = Editor::open(&self.config, host, &self.id, &self.file, move || Rc::clone(&runner).start()).await;
        self.editor.replace(Some(editor));
    }

    /// Só há o que escolher com o servidor local; no livro publicado roda a resposta de referência, e a página o diz.
    fn prepare_origin(&self) {
        if self.config.serve {
            return;
        }
        if let Some(origin) = &self.origin {
            origin.set_value("reference");
            hide_with_label(origin);
        }
        let note = dom::create("p", "passo-nota", "");
        dom::set_rich(
            &note,
            "Nesta página rodam os testes da resposta de referência. Para escrever a sua e vê-la passar aqui mesmo, baixe o \
             repositório e rode `cargo xtask serve`.",
        );
        if let Some(actions) = dom::find::<HtmlElement>(&self.section, ".passo-acoes") {
            let _ = self.section.insert_before(&note, actions.next_sibling().as_ref());
        }
    }

    fn reads_own_code(&self) -> bool {
        self.config.serve && self.origin.as_ref().is_none_or(|origin| origin.value() == "reader")
    }

    fn start(self: Rc<Self>) {
        if self.busy.get() {
            return;
        }
        if self.config.serve && !self.config.wasm {
            dom::set_rich(&self.status, NO_WASM);
            return;
        }
        spawn_local(async move {
            let turn = self.turn.get() + 1;
            self.turn.set(turn);
            self.begin();
            let module = if self.reads_own_code() {
                self.build(turn).await
            } else {
                let chapter = self.id.split('/').next().unwrap_or_default();
                Some(self.config.reference_tests(chapter))
            };
            if let Some(module) = module {
                self.test(turn, &module).await;
            }
            if self.turn.get() == turn {
                self.end();
            }
        });
    }

    /// Salva e compila. `None` quando não há o que rodar; a página já disse por quê.
    async fn build(&self, turn: u32) -> Option<String> {
        let editor = self.editor.borrow().clone();
        if let Some(editor) = &editor {
            self.say("Salvando…");
            let saved = editor.save().await;
            if self.turn.get() != turn {
                return None;
            }
            match saved {
                Saving::Done => {}
                Saving::Conflict => {
                    self.say("O arquivo mudou no disco: escolha acima com qual versão ficar e rode de novo.");
                    editor.focus_conflict();
                    return None;
                }
                Saving::Failed(reason) => {
                    self.say(&reason);
                    return None;
                }
            }
        }
        self.say("Compilando…");
        let build = api::build(&self.config, &self.id).await;
        if self.turn.get() != turn {
            return None;
        }
        let build = match build {
            Ok(build) => build,
            Err(failure) => {
                self.view.borrow_mut().reset(State::Idle);
                self.say(&failure.text());
                return None;
            }
        };
        if let Some(editor) = &editor {
            editor.show_diagnostics(&build.diagnostics, &self.file);
        }
        let name = self.id.rsplit('/').next().unwrap_or_default();
        if build.step_errors.iter().any(|step| step == name) {
            self.view.borrow_mut().reset(State::NotCompiled);
            dom::attribute(&self.section, "data-result", "failed");
            self.say("Seu código não compila; as mensagens do compilador estão junto do editor.");
            return None;
        }
        if build.tests.is_none() {
            self.view.borrow_mut().reset(State::Idle);
            self.say("O servidor não conseguiu compilar os testes deste capítulo; veja as mensagens e o terminal.");
        }
        build.tests
    }

    async fn test(&self, turn: u32, module: &str) {
        let (names, total) = {
            let mut view = self.view.borrow_mut();
            view.reset(State::Waiting);
            (view.names(), view.total())
        };
        self.say(&format!("Rodando {total} {}…", if total == 1 { "teste" } else { "testes" }));
        let mail = Mailbox::new();
        self.mail.replace(Some(mail.clone()));
        let name = self.id.rsplit('/').next().unwrap_or_default();
        let run = Run::of_step(&format!("{name}::"), names);
        let outcome = runner::drive(&self.config.base, module, run, runner::DEADLINE_MS, &mail, |progress| {
            let mut view = self.view.borrow_mut();
            match progress {
                Progress::Running(name) => view.running(name),
                Progress::Finished(result) => view.finished(result),
            }
        })
        .await;
        if self.turn.get() != turn {
            return;
        }
        match outcome {
            Outcome::Finished => self.report(),
            Outcome::Cancelled => {}
            Outcome::Broken(reason) => {
                self.view.borrow_mut().close_unfinished(State::Idle);
                self.say(&format!("Os testes não puderam rodar: {reason}"));
            }
        }
    }

    fn report(&self) {
        let (passed, total) = {
            let view = self.view.borrow();
            (view.passed(), view.total())
        };
        self.say(&format!("{}.", score::totals(passed, total, self.points)));
        let all = total > 0 && passed == total;
        dom::attribute(&self.section, "data-result", if all { "passed" } else { "failed" });
        // A resposta de referência sempre passa: isso não é progresso de quem lê.
        if self.reads_own_code() {
            storage::record(&self.id, passed, total);
            sidebar::refresh();
        }
        if all {
            self.show_answer_note();
        }
    }

    fn show_answer_note(&self) {
        if self.file.is_empty() || dom::find::<HtmlElement>(&self.section, ".passo-resposta").is_some() {
            return;
        }
        let answer = self.file.replacen("exercises/", "solutions/", 1);
        let note = dom::create("p", "passo-resposta", "");
        dom::set_rich(&note, &format!("Para comparar: a resposta do livro está em `{answer}`."));
        let list: Option<HtmlElement> = dom::find(&self.section, ".passo-testes");
        let _ = self.section.insert_before(&note, list.and_then(|list| list.next_sibling()).as_ref());
    }

    fn say(&self, text: &str) {
        dom::set_rich(&self.status, text);
    }

    fn begin(self: &Rc<Self>) {
        self.busy.set(true);
        dom::attribute(&self.run, "aria-disabled", "true");
        dom::attribute(&self.section, "data-result", "running");
        self.cancel.set_hidden(false);
        let (start, time) = (dom::now(), self.time.clone());
        let tick = move || dom::set_text(&time, &score::elapsed(dom::now() - start));
        tick();
        self.clock.replace(Some(dom::Ticker::every(100, tick)));
    }

    fn end(&self) {
        self.busy.set(false);
        self.mail.replace(None);
        self.clock.replace(None);
        if self.section.get_attribute("data-result").as_deref() == Some("running") {
            let _ = self.section.remove_attribute("data-result");
        }
        let _ = self.run.remove_attribute("aria-disabled");
        // O botão vai sumir: quem estava nele não pode perder o lugar.
        let focused = dom::document().active_element();
        if focused.is_some_and(|focused| self.cancel.is_same_node(Some(&focused))) {
            let _ = self.run.focus();
        }
        self.cancel.set_hidden(true);
    }

    fn cancelled(&self) {
        if !self.busy.get() {
            return;
        }
        self.turn.set(self.turn.get() + 1);
        if let Some(mail) = self.mail.take() {
            mail.send(Mail::Cancel);
        }
        self.view.borrow_mut().close_unfinished(State::Cancelled);
        self.say("Corrida cancelada.");
        self.end();
    }
}

/// Esconde um controle junto com o rótulo que o envolve.
pub fn hide_with_label(control: &HtmlElement) {
    let label = control.closest("label").ok().flatten();
    match label.and_then(|label| label.dyn_into::<HtmlElement>().ok()) {
        Some(label) => label.set_hidden(true),
        None => control.set_hidden(true),
    }
}
