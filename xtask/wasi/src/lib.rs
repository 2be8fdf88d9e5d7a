//! O hospedeiro WASI do curso: o mínimo que um binário de testes em `wasm32-wasip1` precisa para rodar, e mais nada.
//!
//! O mesmo código serve a dois executores: no terminal, o interpretador `wasmi` (feature `native`); na página, o próprio
//! navegador, que entrega a memória do módulo por trás de [`Memory`]. Nenhum dos dois dá arquivos, rede ou relógio de verdade.
//!
//! ```text
//!  módulo .wasm ──import──▶ Host::call ──▶ errno, ou Stop (fim da execução)
//!       │                                        │
//!       └── retorna, trava, estoura ──▶ Ending ◀─┘
//!                                          │
//!                 Execution (Ending + saídas) ──judge──▶ Verdict
//! ```
//!
//! Um processo nativo também vira [`Execution`], e [`judge`] é o único lugar em que uma execução vira aprovação ou reprovação.
//!
//! Referência: [WASI preview 1](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md).

pub mod errno;
mod execution;
mod host;
mod memory;
#[cfg(feature = "native")]
pub mod native;
mod process;
mod program;
mod verdict;

pub use execution::{Ending, Execution, Status, Verdict};
pub use host::{Host, MODULE_NAME, Stop};
pub use memory::{Fault, Memory};
pub use program::{
    DEFAULT_OUTPUT_LIMIT, Program, lab_program, list_program, parse_list, test_args, test_environ, test_program,
};
pub use verdict::{explain, judge};
