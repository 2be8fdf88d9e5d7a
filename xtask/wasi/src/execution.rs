//! O que aconteceu em uma execução ([`Execution`]) e o que isso vale ([`Verdict`]).
//!
//! As duas coisas ficam separadas de propósito: quem executa (processo nativo, `wasmi`, navegador) só relata; quem decide é
//! [`crate::judge`].

use serde::{Deserialize, Serialize};

/// Como a execução de um programa terminou.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// `_start` retornou: o programa chegou ao fim de `main`. É o único fim em que um teste pode ter passado.
    Returned,
    /// O programa pediu para sair com este código (`proc_exit`, `process::exit`), zero inclusive.
    Exited(i32),
    /// A execução foi interrompida: um *trap* do WebAssembly ou um sinal do sistema. O texto diz qual.
    Trapped(String),
    /// O prazo acabou, em tempo de relógio ou em instruções.
    Timeout,
    /// O programa pediu mais memória do que o limite.
    MemoryLimit,
    /// O programa escreveu mais do que o limite.
    OutputLimit,
}

/// Uma execução inteira: como terminou, o que escreveu e quanto durou.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub ending: Ending,
    pub stdout: String,
    pub stderr: String,
    /// Milissegundos de relógio.
    pub duration_ms: f64,
}

/// O resultado de um teste, como aparece em relatórios e na página.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Passed,
    Failed,
    Timeout,
    /// O teste não pôde ser avaliado (não foi encontrado, está desligado).
    Error,
}

/// O que se decidiu sobre um teste.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub status: Status,
    /// O que uma pessoa lê; `None` quando o teste passou.
    pub message: Option<String>,
}

impl Verdict {
    pub(crate) fn passed() -> Self {
        Self { status: Status::Passed, message: None }
    }

    pub(crate) fn new(status: Status, message: String) -> Self {
        Self { status, message: Some(message) }
    }
}
