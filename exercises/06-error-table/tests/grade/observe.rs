//! Os testes do passo `observe`: o que a gravação diz, e o que muda quando ela muda.

use std::time::Duration;

use error_table::model::{
    Answer, Attempt, Blocking, Charge, Contents, Ending, EventId, Failure, FailureTarget, Fate, Found, Metric, Model,
    Parameters, Place, Retrier, Signal, Starter, Trace, Wait,
};
use error_table::observe::{blocking, charge, fate, observe, retriers, waits};
use rstest::rstest;

use crate::support::traces::{answer, delivered, failed, found, record, seconds, succeeded, trace};

/// Compara o que a função do passo devolveu com o que a gravação diz, e conta por quê.
fn check<T: PartialEq + std::fmt::Debug>(function: &str, returned: &T, expected: &T, why: &str) {
    assert!(returned == expected, "{why}: `{function}` é {expected:?}; a sua devolveu {returned:?}");
}

/// Quem repete é quem fez o evento voltar.
#[rstest]
#[case::nobody(Model::Synchronous, Failure::FunctionError, &[], "o SDK não repete um erro da função, que chega com 200")]
#[case::the_client(Model::Synchronous, Failure::Throttle, &[Retrier::Client], "o SDK repete o 429")]
#[case::lambda(Model::Asynchronous, Failure::FunctionError, &[Retrier::InternalQueue], "o evento volta à fila interna do Lambda")]
#[case::the_queue(Model::SqsStandard, Failure::FunctionError, &[Retrier::Source], "depois de um erro o mapeamento não faz nada, e é a fila que entrega a mensagem outra vez")]
#[case::both(Model::SqsStandard, Failure::Throttle, &[Retrier::EventSourceMapping, Retrier::Source], "sem vaga, o mapeamento insiste até a visibilidade acabar, e então a fila entrega outra vez")]
#[case::the_mapping(Model::Kinesis, Failure::PoisonRecord, &[Retrier::EventSourceMapping], "o mapeamento chama de novo com o mesmo lote do shard")]
#[case::the_broker(Model::AmazonMq, Failure::FunctionError, &[Retrier::Source], "o broker entrega a mensagem de novo e conta a reentrega")]
#[tokio::test(start_paused = true)]
async fn the_retrier_is_who_brought_the_event_back(
    #[case] model: Model,
    #[case] failure: Failure,
    #[case] expected: &[Retrier],
    #[case] why: &str,
) {
    let parameters = Parameters { visibility_timeout: seconds(5), ..Parameters::with_failure_target(model) };
    let trace = record(model, failure, &parameters).await;
    check("retriers", &retriers(&trace), &expected.to_vec(), &format!("{model}, {failure}: {why}"));
}

/// Quem aparece depois fica depois, e ninguém aparece duas vezes.
#[test]
fn retriers_come_in_order_and_once() {
    let again =
        [failed(&[1], 0, 1), failed(&[1], 2, 3), failed(&[1], 30, 31), failed(&[1], 32, 33), failed(&[1], 60, 61)];
    let counts = [1, 1, 2, 2, 3];
    let mut recorded = trace(counts.into_iter().zip(again).map(|(count, each)| delivered(count, each)).collect());
    recorded.attempts[0].started_by = Starter::Client;
    recorded.attempts.insert(1, Attempt { started_by: Starter::Client, ..failed(&[3], 0, 1) });
    let why = "as entregas foram 1, 1, 2, 2 e 3: quem voltou a chamar foi o mapeamento, e depois a fila entregou de novo; o \
               cliente só fez a primeira, e a do evento 3, que não é o observado";
    check("retriers", &retriers(&recorded), &vec![Retrier::EventSourceMapping, Retrier::Source], why);

    let again = [(1, failed(&[1], 0, 1)), (2, failed(&[1], 30, 31)), (2, failed(&[1], 32, 33))];
    let recorded = trace(again.into_iter().map(|(count, each)| delivered(count, each)).collect());
    let why = "as entregas foram 1, 2 e 2: a fila entregou de novo, e dentro da segunda entrega o mapeamento insistiu";
    check("retriers", &retriers(&recorded), &vec![Retrier::Source, Retrier::EventSourceMapping], why);
}

