//! O sandbox do terminal: um módulo WASI no interpretador [`wasmi`], sem nada da máquina além de processador e memória medidos.
//!
//! Cada execução é uma instância nova: memória zerada, relógio zerado, fitas vazias. O que a limita:
//!
//! | limite | quem mede | fim |
//! |---|---|---|
//! | instruções ([`Limits::fuel`]) | o interpretador, em fatias | [`Ending::Timeout`] |
//! | tempo de relógio ([`Limits::timeout`]) | entre as fatias e a cada chamada de WASI | [`Ending::Timeout`] |
//! | memória ([`Limits::memory`]) | ao crescer | [`Ending::MemoryLimit`] |
//! | saída ([`Limits::output`]) | ao escrever | [`Ending::OutputLimit`] |
//! | profundidade da pilha | a cada chamada de função | [`Ending::Trapped`] |
//!
//! [`Ending::Timeout`]: crate::Ending::Timeout
//! [`Ending::MemoryLimit`]: crate::Ending::MemoryLimit
//! [`Ending::OutputLimit`]: crate::Ending::OutputLimit
//! [`Ending::Trapped`]: crate::Ending::Trapped

mod error;
mod instance;
mod sandbox;

use std::time::Duration;

pub use error::SandboxError;
pub use sandbox::{Sandbox, TestRun};

/// Quanto uma execução pode gastar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tempo de relógio. É a rede de segurança; quem decide primeiro, igual em toda máquina, é `fuel`.
    pub timeout: Duration,
    /// Combustível do `wasmi`: mais ou menos uma unidade por instrução.
    pub fuel: u64,
    /// Bytes de memória linear.
    pub memory: usize,
    /// Bytes escritos em `stdout` e `stderr`, somados.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            fuel: 1_000_000_000,
            memory: 64 * 1024 * 1024,
            output: crate::DEFAULT_OUTPUT_LIMIT,
        }
    }
}
