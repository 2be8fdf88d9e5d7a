//! Os testes do passo `sqs`: apagar o que deu certo, não tocar no que falhou, insistir no que não teve vaga.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit::text::duration;
use polling_invocation::sms_function::{Behavior, Call, Function};
use polling_invocation::sqs::{Delivery, EventSourceMapping, concurrency, deliver, recommended_visibility_timeout};
use rstest::rstest;

use crate::support::redelivery::{Post, ceiling, expect_calls, failing_on, seconds};
use crate::support::{expect_same, finish};

mod events;
mod polling;

/// O tempo da função não pode passar da visibilidade da fila.
#[rstest]
#[case::the_default_queue(30, 60)]
#[case::twice_as_long(60, 120)]
#[case::one_second_more(30, 31)]
#[case::the_longest_function(180, 900)]
fn a_function_slower_than_the_visibility_is_refused(#[case] visibility: u64, #[case] timeout: u64) {
    let case = format!("a fila tem visibilidade de {visibility} s e a função pode levar {timeout} s");
    let Err(error) = EventSourceMapping::new(seconds(visibility), seconds(timeout), 10, None) else {
        panic!(
            "{case}: a mensagem reapareceria com a função ainda rodando, e a AWS responde 400; a sua função aceitou"
        );
    };
    let message =
        format!("Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds");
    expect_same!(
        (error.error_type, error.message.as_str()),
        ("InvalidParameterValueException", message.as_str()),
        "{case}: a resposta é `InvalidParameterValueException: {message}`; a da sua função foi `{error}`"
    );
}

/// MaximumConcurrency vai de 2 a 1.000.
#[rstest]
#[case::zero(0)]
#[case::one_is_too_few(1)]
#[case::one_too_many(1_001)]
#[case::negative(-3)]
fn a_maximum_concurrency_out_of_range_is_refused(#[case] maximum: i64) {
    let Err(error) = EventSourceMapping::new(seconds(30), seconds(5), 10, Some(maximum)) else {
        panic!("MaximumConcurrency {maximum} está fora de 2 a 1.000, e a AWS responde 400; a sua função aceitou");
    };
    expect_same!(
        error.error_type,
        "ValidationException",
        "MaximumConcurrency {maximum}: o erro é ValidationException; o da sua função foi `{error}`"
    );
}

/// Uma visibilidade igual ao tempo da função é aceita, e as pontas de MaximumConcurrency também.
#[rstest]
#[case::equal_times(30, 30, None, None)]
#[case::no_ceiling(180, 30, None, None)]
#[case::two(30, 5, Some(2), Some(2))]
#[case::a_thousand(30, 5, Some(1_000), Some(1_000))]
fn a_good_mapping_is_accepted(
    #[case] visibility: u64,
    #[case] timeout: u64,
    #[case] maximum: Option<i64>,
    #[case] expected: Option<usize>,
) {
    let ceiling_asked = ceiling(maximum);
    let case =
        format!("visibilidade de {visibility} s, função de até {timeout} s e MaximumConcurrency {ceiling_asked}");
    match EventSourceMapping::new(seconds(visibility), seconds(timeout), 7, maximum) {
        Ok(mapping) => expect_same!(
            (mapping.batch_size(), mapping.maximum_concurrency()),
            (7, expected),
            "{case}: o mapeamento guarda o lote de 7 e o teto {}; o seu guardou {} e {}",
            ceiling(expected),
            mapping.batch_size(),
            ceiling(mapping.maximum_concurrency())
        ),
        Err(error) => panic!("{case} são valores que a AWS aceita; a sua função recusou com `{error}`"),
    }
}

/// A AWS recomenda 6 vezes o tempo da função, mais a janela.
#[rstest]
#[case::the_default_function(3, 0, 18)]
#[case::with_a_window(60, 20, 380)]
#[case::the_longest_of_all(900, 300, 5_700)]
fn the_visibility_should_be_six_times_the_timeout(#[case] timeout: u64, #[case] window: u64, #[case] expected: u64) {
    let got = recommended_visibility_timeout(seconds(timeout), seconds(window));
    expect_same!(
        got,
        seconds(expected),
        "função de até {timeout} s e janela de {window} s: a visibilidade recomendada é {expected} s; a sua conta deu {}",
        duration(got)
    );
}

/// O mapeamento começa com 5 chamadas, ganha 300 por minuto e para em 1.250.
#[rstest]
#[case::at_the_start(None, 0, None, 5)]
#[case::after_one_minute(None, 60, None, 305)]
#[case::after_four_minutes(None, 240, None, 1_205)]
#[case::at_the_ceiling(None, 300, None, 1_250)]
#[case::a_day_later(None, 86_400, None, 1_250)]
#[case::a_ceiling_below_the_start(None, 0, Some(2), 2)]
#[case::a_ceiling_not_reached_yet(None, 0, Some(100), 5)]
#[case::a_ceiling_reached(None, 120, Some(100), 100)]
#[case::the_highest_ceiling(None, 600, Some(1_000), 1_000)]
#[case::one_call_per_active_group(Some(6), 0, None, 6)]
#[case::groups_below_the_ceiling(Some(6), 180, Some(10), 6)]
#[case::groups_above_the_ceiling(Some(20), 180, Some(10), 10)]
fn the_mapping_scales_up(
    #[case] active_groups: Option<usize>,
    #[case] busy: u64,
    #[case] maximum: Option<usize>,
    #[case] expected: usize,
) {
    let queue = match active_groups {
        None => "fila padrão".to_owned(),
        Some(groups) => format!("fila FIFO com {groups} grupos ativos"),
    };
    let got = concurrency(active_groups, seconds(busy), maximum);
    expect_same!(
        got,
        expected,
        "{queue}, com mensagens à espera há {} e MaximumConcurrency {}: são {expected} chamadas ao mesmo tempo; a sua função \
         disse {got}",
        duration(seconds(busy)),
        ceiling(maximum)
    );
}

