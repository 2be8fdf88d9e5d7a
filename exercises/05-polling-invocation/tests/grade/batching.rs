//! Os testes do passo `batching`: quem cabe no lote, e quando a função é chamada.

use std::time::Duration;

use kit::text::duration;
use polling_invocation::batching::EventSource::{
    self, ActiveMq, DocumentDb, DynamoDbStreams, Kinesis, Msk, RabbitMq, SelfManagedKafka, SqsFifo, SqsStandard,
};
use polling_invocation::batching::{Batching, Limits, PAYLOAD_LIMIT, Reason, WindowStart, next_batch};
use rstest::rstest;

use crate::support::batches::{Station, batching, expect_batch, fields, name};
use crate::support::{expect_same, finish, list};

const KILOBYTE: usize = 1_024;
const MEGABYTE: usize = 1_024 * KILOBYTE;

/// Cada origem tem os seus padrões e os seus limites.
#[rstest]
#[case::sqs_standard(SqsStandard, 10, 10_000, 0, Some(300), WindowStart::PreviousInvocation)]
#[case::sqs_fifo(SqsFifo, 10, 10, 0, None, WindowStart::PreviousInvocation)]
#[case::kinesis(Kinesis, 100, 10_000, 0, Some(300), WindowStart::PreviousInvocation)]
#[case::dynamodb_streams(DynamoDbStreams, 100, 10_000, 0, Some(300), WindowStart::PreviousInvocation)]
#[case::msk(Msk, 100, 10_000, 500, Some(300), WindowStart::PreviousInvocation)]
#[case::self_managed_kafka(SelfManagedKafka, 100, 10_000, 500, Some(300), WindowStart::PreviousInvocation)]
#[case::active_mq(ActiveMq, 100, 10_000, 500, Some(300), WindowStart::FirstRecord)]
#[case::rabbit_mq(RabbitMq, 100, 10_000, 500, Some(300), WindowStart::FirstRecord)]
#[case::document_db(DocumentDb, 100, 10_000, 500, Some(300), WindowStart::FirstRecord)]
fn every_source_has_its_defaults_and_limits(
    #[case] source: EventSource,
    #[case] default_batch_size: usize,
    #[case] maximum_batch_size: usize,
    #[case] default_window_ms: u64,
    #[case] maximum_window_seconds: Option<u64>,
    #[case] window_start: WindowStart,
) {
    let expected = Limits {
        default_batch_size,
        maximum_batch_size,
        default_window: Duration::from_millis(default_window_ms),
        maximum_window: maximum_window_seconds.map(Duration::from_secs),
        window_start,
    };
    let tell = |limits: &Limits| {
        format!(
            "BatchSize padrão {} e máximo {}, janela padrão de {} e máxima de {}, contada {}",
            limits.default_batch_size,
            limits.maximum_batch_size,
            duration(limits.default_window),
            limits.maximum_window.map_or("(não tem janela)".to_owned(), duration),
            from(limits.window_start)
        )
    };
    let limits = source.limits();
    expect_same!(limits, expected, "{}: {}; a sua tabela tem {}", name(source), tell(&expected), tell(&limits));
}

fn from(window_start: WindowStart) -> &'static str {
    match window_start {
        WindowStart::PreviousInvocation => "do fim da invocação anterior",
        WindowStart::FirstRecord => "do primeiro registro",
    }
}

/// Um campo que não veio vale o padrão da origem.
#[rstest]
#[case::sqs(SqsStandard, None, None, 10, 0)]
#[case::fifo(SqsFifo, None, None, 10, 0)]
#[case::a_hundred_records_without_a_window_in_a_stream(Kinesis, None, None, 100, 0)]
#[case::half_a_second_for_brokers(RabbitMq, None, None, 100, 500)]
#[case::only_the_window_was_chosen(SqsStandard, None, Some(20), 10, 20_000)]
#[case::only_the_size_was_chosen(Msk, Some(7), None, 7, 500)]
fn a_missing_field_takes_the_default(
    #[case] source: EventSource,
    #[case] size: Option<i64>,
    #[case] window: Option<i64>,
    #[case] expected_size: usize,
    #[case] expected_window_ms: u64,
) {
    expect_accepted(source, size, window, expected_size, Duration::from_millis(expected_window_ms));
}

