//! Os testes do passo `retries`: configuração, espera, decisão e a história inteira de um evento.

use std::time::Duration;

use async_invocation::function::Behavior;
use async_invocation::model::{Failure, FailureCondition, Resolution};
use async_invocation::retries::{Decision, EventInvokeConfig, Failures, decide, refusal_delay};
use kit::Random;
use kit::text::{count, duration, thousands};
use rstest::rstest;
use serde_json::json;

use crate::support::story::{
    RUN_TIME, Story, config, errors_among_refusals, expect_decision, failing, fields, function_error, name, seconds,
};
use crate::support::{expect_same, times};

/// Os valores aceitos são guardados, e um campo ausente vale 2 tentativas e 21.600 s.
#[rstest]
#[case::both_absent(None, None, 2, 21_600)]
#[case::smallest(Some(0), Some(60), 0, 60)]
#[case::largest(Some(2), Some(21_600), 2, 21_600)]
#[case::only_attempts(Some(1), None, 1, 21_600)]
#[case::only_age(None, Some(90), 2, 90)]
fn a_valid_configuration_is_kept(
    #[case] attempts: Option<i64>,
    #[case] age: Option<i64>,
    #[case] expected_attempts: u32,
    #[case] expected_age: u64,
) {
    let config = config(attempts, age);
    expect_same!(
        (config.maximum_retry_attempts(), config.maximum_event_age()),
        (expected_attempts, seconds(expected_age)),
        "{} viram {} e idade máxima de {}; a sua configuração ficou com {} e {}",
        fields(attempts, age),
        count(expected_attempts as usize, "nova tentativa", "novas tentativas"),
        duration(seconds(expected_age)),
        config.maximum_retry_attempts(),
        duration(config.maximum_event_age())
    );
}

/// Um valor fora dos limites recebe a ValidationException da AWS, palavra por palavra.
#[rstest]
#[case::three_attempts(Some(3), None, "Value '3' at 'maximumRetryAttempts'", "less than or equal to 2")]
#[case::negative_attempts(Some(-1), None, "Value '-1' at 'maximumRetryAttempts'", "greater than or equal to 0")]
#[case::attempts_of_eventbridge(
    Some(185),
    Some(60),
    "Value '185' at 'maximumRetryAttempts'",
    "less than or equal to 2"
)]
#[case::one_second_short(None, Some(59), "Value '59' at 'maximumEventAgeInSeconds'", "greater than or equal to 60")]
#[case::no_age(Some(0), Some(0), "Value '0' at 'maximumEventAgeInSeconds'", "greater than or equal to 60")]
#[case::one_second_too_long(
    None,
    Some(21_601),
    "Value '21601' at 'maximumEventAgeInSeconds'",
    "less than or equal to 21600"
)]
fn a_value_out_of_range_gets_the_message_of_aws(
    #[case] attempts: Option<i64>,
    #[case] age: Option<i64>,
    #[case] value: &str,
    #[case] limit: &str,
) {
    let expected =
        format!("1 validation error detected: {value} failed to satisfy constraint: Member must have value {limit}");
    match EventInvokeConfig::new(attempts, age) {
        Ok(config) => panic!(
            "MaximumRetryAttempts vai de 0 a 2 e MaximumEventAgeInSeconds de 60 a 21.600; com {} a AWS responde \
             ValidationException, mas a sua função aceitou e ficou com {} e {}",
            fields(attempts, age),
            config.maximum_retry_attempts(),
            duration(config.maximum_event_age())
        ),
        Err(error) => expect_same!(error.message, expected, "a mensagem da AWS é `{expected}`; a sua é `{error}`"),
    }
}

