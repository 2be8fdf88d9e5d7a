//! A chave das perguntas do capítulo 06: cada função monta uma cena na bancada e lê a gravação com o código dos passos.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

mod facts;

use std::process::ExitCode;
use std::time::Duration;

use error_table::bench;
use error_table::choose::{Loss, Needs, Ordering, Origin, choose};
use error_table::model::{EventId, Failure, Fate, Metric, Model, Parameters, Trace};
use error_table::observe::observe;
use error_table::table::{Table, attempts, table};
use kit::key::{self, Key};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn main() -> ExitCode {
    key::run(async || {
        let key = Key::new()
            .quiz("nobody-insists", who_gives_up_first().await)
            .quiz("alarm-at-five-minutes", alarms_that_ring().await)
            .quiz("only-a-destination", columns_that_change().await)
            .quiz("number-for-the-contract", number_for_the_contract().await)
            .quiz("minutes-behind-a-bad-notice", minutes_behind_a_bad_notice().await)
            .quiz("two-good-readings", saves_the_good_readings().await)
            .quiz("requests-that-fit", requests_that_fit());
        facts::add(key).await
    })
}

async fn record(model: Model, failure: Failure, parameters: &Parameters) -> Trace {
    bench::run(model, failure, parameters).await.expect("um cenário que a AWS aceita")
}

/// Quando o evento observado deixa de ser tentado: chega a um destino, volta a quem chamou ou, se some, a última tentativa.
fn gone_at(trace: &Trace) -> Duration {
    let kept = trace.found.iter().find(|found| found.event == trace.watched).map(|found| found.since);
    let answered = trace.answers.iter().find(|answer| answer.event == trace.watched && answer.status >= 400);
    let last = trace.attempts_of(trace.watched).last().map(|attempt| attempt.ended_at);
    kept.or(answered.map(|answer| answer.at)).or(last).expect("alguém tentou o evento")
}

/// Sem vaga nenhuma e sem novas tentativas em lugar nenhum, do primeiro que desiste ao último.
async fn who_gives_up_first() -> Vec<&'static str> {
    let base = |model| {
        let with_target = Parameters::with_failure_target(model);
        Parameters { max_attempts: 1, max_receive_count: 1, horizon: 30 * HOUR, ..with_target }
    };
    let none = |model| Parameters { maximum_retry_attempts: Some(0), ..base(model) };
    let scenes = [
        ("alert", Model::Asynchronous, none(Model::Asynchronous)),
        ("bulletin", Model::Kafka, Parameters { retention: 24 * HOUR, ..none(Model::Kafka) }),
        ("forecast", Model::Synchronous, base(Model::Synchronous)),
        ("reading", Model::Kinesis, Parameters { maximum_age: Some(HOUR), ..none(Model::Kinesis) }),
        ("sms", Model::SqsStandard, base(Model::SqsStandard)),
    ];
    let mut given_up = Vec::new();
    for (name, model, parameters) in scenes {
        let trace = record(model, Failure::Throttle, &parameters).await;
        assert_ne!(observe(&trace).fate, Fate::Waiting, "{name}: em 30 h todos desistem");
        given_up.push((gone_at(&trace), name));
    }
    given_up.sort_unstable();
    given_up.into_iter().map(|(_, name)| name).collect()
}

/// Os caminhos em que uma idade passa de cinco minutos, com um evento ruim e nenhum destino de falha.
async fn alarms_that_ring() -> Vec<&'static str> {
    let queue = |model, minutes| Parameters { visibility_timeout: minutes * MINUTE, ..Parameters::of(model) };
    let scenes = [
        ("asynchronous", Model::Asynchronous, Parameters::of(Model::Asynchronous), Metric::AsyncEventAge),
        ("standard_1", Model::SqsStandard, queue(Model::SqsStandard, 1), Metric::ApproximateAgeOfOldestMessage),
        ("standard_10", Model::SqsStandard, queue(Model::SqsStandard, 10), Metric::ApproximateAgeOfOldestMessage),
        ("fifo_1", Model::SqsFifo, queue(Model::SqsFifo, 1), Metric::ApproximateAgeOfOldestMessage),
        ("kinesis", Model::Kinesis, Parameters::of(Model::Kinesis), Metric::IteratorAge),
    ];
    let mut ringing = Vec::new();
    for (name, model, parameters, metric) in scenes {
        let trace = record(model, Failure::PoisonRecord, &Parameters { horizon: 2 * HOUR, ..parameters }).await;
        let old = |value: u64| Duration::from_millis(value) > 5 * MINUTE;
        if trace.readings.iter().any(|reading| reading.metric == metric && old(reading.value)) {
            ringing.push(name);
        }
    }
    ringing
}