/// As esperas são as da documentação e da configuração.
#[rstest]
#[case::asynchronous(Model::Asynchronous, Failure::FunctionError, 2, &[60, 120], "a fila interna espera 1 min e 2 min, contados do fim da tentativa")]
#[case::visibility(Model::SqsFifo, Failure::Timeout, 2, &[20, 20], "a função levou 3 s, e a visibilidade de 20 s conta da entrega, não do fim da tentativa")]
#[tokio::test(start_paused = true)]
async fn published_waits_are_measured(
    #[case] model: Model,
    #[case] failure: Failure,
    #[case] retries: u32,
    #[case] expected: &[u64],
    #[case] why: &str,
) {
    let parameters = Parameters {
        maximum_retry_attempts: Some(retries),
        visibility_timeout: seconds(20),
        max_receive_count: 3,
        ..Parameters::with_failure_target(model)
    };
    let trace = record(model, failure, &parameters).await;
    let expected: Vec<Wait> = expected.iter().map(|each| Wait::Published(seconds(*each))).collect();
    check("waits", &waits(&trace), &expected, &format!("{model}, {failure}: {why}"));
}

/// O que a AWS não publica não vira número.
#[rstest]
#[case::a_stream(Model::DynamoDbStreams, Failure::FunctionError, &[Wait::Unpublished, Wait::Unpublished], "o recuo do fluxo não é publicado")]
#[case::a_client(Model::Synchronous, Failure::SystemError, &[Wait::Drawn, Wait::Drawn], "o cliente sorteia cada espera")]
#[case::a_broker(Model::AmazonMq, Failure::FunctionError, &[Wait::Unpublished; 6], "o broker entrega 7 vezes, mas o intervalo entre as reentregas não é publicado")]
#[case::a_full_function(Model::SqsStandard, Failure::Throttle, &[Wait::Unpublished, Wait::Unpublished, Wait::Published(Duration::from_secs(3)), Wait::Unpublished, Wait::Unpublished], "sem vaga, o mapeamento insiste em um intervalo que não é publicado; a entrega seguinte vem na visibilidade, de 3 s, contada da primeira tentativa da entrega anterior")]
#[tokio::test(start_paused = true)]
async fn unpublished_waits_have_no_number(
    #[case] model: Model,
    #[case] failure: Failure,
    #[case] expected: &[Wait],
    #[case] why: &str,
) {
    let parameters = Parameters {
        maximum_retry_attempts: Some(2),
        visibility_timeout: seconds(3),
        max_receive_count: 2,
        ..Parameters::with_failure_target(model)
    };
    let trace = record(model, failure, &parameters).await;
    check("waits", &waits(&trace), &expected.to_vec(), &format!("{model}, {failure}: {why}"));
}

/// Só conta a espera do evento observado.
#[test]
fn attempts_of_other_events_are_not_waits() {
    let recorded = trace(vec![failed(&[1, 2], 0, 4), failed(&[2], 5, 6), failed(&[3], 7, 8), succeeded(&[1], 10, 12)]);
    let why = "o evento 1 foi tentado de 0 a 4 s e a partir dos 10 s, e não há fila: a espera vai do fim ao começo";
    check("waits", &waits(&recorded), &vec![Wait::Published(seconds(6))], why);

    let deliveries =
        [(1, failed(&[2], 0, 1)), (1, failed(&[1], 5, 6)), (2, failed(&[2], 30, 31)), (2, failed(&[1], 35, 36))];
    let recorded = trace(deliveries.into_iter().map(|(count, each)| delivered(count, each)).collect());
    let why = "a primeira entrega do evento 1 foi aos 5 s, e a segunda, aos 35 s; a de 0 s foi a do evento 2";
    check("waits", &waits(&recorded), &vec![Wait::Published(seconds(30))], why);
}

/// O que gasta do limite.
#[rstest]
#[case::asynchronous_throttle(
    Model::Asynchronous,
    Failure::Throttle,
    Charge::Never,
    "a recusa não gasta MaximumRetryAttempts; só a idade acaba"
)]
#[case::client_throttle(
    Model::Synchronous,
    Failure::Throttle,
    Charge::Always,
    "para o SDK, a tentativa recusada é uma tentativa"
)]
#[case::client_server_error(Model::Synchronous, Failure::SystemError, Charge::Always, "para o SDK, a do 500 também")]
#[case::shard_timeout(
    Model::Kinesis,
    Failure::Timeout,
    Charge::Always,
    "o tempo esgotado é um erro da função, e gasta como os outros"
)]
#[case::queue_throttle(
    Model::SqsStandard,
    Failure::Throttle,
    Charge::Sometimes,
    "a fila conta entregas: só a primeira tentativa de cada uma gasta de maxReceiveCount"
)]
#[case::broker_refusal(Model::AmazonMq, Failure::SystemError, Charge::Never, "a recusa não conta como reentrega")]
#[tokio::test(start_paused = true)]
async fn an_attempt_is_charged_when_the_count_rises(
    #[case] model: Model,
    #[case] failure: Failure,
    #[case] expected: Charge,
    #[case] why: &str,
) {
    let parameters = Parameters { visibility_timeout: seconds(5), ..Parameters::with_failure_target(model) };
    let trace = record(model, failure, &parameters).await;
    check("charge", &charge(&trace), &expected, &format!("{model}, {failure}: {why}"));
}

