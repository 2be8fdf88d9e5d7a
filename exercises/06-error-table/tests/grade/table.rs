//! Os testes do passo `table`: o que cada célula pode dizer, e o quadro inteiro.

use std::time::Duration;

use error_table::model::{Failure, Fate, GaveUp, Model, Observation, Wait};
use error_table::table::{Column, QUESTIONS, Table, attempts, cell, merge, table, waits};
use rstest::rstest;

use crate::support::observations::{
    Recorded, aging_stream, bisecting_stream, board, impatient_queue, observed, once, published,
    queue_without_a_dead_letter_queue, unpublished,
};

/// Compara o que a função do passo devolveu com o que as observações sustentam, e conta por quê.
#[track_caller]
fn check<T: PartialEq + std::fmt::Debug>(function: &str, returned: &T, expected: &T, why: &str) {
    assert!(returned == expected, "{why}: `{function}` é {expected:?}; a sua devolveu {returned:?}");
}

/// O número de tentativas vai para a célula quando é da AWS.
#[rstest]
#[case::two_retries(observed(Model::Asynchronous, Failure::FunctionError), "3", "as esperas são publicadas")]
#[case::only_one(observed(Model::Synchronous, Failure::Timeout), "1", "não houve espera nenhuma")]
#[case::drawn(
    observed(Model::Synchronous, Failure::Throttle),
    "3, sem rodar",
    "o cliente sorteia a espera, mas conta as tentativas; e a função não rodou em nenhuma"
)]
#[case::six_hours(
    observed(Model::Asynchronous, Failure::Throttle),
    "80, sem rodar",
    "todas as 79 esperas são publicadas: quem refizer a conta chega a 80"
)]
#[case::the_limit_counts(
    observed(Model::Kafka, Failure::FunctionError),
    "11",
    "a espera não é publicada, mas foi o limite que parou a conta, e a função rodou em todas"
)]
#[case::split_batch(
    bisecting_stream().observation,
    "4",
    "dividir o lote não gasta do limite, mas foi ele que parou a conta, e a função rodou nas quatro"
)]
fn an_honest_number_is_shown(#[case] observation: Observation, #[case] expected: &str, #[case] why: &str) {
    check("attempts", &attempts(&observation), &expected.to_owned(), &title(&observation, why));
}

/// Um número que depende do recuo da bancada não vai para a célula.
#[rstest]
#[case::an_endless_stream(
    observed(Model::Kinesis, Failure::PoisonRecord),
    "não publicado, e continua aos 10 min",
    "as 15 tentativas são do recuo da bancada, e o evento ainda espera"
)]
#[case::a_refused_stream(
    observed(Model::DynamoDbStreams, Failure::SystemError),
    "não publicado, sem rodar, e continua aos 10 min",
    "a função não rodou, e o evento ainda espera"
)]
#[case::stopped_by_age(
    aging_stream().observation,
    "não publicado",
    "quem parou a conta foi a idade: com outro recuo caberiam mais ou menos tentativas"
)]
#[case::a_refused_queue(
    observed(Model::SqsStandard, Failure::Throttle),
    "não publicado, sem rodar",
    "quem parou foi o limite de recebimentos, mas a insistência dentro de cada um não é publicada, e a função não rodou"
)]
#[case::refused_at_times(
    Observation { attempts: 12, runs: 11, ..observed(Model::Kafka, Failure::FunctionError) },
    "não publicado",
    "uma das 12 foi recusada, e recusas não gastam do limite: quantas são depende do recuo"
)]
fn a_number_of_the_bench_is_not(#[case] observation: Observation, #[case] expected: &str, #[case] why: &str) {
    check("attempts", &attempts(&observation), &expected.to_owned(), &title(&observation, why));
}

/// O que ainda espera no fim da gravação diz até quando se olhou.
#[rstest]
#[case::ten_minutes(600, "20, e continua aos 10 min")]
#[case::one_hour_and_a_half(5_400, "20, e continua aos 1 h 30 min")]
fn what_still_waits_says_until_when(#[case] horizon: u64, #[case] expected: &str) {
    let recorded = queue_without_a_dead_letter_queue().observation;
    let observation = Observation { horizon: Duration::from_secs(horizon), ..recorded };
    let why =
        title(&observation, "sem DLQ a mensagem volta a cada 30 s, que é publicado, e a gravação acabou antes dela");
    check("attempts", &attempts(&observation), &expected.to_owned(), &why);
}

