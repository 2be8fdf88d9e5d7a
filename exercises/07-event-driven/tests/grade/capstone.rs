//! Os testes do passo `capstone`: cada peça sozinha, e depois a tarde inteira, com sementes.

use std::collections::BTreeMap;
use std::time::Duration;

use event_driven::capstone::{accept, configure, handle, handle_batch, idempotency_key, redrive};
use event_driven::hailstorm::door::{self, Format};
use event_driven::hailstorm::{Damage, Faults, Plan, Target, What};
use rstest::rstest;

use crate::support::hailstorm::{
    PLAN, TTL, afternoon, batch, event, expect_all_home, expect_closed, plan, report_that, times, total, workbench,
};

const EVERY_CALL_IS_SILENT: Faults = Faults { silence: 100, ..Faults::NONE };

/// Um relato entra no barramento, e só então o telefone vê 202.
#[rstest]
#[case::rest_api(Format::V1)]
#[case::http_api(Format::V2)]
fn a_report_enters_the_bus_and_is_accepted(#[case] format: Format) {
    let mut world = workbench(Faults::NONE);
    let request = door::event(format, &door::body(&Damage::numbered(7)));
    let status = accept(&request, &mut world.session()).status;
    assert!(status == 202, "o barramento aceitou o evento, e a resposta é 202; a sua foi {status}");
    let published = times(&world, 7, What::Published);
    assert!(published == 1, "o relato rel-000007 vai ao barramento uma vez; a sua função publicou {published}");
}

/// Um corpo que não é um relato é culpa de quem mandou, e mandar de novo não adianta: 400.
#[rstest]
#[case::cut_json(r#"{"report_id":"rel-000007","grow"#)]
#[case::without_report_id(r#"{"grower":"Beto","hectares":3}"#)]
#[case::no_hectares_at_all(r#"{"report_id":"rel-000007","grower":"Beto","hectares":0}"#)]
#[case::a_list("[]")]
fn a_body_that_is_not_a_report_is_refused(#[case] body: &str) {
    let mut world = workbench(Faults::NONE);
    let status = accept(&door::event(Format::V2, body), &mut world.session()).status;
    assert!(status == 400, "`{body}` não é um relato: a resposta é 400; a sua foi {status}");
    assert!(world.published() == 0, "`{body}` não é um relato, mas a sua função o publicou");
}

/// `PutEvents` deu certo, mas a entrada falhou: o evento não está no barramento.
#[test]
fn a_failed_entry_is_not_an_acceptance() {
    let mut world = workbench(Faults { bus: 100, ..Faults::NONE });
    let request = door::event(Format::V2, &door::body(&Damage::numbered(7)));
    let status = accept(&request, &mut world.session()).status;
    assert!(
        (500..600).contains(&status),
        "PutEvents devolveu FailedEntryCount 1: o evento não entrou, e o telefone precisa de um 5xx para mandar de novo; a \
         sua função respondeu {status}"
    );
}

/// Sem resposta do barramento não se sabe se o evento entrou: o telefone manda de novo.
#[rstest]
#[case::it_did_not_happen(0)]
#[case::it_happened(1)]
fn silence_is_not_an_acceptance(#[case] half_call: u32) {
    let mut world = workbench(Faults::NONE);
    let request = door::event(Format::V1, &door::body(&Damage::numbered(7)));
    let status = accept(&request, &mut world.doomed_session(half_call)).status;
    assert!(
        (500..600).contains(&status),
        "o barramento não respondeu: pode ter aceitado ou não, e só um 5xx faz o telefone mandar de novo; a sua função \
         respondeu {status}"
    );
}

/// A chave é a mesma em toda repetição do relato, e outra para outro relato ou outro alvo.
#[test]
fn a_key_is_of_one_report_in_one_target() {
    let mut keys = BTreeMap::new();
    for target in Target::ALL {
        // O 1 e o 3.601 são do mesmo produtor, com os mesmos hectares.
        for number in [1, 2, 11, 12, 111, 3_601] {
            let key = idempotency_key(target, &event(number, 1));
            let again = idempotency_key(target, &event(number, 2));
            assert!(
                key == again,
                "o telefone mandou rel-{number:06} duas vezes, e o barramento deu um id a cada evento; o efeito é um só, e a \
                 chave também: as suas foram `{key}` e `{again}`"
            );
            let what = format!("rel-{number:06} em `{}`", target.label());
            if let Some(other) = keys.insert(key.clone(), what.clone()) {
                panic!("{other} e {what} são efeitos diferentes, e a sua chave é a mesma: `{key}`");
            }
        }
    }
}

