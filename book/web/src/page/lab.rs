//! Um laboratório: os controles viram um cenário, o módulo roda em um Worker e o resultado é redesenhado.
//!
//! Enquanto alguém arrasta um controle chegam muitos cenários; roda um por vez, e o seguinte é sempre o mais novo.

mod client;
mod figure;
mod results;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasi_host::{Ending, Execution, explain};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use self::{
    client::{Client, Heard},
    results::Results,
};
use super::{api, config::Config, dom, hand::Hand, mailbox::Mailbox, step::hide_with_label};
use crate::{
    blocks,
    comparison::compare_tables,
    compiler::headline,
    output::{Block, Output, Response, Script, Tone},
    protocol::{Job, Reply},
    scenario::{Setting, example, reading, scenario},
};

const DEADLINE_MS: i32 = 5_000;

/// O que a tarefa do laboratório escuta.
enum Mail {
    /// Os controles mudaram.
    Draw,
    /// A escolha de código mudou, ou o código foi salvo.
    Rebuild,
    Worker(u32, Result<Reply, String>),
    Deadline(u32),
    /// O cliente gerado de um desenho disse algo.
    Client(u32, Heard),
}

pub struct Lab {
    config: Rc<Config>,
    chapter: String,
    name: String,
    /// As tabelas do código de quem lê aparecem ao lado das de referência.
    compare: bool,
    form: HtmlFormElement,
    origin: Option<HtmlSelectElement>,
    note: HtmlElement,
    summary: HtmlElement,
    results: Results,
    mail: Mailbox<Mail>,
    frame_asked: Cell<bool>,
    hand: RefCell<Option<Hand>>,
    shift: Cell<u32>,
    /// O cliente do desenho atual, e o número desse desenho: o que um cliente velho disser não interessa mais.
    client: RefCell<Option<Client>>,
    drawing: Cell<u32>,
}

impl Lab {
    pub fn hydrate(config: &Rc<Config>, section: HtmlElement) -> Option<Rc<Self>> {
        let results: HtmlElement = dom::find(&section, ".lab-resultado")?;
        let chapter = section.get_attribute("data-chapter")?;
        let name = section.get_attribute("data-lab")?;
        let note = dom::create("p", "lab-nota", "");
        note.set_hidden(true);
        let _ = results.parent_node()?.insert_before(&note, Some(&results));
        let lab = Rc::new(Self {
            config: Rc::clone(config),
            compare: section.has_attribute("data-compare"),
            form: dom::find(&section, ".lab-controles")?,
            origin: dom::find(&section, ".lab-origem"),
            note,
            summary: dom::find(&section, ".lab-resumo")?,
            results: Results::new(results, name.clone()),
            mail: Mailbox::new(),
            frame_asked: Cell::new(false),
            hand: RefCell::new(None),
            shift: Cell::new(0),
            client: RefCell::new(None),
            drawing: Cell::new(0),
            chapter,
            name,
        });
        if let Some(origin) = lab.origin.as_ref().filter(|_| !config.serve) {
            origin.set_value("reference");
            hide_with_label(origin);
        }
        lab.listen(&section);
        lab.show_readings();
        let task = Rc::clone(&lab);
        spawn_local(async move { task.work().await });
        lab.mail.send(Mail::Draw);
        lab.mail.send(Mail::Rebuild);
        Some(lab)
    }

