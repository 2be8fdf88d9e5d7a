//! Uma parte da VTL, a *Velocity Template Language*: o bastante para os mapping templates que se escrevem de verdade.
//!
//! ```text
//!   "#if($n > 2) … $city … #end"
//!        │
//!   parser ──▶ [Node] ──▶ quem roda o template (passo `mapping`)
//!     │ usa                     │ usa
//!   cursor e lexer            Value · operators · methods · Document (JSONPath)
//! ```
//!
//! Segue a gramática do Velocity 1.7 (`Parser.jjt`), também no espaço em branco: um `#set` não deixa rastro, e a linha
//! que termina em `#if(…)`, `#else`, `#foreach(…)` ou `#end` perde a quebra, mas não o recuo.
//!
//! Fora do subconjunto: `#macro`, `#define`, `#parse`, `#include`, `#evaluate`, `#break` e `#stop`.

pub mod ast;
mod context;
mod cursor;
mod error;
mod json_path;
mod lexer;
mod methods;
mod operators;
mod parser;
mod pattern;
mod value;

pub use context::context;
pub use cursor::Position;
pub use error::TemplateError;
pub use json_path::Document;
pub use methods::{call, index, property, put};
pub use operators::{apply, range};
pub use parser::parse;
pub use pattern::matches_whole;
pub use value::{List, Map, Value};
