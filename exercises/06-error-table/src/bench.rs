//! A bancada: põe três eventos diante de uma função que falha, em um modelo de invocação, e grava o que acontece.
//!
//! ```text
//!   run ─┬─ Synchronous, Asynchronous ──▶ push       (capítulos 3 e 4)
//!        ├─ SqsStandard, SqsFifo ───────▶ queues  ┐
//!        ├─ Kinesis, DynamoDbStreams ───▶ shards  ├─ (capítulo 5)
//!        └─ Kafka, AmazonMq ────────────▶ brokers ┘
//!                                           └──▶ Recording ──▶ Trace
//! ```
//!
//! Cada módulo só monta o cenário e anota: quem decide se repete, quanto espera e quando desiste é o código das soluções dos
//! capítulos anteriores. O relógio é o do tokio, pausado.

mod brokers;
mod push;
mod queues;
mod shards;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::model::{
    Answer, Attempt, Contents, Ending, Event, EventId, FUNCTION_TIMEOUT, Failure, FailureTarget, Found, GaveUp,
    Interval, Metric, Model, Order, Parameters, Place, RUN_TIME, Reading, Trace,
};

/// A configuração não existe na AWS, ou não cabe na bancada.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(pub String);

/// Grava o cenário: três eventos chegam no instante 0 e a falha dura até o fim.
///
/// O evento 1 e o 2 têm a mesma chave; o 3 tem outra.
///
/// # Errors
/// [`Rejected`], com a mensagem da AWS quando é ela que recusa a configuração.
pub async fn run(model: Model, failure: Failure, parameters: &Parameters) -> Result<Trace, Rejected> {
    check(model, parameters)?;
    let scenario = Scenario { model, failure, parameters: parameters.clone(), events: events() };
    let mut recording = match model {
        Model::Synchronous => push::synchronous(&scenario).await,
        Model::Asynchronous => push::asynchronous(&scenario).await?,
        Model::SqsStandard | Model::SqsFifo => queues::sqs(&scenario).await?,
        Model::Kinesis | Model::DynamoDbStreams => shards::stream(&scenario).await?,
        Model::Kafka => brokers::kafka(&scenario).await?,
        Model::AmazonMq => brokers::amazon_mq(&scenario).await,
    };
    // Uma tentativa que ainda corria quando a gravação acabou não tem fim para anotar.
    recording.attempts.retain(|attempt| attempt.ended_at <= parameters.horizon);
    recording.attempts.sort_by_key(|attempt| attempt.started_at);
    let readings = readings(&scenario, &recording);
    let waiting = scenario.events.iter().filter(|event| recording.left(event.id).is_none()).map(|event| Found {
        event: event.id,
        place: if model == Model::Asynchronous { Place::InternalQueue } else { Place::Source },
        contents: Contents::Whole,
        since: Duration::ZERO,
    });
    let mut found: Vec<Found> = waiting.chain(recording.kept.iter().copied()).collect();
    found.sort_by_key(|each| each.event);
    let order = if model == Model::AmazonMq { Order::Unpublished } else { Order::Published };
    let Scenario { parameters, events, .. } = scenario;
    let watched = EventId(1);
    let gave_up = recording.gave_up.iter().find(|(event, _)| *event == watched).map(|(_, why)| *why);
    let Recording { attempts, answers, .. } = recording;
    Ok(Trace { model, failure, parameters, events, watched, attempts, answers, found, readings, gave_up, order })
}

/// Os três eventos.
fn events() -> Vec<Event> {
    let event = |number, key| Event { id: EventId(number), key };
    vec![event(1, "ponte-velha"), event(2, "ponte-velha"), event(3, "norte")]
}

/// O que as soluções não conferem.
fn check(model: Model, parameters: &Parameters) -> Result<(), Rejected> {
    let accepts = match parameters.failure_target {
        FailureTarget::Nothing => true,
        FailureTarget::DeadLetterQueue => matches!(model, Model::Asynchronous | Model::SqsStandard | Model::SqsFifo),
        FailureTarget::OnFailure => {
            matches!(model, Model::Asynchronous | Model::Kinesis | Model::DynamoDbStreams | Model::Kafka)
        }
    };
    if !accepts {
        return Err(Rejected(format!("{model} não aceita {:?} como destino de falha", parameters.failure_target)));
    }
    let largest = if model == Model::SqsFifo { 10 } else { 10_000 };
    if !(1..=largest).contains(&parameters.batch_size) {
        return Err(Rejected(format!("em {model}, o lote vai de 1 a {} eventos", kit::text::thousands(largest))));
    }
    if !(1..=100).contains(&parameters.max_attempts) {
        return Err(Rejected("o cliente da bancada faz de 1 a 100 tentativas".to_owned()));
    }
    Ok(())
}

/// O que se pediu.
struct Scenario {
    model: Model,
    failure: Failure,
    parameters: Parameters,
    events: Vec<Event>,
}

impl Scenario {
    /// Como termina uma tentativa com estes eventos.
    fn ending(&self, events: &[EventId]) -> Ending {
        match self.failure {
            Failure::FunctionError => Ending::FunctionError,
            Failure::Timeout => Ending::TimedOut,
            Failure::Throttle => Ending::Throttled,
            Failure::SystemError => Ending::SystemError,
            Failure::PoisonRecord if events.contains(&EventId(1)) => Ending::FunctionError,
            Failure::PoisonRecord => Ending::Succeeded,
        }
    }

