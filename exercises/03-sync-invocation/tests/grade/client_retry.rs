//! Os testes do passo `client_retry`: o que repetir, quanto esperar e quando parar.

use std::time::Duration;

use kit::text::{count, duration};
use kit::{Random, Timeline};
use rstest::rstest;
use sync_invocation::client_retry::{Jitter, Outcome, Policy, Retryable, call, ceiling, classify, delay};
use sync_invocation::model::InvokeResponse;

use crate::support::calls::{
    Attempt, Told, ending, function_error, milliseconds, ok, policy, refused, send_to, sms_function, throttled,
};
use crate::support::{describe, expect_same, finish, times};

const SECOND: Duration = Duration::from_secs(1);

/// A resposta 200 fica, mesmo quando a função falhou; 202 e 204 também.
#[rstest]
#[case::success(ok(), "é um sucesso")]
#[case::function_error(
    function_error(),
    "a função rodou e falhou: repetir seria rodá-la de novo, e isso quem decide é você"
)]
#[case::queued(InvokeResponse::empty(202), "o evento já está na fila")]
#[case::dry_run(InvokeResponse::empty(204), "é a resposta do ensaio")]
fn an_answer_from_the_function_is_kept(#[case] response: InvokeResponse, #[case] why: &str) {
    let shown = describe(&response);
    let got = classify(&Outcome::Answered(response));
    expect_same!(got, None, "{shown} {why}: o cliente não repete; a sua função deu {got:?}");
}

/// Os 4xx que não são 429 não se repetem: o mesmo pedido daria o mesmo erro.
#[rstest]
#[case::not_json(400, "InvalidRequestContentException")]
#[case::not_allowed(403, "AccessDeniedException")]
#[case::no_such_function(404, "ResourceNotFoundException")]
#[case::snapshot_too_slow(408, "SnapStartTimeoutException")]
#[case::pending_function(409, "ResourceConflictException")]
#[case::too_large(413, "RequestTooLargeException")]
#[case::wrong_media_type(415, "UnsupportedMediaTypeException")]
fn a_mistake_of_the_caller_is_not_repeated(#[case] status: u16, #[case] name: &str) {
    let got = classify(&Outcome::Answered(refused(status, name)));
    expect_same!(got, None, "{status} {name} é um 4xx que não é 429, e não se repete; a sua função deu {got:?}");
}

/// Excesso de pedidos é throttling, inclusive o que vem com um 502.
#[rstest]
#[case::lambda(throttled(Some(1)))]
#[case::without_retry_after(throttled(None))]
#[case::without_a_name(InvokeResponse::empty(429))]
#[case::ec2(refused(502, "EC2ThrottledException"))]
fn too_many_requests_is_throttling(#[case] response: InvokeResponse) {
    let shown = describe(&response);
    let got = classify(&Outcome::Answered(response));
    expect_same!(
        got,
        Some(Retryable::Throttling),
        "{shown}: há pedidos demais, pelo nome do erro ou, sem ele, pelo 429; a sua função deu {got:?}"
    );
}

/// As falhas que passam sozinhas são transitórias: 5xx, conexão caída e tempo do cliente.
#[rstest]
#[case::service(Outcome::Answered(refused(500, "ServiceException")))]
#[case::no_network_interface(Outcome::Answered(refused(502, "ENILimitReachedException")))]
#[case::no_name(Outcome::Answered(InvokeResponse::empty(503)))]
#[case::gateway_timeout(Outcome::Answered(InvokeResponse::empty(504)))]
#[case::client_timeout(Outcome::TimedOut)]
#[case::connection(Outcome::Disconnected)]
fn a_passing_failure_is_transient(#[case] outcome: Outcome) {
    let got = classify(&outcome);
    expect_same!(got, Some(Retryable::Transient), "{} costuma passar logo; a sua função deu {got:?}", ending(&outcome));
}

