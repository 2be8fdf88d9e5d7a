//! Os testes do passo `queue`: aceitar na hora, guardar, e só rodar o que ainda vale.

use std::time::Duration;

use async_invocation::function::{Behavior, Function};
use async_invocation::model::{Event, FailureCondition};
use async_invocation::queue::{Discarded, HttpResponse, Inbox, Queue, ReadSettings, Triage, accept, read, triage};
use kit::text::{duration, thousands};
use kit::{Random, Timeline};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{expect_same, finish};

const SIX_HOURS: Duration = Duration::from_secs(21_600);

/// Um corpo JSON com exatamente `size` bytes: um texto entre aspas.
fn body_of(size: usize) -> Vec<u8> {
    let mut body = vec![b'a'; size];
    body[0] = b'"';
    body[size - 1] = b'"';
    body
}

/// Um alerta diferente a cada número sorteado.
fn alert(random: &mut Random) -> Value {
    let town = random.pick(&["Serra Clara", "Vale Fundo", "Passo do Meio"]);
    json!({ "alert": "granizo", "town": town, "subscriber": random.between(1..=99_999) })
}

/// Uma resposta em uma linha.
fn describe(response: &HttpResponse) -> String {
    let error = response.error_type.unwrap_or("sem erro");
    format!("{} ({error}), corpo `{}`", response.status, response.body)
}

/// Tudo o que está na fila, sem rodar nada.
fn waiting(queue: Queue, mut inbox: Inbox) -> Vec<Event> {
    drop(queue);
    std::iter::from_fn(|| inbox.try_recv().ok()).collect()
}

/// Um corpo JSON de até 1 MB entra na fila, com o mesmo conteúdo.
#[rstest]
#[case::two_bytes(2)]
#[case::one_kilobyte(1_024)]
#[case::exactly_256_kilobytes(262_144)]
#[case::above_256_kilobytes(300_000)]
#[case::exactly_one_megabyte(1_048_576)]
fn a_json_body_up_to_one_megabyte_is_accepted(#[case] size: usize) {
    let body = body_of(size);
    match accept(&body) {
        Ok(value) => expect_same!(
            value.as_str().map(str::len),
            Some(size - 2),
            "o evento que entra na fila é o JSON do corpo, inteiro; o seu tem outro conteúdo"
        ),
        Err(response) => panic!(
            "{} bytes cabem no limite da invocação assíncrona, 1 MB (1.048.576 bytes); a sua função respondeu {}",
            thousands(size),
            describe(&response)
        ),
    }
}

/// Um corpo acima de 1 MB recebe 413 RequestTooLargeException, com os dois tamanhos na mensagem.
#[rstest]
#[case::one_byte_too_many(1_048_577)]
#[case::two_megabytes(2_236_568)]
#[case::the_synchronous_limit(6_291_456)]
fn a_body_above_one_megabyte_is_refused(#[case] size: usize) {
    let Err(response) = accept(&body_of(size)) else {
        panic!(
            "{} bytes passam do limite de 1 MB (1.048.576 bytes) da invocação assíncrona: a AWS responde 413 e o \
             evento não entra na fila; a sua função aceitou",
            thousands(size)
        );
    };
    expect_same!(
        (response.status, response.error_type),
        (413, Some("RequestTooLargeException")),
        "um corpo de {} bytes recebe 413 RequestTooLargeException; a sua função respondeu {}",
        thousands(size),
        describe(&response)
    );
    let expected = format!("{size} byte payload is too large for the Event invocation type (limit 1048576 bytes)");
    assert!(
        response.body.contains(&expected),
        "a mensagem da AWS para este corpo é `{expected}`; o corpo da sua resposta é `{}`",
        response.body
    );
}

/// Um corpo que não é JSON recebe 400 InvalidRequestContentException.
#[rstest]
#[case::bare_text(b"granizo".as_slice())]
#[case::cut_in_the_middle(br#"{"alert":"granizo""#.as_slice())]
#[case::two_documents(br#"{"a":1}{"a":2}"#.as_slice())]
#[case::not_utf_8(b"\"\xff\xfe\"".as_slice())]
fn a_body_that_is_not_json_is_refused(#[case] body: &[u8]) {
    let shown = String::from_utf8_lossy(body);
    match accept(body) {
        Ok(value) => {
            panic!("`{shown}` não é JSON: a AWS responde 400; a sua função aceitou como `{value}`")
        }
        Err(response) => expect_same!(
            (response.status, response.error_type),
            (400, Some("InvalidRequestContentException")),
            "`{shown}` não é JSON: a AWS responde 400 InvalidRequestContentException; a sua função respondeu {}",
            describe(&response)
        ),
    }
}

