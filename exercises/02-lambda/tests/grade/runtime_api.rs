//! Os testes do passo `runtime_api`: o laço inteiro; em `requests`, cada pedido e cada status.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use kit::text::duration;
use lambda::endpoint::{MAX_PAYLOAD, Method, START_MS};
use lambda::runtime_api::{Exit, Invocation};
use rstest::rstest;

use crate::support::runtime::{Life, arrival, failure, header, invocation, succeed, told};
use crate::support::{expect_same, times};

mod requests;

/// Os pedidos de uma vida curta: um evento de cada vez, cada um respondido antes do próximo `next`.
#[tokio::test(start_paused = true)]
async fn the_loop_answers_each_event_before_asking_for_the_next() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b"), arrival(0, "c")], succeed).await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/response 202",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 200",
            "POST invocation/c/response 202",
            "GET invocation/next 500",
        ],
        "três eventos já esperam, e o `next` dá 500 quando acabam",
    );
    expect_same!(life.exit, Exit::NoEvent(500), "o último `next` respondeu 500; o seu `run` saiu com {:?}", life.exit);
}

/// O `next` espera o tempo que for: seis horas sem evento não são um erro.
#[tokio::test(start_paused = true)]
async fn next_waits_for_hours() {
    let life = Life::play([arrival(6 * 3_600_000, "a")], succeed).await;
    life.expect_calls(
        &["GET invocation/next 200", "POST invocation/a/response 202", "GET invocation/next 500"],
        "o único evento chega 6 h depois",
    );
}

/// O handler recebe a invocação, com o prazo e o evento.
#[tokio::test(start_paused = true)]
async fn the_handler_gets_the_invocation() {
    let seen = RefCell::new(Vec::new());
    Life::play([arrival(250, "a")], async |invocation: &Invocation| {
        seen.borrow_mut().push(invocation.clone());
        Ok(Vec::new())
    })
    .await;
    let seen = seen.into_inner();
    expect_same!(
        seen.len(),
        1,
        "há um evento, então o handler roda uma vez; o seu `run` o chamou {}",
        times(seen.len())
    );
    let expected = Invocation {
        deadline_ms: START_MS + 3_250,
        invoked_function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:send-sms:prod".to_owned(),
        payload: b"{\"alert\":\"granizo\"}".to_vec(),
        ..invocation("a", Some("a-1"))
    };
    expect_same!(
        seen[0],
        expected,
        "o handler recebe\n  {}\no seu recebeu\n  {}",
        told(Some(&expected)),
        told(Some(&seen[0]))
    );
}

/// O corpo que o handler devolve chega à Runtime API como saiu.
#[tokio::test(start_paused = true)]
async fn the_response_is_posted_untouched() {
    let life = Life::play([arrival(0, "a")], async |_: &Invocation| Ok(b"null".to_vec())).await;
    let exchanges = life.endpoint.exchanges();
    let body = exchanges.get(1).map(|each| each.request.body.clone()).unwrap_or_default();
    expect_same!(
        body,
        b"null",
        "o handler devolveu `null`; o corpo que chegou foi `{}`",
        String::from_utf8_lossy(&body)
    );
}

/// Um erro da função não para o laço.
#[tokio::test(start_paused = true)]
async fn a_function_error_does_not_stop_the_loop() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        if invocation.request_id == "a" { Err(failure()) } else { Ok(Vec::new()) }
    })
    .await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/error 202",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        "o handler falha com o primeiro evento e dá certo com o segundo",
    );
}

/// O mesmo pedido pode vir em duas tentativas, cada uma com o seu número.
#[tokio::test(start_paused = true)]
async fn each_attempt_echoes_its_own_number() {
    let script = ["attempt-1", "attempt-2"].map(|id| {
        let mut arrival = arrival(0, "a");
        arrival.invocation_id = Some(id.to_owned());
        arrival
    });
    let life = Life::play(script, succeed).await;
    let echoed: Vec<Option<String>> = life
        .endpoint
        .exchanges()
        .iter()
        .filter(|each| each.request.method == Method::Post)
        .map(|each| each.request.header("Lambda-Runtime-Invocation-Id").map(str::to_owned))
        .collect();
    expect_same!(
        echoed,
        [Some("attempt-1".to_owned()), Some("attempt-2".to_owned())],
        "o pedido `a` veio duas vezes, como attempt-1 e attempt-2; o seu `run` devolveu {}",
        echoed.iter().map(|each| header(each.as_deref())).collect::<Vec<_>>().join(" e ")
    );
}

/// Quem mede o tempo é o Lambda: o runtime deixa o handler terminar, recebe 410 e segue.
#[tokio::test(start_paused = true)]
async fn a_late_answer_gets_410_and_the_loop_goes_on() {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        let takes = if invocation.request_id == "a" { 5_000 } else { 100 };
        tokio::time::sleep(Duration::from_millis(takes)).await;
        Ok(Vec::new())
    })
    .await;
    life.expect_calls(
        &[
            "GET invocation/next 200",
            "POST invocation/a/response 410",
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        "o timeout é de 3 s e o handler levou 5 s com o primeiro evento",
    );
    let late = life.endpoint.exchanges()[1].at;
    expect_same!(
        late,
        Duration::from_secs(5),
        "o handler terminou aos 5 s, e é quando o resultado é entregue; o seu chegou aos {}",
        duration(late)
    );
}

