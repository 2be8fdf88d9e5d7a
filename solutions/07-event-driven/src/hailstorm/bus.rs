//! A porta e o barramento: do telefone que relata à entrega nos três alvos.

use std::rc::Rc;

use async_invocation::retries::Failures;

use super::agenda::Action;
use super::door::{self, Format};
use super::session::Session;
use super::world::{Job, index};
use super::{Damage, Entry, Event, PutEventsResult, PutEventsResultEntry, Target, What, World};

/// Quantas vezes o telefone manda o mesmo relato, se não vê uma resposta boa.
const SENDS: u32 = 4;
/// Quantas vezes o barramento tenta de novo uma entrega.
const DELIVERY_RETRIES: u32 = 185;
/// De cada tantos relatos, um vem malformado.
const MALFORMED_EVERY: u32 = 50;

impl World {
    pub(super) fn request(&mut self, number: u32, attempt: u32) {
        let damage = Damage::numbered(number);
        let mut body = door::body(&damage);
        if number % MALFORMED_EVERY == MALFORMED_EVERY - 1 {
            body.truncate(body.len() / 2);
        }
        let format = if number.is_multiple_of(2) { Format::V2 } else { Format::V1 };
        let event = door::event(format, &body);
        let accept = self.system.accept;
        let trouble = self.chance(self.faults.door).then(|| self.random.between(0..=3));
        let seen = match trouble {
            // Sem vaga: a função nem roda.
            Some(0) => Some(500),
            // Cai ou estoura o tempo no meio.
            Some(kind @ 1..=2) => {
                let dies_at = u32::try_from(self.random.between(0..=2)).ok();
                accept(&event, &mut Session::new(self, dies_at, None));
                Some(if kind == 1 { 502 } else { 504 })
            }
            // Dá certo, mas a resposta não chega ao telefone.
            Some(_) => {
                accept(&event, &mut self.session());
                None
            }
            None => Some(accept(&event, &mut self.session()).status),
        };
        self.note(&damage, What::Asked(attempt, seen));
        match seen {
            Some(200..=299) => self.accept(number),
            Some(500..) | None if attempt < SENDS => {
                let wait = 1_000 << attempt;
                self.after(wait..=2 * wait, Action::Request { number, attempt: attempt + 1 });
            }
            _ => {}
        }
    }

    pub(super) fn accept(&mut self, number: u32) {
        if let Some(row) = self.row(number) {
            self.accepted[row] = true;
        }
    }

    pub(super) fn put_events(&mut self, entries: &[Entry]) -> PutEventsResult {
        let mut result = PutEventsResult { failed_entry_count: 0, entries: Vec::new() };
        for Entry { detail } in entries {
            if self.chance(self.faults.bus) {
                self.note(detail, What::EntryFailed);
                result.failed_entry_count += 1;
                let error_code = Some("InternalFailure");
                result.entries.push(PutEventsResultEntry { event_id: None, error_code });
                continue;
            }
            self.published += 1;
            let id = format!("evt-{:08}", self.published);
            self.note(detail, What::Published);
            let event = Rc::new(Event { id: id.clone(), damage: detail.clone() });
            for target in Target::ALL {
                let event = Rc::clone(&event);
                self.after(50..=2_000, Action::Deliver { target, event, attempt: 1, copy: 0 });
            }
            result.entries.push(PutEventsResultEntry { event_id: Some(id), error_code: None });
        }
        result
    }

    pub(super) fn deliver(&mut self, target: Target, event: Rc<Event>, attempt: u32, copy: u32) {
        let denied = self.denied.is_some_and(|(whom, from, to)| whom == target && (from..to).contains(&self.now));
        let failed = !denied && self.chance(self.faults.bus);
        if failed && attempt <= DELIVERY_RETRIES {
            // O intervalo da AWS não é publicado: este, que dobra até 10 min, é do modelo.
            let wait = (1_000u64 << attempt.min(9)).min(600_000);
            return self.after(wait / 2..=wait, Action::Deliver { target, event, attempt: attempt + 1, copy });
        }
        if denied || failed {
            // Sem permissão o barramento não tenta de novo; e esta DLQ guarda um evento que nunca entrou na fila.
            return match self.configuration().target_dead_letter_queue {
                true => self.die(target, event, self.now),
                false => self.note(&event.damage, What::Dropped(target)),
            };
        }
        if copy < 3 && self.chance(self.faults.duplicate) {
            let event = Rc::clone(&event);
            self.after(100..=600_000, Action::Deliver { target, event, attempt: 1, copy: copy + 1 });
        }
        self.note(&event.damage, What::Delivered(target));
        self.arrive(target, event);
    }

    /// Um evento chega ao alvo: à fila do SQS ou à fila interna da função.
    pub(super) fn arrive(&mut self, target: Target, event: Rc<Event>) {
        if target.has_queue() {
            self.queues[index(target)].push(event, self.now);
            self.wake(target);
        } else {
            let job = self.jobs.len();
            let (enqueued_at, failures) = (self.now, Failures::default());
            self.jobs.push(Job { event, enqueued_at, failures, full_until: None, target });
            self.agenda.at(self.now, Action::Invoke { job });
        }
    }
}
