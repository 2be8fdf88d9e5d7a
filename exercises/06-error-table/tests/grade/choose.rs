//! Os testes do passo `choose`: a necessidade que decide, a conta que sai dela e, na bancada, o que a escolha faz de verdade.

use std::time::Duration;

use error_table::choose::{
    Choice, Conflict, Duplicate, Duty, Loss, Needs, Ordering, Origin, Reason, choose, configure, conflict, decide,
    redrive,
};
use error_table::model::{EventId, Failure, FailureTarget, Metric, Model, Parameters, Place, Trace};
use kit::text::duration;
use rstest::rstest;

use crate::support::traces::{record, seconds};

const DAY: u64 = 24 * 3_600;

/// Compara o que a função do passo devolveu com o que as regras da página dizem, e conta por quê.
#[track_caller]
fn check<T: PartialEq + std::fmt::Debug>(function: &str, returned: &T, expected: &T, why: &str) {
    assert!(returned == expected, "{why}: `{function}` é {expected:?}; a sua devolveu {returned:?}");
}

/// Compara duas configurações e conta só os campos em que elas diferem.
#[track_caller]
fn check_configuration(returned: &Parameters, expected: &Parameters, why: &str) {
    let [wanted, got] = [expected, returned].map(|parameters| format!("{parameters:?}"));
    let pairs = wanted.trim_end_matches(" }").split(", ").zip(got.trim_end_matches(" }").split(", "));
    let different: Vec<String> = pairs
        .filter(|(wanted, got)| wanted != got)
        .map(|(wanted, got)| format!("`{wanted}`; a sua devolveu `{got}`").replace("Parameters { ", ""))
        .collect();
    assert!(returned == expected, "{why}: `configure` devolve {}", different.join(", e "));
}

fn calm() -> Needs {
    Needs::default()
}

fn in_order() -> Needs {
    Needs { ordering: Ordering::PerKey, ..calm() }
}

fn from(origin: Origin) -> Needs {
    Needs { origin, ..calm() }
}

fn outage(of: u64) -> Needs {
    Needs { outage: seconds(of), ..calm() }
}

fn answer(within: u64) -> Needs {
    Needs { answer_within: Some(seconds(within)), ..calm() }
}

/// A primeira necessidade da tabela decide.
#[rstest]
#[case::a_table(from(Origin::Table), Model::DynamoDbStreams, Reason::Origin, "o evento é a mudança na tabela")]
#[case::a_topic(Needs { replay: true, ..from(Origin::KafkaTopic) }, Model::Kafka, Reason::Origin, "o tópico já existe, e a origem vem antes de reler")]
#[case::a_broker(Needs { answer_within: Some(seconds(5)), ..from(Origin::BrokerQueue) }, Model::AmazonMq, Reason::Origin, "a fila já existe, e a origem vem antes da resposta")]
#[case::an_answer(Needs { replay: true, ordering: Ordering::PerKey, outage: seconds(600), ..answer(5) }, Model::Synchronous, Reason::Answer, "só a síncrona devolve o resultado")]
#[case::replay(Needs { replay: true, ..in_order() }, Model::Kinesis, Reason::Replay, "uma fila apaga o que foi tratado")]
#[case::too_much_for_fifo(Needs { events_per_second: 3_001, ..in_order() }, Model::Kinesis, Reason::Volume, "3.001 por segundo não cabem em uma FIFO")]
#[case::just_enough_for_fifo(Needs { events_per_second: 3_000, ..in_order() }, Model::SqsFifo, Reason::Ordering, "3.000 por segundo cabem em uma FIFO, em lotes de 10")]
#[case::volume_without_order(Needs { events_per_second: 50_000, ..calm() }, Model::Asynchronous, Reason::Simplest, "sem ordem o volume não decide nada")]
#[case::order_and_outage(Needs { outage: seconds(3_600), ..in_order() }, Model::SqsFifo, Reason::Ordering, "a ordem vem antes da pane, e a FIFO também espera")]
#[case::a_long_outage(
    outage(181),
    Model::SqsStandard,
    Reason::Outage,
    "a terceira tentativa da fila interna começa 180 s de espera depois, e a pane ainda dura"
)]
#[case::a_short_outage(
    outage(180),
    Model::Asynchronous,
    Reason::Simplest,
    "a terceira tentativa da fila interna já acha a pane no fim"
)]
#[case::nothing(calm(), Model::Asynchronous, Reason::Simplest, "nada pede mais")]
fn the_first_need_decides(#[case] needs: Needs, #[case] model: Model, #[case] reason: Reason, #[case] why: &str) {
    check("decide", &decide(&needs), &(model, reason), why);
}

