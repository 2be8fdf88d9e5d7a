//! O que a bancada e a leitura dela dizem, já anotado: o passo `table` não usa o código de outro passo.
//!
//! As soluções conferem cada anotação com a bancada (`solutions/06-error-table/tests/chain.rs`).

use std::time::Duration;

use error_table::model::{
    Batch, Blocking, Charge, Contents, Failure, FailureTarget, Fate, GaveUp, Metric, Model, Observation, Parameters,
    Place, Retrier, Signal, Wait,
};

/// Uma observação e a configuração com que ela foi gravada.
pub struct Recorded {
    pub parameters: Parameters,
    pub observation: Observation,
}

pub fn unpublished(waits: usize) -> Vec<Wait> {
    vec![Wait::Unpublished; waits]
}

pub fn published(seconds: &[u64]) -> Vec<Wait> {
    seconds.iter().map(|each| Wait::Published(Duration::from_secs(*each))).collect()
}

const fn kept(place: Place, contents: Contents) -> Fate {
    Fate::Kept { place, contents }
}

fn metrics(metrics: &[Metric]) -> Vec<Signal> {
    metrics.iter().copied().map(Signal::Metric).collect()
}

/// Uma tentativa que falhou, e quem chamou ficou sabendo.
pub fn once(model: Model, failure: Failure) -> Observation {
    Observation {
        model,
        failure,
        horizon: Parameters::of(model).horizon,
        attempts: 1,
        runs: 1,
        retriers: Vec::new(),
        waits: Vec::new(),
        charge: Charge::Always,
        gave_up: None,
        blocking: Blocking::Nothing,
        batch: Batch::Alone,
        fate: Fate::WithCaller,
        companions: vec![Fate::WithCaller; 2],
        kept_since: None,
        signals: vec![Signal::Answer { status: 200, function_error: true }],
    }
}

fn answered(failure: Failure, status: u16) -> Observation {
    Observation {
        attempts: 3,
        runs: 0,
        retriers: vec![Retrier::Client],
        waits: vec![Wait::Drawn; 2],
        signals: vec![Signal::Answer { status, function_error: false }],
        ..once(Model::Synchronous, failure)
    }
}

/// As 80 tentativas de quem é recusado por seis horas.
fn backed_off() -> Vec<Wait> {
    let mut seconds: Vec<u64> = (0..9).map(|power| 1 << power).collect();
    seconds.resize(79, 300);
    published(&seconds)
}

fn asynchronous(failure: Failure) -> Observation {
    let fate = kept(Place::FunctionDeadLetterQueue, Contents::Whole);
    Observation {
        attempts: 3,
        runs: 3,
        retriers: vec![Retrier::InternalQueue],
        waits: published(&[60, 120]),
        gave_up: Some(GaveUp::Limit),
        fate,
        companions: vec![fate; 2],
        kept_since: Some(Duration::from_millis(180_300)),
        signals: metrics(&[Metric::AsyncEventAge, Metric::ApproximateNumberOfMessagesVisible]),
        ..once(Model::Asynchronous, failure)
    }
}

fn asynchronous_refused(failure: Failure) -> Observation {
    Observation {
        attempts: 80,
        runs: 0,
        waits: backed_off(),
        charge: Charge::Never,
        gave_up: Some(GaveUp::Age),
        kept_since: Some(Duration::from_secs(21_511)),
        ..asynchronous(failure)
    }
}

fn queue(model: Model, failure: Failure) -> Observation {
    let fate = kept(Place::SourceDeadLetterQueue, Contents::Whole);
    let fifo = model == Model::SqsFifo;
    let own = [Metric::ApproximateAgeOfOldestMessage, Metric::ApproximateNumberOfMessagesVisible];
    Observation {
        attempts: 5,
        runs: 5,
        retriers: vec![Retrier::Source],
        waits: published(&[30; 4]),
        gave_up: Some(GaveUp::Limit),
        blocking: if fifo { Blocking::SameKey } else { Blocking::Nothing },
        fate,
        companions: vec![fate; 2],
        kept_since: Some(Duration::from_secs(150)),
        signals: metrics(if fifo { &own } else { &own[1..] }),
        ..once(model, failure)
    }
}

fn queue_refused(model: Model, failure: Failure) -> Observation {
    let delivery = [unpublished(29), published(&[30])].concat();
    let waits = delivery.repeat(5).into_iter().take(149).collect();
    Observation {
        attempts: 150,
        runs: 0,
        retriers: vec![Retrier::EventSourceMapping, Retrier::Source],
        waits,
        charge: Charge::Sometimes,
        ..queue(model, failure)
    }
}

/// O que não se resolve em 10 min, com 15 tentativas: a bancada recua como quer, porque a AWS não diz como recua.
fn stuck(model: Model, failure: Failure, metric: Metric) -> Observation {
    Observation {
        attempts: 15,
        runs: 15,
        retriers: vec![Retrier::EventSourceMapping],
        waits: unpublished(14),
        blocking: Blocking::Everything,
        fate: Fate::Waiting,
        companions: vec![Fate::Waiting; 2],
        signals: metrics(&[metric]),
        ..once(model, failure)
    }
}

fn stuck_refused(model: Model, failure: Failure, metric: Metric) -> Observation {
    Observation { runs: 0, charge: Charge::Never, ..stuck(model, failure, metric) }
}

fn kafka(failure: Failure) -> Observation {
    Observation {
        attempts: 11,
        runs: 11,
        waits: unpublished(10),
        gave_up: Some(GaveUp::Limit),
        fate: kept(Place::OnFailure, Contents::MetadataOnly),
        signals: metrics(&[Metric::OffsetLag, Metric::ApproximateNumberOfMessagesVisible]),
        ..stuck(Model::Kafka, failure, Metric::OffsetLag)
    }
}

