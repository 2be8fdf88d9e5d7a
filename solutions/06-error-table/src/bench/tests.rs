//! A bancada não inventa: todo evento tem um fim, e o que a AWS recusa ela recusa.

use rstest::rstest;

use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn every_recording_is_in_order_and_inside_the_horizon() {
    for model in Model::ALL {
        for failure in Failure::ALL {
            for parameters in [Parameters::of(model), Parameters::with_failure_target(model)] {
                let trace = run(model, failure, &parameters).await.expect("um cenário que a AWS aceita");
                let case = format!("{model}, {failure}");
                assert!(!trace.attempts.is_empty(), "{case}");
                assert!(trace.attempts.is_sorted_by_key(|attempt| attempt.started_at), "{case}");
                assert!(trace.attempts.iter().all(|attempt| attempt.ended_at <= parameters.horizon), "{case}");
                let first =
                    trace.attempts_of(trace.watched).next().map(|attempt| (attempt.started_at, attempt.interval));
                assert_eq!(first, Some((Duration::ZERO, Interval::First)), "{case}");
                assert!(trace.attempts_of(trace.watched).all(|each| each.ending != Ending::Succeeded), "{case}");
            }
        }
    }
}

#[rstest]
#[case::slower_than_the_visibility(Model::SqsStandard, Parameters { visibility_timeout: seconds(2), ..Parameters::of(Model::SqsStandard) })]
#[case::three_retries(Model::Asynchronous, Parameters { maximum_retry_attempts: Some(3), ..Parameters::of(Model::Asynchronous) })]
#[case::no_event_age(Model::Asynchronous, Parameters { maximum_age: None, ..Parameters::of(Model::Asynchronous) })]
#[case::too_young(Model::Kinesis, Parameters { maximum_age: Some(seconds(59)), ..Parameters::of(Model::Kinesis) })]
#[case::eleven_lanes(Model::Kinesis, Parameters { parallelization_factor: 11, ..Parameters::of(Model::Kinesis) })]
#[case::too_many_retries(Model::Kafka, Parameters { maximum_retry_attempts: Some(10_001), ..Parameters::of(Model::Kafka) })]
#[case::a_dlq_in_a_stream(Model::Kinesis, Parameters { failure_target: FailureTarget::DeadLetterQueue, ..Parameters::of(Model::Kinesis) })]
#[case::a_destination_in_a_queue(Model::SqsFifo, Parameters { failure_target: FailureTarget::OnFailure, ..Parameters::of(Model::SqsFifo) })]
#[case::a_big_fifo_batch(Model::SqsFifo, Parameters { batch_size: 11, ..Parameters::of(Model::SqsFifo) })]
#[case::an_empty_batch(Model::Kafka, Parameters { batch_size: 0, ..Parameters::of(Model::Kafka) })]
#[tokio::test(start_paused = true)]
async fn what_aws_rejects_is_rejected(#[case] model: Model, #[case] parameters: Parameters) {
    let rejected = run(model, Failure::FunctionError, &parameters).await.err();
    assert!(rejected.is_some_and(|Rejected(why)| !why.is_empty()), "{model} devia recusar {parameters:?}");
}

#[rstest]
#[case::queue(Model::SqsStandard, Parameters { retention: seconds(60), ..Parameters::of(Model::SqsStandard) })]
#[case::partition(Model::Kafka, Parameters { retention: seconds(60), ..Parameters::of(Model::Kafka) })]
#[case::shard(Model::Kinesis, Parameters { retention: seconds(60), ..Parameters::of(Model::Kinesis) })]
#[case::record_age(Model::DynamoDbStreams, Parameters { maximum_age: Some(seconds(60)), ..Parameters::of(Model::DynamoDbStreams) })]
#[case::event_age(Model::Asynchronous, Parameters { maximum_age: Some(seconds(60)), ..Parameters::of(Model::Asynchronous) })]
#[tokio::test(start_paused = true)]
async fn an_expired_event_is_nowhere(#[case] model: Model, #[case] parameters: Parameters) {
    let trace = run(model, Failure::Throttle, &parameters).await.expect("um cenário que a AWS aceita");
    assert_eq!(trace.found, [], "{model}");
    assert!(trace.attempts.iter().all(|attempt| attempt.started_at <= seconds(60)), "{model}");
}

#[tokio::test(start_paused = true)]
async fn an_expired_record_leaves_its_address() {
    let model = Model::Kinesis;
    let parameters = Parameters { maximum_age: Some(seconds(60)), ..Parameters::with_failure_target(model) };
    let trace = run(model, Failure::Throttle, &parameters).await.expect("um cenário que a AWS aceita");
    assert_eq!(trace.found.len(), 3);
    assert!(trace.found.iter().all(|found| found.contents == Contents::MetadataOnly && found.since > seconds(60)));
}

#[tokio::test(start_paused = true)]
async fn a_scenario_longer_than_the_bench_is_refused() {
    let parameters = Parameters { horizon: seconds(3_600), ..Parameters::of(Model::SqsStandard) };
    assert!(run(Model::SqsStandard, Failure::Throttle, &parameters).await.is_err());
}