/// A última entrega tem de vir depois da pane.
#[test]
fn the_last_delivery_comes_after_the_outage() {
    let cases = [
        (3, 0, 18, 5, "6 × 3 s, e o mínimo recomendado de 5"),
        (30, 0, 180, 5, "6 × 30 s, e o mínimo recomendado de 5"),
        (3, 72, 18, 5, "a 5ª entrega é aos 72 s, no fim da pane"),
        (3, 73, 18, 6, "a 5ª entrega, aos 72 s, ainda acha a pane; a 6ª é aos 90 s"),
        (3, 600, 18, 35, "600 ÷ 18 dá 33,3: a 35ª entrega é aos 612 s"),
        (3, 17_982, 18, 1_000, "a 1.000ª entrega, a última que o SQS permite, é aos 999 × 18 s"),
        (3, 17_983, 19, 948, "com 18 s seriam 1.001 entregas, e o SQS permite 1.000: a visibilidade sobe a 19 s"),
        (3, 43_200, 44, 983, "43.200 ÷ 999 dá 43,2: a visibilidade sobe a 44 s"),
    ];
    for (timeout, of, visibility, receives, why) in cases {
        let needs = Needs { timeout: seconds(timeout), ..outage(of) };
        let why = format!("função de {timeout} s, pane de {of} s: {why}");
        check("redrive", &redrive(&needs), &(seconds(visibility), receives), &why);
    }
}

fn at_most(stopped: u64, needs: Needs) -> Needs {
    Needs { stopped_at_most: Some(seconds(stopped)), ..needs }
}

fn forbidden(needs: Needs) -> Needs {
    Needs { loss: Loss::Forbidden, ..needs }
}

/// O que nenhuma configuração atende.
#[rstest]
#[case::nobody_answers(
    Model::DynamoDbStreams,
    answer(5),
    Conflict::NoAnswer,
    "a mudança na tabela não espera resposta"
)]
#[case::slower_than_the_caller(Model::Synchronous, Needs { timeout: seconds(6), outage: seconds(1), ..answer(5) }, Conflict::TooSlow, "a função pode levar 6 s e o cliente espera 5; isso vem antes da pane")]
#[case::nobody_keeps(Model::Synchronous, Needs { outage: seconds(1), replay: true, ..answer(5) }, Conflict::NobodyKeeps, "durante a pane quem chamou só recebe erros; isso vem antes de reler")]
#[case::a_broker_forgets(Model::AmazonMq, Needs { replay: true, ..in_order() }, Conflict::NoReplay, "a fila do broker apaga o que foi tratado; isso vem antes da ordem")]
#[case::a_synchronous_call_forgets(Model::Synchronous, Needs { replay: true, ..answer(5) }, Conflict::NoReplay, "a síncrona não guarda nada")]
#[case::a_broker_has_no_order(Model::AmazonMq, Needs { outage: seconds(1), ..in_order() }, Conflict::NoOrder, "a ordem do Amazon MQ não é publicada; isso vem antes da pane")]
#[case::broker_outage(
    Model::AmazonMq,
    outage(1),
    Conflict::Unpublished,
    "são 6 reentregas, em intervalos que ninguém publica"
)]
#[case::broker_stop(
    Model::AmazonMq,
    at_most(600, calm()),
    Conflict::Unpublished,
    "são 6 reentregas, em intervalos que ninguém publica"
)]
#[case::kafka_stop(
    Model::Kafka,
    at_most(600, calm()),
    Conflict::Unpublished,
    "a partição para até acabar um limite de tentativas, sem intervalo publicado"
)]
#[case::kafka_outage(
    Model::Kafka,
    forbidden(outage(1)),
    Conflict::Unpublished,
    "com destino de falha, −1 vira 10 tentativas, sem intervalo publicado"
)]
#[case::fifo_floor(
    Model::SqsFifo,
    at_most(89, in_order()),
    Conflict::StopsOthers,
    "5 entregas de 18 s param o grupo por 90 s"
)]
#[case::fifo_outage(Model::SqsFifo, at_most(620, Needs { outage: seconds(600), ..in_order() }), Conflict::StopsOthers, "35 entregas de 18 s param o grupo por 630 s")]
#[case::stream_floor(Model::Kinesis, at_most(59, in_order()), Conflict::StopsOthers, "a menor idade máxima é 60 s")]
#[case::stream_outage(
    Model::Kinesis,
    at_most(1_199, outage(600)),
    Conflict::StopsOthers,
    "para uma pane de 600 s o registro fica até 1.200 s"
)]
#[case::table_outage(Model::DynamoDbStreams, outage(DAY / 4 + 1), Conflict::NotKept, "o dobro de 6 h passa de metade das 24 h do fluxo da tabela")]
#[case::stopped_first(
    Model::DynamoDbStreams,
    at_most(60, outage(DAY)),
    Conflict::StopsOthers,
    "a fonte também não guarda por 2 dias, mas o tempo parado vem antes"
)]
#[case::queue_outage(Model::SqsStandard, outage(7 * DAY), Conflict::NotKept, "7 dias e mais uma entrega passam de metade dos 14 da fila")]
fn some_needs_do_not_fit_together(
    #[case] model: Model,
    #[case] needs: Needs,
    #[case] expected: Conflict,
    #[case] why: &str,
) {
    check("conflict", &conflict(&needs, model), &Some(expected), &format!("{model}: {why}"));
}

