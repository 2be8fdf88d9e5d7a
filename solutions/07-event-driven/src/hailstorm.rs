//! A tarde do granizo: o sistema inteiro, do telefone de quem relata até a DLQ, com falhas sorteadas por uma semente.
//!
//! ```text
//!   telefone ─▶ gateway ─▶ função ─▶ barramento ─┬─▶ fila ─▶ seguro ──▶ DLQ
//!                                                ├─▶ fila ─▶ mapa ────▶ DLQ
//!                                                └─▶ fila interna ─▶ aviso ─▶ DLQ
//! ```
//!
//! É uma simulação de eventos discretos: uma agenda de coisas por acontecer, em ordem de instante. O que decide cada peça vem
//! dos capítulos anteriores: a repetição da invocação assíncrona, o que o mapeamento aceita e o que ele faz com a resposta
//! parcial. As funções, a configuração e a volta da DLQ são de quem lê, em [`System`].
//!
//! O mundo não protege ninguém: uma chamada cortada fica cortada, um evento que ninguém guardou some.

mod agenda;
mod audit;
mod bus;
pub mod door;
mod faults;
mod internal;
mod model;
mod polling;
mod queue;
mod session;
mod trace;
mod world;

pub use audit::{Audit, Problem, Violation};
pub use faults::Faults;
pub use model::{
    BatchResponse, Configuration, Damage, DeadLetter, Entry, Event, ItemFailure, Message, Plan, PutEventsResult,
    PutEventsResultEntry, Response, ServiceError, System, Target, Written,
};
pub use session::Session;
pub use trace::{Step, What};
pub use world::World;
