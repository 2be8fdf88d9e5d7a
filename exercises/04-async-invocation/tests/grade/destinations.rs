//! Os testes do passo `destinations`: o que cada destino recebe, e o que acontece quando a entrega falha.

use async_invocation::destinations::{
    DeadLetterError, Delivery, Mailbox, Metrics, Targets, dead_letter, deliver, first_kilobyte, invocation_record,
    route,
};
use async_invocation::model::Resolution;
use kit::Random;
use kit::text::{count, thousands};
use rstest::rstest;
use serde_json::json;

use crate::support::endings::{
    ARN, DLQ, LATER, NOW, ON_FAILURE, ON_SUCCESS, blocked, error_size, event, exhausted, expired, letter, list,
    nickname, or_absent, pretty, receivers, success, targets, timed_out, to_destination, to_dlq, version,
};
use crate::support::expect_same;

/// O atributo ErrorMessage leva o primeiro 1 KB (1.024 bytes) da mensagem.
#[rstest]
#[case::short("sem sinal".to_owned(), 9)]
#[case::empty(String::new(), 0)]
#[case::exactly_1024("x".repeat(1_024), 1_024)]
#[case::one_byte_too_many("x".repeat(1_025), 1_024)]
#[case::long("x".repeat(50_000), 1_024)]
#[case::two_byte_characters("ç".repeat(600), 1_024)]
#[case::cut_falls_inside_a_character(format!("a{}", "ç".repeat(600)), 1_023)]
#[case::four_byte_characters(format!("abc{}", "🌩".repeat(300)), 1_023)]
fn the_error_message_is_cut_at_one_kilobyte(#[case] message: String, #[case] size: usize) {
    let kept = first_kilobyte(&message);
    assert!(message.starts_with(kept), "o atributo leva o começo da mensagem; o seu texto não é o começo dela");
    expect_same!(
        kept.len(),
        size,
        "a mensagem tem {} bytes e {} caracteres; 1 KB são 1.024 bytes e um caractere não pode ficar pela metade, então \
         cabem {}; a sua função devolveu {}",
        thousands(message.len()),
        thousands(message.chars().count()),
        thousands(size),
        thousands(kept.len())
    );
}

/// Em textos com acento e símbolo, o corte é o maior começo que cabe em 1.024 bytes.
#[test]
fn the_cut_keeps_as_much_as_fits() {
    for seed in 1..=20 {
        let mut random = Random::new(seed);
        let message: String = (0..1_500).filter_map(|_| random.pick(&['a', 'é', '—', '🌩'])).collect();
        let kept = first_kilobyte(&message);
        let next = message[kept.len()..].chars().next().map_or(0, char::len_utf8);
        assert!(
            message.starts_with(kept) && kept.len() <= 1_024 && kept.len() + next > 1_024,
            "cabem até 1.024 bytes, sem cortar um caractere; a sua função devolveu {} bytes e o caractere seguinte tem {next}",
            thousands(kept.len())
        );
    }
}

/// Um evento que deu certo nunca vai para a DLQ.
#[rstest]
#[case::on_the_first_attempt(1)]
#[case::on_the_third_attempt(3)]
#[tokio::test(start_paused = true)]
async fn a_success_never_goes_to_the_dlq(#[case] runs: u32) {
    let event = event(4);
    let response = json!({ "sent": true });
    let letter = dead_letter(&event, &Resolution::Succeeded { response, runs });
    expect_same!(
        letter.as_ref().map(|letter| &letter.body),
        None,
        "o evento deu certo na {runs}ª tentativa, então nada deve chegar à DLQ; chegou: {}",
        event.payload
    );
}

/// A DLQ recebe o evento original, sem mudança, com RequestID, ErrorCode 200 e a mensagem de erro.
#[rstest]
#[case::with_a_message("o provedor recusou o número")]
#[case::with_an_empty_message("")]
#[tokio::test(start_paused = true)]
async fn the_dlq_gets_the_original_event_and_three_attributes(#[case] message: &str) {
    for seed in 1..=5 {
        let letter = letter(&event(seed), &exhausted(message));
        let expected = DeadLetterError { code: 200, message: message.to_owned() };
        let Some(error) = &letter.error else {
            panic!(
                "a função falhou com `{message}`, então a DLQ recebe ErrorCode e ErrorMessage; a sua mensagem não os tem"
            );
        };
        expect_same!(
            error,
            &expected,
            "num erro da função a invocação responde 200, e é esse o ErrorCode; ErrorMessage é `{}`; os seus atributos são \
             {} e `{}`",
            expected.message,
            error.code,
            error.message
        );
    }
}

