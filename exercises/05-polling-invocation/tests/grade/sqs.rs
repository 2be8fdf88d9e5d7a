//! Os testes do passo `sqs`: apagar o que deu certo, não tocar no que falhou, insistir no que não teve vaga.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit::text::duration;
use polling_invocation::queue::Queue;
use polling_invocation::sms_function::{Behavior, Function};
use polling_invocation::sqs::{Delivery, EventSourceMapping, concurrency, deliver, recommended_visibility_timeout};
use rstest::rstest;
use tokio::time::sleep;

use crate::support::redelivery::{Post, expect_calls, failing_on, mapping, seconds};
use crate::support::{expect_same, finish, list};

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
    let case = format!("visibilidade de {visibility} s, função de até {timeout} s e MaximumConcurrency {maximum:?}");
    match EventSourceMapping::new(seconds(visibility), seconds(timeout), 7, maximum) {
        Ok(mapping) => expect_same!(
            (mapping.batch_size(), mapping.maximum_concurrency()),
            (7, expected),
            "{case}: o mapeamento guarda o lote de 7 e o teto {expected:?}; o seu guardou {} e {:?}",
            mapping.batch_size(),
            mapping.maximum_concurrency()
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
        "{queue}, com mensagens à espera há {} e MaximumConcurrency {maximum:?}: são {expected} chamadas ao mesmo tempo; a \
         sua função disse {got}",
        duration(seconds(busy))
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
fn refusing(
    refusals: usize,
    then: Behavior,
) -> impl Fn(&polling_invocation::sms_function::Call) -> Behavior + Send + Sync {
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

/// A mensagem que falhou volta depois da visibilidade, contada do recebimento.
#[rstest]
#[case::thirty_seconds(30, 2, 0)]
#[case::two_minutes(120, 5, 0)]
#[case::a_slow_function_does_not_delay_it(30, 25, 0)]
#[case::a_message_that_arrives_later(30, 2, 45)]
#[tokio::test(start_paused = true)]
async fn a_failed_message_comes_back_after_the_visibility(
    #[case] visibility: u64,
    #[case] run_time: u64,
    #[case] sent_at: u64,
) {
    let post = Post::new(visibility, false, None);
    let function = post.function(seconds(run_time), |call| match call.receive_count {
        3 => Behavior::Succeed,
        _ => Behavior::Fail,
    });
    let queue = post.queue.clone();
    let sending = async {
        sleep(seconds(sent_at)).await;
        queue.send("ana");
        queue.close();
    };
    let rule = "a terceira entrega dá certo e a fila esvazia";
    let mapping = mapping(10, None);
    let polling = finish(rule, "o seu `poll`", polling_invocation::sqs::poll(&post.queue, &function, &mapping));
    tokio::join!(polling, sending);
    let at = |times: u64| (sent_at + times * visibility) * 1_000;
    let bodies: &[&str] = &["ana"];
    let rule =
        format!("a mensagem chega aos {sent_at} s, a visibilidade é de {visibility} s e a função falha duas vezes");
    expect_calls(&function, &[(at(0), bodies), (at(1), bodies), (at(2), bodies)], &rule);
    post.expect_left(&[], &[], "a terceira entrega deu certo, e a mensagem é apagada");
}

/// Depois de maxReceiveCount entregas, a mensagem vai para a DLQ.
#[rstest]
#[case::once(1)]
#[case::three_times(3)]
#[case::the_recommended_five(5)]
#[tokio::test(start_paused = true)]
async fn a_poison_message_ends_in_the_dlq(#[case] max_receive_count: u32) {
    let post = Post::new(30, false, Some(max_receive_count));
    post.send(&["veneno"]);
    let function = post.function(seconds(1), failing_on(&["veneno"]));
    post.drain(&function, &mapping(1, None)).await;
    let counts: Vec<u32> = function.calls().iter().map(|call| call.receive_count).collect();
    let expected: Vec<u32> = (1..=max_receive_count).collect();
    expect_same!(
        counts,
        expected,
        "maxReceiveCount {max_receive_count}: a função recebe a mensagem {max_receive_count} vezes, com \
         ApproximateReceiveCount {}; com o seu código foi {}",
        list(&expected, "nenhum"),
        list(&counts, "nenhum")
    );
    post.expect_left(&[], &["veneno"], "a entrega seguinte não acontece: a mensagem muda de fila");
    let ended = post.timeline.elapsed();
    let expected = seconds(30) * max_receive_count;
    expect_same!(
        ended,
        expected,
        "ela só sai quando a última visibilidade acaba, aos {}; com o seu código a fila esvaziou aos {}",
        duration(expected),
        duration(ended)
    );
}

/// Em uma fila padrão, a mensagem que falha não segura as outras.
#[tokio::test(start_paused = true)]
async fn a_poison_message_does_not_block_a_standard_queue() {
    let post = Post::new(30, false, Some(2));
    post.send(&["ana", "veneno", "beto", "célia"]);
    let function = post.function(seconds(1), failing_on(&["veneno"]));
    post.drain(&function, &mapping(1, None)).await;
    let expected: &[(u64, &[&str])] =
        &[(0, &["ana"]), (0, &["veneno"]), (0, &["beto"]), (0, &["célia"]), (30_000, &["veneno"])];
    expect_calls(&function, expected, "quatro lotes de uma mensagem saem juntos, e só o que falhou volta");
    post.expect_left(&[], &["veneno"], "só a mensagem que falhou vai para a DLQ");
}

/// O lote inteiro volta, também as mensagens que a função tratou bem.
#[tokio::test(start_paused = true)]
async fn a_failed_batch_takes_good_messages_along() {
    let post = Post::new(30, false, Some(3));
    post.send(&["ana", "veneno", "beto"]);
    let function = post.function(seconds(1), failing_on(&["veneno"]));
    post.drain(&function, &mapping(10, None)).await;
    let batch: &[&str] = &["ana", "veneno", "beto"];
    expect_calls(
        &function,
        &[(0, batch), (30_000, batch), (60_000, batch)],
        "sem resposta parcial, o lote volta inteiro",
    );
    post.expect_left(&[], batch, "depois de três entregas, o lote inteiro está na DLQ, com os dois SMS bons");
}

/// Em uma fila FIFO, o grupo espera pela mensagem que falhou; os outros grupos seguem.
#[tokio::test(start_paused = true)]
async fn a_poison_message_blocks_its_group_only() {
    let post = Post::new(30, true, Some(2));
    for (group, body) in [("est-7", "veneno"), ("est-7", "7b"), ("est-9", "9a"), ("est-7", "7c"), ("est-9", "9b")] {
        post.queue.send_to_group(group, body);
    }
    let function = post.function(seconds(1), failing_on(&["veneno"]));
    post.drain(&function, &mapping(1, None)).await;
    let expected: &[(u64, &[&str])] = &[
        (0, &["veneno"]),
        (0, &["9a"]),
        (1_000, &["9b"]),
        (30_000, &["veneno"]),
        (60_000, &["7b"]),
        (61_000, &["7c"]),
    ];
    let rule =
        "o grupo est-9 não espera por ninguém; o est-7 espera `veneno` ir para a DLQ, aos 60 s, e segue em ordem";
    expect_calls(&function, expected, rule);
    post.expect_left(&[], &["veneno"], "só `veneno` vai para a DLQ");
}

/// No começo, cinco lotes andam juntos, e a vaga que se abre é usada na hora.
#[rstest]
#[case::five_at_first(12, None, 5, &[0, 10, 20])]
#[case::a_ceiling_of_two(5, Some(2), 2, &[0, 10, 20])]
#[case::a_ceiling_above_five(10, Some(50), 5, &[0, 10])]
#[tokio::test(start_paused = true)]
async fn batches_run_side_by_side_up_to_the_limit(
    #[case] total: usize,
    #[case] maximum: Option<i64>,
    #[case] limit: usize,
    #[case] starts: &[u64],
) {
    let post = Post::new(60, false, None);
    for number in 0..total {
        post.queue.send(format!("sms-{number}"));
    }
    let function = post.function(seconds(10), |_| Behavior::Succeed);
    post.drain(&function, &mapping(1, maximum)).await;
    let most = function.most_running();
    expect_same!(
        most,
        limit,
        "{total} lotes de uma mensagem, MaximumConcurrency {maximum:?}, no primeiro minuto: andam até {limit} juntos; com o \
         seu `poll` o máximo foi {most}"
    );
    let mut instants: Vec<u64> = function.calls().iter().map(|call| call.at.as_secs()).collect();
    instants.dedup();
    expect_same!(
        instants,
        starts,
        "cada lote leva 10 s e libera a vaga: os lotes começam aos {} s; com o seu `poll` começaram aos {} s",
        list(starts, "?"),
        list(&instants, "?")
    );
}

/// Passado um minuto com mensagens à espera, o limite sobe.
#[tokio::test(start_paused = true)]
async fn after_a_minute_the_limit_goes_up() {
    let post = Post::new(120, false, None);
    for number in 0..40 {
        post.queue.send(format!("sms-{number}"));
    }
    let function = post.function(seconds(20), |_| Behavior::Succeed);
    post.drain(&function, &mapping(1, None)).await;
    let started =
        |from: u64, to: u64| function.calls().iter().filter(|call| (from..to).contains(&call.at.as_secs())).count();
    let (before, after) = (started(0, 60), started(60, 61));
    expect_same!(
        (before, after),
        (15, 25),
        "40 lotes de 20 s: no primeiro minuto saem 5 de cada vez (15 ao todo) e, aos 60 s, o limite de 305 deixa sair os 25 \
         que faltam; com o seu `poll` foram {before} e {after}"
    );
}

/// Sem vaga para chamar a função, a mensagem continua na fila, visível.
#[tokio::test(start_paused = true)]
async fn a_message_is_received_only_when_it_can_be_delivered() {
    // Seis mensagens, cinco vagas: se a sexta for recebida antes de haver vaga, a visibilidade dela vence esperando.
    let post = Post::new(30, false, Some(1));
    let bodies = ["a", "b", "c", "d", "e", "f"];
    post.send(&bodies);
    let function = post.function(seconds(28), |_| Behavior::Succeed);
    post.drain(&function, &mapping(1, None)).await;
    let calls: Vec<String> = function.calls().iter().map(|call| call.bodies.join(", ")).collect();
    expect_same!(
        calls,
        bodies,
        "cinco lotes ocupam as vagas por 28 s e a visibilidade é de 30 s: a mensagem `f` só é recebida quando há vaga, e é \
         tratada uma vez; com o seu `poll` as chamadas foram {}",
        list(&calls, "nenhuma")
    );
    post.expect_left(&[], &[], "nenhuma mensagem falhou");
}

/// Reserva baixa e visibilidade curta levam mensagens boas para a DLQ.
#[tokio::test(start_paused = true)]
async fn good_messages_reach_the_dlq_when_there_is_no_room() {
    let post = Post::new(5, false, Some(2));
    post.send(&["a", "b", "c", "d"]);
    let run_time = Duration::from_millis(4_500);
    let function = post.function(run_time, |_| Behavior::Succeed).with_reserved_concurrency(1);
    post.drain(&function, &mapping(1, None)).await;
    let ran = function.calls().iter().filter(|call| call.ran).count();
    let dead = post.dead_letters.bodies();
    expect_same!(
        (ran, dead.len()),
        (2, 2),
        "a função tem uma vaga só e leva 4,5 s; a visibilidade é de 5 s, e maxReceiveCount, 2. A cada 5 s uma mensagem roda e as \
         outras ficam no 429 até voltar à fila: rodam 2, e as outras 2 vão para a DLQ sem nunca rodar; com o seu código rodaram \
         {ran} e na DLQ ficou {}",
        list(&dead, "nada")
    );
}

/// A linha do tempo de um lote com uma mensagem ruim.
#[tokio::test(start_paused = true)]
async fn the_timeline_tells_the_story() {
    let post = Post::new(30, false, Some(2));
    post.send(&["ana", "veneno"]);
    let function = post.function(seconds(1), failing_on(&["veneno"]));
    post.drain(&function, &mapping(10, None)).await;
    insta::assert_snapshot!(post.timeline, @"
    00:00:00.000  fila    na fila     entra `ana`
    00:00:00.000  fila    na fila     entra `veneno`
    00:00:00.000  função  erro        [ana, veneno], 1 recebimento: erro da função
    00:00:30.000  função  erro        [ana, veneno], 2 recebimentos: erro da função
    00:01:00.000  DLQ     entregue    chega `ana`, depois de 2 recebimentos
    00:01:00.000  DLQ     entregue    chega `veneno`, depois de 2 recebimentos
    ");
}

/// Quem põe mensagens enquanto o mapeamento lê é atendido na hora.
#[tokio::test(start_paused = true)]
async fn a_waiting_mapping_picks_up_new_messages() {
    let post = Post::new(30, false, None);
    let function = post.function(seconds(1), |_| Behavior::Succeed);
    let queue: Queue = post.queue.clone();
    let sending = async {
        for number in 1..=3 {
            sleep(seconds(100)).await;
            queue.send(format!("sms-{number}"));
        }
        queue.close();
    };
    let mapping = mapping(10, None);
    let rule = "a fila fechou aos 300 s";
    let polling = finish(rule, "o seu `poll`", polling_invocation::sqs::poll(&post.queue, &function, &mapping));
    tokio::join!(polling, sending);
    let expected: &[(u64, &[&str])] = &[(100_000, &["sms-1"]), (200_000, &["sms-2"]), (300_000, &["sms-3"])];
    expect_calls(&function, expected, "a fila estava aberta e vazia, e entrou uma mensagem a cada 100 s");
}