/// Os valores das pontas são aceitos.
#[rstest]
#[case::one_record(SqsStandard, 1, 0)]
#[case::ten_without_a_window(SqsStandard, 10, 0)]
#[case::eleven_with_one_second(SqsStandard, 11, 1)]
#[case::the_largest_of_all(SqsStandard, 10_000, 300)]
#[case::fifo_with_an_explicit_zero(SqsFifo, 10, 0)]
#[case::a_stream(DynamoDbStreams, 10_000, 300)]
#[case::a_broker_that_does_not_wait(ActiveMq, 10_000, 0)]
fn the_limits_themselves_are_accepted(#[case] source: EventSource, #[case] size: i64, #[case] window: i64) {
    let expected = Duration::from_secs(window.unsigned_abs());
    let expected_size = usize::try_from(size).expect("cabe em usize");
    expect_accepted(source, Some(size), Some(window), expected_size, expected);
}

fn expect_accepted(source: EventSource, size: Option<i64>, window: Option<i64>, expected: usize, wait: Duration) {
    let accepted = batching(source, size, window);
    expect_same!(
        (accepted.batch_size(), accepted.window(), accepted.window_start()),
        (expected, wait, source.limits().window_start),
        "{}: o mapeamento fica com lotes de até {expected} e janela de {}, contada {}; o seu ficou com lotes de até {} e janela \
         de {}, contada {}",
        fields(source, size, window),
        duration(wait),
        from(source.limits().window_start),
        accepted.batch_size(),
        duration(accepted.window()),
        from(accepted.window_start())
    );
}

/// Fora da faixa do campo, a resposta é ValidationException, com o valor e o limite.
#[rstest]
#[case::no_record(Some(0), None, "Value '0' at 'batchSize'", "greater than or equal to 1")]
#[case::negative_size(Some(-5), Some(9), "Value '-5' at 'batchSize'", "greater than or equal to 1")]
#[case::size_too_large(Some(10_001), Some(9), "Value '10001' at 'batchSize'", "less than or equal to 10000")]
#[case::negative_window(None, Some(-1), "Value '-1' at 'maximumBatchingWindowInSeconds'", "greater than or equal to 0")]
#[case::window_too_long(
    Some(10),
    Some(301),
    "Value '301' at 'maximumBatchingWindowInSeconds'",
    "less than or equal to 300"
)]
fn a_value_out_of_range_is_a_validation_error(
    #[case] size: Option<i64>,
    #[case] window: Option<i64>,
    #[case] value: &str,
    #[case] constraint: &str,
) {
    let message = format!(
        "1 validation error detected: {value} failed to satisfy constraint: Member must have value {constraint}"
    );
    expect_refused(SqsStandard, size, window, "ValidationException", Some(&message));
}

/// Em uma fila padrão, um lote maior que 10 pede uma janela de pelo menos 1 s.
#[rstest]
#[case::eleven(Some(11), None)]
#[case::the_maximum(Some(10_000), None)]
#[case::an_explicit_zero(Some(100), Some(0))]
fn a_large_batch_of_a_queue_needs_a_window(#[case] size: Option<i64>, #[case] window: Option<i64>) {
    let message = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10";
    expect_refused(SqsStandard, size, window, "InvalidParameterValueException", Some(message));
}

/// Uma fila FIFO não tem janela.
#[rstest]
#[case::one_second(None, Some(1))]
#[case::with_a_large_batch_too(Some(100), Some(5))]
fn a_fifo_queue_has_no_window(#[case] size: Option<i64>, #[case] window: Option<i64>) {
    let message = "Batching window is not supported for FIFO queues";
    expect_refused(SqsFifo, size, window, "InvalidParameterValueException", Some(message));
}

/// Uma fila FIFO não passa de 10 mensagens por lote.
#[rstest]
#[case::eleven(11)]
#[case::the_maximum_of_the_others(10_000)]
fn a_fifo_batch_stops_at_ten(#[case] size: i64) {
    expect_refused(SqsFifo, Some(size), None, "InvalidParameterValueException", None);
}

fn expect_refused(
    source: EventSource,
    size: Option<i64>,
    window: Option<i64>,
    error_type: &str,
    message: Option<&str>,
) {
    let case = fields(source, size, window);
    let Err(error) = Batching::new(source, size, window) else {
        panic!("{case}: a AWS responde 400 {error_type}; a sua função aceitou");
    };
    expect_same!(
        error.error_type,
        error_type,
        "{case}: o erro é {error_type}; o da sua função foi {}",
        error.error_type
    );
    if let Some(message) = message {
        expect_same!(
            error.message,
            message,
            "{case}: a mensagem é `{message}`; a da sua função foi `{}`",
            error.message
        );
    }
}