/// O teto dobra a cada nova tentativa, a partir de 50 ms ou de 1 s, e para em 20 s.
#[rstest]
#[case::transient_0(Retryable::Transient, 0, 50)]
#[case::transient_1(Retryable::Transient, 1, 100)]
#[case::transient_8(Retryable::Transient, 8, 12_800)]
#[case::transient_9_hits_the_cap(Retryable::Transient, 9, 20_000)]
#[case::throttling_0(Retryable::Throttling, 0, 1_000)]
#[case::throttling_3(Retryable::Throttling, 3, 8_000)]
#[case::throttling_5_hits_the_cap(Retryable::Throttling, 5, 20_000)]
#[case::throttling_70(Retryable::Throttling, 70, 20_000)]
fn the_ceiling_doubles_up_to_twenty_seconds(#[case] reason: Retryable, #[case] retry: u32, #[case] expected: u64) {
    let got = ceiling(reason, retry);
    expect_same!(
        got,
        milliseconds(expected),
        "{reason:?}, nova tentativa {retry}: base × 2^{retry}, até 20 s, dá {}; a sua função deu {}",
        duration(milliseconds(expected)),
        duration(got)
    );
}

/// O Retry-After manda, mas nunca menos que o sorteado nem mais que ele e 5 s.
#[rstest]
#[case::not_asked(700, None, 700)]
#[case::inside(700, Some(3), 3_000)]
#[case::shorter_than_the_draw(1_800, Some(1), 1_800)]
#[case::exactly_five_more(700, Some(5), 5_000)]
#[case::too_long(700, Some(60), 5_700)]
#[case::zero(700, Some(0), 700)]
fn retry_after_is_held_between_the_draw_and_five_seconds_more(
    #[case] drawn: u64,
    #[case] retry_after: Option<u64>,
    #[case] expected: u64,
) {
    let got = delay(milliseconds(drawn), retry_after.map(Duration::from_secs));
    expect_same!(
        got,
        milliseconds(expected),
        "sorteio de {} e Retry-After de {}: a espera é de {}; a sua é de {}",
        duration(milliseconds(drawn)),
        retry_after.map_or("nada".to_owned(), |seconds| format!("{seconds} s")),
        duration(milliseconds(expected)),
        duration(got)
    );
}

/// Uma resposta que fica encerra a chamada na primeira tentativa, e é ela que o programa recebe.
#[rstest]
#[case::success(ok())]
#[case::function_error(function_error())]
#[case::not_allowed(refused(403, "AccessDeniedException"))]
#[tokio::test(start_paused = true)]
async fn a_final_answer_ends_the_call_at_once(#[case] response: InvokeResponse) {
    let told = Told::by(policy(5), 1, &[Attempt::Answer(30, response.clone())]).await;
    let shown = describe(&response);
    told.expect_attempts(1, &format!("{shown} não se repete"));
    expect_same!(
        told.finished.outcome,
        Outcome::Answered(response),
        "o programa recebe {shown}; o seu `call` devolveu {}",
        ending(&told.finished.outcome)
    );
    expect_same!(told.elapsed, milliseconds(30), "a resposta veio em 30 ms e não há o que esperar depois dela");
}

/// Depois de falhas que passam, a primeira resposta boa encerra.
#[rstest]
#[case::dropped(vec![Attempt::Drop(5)], 2)]
#[case::refused_twice(
    vec![Attempt::Answer(5, refused(500, "ServiceException")), Attempt::Answer(5, throttled(None))],
    3
)]
#[case::silent(vec![Attempt::Silence, Attempt::Drop(1)], 3)]
#[tokio::test(start_paused = true)]
async fn a_good_answer_after_failures_ends_the_call(#[case] mut script: Vec<Attempt>, #[case] attempts: u32) {
    script.push(Attempt::Answer(5, ok()));
    let told = Told::by(policy(5), 7, &script).await;
    told.expect_attempts(attempts, "a resposta boa encerra a chamada");
    expect_same!(
        told.finished.outcome,
        Outcome::Answered(ok()),
        "o programa recebe a resposta boa; o seu `call` devolveu {}",
        ending(&told.finished.outcome)
    );
}

