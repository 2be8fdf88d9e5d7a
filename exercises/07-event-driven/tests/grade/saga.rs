//! Os testes do passo `saga`: o serviço, o orquestrador, a coreografia, e os dois lado a lado, com falhas.

use event_driven::box_office::{Action, Answer, BoxOffice, Entry, Event, Fault, Ledger, Outcome, Step};
use event_driven::saga::{MAXIMUM_CALLS, Move, choreograph, handle, next, orchestrate, outcome, react};
use kit::Random;
use rstest::rstest;

use crate::support::{expect_same, list};

use Action::{Do, Undo};
use Answer::{Done, Refused};
use Entry::{Answered, Called};
use Step::{Charge, Issue, Reserve};

const BETO: &str = "compra-7";
const DAVI: &str = "compra-8";
const EVERYTHING: [usize; 3] = [1, 1, 1];
const NOTHING: [usize; 3] = [0, 0, 0];

/// `reserva, cobra e emite`.
fn told(effects: &[Action]) -> String {
    list(effects, "nada")
}

/// O que se pede a um serviço, o que ele responde e o que acontece no mundo: `true` é fazer, `false` é desfazer.
#[rstest]
#[case::once("faz uma vez", &[true], false, &[Done], &[true])]
#[case::repeated("o pedido repetido é respondido, e não refeito", &[true, true, true], false, &[Done, Done, Done], &[true])]
#[case::undone("desfaz o que fez", &[true, false], false, &[Done, Done], &[true, false])]
#[case::undone_once("desfaz uma vez só", &[true, false, false], false, &[Done, Done, Done], &[true, false])]
#[case::refused("diz que não", &[true], true, &[Refused], &[])]
#[case::nothing_to_undo("não há o que desfazer do que foi recusado", &[true, false], true, &[Refused, Done], &[])]
#[case::cancelled_first("o cancelamento que chega antes vale", &[false, true, true], false, &[Done, Refused, Refused], &[])]
#[case::too_late("o pedido atrasado não refaz", &[true, false, true], false, &[Done, Done, Refused], &[true, false])]
fn a_service_answers_the_same_request_the_same_way(
    #[case] rule: &str,
    #[case] requests: &[bool],
    #[case] refuses: bool,
    #[case] answers: &[Answer],
    #[case] effects: &[bool],
) {
    for step in Step::ALL {
        let action = |forward: &bool| if *forward { Do(step) } else { Undo(step) };
        let mut ledger = Ledger::new(step, 40);
        if refuses {
            ledger.refuse(BETO);
        }
        let asked: Vec<Action> = requests.iter().map(action).collect();
        let got: Vec<Answer> = asked.iter().map(|each| handle(&mut ledger, *each, BETO)).collect();
        let happened = ledger.effects().to_vec();
        let expected: Vec<Action> = effects.iter().map(action).collect();
        expect_same!(
            (got.as_slice(), happened.as_slice()),
            (answers, expected.as_slice()),
            "{rule}: aos pedidos {} o serviço responde {answers:?} e no mundo acontece {}; o seu respondeu {got:?} e \
             aconteceu {}",
            told(&asked),
            told(&expected),
            told(&happened)
        );
    }
}

/// A recusa fica escrita: se um lugar vaga depois, o mesmo pedido repetido continua recusado.
#[rstest]
fn a_refusal_is_remembered() {
    let mut ledger = Ledger::new(Reserve, 1);
    let got = [
        handle(&mut ledger, Do(Reserve), BETO),
        handle(&mut ledger, Do(Reserve), DAVI),
        handle(&mut ledger, Undo(Reserve), BETO),
        handle(&mut ledger, Do(Reserve), DAVI),
    ];
    expect_same!(
        (got, ledger.held()),
        ([Done, Refused, Done, Refused], 0),
        "há um lugar: Beto reserva, Davi é recusado, Beto devolve, e o pedido repetido do Davi recebe a mesma resposta; o \
         seu serviço respondeu {got:?} e ficaram {} lugares ocupados",
        ledger.held()
    );
}