/// O que parece conflito e não é.
#[test]
fn some_needs_only_look_apart() {
    let cases = [
        (Model::SqsFifo, at_most(90, in_order()), "5 entregas de 18 s são 90 s, e é o que se aceita"),
        (Model::SqsStandard, at_most(1, outage(600)), "a fila padrão não para ninguém"),
        (
            Model::Kinesis,
            at_most(1_200, Needs { replay: true, ..outage(600) }),
            "o dobro de 600 s é o que se aceita, e o fluxo se relê",
        ),
        (
            Model::DynamoDbStreams,
            Needs { replay: true, ..outage(DAY / 4) },
            "o dobro de 6 h é metade das 24 h do fluxo da tabela, e o fluxo se relê",
        ),
        (
            Model::Kafka,
            Needs { replay: true, ordering: Ordering::PerKey, ..outage(600) },
            "sem destino o Kafka insiste até a retenção, em ordem, e se relê",
        ),
        (
            Model::Synchronous,
            forbidden(Needs { ordering: Ordering::PerKey, ..answer(3) }),
            "3 s de função cabem em 3 s, e quem chamou fica com o evento e com a ordem",
        ),
        (
            Model::SqsFifo,
            at_most(300, Needs { outage: seconds(270), ..in_order() }),
            "16 entregas de 18 s são 288 s, e a última é aos 270 s",
        ),
        (Model::Kafka, forbidden(calm()), "sem pane a esperar, 10 tentativas bastam, e o destino guarda o endereço"),
    ];
    for (model, needs, why) in cases {
        check("conflict", &conflict(&needs, model), &None, &format!("{model}: {why}"));
    }
}

/// Quantas tentativas do cliente cabem no que ele espera.
#[test]
fn the_attempts_fit_the_answer() {
    let cases = [
        (6, 3, "3 s da função, e até 1 s e 2 s de recuo"),
        (5, 2, "3 s da função, e até 1 s de recuo; a terceira pediria mais 2 s"),
        (4, 2, "3 s da função, e até 1 s de recuo"),
        (3, 1, "só a função cabe"),
        (60, 3, "o SDK faz 3 por padrão, e mais não é preciso"),
    ];
    for (within, expected, why) in cases {
        let needs = answer(within);
        let parameters = configure(&needs, Model::Synchronous);
        let expected = Parameters { max_attempts: expected, ..Parameters::of(Model::Synchronous) };
        check_configuration(&parameters, &expected, &format!("o cliente espera {within} s: {why}"));
    }
}