fn amazon_mq(failure: Failure) -> Observation {
    let fate = kept(Place::SourceDeadLetterQueue, Contents::Whole);
    Observation {
        attempts: 7,
        runs: 7,
        retriers: vec![Retrier::Source],
        waits: unpublished(6),
        gave_up: Some(GaveUp::Limit),
        blocking: Blocking::Unpublished,
        fate,
        companions: vec![fate; 2],
        signals: metrics(&[Metric::QueueSize]),
        ..once(Model::AmazonMq, failure)
    }
}

/// O que se observa em um modelo, com o destino de falha que ele aceita e o resto como vem.
pub fn observed(model: Model, failure: Failure) -> Observation {
    let refused = matches!(failure, Failure::Throttle | Failure::SystemError);
    let seen = match (model, refused) {
        (Model::Synchronous, false) => once(model, failure),
        (Model::Synchronous, true) => answered(failure, if failure == Failure::Throttle { 429 } else { 500 }),
        (Model::Asynchronous, false) => asynchronous(failure),
        (Model::Asynchronous, true) => asynchronous_refused(failure),
        (Model::SqsStandard | Model::SqsFifo, false) => queue(model, failure),
        (Model::SqsStandard | Model::SqsFifo, true) => queue_refused(model, failure),
        (Model::Kinesis | Model::DynamoDbStreams, false) => stuck(model, failure, Metric::IteratorAge),
        (Model::Kinesis | Model::DynamoDbStreams, true) => stuck_refused(model, failure, Metric::IteratorAge),
        (Model::Kafka, false) => kafka(failure),
        (Model::Kafka, true) => stuck_refused(model, failure, Metric::OffsetLag),
        (Model::AmazonMq, false) => amazon_mq(failure),
        (Model::AmazonMq, true) => {
            Observation { blocking: Blocking::Unpublished, ..stuck_refused(model, failure, Metric::QueueSize) }
        }
    };
    let stuck = matches!(model, Model::Kinesis | Model::DynamoDbStreams);
    match failure {
        Failure::Timeout if model == Model::Asynchronous => {
            Observation { kept_since: Some(Duration::from_secs(189)), ..seen }
        }
        Failure::PoisonRecord if !stuck => Observation { companions: vec![Fate::Processed; 2], ..seen },
        _ => seen,
    }
}

/// As quarenta, com as configurações de que vieram.
pub fn board() -> Vec<Recorded> {
    let of = |model: Model| {
        Failure::ALL.map(|failure| Recorded {
            parameters: Parameters::with_failure_target(model),
            observation: observed(model, failure),
        })
    };
    Model::ALL.into_iter().flat_map(of).collect()
}

/// A fila padrão com outra visibilidade e outro `maxReceiveCount`.
pub fn impatient_queue() -> Recorded {
    let (model, failure) = (Model::SqsStandard, Failure::FunctionError);
    let own = [Metric::ApproximateAgeOfOldestMessage, Metric::ApproximateNumberOfMessagesVisible];
    Recorded {
        parameters: Parameters {
            visibility_timeout: Duration::from_secs(90),
            max_receive_count: 2,
            ..Parameters::with_failure_target(model)
        },
        observation: Observation {
            attempts: 2,
            runs: 2,
            waits: published(&[90]),
            kept_since: Some(Duration::from_secs(180)),
            signals: metrics(&own),
            ..queue(model, failure)
        },
    }
}

/// A fila padrão sem DLQ.
pub fn queue_without_a_dead_letter_queue() -> Recorded {
    let (model, failure) = (Model::SqsStandard, Failure::FunctionError);
    Recorded {
        parameters: Parameters::of(model),
        observation: Observation {
            attempts: 20,
            runs: 20,
            waits: published(&[30; 19]),
            gave_up: None,
            fate: Fate::Waiting,
            companions: vec![Fate::Waiting; 2],
            kept_since: None,
            signals: Vec::new(),
            ..queue(model, failure)
        },
    }
}

/// O Kinesis com `MaximumRetryAttempts` 2, lote de 3 e `BisectBatchOnFunctionError`, diante de um registro ruim.
pub fn bisecting_stream() -> Recorded {
    let (model, failure) = (Model::Kinesis, Failure::PoisonRecord);
    Recorded {
        parameters: Parameters {
            maximum_retry_attempts: Some(2),
            batch_size: 3,
            bisect: true,
            failure_target: FailureTarget::OnFailure,
            ..Parameters::of(model)
        },
        observation: Observation {
            attempts: 4,
            runs: 4,
            waits: unpublished(3),
            charge: Charge::Sometimes,
            gave_up: Some(GaveUp::Limit),
            blocking: Blocking::Unseen,
            batch: Batch::Shrunk,
            fate: kept(Place::OnFailure, Contents::MetadataOnly),
            companions: vec![Fate::Processed; 2],
            ..stuck(model, failure, Metric::ApproximateNumberOfMessagesVisible)
        },
    }
}

/// O Kinesis com `MaximumRecordAgeInSeconds` 60 e sem destino.
pub fn aging_stream() -> Recorded {
    let (model, failure) = (Model::Kinesis, Failure::FunctionError);
    Recorded {
        parameters: Parameters { maximum_age: Some(Duration::from_secs(60)), ..Parameters::of(model) },
        observation: Observation {
            attempts: 6,
            runs: 6,
            waits: unpublished(5),
            gave_up: Some(GaveUp::Age),
            fate: Fate::Lost,
            companions: vec![Fate::Lost; 2],
            ..stuck(model, failure, Metric::IteratorAge)
        },
    }
}
