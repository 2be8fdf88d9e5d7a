//! O editor de um passo, com o servidor local: executa os efeitos que [`Editing`] decide.

mod ace;
mod conflict;
mod messages;
mod surface;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde::Deserialize;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{EventSource, HtmlElement, MessageEvent};

use self::{conflict::ConflictView, messages::Messages, surface::Surface};
use super::{api, config::Config, dom, mailbox::Mailbox, storage};
use crate::{
    compiler::Diagnostic,
    editing::{Editing, Effect, Event, Notice},
};

const KEYS: &str = "`Ctrl+S` salva, `Ctrl+Enter` roda os testes. `Tab` recua o código; para sair do editor pelo teclado, `Esc` e \
                    depois `Tab`.";

/// Como terminou um pedido de salvar.
pub enum Saving {
    Done,
    Conflict,
    Failed(String),
}

pub struct Editor {
    config: Rc<Config>,
    id: String,
    state: RefCell<Editing>,
    surface: Surface,
    situation: HtmlElement,
    notice: HtmlElement,
    save_button: HtmlElement,
    conflict: ConflictView,
    messages: Messages,
    gone: Cell<bool>,
    /// Quem espera o fim do salvamento em curso; recebe se deu certo.
    waiting: RefCell<Vec<Mailbox<bool>>>,
}

impl Editor {
    /// Monta o editor em `host` e lê o arquivo. `run` é o atalho de rodar os testes.
    pub async fn open(
        config: &Rc<Config>,
        host: HtmlElement,
        id: &str,
        file: &str,
        run: impl Fn() + 'static,
    ) -> Rc<Self> {
        host.set_text_content(None);
        host.set_hidden(false);
        let top = dom::create("div", "editor-topo", "");
        let situation = dom::create("span", "editor-situacao", "abrindo…");
        let save_button = dom::button("editor-salvar", "Salvar");
        dom::append(&top, &[&dom::create("code", "editor-arquivo", file), &situation, &save_button]);
        let notice = dom::create("p", "editor-aviso", "");
        dom::attribute(&notice, "role", "status");
        let keys = dom::create("p", "editor-teclas", "");
        dom::set_rich(&keys, KEYS);
        let conflict = ConflictView::new();
        let messages = Messages::new();
        let text = dom::create("div", "editor-texto", "");
        dom::append(&host, &[&top, &notice, conflict.element(), &text, &keys, messages.element()]);
        let surface = Surface::open(&text, &format!("Código de {file}"), &KEYS.replace('`', ""));
        dom::keep_keys(&host);

        let editor = Rc::new(Self {
            config: Rc::clone(config),
            id: id.to_owned(),
            state: RefCell::new(Editing::default()),
            surface,
            situation,
            notice,
            save_button,
            conflict,
            messages,
            gone: Cell::new(false),
            waiting: RefCell::new(Vec::new()),
        });
        editor.listen(&host, run);
        editor.load().await;
        editor.follow_disk();
        editor
    }

    /// Se fechar a página agora perderia algo que o disco não tem.
    pub fn is_dirty(&self) -> bool {
        self.state.borrow().is_dirty()
    }

    /// Salva o que houver por salvar e espera o disco responder.
    pub async fn save(self: &Rc<Self>) -> Saving {
        // Quem digitou durante o salvamento ainda tem o que salvar; a segunda volta leva isso.
        loop {
            self.apply(Event::SaveRequested);
            if !self.state.borrow().is_saving() {
                break;
            }
            let done = Mailbox::new();
            self.waiting.borrow_mut().push(done.clone());
            if !done.next().await {
                break;
            }
        }
        let state = self.state.borrow();
        match () {
            () if state.in_conflict() => Saving::Conflict,
            () if !state.is_loaded() => Saving::Failed("O arquivo ainda não foi lido do disco.".to_owned()),
            () if state.is_dirty() => Saving::Failed(
                "O arquivo não foi salvo, por isso nada rodou; o motivo está junto do editor.".to_owned(),
            ),
            () => Saving::Done,
        }
    }

    pub fn focus_conflict(&self) {
        self.conflict.focus();
    }

    /// Mostra o que o compilador disse: na margem, no texto e em uma lista.
    pub fn show_diagnostics(self: &Rc<Self>, diagnostics: &[Diagnostic], file: &str) {
        let text = self.surface.text();
        self.surface.mark(diagnostics, file, &text);
        let editor = Rc::clone(self);
        self.messages.show(diagnostics, file, &text, move |range| editor.surface.go_to(range));
    }

