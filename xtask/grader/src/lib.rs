//! O avaliador: do arquivo que o leitor editou à nota.
//!
//! ```text
//! course ─ o que há para avaliar      starter ─ da resposta ao esqueleto
//! scratch ─ cópia de trabalho  →  build ─ cargo, passo a passo  →  run ─ um teste por vez  →  score  →  report
//! ```

pub mod build;
pub mod check;
pub mod course;
pub mod exercises;
pub mod files;
pub mod interrupt;
mod progress;
pub mod report;
pub mod run;
pub mod score;
pub mod starter;
pub mod tests_list;
pub mod toolchain;