/// O chamador recebe 202 sem corpo na hora, antes de a função rodar.
#[tokio::test(start_paused = true)]
async fn the_caller_gets_202_with_no_body_at_once() {
    for seed in 1..=5 {
        let payload = alert(&mut Random::new(seed));
        let timeline = Timeline::new(&[]);
        let (queue, inbox) = Queue::new(&timeline);

        // Ninguém lê a fila: a resposta não pode depender da função.
        let body = payload.to_string();
        let response = finish("o seu `invoke`", queue.invoke(body.as_bytes())).await;

        expect_same!(
            response,
            HttpResponse::empty(202),
            "para `{payload}` a API responde 202 com corpo vazio: o resultado da função ainda não existe; \
             a sua respondeu {}",
            describe(&response)
        );
        let waited = timeline.elapsed();
        assert!(
            waited.is_zero(),
            "a resposta 202 sai assim que o evento entra na fila; a sua demorou {}",
            duration(waited)
        );
        let events = waiting(queue, inbox);
        let payloads: Vec<&Value> = events.iter().map(|event| &event.payload).collect();
        expect_same!(
            payloads,
            [&payload],
            "depois do 202 a fila tem um evento, o que chegou no pedido; a sua fila tem {}",
            json!(payloads)
        );
    }
}

/// Um pedido recusado recebe o erro e não entra na fila.
#[rstest]
#[case::too_large(body_of(1_048_577), 413)]
#[case::not_json(b"granizo".to_vec(), 400)]
#[tokio::test(start_paused = true)]
async fn a_refused_request_never_reaches_the_queue(#[case] body: Vec<u8>, #[case] status: u16) {
    let (queue, inbox) = Queue::new(&Timeline::new(&[]));
    let response = finish("o seu `invoke`", queue.invoke(&body)).await;
    expect_same!(
        response.status,
        status,
        "este pedido é recusado com {status}; a sua respondeu {}",
        describe(&response)
    );
    let count = waiting(queue, inbox).len();
    expect_same!(count, 0, "um pedido que recebeu {status} não entra na fila; na sua fila entrou o dele");
}

/// Um evento roda se ainda está na idade, e é descartado sem rodar se passou dela ou se a reserva é 0.
#[rstest]
#[case::just_arrived(0, 60_000, None, Triage::Run)]
#[case::old_but_in_time(59_999, 60_000, None, Triage::Run)]
#[case::one_millisecond_too_old(60_001, 60_000, None, Triage::Discard(FailureCondition::EventAgeExceeded))]
#[case::long_waits_are_normal_by_default(20_000_000, 21_600_000, None, Triage::Run)]
#[case::after_six_hours(21_601_000, 21_600_000, None, Triage::Discard(FailureCondition::EventAgeExceeded))]
#[case::some_reserved_concurrency(1_000, 60_000, Some(5), Triage::Run)]
#[case::reserved_but_too_old(61_000, 60_000, Some(1), Triage::Discard(FailureCondition::EventAgeExceeded))]
#[case::reserved_concurrency_zero(0, 21_600_000, Some(0), Triage::Discard(FailureCondition::ZeroReservedConcurrency))]
fn an_event_is_triaged_when_it_leaves_the_queue(
    #[case] waited_ms: u64,
    #[case] age_ms: u64,
    #[case] reserved_concurrency: Option<u32>,
    #[case] expected: Triage,
) {
    let waited = Duration::from_millis(waited_ms);
    let maximum = Duration::from_millis(age_ms);
    let decision = triage(waited, maximum, reserved_concurrency);
    let reserve = reserved_concurrency.map_or("nenhuma".to_owned(), |n| n.to_string());
    let rule = match expected {
        Triage::Run => "o evento ainda vale e o Lambda o entrega à função",
        Triage::Discard(FailureCondition::ZeroReservedConcurrency) => {
            "com reserva 0 a função está bloqueada e o Lambda descarta o evento novo sem tentar"
        }
        Triage::Discard(_) => {
            "a idade conta desde a entrada na fila, mesmo que a função nunca tenha rodado: o Lambda descarta o evento"
        }
    };
    expect_same!(
        decision,
        expected,
        "o evento esperou {}, a idade máxima é {} e a concorrência reservada é {reserve}: {rule}; \
         a sua função decidiu {}",
        duration(waited),
        duration(maximum),
        match decision {
            Triage::Run => "entregar".to_owned(),
            Triage::Discard(condition) => format!("descartar com {condition}"),
        }
    );
}

/// Põe `count` eventos na fila, lê todos com a função e devolve quem foi descartado.
async fn read_all(count: usize, function: &Function, settings: ReadSettings, timeline: &Timeline) -> Vec<Discarded> {
    let (queue, inbox) = Queue::new(timeline);
    for number in 0..count {
        queue.push(json!({ "subscriber": number }));
    }
    drop(queue);
    let run = |event: Event| {
        let function = function.clone();
        async move {
            // Neste passo ninguém olha o resultado: as novas tentativas são do próximo.
            let _ = function.invoke(&event).await;
        }
    };
    finish("o seu `read`", read(inbox, settings, run)).await
}