    fn listen(self: &Rc<Self>, host: &HtmlElement, run: impl Fn() + 'static) {
        let editor = Rc::clone(self);
        self.surface.on_change(move || {
            let text = editor.surface.text();
            editor.apply(Event::Typed(text));
        });
        let editor = Rc::clone(self);
        // Antes do Ace, que tem usos próprios para algumas destas teclas.
        dom::on_key(host, true, move |event| {
            if !(event.ctrl_key() || event.meta_key()) || event.alt_key() {
                return;
            }
            match event.key().as_str() {
                "s" | "S" => editor.save_in_background(),
                "Enter" => run(),
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        });
        let editor = Rc::clone(self);
        dom::on(&self.save_button, "click", move |_| editor.save_in_background());
        let editor = Rc::clone(self);
        self.conflict.on_keep_mine(move || {
            editor.apply(Event::KeepMine);
            editor.surface.focus();
        });
        let editor = Rc::clone(self);
        self.conflict.on_take_disk(move || {
            editor.apply(Event::TakeDisk);
            editor.surface.focus();
        });
        let editor = Rc::clone(self);
        dom::on(&dom::window(), "beforeunload", move |event| {
            if editor.is_dirty() {
                event.prevent_default();
            }
        });
    }

    fn save_in_background(self: &Rc<Self>) {
        let editor = Rc::clone(self);
        spawn_local(async move {
            editor.save().await;
        });
    }

    async fn load(self: &Rc<Self>) {
        match api::step(&self.config, &self.id).await {
            Ok(disk) => {
                self.gone.set(false);
                let draft = storage::draft(&self.id);
                self.apply(Event::Loaded(disk, draft));
            }
            Err(failure) => self.failed(&failure),
        }
    }

    /// Relê o disco e deixa [`Editing`] decidir o que fazer com o que veio.
    async fn reread(self: &Rc<Self>) {
        if !self.state.borrow().is_loaded() {
            return self.load().await;
        }
        match api::step(&self.config, &self.id).await {
            Ok(disk) => {
                if self.gone.replace(false) {
                    self.apply(Event::ServerBack);
                }
                self.apply(Event::DiskChanged(disk));
            }
            Err(failure) => self.failed(&failure),
        }
    }

    fn failed(self: &Rc<Self>, failure: &api::Failure) {
        match failure {
            api::Failure::Gone => {
                self.gone.set(true);
                self.apply(Event::ServerGone);
            }
            api::Failure::Refused(reason) => self.say(reason),
        }
    }

    /// Escuta os avisos do servidor enquanto a página existir; o navegador religa sozinho quando a conexão cai.
    fn follow_disk(self: &Rc<Self>) {
        #[derive(Deserialize)]
        struct Changed {
            hash: String,
        }
        let Ok(events) = EventSource::new(&api::events_url(&self.config, &self.id)) else { return };
        let editor = Rc::clone(self);
        let changed = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data().as_string().unwrap_or_default();
            let hash = serde_json::from_str(&data).ok().map(|Changed { hash }| hash);
            if hash.is_some() && hash.as_deref() == editor.state.borrow().hash() {
                return;
            }
            let editor = Rc::clone(&editor);
            spawn_local(async move { editor.reread().await });
        });
        let _ = events.add_event_listener_with_callback("changed", changed.as_ref().unchecked_ref());
        changed.forget();
        let editor = Rc::clone(self);
        dom::on(&events, "error", move |_| {
            editor.gone.set(true);
            editor.apply(Event::ServerGone);
        });
        let editor = Rc::clone(self);
        dom::on(&events, "open", move |_| {
            if editor.gone.get() {
                let editor = Rc::clone(&editor);
                spawn_local(async move { editor.reread().await });
            }
        });
    }

    fn apply(self: &Rc<Self>, event: Event) {
        // O empréstimo acaba antes dos efeitos: trocar o texto faz o editor avisar que mudou, e isso volta para cá.
        let effects = self.state.borrow_mut().apply(event);
        for effect in effects {
            self.perform(effect);
        }
        self.show_situation();
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::SetText(text) => {
                // Mensagens sobre outro texto apontariam para o lugar errado.
                self.show_diagnostics(&[], "");
                self.surface.set_text(&text);
            }
            Effect::Put { source, base_hash } => self.put(source, base_hash),
            Effect::ShowConflict { mine, disk } => self.conflict.show(&mine, &disk),
            Effect::HideConflict => self.conflict.hide(),
            Effect::StoreDraft(draft) => storage::store_draft(&self.id, &draft),
            Effect::ClearDraft => storage::clear_draft(&self.id),
            // Enquanto o servidor não volta, o aviso de que ele sumiu é o que importa.
            Effect::Notice(Notice::None) if self.gone.get() => {}
            Effect::Notice(notice) => self.say(&notice.text()),
        }
    }

    fn put(self: &Rc<Self>, source: String, base_hash: String) {
        let editor = Rc::clone(self);
        spawn_local(async move {
            let answer = api::save(&editor.config, &editor.id, &source, &base_hash).await;
            let event = match answer {
                Ok(api::Save::Done { hash }) => {
                    editor.gone.set(false);
                    Event::Saved { hash }
                }
                Ok(api::Save::Conflict(disk)) => Event::SaveConflicted(disk),
                Err(failure) => {
                    editor.gone.set(matches!(failure, api::Failure::Gone));
                    Event::SaveFailed(failure.text())
                }
            };
            let saved = matches!(event, Event::Saved { .. });
            editor.apply(event);
            for waiting in editor.waiting.take() {
                waiting.send(saved);
            }
            if saved {
                super::announce_saved(&editor.id);
            }
        });
    }

    fn say(&self, text: &str) {
        dom::set_rich(&self.notice, text);
    }

    fn show_situation(&self) {
        let state = self.state.borrow();
        let (key, word) = match () {
            () if !state.is_loaded() => ("loading", "sem ler o disco"),
            () if state.in_conflict() => ("conflict", "o disco mudou"),
            () if state.is_saving() => ("saving", "salvando…"),
            () if state.is_dirty() => ("dirty", "não salvo"),
            () => ("saved", "salvo"),
        };
        // Antes da primeira leitura, o que se digitasse aqui seria trocado pelo que viesse do disco.
        self.surface.set_read_only(!state.is_loaded());
        dom::attribute(&self.situation, "data-state", key);
        dom::set_text(&self.situation, word);
        if key == "dirty" {
            let _ = self.save_button.remove_attribute("aria-disabled");
        } else {
            dom::attribute(&self.save_button, "aria-disabled", "true");
        }
    }
}