/// Com janela, a função espera por mais registros até a janela vencer.
#[rstest]
#[case::counted_from_the_previous_invocation(SqsStandard, 40_000)]
#[case::a_stream_counts_the_same_way(Kinesis, 40_000)]
#[case::so_does_kafka(Msk, 40_000)]
#[case::a_broker_counts_from_the_first_record(RabbitMq, 47_000)]
#[case::so_does_document_db(DocumentDb, 47_000)]
#[tokio::test(start_paused = true)]
async fn the_window_closes_the_batch(#[case] source: EventSource, #[case] closes_at: u64) {
    let mut station = Station::new();
    station.arrive(&[
        (7_000, KILOBYTE),
        (12_000, KILOBYTE),
        (20_000, KILOBYTE),
        (33_000, KILOBYTE),
        (39_000, KILOBYTE),
    ]);
    let read = station.read(&batching(source, Some(10), Some(40))).await;
    let rule = format!(
        "janela de 40 s em {}, a invocação anterior acabou aos 0 s e o primeiro registro chegou aos 7 s",
        name(source)
    );
    expect_batch(read, (&[0, 1, 2, 3, 4], Reason::WindowExpired, closes_at), &rule);
}

/// Sem janela, a função recebe na hora o que houver.
#[rstest]
#[case::one_record(SqsStandard, &[(3_000, KILOBYTE), (3_100, KILOBYTE)], &[0], 3_000)]
#[case::an_hour_later(SqsFifo, &[(3_600_000, KILOBYTE)], &[0], 3_600_000)]
#[case::three_that_were_waiting(Kinesis, &[(0, KILOBYTE), (0, KILOBYTE), (0, KILOBYTE), (500, KILOBYTE)], &[0, 1, 2], 0)]
#[tokio::test(start_paused = true)]
async fn without_a_window_the_function_runs_at_once(
    #[case] source: EventSource,
    #[case] arrivals: &[(u64, usize)],
    #[case] expected: &[u32],
    #[case] at: u64,
) {
    let mut station = Station::new();
    station.arrive(arrivals);
    let read = station.read(&batching(source, None, None)).await;
    expect_batch(read, (expected, Reason::WindowExpired, at), "com janela de 0 s ninguém espera por companhia");
}

/// O lote que encheu sai antes da janela, e o resto fica para o próximo.
#[rstest]
#[case::ten_of_a_queue(SqsStandard, Some(10), 10)]
#[case::a_hundred_of_a_stream(Kinesis, None, 100)]
#[case::three_of_a_broker(ActiveMq, Some(3), 3)]
#[case::one_at_a_time(SelfManagedKafka, Some(1), 1)]
#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_for_the_window(
    #[case] source: EventSource,
    #[case] size: Option<i64>,
    #[case] full: u32,
) {
    let arrivals: Vec<(u64, usize)> = (0..u64::from(full) + 1).map(|number| (1_000 + number * 10, KILOBYTE)).collect();
    let mut station = Station::new();
    station.arrive(&arrivals);
    let batching = batching(source, size, Some(60));

    let read = station.read(&batching).await;
    let ids: Vec<u32> = (0..full).collect();
    let at = 1_000 + u64::from(full - 1) * 10;
    expect_batch(read, (&ids, Reason::BatchFull, at), "com BatchSize registros o lote sai, sem esperar a janela");

    let (next, _) = station.read(&batching).await;
    let ids: Vec<u32> = next.records.iter().map(|record| record.id).collect();
    expect_same!(
        ids,
        [full],
        "o registro {full} não coube no lote anterior e abre o próximo; o seu segundo lote tem {}",
        list(&ids, "nenhum registro")
    );
}

/// O payload não passa de 6 MB: o registro que não cabe fica para o lote seguinte.
#[rstest]
#[case::one_byte_too_many(&[3 * MEGABYTE, 3 * MEGABYTE + 1], &[0], &[1])]
#[case::the_sixth_message_does_not_fit(&[MEGABYTE + 1; 7], &[0, 1, 2, 3, 4], &[5, 6])]
#[case::a_small_record_after_a_large_one(&[6 * MEGABYTE - 1, 2, 1], &[0], &[1, 2])]
#[tokio::test(start_paused = true)]
async fn a_record_that_does_not_fit_waits_for_the_next_batch(
    #[case] sizes: &[usize],
    #[case] first: &[u32],
    #[case] second: &[u32],
) {
    let mut station = Station::new();
    let arrivals: Vec<(u64, usize)> = sizes.iter().map(|bytes| (0, *bytes)).collect();
    station.arrive(&arrivals);
    let batching = batching(Kinesis, None, Some(60));

    let read = station.read(&batching).await;
    let rule = "6 MB são 6.291.456 bytes; com o próximo registro o payload passaria deles, e o lote sai sem ele";
    expect_batch(read, (first, Reason::PayloadFull, 0), rule);
    let read = station.read(&batching).await;
    expect_batch(read, (second, Reason::WindowExpired, 60_000), "quem não coube abre o lote seguinte, na mesma ordem");
}

