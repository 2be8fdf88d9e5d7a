//! Por que um módulo não pôde ser posto para rodar. Nada aqui é sobre um teste que falhou.

/// Um módulo que o sandbox não aceita.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("o módulo tem {size} bytes e o sandbox aceita até {limit}")]
    TooBig { size: usize, limit: usize },
    #[error("o arquivo não é um módulo WebAssembly válido: {0}")]
    Invalid(wasmi::Error),
    #[error(
        "o módulo importa `{module}::{name}`, e o sandbox só oferece funções de `wasi_snapshot_preview1`: \
         compile o programa para wasm32-wasip1"
    )]
    ForeignImport { module: String, name: String },
    #[error("o módulo não exporta `_start`: compile um programa (teste, exemplo ou binário), não uma biblioteca")]
    NoStart,
    #[error("o módulo não exporta a própria memória com o nome `memory`, e sem ela não é um programa WASI")]
    NoMemory,
    #[error("o módulo pede {wanted} bytes de memória logo ao começar, e o limite é {limit}")]
    InitialMemory { wanted: u64, limit: usize },
    #[error("o binário não respondeu a `--list` como um binário de testes do Rust: {0}")]
    List(String),
}