/// O que muda nos padrões de cada modelo.
#[rstest]
#[case::asynchronous(
    Model::Asynchronous,
    forbidden(calm()),
    Parameters::with_failure_target(Model::Asynchronous),
    "só o destino de falha"
)]
#[case::nothing_to_keep(Model::Asynchronous, calm(), Parameters::of(Model::Asynchronous), "o evento pode sumir")]
#[case::queue(
    Model::SqsStandard, forbidden(outage(600)),
    Parameters { visibility_timeout: seconds(18), max_receive_count: 35, ..Parameters::with_failure_target(Model::SqsStandard) },
    "a retenção já é de 4 dias, mais que o dobro de 630 s"
)]
#[case::long_retention(
    Model::SqsStandard, outage(3 * DAY),
    Parameters { visibility_timeout: seconds(260), max_receive_count: 998, retention: seconds(2 * 260 * 998), ..Parameters::of(Model::SqsStandard) },
    "a mensagem fica 998 × 260 s na fila, e a retenção é o dobro; sem nada a guardar, não há DLQ"
)]
#[case::fifo_needs_its_dlq(
    Model::SqsFifo, at_most(90, in_order()),
    Parameters { visibility_timeout: seconds(18), max_receive_count: 5, ..Parameters::with_failure_target(Model::SqsFifo) },
    "a mensagem pode sumir, mas sem DLQ ela nunca sai da frente do grupo"
)]
#[case::a_queue_stops_nobody(
    Model::SqsStandard, at_most(60, calm()),
    Parameters { visibility_timeout: seconds(18), ..Parameters::of(Model::SqsStandard) },
    "o evento pode sumir, e a fila padrão não para ninguém: só a FIFO precisa da DLQ para andar"
)]
#[case::patient_stream(Model::Kinesis, in_order(), Parameters { bisect: true, ..Parameters::of(Model::Kinesis) }, "ninguém tem pressa nem nada a guardar: sem idade máxima")]
#[case::hurried_stream(Model::Kinesis, at_most(60, in_order()), Parameters { bisect: true, maximum_age: Some(seconds(60)), ..Parameters::of(Model::Kinesis) }, "a menor idade máxima, e sem destino o registro some")]
#[case::patience_to_spare(
    Model::Kinesis, at_most(600, outage(60)),
    Parameters { bisect: true, maximum_age: Some(seconds(120)), ..Parameters::of(Model::Kinesis) },
    "os outros aceitam 600 s, mas o dobro da pane são 120 s, e parar mais não serve a ninguém"
)]
#[case::careful_table(
    Model::DynamoDbStreams, forbidden(outage(600)),
    Parameters { bisect: true, maximum_age: Some(seconds(1_200)), ..Parameters::with_failure_target(Model::DynamoDbStreams) },
    "o dobro da pane, e depois o destino; a retenção de 24 h não muda"
)]
#[case::long_stream(
    Model::Kinesis, forbidden(outage(2 * DAY)),
    Parameters { bisect: true, maximum_age: Some(seconds(4 * DAY)), retention: seconds(8 * DAY), ..Parameters::with_failure_target(Model::Kinesis) },
    "4 dias de tentativas e outros 4 para alguém buscar o registro"
)]
#[case::kafka(Model::Kafka, forbidden(calm()), Parameters::with_failure_target(Model::Kafka), "só o destino de falha")]
fn the_configuration_follows_the_needs(
    #[case] model: Model,
    #[case] needs: Needs,
    #[case] expected: Parameters,
    #[case] why: &str,
) {
    check_configuration(&configure(&needs, model), &expected, &format!("{model}: {why}"));
}

/// Escolhe e grava o que a escolha faz.
async fn bench(needs: &Needs, failure: Failure) -> (Choice, Trace) {
    let choice = match choose(needs) {
        Ok(choice) => choice,
        Err(conflict) => {
            panic!("estas necessidades cabem em um modelo, e a sua escolha recusou: {conflict}: {needs:?}")
        }
    };
    let horizon = choice.parameters.horizon.max(needs.outage * 3);
    let trace = record(choice.model, failure, &Parameters { horizon, ..choice.parameters.clone() }).await;
    (choice, trace)
}

