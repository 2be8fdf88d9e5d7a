//! Os módulos compilados que as páginas abertas ainda podem pedir, pelo nome que é a soma do conteúdo.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use grader::files;

/// Cada um tem pouco mais de 1 MB; uma página só pede o último que compilou.
const KEPT: usize = 16;

#[derive(Debug, Default)]
pub struct Modules(Mutex<VecDeque<(String, Bytes)>>);

impl Modules {
    /// Guarda o módulo e diz o endereço dele.
    pub fn keep(&self, module: Bytes) -> String {
        let id = files::hash(&module);
        let address = format!("/api/modules/{id}.wasm");
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Reusado, volta ao fim da fila.
        kept.retain(|(known, _)| *known != id);
        kept.push_back((id, module));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        address
    }

    pub fn get(&self, id: &str) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == id).map(|(_, module)| module.clone())
    }
}
