//! O armazenamento do navegador, que pode estar bloqueado, cheio ou com lixo: nada aqui falha.

use super::dom;
use crate::{
    editing::Draft,
    progress::{KEY, Progress},
    quiz::{self, Answers},
};

fn storage() -> Option<web_sys::Storage> {
    dom::window().local_storage().ok().flatten()
}

fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn write(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Cheio ou bloqueado: a página segue sem lembrar.
        let _ = storage.set_item(key, value);
    }
}

pub fn progress() -> Progress {
    Progress::parse(read(KEY).as_deref())
}

/// Lê, muda e grava: outra aba pode ter gravado nesse meio-tempo.
pub fn record(step: &str, passed: usize, total: usize) {
    let mut progress = progress();
    progress.record(step, passed, total);
    write(KEY, &progress.to_json());
}

pub fn answers() -> Answers {
    Answers::parse(read(quiz::KEY).as_deref())
}

/// Como [`record`], para uma pergunta.
pub fn record_answer(question: &str, right: bool) {
    let mut answers = answers();
    answers.record(question, right);
    write(quiz::KEY, &answers.to_json());
}

pub fn draft(step: &str) -> Option<Draft> {
    Draft::parse(&read(&Draft::key(step))?)
}

pub fn store_draft(step: &str, draft: &Draft) {
    write(&Draft::key(step), &draft.to_json());
}

pub fn clear_draft(step: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&Draft::key(step));
    }
}
