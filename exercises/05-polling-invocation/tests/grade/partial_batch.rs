//! Os testes do passo `partial_batch`: o que a função conta e o que o mapeamento faz com isso.

use polling_invocation::partial_batch::{Outcome, Report, handle, read_report, settle_queue, settle_stream};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::reports::{expect_settlement, message_id, outcome, report, sqs_event, tell};
use crate::support::{expect_same, list};

/// Três mensagens de um lote.
const QUEUE: [&str; 3] = ["m-1", "m-2", "m-3"];

/// Quatro registros de um shard, na ordem dele: como número, cada um é maior que o anterior; como texto, não.
const SHARD: [&str; 4] = ["98", "99", "100", "4421584500000000017450439091"];

/// Estes corpos dizem que deu tudo certo.
#[rstest]
#[case::null("null")]
#[case::empty_object("{}")]
#[case::empty_list_of_failures(r#"{"batchItemFailures":[]}"#)]
#[case::null_list_of_failures(r#"{"batchItemFailures":null}"#)]
fn an_empty_report_is_a_success(#[case] body: &str) {
    expect_report(body, &Report::Success, "um relato vazio quer dizer que nada falhou");
}

/// Um fluxo aceita também um texto vazio e uma lista vazia.
#[rstest]
#[case::empty_text(r#""""#)]
#[case::empty_list("[]")]
fn a_stream_takes_other_empty_answers_too(#[case] body: &str) {
    let got = settle_stream(&SHARD, Outcome::Returned(body), true);
    expect_settlement(&got, &SHARD, &[], &tell(Outcome::Returned(body)), "é um relato vazio: deu tudo certo");
}

/// Um relato com identificadores diz quem falhou.
#[rstest]
#[case::one(&["m-2"])]
#[case::two_in_any_order(&["m-3", "m-1"])]
fn a_report_names_the_failures(#[case] identifiers: &[&str]) {
    let expected = Report::Failures(identifiers.iter().map(|&each| each.to_owned()).collect());
    expect_report(&report(identifiers), &expected, "a lista traz os identificadores de quem falhou");
}

/// Estes corpos não servem, e o lote inteiro falha.
#[rstest]
#[case::cut_json(r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}"#)]
#[case::not_json("m-2 falhou")]
#[case::empty_identifier(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#)]
#[case::null_identifier(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#)]
#[case::wrong_key(r#"{"batchItemFailures":[{"messageId":"m-2"}]}"#)]
#[case::snake_case_key(r#"{"batchItemFailures":[{"item_identifier":"m-2"}]}"#)]
#[case::empty_item(r#"{"batchItemFailures":[{}]}"#)]
#[case::a_good_one_beside_a_bad_one(r#"{"batchItemFailures":[{"itemIdentifier":"m-2"},{"itemIdentifier":""}]}"#)]
fn a_bad_report_is_invalid(#[case] body: &str) {
    expect_report(body, &Report::Invalid, "o Lambda não sabe quem falhou, e trata o lote inteiro como falha");
}

fn expect_report(body: &str, expected: &Report, rule: &str) {
    let shown = |report: &Report| match report {
        Report::Success => "Success".to_owned(),
        Report::Failures(identifiers) => format!("Failures com {}", list(identifiers, "nenhum identificador")),
        Report::Invalid => "Invalid".to_owned(),
    };
    let got = read_report(body);
    expect_same!(got, *expected, "`{body}`: {rule}. O relato é {}; o seu foi {}", shown(expected), shown(&got));
}

/// Em uma fila, só o que falhou volta; o resto é apagado.
#[rstest]
#[case::the_first(&["m-1"], &["m-2", "m-3"], &["m-1"])]
#[case::the_middle_one(&["m-2"], &["m-1", "m-3"], &["m-2"])]
#[case::two_out_of_order(&["m-3", "m-1"], &["m-2"], &["m-1", "m-3"])]
#[case::the_same_one_twice(&["m-2", "m-2"], &["m-1", "m-3"], &["m-2"])]
#[case::all_of_them(&["m-1", "m-2", "m-3"], &[], &["m-1", "m-2", "m-3"])]
fn a_queue_returns_only_the_failures(#[case] failures: &[&str], #[case] done: &[&str], #[case] retried: &[&str]) {
    let body = report(failures);
    let got = settle_queue(&QUEUE, Outcome::Returned(&body), true);
    expect_settlement(&got, done, retried, &tell(Outcome::Returned(&body)), "na fila, cada mensagem tem o seu destino");
}

