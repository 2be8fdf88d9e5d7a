//! A leitura da fila: quantos lotes juntos, o que volta, o que espera e o que vai para a DLQ.

use std::time::Duration;

use kit::text::{count, duration};
use polling_invocation::queue::Queue;
use polling_invocation::sms_function::Behavior;
use polling_invocation::sqs::poll;
use rstest::rstest;
use tokio::time::sleep;

use crate::support::redelivery::{Post, ceiling, expect_calls, failing_on, mapping, seconds};
use crate::support::{expect_same, finish, list};

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
    let polling = finish(rule, "o seu `poll`", poll(&post.queue, &function, &mapping));
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
        "maxReceiveCount {max_receive_count}: a função recebe a mensagem {}, com ApproximateReceiveCount {}; com \
         o seu código foi {}",
        count(expected.len(), "vez", "vezes"),
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
        "{total} lotes de uma mensagem, MaximumConcurrency {}, no primeiro minuto: andam até {limit} juntos; com o \
         seu `poll` o máximo foi {most}",
        ceiling(maximum)
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

/// Em uma fila FIFO, andam juntos tantos lotes quantos grupos houver.
#[tokio::test(start_paused = true)]
async fn every_active_group_gets_a_batch() {
    let post = Post::new(60, true, None);
    let groups: Vec<String> = (1..=8).map(|number| format!("est-{number}")).collect();
    for group in groups.iter().chain(&groups) {
        post.queue.send_to_group(group, "leitura");
    }
    let function = post.function(seconds(10), |_| Behavior::Succeed);
    post.drain(&function, &mapping(1, None)).await;
    let most = function.most_running();
    expect_same!(
        most,
        8,
        "8 grupos com duas mensagens cada um, lotes de 1: na FIFO o limite é o número de grupos ativos, 8, e não os 5 da fila \
         padrão; com o seu `poll` andaram até {most} juntos"
    );
}

/// A leitura só acaba quando acaba o último lote em andamento.
#[tokio::test(start_paused = true)]
async fn the_reading_ends_with_the_last_batch() {
    // Alguém aumentou o tempo da função depois de criar o mapeamento: ela passa da visibilidade.
    let post = Post::new(5, false, Some(1));
    post.send(&["ana"]);
    let function = post.function(seconds(12), |_| Behavior::Succeed);
    post.drain(&function, &mapping(1, None)).await;
    post.expect_left(&[], &["ana"], "aos 5 s a mensagem reaparece, já entregue uma vez, e vai para a DLQ");
    let ended = post.timeline.elapsed();
    expect_same!(
        ended,
        seconds(12),
        "a fila esvazia aos 5 s, mas a função ainda roda até os 12 s, e `poll` espera por ela; o seu voltou aos {}",
        duration(ended)
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
    let polling = finish(rule, "o seu `poll`", poll(&post.queue, &function, &mapping));
    tokio::join!(polling, sending);
    let expected: &[(u64, &[&str])] = &[(100_000, &["sms-1"]), (200_000, &["sms-2"]), (300_000, &["sms-3"])];
    expect_calls(&function, expected, "a fila estava aberta e vazia, e entrou uma mensagem a cada 100 s");
}
