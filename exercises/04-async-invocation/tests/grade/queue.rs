//! Os testes do passo `queue`: aceitar na hora, guardar, e só rodar o que ainda vale.

use std::time::Duration;

use async_invocation::function::{Behavior, Function};
use async_invocation::model::{FUNCTION, FailureCondition, QUEUE};
use async_invocation::queue::{HttpResponse, Queue, ReadSettings, Triage, accept, triage};
use kit::text::{count, duration, thousands};
use kit::{Random, Timeline};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

use crate::support::arrivals::{CALM, alert, body_of, describe, numbers, read_all, read_with, waiting};
use crate::support::{expect_same, finish, times};

/// Por que `invoke` não pode demorar.
const AT_ONCE: &str = "a API responde assim que o evento entra na fila, sem esperar ninguém";

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
#[case::one_byte_too_many(body_of(1_048_577))]
#[case::two_megabytes(body_of(2_236_568))]
#[case::the_synchronous_limit(body_of(6_291_456))]
#[case::not_json_either(vec![b'g'; 1_048_577])]
fn a_body_above_one_megabyte_is_refused(#[case] body: Vec<u8>) {
    let size = body.len();
    let Err(response) = accept(&body) else {
        panic!(
            "{} bytes passam do limite de 1 MB (1.048.576 bytes) da invocação assíncrona: a AWS responde 413 e o \
             evento não entra na fila; a sua função aceitou",
            thousands(size)
        );
    };
    expect_same!(
        (response.status, response.error_type),
        (413, Some("RequestTooLargeException")),
        "um corpo de {} bytes recebe 413 RequestTooLargeException, seja JSON ou não; a sua função respondeu {}",
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
#[case::bare_text(b"granizo".as_slice(), "`granizo` não é JSON")]
#[case::cut_in_the_middle(br#"{"alert":"granizo""#.as_slice(), r#"`{"alert":"granizo"` é JSON cortado, sem o fim"#)]
#[case::two_documents(br#"{"a":1}{"a":2}"#.as_slice(), r#"`{"a":1}{"a":2}` são dois documentos, e o corpo é um só"#)]
#[case::not_utf_8(b"\"\xff\xfe\"".as_slice(), "os bytes 22 FF FE 22 não são UTF-8, e JSON é texto UTF-8")]
fn a_body_that_is_not_json_is_refused(#[case] body: &[u8], #[case] problem: &str) {
    match accept(body) {
        Ok(value) => panic!("{problem}: a AWS responde 400; a sua função aceitou como `{value}`"),
        Err(response) => expect_same!(
            (response.status, response.error_type),
            (400, Some("InvalidRequestContentException")),
            "{problem}: a AWS responde 400 InvalidRequestContentException; a sua função respondeu {}",
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
        let response = finish(AT_ONCE, "o seu `invoke`", queue.invoke(body.as_bytes())).await;

        expect_same!(
            response,
            HttpResponse::empty(202),
            "para `{payload}` a API responde 202 com corpo vazio: o resultado da função ainda não existe; \
             o seu `invoke` respondeu {}",
            describe(&response)
        );
        let waited = timeline.elapsed();
        assert!(
            waited.is_zero(),
            "a resposta 202 sai assim que o evento entra na fila; a do seu `invoke` demorou {}",
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
    let response = finish(AT_ONCE, "o seu `invoke`", queue.invoke(&body)).await;
    expect_same!(
        response.status,
        status,
        "este pedido é recusado com {status}; o seu `invoke` respondeu {}",
        describe(&response)
    );
    let entered = waiting(queue, inbox).len();
    expect_same!(entered, 0, "um pedido que recebeu {status} não entra na fila; na sua fila entrou o dele");
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

/// Os eventos rodam todos ao mesmo tempo, e a leitura volta quando o último termina.
#[tokio::test(start_paused = true)]
async fn events_run_side_by_side() {
    for seed in 1..=5 {
        let mut random = Random::new(seed);
        let total = usize::try_from(random.between(3..=9)).expect("cabe em usize");
        let run_time = Duration::from_secs(random.between(5..=40));
        let timeline = Timeline::new(&[QUEUE, FUNCTION]);
        let function = Function::new(&timeline, run_time, []);

        let discarded = read_all(total, &function, CALM, &timeline).await;

        expect_same!(
            discarded.len(),
            0,
            "havia {total} eventos novos na fila e nenhum é descartado; a sua leitura descartou {}",
            discarded.len()
        );
        let finished = function.finished();
        expect_same!(
            finished,
            total,
            "havia {total} eventos novos na fila: todos rodam, e `read` espera as execuções antes de voltar; a sua \
             leitura voltou com {} de {total}",
            count(finished, "execução terminada", "execuções terminadas")
        );
        let elapsed = timeline.elapsed();
        expect_same!(
            elapsed,
            run_time,
            "{total} eventos, {} de função cada um: cada evento tem o seu ambiente e eles rodam ao mesmo tempo, em {} ao \
             todo; a sua leitura levou {}",
            duration(run_time),
            duration(run_time),
            duration(elapsed)
        );
    }
}

/// Com a fila aberta e vazia, a leitura espera, e o evento que chega roda na hora.
#[tokio::test(start_paused = true)]
async fn an_event_that_arrives_later_runs_at_once() {
    let timeline = Timeline::new(&[QUEUE, FUNCTION]);
    let function = Function::new(&timeline, Duration::from_secs(1), []);
    let (queue, inbox) = Queue::new(&timeline);
    let arrivals = async move {
        for (number, pause) in [(0, 10), (1, 5)] {
            sleep(Duration::from_secs(pause)).await;
            queue.push(json!({ "subscriber": number }));
        }
    };

    tokio::join!(read_with(inbox, &function, CALM), arrivals);

    let starts: Vec<Duration> = function.attempts().iter().map(|each| each.at).collect();
    for (number, arrival) in [10, 15].map(Duration::from_secs).into_iter().enumerate() {
        let start = starts.get(number).copied();
        expect_same!(
            start,
            Some(arrival),
            "a fila estava aberta e vazia, e aos {} entrou o evento {number}: o Lambda o lê na hora; no seu `read` ele {}",
            duration(arrival),
            start.map_or("não rodou".to_owned(), |start| format!("rodou aos {}", duration(start)))
        );
    }
}

/// A idade conta da entrada na fila, não do começo da leitura.
#[tokio::test(start_paused = true)]
async fn the_age_counts_from_the_arrival() {
    let timeline = Timeline::new(&[QUEUE, FUNCTION]);
    let function = Function::new(&timeline, Duration::from_secs(1), []);
    let (queue, inbox) = Queue::new(&timeline);
    queue.push(json!({ "subscriber": 0 }));
    advance(Duration::from_secs(50)).await;
    queue.push(json!({ "subscriber": 1 }));
    drop(queue);
    advance(Duration::from_secs(11)).await;
    let settings = ReadSettings { maximum_event_age: Duration::from_secs(60), ..CALM };

    let discarded = numbers(&read_with(inbox, &function, settings).await);

    expect_same!(
        (discarded.as_slice(), function.runs()),
        ([json!(0)].as_slice(), 1),
        "quando a leitura começou, o evento 0 estava na fila havia 1 min 1 s e o evento 1, havia 11 s; com idade máxima de \
         1 min o 0 vence e o 1 roda; a sua leitura descartou {} e a função rodou {}",
        json!(discarded),
        times(function.runs())
    );
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
    #[case] total: usize,
    #[case] in_time: usize,
) {
    let timeline = Timeline::new(&[QUEUE, FUNCTION]);
    let function = Function::new(&timeline, Duration::from_millis(200), []);
    let maximum_event_age = Duration::from_secs(age);
    let read_interval = Duration::from_secs(interval);
    let settings = ReadSettings { maximum_event_age, read_interval, ..CALM };

    let discarded = read_all(total, &function, settings, &timeline).await;

    let elapsed = timeline.elapsed();
    let case = format!(
        "{total} eventos entram juntos, a fila lê um a cada {} e a idade máxima é {}",
        duration(read_interval),
        duration(maximum_event_age)
    );
    let runs = function.runs();
    expect_same!(
        runs,
        in_time,
        "{case}: rodam {in_time} e os outros vencem na fila; com a sua leitura a função rodou {}",
        times(runs)
    );
    let (late, found): (Vec<Value>, _) = ((in_time..total).map(|number| json!(number)).collect(), numbers(&discarded));
    expect_same!(
        found,
        late,
        "{case}: os descartados, na ordem de leitura, são {}; a sua leitura devolveu {}",
        json!(late),
        json!(found)
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
    let expected = Duration::from_secs(interval * total as u64);
    expect_same!(
        elapsed,
        expected,
        "{case}: há uma pausa depois de cada evento, rodado ou não, e nada mais segura a leitura, que leva {}; a sua \
         levou {}",
        duration(expected),
        duration(elapsed)
    );
}

/// Com concorrência reservada 0, a fila descarta os eventos novos sem chamar a função.
#[tokio::test(start_paused = true)]
async fn reserved_concurrency_zero_runs_nothing() {
    let timeline = Timeline::new(&[QUEUE, FUNCTION]);
    let function = Function::new(&timeline, Duration::from_secs(1), [Behavior::Throttle]);
    let settings = ReadSettings { reserved_concurrency: Some(0), ..CALM };

    let discarded = read_all(3, &function, settings, &timeline).await;

    let attempts = function.attempts().len();
    expect_same!(attempts, 0, "com reserva 0 o Lambda nem tenta; a sua leitura chamou a função {}", times(attempts));
    let conditions: Vec<&str> = discarded.iter().map(|d| d.condition.as_str()).collect();
    expect_same!(
        conditions,
        ["ZeroReservedConcurrency"; 3],
        "os três eventos saem como ZeroReservedConcurrency; com a sua leitura saíram: {}",
        if conditions.is_empty() { "nenhum".to_owned() } else { conditions.join(", ") }
    );
}

/// A linha do tempo mostra a entrada na fila antes da execução, e as execuções lado a lado.
#[tokio::test(start_paused = true)]
async fn the_timeline_shows_the_queue_before_the_function() {
    let timeline = Timeline::new(&[QUEUE, FUNCTION]);
    let function = Function::new(&timeline, Duration::from_secs(2), []);
    let settings = ReadSettings { read_interval: Duration::from_secs(1), ..CALM };
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
