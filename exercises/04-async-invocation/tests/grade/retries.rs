//! Os testes do passo `retries`: configuração, espera, decisão e a história inteira de um evento.

use std::time::Duration;

use async_invocation::function::Behavior;
use async_invocation::model::{Failure, FailureCondition, Resolution};
use async_invocation::retries::{Decision, EventInvokeConfig, Failures, decide, refusal_delay};
use kit::Random;
use kit::text::duration;
use rstest::rstest;
use serde_json::json;

use crate::support::expect_same;
use crate::support::story::{RUN_TIME, Story, config, failing, function_error, name, seconds, shown, tell, times};

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
        "MaximumRetryAttempts {} e MaximumEventAgeInSeconds {} viram {expected_attempts} novas tentativas e idade \
         máxima de {}; a sua configuração ficou com {} e {}",
        shown(attempts),
        shown(age),
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
            "MaximumRetryAttempts vai de 0 a 2 e MaximumEventAgeInSeconds de 60 a 21.600; com {} e {} a AWS responde \
             ValidationException, mas a sua função aceitou e ficou com {} e {}",
            shown(attempts),
            shown(age),
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
        panic!("os valores {attempts} e {age} estão os dois fora dos limites, mas a sua função aceitou");
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
#[case::first(1, 1)]
#[case::second(2, 2)]
#[case::third(3, 4)]
#[case::sixth(6, 32)]
#[case::ninth(9, 256)]
#[case::tenth_hits_the_ceiling(10, 300)]
#[case::near_the_end_of_six_hours(80, 300)]
#[case::absurdly_many(5_000, 300)]
fn the_wait_after_a_refusal_doubles_up_to_five_minutes(#[case] refusals: u32, #[case] wait: u64) {
    let delay = refusal_delay(refusals);
    expect_same!(
        delay,
        seconds(wait),
        "a espera começa em 1 s, dobra a cada recusa e não passa de 5 min: depois da {refusals}ª ela é de {}; \
         a sua é de {}",
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
    expect_same!(
        decision,
        expected,
        "MaximumRetryAttempts é {maximum_retry_attempts} e a função acabou de falhar pela {function_errors}ª vez: o \
         Lambda decide {}; a sua função decidiu {}",
        tell(&expected),
        tell(&decision)
    );
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
            let expected = Decision::RetryAfter(seconds(wait));
            expect_same!(
                decision,
                expected,
                "{} não roda a função, por isso não conta em MaximumRetryAttempts ({maximum_retry_attempts}): na \
                 {refusals}ª seguida o Lambda decide {}; a sua função decidiu {}",
                name(&failure),
                tell(&expected),
                tell(&decision)
            );
        }
    }
}

/// Se a próxima tentativa cairia depois da idade máxima, o Lambda desiste agora, com EventAgeExceeded.
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
    expect_same!(
        decision,
        expected,
        "o evento tem {} de idade, o máximo é {}, e acabou de acontecer {}: o Lambda soma a idade com a espera até a \
         próxima tentativa e decide {}; a sua função decidiu {}",
        duration(age),
        duration(config.maximum_event_age()),
        name(&failure),
        tell(&expected),
        tell(&decision)
    );
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
    let expected = Decision::GiveUp(FailureCondition::RetriesExhausted);
    expect_same!(
        decision,
        expected,
        "a função já falhou {} e MaximumRetryAttempts é {maximum_retry_attempts}: não existe \
         próxima tentativa para passar da idade, e o Lambda decide {}; a sua função decidiu {}",
        times(function_errors),
        tell(&expected),
        tell(&decision)
    );
}

/// Uma função que falha sempre roda a vez original e mais MaximumRetryAttempts, nos instantes certos.
#[rstest]
#[case::no_retries(0, vec![0])]
#[case::one_retry(1, vec![0, 60_000])]
#[case::default(2, vec![0, 60_000, 180_000])]
#[tokio::test(start_paused = true)]
async fn a_function_that_always_fails_runs_the_original_and_the_retries(
    #[case] maximum_retry_attempts: i64,
    #[case] waits: Vec<u128>,
) {
    for behavior in [failing("sem sinal"), Behavior::TimeOut] {
        let run_time = match behavior {
            Behavior::TimeOut => 3_000,
            _ => RUN_TIME.as_millis(),
        };
        let config = config(Some(maximum_retry_attempts), None);
        let story = Story::play(Duration::ZERO, &config, vec![behavior]).await;

        let (starts, runs) = (story.starts(), waits.len());
        expect_same!(
            starts.len(),
            runs,
            "a função falhou sempre e MaximumRetryAttempts é {maximum_retry_attempts}: o Lambda chama {} ao todo \
             (a original e mais {maximum_retry_attempts}), mas o seu `process` chamou {}",
            times(runs),
            times(starts.len())
        );
        // As esperas contam do fim de cada execução.
        let expected: Vec<u128> = (0u128..).zip(&waits).map(|(n, wait)| wait + n * run_time).collect();
        expect_same!(
            starts,
            expected,
            "o Lambda espera 1 min depois do primeiro erro e 2 min depois do segundo: as tentativas começam em \
             {expected:?} ms; as suas começaram em {starts:?} ms"
        );
        let (condition, counted, _) = story.failure();
        expect_same!(
            (condition, usize::try_from(counted).ok()),
            (FailureCondition::RetriesExhausted, Some(runs)),
            "o evento termina como RetriesExhausted depois de rodar {}; o seu terminou como {condition} depois de {}",
            times(runs),
            times(counted)
        );
    }
}