/// A coluna de um modelo, com as cinco falhas.
async fn column(model: Model, parameters: &Parameters) -> Table {
    let mut observations = Vec::new();
    for failure in Failure::ALL {
        observations.push(observe(&record(model, failure, parameters).await));
    }
    table(&observations)
}

/// As colunas que mudam quando só se acrescenta o destino de falha.
async fn columns_that_change() -> Vec<&'static str> {
    let models = [
        ("asynchronous", Model::Asynchronous),
        ("sqs", Model::SqsStandard),
        ("kinesis", Model::Kinesis),
        ("dynamodb", Model::DynamoDbStreams),
        ("kafka", Model::Kafka),
    ];
    let mut changed = Vec::new();
    for (name, model) in models {
        let without = column(model, &Parameters::of(model)).await;
        if without != column(model, &Parameters::with_failure_target(model)).await {
            changed.push(name);
        }
    }
    changed
}

/// A gravação em que o número de tentativas é da AWS, com ele.
async fn number_for_the_contract() -> String {
    let kinesis = Parameters::with_failure_target(Model::Kinesis);
    let aging = Parameters { maximum_age: Some(5 * MINUTE), ..kinesis.clone() };
    let scenes = [
        ("kinesis", Model::Kinesis, Failure::PoisonRecord, kinesis),
        ("kinesis_age", Model::Kinesis, Failure::PoisonRecord, aging),
        ("sqs", Model::SqsStandard, Failure::Throttle, Parameters::with_failure_target(Model::SqsStandard)),
        ("mq", Model::AmazonMq, Failure::PoisonRecord, Parameters::of(Model::AmazonMq)),
    ];
    let mut published = Vec::new();
    for (name, model, failure, parameters) in scenes {
        let observation = observe(&record(model, failure, &parameters).await);
        if attempts(&observation).starts_with(&observation.attempts.to_string()) {
            published.push(format!("{name}_{}", observation.attempts));
        }
    }
    published.join(", ")
}

/// Quando sai o segundo aviso do associado, na fila que a escolha configura para uma pane de 25 min.
async fn minutes_behind_a_bad_notice() -> f64 {
    let needs = Needs {
        ordering: Ordering::PerKey,
        outage: 25 * MINUTE,
        loss: Loss::Forbidden,
        timeout: Duration::from_secs(10),
        ..Needs::default()
    };
    let choice = choose(&needs).expect("cabe em uma FIFO");
    let parameters = Parameters { horizon: 2 * HOUR, ..choice.parameters };
    let trace = record(choice.model, Failure::PoisonRecord, &parameters).await;
    let second = trace.attempts_of(EventId(2)).next().expect("o segundo aviso anda");
    second.started_at.as_secs_f64() / MINUTE.as_secs_f64()
}

/// A configuração com que a função trata as duas leituras que vieram no lote da ruim.
async fn saves_the_good_readings() -> String {
    let kinesis = Parameters { batch_size: 3, horizon: 25 * HOUR, ..Parameters::with_failure_target(Model::Kinesis) };
    let retries = Parameters { maximum_retry_attempts: Some(2), ..kinesis.clone() };
    let age = Parameters { maximum_age: Some(MINUTE), ..kinesis.clone() };
    let scenes = [
        ("retries", retries.clone()),
        ("bisect", Parameters { bisect: true, ..kinesis }),
        ("bisect_and_age", Parameters { bisect: true, ..age }),
        ("bisect_and_retries", Parameters { bisect: true, ..retries }),
    ];
    let mut saved = Vec::new();
    for (name, parameters) in scenes {
        let observation = observe(&record(Model::Kinesis, Failure::PoisonRecord, &parameters).await);
        if observation.companions == [Fate::Processed; 2] {
            saved.push(name);
        }
    }
    saved.join(", ")
}

/// Os pedidos para os quais há uma escolha sem conflito.
fn requests_that_fit() -> Vec<&'static str> {
    let kept = Needs { loss: Loss::Forbidden, ..Needs::default() };
    let patient = Needs { outage: 4 * MINUTE, stopped_at_most: Some(5 * MINUTE), ..kept.clone() };
    let requests = [
        (
            "screen",
            Needs { answer_within: Some(Duration::from_secs(10)), outage: Duration::from_secs(5), ..kept.clone() },
        ),
        ("notices", Needs { ordering: Ordering::PerKey, ..patient.clone() }),
        ("readings", Needs { replay: true, ..patient }),
        ("sms", Needs { outage: 6 * HOUR, ..kept.clone() }),
        ("bulletins", Needs { origin: Origin::KafkaTopic, stopped_at_most: Some(HOUR), ..kept }),
    ];
    requests.into_iter().filter(|(_, needs)| choose(needs).is_ok()).map(|(name, _)| name).collect()
}
