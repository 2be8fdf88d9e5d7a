//! A corrente inteira, da bancada ao quadro, com o código das soluções; e o que os testes do passo `table` trazem anotado,
//! conferido com a bancada.

use std::time::Duration;

use error_table::bench;
use error_table::model::{Failure, Model, Parameters};
use error_table::observe::observe;
use error_table::table::{Table, merge, table};

#[path = "../../../exercises/06-error-table/tests/grade/support/observations.rs"]
mod observations;

use observations::Recorded;

#[tokio::test(start_paused = true)]
async fn what_the_tests_bring_is_what_the_bench_records() {
    let retuned = [
        observations::impatient_queue(),
        observations::queue_without_a_dead_letter_queue(),
        observations::bisecting_stream(),
        observations::aging_stream(),
    ];
    for Recorded { parameters, observation } in observations::board().into_iter().chain(retuned) {
        let (model, failure) = (observation.model, observation.failure);
        let trace = bench::run(model, failure, &parameters).await.expect("um cenário que a AWS aceita");
        assert_eq!(observe(&trace), observation, "{model}, {failure}");
    }
}

/// O quadro de um modelo, com esta configuração.
async fn column(model: Model, parameters: &Parameters) -> Table {
    let mut observations = Vec::new();
    for failure in Failure::ALL {
        let trace = bench::run(model, failure, parameters).await.expect("um cenário que a AWS aceita");
        observations.push(observe(&trace));
    }
    table(&observations)
}

fn answer<'a>(table: &'a Table, question: &str) -> &'a str {
    let row = error_table::table::QUESTIONS.iter().position(|(each, _)| *each == question).expect("a pergunta");
    &table.columns[0].cells[row]
}

#[tokio::test(start_paused = true)]
async fn the_table_follows_each_parameter() {
    let default = Parameters::with_failure_target;

    let client = Parameters { max_attempts: 5, ..default(Model::Synchronous) };
    assert_eq!(
        answer(&column(Model::Synchronous, &client).await, "Tentativas"),
        "1 (erro, tempo, ruim); 5, sem rodar (429, 500)"
    );

    let retries = Parameters { maximum_retry_attempts: Some(0), ..default(Model::Asynchronous) };
    assert_eq!(
        answer(&column(Model::Asynchronous, &retries).await, "Tentativas"),
        "1 (erro, tempo, ruim); 80, sem rodar (429, 500)"
    );

    let visibility = Duration::from_secs(60);
    let queue = Parameters { visibility_timeout: visibility, max_receive_count: 3, ..default(Model::SqsFifo) };
    let queue = column(Model::SqsFifo, &queue).await;
    assert_eq!(answer(&queue, "Desde quando"), "3 min");
    assert_eq!(answer(&queue, "Espera entre elas"), "1 min (erro, tempo, ruim); não publicada ou 1 min (429, 500)");

    let lanes = Parameters { parallelization_factor: 2, ..default(Model::Kinesis) };
    assert_eq!(answer(&column(Model::Kinesis, &lanes).await, "O que fica parado"), "a mesma chave");

    let retries = Parameters { maximum_retry_attempts: Some(4), ..default(Model::Kafka) };
    let kafka = column(Model::Kafka, &retries).await;
    assert!(answer(&kafka, "Tentativas").starts_with("5 (erro, tempo, ruim)"));

    let nothing = Parameters::of(Model::Asynchronous);
    assert_eq!(answer(&column(Model::Asynchronous, &nothing).await, "Onde o evento acaba"), "perdido");
}

/// Os nomes das colunas, já juntas, com o destino de falha que cada modelo aceita.
async fn merged(failures: &[Failure], maximum_retry_attempts: Option<u32>) -> Vec<String> {
    let mut observations = Vec::new();
    for model in Model::ALL {
        for failure in failures {
            let mut parameters = Parameters::with_failure_target(model);
            parameters.maximum_retry_attempts = maximum_retry_attempts.or(parameters.maximum_retry_attempts);
            let trace = bench::run(model, *failure, &parameters).await.expect("um cenário que a AWS aceita");
            observations.push(observe(&trace));
        }
    }
    merge(table(&observations)).columns.into_iter().map(|column| column.name).collect()
}

#[tokio::test(start_paused = true)]
async fn the_two_streams_say_the_same() {
    let expected =
        ["Síncrona", "Assíncrona", "SQS padrão", "SQS FIFO", "Kinesis, DynamoDB Streams", "Kafka", "Amazon MQ"];
    assert_eq!(merged(&Failure::ALL, None).await, expected);
    assert_eq!(merged(&[Failure::PoisonRecord], None).await, expected);
}

#[tokio::test(start_paused = true)]
async fn with_a_limit_kafka_joins_the_streams_until_it_is_refused() {
    let poison = merged(&[Failure::PoisonRecord], Some(2)).await;
    assert_eq!(poison[4..], ["Kinesis, DynamoDB Streams, Kafka", "Amazon MQ"]);
    let all = merged(&Failure::ALL, Some(2)).await;
    assert_eq!(all[4..], ["Kinesis, DynamoDB Streams", "Kafka", "Amazon MQ"]);
}