/// O gasto se compara com o da tentativa anterior, e a que deu certo não falhou.
#[rstest]
#[case::the_piece_starts_over(&[(3, 1), (1, 1), (1, 2)], None, Charge::Sometimes, "o gasto foi 1, 1 e 2: dividir o lote não gastou")]
#[case::the_piece_goes_back(&[(3, 1), (3, 2), (1, 1)], None, Charge::Sometimes, "o gasto foi 1, 2 e 1: o pedaço do lote recomeçou a conta, e recomeçar não é gastar")]
#[case::the_success_is_free(&[(1, 1), (1, 2), (1, 2)], Some(2), Charge::Always, "o gasto foi 1 e 2 nas que falharam; a terceira deu certo")]
#[case::after_a_success(&[(1, 1), (1, 1)], Some(0), Charge::Never, "o gasto foi 1 e 1: a primeira deu certo, e a segunda, que falhou, não subiu a conta")]
#[case::nothing_failed(&[(1, 0)], Some(0), Charge::Never, "nenhuma tentativa falhou")]
fn charge_compares_with_the_attempt_before(
    #[case] attempts: &[(u8, u32)],
    #[case] succeeds: Option<usize>,
    #[case] expected: Charge,
    #[case] why: &str,
) {
    let attempt = |(at, (size, spent)): (u64, &(u8, u32))| Attempt {
        spent: *spent,
        ..failed(&(1..=*size).collect::<Vec<_>>(), at * 10, at * 10 + 1)
    };
    let mut attempts: Vec<Attempt> = (0..).zip(attempts).map(attempt).collect();
    if let Some(index) = succeeds {
        attempts[index].ending = Ending::Succeeded;
    }
    check("charge", &charge(&trace(attempts)), &expected, why);
}

/// O que para atrás do evento observado.
#[rstest]
#[case::standard_queue(
    Model::SqsStandard,
    Failure::PoisonRecord,
    1,
    1,
    Blocking::Nothing,
    "a fila padrão não espera por ninguém"
)]
#[case::fifo_queue(
    Model::SqsFifo,
    Failure::PoisonRecord,
    1,
    1,
    Blocking::SameKey,
    "o grupo do evento 1 espera por ele, e o evento 3 é de outro grupo"
)]
#[case::shard(
    Model::Kinesis,
    Failure::PoisonRecord,
    1,
    1,
    Blocking::Everything,
    "o shard inteiro espera, seja qual for a chave"
)]
#[case::parallel_shard(
    Model::Kinesis,
    Failure::PoisonRecord,
    2,
    1,
    Blocking::SameKey,
    "com ParallelizationFactor 2 a outra chave anda em outra raia"
)]
#[case::broken_fifo(
    Model::SqsFifo,
    Failure::FunctionError,
    1,
    1,
    Blocking::SameKey,
    "o evento 3 falhou sozinho, mas não ficou parado: foi tentado antes de o 1 se resolver"
)]
#[case::refused_fifo(
    Model::SqsFifo,
    Failure::Throttle,
    1,
    1,
    Blocking::SameKey,
    "o evento 3 foi tentado e recusado antes de o 1 se resolver: sem vaga, mas não atrás dele"
)]
#[case::broker(
    Model::AmazonMq,
    Failure::PoisonRecord,
    1,
    1,
    Blocking::Unpublished,
    "a ordem do Amazon MQ não é publicada"
)]
#[case::broker_batch(
    Model::AmazonMq,
    Failure::PoisonRecord,
    1,
    3,
    Blocking::Unpublished,
    "a ordem do Amazon MQ não é publicada, também quando os três vão no mesmo lote"
)]
#[case::same_batch(Model::Kafka, Failure::PoisonRecord, 1, 3, Blocking::Unseen, "os três foram sempre no mesmo lote")]
#[tokio::test(start_paused = true)]
async fn blocking_is_who_could_not_move(
    #[case] model: Model,
    #[case] failure: Failure,
    #[case] parallelization_factor: usize,
    #[case] batch_size: usize,
    #[case] expected: Blocking,
    #[case] why: &str,
) {
    let parameters = Parameters { parallelization_factor, batch_size, ..Parameters::of(model) };
    let trace = record(model, failure, &parameters).await;
    check("blocking", &blocking(&trace), &expected, &format!("{model}, {failure}: {why}"));
}