    fn listen(self: &Rc<Self>, section: &HtmlElement) {
        dom::keep_keys(section);
        let lab = Rc::clone(self);
        dom::on(&self.form, "input", move |_| {
            lab.show_readings();
            lab.ask_frame();
        });
        dom::on(&self.form, "submit", |event| event.prevent_default());
        for examples in dom::find_in(&self.form, ".lab-exemplos") {
            let lab = Rc::clone(self);
            dom::on(&examples, "change", move |event| {
                let Some(select) = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok()) else {
                    return;
                };
                for (id, value) in example(&select.value()) {
                    lab.fill(&id, &value);
                }
                lab.ask_frame();
            });
        }
        if let Some(origin) = &self.origin {
            let lab = Rc::clone(self);
            dom::on(origin, "change", move |_| lab.mail.send(Mail::Rebuild));
        }
        let (lab, prefix) = (Rc::clone(self), format!("{}/", self.chapter));
        super::on_saved(move |step| {
            if step.starts_with(&prefix) {
                lab.mail.send(Mail::Rebuild);
            }
        });
    }

    /// No máximo um cenário por quadro da tela.
    fn ask_frame(self: &Rc<Self>) {
        if self.frame_asked.replace(true) {
            return;
        }
        let lab = Rc::clone(self);
        let frame = Closure::once_into_js(move || {
            lab.frame_asked.set(false);
            lab.mail.send(Mail::Draw);
        });
        let _ = dom::window().request_animation_frame(frame.unchecked_ref());
    }

    /// A vida do laboratório: uma coisa de cada vez, para sempre.
    async fn work(self: Rc<Self>) {
        let mut own: Option<String> = None;
        loop {
            match self.mail.next().await {
                Mail::Draw => {
                    // Vários pedidos acumulados valem um: o cenário é lido agora.
                    self.draw(own.as_deref()).await;
                }
                Mail::Rebuild => {
                    own = self.build().await;
                    self.draw(own.as_deref()).await;
                }
                Mail::Client(drawing, heard) if drawing == self.drawing.get() => {
                    self.hear(heard, own.as_deref()).await;
                }
                Mail::Worker(..) | Mail::Deadline(_) | Mail::Client(..) => {}
            }
        }
    }

    /// Compila o laboratório com o código de quem lê, se é esse o escolhido.
    async fn build(&self) -> Option<String> {
        let wants_own = self.config.serve && self.origin.as_ref().is_none_or(|origin| origin.value() == "reader");
        if !wants_own {
            self.say("");
            return None;
        }
        if !self.config.wasm {
            self.say("Falta a parte WASM da toolchain: rode `cargo xtask setup` e abra `cargo xtask serve` de novo.");
            return None;
        }
        self.say("Compilando o laboratório com o seu código… Por enquanto, a resposta de referência.");
        match api::lab(&self.config, &self.chapter).await {
            Ok(build) if build.lab.is_some() => {
                self.say("");
                build.lab
            }
            Ok(build) => {
                let why = headline(&build.diagnostics);
                self.say(&format!("Seu código não compila, então este é o resultado da resposta de referência. {why}"));
                None
            }
            Err(failure) => {
                self.say(&format!("{}\nEste é o resultado da resposta de referência.", failure.text()));
                None
            }
        }
    }

    async fn draw(&self, own: Option<&str>) {
        let scenario = scenario(&self.name, &self.settings(), None);
        if let Some(module) = own {
            match self.run(module, &scenario).await {
                Ok(own) => {
                    self.say("");
                    let output = match self.compare {
                        true => self.beside_reference(own, &scenario).await,
                        false => own,
                    };
                    return self.show(output);
                }
                Err(reason) => {
                    let reason = one_line(&reason);
                    self.say(&format!("No seu código: {reason}. Este é o resultado da resposta de referência."));
                }
            }
        }
        match self.run(&self.config.reference_lab(&self.chapter), &scenario).await {
            Ok(output) => self.show(output),
            Err(reason) => dom::set_rich(&self.summary, &format!("O laboratório não rodou: {}.", one_line(&reason))),
        }
    }

    async fn beside_reference(&self, own: Output, scenario: &str) -> Output {
        match self.run(&self.config.reference_lab(&self.chapter), scenario).await {
            Ok(reference) => compare_tables(own, &reference),
            Err(reason) => {
                self.say(&format!("A referência não rodou ({}): esta é só a sua tabela.", one_line(&reason)));
                own
            }
        }
    }

    /// O cliente gerado fez uma requisição ou terminou.
    async fn hear(&self, heard: Heard, own: Option<&str>) {
        let (text, tone) = match heard {
            Heard::Request { id, request } => {
                let scenario = scenario(&self.name, &self.settings(), Some(request));
                let reference = self.config.reference_lab(&self.chapter);
                let response = match self.run(own.unwrap_or(&reference), &scenario).await {
                    Ok(output) => output.response().cloned().ok_or("o laboratório não respondeu".to_owned()),
                    Err(reason) => Err(reason),
                };
                let response = response.unwrap_or_else(|reason| Response {
                    label: String::new(),
                    status: 500,
                    headers: Vec::new(),
                    body: one_line(&reason),
                });
                if let Some(client) = self.client.borrow().as_ref() {
                    client.respond(id, &response);
                }
                return;
            }
            Heard::Value { text } => (text, Tone::Good),
            Heard::Failure { text } => (text, Tone::Bad),
        };
        let label = "O que o cliente devolveu".to_owned();
        self.results.answer(&blocks::html(&Block::Text { label, text, tone }));
    }

    /// Roda um módulo com um cenário. O erro é o que dizer a quem mexeu nos controles.
    async fn run(&self, module: &str, scenario: &str) -> Result<Output, String> {
        self.hire()?;
        let shift = self.shift.get();
        if let Some(hand) = self.hand.borrow().as_ref() {
            hand.ask(module, Job::Lab(scenario.to_owned()));
        }
        let mail = self.mail.clone();
        let timer = dom::Timer::after(DEADLINE_MS, move || mail.send(Mail::Deadline(shift)));
        // O que chegar enquanto isso fica para depois, no máximo um de cada.
        let (mut draw_later, mut rebuild_later) = (false, false);
        let mut said_later = Vec::new();
        let result = loop {
            match self.mail.next().await {
                Mail::Draw => draw_later = true,
                Mail::Rebuild => rebuild_later = true,
                Mail::Client(drawing, heard) => said_later.push((drawing, heard)),
                Mail::Worker(from, _) | Mail::Deadline(from) if from != shift => {}
                Mail::Worker(_, Ok(Reply::Lab(execution))) => break output(&execution),
                Mail::Worker(_, Ok(Reply::Broken(reason)) | Err(reason)) => {
                    self.dismiss();
                    break Err(reason);
                }
                Mail::Worker(..) => {}
                Mail::Deadline(_) => {
                    self.dismiss();
                    break Err("o programa passou de 5 s sem terminar".to_owned());
                }
            }
        };
        drop(timer);
        for (drawing, heard) in said_later {
            self.mail.send(Mail::Client(drawing, heard));
        }
        if rebuild_later {
            self.mail.send(Mail::Rebuild);
        } else if draw_later {
            self.mail.send(Mail::Draw);
        }
        result
    }

    fn hire(&self) -> Result<(), String> {
        if self.hand.borrow().is_some() {
            return Ok(());
        }
        let shift = self.shift.get() + 1;
        self.shift.set(shift);
        let mail = self.mail.clone();
        let hand = Hand::new(&self.config.base, move |reply| mail.send(Mail::Worker(shift, reply)))?;
        self.hand.replace(Some(hand));
        Ok(())
    }

    /// Encerra o Worker; o próximo cenário ganha um novo.
    fn dismiss(&self) {
        self.hand.replace(None);
        self.shift.set(self.shift.get() + 1);
    }

    fn show(&self, output: Output) {
        dom::set_text(&self.summary, &output.summary);
        let script = output.blocks.iter().find_map(|block| match block {
            Block::Script(script) => Some(script.clone()),
            _ => None,
        });
        self.results.show(output.blocks);
        self.drawing.set(self.drawing.get() + 1);
        self.client.replace(script.and_then(|script| self.start(&script)));
    }

    fn start(&self, script: &Script) -> Option<Client> {
        let (mail, drawing) = (self.mail.clone(), self.drawing.get());
        match Client::start(&self.config.base, script, move |heard| mail.send(Mail::Client(drawing, heard))) {
            Ok(client) => Some(client),
            Err(reason) => {
                self.say(&reason);
                None
            }
        }
    }

    fn say(&self, text: &str) {
        self.note.set_hidden(text.is_empty());
        dom::set_rich(&self.note, text);
    }

    fn settings(&self) -> Vec<(String, Setting)> {
        let controls = dom::find_in(&self.form, "input[name], select[name], textarea[name]");
        controls.iter().filter_map(setting).collect()
    }

    /// Põe um valor em um controle, como quem o digita.
    fn fill(&self, id: &str, value: &str) {
        for control in dom::find_in(&self.form, "select[name], textarea[name]") {
            if control.get_attribute("name").as_deref() != Some(id) {
                continue;
            }
            if let Some(text) = control.dyn_ref::<HtmlTextAreaElement>() {
                text.set_value(value);
            } else if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
                select.set_value(value);
            }
        }
    }

    /// O texto ao lado de cada controle deslizante.
    fn show_readings(&self) {
        for control in dom::find_in(&self.form, "input[type=range]") {
            let Some(input) = control.dyn_ref::<HtmlInputElement>() else { continue };
            let output = dom::find::<HtmlElement>(&self.form, &format!("output[for=\"{}\"]", input.id()))
                .or_else(|| dom::find(&control.closest("label, div, p").ok().flatten()?, "output"));
            let unit = control.get_attribute("data-unit").unwrap_or_default();
            let text = reading(&input.value(), &unit);
            dom::attribute(&control, "aria-valuetext", &text);
            if let Some(output) = output {
                dom::set_text(&output, &text);
            }
        }
    }
}

fn setting(control: &HtmlElement) -> Option<(String, Setting)> {
    let name = control.get_attribute("name")?;
    if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
        return Some((name, Setting::Text(select.value())));
    }
    if let Some(text) = control.dyn_ref::<HtmlTextAreaElement>() {
        return Some((name, Setting::Text(text.value())));
    }
    let input = control.dyn_ref::<HtmlInputElement>()?;
    let setting = match input.type_().as_str() {
        "checkbox" => Setting::Checkbox(input.checked()),
        "radio" if !input.checked() => return None,
        "range" | "number" => Setting::Number(input.value()),
        _ => Setting::Text(input.value()),
    };
    Some((name, setting))
}

/// A mensagem e o lugar dela (`  em arquivo:linha`, na linha seguinte) em uma frase só.
fn one_line(reason: &str) -> String {
    let lines: Vec<&str> = reason.lines().map(str::trim).collect();
    lines.join(" ").trim_end_matches('.').to_owned()
}

fn output(execution: &Execution) -> Result<Output, String> {
    if execution.ending == Ending::Returned {
        return Output::parse(&execution.stdout);
    }
    Err(explain(execution).unwrap_or_else(|| "o programa parou sem dizer por quê".to_owned()))
}
