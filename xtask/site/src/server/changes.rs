//! O aviso de que um passo mudou no disco: pelo editor de quem lê, pelo `git` ou por outra página.
//!
//! O sistema avisa que *algo* mudou na pasta; quem decide é a soma do arquivo. Assim, salvar sem mudar nada não avisa
//! ninguém, e os três eventos de um editor que grava e renomeia viram um.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use grader::course::StepId;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::broadcast;

use super::steps::Steps;

/// Quanto tempo a pasta fica quieta antes de ser lida: um editor grava em várias operações.
const QUIET: Duration = Duration::from_millis(80);

/// Um passo com conteúdo novo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub step: StepId,
    pub hash: String,
}

#[derive(Debug)]
pub struct Changes {
    steps: Arc<Steps>,
    known: Mutex<HashMap<StepId, String>>,
    sender: broadcast::Sender<Change>,
}

impl Changes {
    pub fn new(steps: Arc<Steps>) -> Self {
        let changes = Self { steps, known: Mutex::default(), sender: broadcast::channel(64).0 };
        // Sem ninguém ouvindo ainda: só anota o que há.
        changes.rescan();
        changes
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Avisa se a soma é nova.
    pub fn note(&self, step: StepId, hash: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(step.clone(), hash.clone()).as_ref() != Some(&hash) {
            // Só falha quando não há página aberta.
            let _ = self.sender.send(Change { step, hash });
        }
    }

    pub fn rescan(&self) {
        for (chapter, step) in self.steps.course().steps() {
            if let Some(hash) = self.steps.hash(chapter, step) {
                self.note(step.id.clone(), hash);
            }
        }
    }

    /// Vigia as pastas dos capítulos até o vigia devolvido ser solto.
    pub fn watch(self: &Arc<Self>) -> Result<RecommendedWatcher> {
        let (sender, events) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| writes(event.kind)) {
                // Quem ouvia já parou: o servidor está terminando.
                let _ = sender.send(());
            }
        })
        .context("o sistema não deixou vigiar as pastas dos exercícios")?;
        let course = self.steps.course();
        for chapter in &course.chapters {
            let dir = course.root.join(chapter.exercise_dir()).join("src");
            watcher
                .watch(&dir, RecursiveMode::NonRecursive)
                .with_context(|| format!("não consegui vigiar {}", dir.display()))?;
        }
        let changes = Arc::clone(self);
        std::thread::spawn(move || {
            while events.recv().is_ok() {
                while !matches!(
                    events.recv_timeout(QUIET),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
                ) {}
                changes.rescan();
            }
        });
        Ok(watcher)
    }
}

/// Ler também é um evento; reagir a ele seria reagir à nossa própria leitura, sem fim.
fn writes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}