/// Quem começou antes do fim da última tentativa não ficou parado; quem começou no fim, ficou.
#[rstest]
#[case::on_the_dot(vec![failed(&[1], 0, 1), failed(&[1], 9, 10), succeeded(&[2], 10, 11), succeeded(&[3], 10, 11)], Blocking::Everything, "os dois só começaram aos 10 s, quando a última tentativa do evento 1 acabou")]
#[case::during_the_last(vec![failed(&[1], 0, 1), failed(&[1], 9, 10), succeeded(&[2], 9, 11), succeeded(&[3], 0, 1)], Blocking::Nothing, "o evento 2 começou aos 9 s, com a última tentativa do evento 1 ainda rodando")]
#[case::one_in_the_batch(vec![failed(&[1, 2], 0, 1), failed(&[1, 2], 9, 10), succeeded(&[3], 10, 11)], Blocking::Everything, "o evento 2 ia no lote, e não conta; o 3, de outra chave, esperou")]
#[case::together_once(vec![failed(&[1], 0, 1), failed(&[1, 2, 3], 5, 6), failed(&[1], 9, 10)], Blocking::Unseen, "os três foram juntos em uma das tentativas, a do meio, e não sobrou ninguém para ficar atrás")]
fn blocking_looks_at_the_last_attempt(#[case] attempts: Vec<Attempt>, #[case] expected: Blocking, #[case] why: &str) {
    check("blocking", &blocking(&trace(attempts)), &expected, why);
}

const fn kept(place: Place, contents: Contents) -> Fate {
    Fate::Kept { place, contents }
}

/// Onde o evento foi parar, com e sem destino de falha.
#[rstest]
#[case::the_caller_knows(
    Model::Synchronous,
    FailureTarget::Nothing,
    Fate::WithCaller,
    "quem chamou recebeu 200 com X-Amz-Function-Error"
)]
#[case::nobody_knows(
    Model::Asynchronous,
    FailureTarget::Nothing,
    Fate::Lost,
    "quem chamou recebeu 202, e sem DLQ nem destino o evento é descartado"
)]
#[case::function_dlq(
    Model::Asynchronous,
    FailureTarget::DeadLetterQueue,
    kept(Place::FunctionDeadLetterQueue, Contents::Whole),
    "a DLQ da função guarda o evento original"
)]
#[case::no_redrive(Model::SqsStandard, FailureTarget::Nothing, Fate::Waiting, "sem DLQ a mensagem continua voltando")]
#[case::metadata(
    Model::Kinesis,
    FailureTarget::OnFailure,
    kept(Place::OnFailure, Contents::MetadataOnly),
    "o destino de um fluxo, em SQS, só guarda o endereço do registro"
)]
#[tokio::test(start_paused = true)]
async fn the_fate_depends_on_the_configuration(
    #[case] model: Model,
    #[case] failure_target: FailureTarget,
    #[case] expected: Fate,
    #[case] why: &str,
) {
    let parameters = Parameters { failure_target, maximum_retry_attempts: Some(2), ..Parameters::of(model) };
    let trace = record(model, Failure::PoisonRecord, &parameters).await;
    check("fate", &fate(&trace, EventId(1)), &expected, &format!("{model}, {failure_target:?}: {why}"));
}

/// O destino de um evento sai do que se achou, do que deu certo e do que foi respondido, nesta ordem.
#[rstest]
#[case::in_the_internal_queue(trace_with(&[Place::InternalQueue], &[(202, false)]), Fate::Waiting, "ainda está na fila interna")]
#[case::told_by_a_status(trace_with(&[], &[(400, false)]), Fate::WithCaller, "400 é um erro, e quem mandou o viu")]
#[case::a_good_answer(trace_with(&[], &[(200, false)]), Fate::Lost, "200 sem X-Amz-Function-Error não conta falha nenhuma")]
#[case::success_wins(Trace { attempts: vec![succeeded(&[1, 2], 0, 1)], ..trace_with(&[Place::Source], &[(500, false)]) }, Fate::Processed, "a função deu certo com ele")]
#[case::once_is_enough(Trace { attempts: vec![succeeded(&[1], 0, 1), failed(&[1], 30, 31)], ..trace_with(&[], &[]) }, Fate::Processed, "a função deu certo com ele na primeira tentativa; a segunda, que falhou, não desfaz isso")]
#[case::a_refusal(Trace { attempts: vec![Attempt { ending: Ending::Throttled, ..failed(&[1], 0, 0) }], ..trace_with(&[Place::Source], &[]) }, Fate::Waiting, "a tentativa foi recusada, e a função não rodou com ele")]
#[case::another_event(Trace { attempts: vec![succeeded(&[2], 0, 1)], ..trace_with(&[Place::OnFailure], &[]) }, kept(Place::OnFailure, Contents::Whole), "quem deu certo foi o evento 2")]
fn the_fate_is_read_in_order(#[case] trace: Trace, #[case] expected: Fate, #[case] why: &str) {
    check("fate", &fate(&trace, EventId(1)), &expected, why);
}