/// Os eventos rodam todos ao mesmo tempo, e a leitura volta quando o último termina.
#[tokio::test(start_paused = true)]
async fn events_run_side_by_side() {
    for seed in 1..=5 {
        let mut random = Random::new(seed);
        let count = usize::try_from(random.between(3..=9)).expect("cabe em usize");
        let run_time = Duration::from_secs(random.between(5..=40));
        let timeline = Timeline::new(&[]);
        let function = Function::new(&timeline, run_time, []);
        let settings =
            ReadSettings { maximum_event_age: SIX_HOURS, reserved_concurrency: None, read_interval: Duration::ZERO };

        let discarded = read_all(count, &function, settings, &timeline).await;

        expect_same!(
            (function.runs(), discarded.len()),
            (count, 0),
            "havia {count} eventos novos na fila: todos rodam e nenhum é descartado; \
             com a sua leitura a função rodou {} e foram descartados {}",
            function.runs(),
            discarded.len()
        );
        let elapsed = timeline.elapsed();
        expect_same!(
            elapsed,
            run_time,
            "{count} eventos, {} de função cada um: cada evento tem o seu ambiente e eles rodam ao mesmo tempo, em {} ao \
             todo; a sua leitura levou {}",
            duration(run_time),
            duration(run_time),
            duration(elapsed)
        );
        expect_same!(
            function.finished(),
            count,
            "a leitura só volta quando as {count} execuções terminam; quando a sua voltou, tinham terminado {}",
            function.finished()
        );
    }
}

/// Numa fila lida devagar, o evento que passou da idade é descartado sem rodar nenhuma vez.
#[rstest]
#[case::third_is_too_old(40, 60, 4, 2)]
#[case::all_in_time(10, 60, 5, 5)]
#[case::only_the_first(600, 300, 3, 1)]
#[case::six_hours_behind(5_000, 21_600, 7, 5)]
#[tokio::test(start_paused = true)]
async fn a_slow_queue_drops_events_that_never_ran(
    #[case] interval: u64,
    #[case] age: u64,
    #[case] count: usize,
    #[case] in_time: usize,
) {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, Duration::from_millis(200), []);
    let settings = ReadSettings {
        maximum_event_age: Duration::from_secs(age),
        reserved_concurrency: None,
        read_interval: Duration::from_secs(interval),
    };

    let discarded = read_all(count, &function, settings, &timeline).await;

    expect_same!(
        function.runs(),
        in_time,
        "{count} eventos entram juntos, a fila lê um a cada {} e a idade máxima é {}: rodam {in_time} e os \
         outros vencem na fila; com a sua leitura rodaram {}",
        duration(settings.read_interval),
        duration(settings.maximum_event_age),
        function.runs()
    );
    let subscribers: Vec<&Value> = discarded.iter().map(|d| &d.event.payload["subscriber"]).collect();
    let expected: Vec<Value> = (in_time..count).map(|number| json!(number)).collect();
    expect_same!(
        subscribers,
        expected.iter().collect::<Vec<_>>(),
        "os descartados são os que esperaram mais que {}, na ordem de leitura",
        duration(settings.maximum_event_age)
    );
    for each in &discarded {
        expect_same!(
            each.condition,
            FailureCondition::EventAgeExceeded,
            "quem vence na fila sai como EventAgeExceeded; o evento {} saiu como {}",
            each.event.payload,
            each.condition
        );
    }
}

/// Com concorrência reservada 0, a fila descarta os eventos novos sem chamar a função.
#[tokio::test(start_paused = true)]
async fn reserved_concurrency_zero_runs_nothing() {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, Duration::from_secs(1), [Behavior::Throttle]);
    let settings =
        ReadSettings { maximum_event_age: SIX_HOURS, reserved_concurrency: Some(0), read_interval: Duration::ZERO };

    let discarded = read_all(3, &function, settings, &timeline).await;

    let attempts = function.attempts().len();
    expect_same!(attempts, 0, "com reserva 0 o Lambda nem tenta; com a sua leitura foram {attempts} tentativas");
    let conditions: Vec<&str> = discarded.iter().map(|d| d.condition.as_str()).collect();
    expect_same!(
        conditions,
        ["ZeroReservedConcurrency"; 3],
        "os três eventos saem como ZeroReservedConcurrency; com a sua leitura saíram: {}",
        conditions.join(", ")
    );
}

/// A linha do tempo mostra a entrada na fila antes da execução, e as execuções lado a lado.
#[tokio::test(start_paused = true)]
async fn the_timeline_shows_the_queue_before_the_function() {
    let timeline = Timeline::new(&[]);
    let function = Function::new(&timeline, Duration::from_secs(2), []);
    let settings = ReadSettings {
        maximum_event_age: SIX_HOURS,
        reserved_concurrency: None,
        read_interval: Duration::from_secs(1),
    };
    read_all(3, &function, settings, &timeline).await;

    insta::assert_snapshot!(timeline, @r#"
    00:00:00.000  fila interna  na fila     entra o evento {"subscriber":0}
    00:00:00.000  fila interna  na fila     entra o evento {"subscriber":1}
    00:00:00.000  fila interna  na fila     entra o evento {"subscriber":2}
    00:00:00.000  função        sucesso     1ª tentativa: deu certo
    00:00:01.000  função        sucesso     1ª tentativa: deu certo
    00:00:02.000  função        sucesso     1ª tentativa: deu certo
    "#);
}
