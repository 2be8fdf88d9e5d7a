//! Ler a gravação: dos fatos, uma tentativa depois da outra, ao que eles dizem do modelo.
//!
//! ```text
//!   tentativas ──┬─▶ retriers, waits   quem repete e quanto espera
//!                ├─▶ charge            o que gasta do limite
//!                └─▶ blocking, batch   o que parou, o que foi junto
//!   found, answers ─▶ fate             onde o evento foi parar
//!   readings ───────▶ signals          quem fica sabendo
//! ```
//!
//! Nada aqui pergunta qual é o modelo: se a gravação mudar, a conclusão muda.

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
    let _ = trace;
    todo!("diz quem fez o evento observado voltar")
}

/// As esperas entre as tentativas do evento observado: uma a menos que as tentativas.
pub fn waits(trace: &Trace) -> Vec<Wait> {
    let _ = trace;
    todo!("mede cada espera do evento observado")
}

/// Se as tentativas do evento observado que falharam gastaram do limite.
pub fn charge(trace: &Trace) -> Charge {
    let _ = trace;
    todo!("compara o gasto de cada tentativa com o da anterior")
}

/// O que ficou parado enquanto o evento observado não se resolvia.
pub fn blocking(trace: &Trace) -> Blocking {
    let _ = trace;
    todo!("procura quem não andou sozinho antes do fim da última tentativa do evento observado")
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
    let _ = trace;
    todo!("diz onde foi parar o {event}")
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
