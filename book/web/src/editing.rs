//! O editor como máquina de estados: o que está no disco, o que a pessoa escreveu e quem ganha quando os dois mudam.
//!
//! ```text
//!            Loaded              Typed               SaveRequested        Saved
//!  vazio ───────────▶ em dia ───────────▶ por salvar ─────────────▶ salvando ─────▶ em dia
//!                        ▲                    │  DiskChanged / 409      │
//!                        └──── TakeDisk ── conflito ◀───────────────────┘
//!                                             └── KeepMine ──▶ salvando (com o hash do disco)
//! ```
//!
//! Cada evento devolve os efeitos que a página tem de executar; aqui ninguém toca em rede nem em DOM. A regra que
//! nenhum caminho quebra: o texto da pessoa só some quando ela escolhe ficar com o do disco.

use serde::{Deserialize, Serialize};

/// Uma versão do arquivo do passo, como o servidor a vê.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OnDisk {
    pub source: String,
    pub hash: String,
}

/// O rascunho guardado no navegador enquanto há texto por salvar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub base_hash: String,
    pub source: String,
}

impl Draft {
    /// A chave do rascunho de um passo.
    pub fn key(step: &str) -> String {
        format!("caderno.draft.v1.{step}")
    }

    /// Lê um rascunho; o que não se entende é como se não existisse.
    pub fn parse(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }

    /// O texto a guardar.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A primeira leitura do disco, com o rascunho que houver.
    Loaded(OnDisk, Option<Draft>),
    Typed(String),
    SaveRequested,
    /// O servidor gravou o texto que mandamos.
    Saved {
        hash: String,
    },
    /// 409: o disco mudou desde a nossa base.
    SaveConflicted(OnDisk),
    SaveFailed(String),
    /// O disco avisou que mudou (ou foi relido depois de o servidor voltar).
    DiskChanged(OnDisk),
    KeepMine,
    TakeDisk,
    ServerGone,
    ServerBack,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Troca o texto do editor, mantendo o cursor onde der.
    SetText(String),
    Put {
        source: String,
        base_hash: String,
    },
    /// Mostra as duas versões e as duas escolhas.
    ShowConflict {
        mine: String,
        disk: String,
    },
    HideConflict,
    StoreDraft(Draft),
    ClearDraft,
    /// Um aviso que fica até o próximo.
    Notice(Notice),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    None,
    DraftRestored,
    Reloaded,
    ServerGone,
    SaveFailed(String),
}

impl Notice {
    pub fn text(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::DraftRestored => "Recuperei o que você tinha escrito e não salvou da outra vez.".into(),
            Self::Reloaded => "O arquivo mudou no disco e foi relido.".into(),
            Self::ServerGone => "O servidor não responde. Seu texto continua aqui e guardado neste navegador; \
                 rode `cargo xtask serve` de novo e, quando ele voltar, salve."
                .into(),
            Self::SaveFailed(error) => format!("Não foi possível salvar: {error}"),
        }
    }
}

/// O estado do editor de um passo.
#[derive(Clone, Debug, Default)]
pub struct Editing {
    /// A última versão do disco que conhecemos; `None` até a primeira leitura.
    disk: Option<OnDisk>,
    text: String,
    saving: Option<String>,
    conflict: Option<OnDisk>,
}

impl Editing {
    pub fn is_loaded(&self) -> bool {
        self.disk.is_some()
    }