/// Uma resposta acima do limite recebe 413; esse resultado já é o fim da invocação, e não se entrega outro.
#[rstest]
#[case::on_the_limit(MAX_PAYLOAD, 202)]
#[case::one_byte_more(MAX_PAYLOAD + 1, 413)]
#[tokio::test(start_paused = true)]
async fn after_413_nothing_else_is_posted(#[case] size: usize, #[case] status: u16) {
    let life = Life::play([arrival(0, "a"), arrival(0, "b")], async |invocation: &Invocation| {
        Ok(if invocation.request_id == "a" { vec![b' '; size] } else { Vec::new() })
    })
    .await;
    let first = format!("POST invocation/a/response {status}");
    life.expect_calls(
        &[
            "GET invocation/next 200",
            &first,
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        &format!("a primeira resposta tem {size} bytes e o limite é {MAX_PAYLOAD}"),
    );
}

/// Uma recusa não derruba o laço e não se repete.
#[rstest]
#[case::bad_request(400)]
#[case::forbidden(403)]
#[tokio::test(start_paused = true)]
async fn a_refused_result_is_lost_and_the_loop_goes_on(#[case] status: u16) {
    let mut refused = arrival(0, "a");
    refused.forced_status = Some(status);
    let life = Life::play([refused, arrival(0, "b")], succeed).await;
    let first = format!("POST invocation/a/response {status}");
    life.expect_calls(
        &[
            "GET invocation/next 200",
            &first,
            "GET invocation/next 200",
            "POST invocation/b/response 202",
            "GET invocation/next 500",
        ],
        &format!("a Runtime API recusou o primeiro resultado com {status}"),
    );
}

/// Um 500 a um resultado manda sair na hora.
#[rstest]
#[case::to_a_response(false)]
#[case::to_an_error(true)]
#[tokio::test(start_paused = true)]
async fn a_500_to_a_result_ends_the_runtime(#[case] fails: bool) {
    let mut broken = arrival(0, "a");
    broken.forced_status = Some(500);
    let life = Life::play(
        [broken, arrival(0, "b")],
        async |_: &Invocation| {
            if fails { Err(failure()) } else { Ok(Vec::new()) }
        },
    )
    .await;
    let second = format!("POST invocation/a/{} 500", if fails { "error" } else { "response" });
    life.expect_calls(&["GET invocation/next 200", &second], "a Runtime API respondeu 500: o contêiner não tem volta");
    expect_same!(life.exit, Exit::ContainerError, "a saída é ContainerError; a do seu `run` é {:?}", life.exit);
}

/// Um `next` sem evento também: não há o que fazer, e insistir não adianta. O 200 daqui vem sem os cabeçalhos.
#[rstest]
#[case::without_headers(200)]
#[case::forbidden(403)]
#[case::container_error(500)]
#[tokio::test(start_paused = true)]
async fn a_next_without_an_event_ends_the_runtime(#[case] status: u16) {
    let life = Life::play_refusing_next(status).await;
    life.expect_calls(&[&format!("GET invocation/next {status}")], &format!("o `next` respondeu {status}, sem evento"));
    expect_same!(life.exit, Exit::NoEvent(status), "a saída é NoEvent({status}); a do seu `run` é {:?}", life.exit);
}

/// Se a inicialização falha, o runtime conta e sai, sem pedir evento, seja qual for a resposta.
#[rstest]
#[case::accepted(202)]
#[case::forbidden(403)]
#[case::container_error(500)]
#[tokio::test(start_paused = true)]
async fn a_failed_initialization_is_told_and_the_runtime_exits(#[case] status: u16) {
    let life = Life::play_failing_init(status).await;
    life.expect_calls(&[&format!("POST init/error {status}")], "a função não inicializou");
    expect_same!(life.exit, Exit::InitFailed, "a saída é InitFailed; a do seu `run` é {:?}", life.exit);
}

/// A inicialização roda uma vez só, antes do primeiro `next`.
#[tokio::test(start_paused = true)]
async fn the_function_is_initialized_once_before_the_first_next() {
    let starts = Cell::new(0u32);
    let life = Life::play_starting([arrival(0, "a"), arrival(0, "b")], async || {
        starts.set(starts.get() + 1);
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(succeed)
    })
    .await;
    expect_same!(
        starts.get(),
        1,
        "o ambiente inicializa a função uma vez; o seu `run` inicializou {}",
        times(starts.get())
    );
    let first = life.endpoint.exchanges().first().map(|each| each.at).unwrap_or_default();
    expect_same!(
        first,
        Duration::from_millis(400),
        "o primeiro `next` diz que a inicialização acabou, aos 0,4 s; o seu saiu aos {}",
        duration(first)
    );
}

/// A linha do tempo mostra o ritmo do laço.
#[tokio::test(start_paused = true)]
async fn the_timeline_shows_the_rhythm_of_the_loop() {
    let life = Life::play([arrival(0, "a"), arrival(1_000, "b")], async |invocation: &Invocation| {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if invocation.request_id == "b" { Err(failure()) } else { Ok(Vec::new()) }
    })
    .await;
    insta::assert_snapshot!(life.timeline, @"
    00:00:00.000  runtime  começou     GET invocation/next: 200
    00:00:00.200  runtime  sucesso     POST invocation/a/response: 202
    00:00:01.000  runtime  começou     GET invocation/next: 200
    00:00:01.200  runtime  erro        POST invocation/b/error: 202
    00:00:01.200  runtime  recusado    GET invocation/next: 500
    ");
}