/// O máximo conta todas as tentativas, e o programa recebe a última falha.
#[rstest]
#[case::no_retry(1)]
#[case::standard(3)]
#[case::legacy(5)]
#[tokio::test(start_paused = true)]
async fn the_maximum_counts_the_first_attempt(#[case] max_attempts: u32) {
    let failures = [
        (Attempt::Answer(5, throttled(None)), Outcome::Answered(throttled(None))),
        (Attempt::Drop(5), Outcome::Disconnected),
        (Attempt::Silence, Outcome::TimedOut),
    ];
    for (attempt, expected) in failures {
        let told = Told::by(policy(max_attempts), 3, &[attempt]).await;
        told.expect_attempts(max_attempts, &format!("max_attempts é {max_attempts}, contando a primeira"));
        expect_same!(
            told.finished.outcome,
            expected,
            "acabadas as tentativas, o programa recebe {}; o seu `call` devolveu {}",
            ending(&expected),
            ending(&told.finished.outcome)
        );
    }
}

/// Cada espera é um sorteio entre zero e o teto daquela nova tentativa.
#[rstest]
#[case::throttling(throttled(None), Retryable::Throttling)]
#[case::service(refused(500, "ServiceException"), Retryable::Transient)]
#[tokio::test(start_paused = true)]
async fn each_wait_is_drawn_below_its_ceiling(#[case] response: InvokeResponse, #[case] reason: Retryable) {
    for seed in 1..=4 {
        let told = Told::by(policy(5), seed, &[Attempt::Answer(20, response.clone())]).await;
        let mut jitter = Jitter::new(seed);
        let base = if reason == Retryable::Throttling { 1_000 } else { 50 };
        let mut clock = Duration::ZERO;
        let mut expected = vec![clock];
        for retry in 0..4 {
            clock += milliseconds(20) + jitter.draw(milliseconds(base << retry));
            expected.push(clock);
        }
        told.expect_starts(
            &expected,
            &format!("tetos de {base} ms × 1, 2, 4 e 8, um sorteio por espera, com a semente {seed}"),
        );
    }
}

/// A conta das novas tentativas é uma só, mesmo quando o tipo da falha muda no meio.
#[tokio::test(start_paused = true)]
async fn the_retry_number_does_not_restart_with_the_reason() {
    let script =
        [Attempt::Drop(10), Attempt::Answer(10, throttled(None)), Attempt::Drop(10), Attempt::Answer(10, ok())];
    let told = Told::by(policy(5), 11, &script).await;
    let mut jitter = Jitter::new(11);
    let mut clock = Duration::ZERO;
    let mut expected = vec![clock];
    // Conexão: 50 ms × 1; throttling: 1 s × 2; conexão: 50 ms × 4.
    for ceiling in [50, 2_000, 200] {
        clock += milliseconds(10) + jitter.draw(milliseconds(ceiling));
        expected.push(clock);
    }
    told.expect_starts(&expected, "conexão, throttling, conexão: os tetos são 50 ms, 2 s e 200 ms");
}

/// O Retry-After da resposta entra na espera daquela nova tentativa, e só nela.
#[rstest]
#[case::throttling(throttled(Some(4)), SECOND)]
#[case::service(InvokeResponse { retry_after: Some(4), ..refused(500, "ServiceException") }, milliseconds(50))]
#[tokio::test(start_paused = true)]
async fn the_retry_after_of_the_answer_is_used_once(#[case] response: InvokeResponse, #[case] ceiling: Duration) {
    let why = format!("{} pediu 4 s; a conexão caída depois não pediu nada", describe(&response));
    let script = [Attempt::Answer(10, response), Attempt::Drop(10), Attempt::Answer(10, ok())];
    let told = Told::by(policy(5), 5, &script).await;
    let mut jitter = Jitter::new(5);
    let first = jitter.draw(ceiling).max(SECOND * 4);
    let second = jitter.draw(milliseconds(100));
    let expected = [Duration::ZERO, milliseconds(10) + first, milliseconds(20) + first + second];
    told.expect_starts(&expected, &why);
}

