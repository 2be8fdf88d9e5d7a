//! Rodar os testes: cada um sozinho, em um processo ([`native`]) ou em uma instância WASM ([`sandbox`]), e um veredito por teste.

pub mod native;
pub mod process;
pub mod sandbox;

use std::time::Duration;

use wasi_host::Verdict;

/// O prazo de um teste quando ninguém disse outro.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Como rodar.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// O prazo de cada teste.
    pub timeout: Duration,
    /// Quantos testes ao mesmo tempo.
    pub jobs: usize,
}

impl Default for Options {
    fn default() -> Self {
        let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { timeout: DEFAULT_TIMEOUT, jobs }
    }
}

/// O veredito de um teste e quanto ele demorou.
#[derive(Debug, Clone)]
pub struct TestRun {
    pub name: String,
    pub verdict: Verdict,
    pub duration_ms: f64,
}
