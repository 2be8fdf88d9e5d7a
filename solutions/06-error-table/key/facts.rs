//! Os fatos do capítulo: o que o quadro diz de cada modelo quando a função falha e quando ela não tem vaga.

use std::time::Duration;

use error_table::bench;
use error_table::model::{Failure, Model, Observation, Parameters};
use error_table::observe::observe;
use error_table::table::{attempts, waits};
use error_table::words;
use kit::key::Key;

/// Acrescenta os fatos à chave.
pub async fn add(mut key: Key) -> Key {
    let rows: [(&str, &[Model]); 7] = [
        ("synchronous", &[Model::Synchronous]),
        ("asynchronous", &[Model::Asynchronous]),
        ("sqs", &[Model::SqsStandard]),
        ("fifo", &[Model::SqsFifo]),
        ("stream", &[Model::Kinesis, Model::DynamoDbStreams]),
        ("kafka", &[Model::Kafka]),
        ("mq", &[Model::AmazonMq]),
    ];
    for (name, models) in rows {
        let (failed, refused) =
            (observed(models, Failure::FunctionError).await, observed(models, Failure::Throttle).await);
        key = key
            .fact(&format!("{name}-retrier"), one(&failed, words::retriers))
            .fact(&format!("{name}-attempts"), one(&failed, attempts))
            .fact(&format!("{name}-waits"), one(&failed, waits))
            .fact(&format!("{name}-gave-up"), one(&failed, words::gave_up))
            .fact(&format!("{name}-blocking"), one(&failed, words::blocking))
            .fact(&format!("{name}-fate"), one(&failed, words::fate))
            .fact(&format!("{name}-refused"), one(&refused, words::gave_up));
    }
    key
}

/// As observações dos modelos, com destino de falha e gravadas até o registro mais velho expirar.
async fn observed(models: &[Model], failure: Failure) -> Vec<Observation> {
    let mut observations = Vec::new();
    for model in models {
        let parameters = Parameters::with_failure_target(*model);
        let horizon = parameters.horizon.max(parameters.retention + Duration::from_secs(3_600));
        let parameters = Parameters { horizon, ..parameters };
        let trace = bench::run(*model, failure, &parameters).await.expect("um cenário que a AWS aceita");
        observations.push(observe(&trace));
    }
    observations
}

/// O que todas as observações de uma linha da folha dizem.
fn one(observations: &[Observation], read: fn(&Observation) -> String) -> String {
    let text = read(&observations[0]);
    assert!(observations.iter().all(|each| read(each) == text), "os modelos da linha não dizem o mesmo: {text}");
    text
}