    /// Há texto que o disco não tem.
    pub fn is_dirty(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| disk.source != self.text)
    }

    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    pub fn in_conflict(&self) -> bool {
        self.conflict.is_some()
    }

    /// O hash da versão do disco que conhecemos.
    pub fn hash(&self) -> Option<&str> {
        self.disk.as_ref().map(|disk| disk.hash.as_str())
    }

    /// Aplica um evento e devolve o que a página deve fazer, em ordem.
    pub fn apply(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Loaded(disk, draft) => self.loaded(disk, draft),
            Event::Typed(text) => self.typed(text),
            Event::SaveRequested => self.save(),
            Event::Saved { hash } => self.saved(hash),
            Event::SaveConflicted(disk) => {
                self.saving = None;
                if disk.source == self.text { self.accept(disk) } else { self.open_conflict(disk) }
            }
            Event::SaveFailed(error) => {
                self.saving = None;
                vec![Effect::Notice(Notice::SaveFailed(error))]
            }
            Event::DiskChanged(disk) => self.disk_changed(disk),
            Event::KeepMine => self.keep_mine(),
            Event::TakeDisk => self.take_disk(),
            Event::ServerGone => vec![Effect::Notice(Notice::ServerGone)],
            Event::ServerBack => vec![Effect::Notice(Notice::None)],
        }
    }

    fn loaded(&mut self, disk: OnDisk, draft: Option<Draft>) -> Vec<Effect> {
        self.saving = None;
        self.conflict = None;
        let draft = draft.filter(|draft| draft.source != disk.source);
        let Some(draft) = draft else {
            self.text.clone_from(&disk.source);
            let text = self.text.clone();
            self.disk = Some(disk);
            return vec![Effect::SetText(text), Effect::ClearDraft];
        };
        self.text.clone_from(&draft.source);
        let mut effects = vec![Effect::SetText(draft.source), Effect::Notice(Notice::DraftRestored)];
        let moved = draft.base_hash != disk.hash;
        self.disk = Some(disk.clone());
        if moved {
            effects.extend(self.open_conflict(disk));
        }
        effects
    }

    fn typed(&mut self, text: String) -> Vec<Effect> {
        if text == self.text {
            return Vec::new();
        }
        self.text = text;
        let draft = self.draft_effect();
        vec![draft]
    }

    fn draft_effect(&self) -> Effect {
        match &self.disk {
            // O rascunho guarda a base do conflito em aberto como ainda não aceita: ao recarregar, a escolha volta.
            Some(disk) if self.is_dirty() => Effect::StoreDraft(Draft {
                base_hash: if self.in_conflict() { String::new() } else { disk.hash.clone() },
                source: self.text.clone(),
            }),
            _ => Effect::ClearDraft,
        }
    }

    fn save(&mut self) -> Vec<Effect> {
        if self.is_saving() || self.in_conflict() || !self.is_dirty() {
            return Vec::new();
        }
        self.put()
    }

    fn put(&mut self) -> Vec<Effect> {
        let Some(disk) = &self.disk else {
            return Vec::new();
        };
        self.saving = Some(self.text.clone());
        vec![Effect::Put { source: self.text.clone(), base_hash: disk.hash.clone() }]
    }

    fn saved(&mut self, hash: String) -> Vec<Effect> {
        let Some(source) = self.saving.take() else {
            return Vec::new();
        };
        self.disk = Some(OnDisk { source, hash });
        // Quem digitou enquanto salvava continua com texto por salvar, agora sobre a base nova.
        vec![self.draft_effect(), Effect::Notice(Notice::None)]
    }

    fn disk_changed(&mut self, disk: OnDisk) -> Vec<Effect> {
        let known = self.disk.as_ref().is_some_and(|known| known.hash == disk.hash);
        // O aviso do nosso próprio salvamento chega às vezes antes da resposta dele.
        let ours = self.saving.as_deref() == Some(disk.source.as_str());
        if !self.is_loaded() || known || ours {
            return Vec::new();
        }
        if self.text == disk.source {
            return self.accept(disk);
        }
        if self.is_dirty() || self.in_conflict() {
            let mut effects = vec![Effect::Notice(Notice::None)];
            effects.extend(self.open_conflict(disk));
            return effects;
        }
        let mut effects = vec![Effect::SetText(disk.source.clone())];
        self.text.clone_from(&disk.source);
        effects.extend(self.accept(disk));
        effects.push(Effect::Notice(Notice::Reloaded));
        effects
    }

    /// O disco e o editor dizem o mesmo: nada a escolher.
    fn accept(&mut self, disk: OnDisk) -> Vec<Effect> {
        self.disk = Some(disk);
        self.conflict = None;
        vec![Effect::HideConflict, Effect::ClearDraft]
    }

    fn open_conflict(&mut self, disk: OnDisk) -> Vec<Effect> {
        let show = Effect::ShowConflict { mine: self.text.clone(), disk: disk.source.clone() };
        self.conflict = Some(disk);
        vec![self.draft_effect(), show]
    }

    fn keep_mine(&mut self) -> Vec<Effect> {
        let Some(disk) = self.conflict.take() else {
            return Vec::new();
        };
        self.disk = Some(disk);
        let mut effects = vec![Effect::HideConflict, self.draft_effect()];
        if self.is_dirty() {
            effects.extend(self.put());
        }
        effects
    }

    fn take_disk(&mut self) -> Vec<Effect> {
        let Some(disk) = self.conflict.take() else {
            return Vec::new();
        };
        self.text.clone_from(&disk.source);
        let mut effects = vec![Effect::SetText(disk.source.clone())];
        effects.extend(self.accept(disk));
        effects.push(Effect::Notice(Notice::None));
        effects
    }
}

#[cfg(test)]
#[path = "editing_tests.rs"]
mod tests;