/// O evento 1 falhou; o 2 está na fonte e teve 500 como resposta.
fn trace_with(places: &[Place], answers: &[(u16, bool)]) -> Trace {
    let other = EventId(2);
    let mut recorded = trace(vec![failed(&[1], 0, 1)]);
    recorded.found = vec![Found { event: other, ..found(Place::Source) }];
    recorded.found.extend(places.iter().map(|place| found(*place)));
    recorded.answers = vec![Answer { event: other, ..answer(500, false) }];
    recorded.answers.extend(answers.iter().map(|(status, function_error)| answer(*status, *function_error)));
    recorded
}

/// Os que iam no mesmo lote de uma fila vão junto para a DLQ; no fluxo, dividir o lote salva os outros.
#[rstest]
#[case::the_whole_batch(
    Model::SqsStandard,
    false,
    kept(Place::SourceDeadLetterQueue, Contents::Whole),
    "as mensagens boas do lote falharam com a ruim e foram juntas para a DLQ"
)]
#[case::the_batch_split_in_two(Model::Kinesis, true, Fate::Processed, "dividido o lote, os registros bons passaram")]
#[tokio::test(start_paused = true)]
async fn companions_share_the_batch(
    #[case] model: Model,
    #[case] bisect: bool,
    #[case] expected: Fate,
    #[case] why: &str,
) {
    let parameters =
        Parameters { batch_size: 3, bisect, maximum_retry_attempts: Some(2), ..Parameters::with_failure_target(model) };
    let observation = observe(&record(model, Failure::PoisonRecord, &parameters).await);
    check("companions", &observation.companions, &vec![expected; 2], &format!("{model}, lote de 3: {why}"));
}

/// Mude a visibilidade e `maxReceiveCount`, e tudo o que se observa muda junto.
#[tokio::test(start_paused = true)]
async fn the_observation_follows_the_parameters() {
    let model = Model::SqsStandard;
    let parameters =
        Parameters { visibility_timeout: seconds(90), max_receive_count: 2, ..Parameters::with_failure_target(model) };
    let observation = observe(&record(model, Failure::PoisonRecord, &parameters).await);
    let why = "visibilidade de 90 s e maxReceiveCount 2, uma mensagem ruim";
    check("attempts", &observation.attempts, &2, why);
    check("waits", &observation.waits, &vec![Wait::Published(seconds(90))], why);
    check("kept_since", &observation.kept_since, &Some(seconds(180)), why);
    let signals = [Metric::ApproximateAgeOfOldestMessage, Metric::ApproximateNumberOfMessagesVisible];
    check("signals", &observation.signals, &signals.map(Signal::Metric).to_vec(), why);
}

/// A mesma função falha do mesmo jeito, e a síncrona é a única em que a resposta conta.
#[tokio::test(start_paused = true)]
async fn one_failure_under_two_models() {
    let [answered, queued] = [Model::Synchronous, Model::Asynchronous];
    let parameters = Parameters { horizon: seconds(600), ..Parameters::of(answered) };
    let answered = observe(&record(answered, Failure::Timeout, &parameters).await);
    let parameters = Parameters { horizon: seconds(600), ..Parameters::with_failure_target(queued) };
    let queued = observe(&record(queued, Failure::Timeout, &parameters).await);
    let why = "a função estoura o tempo, de 3 s";
    check("runs", &(answered.runs, queued.runs), &(1, 3), why);
    check("signals", &answered.signals, &vec![Signal::Answer { status: 200, function_error: true }], why);
    check("kept_since", &(answered.kept_since, queued.kept_since), &(None, Some(seconds(3 + 60 + 3 + 120 + 3))), why);
}
