//! O CloudFormation: a pilha que espera e o documento que a solta.

use std::time::Duration;

use kit::text::{duration, thousands};
use rstest::rstest;
use serde_json::{Map, Value, json};
use sync_invocation::caller::{Answer, Outcome, Reaction};
use sync_invocation::callers::{Provisioned, cloudformation, read_document, response_document};
use sync_invocation::events;
use sync_invocation::function::{Behavior, Run};
use sync_invocation::model::Refusal;

use crate::support::answers::{NO_ROOM, Told, describe, error, failed, refused, tell};
use crate::support::{expect_same, times};

/// Para o CloudFormation, o que a função devolve não é a resposta.
#[rstest]
#[case::success(Outcome::Returned(json!({ "Status": "SUCCESS", "PhysicalResourceId": "station-118" })))]
#[case::nothing(Outcome::Returned(Value::Null))]
#[case::function_error(failed("sem radar"))]
#[case::no_room(refused(NO_ROOM))]
fn cloudformation_does_not_look_at_the_return(#[case] outcome: Outcome) {
    let got = cloudformation(&outcome);
    expect_same!(
        got,
        Reaction::KeepWaiting,
        "{}: o CloudFormation só olha o documento no ResponseURL e continua esperando; a sua função deu {}",
        tell(&outcome),
        describe(&got)
    );
}

/// Sem documento até o prazo, a pilha é desfeita.
#[test]
fn cloudformation_gives_up_at_the_timeout() {
    let got = cloudformation(&Outcome::TimedOut);
    assert!(
        matches!(got, Reaction::Answer(Answer::ResourceFailed { .. })),
        "passou o ServiceTimeout sem documento: o recurso falha; a sua função deu {}",
        describe(&got)
    );
}

/// O resultado bom de um recurso personalizado.
fn provisioned(id: &str) -> Result<Provisioned, String> {
    let data = Map::from_iter([("City".to_owned(), json!("serra-clara"))]);
    Ok(Provisioned { physical_resource_id: id.to_owned(), data })
}

/// O documento de um resultado, lido.
#[track_caller]
fn document(request_type: &str, result: &Result<Provisioned, String>) -> (Value, usize) {
    let text = response_document(&events::cloudformation(request_type), result);
    match serde_json::from_str(&text) {
        Ok(document) => (document, text.len()),
        Err(_) => panic!("o documento é um objeto JSON; o seu é `{}`", text.chars().take(120).collect::<String>()),
    }
}

/// O documento diz se deu certo, repete os três identificadores do pedido e traz o do recurso.
#[rstest]
#[case::create("Create", "station-7", "station-7")]
#[case::update_in_place("Update", "station-118", "station-118")]
#[case::update_with_a_replacement("Update", "station-119", "station-119")]
#[case::delete_always_repeats("Delete", "outra", "station-118")]
fn a_good_document_names_the_resource(#[case] request_type: &str, #[case] chosen: &str, #[case] expected: &str) {
    let event = events::cloudformation(request_type);
    let (document, _) = document(request_type, &provisioned(chosen));
    for name in ["StackId", "RequestId", "LogicalResourceId"] {
        expect_same!(document[name], event[name], "{name} é copiado do evento; o seu documento é {document}");
    }
    expect_same!(
        (&document["Status"], &document["PhysicalResourceId"], &document["Data"]),
        (&json!("SUCCESS"), &json!(expected), &json!({ "City": "serra-clara" })),
        "{request_type}, a função escolheu {chosen}: Status SUCCESS, PhysicalResourceId {expected} e os dados em Data; o seu \
         documento é {document}"
    );
}

/// O documento de uma falha traz o motivo e um identificador que não é vazio.
#[rstest]
#[case::create("Create", None)]
#[case::update("Update", Some("station-118"))]
#[case::delete("Delete", Some("station-118"))]
fn a_failed_document_says_why(#[case] request_type: &str, #[case] id: Option<&str>) {
    let (document, _) = document(request_type, &Err("a estação não responde".to_owned()));
    expect_same!(
        (&document["Status"], &document["Reason"]),
        (&json!("FAILED"), &json!("a estação não responde")),
        "{request_type} falhou: Status FAILED e o motivo em Reason; o seu documento é {document}"
    );
    let got = document["PhysicalResourceId"].as_str().unwrap_or_default();
    match id {
        Some(id) => expect_same!(got, id, "{request_type}: o identificador é o do evento, {id}; o seu é `{got}`"),
        None => assert!(!got.is_empty(), "o PhysicalResourceId é obrigatório também na falha, e não pode ser vazio"),
    }
    let read = read_document(&events::cloudformation(request_type), &document.to_string());
    expect_same!(
        read,
        Answer::ResourceFailed { reason: "a estação não responde".to_owned() },
        "o CloudFormation lê o motivo do seu documento; ele leu: {}",
        read.describe()
    );
}