/// Depois da última tentativa não há espera, e nada se sorteia.
#[tokio::test(start_paused = true)]
async fn the_last_failure_draws_nothing() {
    let told = Told::by(policy(2), 8, &[Attempt::Drop(5)]).await;
    let mut jitter = Jitter::new(8);
    jitter.draw(milliseconds(50));
    expect_same!(
        told.next_draw,
        jitter.draw(SECOND),
        "duas tentativas têm uma espera entre elas, e um sorteio só; depois do seu `call` o sorteio não está nesse ponto"
    );
}

/// Cada espera fica anotada na linha do tempo.
#[tokio::test(start_paused = true)]
async fn each_wait_is_on_the_timeline() {
    let told = Told::by(policy(3), 8, &[Attempt::Drop(5)]).await;
    expect_same!(
        told.waits,
        2,
        "três tentativas têm duas esperas, e `wait` anota cada uma; na sua linha do tempo há {}",
        told.waits
    );
}

/// Uma tentativa que não responde é cortada no tempo dela.
#[rstest]
#[case::two_seconds(2)]
#[case::ten_seconds(10)]
#[tokio::test(start_paused = true)]
async fn a_silent_attempt_is_cut(#[case] seconds: u64) {
    let policy = Policy { attempt_timeout: SECOND * seconds as u32, ..policy(2) };
    let told = Told::by(policy, 2, &[Attempt::Silence, Attempt::Answer(0, ok())]).await;
    let mut jitter = Jitter::new(2);
    let expected = [Duration::ZERO, policy.attempt_timeout + jitter.draw(milliseconds(50))];
    told.expect_starts(&expected, &format!("cada tentativa espera no máximo {seconds} s"));
}

/// O prazo vale para a chamada inteira: uma tentativa não passa dele.
#[rstest]
#[case::in_the_first_attempt(7, 1)]
#[case::in_the_second_attempt(15, 2)]
#[tokio::test(start_paused = true)]
async fn the_deadline_cuts_the_attempt(#[case] deadline: u64, #[case] attempts: u32) {
    let policy = Policy { deadline: Duration::from_secs(deadline), ..policy(5) };
    let told = Told::by(policy, 4, &[Attempt::Silence]).await;
    told.expect_attempts(attempts, &format!("cada tentativa espera 10 s e o prazo é de {deadline} s"));
    expect_same!(
        (told.elapsed, &told.finished.outcome),
        (Duration::from_secs(deadline), &Outcome::TimedOut),
        "a última tentativa é cortada no prazo, {deadline} s; o seu `call` voltou em {} com {}",
        duration(told.elapsed),
        ending(&told.finished.outcome)
    );
}

/// Se a espera não cabe no prazo, o cliente desiste na hora, com a falha que tem.
#[rstest]
#[case::retry_after_beyond(4, Some(60))]
#[case::retry_after_exactly_at_the_end(5, Some(5))]
#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_is_not_waited(#[case] deadline: u64, #[case] retry_after: Option<u64>) {
    let policy = Policy { deadline: Duration::from_secs(deadline), ..policy(3) };
    let told = Told::by(policy, 6, &[Attempt::Answer(0, throttled(retry_after))]).await;
    told.expect_attempts(1, &format!("o prazo é de {deadline} s, e a espera vai até o fim dele ou passa"));
    expect_same!(
        (told.elapsed, &told.finished.outcome),
        (Duration::ZERO, &Outcome::Answered(throttled(retry_after))),
        "esperar para desistir não adianta: o programa recebe o 429 na hora; o seu `call` voltou em {} com {}",
        duration(told.elapsed),
        ending(&told.finished.outcome)
    );
}