/// Uma compra não responde por outra.
#[rstest]
fn each_purchase_has_its_own_line() {
    let mut ledger = Ledger::new(Charge, 0);
    let got = [
        handle(&mut ledger, Do(Charge), BETO),
        handle(&mut ledger, Undo(Charge), DAVI),
        handle(&mut ledger, Do(Charge), BETO),
    ];
    expect_same!(
        (got, ledger.held()),
        ([Done; 3], 1),
        "o cancelamento do Davi não mexe na cobrança do Beto; o seu serviço respondeu {got:?} e valem {} cobranças",
        ledger.held()
    );
}

/// O que o orquestrador faz com cada diário.
#[rstest]
#[case::nothing_yet(&[], Move::Call(Do(Reserve)))]
#[case::reserved(&[Called(Do(Reserve)), Answered(Do(Reserve), Done)], Move::Call(Do(Charge)))]
#[case::issued(&[Called(Do(Issue)), Answered(Do(Issue), Done)], Move::Finish(Outcome::Confirmed))]
#[case::no_seat(&[Called(Do(Reserve)), Answered(Do(Reserve), Refused)], Move::Finish(Outcome::Cancelled))]
#[case::card_refused(&[Called(Do(Charge)), Answered(Do(Charge), Refused)], Move::Call(Undo(Reserve)))]
#[case::printer_refused(&[Called(Do(Issue)), Answered(Do(Issue), Refused)], Move::Call(Undo(Charge)))]
#[case::refunded(&[Called(Undo(Charge)), Answered(Undo(Charge), Done)], Move::Call(Undo(Reserve)))]
#[case::released(&[Called(Undo(Reserve)), Answered(Undo(Reserve), Done)], Move::Finish(Outcome::Cancelled))]
#[case::no_answer(&[Answered(Do(Reserve), Done), Called(Do(Charge)), Called(Do(Charge))], Move::Call(Do(Charge)))]
#[case::in_doubt(&[Called(Do(Charge)), Called(Do(Charge)), Called(Do(Charge))], Move::Call(Undo(Charge)))]
#[case::answered_at_last(
    &[Called(Do(Charge)), Called(Do(Charge)), Called(Do(Charge)), Answered(Do(Charge), Done)], Move::Call(Do(Issue))
)]
#[case::a_refund_never_gives_up(&[Called(Undo(Charge)); 9], Move::Call(Undo(Charge)))]
fn the_journal_says_what_to_do(#[case] journal: &[Entry], #[case] expected: Move) {
    let got = next(journal);
    expect_same!(got, expected, "com o diário {journal:?}, o próximo passo é {expected:?}; o seu foi {got:?}");
}

const EVENTS: [Event; 9] = [
    Event::PurchaseRequested,
    Event::SeatReserved,
    Event::SeatRefused,
    Event::SeatReleased,
    Event::PaymentCaptured,
    Event::PaymentRefused,
    Event::PaymentRefunded,
    Event::TicketIssued,
    Event::TicketRefused,
];

/// Cada serviço ouve poucos eventos, e a devolução espera o estorno.
#[rstest]
#[case::seats(Reserve, &[
    (Event::PurchaseRequested, Do(Reserve)),
    (Event::PaymentRefused, Undo(Reserve)),
    (Event::PaymentRefunded, Undo(Reserve)),
])]
#[case::payments(Charge, &[(Event::SeatReserved, Do(Charge)), (Event::TicketRefused, Undo(Charge))])]
#[case::tickets(Issue, &[(Event::PaymentCaptured, Do(Issue))])]
fn each_service_reacts_to_a_few_events(#[case] service: Step, #[case] reactions: &[(Event, Action)]) {
    for event in EVENTS {
        let expected = reactions.iter().find(|(heard, _)| *heard == event).map(|(_, action)| *action);
        let got = react(service, event);
        let tell = |action: Option<Action>| action.map_or("não faz nada".to_owned(), |action| action.to_string());
        expect_same!(
            got,
            expected,
            "ao ouvir {event:?}, o serviço de {service:?}: {}; o seu: {}",
            tell(expected),
            tell(got)
        );
    }
}