fn title(observation: &Observation, why: &str) -> String {
    format!("{}, {}: {why}", observation.model, observation.failure)
}

fn waiting(waits: Vec<Wait>) -> Observation {
    let attempts = u32::try_from(waits.len() + 1).unwrap_or(u32::MAX);
    Observation { attempts, runs: attempts, waits, ..once(Model::SqsStandard, Failure::FunctionError) }
}

/// As esperas medidas cabem em uma frase.
#[rstest]
#[case::none(&[], "—", "não houve espera")]
#[case::always_the_same(&[30, 30, 30, 30], "30 s", "as quatro são iguais")]
#[case::two(&[60, 120], "1 min e 2 min", "há dois valores")]
#[case::two_in_any_order(&[120, 60, 120], "1 min e 2 min", "há dois valores, e o menor vem primeiro")]
#[case::three(&[1, 2, 4], "de 1 s a 4 s", "com três valores ou mais ficam o menor e o maior")]
#[case::many(&[256, 300, 300, 1, 64], "de 1 s a 5 min", "o menor e o maior, seja qual for a ordem")]
fn measured_waits_are_summed_up(#[case] seconds: &[u64], #[case] expected: &str, #[case] why: &str) {
    check("waits", &waits(&waiting(published(seconds))), &expected.to_owned(), &format!("{seconds:?} s: {why}"));
}

/// Uma espera sem número continua sem número.
#[rstest]
#[case::unpublished(unpublished(3), "não publicada")]
#[case::drawn(vec![Wait::Drawn; 2], "sorteada")]
#[case::insist_then_return([unpublished(2), published(&[30]), unpublished(2), published(&[30])].concat(), "não publicada ou 30 s")]
#[case::return_then_insist([published(&[30]), unpublished(1)].concat(), "30 s ou não publicada")]
#[case::several_measures([published(&[5]), unpublished(1), published(&[9, 7])].concat(), "de 5 s a 9 s ou não publicada")]
#[case::all_kinds([vec![Wait::Drawn], published(&[2, 1]), unpublished(1)].concat(), "sorteada ou 1 s e 2 s ou não publicada")]
fn a_wait_without_a_number_gets_none(#[case] recorded: Vec<Wait>, #[case] expected: &str) {
    let why = format!("as esperas foram {recorded:?}, e cada tipo aparece uma vez, na ordem em que surgiu");
    check("waits", &waits(&waiting(recorded)), &expected.to_owned(), &why);
}

use Failure::{FunctionError, PoisonRecord, SystemError, Throttle, Timeout};

/// A etiqueta diz de quais falhas se está falando, e só falta quando são todas.
#[rstest]
#[case::all_agree(&[(FunctionError, "a"), (Throttle, "a")], &[FunctionError, Throttle], "a", "todas as falhas do quadro deram o mesmo")]
#[case::two_answers(&[(FunctionError, "a"), (Throttle, "b")], &[FunctionError, Throttle], "a (erro); b (429)", "cada falha deu uma resposta")]
#[case::not_neighbours(
    &[(FunctionError, "a"), (Throttle, "b"), (PoisonRecord, "a")], &[FunctionError, Throttle, PoisonRecord], "a (erro, ruim); b (429)",
    "erro e registro ruim deram o mesmo, e ficam juntos onde o primeiro apareceu"
)]
#[case::three_answers(
    &[(Timeout, "c"), (SystemError, "b"), (PoisonRecord, "a")], &[Timeout, SystemError, PoisonRecord], "c (tempo); b (500); a (ruim)",
    "a ordem é a das falhas, não a do alfabeto"
)]
#[case::one_not_observed(
    &[(FunctionError, "a"), (Timeout, "a")], &[FunctionError, Timeout, Throttle], "a (erro, tempo)",
    "o quadro tem a coluna do 429 de outro modelo, e deste ninguém observou o 429: sem etiqueta a célula prometeria demais"
)]
#[case::a_table_of_one(&[(Throttle, "a")], &[Throttle], "a", "o quadro só tem uma falha, e ela foi observada")]
fn the_label_says_which_failures(
    #[case] texts: &[(Failure, &str)],
    #[case] failures: &[Failure],
    #[case] expected: &str,
    #[case] why: &str,
) {
    let texts: Vec<(Failure, String)> = texts.iter().map(|(failure, text)| (*failure, (*text).to_owned())).collect();
    check("cell", &cell(&texts, failures), &expected.to_owned(), why);
}