/// Recebe um lote e o entrega; devolve o fim e quanto levou.
async fn delivered(post: &Post, size: usize, function: &Function) -> (Delivery, Duration) {
    let messages = post.queue.receive(size).await.expect("a fila tem mensagens");
    let started = post.timeline.elapsed();
    let delivery = finish("um lote tem fim", "o seu `deliver`", deliver(&post.queue, &messages, function)).await;
    (delivery, post.timeline.elapsed() - started)
}

/// Deu certo: a função recebe o lote em uma chamada só, e as mensagens são apagadas.
#[tokio::test(start_paused = true)]
async fn a_successful_batch_is_deleted() {
    let post = Post::new(30, false, None);
    post.send(&["ana", "beto", "célia", "davi"]);
    let function = post.function(seconds(2), |_| Behavior::Succeed);
    let (delivery, _) = delivered(&post, 3, &function).await;
    expect_same!(
        delivery,
        Delivery::Deleted,
        "a função deu certo, e o fim é Deleted; o do seu `deliver` foi {delivery:?}"
    );
    expect_calls(&function, &[(0, &["ana", "beto", "célia"])], "o lote inteiro vai em uma chamada");
    post.expect_left(&["davi"], &[], "só as três mensagens do lote saem da fila");
}

/// A função falhou: nada é apagado, nem tentado de novo aqui.
#[tokio::test(start_paused = true)]
async fn a_failed_batch_stays_in_the_queue() {
    let post = Post::new(30, false, None);
    post.send(&["ana", "veneno", "beto"]);
    let function = post.function(seconds(2), failing_on(&["veneno"]));
    let (delivery, took) = delivered(&post, 10, &function).await;
    expect_same!(
        delivery,
        Delivery::LeftInTheQueue,
        "a função falhou, e o fim é LeftInTheQueue; o do seu `deliver` foi {delivery:?}"
    );
    expect_calls(&function, &[(0, &["ana", "veneno", "beto"])], "erro da função: o mapeamento não chama de novo agora");
    expect_same!(took, seconds(2), "o lote acaba junto com a função, em 2 s; o seu `deliver` levou {}", duration(took));
    post.expect_left(
        &["ana", "veneno", "beto"],
        &[],
        "uma falha devolve o lote inteiro, com as que foram bem tratadas",
    );
}

/// Uma função que recusa as primeiras chamadas e depois faz `then`.
fn refusing(refusals: usize, then: Behavior) -> impl Fn(&Call) -> Behavior + Send + Sync {
    let refused = AtomicUsize::new(0);
    move |_| match refused.fetch_add(1, Ordering::Relaxed) < refusals {
        true => Behavior::Throttle,
        false => then.clone(),
    }
}

/// Sem vaga, o mapeamento tenta de novo por conta própria, com o mesmo lote.
#[rstest]
#[case::then_it_works(3, Behavior::Succeed, Delivery::Deleted, 4)]
#[case::then_it_fails(2, Behavior::Fail, Delivery::LeftInTheQueue, 3)]
#[case::at_the_last_chance(29, Behavior::Succeed, Delivery::Deleted, 30)]
#[tokio::test(start_paused = true)]
async fn a_throttled_batch_is_tried_again(
    #[case] refusals: usize,
    #[case] then: Behavior,
    #[case] expected: Delivery,
    #[case] calls: usize,
) {
    let post = Post::new(30, false, None);
    post.send(&["ana", "beto"]);
    let function = post.function(Duration::from_millis(100), refusing(refusals, then));
    let (delivery, _) = delivered(&post, 10, &function).await;
    let made = function.calls().len();
    expect_same!(
        (delivery, made),
        (expected, calls),
        "visibilidade de 30 s, pausa de 1 s e {refusals} recusas (429) antes de haver vaga: o fim é {expected:?}, depois de \
         {calls} chamadas; o do seu `deliver` foi {delivery:?}, depois de {made}"
    );
    let last = function.calls().last().map(|call| call.at).unwrap_or_default();
    let moment = seconds(refusals as u64);
    expect_same!(
        last,
        moment,
        "com uma pausa de 1 s depois de cada recusa, a chamada que roda é aos {}; a sua foi aos {}",
        duration(moment),
        duration(last)
    );
}

/// Sem vaga até a visibilidade acabar, o mapeamento larga o lote sem apagar nada.
#[rstest]
#[case::the_default_queue(30)]
#[case::a_short_visibility(6)]
#[tokio::test(start_paused = true)]
async fn a_throttled_batch_is_dropped_when_it_becomes_visible(#[case] visibility: u64) {
    let post = Post::new(visibility, false, None);
    post.send(&["ana", "beto"]);
    let function = post.function(seconds(1), |_| Behavior::Throttle);
    let (delivery, _) = delivered(&post, 10, &function).await;
    let calls = function.calls().len();
    let expected = usize::try_from(visibility).expect("cabe em usize");
    expect_same!(
        (delivery, calls),
        (Delivery::GivenUp, expected),
        "a função nunca teve vaga: com visibilidade de {visibility} s, as chamadas começam de 0 s a {} s, {expected} ao todo, e \
         o fim é GivenUp; o do seu `deliver` foi {delivery:?}, depois de {calls}",
        visibility - 1
    );
    post.expect_left(&["ana", "beto"], &[], "429 não apaga mensagem");
}
