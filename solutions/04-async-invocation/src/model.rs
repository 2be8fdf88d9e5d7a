//! O que os passos do capítulo têm em comum: o evento, como uma tentativa falha e o fim que um evento pode ter.
//!
//! ```text
//!   Event ──tentativa──▶ Failure ──…──▶ valor ou Failure ──▶ Resolution
//!                                                            (uma só por evento)
//! ```
//!
//! Segue `invocation-async-error-handling` e `invocation-async-retain-records`, do guia do Lambda.

use std::fmt;

use kit::Lane;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

/// Quem chamou a função.
pub const CALLER: Lane = Lane { id: "caller", label: "quem chamou" };
/// A fila interna do Lambda.
pub const QUEUE: Lane = Lane { id: "queue", label: "fila interna" };
/// A função.
pub const FUNCTION: Lane = Lane { id: "function", label: "função" };

/// Um evento aceito, à espera na fila interna ou em execução.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// O mesmo em todas as tentativas do evento.
    pub request_id: String,
    /// O JSON que a função recebe.
    pub payload: Value,
    /// Quando entrou na fila; a idade do evento conta daqui.
    pub enqueued_at: Instant,
}

/// Um erro da função: do código dela ou do *runtime*, como o tempo esgotado.
///
/// Serializado, é o corpo que o Lambda devolve: `{"errorMessage":…,"errorType":…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// A mensagem.
    pub error_message: String,
    /// O nome do tipo do erro.
    pub error_type: String,
}

/// Como uma tentativa falhou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A função rodou e falhou, ou estourou o tempo.
    FunctionError(FunctionError),
    /// A função não rodou: sem vaga (429).
    Throttled,
    /// A função não rodou: falha do serviço (500 a 599).
    SystemError,
}

/// Por que o Lambda desistiu de um evento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCondition {
    /// A função falhou em todas as tentativas a que tinha direito.
    RetriesExhausted,
    /// O evento passou da idade máxima, ou a próxima tentativa passaria.
    EventAgeExceeded,
    /// A concorrência reservada da função é 0.
    ZeroReservedConcurrency,
}

impl FailureCondition {
    /// O nome no registro de invocação.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        }
    }
}

impl fmt::Display for FailureCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Como a história de um evento terminou.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// Uma tentativa deu certo.
    Succeeded {
        /// O que a função devolveu.
        response: Value,
        /// Quantas vezes a função rodou, contando a que deu certo; recusas não contam.
        runs: u32,
    },
    /// O Lambda desistiu.
    Failed {
        /// Por quê.
        condition: FailureCondition,
        /// Quantas vezes a função rodou; recusas não contam.
        runs: u32,
        /// O último erro da função; `None` se ela nunca rodou.
        last_error: Option<FunctionError>,
    },
}
