//! Gravações para o passo `observe`: as da bancada e as montadas à mão, com só o que o caso precisa.

use std::time::Duration;

use error_table::bench;
use error_table::model::{
    Answer, Attempt, Contents, Ending, Event, EventId, Failure, Found, Interval, Model, Order, Parameters, Place,
    Starter, Trace,
};

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Grava um cenário que a AWS aceita.
pub async fn record(model: Model, failure: Failure, parameters: &Parameters) -> Trace {
    match bench::run(model, failure, parameters).await {
        Ok(trace) => trace,
        Err(rejected) => panic!("a bancada recusou o cenário do teste: {rejected}"),
    }
}

/// Uma tentativa de um mapeamento, que falha: quando começa, quando acaba e com que eventos.
pub fn failed(events: &[u8], from: u64, until: u64) -> Attempt {
    Attempt {
        started_by: Starter::EventSourceMapping,
        events: events.iter().copied().map(EventId).collect(),
        started_at: seconds(from),
        ended_at: seconds(until),
        ending: Ending::FunctionError,
        receive_count: None,
        spent: 0,
        interval: if from == 0 { Interval::First } else { Interval::Published },
    }
}

/// Uma tentativa que dá certo.
pub fn succeeded(events: &[u8], from: u64, until: u64) -> Attempt {
    Attempt { ending: Ending::Succeeded, ..failed(events, from, until) }
}

/// A tentativa de uma entrega da fila.
pub fn delivered(receive_count: u32, attempt: Attempt) -> Attempt {
    Attempt { receive_count: Some(receive_count), ..attempt }
}

/// Uma gravação com estas tentativas e mais nada: três eventos, o 1 e o 2 com a mesma chave.
pub fn trace(attempts: Vec<Attempt>) -> Trace {
    let event = |number, key| Event { id: EventId(number), key };
    Trace {
        model: Model::SqsStandard,
        failure: Failure::PoisonRecord,
        parameters: Parameters::of(Model::SqsStandard),
        events: vec![event(1, "ponte-velha"), event(2, "ponte-velha"), event(3, "norte")],
        watched: EventId(1),
        attempts,
        answers: Vec::new(),
        found: Vec::new(),
        readings: Vec::new(),
        gave_up: None,
        order: Order::Published,
    }
}

/// O evento 1 achado em um lugar, inteiro.
pub fn found(place: Place) -> Found {
    Found { event: EventId(1), place, contents: Contents::Whole, since: Duration::ZERO }
}

/// Uma resposta a quem mandou o evento 1.
pub fn answer(status: u16, function_error: bool) -> Answer {
    Answer { event: EventId(1), at: Duration::ZERO, status, function_error }
}
