//! Os testes do passo `streams`: configuração, raias, idade, decisão, o registro do destino e o shard inteiro.

use std::time::Duration;

use kit::Random;
use kit::text::duration;
use polling_invocation::shard::StreamKind;
use polling_invocation::stream_function::{Outcome, Trouble};
use polling_invocation::streams::{Condition, Decision, StreamConfig, decide, is_expired, lanes, slot};
use rstest::rstest;
use serde_json::json;

use crate::support::expect_same;
use crate::support::stream::{DAY, Reading, config, decision, reading, readings, record, request, seconds};

mod events;

/// Os valores aceitos são guardados; −1 ou ausente é sem limite.
#[rstest]
#[case::all_absent(None, None, None, (None, None, 1))]
#[case::minus_one(Some(-1), Some(-1), Some(1), (None, None, 1))]
#[case::smallest(Some(0), Some(60), Some(1), (Some(0), Some(60), 1))]
#[case::largest(Some(10_000), Some(604_800), Some(10), (Some(10_000), Some(604_800), 10))]
#[case::usual(Some(3), Some(3_600), Some(2), (Some(3), Some(3_600), 2))]
fn a_valid_configuration_is_kept(
    #[case] attempts: Option<i64>,
    #[case] age: Option<i64>,
    #[case] factor: Option<i64>,
    #[case] expected: (Option<u32>, Option<u64>, usize),
) {
    let request = request(attempts, age, factor);
    let got = match StreamConfig::new(&request) {
        Ok(got) => got,
        Err(error) => panic!("a AWS aceita {request:?}; a sua função recusou com `{error}`"),
    };
    expect_same!(
        (got.maximum_retry_attempts, got.maximum_record_age, got.parallelization_factor),
        (expected.0, expected.1.map(seconds), expected.2),
        "−1 ou um campo ausente é sem limite (`None`), e ParallelizationFactor ausente é 1: de {request:?} o certo é \
         {expected:?}; a sua configuração é {got:?}"
    );
    expect_same!(
        (got.batch_size, got.bisect),
        (100, false),
        "o BatchSize de um fluxo é 100 por padrão, e sem BisectBatchOnFunctionError nada se divide; a sua \
         configuração é {got:?}"
    );
}

/// BisectBatchOnFunctionError é guardado como veio.
#[test]
fn bisect_is_kept() {
    let mut request = request(None, None, None);
    request.bisect_batch_on_function_error = true;
    let got = StreamConfig::new(&request).map(|config| config.bisect);
    expect_same!(got, Ok(true), "BisectBatchOnFunctionError veio true; o seu resultado foi {got:?}");
}

/// Um valor fora da faixa recebe a ValidationException, com o campo e o limite.
#[rstest]
#[case::attempts_below(Some(-2), None, None, "Value '-2' at 'maximumRetryAttempts'", "greater than or equal to -1")]
#[case::attempts_above(
    Some(10_001),
    None,
    None,
    "Value '10001' at 'maximumRetryAttempts'",
    "less than or equal to 10000"
)]
#[case::age_below(None, Some(-2), None, "Value '-2' at 'maximumRecordAgeInSeconds'", "greater than or equal to -1")]
#[case::age_above(
    None,
    Some(604_801),
    None,
    "Value '604801' at 'maximumRecordAgeInSeconds'",
    "less than or equal to 604800"
)]
#[case::factor_zero(None, None, Some(0), "Value '0' at 'parallelizationFactor'", "greater than or equal to 1")]
#[case::factor_eleven(None, None, Some(11), "Value '11' at 'parallelizationFactor'", "less than or equal to 10")]
#[case::first_bad_field(Some(-5), Some(-5), Some(99), "Value '-5' at 'maximumRetryAttempts'", "greater than or equal to -1")]
fn a_value_out_of_range_is_a_validation_exception(
    #[case] attempts: Option<i64>,
    #[case] age: Option<i64>,
    #[case] factor: Option<i64>,
    #[case] value: &str,
    #[case] limit: &str,
) {
    let expected = format!(
        "ValidationException: 1 validation error detected: {value} failed to satisfy constraint: Member must have \
         value {limit}"
    );
    let request = request(attempts, age, factor);
    let got = StreamConfig::new(&request).map_or_else(|error| error.to_string(), |config| format!("{config:?}"));
    expect_same!(got, expected, "com {request:?} a resposta é `{expected}`; a sua é `{got}`");
}