/// Em uma fila, uma resposta que não serve devolve o lote inteiro.
#[rstest]
#[case::exception(None)]
#[case::invalid_json(Some("{"))]
#[case::empty_identifier(Some(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#))]
#[case::unknown_message(Some(r#"{"batchItemFailures":[{"itemIdentifier":"m-9"}]}"#))]
#[case::a_known_one_beside_an_unknown_one(Some(
    r#"{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-9"}]}"#
))]
fn a_queue_takes_the_whole_batch_back(#[case] body: Option<&str>) {
    let outcome = outcome(body);
    let got = settle_queue(&QUEUE, outcome, true);
    expect_settlement(&got, &[], &QUEUE, &tell(outcome), "o lote de m-1, m-2 e m-3 inteiro falhou");
}

/// Em uma fila, um relato vazio apaga o lote inteiro.
#[rstest]
#[case::null("null")]
#[case::nothing_failed(r#"{"batchItemFailures":[]}"#)]
fn a_queue_deletes_the_whole_batch(#[case] body: &str) {
    let got = settle_queue(&QUEUE, Outcome::Returned(body), true);
    expect_settlement(&got, &QUEUE, &[], &tell(Outcome::Returned(body)), "nada falhou, e as três são apagadas");
}

/// Em um fluxo, tudo dali em diante é refeito, mesmo o que deu certo.
#[rstest]
#[case::the_first(&["98"], 0)]
#[case::the_second(&["99"], 1)]
#[case::the_last(&["4421584500000000017450439091"], 3)]
#[case::the_lowest_of_two(&["99", "100"], 1)]
#[case::the_lowest_comes_last(&["4421584500000000017450439091", "100"], 2)]
#[case::lowest_as_a_number_not_as_text(&["100", "98"], 0)]
fn a_stream_goes_back_to_the_lowest_failure(#[case] failures: &[&str], #[case] checkpoint: usize) {
    let body = report(failures);
    let got = settle_stream(&SHARD, Outcome::Returned(&body), true);
    let (done, retried) = SHARD.split_at(checkpoint);
    let rule = "o menor número de sequência devolvido é o ponto de controle, e o shard recomeça dele";
    expect_settlement(&got, done, retried, &tell(Outcome::Returned(&body)), rule);
}

/// Em um fluxo, uma resposta que não serve refaz o lote inteiro.
#[rstest]
#[case::exception(None)]
#[case::empty_identifier(Some(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#))]
#[case::null_identifier(Some(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#))]
#[case::wrong_key(Some(r#"{"batchItemFailures":[{"foo":"99"}]}"#))]
#[case::a_number_that_is_not_in_the_batch(Some(r#"{"batchItemFailures":[{"itemIdentifier":123}]}"#))]
#[case::a_text_that_is_not_in_the_batch(Some(r#"{"batchItemFailures":[{"itemIdentifier":"123"}]}"#))]
fn a_stream_retries_the_whole_batch(#[case] body: Option<&str>) {
    let outcome = outcome(body);
    let got = settle_stream(&SHARD, outcome, true);
    expect_settlement(&got, &[], &SHARD, &tell(outcome), "o lote inteiro falhou, e o shard não anda");
}

/// Sem ReportBatchItemFailures, o que a função devolve não é lido.
#[rstest]
#[case::failures(Some(r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#), true)]
#[case::bad_report(Some(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#), true)]
#[case::any_other_answer(Some(r#"{"sent":3}"#), true)]
#[case::exception(None, false)]
fn without_the_response_type_the_report_is_ignored(#[case] body: Option<&str>, #[case] success: bool) {
    let outcome = outcome(body);
    let situation = format!("O mapeamento não tem ReportBatchItemFailures, e {}", tell(outcome));
    let rule = match success {
        true => "a função não lançou erro: o lote inteiro deu certo, diga o corpo o que disser",
        false => "um erro da função é sempre a falha do lote inteiro",
    };
    let all: &[&str] = &QUEUE;
    let (done, retried) = if success { (all, [].as_slice()) } else { ([].as_slice(), all) };
    let got = settle_queue(&QUEUE, outcome, false);
    expect_settlement(&got, done, retried, &format!("{situation} (fila)"), rule);
    let got = settle_stream(&QUEUE, outcome, false);
    expect_settlement(&got, done, retried, &format!("{situation} (fluxo)"), rule);
}