/// Um evento descartado sem rodar também vai para a DLQ, inteiro.
#[rstest]
#[case::expired_without_running(expired(0))]
#[case::reserved_concurrency_zero(blocked())]
#[tokio::test(start_paused = true)]
async fn an_event_that_never_ran_goes_to_the_dlq_too(#[case] resolution: Resolution) {
    letter(&event(9), &resolution);
}

/// A condição e a contagem do registro contam como o evento terminou.
#[rstest]
#[case::exhausted(exhausted("sem sinal"), "RetriesExhausted", 3, Some("Unhandled"))]
#[case::expired_after_one_run(expired(1), "EventAgeExceeded", 1, Some("Unhandled"))]
#[case::expired_after_two_runs(expired(2), "EventAgeExceeded", 2, Some("Unhandled"))]
#[case::timed_out(timed_out(), "RetriesExhausted", 3, Some("Unhandled"))]
#[case::success_on_the_second_attempt(success(), "Success", 2, None)]
#[tokio::test(start_paused = true)]
async fn the_record_tells_how_the_event_ended(
    #[case] resolution: Resolution,
    #[case] condition: &str,
    #[case] count: u32,
    #[case] function_error: Option<&str>,
) {
    let event = event(5);
    let record = invocation_record(&event, &version("$LATEST"), &resolution, LATER);
    let context = &record.request_context;
    expect_same!(
        (context.condition, context.approximate_invoke_count),
        (condition, count),
        "este evento termina com a condição {condition} e a contagem {count}; o seu registro diz {} e {}",
        context.condition,
        context.approximate_invoke_count
    );
    expect_same!(
        (&context.request_id, &record.request_payload, record.timestamp.as_str()),
        (&event.request_id, &event.payload, LATER),
        "o registro leva o id do pedido ({}), o evento original ({}) e o instante recebido ({LATER}); o seu leva {}, {} e {}",
        event.request_id,
        event.payload,
        context.request_id,
        record.request_payload,
        record.timestamp
    );
    let Some(response) = &record.response_context else {
        panic!("a função respondeu, então o registro tem responseContext; o seu não tem");
    };
    expect_same!(
        (response.status_code, response.function_error),
        (200, function_error),
        "a invocação responde 200 mesmo quando a função falha; o que muda é functionError, aqui {}; o seu registro \
         diz {} e {}",
        or_absent(function_error),
        response.status_code,
        or_absent(response.function_error)
    );
}

/// functionArn leva a versão no fim, e executedVersion diz a mesma versão.
#[rstest]
#[case::unpublished("$LATEST")]
#[case::version_7("7")]
#[case::version_12("12")]
#[tokio::test(start_paused = true)]
async fn the_record_names_the_version(#[case] name: &str) {
    let record = invocation_record(&event(2), &version(name), &exhausted("sem sinal"), NOW);
    let expected = format!("{ARN}:{name}");
    expect_same!(
        record.request_context.function_arn,
        expected,
        "quem rodou foi a versão {name}, e o ARN no registro é qualificado: `{expected}`; o seu é `{}`",
        record.request_context.function_arn
    );
    let executed = record.response_context.map(|context| context.executed_version);
    expect_same!(
        executed.as_deref(),
        Some(name),
        "quem rodou foi a versão {name}, e executedVersion diz a mesma; o seu diz {}",
        or_absent(executed.as_deref())
    );
}

/// Um evento que venceu sem rodar sai com EventAgeExceeded e o evento original.
#[tokio::test(start_paused = true)]
async fn an_expired_event_that_never_ran_is_recorded() {
    let event = event(3);
    let record = invocation_record(&event, &version("$LATEST"), &expired(0), NOW);
    expect_same!(
        (record.request_context.condition, &record.request_payload),
        ("EventAgeExceeded", &event.payload),
        "o evento venceu na fila: EventAgeExceeded, com o evento original; o seu registro diz {} e {}",
        record.request_context.condition,
        record.request_payload
    );
}

/// O registro de um erro tem os campos, os valores e a ordem da documentação.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_failure_follows_the_documentation() {
    let event = event(7);
    let record = invocation_record(&event, &version("$LATEST"), &exhausted("sem sinal"), NOW);
    insta::assert_snapshot!(pretty(&record), @r#"
    {
      "version": "1.0",
      "timestamp": "2026-11-22T17:05:03.250Z",
      "requestContext": {
        "requestId": "00000000-0000-4000-8000-389829748391",
        "functionArn": "arn:aws:lambda:sa-east-1:123456789012:function:send-alert:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3
      },
      "requestPayload": {
        "alert": "granizo",
        "subscriber": 1679
      },
      "responseContext": {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled"
      },
      "responsePayload": {
        "errorMessage": "sem sinal",
        "errorType": "SmsError"
      }
    }
    "#);
}