/// Dois valores ruins aparecem na mesma mensagem.
#[rstest]
#[case::both_above(7, 86_400, ["less than or equal to 2", "less than or equal to 21600"])]
#[case::both_below(-2, 1, ["greater than or equal to 0", "greater than or equal to 60"])]
fn two_bad_values_share_one_message(#[case] attempts: i64, #[case] age: i64, #[case] limits: [&str; 2]) {
    let Err(error) = EventInvokeConfig::new(Some(attempts), Some(age)) else {
        panic!("{} estão os dois fora dos limites, mas a sua função aceitou", fields(Some(attempts), Some(age)));
    };
    let prefix = "2 validation errors detected: ";
    let Some(list) = error.message.strip_prefix(prefix) else {
        panic!("com dois valores ruins a mensagem começa com `{prefix}`; a sua é `{error}`");
    };
    let mut found: Vec<&str> = list.split("; ").collect();
    found.sort_unstable();
    let mut expected = [
        format!(
            "Value '{attempts}' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value {}",
            limits[0]
        ),
        format!(
            "Value '{age}' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value {}",
            limits[1]
        ),
    ];
    expected.sort_unstable();
    expect_same!(found, expected, "a AWS lista os dois valores ruins, separados por `; `; a sua mensagem é `{error}`");
}

/// Depois de uma recusa a espera é de 1 s, dobra a cada recusa e para em 5 min.
#[rstest]
#[case::refusal_1(1, 1)]
#[case::refusal_2(2, 2)]
#[case::refusal_3(3, 4)]
#[case::refusal_6(6, 32)]
#[case::refusal_9(9, 256)]
#[case::refusal_10_hits_the_ceiling(10, 300)]
#[case::refusal_80_near_six_hours(80, 300)]
#[case::refusal_5000(5_000, 300)]
fn the_wait_after_a_refusal_doubles_up_to_five_minutes(#[case] refusals: u32, #[case] wait: u64) {
    let delay = refusal_delay(refusals);
    expect_same!(
        delay,
        seconds(wait),
        "a espera começa em 1 s, dobra a cada recusa e não passa de 5 min: depois da {}ª ela é de {}; a sua é de {}",
        thousands(refusals as usize),
        duration(seconds(wait)),
        duration(delay)
    );
}

/// Depois de um erro da função, o Lambda espera 1 min, depois 2 min, e desiste quando acabam as novas tentativas.
#[rstest]
#[case::default_first_error(2, 1, Decision::RetryAfter(seconds(60)))]
#[case::default_second_error(2, 2, Decision::RetryAfter(seconds(120)))]
#[case::default_third_error(2, 3, Decision::GiveUp(FailureCondition::RetriesExhausted))]
#[case::one_retry_first_error(1, 1, Decision::RetryAfter(seconds(60)))]
#[case::one_retry_second_error(1, 2, Decision::GiveUp(FailureCondition::RetriesExhausted))]
#[case::no_retry_first_error(0, 1, Decision::GiveUp(FailureCondition::RetriesExhausted))]
fn a_function_error_is_retried_after_one_and_two_minutes(
    #[case] maximum_retry_attempts: i64,
    #[case] function_errors: u32,
    #[case] expected: Decision,
) {
    let config = config(Some(maximum_retry_attempts), None);
    let failures = Failures { function_errors, refusals: 0 };
    let decision = decide(&failures, &function_error(), seconds(1), &config);
    let situation = format!(
        "MaximumRetryAttempts é {maximum_retry_attempts} e a função acabou de falhar pela {function_errors}ª vez"
    );
    expect_decision(decision, expected, &situation);
}

/// Uma recusa volta para a fila e não gasta as novas tentativas, nem com MaximumRetryAttempts 0.
#[rstest]
#[case::throttled(Failure::Throttled)]
#[case::system_error(Failure::SystemError)]
fn a_refusal_does_not_spend_the_retries(#[case] failure: Failure) {
    for maximum_retry_attempts in 0..=2 {
        for (refusals, wait) in [(1, 1), (4, 8), (12, 300)] {
            let config = config(Some(maximum_retry_attempts), None);
            let failures = Failures { function_errors: 0, refusals };
            let decision = decide(&failures, &failure, seconds(1_000), &config);
            let situation = format!(
                "{} não roda a função, por isso não conta em MaximumRetryAttempts ({maximum_retry_attempts}); na \
                 {refusals}ª seguida",
                name(&failure)
            );
            expect_decision(decision, Decision::RetryAfter(seconds(wait)), &situation);
        }
    }
}

