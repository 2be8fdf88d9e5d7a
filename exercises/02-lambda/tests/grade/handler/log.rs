//! O tempo cobrado e as três linhas que o Lambda escreve no log.

use std::time::Duration;

use lambda::handler::{Ending, Measurement};
use rstest::rstest;

use super::REQUEST_ID;
use crate::support::expect_same;

fn measured(duration_us: u64, init_us: Option<u64>) -> Measurement {
    Measurement {
        duration: Duration::from_micros(duration_us),
        init_duration: init_us.map(Duration::from_micros),
        memory_size_mb: 128,
        max_memory_used_mb: 31,
        ending: Ending::Completed,
    }
}

/// `133,61 ms`, de uma duração.
fn in_ms(duration: Duration) -> String {
    format!("{} ms", duration.as_nanos() as f64 / 1_000_000.0).replace('.', ",")
}

/// O tempo cobrado é a invocação mais a inicialização, arredondado para o milissegundo de cima uma vez só.
#[rstest]
#[case::warm(79_670, None, 80)]
#[case::exact(80_000, None, 80)]
#[case::one_microsecond_more(80_001, None, 81)]
#[case::cold(133_610, Some(80_000), 214)]
#[case::cold_timeout(3_016_780, Some(84_000), 3_101)]
#[case::the_halves_fit_in_one(100_400, Some(50_500), 151)]
#[case::two_exact(100_500, Some(50_500), 151)]
fn billed_is_the_sum_rounded_up_once(#[case] duration_us: u64, #[case] init_us: Option<u64>, #[case] expected: u128) {
    let billed = measured(duration_us, init_us).billed_duration_ms();
    let init = init_us.map_or("sem inicialização".to_owned(), |us| {
        format!("mais {} de inicialização", in_ms(Duration::from_micros(us)))
    });
    expect_same!(
        billed,
        expected,
        "{} de invocação, {init}: o Lambda cobra {expected} ms; a sua conta deu {billed} ms",
        in_ms(Duration::from_micros(duration_us))
    );
}

/// Por pouco que passe, um milissegundo começado é cobrado inteiro.
#[rstest]
#[case::in_the_invocation(80_000_001, None, 81)]
#[case::in_the_initialization(80_000_000, Some(50_000_001), 131)]
fn one_nanosecond_more_is_one_millisecond_more(
    #[case] duration_ns: u64,
    #[case] init_ns: Option<u64>,
    #[case] expected: u128,
) {
    let measurement = Measurement {
        duration: Duration::from_nanos(duration_ns),
        init_duration: init_ns.map(Duration::from_nanos),
        ..measured(0, None)
    };
    let billed = measurement.billed_duration_ms();
    let sum = in_ms(Duration::from_nanos(duration_ns + init_ns.unwrap_or_default()));
    expect_same!(
        billed,
        expected,
        "a soma é de {sum}, e o milissegundo começado se cobra inteiro: são {expected} ms; a sua conta deu {billed} ms"
    );
}

/// Os campos de uma linha, com um espaço entre as palavras: no log de verdade há tabulações.
fn fields(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Toda invocação tem um START, com a versão, e um END.
#[rstest]
#[case::latest("$LATEST")]
#[case::published("7")]
fn start_names_the_version_and_end_does_not(#[case] version: &str) {
    let [start, end, _] = measured(79_670, None).log_lines(REQUEST_ID, version);
    let expected =
        [format!("START RequestId: {REQUEST_ID} Version: {version}"), format!("END RequestId: {REQUEST_ID}")];
    expect_same!(
        [fields(&start), fields(&end)],
        expected,
        "as duas primeiras linhas são\n  {}\n  {}\nas suas são\n  {start}\n  {end}",
        expected[0],
        expected[1]
    );
}

/// O REPORT traz as medidas; `Init Duration` só na partida a frio e `Status` só quando algo deu errado.
#[rstest]
#[case::warm(
    79_670,
    None,
    73,
    Ending::Completed,
    "Duration: 79.67 ms Billed Duration: 80 ms Memory Size: 128 MB Max Memory Used: 73 MB"
)]
#[case::whole_numbers(
    80_000,
    None,
    73,
    Ending::Completed,
    "Duration: 80.00 ms Billed Duration: 80 ms Memory Size: 128 MB Max Memory Used: 73 MB"
)]
#[case::cold(
    133_610,
    Some(80_000),
    31,
    Ending::Completed,
    "Duration: 133.61 ms Billed Duration: 214 ms Memory Size: 128 MB Max Memory Used: 31 MB Init Duration: 80.00 ms"
)]
#[case::timed_out(
    3_016_780,
    Some(84_000),
    31,
    Ending::TimedOut,
    "Duration: 3016.78 ms Billed Duration: 3101 ms Memory Size: 128 MB Max Memory Used: 31 MB \
     Init Duration: 84.00 ms Status: timeout"
)]
#[case::crashed(133_610, Some(80_000), 31, Ending::Crashed("Runtime.ExitError".to_owned()),
    "Duration: 133.61 ms Billed Duration: 214 ms Memory Size: 128 MB Max Memory Used: 31 MB \
     Init Duration: 80.00 ms Status: error Error Type: Runtime.ExitError")]
#[case::crashed_when_warm(933_590, None, 9, Ending::Crashed("Runtime.ExitError".to_owned()),
    "Duration: 933.59 ms Billed Duration: 934 ms Memory Size: 128 MB Max Memory Used: 9 MB \
     Status: error Error Type: Runtime.ExitError")]
fn report_has_the_measures(
    #[case] duration_us: u64,
    #[case] init_us: Option<u64>,
    #[case] max_memory_used_mb: u32,
    #[case] ending: Ending,
    #[case] expected: &str,
) {
    let measurement = Measurement { max_memory_used_mb, ending, ..measured(duration_us, init_us) };
    let [_, _, report] = measurement.log_lines(REQUEST_ID, "$LATEST");
    let expected = format!("REPORT RequestId: {REQUEST_ID} {expected}");
    expect_same!(fields(&report), expected, "a linha é\n  {expected}\na sua é\n  {}", fields(&report));
}

/// A memória do REPORT é a que a função tem configurada, ao lado da que ela usou.
#[rstest]
#[case::default(128)]
#[case::one_cpu(1_769)]
#[case::the_largest(10_240)]
fn report_has_the_configured_memory(#[case] memory_size_mb: u32) {
    let [_, _, report] = Measurement { memory_size_mb, ..measured(80_000, None) }.log_lines(REQUEST_ID, "$LATEST");
    let report = fields(&report);
    assert!(
        report.contains(&format!("Memory Size: {memory_size_mb} MB Max Memory Used: 31 MB")),
        "a função tem {memory_size_mb} MB configurados e usou 31 MB; a sua linha é\n  {report}"
    );
}