#[track_caller]
fn answer(table: &Table, column: usize, question: &str) -> String {
    let row = QUESTIONS.iter().position(|(each, _)| *each == question).unwrap_or_default();
    let cell = table.columns.get(column).and_then(|column| column.cells.get(row));
    cell.unwrap_or_else(|| panic!("o quadro não tem a célula de {question:?} na coluna {column}: {table:?}")).clone()
}

fn names(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

/// Uma coluna por modelo observado, na ordem do quadro; as observações vêm em qualquer ordem.
#[test]
fn the_columns_are_the_observed_models_in_order() {
    let scattered = [
        observed(Model::AmazonMq, Throttle),
        observed(Model::Synchronous, PoisonRecord),
        observed(Model::Kinesis, Throttle),
        observed(Model::Synchronous, FunctionError),
    ];
    let why = "só três modelos foram observados, e a ordem é a de `Model::ALL`";
    check("table", &names(&table(&scattered)), &vec!["Síncrona", "Kinesis", "Amazon MQ"], why);
}

/// Sem observações não há o que dizer.
#[test]
fn no_observations_no_columns() {
    let why = "ninguém observou nada";
    check("table", &table(&[]).columns, &Vec::new(), why);
}

/// Uma célula por pergunta, na ordem delas, e cada uma com a resposta da sua pergunta.
#[test]
fn each_question_has_its_cell() {
    let made = table(&[observed(Model::SqsFifo, PoisonRecord)]);
    let expected = [
        "a própria fila",
        "5",
        "30 s",
        "todas gastam",
        "pelo limite",
        "a mesma chave",
        "um evento",
        "DLQ da fonte",
        "2 min 30 s",
        "tratado",
        "ApproximateAgeOfOldestMessage, ApproximateNumberOfMessagesVisible",
    ];
    let why = "uma fila FIFO diante de um registro ruim, e o quadro só tem essa falha";
    check(
        "table",
        &made.columns.first().map(|each| each.cells.clone()),
        &Some(expected.map(str::to_owned).into()),
        why,
    );
}

/// Dentro de uma célula as falhas vão na ordem do quadro, seja qual for a das observações.
#[test]
fn failures_are_in_order_inside_a_cell() {
    let seen =
        [SystemError, PoisonRecord, FunctionError, Throttle].map(|failure| observed(Model::Synchronous, failure));
    let why = "as observações vieram na ordem 500, ruim, erro, 429";
    check("table", &answer(&table(&seen), 0, "Tentativas"), &"1 (erro, ruim); 3, sem rodar (429, 500)".to_owned(), why);
}

/// O que uma coluna não observou aparece nela porque outra observou.
#[test]
fn a_failure_seen_elsewhere_brings_the_label() {
    let made = table(&[
        observed(Model::Asynchronous, FunctionError),
        observed(Model::SqsFifo, FunctionError),
        observed(Model::SqsFifo, Throttle),
    ]);
    let why = "da assíncrona só se observou o erro da função, e o quadro também tem o 429";
    check("table", &answer(&made, 0, "Tentativas"), &"3 (erro)".to_owned(), why);
    let why = "a fila FIFO deu a mesma resposta para as duas falhas do quadro";
    check("table", &answer(&made, 1, "Onde o evento acaba"), &"DLQ da fonte".to_owned(), why);
}

/// Mude a configuração, e a célula muda.
#[rstest]
#[case::impatient_queue(impatient_queue(), [("Tentativas", "2"), ("Espera entre elas", "1 min 30 s"), ("Desde quando", "3 min")])]
#[case::no_dlq(queue_without_a_dead_letter_queue(), [("Desiste", "ainda não desistiu"), ("Onde o evento acaba", "à espera"), ("Quem fica sabendo", "ninguém")])]
#[case::bisecting_stream(bisecting_stream(), [("Tentativas", "4"), ("O lote", "encolhe"), ("Os outros dois", "tratado")])]
#[case::aging_stream(aging_stream(), [("Tentativas", "não publicado"), ("Desiste", "pela idade"), ("Onde o evento acaba", "perdido")])]
fn the_cells_follow_the_parameters(#[case] recorded: Recorded, #[case] expected: [(&str, &str); 3]) {
    let made = table(std::slice::from_ref(&recorded.observation));
    for (question, text) in expected {
        let why = format!("{}, {:?}, {question}", recorded.observation.model, recorded.parameters);
        check("table", &answer(&made, 0, question), &text.to_owned(), &why);
    }
}

fn column(name: &str, cells: &[&str]) -> Column {
    Column { name: name.to_owned(), cells: cells.iter().map(|cell| (*cell).to_owned()).collect() }
}

/// Só as colunas iguais em todas as linhas viram uma, no lugar da primeira.
#[rstest]
#[case::neighbours(vec![column("A", &["1", "2"]), column("B", &["1", "2"]), column("C", &["3", "2"])], &["A, B", "C"], "A e B são iguais")]
#[case::far_apart(vec![column("A", &["1", "2"]), column("B", &["3", "2"]), column("C", &["1", "2"])], &["A, C", "B"], "A e C são iguais, com B no meio")]
#[case::three(vec![column("A", &["1"]), column("B", &["1"]), column("C", &["1"])], &["A, B, C"], "as três são iguais")]
#[case::almost(vec![column("A", &["1", "2", "3"]), column("B", &["1", "2", "4"]), column("C", &["0", "2", "3"])], &["A", "B", "C"], "cada uma difere das outras em uma linha")]
#[case::two_pairs(vec![column("A", &["1"]), column("B", &["2"]), column("C", &["1"]), column("D", &["2"])], &["A, C", "B, D"], "há dois pares")]
fn equal_columns_become_one(#[case] columns: Vec<Column>, #[case] expected: &[&str], #[case] why: &str) {
    let cells: Vec<Vec<String>> = columns.iter().map(|column| column.cells.clone()).collect();
    let merged = merge(Table { columns });
    check("merge", &names(&merged), &expected.to_vec(), why);
    let kept = merged.columns.iter().all(|column| cells.contains(&column.cells));
    assert!(kept, "{why}: juntar colunas não muda célula nenhuma; a sua devolveu {merged:?}");
}

/// Os dois fluxos dizem o mesmo até que a configuração de um mude.
#[test]
fn one_parameter_parts_the_streams() {
    let (kinesis, dynamodb) = (observed(Model::Kinesis, PoisonRecord), observed(Model::DynamoDbStreams, PoisonRecord));
    let why = "os dois fluxos, com os padrões, diante de um registro ruim";
    let same = merge(table(&[kinesis, dynamodb.clone()]));
    check("merge", &names(&same), &vec!["Kinesis, DynamoDB Streams"], why);
    let apart = merge(table(&[bisecting_stream().observation, dynamodb]));
    check(
        "merge",
        &names(&apart),
        &vec!["Kinesis", "DynamoDB Streams"],
        "só o Kinesis divide o lote e desiste depois de 2",
    );
}

/// O evento que ninguém guarda some do quadro como sumiu da AWS.
#[test]
fn a_lost_event_is_lost_in_the_table() {
    let observation =
        Observation { fate: Fate::Lost, gave_up: Some(GaveUp::Limit), ..observed(Model::Asynchronous, Timeout) };
    let made = table(&[Observation { kept_since: None, ..observation }]);
    let told = [answer(&made, 0, "Onde o evento acaba"), answer(&made, 0, "Desde quando")];
    check("table", &told, &["perdido", "—"].map(str::to_owned), "assíncrona sem destino de falha");
}

/// O quadro inteiro: oito modelos, cinco falhas, com o destino de falha que cada modelo aceita.
#[test]
fn the_whole_table() {
    let observations: Vec<Observation> = board().into_iter().map(|recorded| recorded.observation).collect();
    insta::assert_snapshot!(merge(table(&observations)).to_markdown(), @r"
    |  | Síncrona | Assíncrona | SQS padrão | SQS FIFO | Kinesis, DynamoDB Streams | Kafka | Amazon MQ |
    |---|---|---|---|---|---|---|---|
    | Quem repete | ninguém (erro, tempo, ruim); o cliente (429, 500) | a fila interna | a própria fila (erro, tempo, ruim); o mapeamento e a própria fila (429, 500) | a própria fila (erro, tempo, ruim); o mapeamento e a própria fila (429, 500) | o mapeamento | o mapeamento | a própria fila (erro, tempo, ruim); o mapeamento (429, 500) |
    | Tentativas | 1 (erro, tempo, ruim); 3, sem rodar (429, 500) | 3 (erro, tempo, ruim); 80, sem rodar (429, 500) | 5 (erro, tempo, ruim); não publicado, sem rodar (429, 500) | 5 (erro, tempo, ruim); não publicado, sem rodar (429, 500) | não publicado, e continua aos 10 min (erro, tempo, ruim); não publicado, sem rodar, e continua aos 10 min (429, 500) | 11 (erro, tempo, ruim); não publicado, sem rodar, e continua aos 10 min (429, 500) | 7 (erro, tempo, ruim); não publicado, sem rodar, e continua aos 10 min (429, 500) |
    | Espera entre elas | — (erro, tempo, ruim); sorteada (429, 500) | 1 min e 2 min (erro, tempo, ruim); de 1 s a 5 min (429, 500) | 30 s (erro, tempo, ruim); não publicada ou 30 s (429, 500) | 30 s (erro, tempo, ruim); não publicada ou 30 s (429, 500) | não publicada | não publicada | não publicada |
    | O limite | todas gastam | todas gastam (erro, tempo, ruim); nenhuma gasta (429, 500) | todas gastam (erro, tempo, ruim); umas gastam (429, 500) | todas gastam (erro, tempo, ruim); umas gastam (429, 500) | todas gastam (erro, tempo, ruim); nenhuma gasta (429, 500) | todas gastam (erro, tempo, ruim); nenhuma gasta (429, 500) | todas gastam (erro, tempo, ruim); nenhuma gasta (429, 500) |
    | Desiste | — | pelo limite (erro, tempo, ruim); pela idade (429, 500) | pelo limite | pelo limite | ainda não desistiu | pelo limite (erro, tempo, ruim); ainda não desistiu (429, 500) | pelo limite (erro, tempo, ruim); ainda não desistiu (429, 500) |
    | O que fica parado | nada | nada | nada | a mesma chave | tudo atrás dele | tudo atrás dele | não publicado |
    | O lote | um evento | um evento | um evento | um evento | um evento | um evento | um evento |
    | Onde o evento acaba | com quem chamou | DLQ da função | DLQ da fonte | DLQ da fonte | à espera | OnFailure, só o endereço (erro, tempo, ruim); à espera (429, 500) | DLQ da fonte (erro, tempo, ruim); à espera (429, 500) |
    | Desde quando | — | 3 min 0,3 s (erro, ruim); 3 min 9 s (tempo); 5 h 58 min 31 s (429, 500) | 2 min 30 s | 2 min 30 s | — | não publicado (erro, tempo, ruim); — (429, 500) | não publicado (erro, tempo, ruim); — (429, 500) |
    | Os outros dois | — (erro, tempo, 429, 500); tratado (ruim) | — (erro, tempo, 429, 500); tratado (ruim) | — (erro, tempo, 429, 500); tratado (ruim) | — (erro, tempo, 429, 500); tratado (ruim) | — (erro, tempo, 429, 500); à espera (ruim) | — (erro, tempo, 429, 500); tratado (ruim) | — (erro, tempo, 429, 500); tratado (ruim) |
    | Quem fica sabendo | 200 + X-Amz-Function-Error (erro, tempo, ruim); 429 (429); 500 (500) | AsyncEventAge, ApproximateNumberOfMessagesVisible | ApproximateNumberOfMessagesVisible | ApproximateAgeOfOldestMessage, ApproximateNumberOfMessagesVisible | IteratorAge | OffsetLag, ApproximateNumberOfMessagesVisible (erro, tempo, ruim); OffsetLag (429, 500) | QueueSize |
    ");
}