/// Roda `handle` e devolve os corpos tratados e a resposta, em JSON.
fn handled(queue: &str, bodies: &[&str], bad: &[&str]) -> (Vec<String>, Value) {
    let mut processed = Vec::new();
    let response = handle(&sqs_event(queue, bodies), |message| {
        let body = message.body.clone().unwrap_or_default();
        processed.push(body.clone());
        if bad.contains(&body.as_str()) { Err(format!("leitura malformada: {body}")) } else { Ok(()) }
    });
    (processed, serde_json::to_value(response).expect("vira JSON"))
}

/// Em uma fila padrão, a função trata todas as mensagens e conta as que falharam.
#[rstest]
#[case::none(&[], &[])]
#[case::the_first(&["a"], &[1])]
#[case::two(&["b", "d"], &[2, 4])]
#[case::all(&["a", "b", "c", "d"], &[1, 2, 3, 4])]
fn a_standard_queue_goes_on_after_a_failure(#[case] bad: &[&str], #[case] failures: &[u32]) {
    let bodies = ["a", "b", "c", "d"];
    let (processed, response) = handled("leituras", &bodies, bad);
    expect_same!(
        processed,
        bodies,
        "falham {}: em uma fila padrão as outras não têm nada com isso, e as quatro são tratadas; a sua função tratou {}",
        list(bad, "nenhuma"),
        list(&processed, "nenhuma")
    );
    expect_response(&response, failures);
}

/// Só o fim `.fifo` do nome faz uma fila FIFO.
#[rstest]
#[case::in_the_middle("leituras.fifo-antigas")]
#[case::without_the_dot("leituras-fifo")]
fn fifo_elsewhere_in_the_name_is_a_standard_queue(#[case] queue: &str) {
    let (processed, response) = handled(queue, &["a", "b", "c"], &["a"]);
    expect_same!(
        processed,
        ["a", "b", "c"],
        "a fila {queue} não termina em `.fifo`: é padrão, e as três são tratadas; a sua função tratou {}",
        list(&processed, "nenhuma")
    );
    expect_response(&response, &[1]);
}

/// Em uma fila FIFO, a função para na primeira falha e devolve também as que não tratou.
#[rstest]
#[case::none(&[], &["a", "b", "c", "d"], &[])]
#[case::the_first(&["a"], &["a"], &[1, 2, 3, 4])]
#[case::the_second(&["b"], &["a", "b"], &[2, 3, 4])]
#[case::the_second_and_the_last(&["b", "d"], &["a", "b"], &[2, 3, 4])]
#[case::the_last(&["d"], &["a", "b", "c", "d"], &[4])]
fn a_fifo_queue_stops_at_the_first_failure(#[case] bad: &[&str], #[case] tried: &[&str], #[case] failures: &[u32]) {
    let (processed, response) = handled("leituras.fifo", &["a", "b", "c", "d"], bad);
    expect_same!(
        processed,
        tried,
        "falham {}: em uma fila FIFO, tratar o que vem depois da falha troca a ordem; são tratadas {}, e a sua função tratou {}",
        list(bad, "nenhuma"),
        list(tried, "nenhuma"),
        list(&processed, "nenhuma")
    );
    expect_response(&response, failures);
}

fn expect_response(response: &Value, failures: &[u32]) {
    let items: Vec<Value> = failures.iter().map(|number| json!({ "itemIdentifier": message_id(*number) })).collect();
    let expected = json!({ "batchItemFailures": items });
    expect_same!(
        *response,
        expected,
        "a resposta traz o messageId de cada mensagem que deve voltar, na ordem do lote: `{expected}`; a sua foi `{response}`"
    );
}

/// O relato da função e a decisão do mapeamento se encaixam.
#[test]
fn the_function_and_the_mapping_agree() {
    let event = sqs_event("leituras.fifo", &["7h", "8h", "granizo?", "10h"]);
    let ids: Vec<&str> = event.records.iter().filter_map(|message| message.message_id.as_deref()).collect();
    let response = handle(&event, |message| match message.body.as_deref() {
        Some("granizo?") => Err("leitura malformada"),
        _ => Ok(()),
    });
    let body = serde_json::to_string(&response).expect("vira JSON");
    let got = settle_queue(&ids, Outcome::Returned(&body), true);
    let rule = "a leitura das 9h está malformada: ela e a das 10h voltam à fila, na ordem";
    expect_settlement(&got, &ids[..2], &ids[2..], &tell(Outcome::Returned(&body)), rule);
}