/// O mesmo relato, entregue três vezes, tem um efeito.
#[rstest]
#[case::insurance(Target::Insurance)]
#[case::damage_map(Target::DamageMap)]
#[case::notices(Target::Notices)]
fn a_repeated_event_takes_effect_once(#[case] target: Target) {
    let mut world = workbench(Faults::NONE);
    for (nth, put) in [(1, 1), (2, 1), (3, 2)] {
        let result = handle(target, &event(7, put), TTL, &mut world.session());
        let effects = world.effects(target, 7);
        assert!(effects == 1, "entrega {nth} de rel-000007 a `{}`: efeitos {effects}, e é 1", target.label());
        let rule = "o efeito está feito, agora ou antes: é um sucesso, ou a repetição iria para a DLQ";
        assert!(result.is_ok(), "entrega {nth}: {rule}; a sua função devolveu {result:?}");
    }
}

/// Cada alvo tem o seu efeito.
#[test]
fn every_target_takes_its_own_effect() {
    let mut world = workbench(Faults::NONE);
    for target in Target::ALL {
        let _ = handle(target, &event(7, 1), TTL, &mut world.session());
    }
    let effects = Target::ALL.map(|target| world.effects(target, 7));
    assert!(effects == [1; 3], "seguro, mapa e aviso têm um efeito cada; na sua conta, {effects:?}");
}

/// A função cai antes de uma chamada, ou depois dela e antes da resposta; a entrega seguinte termina o trabalho.
#[test]
fn a_crash_anywhere_neither_loses_nor_repeats() {
    for half_call in 0..10 {
        let mut world = workbench(Faults::NONE);
        let _ = handle(Target::Insurance, &event(7, 1), TTL, &mut world.doomed_session(half_call));
        let at = format!("{} da chamada nº {}", if half_call % 2 == 0 { "antes" } else { "depois" }, half_call / 2 + 1);
        let _ = handle(Target::Insurance, &event(7, 1), TTL, &mut world.session());
        let effects = world.effects(Target::Insurance, 7);
        assert!(
            effects == 1,
            "a função caiu {at} a um serviço, e o evento foi entregue de novo: o efeito é 1; o seu, {effects}"
        );
    }
}

/// Duas entregas do mesmo evento rodam ao mesmo tempo.
#[test]
fn two_at_the_same_time_take_one_effect() {
    for before_call in 0..5 {
        let mut world = workbench(Faults::NONE);
        let event = event(7, 1);
        let mut session = world.contested_session(Target::DamageMap, &event, before_call);
        let _ = handle(Target::DamageMap, &event, TTL, &mut session);
        let effects = world.effects(Target::DamageMap, 7);
        assert!(
            effects == 1,
            "outra entrega do mesmo evento rodou inteira antes da chamada nº {} desta: o efeito é 1; o seu, {effects}",
            before_call + 1
        );
    }
}

/// O serviço recusou: nada aconteceu, e a próxima entrega, já sem a recusa, faz o efeito.
#[test]
fn a_refusal_is_an_error_and_leaves_nothing_behind() {
    let mut world = workbench(Faults { refused: 100, ..Faults::NONE });
    let result = handle(Target::Insurance, &event(7, 1), TTL, &mut world.session());
    assert!(result.is_err(), "o serviço recusou, e o efeito não aconteceu: é um erro; a sua função devolveu Ok");
    world.calm();
    let _ = handle(Target::Insurance, &event(7, 1), TTL, &mut world.session());
    let effects = world.effects(Target::Insurance, 7);
    assert!(effects == 1, "recusado na 1ª entrega e aceito na 2ª: o efeito é 1; o seu, {effects}");
}