/// De 0 a 59 s a idade cabe na faixa do campo e mesmo assim é recusada.
#[rstest]
#[case::zero(0)]
#[case::one(1)]
#[case::fifty_nine(59)]
fn an_age_below_a_minute_is_refused(#[case] age: i64) {
    let got = StreamConfig::new(&request(None, Some(age), None)).map_err(|error| error.error_type);
    expect_same!(
        got,
        Err("InvalidParameterValueException"),
        "MaximumRecordAgeInSeconds é −1 ou de 60 a 604.800: {age} é recusado com InvalidParameterValueException; o \
         seu resultado foi {got:?}"
    );
}

/// A mesma chave anda sempre na mesma raia, na ordem do shard.
#[rstest]
#[case::one_lane(1)]
#[case::two_lanes(2)]
#[case::ten_lanes(10)]
fn each_key_keeps_its_order_in_one_lane(#[case] factor: usize) {
    let stations = ["ponte-velha", "morro-do-radar", "vale-verde", "barragem", "escola"];
    let mut random = Random::new(factor as u64);
    let records: Vec<_> = (1..=40)
        .map(|number| {
            let station = random.pick(&stations).copied().unwrap_or("escola");
            reading(number, station, "{}", Duration::ZERO)
        })
        .collect();
    let got = lanes(&records, factor);
    expect_same!(got.len(), factor, "ParallelizationFactor {factor} são {factor} raias; as suas são {}", got.len());
    for (number, lane) in got.iter().enumerate() {
        let expected: Vec<_> =
            records.iter().filter(|each| slot(&each.partition_key, factor) == number).cloned().collect();
        let names = |lane: &[polling_invocation::shard::StreamRecord]| {
            lane.iter().map(|each| each.sequence_number.clone()).collect::<Vec<_>>().join(" ")
        };
        expect_same!(
            *lane,
            expected,
            "a raia {number} de {factor} leva só as chaves dela, na ordem do shard: [{}]; a sua tem [{}]",
            names(&expected),
            names(lane)
        );
    }
}

/// Um registro vence pela idade máxima ou pela retenção, a que vier primeiro.
#[rstest]
#[case::young(30, Some(60), DAY, false)]
#[case::one_second_before(59, Some(60), DAY, false)]
#[case::past_the_age(61, Some(60), DAY, true)]
#[case::no_age_limit(86_000, None, DAY, false)]
#[case::past_the_retention(86_401, None, DAY, true)]
#[case::retention_before_the_age(86_401, Some(604_800), DAY, true)]
#[case::week_of_retention(86_401, None, 7 * DAY, false)]
fn a_record_expires_by_age_or_by_retention(
    #[case] age: u64,
    #[case] maximum: Option<u64>,
    #[case] retention: Duration,
    #[case] expected: bool,
) {
    let got = is_expired(seconds(age), retention, &config(None, maximum, false));
    expect_same!(
        got,
        expected,
        "idade {}, máximo {}, retenção {}: o registro {}; a sua função diz o contrário",
        duration(seconds(age)),
        maximum.map_or("sem limite".to_owned(), |maximum| duration(seconds(maximum))),
        duration(retention),
        if expected { "venceu" } else { "ainda vale" }
    );
}

/// Como terminou, registros, execuções, MaximumRetryAttempts, bisect e a decisão certa.
type Attempt = (Outcome, usize, u32, Option<u32>, bool, Decision);

