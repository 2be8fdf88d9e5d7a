//! Engano: na coreografia, os lugares devolvem o lugar assim que ouvem a recusa do bilhete, antes do estorno.

use crate::box_office::{Action, Answer, BoxOffice, Entry, Event, Ledger, Outcome, Step};
use kit::Random;

/// Quantas vezes o orquestrador chama uma etapa que não responde, ao todo. Uma compensação não tem limite.
pub const MAXIMUM_CALLS: usize = 3;

/// O que o orquestrador faz agora.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Anota e chama.
    Call(Action),
    /// A compra acabou.
    Finish(Outcome),
}

/// O serviço: atende um pedido de uma compra, que pode chegar mais de uma vez e fora de ordem.
pub fn handle(ledger: &mut Ledger, action: Action, purchase: &str) -> Answer {
    use crate::box_office::Record;

    match (action, ledger.record(purchase)) {
        (Action::Do(_), None) => {
            let answer = ledger.perform(purchase);
            ledger.write(purchase, if answer == Answer::Done { Record::Done } else { Record::Refused });
            answer
        }
        (Action::Do(_), Some(Record::Done)) => Answer::Done,
        (Action::Do(_), Some(Record::Refused | Record::Undone)) => Answer::Refused,
        (Action::Undo(_), record) => {
            if record == Some(Record::Done) {
                ledger.reverse();
            }
            ledger.write(purchase, Record::Undone);
            Answer::Done
        }
    }
}

/// O orquestrador: o que fazer agora, olhando só o diário da compra.
pub fn next(journal: &[Entry]) -> Move {
    let undo = |step: Option<Step>| match step {
        Some(step) => Move::Call(Action::Undo(step)),
        None => Move::Finish(Outcome::Cancelled),
    };
    match journal.last() {
        None => Move::Call(Action::Do(Step::Reserve)),
        Some(&Entry::Answered(Action::Do(step), Answer::Done)) => match step.next() {
            Some(step) => Move::Call(Action::Do(step)),
            None => Move::Finish(Outcome::Confirmed),
        },
        Some(&Entry::Answered(action, _)) => undo(action.step().previous()),
        Some(&Entry::Called(action)) => {
            let calls = journal.iter().filter(|entry| **entry == Entry::Called(action)).count();
            match action {
                // Não se sabe se ela foi feita: desfaz também esta.
                Action::Do(step) if calls >= MAXIMUM_CALLS => undo(Some(step)),
                _ => Move::Call(action),
            }
        }
    }
}

/// A coreografia: o que o serviço de `service` faz quando ouve um evento.
pub fn react(service: Step, event: Event) -> Option<Action> {
    match (service, event) {
        (Step::Reserve, Event::PurchaseRequested) => Some(Action::Do(service)),
        (Step::Charge, Event::SeatReserved) => Some(Action::Do(service)),
        (Step::Issue, Event::PaymentCaptured) => Some(Action::Do(service)),
        (Step::Charge, Event::TicketRefused) => Some(Action::Undo(service)),
        (Step::Reserve, Event::PaymentRefused | Event::TicketRefused) => Some(Action::Undo(service)),
        _ => None,
    }
}

/// A coreografia: como terminou a compra para quem ouviu estes eventos, em qualquer ordem e com repetições; `None` se ainda não
/// terminou.
pub fn outcome(heard: &[Event]) -> Option<Outcome> {
    if heard.contains(&Event::TicketIssued) {
        Some(Outcome::Confirmed)
    } else if heard.contains(&Event::SeatRefused) || heard.contains(&Event::SeatReleased) {
        Some(Outcome::Cancelled)
    } else {
        None
    }
}

/// Roda o orquestrador até o fim da compra ou até a queda: com `dies_after` dado, o processo morre logo depois de receber a
/// resposta dessa chamada (a primeira é 1), antes de anotá-la, e a função devolve `None`. O diário sobrevive; chame de novo para
/// recomeçar dele.
pub fn orchestrate(
    office: &mut BoxOffice,
    journal: &mut Vec<Entry>,
    purchase: &str,
    mut dies_after: Option<usize>,
) -> Option<Outcome> {
    loop {
        match next(journal) {
            Move::Finish(outcome) => return Some(outcome),
            Move::Call(action) => {
                journal.push(Entry::Called(action));
                let answer = office.call(action, purchase, handle);
                if let Some(left) = &mut dies_after {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        return None;
                    }
                }
                journal.extend(answer.map(|answer| Entry::Answered(action, answer)));
                assert!(journal.len() < 1_000, "mil linhas de diário e a compra não acaba");
            }
        }
    }
}

/// Roda a coreografia até o barramento esvaziar e devolve os eventos, na ordem em que foram publicados.
///
/// O barramento entrega pelo menos uma vez, em qualquer ordem. Com um sorteio, a próxima entrega é qualquer uma das que esperam,
/// pode vir repetida, e o serviço pode morrer depois de agir e antes de publicar: a entrega, que ele não confirmou, volta.
pub fn choreograph(office: &mut BoxOffice, purchase: &str, mut random: Option<Random>) -> Vec<Event> {
    let mut published = vec![Event::PurchaseRequested];
    let mut waiting: Vec<(Step, Event)> = Step::ALL.map(|service| (service, Event::PurchaseRequested)).to_vec();
    // Com azar sempre, as entregas não acabariam.
    let mut bad_luck = 20;
    let mut unlucky = |random: &mut Option<Random>| {
        let unlucky = random.as_mut().is_some_and(|random| bad_luck > 0 && random.between(0..=2) == 0);
        bad_luck -= i32::from(unlucky);
        unlucky
    };
    while let Some(last) = waiting.len().checked_sub(1) {
        let index = random.as_mut().map_or(0, |random| random.between(0..=last as u64) as usize);
        let (service, event) = waiting.remove(index);
        if unlucky(&mut random) {
            waiting.push((service, event));
        }
        let Some(action) = react(service, event) else { continue };
        let answer = office.serve(action, purchase, handle);
        if unlucky(&mut random) {
            waiting.push((service, event));
        } else if let Some(news) = Event::of(action, answer) {
            published.push(news);
            waiting.extend(Step::ALL.map(|service| (service, news)));
        }
        assert!(published.len() < 1_000, "mil eventos e a compra não acaba");
    }
    published
}
