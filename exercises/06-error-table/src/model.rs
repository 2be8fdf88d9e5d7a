//! O que os passos do capítulo têm em comum: o cenário, a gravação da bancada e o que se conclui dela.
//!
//! ```text
//!   Model + Failure + Parameters ──bench──▶ Trace ──observe──▶ Observation ──▶ o quadro
//!          scenario.rs                     trace.rs           observation.rs
//!        (o que se pede)               (só fatos, na ordem)   (o que os fatos dizem)
//! ```

mod observation;
mod scenario;
mod trace;

pub use observation::{Batch, Blocking, Charge, Fate, Observation, Retrier, Signal, Wait};
pub use scenario::{Event, EventId, FUNCTION_TIMEOUT, Failure, FailureTarget, Model, Parameters, RUN_TIME};
pub use trace::{
    Answer, Attempt, Contents, Ending, Found, GaveUp, Interval, Metric, Order, Place, Reading, Starter, Trace,
};