/// Sem resposta não se sabe: é um erro, na entrega e na volta.
#[test]
fn silence_is_an_error() {
    let mut world = workbench(EVERY_CALL_IS_SILENT);
    let result = handle(Target::Notices, &event(7, 1), TTL, &mut world.session());
    assert!(result.is_err(), "nenhum serviço respondeu: o efeito pode não ter acontecido; a sua função devolveu Ok");
    world.bury(Target::Notices, event(7, 1));
    let result = redrive(Target::Notices, &mut world.session());
    assert!(result.is_err(), "a DLQ não respondeu, e tinha um evento: a volta não acabou; a sua devolveu {result:?}");
}

/// O registro vale por `record_ttl`, com o último instante; depois disso o efeito volta a ser possível.
#[rstest]
#[case::an_hour(Duration::from_secs(3_600))]
#[case::twenty_days(TTL)]
fn a_record_lasts_for_its_ttl(#[case] ttl: Duration) {
    let mut world = workbench(Faults::NONE);
    let hours = ttl.as_secs() / 3_600;
    for (wait, expected) in [(Duration::ZERO, 1), (ttl, 1), (Duration::from_millis(1), 2)] {
        world.wait(wait);
        let _ = handle(Target::Insurance, &event(7, 1), ttl, &mut world.session());
        let effects = world.effects(Target::Insurance, 7);
        assert!(
            effects == expected,
            "record_ttl de {hours} h: o registro vale até lá, inclusive, e só depois a chave fica livre; eram {expected} \
             efeitos e há {effects}"
        );
    }
}

/// Só as que falharam voltam, e uma falha não impede as outras.
#[rstest]
#[case::the_first(&[true, false, false])]
#[case::the_middle_one(&[false, true, false])]
#[case::the_last(&[false, false, true])]
#[case::two_of_five(&[false, true, false, true, false])]
#[case::all(&[true, true])]
#[case::none(&[false, false, false])]
#[case::an_empty_batch(&[])]
fn only_the_failed_messages_return(#[case] refused: &[bool]) {
    let mut world = workbench(Faults { refused: 40, ..Faults::NONE });
    let mut numbers = Vec::new();
    for refused in refused {
        let next = numbers.last().map_or(0, |last| last + 1);
        numbers.push(report_that(&world, Target::Insurance, *refused, next));
    }
    let messages = batch(&numbers);
    let response = handle_batch(Target::Insurance, &messages, TTL, &mut world.session());
    let failed: Vec<_> = messages.iter().zip(refused).filter(|(_, refused)| **refused).collect();
    let expected: Vec<_> = failed.iter().map(|(message, _)| message.message_id.as_str()).collect();
    let mut got: Vec<_> = response.batch_item_failures.iter().map(|each| each.item_identifier.as_str()).collect();
    got.sort_unstable();
    assert!(
        got == expected,
        "de {} mensagens, o serviço recusou {expected:?}: só essas voltam à fila; a sua função devolveu {got:?}",
        messages.len()
    );
    for (number, refused) in numbers.iter().zip(refused) {
        let effects = world.effects(Target::Insurance, *number);
        let expected = u32::from(!refused);
        assert!(effects == expected, "rel-{number:06}: era para ter {expected} efeito; na sua conta, {effects}");
    }
}

/// O mesmo relato duas vezes no mesmo lote são duas mensagens e um efeito.
#[test]
fn a_report_twice_in_a_batch_takes_effect_once() {
    let mut world = workbench(Faults::NONE);
    let response = handle_batch(Target::DamageMap, &batch(&[7, 8, 7]), TTL, &mut world.session());
    assert!(response.batch_item_failures.is_empty(), "a repetida já teve efeito: nada falhou");
    let effects = [7, 8].map(|number| world.effects(Target::DamageMap, number));
    assert!(effects == [1, 1], "rel-000007 e rel-000008 têm um efeito cada; na sua conta, {effects:?}");
}