/// O registro de um sucesso diz Success, traz a resposta e não tem functionError.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_success_has_no_function_error() {
    let event = event(8);
    let record = invocation_record(&event, &version("$LATEST"), &success(), NOW);
    insta::assert_snapshot!(pretty(&record), @r#"
    {
      "version": "1.0",
      "timestamp": "2026-11-22T17:05:03.250Z",
      "requestContext": {
        "requestId": "00000000-0000-4000-8000-618504625032",
        "functionArn": "arn:aws:lambda:sa-east-1:123456789012:function:send-alert:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 2
      },
      "requestPayload": {
        "alert": "granizo",
        "subscriber": 61195
      },
      "responseContext": {
        "statusCode": 200,
        "executedVersion": "$LATEST"
      },
      "responsePayload": {
        "sent": true
      }
    }
    "#);
}

/// Com reserva 0 o registro diz ZeroReservedConcurrency, 0 execuções, e não tem resposta.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_blocked_function_has_no_response() {
    let event = event(9);
    let record = invocation_record(&event, &version("$LATEST"), &blocked(), NOW);
    let (response, payload) = (&record.response_context, &record.response_payload);
    assert!(
        response.is_none() && payload.is_none(),
        "com reserva 0 a função nunca respondeu: não há responseContext nem responsePayload; o seu registro tem {}",
        json!({ "responseContext": response, "responsePayload": payload })
    );
    insta::assert_snapshot!(pretty(&record), @r#"
    {
      "version": "1.0",
      "timestamp": "2026-11-22T17:05:03.250Z",
      "requestContext": {
        "requestId": "00000000-0000-4000-8000-682362734979",
        "functionArn": "arn:aws:lambda:sa-east-1:123456789012:function:send-alert:$LATEST",
        "condition": "ZeroReservedConcurrency",
        "approximateInvokeCount": 0
      },
      "requestPayload": {
        "alert": "granizo",
        "subscriber": 75069
      }
    }
    "#);
}

/// Cada fim vai para os destinos configurados para ele, e só para eles.
#[rstest]
#[case::failure_with_nothing(exhausted("x"), targets(false, false, false), &[])]
#[case::failure_with_dlq(exhausted("x"), targets(true, false, false), &["DLQ"])]
#[case::failure_with_on_failure(exhausted("x"), targets(false, false, true), &["OnFailure"])]
#[case::failure_with_both(exhausted("x"), targets(true, true, true), &["DLQ", "OnFailure"])]
#[case::failure_with_only_on_success(exhausted("x"), targets(false, true, false), &[])]
#[case::expired_with_both(expired(0), targets(true, true, true), &["DLQ", "OnFailure"])]
#[case::blocked_with_both(blocked(), targets(true, false, true), &["DLQ", "OnFailure"])]
#[case::success_with_everything(success(), targets(true, true, true), &["OnSuccess"])]
#[case::success_with_dlq(success(), targets(true, false, false), &[])]
#[case::success_with_failure_targets(success(), targets(true, false, true), &[])]
#[tokio::test(start_paused = true)]
async fn each_ending_goes_where_it_was_configured(
    #[case] resolution: Resolution,
    #[case] targets: Targets,
    #[case] expected: &[&str],
) {
    let deliveries = route(&targets, &event(1), &version("$LATEST"), &resolution, NOW);
    let mut names: Vec<&str> = deliveries.iter().map(|each| nickname(each.target_arn())).collect();
    names.sort_unstable();
    let all = [&targets.dead_letter_queue, &targets.on_success, &targets.on_failure];
    let configured: Vec<&str> = all.into_iter().flatten().map(|arn| nickname(arn)).collect();
    let ending = match &resolution {
        Resolution::Succeeded { .. } => "um evento que deu certo",
        Resolution::Failed { .. } => "um evento de que o Lambda desistiu",
    };
    expect_same!(
        names,
        expected,
        "{ending}, com {} na configuração, vai para {}; o seu foi para {}",
        list(&configured, "nada"),
        list(expected, "lugar nenhum"),
        list(&names, "lugar nenhum")
    );
}

/// A DLQ leva o evento; o destino leva o registro.
#[tokio::test(start_paused = true)]
async fn the_dlq_gets_the_event_and_the_destination_gets_the_record() {
    for seed in 1..=5 {
        let event = event(seed);
        let all = targets(true, true, true);
        let deliveries = route(&all, &event, &version("7"), &exhausted("sem sinal"), NOW);
        let mut bodies = Vec::new();
        let mut conditions = Vec::new();
        for delivery in deliveries {
            match delivery {
                Delivery::DeadLetterQueue { message, .. } => bodies.push(message.body),
                Delivery::Destination { record, .. } => conditions.push(record.request_context.condition),
            }
        }
        expect_same!(
            bodies,
            [event.payload],
            "a DLQ recebe o evento como chegou, sem o registro em volta; a sua recebeu {}",
            serde_json::Value::from(bodies.clone())
        );
        expect_same!(
            conditions,
            ["RetriesExhausted"],
            "o destino OnFailure recebe um registro com a condição; o seu recebeu {}",
            list(&conditions, "nada")
        );
    }
}