/// Com exatamente 6 MB o lote sai na hora.
#[rstest]
#[case::two_records(&[(0, 2 * MEGABYTE), (900, 4 * MEGABYTE)], &[0, 1], 900)]
#[case::a_single_record(&[(250, PAYLOAD_LIMIT)], &[0], 250)]
#[tokio::test(start_paused = true)]
async fn exactly_six_megabytes_close_the_batch(
    #[case] arrivals: &[(u64, usize)],
    #[case] expected: &[u32],
    #[case] at: u64,
) {
    let mut station = Station::new();
    station.arrive(arrivals);
    let read = station.read(&batching(DynamoDbStreams, None, Some(30))).await;
    let rule = "o payload chegou a 6 MB, mais nada cabe: a função é chamada sem esperar a janela";
    expect_batch(read, (expected, Reason::PayloadFull, at), rule);
}

/// Um registro que sozinho passa de 6 MB é descartado, e os outros seguem.
#[tokio::test(start_paused = true)]
async fn a_record_above_six_megabytes_never_reaches_the_function() {
    for source in [RabbitMq, ActiveMq, DocumentDb] {
        let mut station = Station::new();
        station.arrive(&[(1_000, KILOBYTE), (2_000, PAYLOAD_LIMIT + 1), (3_000, 2 * KILOBYTE)]);
        let read = station.read(&batching(source, None, Some(10))).await;
        let rule = format!(
            "em {}, o registro 1 tem 6 MB e 1 byte: ele é descartado, e não fecha o lote que está aberto",
            name(source)
        );
        expect_batch(read, (&[0, 2], Reason::WindowExpired, 11_000), &rule);
        let discarded: Vec<u32> = station.inbox.discarded().iter().map(|record| record.id).collect();
        expect_same!(
            discarded,
            [1],
            "só o registro 1 sai com `discard`; o seu `next_batch` descartou {}",
            list(&discarded, "nenhum")
        );
    }
}

/// Um registro descartado não é o primeiro do lote: a janela espera o seguinte.
#[tokio::test(start_paused = true)]
async fn a_discarded_record_does_not_start_the_window() {
    let mut station = Station::new();
    station.arrive(&[(1_000, PAYLOAD_LIMIT + 1), (4_000, KILOBYTE), (12_000, KILOBYTE)]);
    let read = station.read(&batching(RabbitMq, None, Some(10))).await;
    let rule = "o registro 0 chegou com 1 s e foi descartado: a janela de 10 s começa aos 4 s, com o registro 1";
    expect_batch(read, (&[1, 2], Reason::WindowExpired, 14_000), rule);
}

/// Um registro descartado não ocupa lugar no payload do lote.
#[tokio::test(start_paused = true)]
async fn a_discarded_record_does_not_count_in_the_payload() {
    let mut station = Station::new();
    station.arrive(&[(0, 2 * MEGABYTE), (0, PAYLOAD_LIMIT + 1), (500, 4 * MEGABYTE)]);
    let read = station.read(&batching(RabbitMq, None, Some(10))).await;
    let rule = "o registro 1 foi descartado: 2 MB e 4 MB são 6 MB exatos, e o lote sai na hora";
    expect_batch(read, (&[0, 2], Reason::PayloadFull, 500), rule);
}

/// Lotes em sequência: cada um começa onde o anterior parou.
#[tokio::test(start_paused = true)]
async fn batches_follow_one_another() {
    let mut station = Station::new();
    let arrivals: Vec<(u64, usize)> = (0..9).map(|number| (number * 1_000, KILOBYTE)).collect();
    station.arrive(&arrivals);
    let batching = batching(SqsStandard, Some(4), Some(5));
    let rule = "um registro por segundo, lotes de até 4, janela de 5 s";
    let read = station.read(&batching).await;
    expect_batch(read, (&[0, 1, 2, 3], Reason::BatchFull, 3_000), rule);
    let read = station.read(&batching).await;
    expect_batch(read, (&[4, 5, 6, 7], Reason::BatchFull, 7_000), rule);
    let read = station.read(&batching).await;
    expect_batch(read, (&[8], Reason::WindowExpired, 12_000), "a janela do terceiro lote começou aos 7 s");
}

/// Uma origem que fechou vazia não tem mais lotes.
#[tokio::test(start_paused = true)]
async fn a_closed_source_has_no_more_batches() {
    let Station { mut inbox, .. } = Station::new();
    let batching = batching(SqsStandard, None, Some(5));
    let batch = finish("a origem fechou", "o seu `next_batch`", next_batch(&mut inbox, &batching)).await;
    expect_same!(batch, None, "`peek` devolveu None e nada foi juntado; o seu `next_batch` devolveu um lote");
}
