//! O avaliador: do arquivo que o leitor editou à nota.
//!
//! ```text
//! course ─ o que há para avaliar      starter ─ da resposta ao esqueleto
//! scratch ─ cópia de trabalho  →  build ─ cargo, passo a passo  →  run ─ um teste por vez  →  score  →  report
//! quiz ─ as perguntas de um capítulo, com a prova de que a resposta é a do modelo
//! ```

pub mod build;
pub mod check;
pub mod course;
pub mod exercises;
pub mod files;
pub mod interrupt;
mod progress;
pub mod quiz;
pub mod report;
pub mod run;
pub mod score;
pub mod starter;
pub mod tests_list;
pub mod toolchain;