/// A decisão depois de cada tentativa.
#[rstest]
#[case::success_and_refusals(&[
    (Outcome::Succeeded, 8, 1, Some(0), true, Decision::Advance),
    (Outcome::Refused, 8, 0, Some(0), false, Decision::Retry),
    (Outcome::Refused, 8, 0, Some(0), true, Decision::Retry),
    (Outcome::Refused, 1, 4, Some(3), true, Decision::Retry),
])]
#[case::retries(&[
    (Outcome::FunctionError, 8, 9_999, None, false, Decision::Retry),
    (Outcome::FunctionError, 8, 1, Some(3), false, Decision::Retry),
    (Outcome::FunctionError, 8, 3, Some(3), false, Decision::Retry),
    (Outcome::FunctionError, 1, 10_000, Some(10_000), true, Decision::Retry),
])]
#[case::exhausted(&[
    (Outcome::FunctionError, 8, 4, Some(3), false, Decision::Discard(Condition::RetryAttemptsExhausted)),
    (Outcome::FunctionError, 1, 1, Some(0), false, Decision::Discard(Condition::RetryAttemptsExhausted)),
])]
#[case::bisect(&[
    (Outcome::FunctionError, 8, 1, Some(3), true, Decision::Split(4)),
    (Outcome::FunctionError, 5, 1, Some(3), true, Decision::Split(2)),
    (Outcome::FunctionError, 2, 1, Some(0), true, Decision::Split(1)),
    (Outcome::FunctionError, 100, 1, None, true, Decision::Split(50)),
])]
#[case::alone(&[
    (Outcome::FunctionError, 1, 1, Some(1), true, Decision::Retry),
    (Outcome::FunctionError, 1, 2, Some(1), true, Decision::Discard(Condition::RetryAttemptsExhausted)),
])]
fn the_decision_after_an_attempt(#[case] attempts: &[Attempt]) {
    for &(outcome, records, runs, maximum, bisect, expected) in attempts {
        let got = decide(outcome, records, runs, &config(maximum, None, bisect));
        let happened = match outcome {
            Outcome::Succeeded => "a função deu certo",
            Outcome::FunctionError => "a função falhou",
            Outcome::Refused => "a função não chegou a rodar (429 ou 5xx), o que não gasta tentativa nem divide",
        };
        expect_same!(
            got,
            expected,
            "{happened}, com {records} registros, {runs} execuções deste lote, MaximumRetryAttempts {} e bisect {}: \
             o Lambda decide {}; a sua função decidiu {}",
            maximum.map_or("−1".to_owned(), |maximum| maximum.to_string()),
            if bisect { "ligado" } else { "desligado" },
            decision(expected),
            decision(got)
        );
    }
}

/// O registro de um lote que esgotou as tentativas, campo por campo.
#[tokio::test(start_paused = true)]
async fn the_record_of_an_exhausted_batch() {
    let got = record(StreamKind::Kinesis, Condition::RetryAttemptsExhausted, 4);
    let expected = json!({
        "requestContext": {
            "requestId": "req-7",
            "functionArn": "arn:aws:lambda:sa-east-1:123456789012:function:forecast",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 4
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0",
        "timestamp": "2026-11-22T18:30:00.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": "s4",
            "endSequenceNumber": "s6",
            "approximateArrivalOfFirstRecord": "2026-11-22T17:00:01.250Z",
            "approximateArrivalOfLastRecord": "2026-11-22T18:01:01.000Z",
            "batchSize": 3,
            "streamArn": "arn:aws:kinesis:sa-east-1:123456789012:stream/readings"
        }
    });
    expect_same!(got, expected, "o registro do destino é só metadados: {expected:#}; o seu é {got:#}");
}

/// Um lote que passou da idade não tem responseContext, nem quando a função chegou a rodar.
#[rstest]
#[case::never_ran(0, 1)]
#[case::ran_once(1, 1)]
#[case::ran_eight_times(8, 8)]
#[tokio::test(start_paused = true)]
async fn the_record_of_an_expired_batch_has_no_response(#[case] runs: u32, #[case] count: u32) {
    let got = record(StreamKind::Kinesis, Condition::RecordAgeExceeded, runs);
    expect_same!(
        (&got["requestContext"]["condition"], got.get("responseContext")),
        (&json!("RecordAgeExceeded"), None),
        "um lote vencido sai com RecordAgeExceeded e sem a chave responseContext; o seu registro é {got:#}"
    );
    expect_same!(
        got["requestContext"]["approximateInvokeCount"],
        json!(count),
        "com {runs} execuções, approximateInvokeCount é {count} (nunca menos que 1); o seu é {}",
        got["requestContext"]["approximateInvokeCount"]
    );
}

/// No DynamoDB os mesmos campos vêm em DDBStreamBatchInfo.
#[tokio::test(start_paused = true)]
async fn dynamodb_has_its_own_name_for_the_batch() {
    let got = record(StreamKind::DynamoDb, Condition::RetryAttemptsExhausted, 1);
    expect_same!(
        (got.get("KinesisBatchInfo"), &got["DDBStreamBatchInfo"]["endSequenceNumber"]),
        (None, &json!("s6")),
        "num fluxo do DynamoDB o lote vem em DDBStreamBatchInfo, e KinesisBatchInfo não existe; o seu registro é \
         {got:#}"
    );
}