/// Sem novas tentativas a dar, a condição é RetriesExhausted, mesmo com a idade no fim.
#[rstest]
#[case::no_retries_and_age_60(0, 1, 60)]
#[case::default_retries_and_age_190(2, 3, 190)]
fn exhausted_retries_win_over_the_age(
    #[case] maximum_retry_attempts: i64,
    #[case] function_errors: u32,
    #[case] maximum_age: i64,
) {
    let config = config(Some(maximum_retry_attempts), Some(maximum_age));
    let failures = Failures { function_errors, refusals: 0 };
    let age = config.maximum_event_age() - seconds(1);
    let decision = decide(&failures, &function_error(), age, &config);
    let situation = format!(
        "a função já falhou {} e MaximumRetryAttempts é {maximum_retry_attempts}, então não existe próxima tentativa para \
         passar da idade",
        times(function_errors)
    );
    expect_decision(decision, Decision::GiveUp(FailureCondition::RetriesExhausted), &situation);
}

/// A próxima tentativa só existe se couber na idade máxima; se não couber, é EventAgeExceeded, sem esperar.
#[rstest]
#[case::age_60_first_error(function_error(), 1, 0, 100, 60, None)]
#[case::age_90_first_error(function_error(), 1, 0, 100, 90, Some(60))]
#[case::age_90_second_error(function_error(), 2, 0, 60_200, 90, None)]
#[case::age_200_second_error(function_error(), 2, 0, 60_200, 200, Some(120))]
#[case::throttled_near_the_end(Failure::Throttled, 0, 6, 31_000, 60, None)]
#[case::throttled_in_time(Failure::Throttled, 0, 5, 15_000, 60, Some(16))]
#[case::system_error_near_six_hours(Failure::SystemError, 0, 80, 21_511_000, 21_600, None)]
#[case::system_error_before_six_hours(Failure::SystemError, 0, 79, 21_211_000, 21_600, Some(300))]
fn the_next_attempt_has_to_fit_the_age(
    #[case] failure: Failure,
    #[case] function_errors: u32,
    #[case] refusals: u32,
    #[case] age_ms: u64,
    #[case] maximum_age: i64,
    #[case] wait: Option<u64>,
) {
    let config = config(Some(2), Some(maximum_age));
    let failures = Failures { function_errors, refusals };
    let age = Duration::from_millis(age_ms);
    let decision = decide(&failures, &failure, age, &config);
    let expected = match wait {
        Some(wait) => Decision::RetryAfter(seconds(wait)),
        None => Decision::GiveUp(FailureCondition::EventAgeExceeded),
    };
    let situation = format!(
        "o evento tem {} de idade, o máximo é {}, e acabou de acontecer {}; somada a idade com a espera até a próxima \
         tentativa",
        duration(age),
        duration(config.maximum_event_age()),
        name(&failure)
    );
    expect_decision(decision, expected, &situation);
}

/// Uma tentativa que dá certo encerra a história e conta as execuções, sem as recusas.
#[rstest]
#[case::at_once(vec![], 1)]
#[case::on_the_second(vec![failing("sem sinal")], 2)]
#[case::on_the_third(vec![failing("sem sinal"), failing("sem sinal")], 3)]
#[case::after_refusals(vec![Behavior::Throttle, Behavior::Throttle, failing("sem sinal")], 2)]
#[tokio::test(start_paused = true)]
async fn a_success_ends_the_story(#[case] mut script: Vec<Behavior>, #[case] expected_runs: u32) {
    script.push(Behavior::Succeed);
    let expected_attempts = script.len();
    let story = Story::play(Duration::ZERO, &config(None, None), script).await;

    let attempts = story.function.attempts().len();
    expect_same!(
        attempts,
        expected_attempts,
        "a {expected_attempts}ª tentativa dá certo, e ninguém chama a função de novo; o seu `process` fez {}",
        count(attempts, "tentativa", "tentativas")
    );
    match &story.resolution {
        Resolution::Succeeded { response, runs } => expect_same!(
            (response, *runs),
            (&json!({ "sent": true }), expected_runs),
            "a função devolveu {{\"sent\":true}} e rodou {} (recusas não contam); o resultado do seu `process` diz \
             {response} e {}",
            times(expected_runs),
            times(*runs)
        ),
        Resolution::Failed { condition, .. } => {
            panic!("a {expected_attempts}ª tentativa deu certo, mas o seu `process` devolveu {condition}")
        }
    }
}

