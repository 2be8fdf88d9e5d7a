//! Uma linha só, que se renova enquanto algo demora e some no fim: quem espera quer ver que algo anda.

use std::cell::Cell;
use std::io::{IsTerminal, Write};

/// A linha; fora de um terminal não escreve nada.
pub struct Progress {
    terminal: bool,
    shown: Cell<bool>,
}

impl Progress {
    pub fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), shown: Cell::new(false) }
    }

    pub fn show(&self, text: &str) {
        if self.terminal {
            eprint!("\r\x1b[2K  {text}");
            // Sem a linha na tela perde-se só o aviso.
            let _ = std::io::stderr().flush();
            self.shown.set(true);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.get() {
            eprint!("\r\x1b[2K");
        }
    }
}