/// Uma entrega que falha vira métrica e se perde, sem impedir as outras.
#[rstest]
#[case::all_arrive(vec![to_destination(ON_FAILURE), to_dlq(DLQ)], 0, 0)]
#[case::fifo_dlq(vec![to_dlq("arn:aws:sqs:sa-east-1:123456789012:dlq.fifo"), to_destination(ON_FAILURE)], 1, 0)]
#[case::fifo_destination(vec![to_destination("arn:aws:sns:sa-east-1:123456789012:topic.fifo"), to_dlq(DLQ)], 0, 1)]
#[case::both_fifo(vec![to_destination("arn:aws:sqs:sa-east-1:1:a.fifo"), to_dlq("arn:aws:sns:sa-east-1:1:b.fifo")], 1, 1)]
#[case::two_lost_of_each(
    vec![to_dlq("a.fifo"), to_destination("b.fifo"), to_dlq("c.fifo"), to_destination(ON_SUCCESS), to_destination("d.fifo")],
    2,
    2
)]
#[case::fifo_only_in_the_name(vec![to_dlq("arn:aws:sqs:sa-east-1:123456789012:fifo-alerts"), to_dlq(DLQ)], 0, 0)]
#[case::nothing_to_deliver(vec![], 0, 0)]
fn a_lost_delivery_becomes_a_metric(
    #[case] deliveries: Vec<Delivery>,
    #[case] dead_letter_errors: u32,
    #[case] destination_delivery_failures: u32,
) {
    let total = count(deliveries.len(), "entrega", "entregas");
    let expected: Vec<Delivery> =
        deliveries.iter().filter(|each| !each.target_arn().ends_with(".fifo")).cloned().collect();
    let mut mailbox = Mailbox::default();
    let metrics = deliver(deliveries, &mut mailbox);
    expect_same!(
        metrics,
        Metrics { dead_letter_errors, destination_delivery_failures },
        "uma entrega perdida para a DLQ soma 1 em DeadLetterErrors, e uma perdida para um destino soma 1 em \
         DestinationDeliveryFailures: aqui são {dead_letter_errors} e {destination_delivery_failures}; as suas são {} e {}",
        metrics.dead_letter_errors,
        metrics.destination_delivery_failures
    );
    expect_same!(
        mailbox.received(),
        expected.as_slice(),
        "de {total}, na ordem da lista, chegam as que não são para FIFO, porque uma não depende da outra: a {}; com o \
         seu código chegaram a {}",
        receivers(&expected),
        receivers(mailbox.received())
    );
}

/// O exemplo da página: a mensagem vai inteira no registro e cortada para a DLQ, que é FIFO e a perde.
#[tokio::test(start_paused = true)]
async fn the_example_of_the_page() {
    let fifo = "arn:aws:sqs:sa-east-1:123456789012:alerts-dlq.fifo";
    let targets = Targets { dead_letter_queue: Some(fifo.to_owned()), ..targets(false, true, true) };
    let message = format!("a{}", "ç".repeat(600));
    let deliveries = route(&targets, &event(118), &version("$LATEST"), &exhausted(&message), LATER);

    let mut sizes: Vec<(&str, usize)> = deliveries.iter().map(error_size).collect();
    sizes.sort_unstable();
    expect_same!(
        sizes,
        [("DLQ", 1_023), ("OnFailure", 1_201)],
        "a mensagem de erro tem 1.201 bytes: vai com 1.023 para a DLQ e inteira no registro de OnFailure; com o seu código, \
         os bytes são {}",
        json!(sizes)
    );
    let mut mailbox = Mailbox::default();
    let metrics = deliver(deliveries, &mut mailbox);
    let received = receivers(mailbox.received());
    expect_same!(
        (received.as_str(), metrics.dead_letter_errors, metrics.destination_delivery_failures),
        ("OnFailure", 1, 0),
        "o registro chega a OnFailure e a mensagem da DLQ se perde: DeadLetterErrors 1 e DestinationDeliveryFailures 0; \
         com o seu código recebeu {received}, e as métricas são {} e {}",
        metrics.dead_letter_errors,
        metrics.destination_delivery_failures
    );
}