/// Sem dono, o fim da compra é o que se ouviu, em qualquer ordem e com repetições.
#[rstest]
#[case::open(&[Event::PurchaseRequested, Event::SeatReserved, Event::PaymentCaptured], None)]
#[case::confirmed(&[Event::TicketIssued, Event::SeatReserved, Event::PaymentCaptured], Some(Outcome::Confirmed))]
#[case::no_seat(&[Event::SeatRefused, Event::PurchaseRequested], Some(Outcome::Cancelled))]
#[case::card_refused(&[Event::PurchaseRequested, Event::SeatReserved, Event::PaymentRefused], None)]
#[case::still_refunding(&[Event::TicketRefused, Event::PaymentCaptured, Event::PaymentRefunded], None)]
#[case::undone(&[Event::SeatReleased, Event::SeatReleased, Event::PaymentRefused], Some(Outcome::Cancelled))]
fn the_outcome_is_what_was_heard(#[case] heard: &[Event], #[case] expected: Option<Outcome>) {
    let got = outcome(heard);
    expect_same!(got, expected, "para quem ouviu {heard:?} a compra está em {expected:?}; a sua função disse {got:?}");
}

/// Uma recusa em cada ponto: os dois jeitos fazem a mesma coisa no mundo, na mesma ordem, e acabam iguais.
#[rstest]
#[case::nobody(None, Outcome::Confirmed, EVERYTHING, &[Do(Reserve), Do(Charge), Do(Issue)])]
#[case::seats(Some(Reserve), Outcome::Cancelled, NOTHING, &[])]
#[case::payments(Some(Charge), Outcome::Cancelled, NOTHING, &[Do(Reserve), Undo(Reserve)])]
#[case::tickets(Some(Issue), Outcome::Cancelled, NOTHING, &[Do(Reserve), Do(Charge), Undo(Charge), Undo(Reserve)])]
fn both_ways_end_the_same(
    #[case] refuses: Option<Step>,
    #[case] expected: Outcome,
    #[case] held: [usize; 3],
    #[case] effects: &[Action],
) {
    let new = || refuses.iter().fold(BoxOffice::new(40), |office, step| office.refusing(*step, BETO));
    let (mut first, mut second) = (new(), new());
    let orchestrated = orchestrate(&mut first, &mut Vec::new(), BETO, None);
    let heard = choreograph(&mut second, BETO, None);
    for (way, office, got) in [("orquestrada", first, orchestrated), ("coreografada", second, outcome(&heard))] {
        expect_same!(
            (got, office.held(), office.effects()),
            (Some(expected), held, effects),
            "compra {way} com recusa de {refuses:?}: termina em {expected:?}, valem {held:?} (lugar, cobrança, bilhete) e \
             acontece {}; a sua terminou em {got:?}, valem {:?} e aconteceu {}",
            told(effects),
            office.held(),
            told(office.effects())
        );
    }
}