/// Na bancada, com a função falhando o tempo todo, ainda se tenta depois que a pane teria acabado.
#[rstest]
#[case::asynchronous(outage(180))]
#[case::queue(outage(1_800))]
#[case::groups(Needs { outage: seconds(1_000), ..in_order() })]
#[case::stream(Needs { replay: true, ..outage(1_800) })]
#[tokio::test(start_paused = true)]
async fn the_choice_outlives_the_outage(#[case] needs: Needs) {
    let needs = forbidden(needs);
    let (choice, trace) = bench(&needs, Failure::FunctionError).await;
    let last = trace.attempts_of(trace.watched).last().map_or(Duration::ZERO, |attempt| attempt.started_at);
    assert!(
        last >= needs.outage,
        "{}: a pane dura {}, e a última tentativa foi aos {}: o evento foi abandonado antes de a pane acabar",
        choice.model,
        duration(needs.outage),
        duration(last)
    );
    let kept = trace.found.iter().any(|found| found.event == trace.watched);
    assert!(kept, "{}: o evento não podia sumir, e no fim não está em lugar nenhum", choice.model);
}

/// Na bancada, quem vinha atrás de um registro ruim anda a tempo, para a função ou para o destino de falha.
#[rstest]
#[case::groups(at_most(90, in_order()))]
#[case::stream(forbidden(at_most(600, Needs { outage: seconds(60), replay: true, ..in_order() })))]
#[tokio::test(start_paused = true)]
async fn the_others_move_in_time(#[case] needs: Needs) {
    let limit = needs.stopped_at_most.unwrap_or_default();
    let (choice, trace) = bench(&needs, Failure::PoisonRecord).await;
    let other = EventId(2);
    let tried = trace.attempts_of(other).map(|attempt| attempt.started_at);
    let left = trace.found.iter().filter(|found| found.event == other && found.place == Place::OnFailure);
    let moved = tried.chain(left.map(|found| found.since)).min();
    let saw = moved.map_or("não andou".to_owned(), |at| format!("só andou aos {}", duration(at)));
    let limit_text = duration(limit);
    assert!(
        moved.is_some_and(|at| at <= limit),
        "{}: o evento 2 podia ficar parado por {limit_text}, e {saw}",
        choice.model
    );
}

/// Na bancada, um cliente recusado desiste a tempo de a função ainda caber no que ele espera.
#[tokio::test(start_paused = true)]
async fn a_refused_caller_still_has_time() {
    let needs = answer(5);
    let (_, trace) = bench(&needs, Failure::Throttle).await;
    let last = trace.attempts.iter().map(|attempt| attempt.started_at).max().unwrap_or_default();
    let spare = seconds(5) - needs.timeout;
    assert!(
        last <= spare,
        "a última tentativa começou aos {}, e só até {} a função, de 3 s, ainda cabe em 5 s",
        duration(last),
        duration(spare)
    );
}

/// A escolha inteira: modelo, motivo, configuração e o que ela obriga a fazer.
#[rstest]
#[case::sms(
    forbidden(Needs { duplicate: Duplicate::Costly, ..outage(600) }), Model::SqsStandard, FailureTarget::DeadLetterQueue,
    &[Duty::Idempotency, Duty::Alarm(Metric::ApproximateNumberOfMessagesVisible)],
    "os SMS: sem ordem, pane de 600 s, perda proibida, e um SMS repetido custa"
)]
#[case::forecast(
    forbidden(Needs { replay: true, ..in_order() }), Model::Kinesis, FailureTarget::OnFailure,
    &[Duty::FetchTheRecord, Duty::Alarm(Metric::IteratorAge), Duty::Alarm(Metric::ApproximateNumberOfMessagesVisible)],
    "a previsão: em ordem, com quem a releia, e sem perda"
)]
#[case::thumbnail(calm(), Model::Asynchronous, FailureTarget::Nothing, &[Duty::Alarm(Metric::AsyncEventAge)], "uma miniatura, que pode sumir e pode ser feita duas vezes")]
fn a_choice_comes_with_its_duties(
    #[case] needs: Needs,
    #[case] model: Model,
    #[case] target: FailureTarget,
    #[case] duties: &[Duty],
    #[case] why: &str,
) {
    let choice = choose(&needs);
    let got = choice.map(|choice| (choice.model, choice.parameters.failure_target, choice.duties));
    check("choose", &got, &Ok((model, target, duties.to_vec())), why);
}