/// Depois que uma tentativa dá certo, ninguém chama a função de novo.
#[rstest]
#[case::at_once(0)]
#[case::on_the_second(1)]
#[case::on_the_third(2)]
#[tokio::test(start_paused = true)]
async fn a_success_ends_the_story(#[case] errors: u32) {
    let mut script = vec![failing("sem sinal"); errors as usize];
    script.push(Behavior::Succeed);
    let story = Story::play(Duration::ZERO, &config(None, None), script).await;

    let attempts = story.starts().len();
    expect_same!(
        attempts,
        errors as usize + 1,
        "o roteiro tem {} antes do sucesso, então a função é chamada {}; o seu `process` chamou {}",
        kit::text::count(errors as usize, "erro", "erros"),
        times(errors + 1),
        times(attempts)
    );
    match &story.resolution {
        Resolution::Succeeded { response, runs } => expect_same!(
            (response, *runs),
            (&json!({ "sent": true }), errors + 1),
            "o resultado é o que a função devolveu e quantas vezes ela rodou; o seu diz {response} e {runs}"
        ),
        Resolution::Failed { condition, .. } => {
            panic!("a {}ª tentativa deu certo, mas o seu `process` devolveu {condition}", errors + 1)
        }
    }
}

/// Recusas antes e entre os erros não tiram da função nenhuma das três execuções.
#[tokio::test(start_paused = true)]
async fn refusals_leave_all_three_runs() {
    for seed in 1..=8 {
        let mut random = Random::new(seed);
        let before = random.between(2..=7);
        let mut script = Vec::new();
        let mut expected = vec![0];
        let mut clock = 0;
        for number in 0..before {
            let refusal = random.pick(&[Behavior::Throttle, Behavior::BreakService]);
            script.extend(refusal.cloned());
            clock += 1_000u128 << number;
            expected.push(clock);
        }
        script.push(failing("primeiro"));
        clock += RUN_TIME.as_millis() + 60_000;
        expected.push(clock);
        // Uma recusa no lugar da segunda execução: a espera volta a começar em 1 s.
        script.push(Behavior::Throttle);
        clock += 1_000;
        expected.push(clock);
        script.push(failing("segundo"));
        clock += RUN_TIME.as_millis() + 120_000;
        expected.push(clock);
        script.push(failing("terceiro"));

        let story = Story::play(Duration::ZERO, &config(Some(2), None), script).await;

        let runs = story.function.runs();
        expect_same!(
            runs,
            3,
            "{before} recusas antes da primeira execução e uma no meio: a função ainda tem direito a 3 execuções, porque \
             recusa não gasta tentativa; no seu `process` ela rodou {runs}"
        );
        let starts = story.starts();
        expect_same!(
            starts,
            expected,
            "depois de uma recusa a espera é 1 s e dobra; depois dos erros, 1 min e 2 min: as tentativas começam em \
             {expected:?} ms; as suas começaram em {starts:?} ms"
        );
        expect_same!(
            story.failure(),
            (FailureCondition::RetriesExhausted, 3, Some("terceiro")),
            "o fim é RetriesExhausted, com 3 execuções e o erro da última"
        );
    }
}

/// Uma função sem vaga o tempo todo é tentada por quase seis horas, e o evento sai sem ter rodado.
#[rstest]
#[case::throttled(Behavior::Throttle)]
#[case::system_error(Behavior::BreakService)]
#[tokio::test(start_paused = true)]
async fn refusals_go_on_until_the_age_runs_out(#[case] refusal: Behavior) {
    let story = Story::play(Duration::ZERO, &config(Some(0), None), vec![refusal]).await;

    let (attempts, end) = (story.starts().len(), story.timeline.elapsed());
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
    expect_same!(
        story.failure(),
        (FailureCondition::EventAgeExceeded, 0, None),
        "o evento venceu sem a função rodar: EventAgeExceeded, 0 execuções, nenhum erro da função"
    );
}

/// Com idade máxima de 60 s, o primeiro erro já encerra o evento na hora, com uma execução.
#[rstest]
#[case::age_60(60, 1, 100)]
#[case::age_90(90, 2, 60_200)]
#[case::age_180(180, 2, 60_200)]
#[case::age_200(200, 3, 180_300)]
#[tokio::test(start_paused = true)]
async fn a_short_age_cuts_the_retries(#[case] maximum_age: i64, #[case] expected_runs: u32, #[case] expected_end: u64) {
    let config = config(Some(2), Some(maximum_age));
    let story = Story::play(Duration::ZERO, &config, vec![failing("sem sinal")]).await;

    let (condition, runs, _) = story.failure();
    let expected = match expected_runs {
        3 => FailureCondition::RetriesExhausted,
        _ => FailureCondition::EventAgeExceeded,
    };
    expect_same!(
        (condition, runs),
        (expected, expected_runs),
        "a idade máxima é {} e a função falha sempre: a função roda {} e o evento \
         termina como {expected}; no seu `process` ela rodou {} e o evento terminou como {condition}",
        duration(config.maximum_event_age()),
        times(expected_runs),
        times(runs)
    );
    let end = story.timeline.elapsed();
    let expected_end = Duration::from_millis(expected_end);
    expect_same!(
        end,
        expected_end,
        "o Lambda não espera a idade acabar: desiste em {}, assim que sabe que a próxima tentativa não cabe; o seu \
         `process` terminou em {}",
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
async fn the_age_counts_from_the_arrival_in_the_queue(#[case] waited: u64, #[case] expected_runs: u32) {
    let waited = seconds(waited);
    let config = config(None, None);
    let story = Story::play(waited, &config, vec![failing("sem sinal")]).await;
    let (_, runs, _) = story.failure();
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