/// Lotes bons avançam o checkpoint, um de cada vez e na ordem.
#[tokio::test(start_paused = true)]
async fn good_batches_advance_the_checkpoint() {
    let story = Reading::play(readings(10, None), DAY, &config(None, None, false), vec![]).await;
    story.expect_batches(
        &["s1 s2 s3 s4 s5 s6 s7 s8", "s9 s10"],
        "o lote tem até 8 registros e o próximo começa onde ele acaba",
    );
    story.expect_received(&[], "nada falhou");
    story.expect_checkpoint("s10");
}

/// O lote que falha é tentado de novo inteiro, e o seguinte espera.
#[tokio::test(start_paused = true)]
async fn a_failing_batch_blocks_the_next_one() {
    let records = readings(4, Some(1));
    let config = StreamConfig { batch_size: 2, ..config(Some(2), None, false) };
    let story = Reading::play(records, DAY, &config, vec![]).await;
    let rule = "MaximumRetryAttempts é 2: o lote de s1 roda 3 vezes (a original e mais 2), e s3 só é lido depois";
    story.expect_batches(&["s1 s2", "s1 s2", "s1 s2", "s3 s4"], rule);
    story.expect_starts(&[0, 1_100, 3_200, 3_300], "o modelo espera 1 s e 2 s entre as tentativas do mesmo lote");
    story.expect_received(&["s1..s2 RetryAttemptsExhausted 3"], "sem bisect, o lote inteiro é descartado");
    story.expect_checkpoint("s4");
}

/// Uma falha passageira não descarta nada.
#[tokio::test(start_paused = true)]
async fn a_passing_failure_discards_nothing() {
    let story =
        Reading::play(readings(2, None), DAY, &config(Some(2), None, false), vec![Trouble::Fail, Trouble::Fail]).await;
    story.expect_batches(&["s1 s2", "s1 s2", "s1 s2"], "falhou duas vezes e deu certo na terceira");
    story.expect_received(&[], "a última tentativa a que tinha direito deu certo");
}

/// Dividir acha o registro ruim sem gastar as tentativas, e mantém a ordem do shard.
#[tokio::test(start_paused = true)]
async fn bisect_finds_the_poison_record() {
    let story = Reading::play(readings(8, Some(6)), DAY, &config(Some(1), None, true), vec![]).await;
    let expected = ["s1 s2 s3 s4 s5 s6 s7 s8", "s1 s2 s3 s4", "s5 s6 s7 s8", "s5 s6", "s5", "s6", "s6", "s7 s8"];
    story.expect_batches(&expected, "cada lote que falha vira duas metades, e a mais antiga vai primeiro");
    let rule = "as metades vão na hora; só o registro que não se divide mais espera 1 s";
    story.expect_starts(&[0, 100, 200, 300, 400, 500, 1_600, 1_700], rule);
    story.expect_received(
        &["s6..s6 RetryAttemptsExhausted 2"],
        "dividir não gasta tentativa: s6 sozinho ainda tem a original e mais 1",
    );
    story.expect_checkpoint("s8");
}

