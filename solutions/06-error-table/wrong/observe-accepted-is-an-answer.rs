//! Engano: quem recebeu 202 foi respondido, e a falha está com ele.

use std::time::Duration;

use crate::model::{
    Attempt, Batch, Blocking, Charge, EventId, Fate, Interval, Metric, Observation, Retrier, Signal, Trace, Wait,
};

/// Lê a gravação inteira.
pub fn observe(trace: &Trace) -> Observation {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Observation {
        model: trace.model,
        failure: trace.failure,
        horizon: trace.parameters.horizon,
        attempts: count(trace.attempts_of(trace.watched).count()),
        runs: count(trace.attempts_of(trace.watched).filter(|attempt| attempt.ending.ran()).count()),
        retriers: retriers(trace),
        waits: waits(trace),
        charge: charge(trace),
        gave_up: trace.gave_up,
        blocking: blocking(trace),
        batch: batch(trace),
        fate: fate(trace, trace.watched),
        companions: trace.companions().map(|event| fate(trace, event.id)).collect(),
        kept_since: kept_since(trace),
        signals: signals(trace),
    }
}

/// Quem fez o evento observado voltar à função, sem repetir, na ordem em que apareceram.
pub fn retriers(trace: &Trace) -> Vec<Retrier> {
    use crate::model::Starter;

    let attempts: Vec<_> = trace.attempts_of(trace.watched).collect();
    let mut retriers = Vec::new();
    for pair in attempts.windows(2) {
        let retrier = match pair[1].started_by {
            _ if pair[1].was_redelivered_since(pair[0]) => Retrier::Source,
            Starter::Client => Retrier::Client,
            Starter::InternalQueue => Retrier::InternalQueue,
            Starter::EventSourceMapping => Retrier::EventSourceMapping,
        };
        if !retriers.contains(&retrier) {
            retriers.push(retrier);
        }
    }
    retriers
}

/// As esperas entre as tentativas do evento observado: uma a menos que as tentativas.
pub fn waits(trace: &Trace) -> Vec<Wait> {
    let attempts: Vec<_> = trace.attempts_of(trace.watched).collect();
    let wait = |pair: &[&Attempt]| {
        let (previous, next) = (pair[0], pair[1]);
        let delivery = attempts.iter().find(|attempt| attempt.receive_count == previous.receive_count);
        let since = match delivery {
            Some(first) if next.was_redelivered_since(previous) => first.started_at,
            _ => previous.ended_at,
        };
        match next.interval {
            Interval::Drawn => Wait::Drawn,
            Interval::Unpublished => Wait::Unpublished,
            Interval::First | Interval::Published => Wait::Published(next.started_at.saturating_sub(since)),
        }
    };
    attempts.windows(2).map(wait).collect()
}

/// Se as tentativas do evento observado que falharam gastaram do limite.
pub fn charge(trace: &Trace) -> Charge {
    use crate::model::Ending;

    let mut before = 0;
    let (mut charged, mut free) = (false, false);
    for attempt in trace.attempts_of(trace.watched) {
        if attempt.ending != Ending::Succeeded {
            let rose = attempt.spent > before;
            charged |= rose;
            free |= !rose;
        }
        before = attempt.spent;
    }
    match (charged, free) {
        (true, true) => Charge::Sometimes,
        (true, false) => Charge::Always,
        (false, _) => Charge::Never,
    }
}

/// O que ficou parado enquanto o evento observado não se resolvia.
pub fn blocking(trace: &Trace) -> Blocking {
    use crate::model::{Event, Order};

    if trace.order == Order::Unpublished {
        return Blocking::Unpublished;
    }
    let shared = |event: EventId| trace.attempts_of(event).any(|attempt| attempt.events.contains(&trace.watched));
    let last_end = trace.attempts_of(trace.watched).last().map_or(Duration::ZERO, |attempt| attempt.ended_at);
    let key = trace.events.iter().find(|event| event.id == trace.watched).map(|event| event.key);

    let apart: Vec<_> = trace.companions().filter(|event| !shared(event.id)).collect();
    let moved = |event: &Event| trace.attempts_of(event.id).any(|attempt| attempt.started_at < last_end);
    let waiting: Vec<_> = apart.iter().filter(|event| !moved(event)).collect();
    if apart.is_empty() {
        Blocking::Unseen
    } else if waiting.is_empty() {
        Blocking::Nothing
    } else if waiting.iter().all(|event| Some(event.key) == key) {
        Blocking::SameKey
    } else {
        Blocking::Everything
    }
}

/// O que houve com o lote do evento observado.
pub fn batch(trace: &Trace) -> Batch {
    let company = |attempt: &&Attempt| attempt.events.len() > 1;
    let attempts: Vec<_> = trace.attempts_of(trace.watched).collect();
    if !attempts.iter().any(company) {
        Batch::Alone
    } else if attempts.last().is_some_and(company) {
        Batch::Whole
    } else {
        Batch::Shrunk
    }
}

/// Onde um evento foi parar.
pub fn fate(trace: &Trace, event: EventId) -> Fate {
    use crate::model::{Answer, Ending, Place};

    if trace.attempts_of(event).any(|attempt| attempt.ending == Ending::Succeeded) {
        return Fate::Processed;
    }
    if let Some(found) = trace.found.iter().find(|found| found.event == event) {
        return match found.place {
            Place::InternalQueue | Place::Source => Fate::Waiting,
            place => Fate::Kept { place, contents: found.contents },
        };
    }
    let told = |answer: &Answer| answer.event == event;
    if trace.answers.iter().any(told) { Fate::WithCaller } else { Fate::Lost }
}

/// Desde quando o evento observado está guardado, se isso vem só de intervalos publicados.
pub fn kept_since(trace: &Trace) -> Option<Duration> {
    let Fate::Kept { place, .. } = fate(trace, trace.watched) else { return None };
    let attempts: Vec<_> = trace.attempts_of(trace.watched).collect();
    // Em uma fila, o que o mapeamento insiste dentro de uma entrega não muda a hora da entrega seguinte.
    let decides = |pair: &[&Attempt]| pair[1].receive_count.is_none() || pair[1].was_redelivered_since(pair[0]);
    if attempts.windows(2).any(|pair| decides(pair) && pair[1].interval == Interval::Unpublished) {
        return None;
    }
    let kept = trace.found.iter().find(|found| found.event == trace.watched && found.place == place);
    kept.map(|found| found.since)
}

/// Como se fica sabendo da falha do evento observado.
pub fn signals(trace: &Trace) -> Vec<Signal> {
    let answers = trace.answers.iter().filter(|answer| answer.event == trace.watched);
    let told = answers.filter(|answer| answer.status >= 400 || answer.function_error);
    let mut signals: Vec<Signal> =
        told.map(|answer| Signal::Answer { status: answer.status, function_error: answer.function_error }).collect();
    let mut metrics: Vec<Metric> =
        trace.readings.iter().filter(|reading| reading.value > 0).map(|reading| reading.metric).collect();
    metrics.sort_unstable();
    metrics.dedup();
    signals.extend(metrics.into_iter().map(Signal::Metric));
    signals
}