/// Um motivo longo é cortado para o documento caber em 4.096 bytes.
#[rstest]
#[case::plain("x".repeat(10_000))]
#[case::accents("ã".repeat(5_000))]
#[case::quotes("\"".repeat(6_000))]
#[case::control_characters("\u{1}".repeat(3_000))]
#[case::stack_trace("linha do erro: \"radar\"\n".repeat(400))]
fn a_long_reason_is_cut_to_fit(#[case] reason: String) {
    let (document, size) = document("Create", &Err(reason.clone()));
    let kept = document["Reason"].as_str().unwrap_or_default();
    assert!(
        size <= 4_096,
        "o documento não passa de 4.096 bytes, com os escapes do JSON; o seu tem {}",
        thousands(size)
    );
    assert!(
        reason.starts_with(kept) && kept.len() >= 300,
        "fica o começo do motivo, tanto quanto couber (pelo menos 300 bytes); no seu ficaram {} bytes: `{}`",
        thousands(kept.len()),
        kept.chars().take(40).collect::<String>()
    );
}

/// Um motivo que cabe vai inteiro.
#[rstest]
#[case::plain("x".repeat(3_000))]
#[case::accents("ã".repeat(1_500))]
fn a_reason_that_fits_stays_whole(#[case] reason: String) {
    let (document, size) = document("Delete", &Err(reason.clone()));
    let kept = document["Reason"].as_str().unwrap_or_default();
    assert!(
        kept == reason,
        "um motivo de 3.000 bytes cabe em 4.096 com o resto do documento e vai inteiro; no seu documento, de {} bytes, ficaram {}",
        thousands(size),
        thousands(kept.len())
    );
}

/// A pilha anda assim que o documento chega, e fica presa uma hora se ele não chega.
#[rstest]
#[case::answered(true, 1, 2_000)]
#[case::forgotten(false, 1, 3_600_000)]
#[tokio::test(start_paused = true)]
async fn the_stack_waits_for_the_document(#[case] answered: bool, #[case] runs: usize, #[case] elapsed: u64) {
    let event = events::cloudformation("Create");
    let behavior = if answered {
        Behavior::Put(response_document(&event, &provisioned("station-7")))
    } else {
        Behavior::Return(json!({ "Status": "SUCCESS" }))
    };
    let told = Told::by(&event, vec![Run::new(2_000, behavior)]).await;
    let ready = matches!(told.answer, Answer::ResourceReady { .. });
    expect_same!(
        (ready, told.function.runs(), told.elapsed),
        (answered, runs, Duration::from_millis(elapsed)),
        "a função {} o documento: a pilha segue em {}; com o seu código, «{}» em {}, e a função rodou {}",
        if answered { "gravou" } else { "não gravou" },
        duration(Duration::from_millis(elapsed)),
        told.answer.describe(),
        duration(told.elapsed),
        times(told.function.runs())
    );
}

/// Se a função falha antes de gravar, o Lambda a chama mais duas vezes, e a pilha espera a hora inteira.
#[tokio::test(start_paused = true)]
async fn a_failing_custom_resource_runs_three_times_and_holds_the_stack() {
    let script = vec![Run::new(1_000, Behavior::Raise(error("sem rede")))];
    let told = Told::by(&events::cloudformation("Create"), script).await;
    expect_same!(
        (told.function.calls().len(), told.elapsed),
        (3, Duration::from_secs(3_600)),
        "o CloudFormation chama de forma assíncrona: o Lambda repete o erro 1 e 2 min depois, e a pilha espera 1 h; com o seu \
         código foram {} chamadas e {}",
        told.function.calls().len(),
        duration(told.elapsed)
    );
}

/// Uma recusa não solta a pilha nem a prende: a fila chama de novo, e o documento chega.
#[tokio::test(start_paused = true)]
async fn the_queue_repeats_a_refused_call_until_the_document_comes() {
    let event = events::cloudformation("Create");
    let document = response_document(&event, &provisioned("station-7"));
    let refused = Behavior::Refuse(Refusal::new(NO_ROOM, "Rate Exceeded."));
    let told = Told::by(&event, vec![Run::new(0, refused), Run::new(2_000, Behavior::Put(document))]).await;
    expect_same!(
        (told.function.calls().len(), &told.answer),
        (2, &Answer::ResourceReady { physical_resource_id: "station-7".to_owned() }),
        "a 1ª chamada recebe 429, a fila faz a 2ª, e o recurso fica pronto; com o seu código foram {} chamadas, e «{}»",
        told.function.calls().len(),
        told.answer.describe()
    );
}