    /// Quanto a função leva quando roda.
    fn run_time(&self) -> Duration {
        if self.failure == Failure::Timeout { FUNCTION_TIMEOUT } else { RUN_TIME }
    }

    /// Quanto leva uma tentativa que termina assim: uma recusa é imediata.
    fn takes(&self, ending: Ending) -> Duration {
        if ending.ran() { self.run_time() } else { Duration::ZERO }
    }
}

/// O que um módulo anotou.
#[derive(Default)]
struct Recording {
    attempts: Vec<Attempt>,
    answers: Vec<Answer>,
    /// Quando cada evento saiu de onde estava; quem não está aqui continua lá.
    left: Vec<(EventId, Duration)>,
    /// O que ficou guardado depois que se desistiu.
    kept: Vec<Found>,
    /// Por que se desistiu de cada um.
    gave_up: Vec<(EventId, GaveUp)>,
}

impl Recording {
    /// Quando um evento saiu de onde estava.
    fn left(&self, event: EventId) -> Option<Duration> {
        self.left.iter().find(|(id, _)| *id == event).map(|(_, at)| *at)
    }

    /// O evento sai de onde estava; só a primeira vez conta.
    fn leave(&mut self, event: EventId, at: Duration) {
        if self.left(event).is_none() {
            self.left.push((event, at));
        }
    }

    /// Desiste-se de um evento, que sai de onde estava.
    fn give_up(&mut self, event: EventId, at: Duration, why: GaveUp) {
        if self.left(event).is_none() {
            self.gave_up.push((event, why));
        }
        self.leave(event, at);
    }

    /// Os eventos das tentativas que deram certo saem no fim delas.
    fn leave_what_succeeded(&mut self) {
        let succeeded = self.attempts.iter().filter(|attempt| attempt.ending == Ending::Succeeded);
        let left: Vec<(EventId, Duration)> =
            succeeded.flat_map(|attempt| attempt.events.iter().map(|event| (*event, attempt.ended_at))).collect();
        for (event, at) in left {
            self.leave(event, at);
        }
    }

    /// Se algum destes eventos já foi tentado: [`Interval::First`] ou o `again` de quem chama.
    fn interval(&self, events: &[EventId], again: Interval) -> Interval {
        let tried = self.attempts.iter().any(|attempt| attempt.events.iter().any(|event| events.contains(event)));
        if tried { again } else { Interval::First }
    }
}

/// As métricas do modelo, de minuto em minuto.
fn readings(scenario: &Scenario, recording: &Recording) -> Vec<Reading> {
    const MINUTE: Duration = Duration::from_secs(60);
    let minutes = u32::try_from(scenario.parameters.horizon.as_secs() / 60).unwrap_or(u32::MAX);
    (1..=minutes).flat_map(|minute| measure(scenario, recording, MINUTE * minute)).collect()
}

fn measure(scenario: &Scenario, recording: &Recording, at: Duration) -> Vec<Reading> {
    let waiting: Vec<EventId> = scenario
        .events
        .iter()
        .map(|event| event.id)
        .filter(|event| recording.left(*event).is_none_or(|left| left > at))
        .collect();
    let kept = recording.kept.iter().filter(|found| found.since <= at).count();
    // Todos chegaram no instante 0: a idade de quem espera é o próprio instante.
    let age = |waiting: usize| if waiting > 0 { u64::try_from(at.as_millis()).unwrap_or(u64::MAX) } else { 0 };
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let own = match scenario.model {
        Model::Synchronous => return Vec::new(),
        Model::Asynchronous => (Metric::AsyncEventAge, age(waiting.len())),
        Model::SqsStandard => {
            // A fila padrão põe no fim, e tira da conta, a mensagem recebida 3 vezes ou mais.
            let counted = waiting.iter().filter(|event| receive_count(recording, **event, at) < 3).count();
            (Metric::ApproximateAgeOfOldestMessage, age(counted))
        }
        Model::SqsFifo => (Metric::ApproximateAgeOfOldestMessage, age(waiting.len())),
        Model::Kinesis | Model::DynamoDbStreams => (Metric::IteratorAge, age(waiting.len())),
        Model::Kafka => (Metric::OffsetLag, count(waiting.len())),
        Model::AmazonMq => (Metric::QueueSize, count(waiting.len() + kept)),
    };
    let target = (scenario.parameters.failure_target != FailureTarget::Nothing)
        .then(|| (Metric::ApproximateNumberOfMessagesVisible, count(kept)));
    [Some(own), target].into_iter().flatten().map(|(metric, value)| Reading { metric, at, value }).collect()
}

/// Quantas vezes a fila já entregou um evento.
fn receive_count(recording: &Recording, event: EventId, at: Duration) -> u32 {
    let until = recording.attempts.iter().filter(|attempt| attempt.started_at <= at && attempt.events.contains(&event));
    until.filter_map(|attempt| attempt.receive_count).max().unwrap_or(0)
}