/// O orquestrador e a rede: o que se repete não acontece duas vezes, e o que ficou em dúvida é desfeito.
#[rstest]
#[case::one_request_lost(Do(Charge), &[Fault::RequestLost], EVERYTHING, &[Do(Reserve), Do(Charge), Do(Issue)])]
#[case::two_answers_lost(Do(Charge), &[Fault::AnswerLost; 2], EVERYTHING, &[Do(Reserve), Do(Charge), Do(Issue)])]
#[case::every_answer_lost(
    Do(Issue), &[Fault::AnswerLost; MAXIMUM_CALLS], NOTHING,
    &[Do(Reserve), Do(Charge), Do(Issue), Undo(Issue), Undo(Charge), Undo(Reserve)]
)]
#[case::every_request_lost(Do(Charge), &[Fault::RequestLost; MAXIMUM_CALLS], NOTHING, &[Do(Reserve), Undo(Reserve)])]
#[case::every_request_late(Do(Charge), &[Fault::Late; MAXIMUM_CALLS], NOTHING, &[Do(Reserve), Undo(Reserve)])]
#[case::first_step_in_doubt(Do(Reserve), &[Fault::AnswerLost; MAXIMUM_CALLS], NOTHING, &[Do(Reserve), Undo(Reserve)])]
fn the_network_fails_and_the_books_agree(
    #[case] action: Action,
    #[case] faults: &[Fault],
    #[case] held: [usize; 3],
    #[case] effects: &[Action],
) {
    let mut office = BoxOffice::new(40).with_faults(action, faults);
    orchestrate(&mut office, &mut Vec::new(), BETO, None);
    office.deliver_late(handle);
    expect_same!(
        (office.held(), office.effects()),
        (held, effects),
        "nas primeiras chamadas de `{action}` a rede faz {faults:?}: no fim valem {held:?} (lugar, cobrança, bilhete) e \
         aconteceu {}; na sua valem {:?} e aconteceu {}",
        told(effects),
        office.held(),
        told(office.effects())
    );
}

/// O processo morre depois de cada chamada, antes de anotar a resposta; o que recomeça do diário acaba igual.
#[rstest]
#[case::confirmed(None, EVERYTHING, &[Do(Reserve), Do(Charge), Do(Issue)])]
#[case::cancelled(Some(Issue), NOTHING, &[Do(Reserve), Do(Charge), Undo(Charge), Undo(Reserve)])]
fn a_crash_changes_nothing(#[case] refuses: Option<Step>, #[case] held: [usize; 3], #[case] effects: &[Action]) {
    let calls = if refuses.is_some() { 5 } else { 3 };
    for crash in 1..=calls {
        let mut office = refuses.iter().fold(BoxOffice::new(40), |office, step| office.refusing(*step, BETO));
        let mut journal = Vec::new();
        let first = orchestrate(&mut office, &mut journal, BETO, Some(crash));
        let second = orchestrate(&mut office, &mut journal, BETO, None);
        expect_same!(
            (first, second.is_some(), office.held(), office.effects()),
            (None, true, held, effects),
            "o orquestrador morre depois da {crash}ª de {calls} chamadas e recomeça do diário: valem {held:?} e aconteceu {}; \
             na sua valem {:?} e aconteceu {}",
            told(effects),
            office.held(),
            told(office.effects())
        );
    }
}

/// O barramento repete e embaralha, e os serviços morrem antes de publicar; a compra coreografada acaba igual.
#[rstest]
#[case::confirmed(None, Outcome::Confirmed, &[Do(Reserve), Do(Charge), Do(Issue)])]
#[case::card_refused(Some(Charge), Outcome::Cancelled, &[Do(Reserve), Undo(Reserve)])]
#[case::printer_refused(Some(Issue), Outcome::Cancelled, &[Do(Reserve), Do(Charge), Undo(Charge), Undo(Reserve)])]
fn the_bus_repeats_and_shuffles(#[case] refuses: Option<Step>, #[case] expected: Outcome, #[case] effects: &[Action]) {
    for seed in 0..40 {
        let mut office = refuses.iter().fold(BoxOffice::new(40), |office, step| office.refusing(*step, BETO));
        let heard = choreograph(&mut office, BETO, Some(Random::new(seed)));
        let got = outcome(&heard);
        expect_same!(
            (got, office.effects()),
            (Some(expected), effects),
            "semente {seed}, recusa de {refuses:?}: a compra termina em {expected:?} e acontece {}; a sua terminou em {got:?} e \
             aconteceu {}",
            told(effects),
            told(office.effects())
        );
    }
}
