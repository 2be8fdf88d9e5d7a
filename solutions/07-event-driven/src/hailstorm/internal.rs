//! A fila interna do Lambda: a invocação assíncrona dos avisos, com as novas tentativas do capítulo 4.

use std::rc::Rc;
use std::time::Duration;

use async_invocation::model::{Failure, FunctionError};
use async_invocation::retries::{Decision, decide};

use super::agenda::Action;
use super::world::{Job, Work, milliseconds};
use super::{What, World};

impl World {
    pub(super) fn invoke(&mut self, number: usize) {
        let Job { ref event, full_until, target, .. } = self.jobs[number];
        let event = Rc::clone(event);
        let full_until = match full_until {
            Some(instant) => instant,
            None if self.chance(self.faults.throttle) => self.now + self.random.between(1_000..=120_000),
            None => self.now,
        };
        self.jobs[number].full_until = Some(full_until);
        let failure = if self.now < full_until {
            self.note(&event.damage, What::Throttled(target));
            Failure::Throttled
        } else {
            let runs = self.jobs[number].failures.function_errors + 1;
            self.note(&event.damage, What::Received(target, runs));
            let dies_at = self.doom(2);
            let work = Work::Single(target, Rc::clone(&event));
            let rival = self.rival(&work, 2);
            if self.perform(&work, dies_at, rival) {
                if self.chance(self.faults.duplicate / 2) {
                    // A fila interna é eventualmente consistente: entrega outra vez o que já deu certo.
                    self.after(1_000..=60_000, Action::Invoke { job: number });
                }
                return;
            }
            Failure::FunctionError(FunctionError { error_message: String::new(), error_type: String::new() })
        };
        let job = &mut self.jobs[number];
        job.failures.count(&failure);
        let age = Duration::from_millis(self.now - job.enqueued_at);
        match decide(&job.failures, &failure, age, &self.invoke_config) {
            Decision::RetryAfter(delay) => {
                self.agenda.at(self.now + milliseconds(delay), Action::Invoke { job: number });
            }
            Decision::GiveUp(_) if self.configuration().function_dead_letter_queue => {
                self.die(target, event, self.now);
            }
            Decision::GiveUp(_) => self.note(&event.damage, What::Dropped(target)),
        }
    }
}