/// Cada campo da configuração segue a sua regra.
#[rstest]
#[case::serra_clara(PLAN)]
#[case::short_functions(plan(3, 0, 345_600, 86_400))]
#[case::long_functions(plan(900, 300, 86_400, 7 * 86_400))]
#[case::a_long_wait(plan(60, 20, 345_600, 10 * 86_400))]
fn the_configuration_follows_the_plan(#[case] plan: Plan) {
    let got = configure(&plan);
    let visibility = plan.function_timeout * 6 + plan.batching_window;
    assert!(
        (visibility..=visibility * 2).contains(&got.visibility_timeout),
        "a visibilidade vai de {visibility:?} (6 vezes o tempo da função, mais a janela) ao dobro disso: curta, a falta de vaga \
         leva mensagens boas à DLQ; longa, cada nova tentativa espera por ela. A sua é {:?}",
        got.visibility_timeout
    );
    let count = got.max_receive_count;
    assert!((5..=10).contains(&count), "maxReceiveCount vai de 5 a 10; o seu é {count}");
    assert!(got.report_batch_item_failures, "sem ReportBatchItemFailures o que `handle_batch` devolve não é lido");
    assert!(got.target_dead_letter_queue, "sem DLQ no alvo da regra, o que o barramento não entrega é descartado");
    assert!(got.function_dead_letter_queue, "sem DLQ na função, o aviso que falha três vezes é descartado");
    let kept = plan.queue_retention + plan.redrive_after;
    assert!(
        (kept..=Duration::from_secs(1_209_600)).contains(&got.dead_letter_retention),
        "a idade conta desde a primeira fila ({:?}), e a volta pode demorar {:?}: a DLQ guarda pelo menos {kept:?} (e até 14 \
         dias); a sua guarda {:?}",
        plan.queue_retention,
        plan.redrive_after,
        got.dead_letter_retention
    );
    let last = got.dead_letter_retention + plan.queue_retention;
    assert!(
        got.record_ttl >= last,
        "a última repetição pode vir {last:?} depois (retenção da DLQ mais a da fila), e o seu registro dura {:?}",
        got.record_ttl
    );
}

/// Tudo o que está na DLQ volta ao alvo dela, e só ao alvo dela.
#[rstest]
#[case::empty(Target::Insurance, 0)]
#[case::one(Target::Notices, 1)]
#[case::a_full_page(Target::DamageMap, 10)]
#[case::three_pages(Target::Insurance, 25)]
fn a_redrive_empties_the_dead_letter_queue(#[case] target: Target, #[case] dead: u32) {
    let mut world = workbench(Faults::NONE);
    (0..dead).for_each(|number| world.bury(target, event(number, 1)));
    let others: Vec<_> = Target::ALL.into_iter().filter(|other| *other != target).collect();
    others.iter().for_each(|other| world.bury(*other, event(99, 1)));
    let result = redrive(target, &mut world.session());
    let label = target.label();
    assert!(
        result == Ok(dead as usize),
        "a DLQ de `{label}` tinha {dead}, e a volta devolve Ok({dead}); a sua, {result:?}"
    );
    let left = world.dead_letters(target).count();
    assert!(left == 0, "a volta de `{label}` esvazia a DLQ; na sua ficaram {left}");
    for number in 0..dead {
        let sent = times(&world, number, What::SentBack(target));
        assert!(sent == 1, "rel-{number:06} volta uma vez a `{label}`; na sua, {sent}");
    }
    let left_alone = others.iter().all(|other| world.dead_letters(*other).count() == 1);
    assert!(left_alone, "a volta de `{label}` não mexe nas outras DLQs, que tinham um evento cada");
    let strangers: usize = others.iter().map(|other| total(&world, What::SentBack(*other))).sum();
    assert!(
        strangers == 0,
        "o que morreu em `{label}` volta só a `{label}`; a sua volta fez {strangers} entregas a outros"
    );
}

/// A rede cai no meio da volta; quem a roda de novo não perdeu nada.
#[test]
fn an_interrupted_redrive_loses_nothing() {
    for half_call in 0..=16 {
        let mut world = workbench(Faults::NONE);
        (0..3).for_each(|number| world.bury(Target::Insurance, event(number, 1)));
        let _ = redrive(Target::Insurance, &mut world.doomed_session(half_call));
        world.wait(Duration::from_secs(31));
        let _ = redrive(Target::Insurance, &mut world.session());
        let left = world.dead_letters(Target::Insurance).count();
        assert!(left == 0, "a volta rodou de novo, inteira: a DLQ está vazia; na sua ficaram {left}");
        for number in 0..3 {
            let sent = times(&world, number, What::SentBack(Target::Insurance));
            assert!(
                sent > 0,
                "a volta parou na meia chamada {half_call} e rodou de novo: rel-{number:06} saiu da DLQ sem ter voltado ao \
                 seguro. Perdido"
            );
        }
    }
}