/// Uma função que falha sempre roda a vez original e mais MaximumRetryAttempts, nos instantes certos.
#[rstest]
#[case::no_retries(0, &[0])]
#[case::one_retry(1, &[0, 60])]
#[case::default(2, &[0, 60, 180])]
#[tokio::test(start_paused = true)]
async fn a_function_that_always_fails_runs_the_original_and_the_retries(
    #[case] maximum_retry_attempts: i64,
    #[case] waits: &[u64],
) {
    let timed_out = "RequestId: 00000000-0000-4000-8000-000000000007 Error: Task timed out after 3.00 seconds";
    let failures =
        [(failing("sem sinal"), RUN_TIME, "sem sinal"), (Behavior::TimeOut, Duration::from_secs(3), timed_out)];
    for (behavior, run_time, message) in failures {
        let config = config(Some(maximum_retry_attempts), None);
        let story = Story::play(Duration::ZERO, &config, vec![behavior]).await;

        let (attempts, runs) = (story.function.attempts().len(), waits.len());
        expect_same!(
            attempts,
            runs,
            "a função falhou sempre e MaximumRetryAttempts é {maximum_retry_attempts}: o Lambda chama {} ao todo \
             (a original e mais {maximum_retry_attempts}), mas o seu `process` chamou {}",
            times(runs),
            times(attempts)
        );
        // As esperas contam do fim de cada execução.
        let starts: Vec<Duration> =
            (0u32..).zip(waits).map(|(number, wait)| seconds(*wait) + run_time * number).collect();
        story.expect_starts(&starts, "o Lambda espera 1 min depois do primeiro erro e 2 min depois do segundo");
        let situation = format!("a função falhou sempre e MaximumRetryAttempts é {maximum_retry_attempts}");
        let expected = (FailureCondition::RetriesExhausted, starts.len() as u32, Some(message));
        story.expect_failure(expected, &situation);
    }
}

/// Uma idade máxima curta corta as novas tentativas, e o Lambda não espera ela acabar.
#[rstest]
#[case::age_60(60, 1, 100)]
#[case::age_90(90, 2, 60_200)]
#[case::age_180(180, 2, 60_200)]
#[case::age_200(200, 3, 180_300)]
#[tokio::test(start_paused = true)]
async fn a_short_age_cuts_the_retries(#[case] maximum_age: i64, #[case] runs: u32, #[case] expected_end: u64) {
    let config = config(Some(2), Some(maximum_age));
    let story = Story::play(Duration::ZERO, &config, vec![failing("sem sinal")]).await;

    let condition = match runs {
        3 => FailureCondition::RetriesExhausted,
        _ => FailureCondition::EventAgeExceeded,
    };
    let age = duration(config.maximum_event_age());
    let situation = format!("a idade máxima é {age} e a função falha sempre");
    story.expect_failure((condition, runs, Some("sem sinal")), &situation);
    let end = story.timeline.elapsed();
    let expected_end = Duration::from_millis(expected_end);
    expect_same!(
        end,
        expected_end,
        "{situation}: o Lambda desiste aos {}, assim que sabe que não há próxima tentativa; o seu `process` terminou aos {}",
        duration(expected_end),
        duration(end)
    );
}