/// Uma espera que cabe no prazo é esperada.
#[tokio::test(start_paused = true)]
async fn a_wait_that_fits_is_waited() {
    let policy = Policy { deadline: milliseconds(5_001), ..policy(3) };
    let script = [Attempt::Answer(0, throttled(Some(5))), Attempt::Answer(0, ok())];
    let told = Told::by(policy, 6, &script).await;
    told.expect_starts(&[Duration::ZERO, SECOND * 5], "o prazo é de 5,001 s e o 429 pediu 5 s");
}

/// O sorteio espalha os clientes: quem falhou junto não volta junto.
#[tokio::test(start_paused = true)]
async fn clients_that_fail_together_do_not_come_back_together() {
    let mut returns = Vec::new();
    for seed in 1..=30 {
        let script = [Attempt::Answer(0, throttled(None)), Attempt::Answer(0, ok())];
        let told = Told::by(policy(3), seed, &script).await;
        returns.extend(told.starts.get(1).copied());
    }
    returns.sort_unstable();
    returns.dedup();
    let (first, last) = (returns.first().copied().unwrap_or_default(), returns.last().copied().unwrap_or_default());
    assert!(
        returns.len() >= 20 && first < milliseconds(300) && last > milliseconds(700) && last <= SECOND,
        "30 clientes recebem 429 juntos; com o sorteio de 0 a 1 s eles voltam em uns 30 instantes espalhados; os seus voltaram \
         em {} instantes, de {} a {}",
        returns.len(),
        duration(first),
        duration(last)
    );
}

/// Quem cansa de esperar não para a função: cada nova tentativa é outra execução.
#[rstest]
#[case::three_attempts(3, 12_000, 3)]
#[case::one_attempt(1, 12_000, 1)]
#[case::in_time(3, 9_000, 1)]
#[tokio::test(start_paused = true)]
async fn a_client_timeout_does_not_stop_the_function(
    #[case] max_attempts: u32,
    #[case] takes: u64,
    #[case] sent: usize,
) {
    let timeline = Timeline::new(&[]);
    let function = sms_function(&timeline, takes);
    let mut jitter = Jitter::new(9);
    let policy = policy(max_attempts);
    let called = call(&policy, &mut jitter, &timeline, |_| send_to(function.clone()));
    let finished = finish("toda chamada tem um prazo", "o seu `call`", called).await;
    tokio::time::sleep(SECOND * 60).await;
    expect_same!(
        (function.finished(), finished.attempts as usize),
        (sent, sent),
        "a função leva {} e o cliente espera 10 s, tentando no máximo {}: saem {sent} SMS; com o seu `call` ela \
         terminou {} em {}",
        duration(milliseconds(takes)),
        times(max_attempts),
        times(function.finished()),
        count(finished.attempts as usize, "tentativa", "tentativas")
    );
}

/// Em casos sorteados, as tentativas param na primeira resposta que fica.
#[tokio::test(start_paused = true)]
async fn random_stories_stop_at_the_first_answer_that_stays() {
    let mut random = Random::new(118);
    for seed in 1..=20 {
        let failures = random.between(0..=6);
        let mut script = Vec::new();
        for _ in 0..failures {
            let kinds = [
                Attempt::Drop(random.between(0..=50)),
                Attempt::Answer(random.between(0..=50), throttled(None)),
                Attempt::Answer(random.between(0..=50), refused(502, "ENILimitReachedException")),
            ];
            script.extend(random.pick(&kinds).cloned());
        }
        let last = [ok(), function_error(), refused(404, "ResourceNotFoundException")];
        script.push(Attempt::Answer(1, random.pick(&last).cloned().unwrap_or_default()));
        let told = Told::by(policy(5), seed, &script).await;
        let expected = (failures as u32 + 1).min(5);
        told.expect_attempts(
            expected,
            &format!("{failures} falhas que passam e uma resposta que fica, até 5 tentativas"),
        );
    }
}