/// Uma entrega sem resposta pode não ter acontecido: a mensagem fica na DLQ.
#[test]
fn a_silent_delivery_stays_in_the_dead_letter_queue() {
    let mut world = workbench(Faults { silence: 30, ..Faults::NONE });
    (0..12).for_each(|number| world.bury(Target::DamageMap, event(number, 1)));
    for _ in 0..40 {
        let _ = redrive(Target::DamageMap, &mut world.session());
        world.wait(Duration::from_secs(31));
    }
    world.calm();
    let _ = redrive(Target::DamageMap, &mut world.session());
    for number in 0..12 {
        let sent = times(&world, number, What::SentBack(Target::DamageMap));
        assert!(
            sent > 0,
            "rel-{number:06} saiu da DLQ, mas a entrega dele ao mapa, sem resposta, não aconteceu. Perdido"
        );
    }
}

/// Um dia calmo: nada se perde, nada se repete, nada morre.
#[test]
fn on_a_calm_day_nothing_dies() {
    let mut world = afternoon(1, 100, Faults::NONE);
    world.run();
    expect_closed(&world, "em um dia sem falhas");
    let audit = world.audit();
    let accepted = audit.accepted;
    assert!(accepted == 98, "de 100 relatos, 2 vêm malformados: são 98 aceitos; na sua conta, {accepted}");
    assert!(audit.applied == 294, "98 relatos em 3 alvos são 294 efeitos; na sua conta, {}", audit.applied);
    assert!(audit.dead == [0; 3], "sem falhas nada vai para a DLQ; na sua conta foram {:?}", audit.dead);
}

/// Uma falha por vez, bem frequente; depois a volta.
#[rstest]
#[case::trouble_at_the_door(Faults { door: 60, ..Faults::NONE })]
#[case::trouble_on_the_bus(Faults { bus: 40, ..Faults::NONE })]
#[case::no_permission_to_deliver(Faults { denied: true, ..Faults::NONE })]
#[case::no_capacity(Faults { throttle: 60, ..Faults::NONE })]
#[case::crashes(Faults { crash: 50, ..Faults::NONE })]
#[case::timeouts(Faults { timeout: 50, ..Faults::NONE })]
#[case::silent_services(Faults { silence: 25, ..Faults::NONE })]
#[case::duplicates(Faults { duplicate: 60, ..Faults::NONE })]
#[case::out_of_order(Faults { reorder: 100, ..Faults::NONE })]
#[case::refused_reports(Faults { refused: 25, ..Faults::NONE })]
fn one_kind_of_fault_neither_loses_nor_repeats(#[case] faults: Faults) {
    let mut world = afternoon(11, 80, faults);
    world.run();
    expect_closed(&world, "no fim da tarde");
    world.redrive();
    expect_all_home(&world);
}

/// Dois minutos sem vaga não matam ninguém: a visibilidade espera.
#[test]
fn a_lack_of_capacity_kills_nothing() {
    let mut world = afternoon(5, 80, Faults { throttle: 100, ..Faults::NONE });
    world.run();
    let dead = world.audit().dead;
    assert!(
        dead == [0; 3],
        "a função ficou até 2 minutos sem vaga, e a visibilidade recomendada espera mais que isso; na sua conta foram para a \
         DLQ {dead:?}"
    );
}

/// A tarde do granizo, com tudo ao mesmo tempo; depois a volta.
#[rstest]
#[case::seed_1(1)]
#[case::seed_2(2)]
#[case::seed_3(3)]
#[case::seed_4(4)]
fn on_the_day_of_the_hail_nothing_is_lost_or_repeated(#[case] seed: u64) {
    let mut world = afternoon(seed, 120, Faults::HAIL);
    world.run();
    expect_closed(&world, "no fim da tarde");
    world.redrive();
    expect_all_home(&world);
}

/// A mesma semente conta a mesma história.
#[test]
fn the_same_seed_repeats_the_same_story() {
    let [first, second, other] = [9, 9, 10].map(|seed| {
        let mut world = afternoon(seed, 60, Faults::HAIL);
        world.run();
        world.trace().to_vec()
    });
    assert!(first == second, "a semente 9 deu duas histórias diferentes: alguma peça sua não depende só do que recebe");
    assert!(first != other, "as sementes 9 e 10 deram a mesma história: nada aconteceu nelas ({} passos)", first.len());
}