/// A idade conta desde a entrada na fila, não desde a primeira tentativa.
#[rstest]
#[case::thirty_seconds_left(21_570, 1)]
#[case::two_minutes_left(21_480, 2)]
#[case::one_hour_left(18_000, 3)]
#[tokio::test(start_paused = true)]
async fn the_age_counts_from_the_arrival_in_the_queue(#[case] waited: u64, #[case] expected_runs: usize) {
    let waited = seconds(waited);
    let story = Story::play(waited, &config(None, None), vec![failing("sem sinal")]).await;
    let runs = story.function.runs();
    expect_same!(
        runs,
        expected_runs,
        "o evento já tinha esperado {} na fila quando a função rodou pela primeira vez, e a idade máxima é 6 h: a \
         função roda {}; no seu `process` ela rodou {}",
        duration(waited),
        times(expected_runs),
        times(runs)
    );
}

/// Recusas antes e entre os erros não tiram da função nenhuma das três execuções.
#[tokio::test(start_paused = true)]
async fn refusals_leave_all_three_runs() {
    for seed in 1..=8 {
        let mut random = Random::new(seed);
        let before = random.between(2..=7);
        let (script, starts) = errors_among_refusals(&mut random, before);
        let story = Story::play(Duration::ZERO, &config(Some(2), None), script).await;

        let runs = story.function.runs();
        expect_same!(
            runs,
            3,
            "{before} recusas antes da primeira execução e uma no meio: a função ainda tem direito a 3 execuções, porque \
             recusa não gasta tentativa; no seu `process` ela rodou {}",
            times(runs)
        );
        story.expect_starts(&starts, "depois de uma recusa a espera é 1 s e dobra; depois dos erros, 1 min e 2 min");
        let expected = (FailureCondition::RetriesExhausted, 3, Some("terceiro"));
        story.expect_failure(expected, "as três execuções falharam");
    }
}

/// O último erro da função fica no resultado, mesmo que depois dele só tenha havido recusas.
#[tokio::test(start_paused = true)]
async fn the_last_error_survives_the_refusals() {
    let script = vec![failing("sem sinal"), Behavior::Throttle];
    let story = Story::play(Duration::ZERO, &config(None, Some(90)), script).await;
    story.expect_failure(
        (FailureCondition::EventAgeExceeded, 1, Some("sem sinal")),
        "a função rodou uma vez e falhou com `sem sinal`; depois não teve mais vaga, e a idade máxima é 1 min 30 s",
    );
}

/// Uma função sem vaga o tempo todo é tentada por quase seis horas, e o evento sai sem ter rodado.
#[rstest]
#[case::throttled(Behavior::Throttle)]
#[case::system_error(Behavior::BreakService)]
#[tokio::test(start_paused = true)]
async fn refusals_go_on_until_the_age_runs_out(#[case] refusal: Behavior) {
    let story = Story::play(Duration::ZERO, &config(Some(0), None), vec![refusal]).await;

    let (attempts, end) = (story.function.attempts().len(), story.timeline.elapsed());
    // 9 esperas de 1 s a 256 s somam 511 s; depois, de 5 em 5 min: a 80ª recusa é em 21.511 s, a 81ª seria em 21.811 s.
    expect_same!(
        (attempts, end),
        (80, seconds(21_511)),
        "com a idade máxima de 6 h o Lambda tenta 80 vezes e desiste em {}, porque a 81ª tentativa cairia depois das \
         6 h; o seu `process` tentou {} e terminou em {}",
        duration(seconds(21_511)),
        times(attempts),
        duration(end)
    );
    story.expect_failure((FailureCondition::EventAgeExceeded, 0, None), "o evento venceu sem a função rodar");
}

/// A linha do tempo de uma função que sempre falha, com os valores padrão.
#[tokio::test(start_paused = true)]
async fn the_timeline_of_a_function_that_always_fails() {
    let config = config(None, None);
    let story = Story::play(Duration::ZERO, &config, vec![failing("sem sinal")]).await;
    insta::assert_snapshot!(story.timeline, @"
    00:00:00.000  função        erro        1ª tentativa: erro da função
    00:00:00.100  fila interna  marcado     de volta à fila; nova tentativa em 60 s
    00:01:00.100  função        erro        2ª tentativa: erro da função
    00:01:00.200  fila interna  marcado     de volta à fila; nova tentativa em 120 s
    00:03:00.200  função        erro        3ª tentativa: erro da função
    ");
}