/// Com bisect, cada registro ruim sai sozinho e os bons passam todos, em ordem.
#[tokio::test(start_paused = true)]
async fn bisect_saves_every_good_record() {
    for seed in 1..=6 {
        let mut random = Random::new(seed);
        let mut records = readings(8, None);
        for record in &mut records {
            if random.between(0..=2) == 0 {
                record.data = "granizo?".to_owned();
            }
        }
        let names = |bad: bool| -> Vec<String> {
            let chosen = records.iter().filter(|each| (each.data == "granizo?") == bad);
            chosen.map(|each| each.sequence_number.clone()).collect()
        };
        let (bad, good) = (names(true), names(false));
        let story = Reading::play(records, DAY, &config(Some(0), None, true), vec![]).await;
        let expected: Vec<String> = bad.iter().map(|each| format!("{each}..{each} RetryAttemptsExhausted 1")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        story.expect_received(&expected, "cada registro ruim é isolado e descartado sozinho");
        let calls = story.calls.iter().filter(|call| call.outcome == Outcome::Succeeded);
        let passed: Vec<String> = calls.flat_map(|call| call.records.clone()).collect();
        expect_same!(
            passed,
            good,
            "os registros bons passam uma vez cada, na ordem do shard: {}; com o seu código passaram {}",
            good.join(" "),
            passed.join(" ")
        );
    }
}

/// Recusas não gastam tentativa nem dividem o lote.
#[rstest]
#[case::throttled(Trouble::Throttle)]
#[case::system_error(Trouble::BreakService)]
#[tokio::test(start_paused = true)]
async fn refusals_spend_nothing(#[case] refusal: Trouble) {
    let story = Reading::play(readings(2, Some(2)), DAY, &config(Some(0), None, false), vec![refusal; 3]).await;
    let rule = "três recusas (a função nem rodou) e MaximumRetryAttempts 0: ainda há uma execução a fazer";
    story.expect_batches(&["s1 s2"; 4], rule);
    story.expect_received(&["s1..s2 RetryAttemptsExhausted 1"], "approximateInvokeCount conta as execuções");
    story.expect_starts(&[0, 1_000, 3_000, 7_000], "o modelo espera 1 s, 2 s e 4 s entre as tentativas");
}

/// A idade máxima solta o shard, mesmo sem limite de tentativas.
#[tokio::test(start_paused = true)]
async fn the_age_frees_the_shard() {
    let mut records = readings(1, Some(1));
    records.push(reading(2, "escola", "{}", seconds(2)));
    records.push(reading(3, "escola", "{}", seconds(50)));
    let story = Reading::play(records, DAY, &config(None, Some(60), false), vec![]).await;
    let rule = "s1 roda em 0, 1,1, 3,2, 7,3, 15,4 e 31,5 s; em 63,6 s já passou de 60 s e não vai mais. Nesse instante s2 \
                tem 61,6 s e também venceu, sem rodar; s3 não";
    story.expect_batches(&["s1", "s1", "s1", "s1", "s1", "s1", "s3"], rule);
    story.expect_received(&["s1..s1 RecordAgeExceeded 6", "s2..s2 RecordAgeExceeded 1"], rule);
    story.expect_checkpoint("s3");
}

/// Só os registros vencidos saem do lote; os outros vão à função.
#[tokio::test(start_paused = true)]
async fn only_the_expired_records_leave_the_batch() {
    let mut records = readings(1, Some(1));
    records.extend([1, 2, 3, 4, 40].map(|at| reading(at as usize + 1, "escola", "{}", seconds(at))));
    let story = Reading::play(records, DAY, &config(None, Some(61), false), vec![]).await;
    let rule = "quando s1 vence, em 63,6 s, s2 e s3 já passaram de 61 s e saem juntos; s4, s5 e s41 ainda valem";
    story.expect_received(&["s1..s1 RecordAgeExceeded 6", "s2..s3 RecordAgeExceeded 1"], rule);
    story.expect_checkpoint("s41");
    let last = story.calls.last().map(|call| call.records.join(" ")).unwrap_or_default();
    expect_same!(last, "s4 s5 s41", "{rule}; o seu último lote foi {last}");
}

/// Quem fica no lote depois de um vencimento continua com as contagens do lote.
#[tokio::test(start_paused = true)]
async fn the_records_that_stay_keep_the_counts() {
    let records = vec![
        reading(1, "escola", "{}", Duration::ZERO),
        reading(2, "escola", "{}", seconds(2)),
        reading(3, "escola", "{", seconds(30)),
    ];
    let story = Reading::play(records, DAY, &config(None, Some(60), false), vec![Trouble::Throttle; 5]).await;
    let rule = "s1 só roda em 31 s, depois de cinco recusas; s2 e s3 rodam juntos cinco vezes, e em 62,6 s s2 vence com 5 \
                execuções. s3 continua com essas 5 e com o recuo já em 32 s: roda uma vez e vence com 6";
    story
        .expect_batches(&["s1", "s1", "s1", "s1", "s1", "s1", "s2 s3", "s2 s3", "s2 s3", "s2 s3", "s2 s3", "s3"], rule);
    story.expect_received(&["s2..s2 RecordAgeExceeded 5", "s3..s3 RecordAgeExceeded 6"], rule);
    story.expect_checkpoint("s3");
}
