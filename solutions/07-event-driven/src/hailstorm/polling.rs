//! As filas do SQS e os mapeamentos que as leem: visibilidade, lotes, resposta parcial e DLQ.

use std::rc::Rc;

use polling_invocation::partial_batch::{Outcome, settle_queue};

use super::agenda::Action;
use super::session::{Rival, Session};
use super::world::{BATCH_SIZE, Work, index, milliseconds};
use super::{Configuration, Message, System, Target, What, World};

impl World {
    pub(super) fn wake(&mut self, target: Target) {
        if !std::mem::replace(&mut self.queues[index(target)].polling, true) {
            let window = milliseconds(self.plan.batching_window);
            self.agenda.at(self.now + window, Action::Poll { target });
        }
    }

    pub(super) fn reappear(&mut self, target: Target, slot: usize, receive_count: u32) {
        let retention = milliseconds(self.plan.queue_retention);
        let now = self.now;
        let queue = &mut self.queues[index(target)];
        let Some(stored) = queue.get(slot).filter(|stored| stored.receive_count == receive_count) else {
            return;
        };
        if now - stored.sent_at > retention {
            if let Some(stored) = queue.remove(slot) {
                self.note(&stored.event.damage, What::Dropped(target));
            }
            return;
        }
        queue.show(slot);
        self.wake(target);
    }

    pub(super) fn poll(&mut self, target: Target) {
        self.queues[index(target)].polling = false;
        let mut batch = Vec::new();
        while batch.len() < BATCH_SIZE {
            let visible = self.queues[index(target)].visible();
            let position = match self.chance(self.faults.reorder) {
                true => usize::try_from(self.random.between(0..=visible as u64)).unwrap_or(0),
                false => 0,
            };
            let Some(slot) = self.queues[index(target)].take_visible(position) else {
                break;
            };
            if !batch.iter().any(|message: &Message| message.slot == slot) {
                batch.extend(self.receive(target, slot));
            }
        }
        if self.queues[index(target)].visible() >= BATCH_SIZE {
            // Há um lote cheio à espera: outra leitura, sem esperar a janela.
            self.queues[index(target)].polling = true;
            self.agenda.at(self.now + 200, Action::Poll { target });
        } else if self.queues[index(target)].visible() > 0 {
            self.wake(target);
        }
        if batch.is_empty() {
            return;
        }
        let batch: Rc<[Message]> = batch.into();
        if !self.chance(self.faults.throttle) {
            return self.run_batch(target, &batch);
        }
        // O mapeamento chama de novo, por conta própria, enquanto a visibilidade não acaba.
        let wait = self.random.between(1_000..=120_000);
        for message in batch.iter() {
            self.note(&message.event.damage, What::Throttled(target));
        }
        if wait < milliseconds(self.configuration().visibility_timeout) {
            self.agenda.at(self.now + wait, Action::Run { target, batch });
        }
    }

    /// Recebe a mensagem: mais uma entrega, ou a DLQ se já foram `maxReceiveCount`.
    pub(super) fn receive(&mut self, target: Target, slot: usize) -> Option<Message> {
        let Configuration { max_receive_count, visibility_timeout, .. } = *self.configuration();
        let queue = &mut self.queues[index(target)];
        let stored = queue.get(slot)?;
        if stored.receive_count >= max_receive_count {
            let stored = queue.remove(slot)?;
            self.die(target, stored.event, stored.sent_at);
            return None;
        }
        stored.receive_count += 1;
        let receive_count = stored.receive_count;
        let event = Rc::clone(&stored.event);
        self.note(&event.damage, What::Received(target, receive_count));
        let visible_at = self.now + milliseconds(visibility_timeout);
        self.agenda.at(visible_at, Action::Visible { target, slot, receive_count });
        if self.chance(self.faults.duplicate / 2) {
            // Um servidor da fila não soube deste recebimento, e entrega a mensagem a mais alguém.
            self.queues[index(target)].show(slot);
        }
        Some(Message { message_id: format!("msg-{}-{slot:08}", target.name()), receive_count, event, slot })
    }

    pub(super) fn run_batch(&mut self, target: Target, batch: &Rc<[Message]>) {
        let work = Work::Batch(target, Rc::clone(batch));
        let calls = 2 * batch.len() as u64;
        let dies_at = self.doom(calls);
        let rival = self.rival(&work, calls);
        self.perform(&work, dies_at, rival);
    }

    /// Em qual meia chamada a função cai ou estoura o tempo, se isso vai acontecer.
    pub(super) fn doom(&mut self, calls: u64) -> Option<u32> {
        let doomed = self.chance(self.faults.crash) || self.chance(self.faults.timeout);
        doomed.then(|| self.random.between(0..=calls)).and_then(|at| u32::try_from(at).ok())
    }

    /// Outra entrega do mesmo trabalho, no meio desta, se isso vai acontecer.
    pub(super) fn rival(&mut self, work: &Work, calls: u64) -> Option<Rival> {
        let contested = self.chance(self.faults.duplicate / 2);
        let before_call = contested.then(|| self.random.between(0..=calls))?;
        Some(Rival { before_call: u32::try_from(before_call).ok()?, work: work.clone() })
    }

    /// Roda a função com este trabalho e faz o que o serviço faz com o resultado; diz se ela deu certo.
    pub(super) fn perform(&mut self, work: &Work, dies_at: Option<u32>, rival: Option<Rival>) -> bool {
        let ttl = self.configuration().record_ttl;
        let System { handle, handle_batch, .. } = self.system;
        match work {
            Work::Single(target, event) => {
                let result = handle(*target, event, ttl, &mut Session::new(self, dies_at, rival));
                if dies_at.is_some() {
                    self.note(&event.damage, What::Died(*target));
                }
                result.is_ok() && dies_at.is_none()
            }
            Work::Batch(target, batch) => {
                let response = handle_batch(*target, batch, ttl, &mut Session::new(self, dies_at, rival));
                if dies_at.is_some() {
                    for message in batch.iter() {
                        self.note(&message.event.damage, What::Died(*target));
                    }
                }
                let body = serde_json::to_string(&response).unwrap_or_default();
                let outcome = if dies_at.is_some() { Outcome::Failed } else { Outcome::Returned(&body) };
                self.settle(*target, batch, outcome)
            }
        }
    }

    /// O que o mapeamento faz com o lote: apaga o que deu certo. O resto reaparece sozinho.
    pub(super) fn settle(&mut self, target: Target, batch: &[Message], outcome: Outcome<'_>) -> bool {
        let identifiers: Vec<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
        let reports = self.configuration().report_batch_item_failures;
        let settlement = settle_queue(&identifiers, outcome, reports);
        for message in batch.iter().filter(|message| settlement.done.contains(&message.message_id)) {
            // Uma fila padrão entrega ao menos uma vez: às vezes a mensagem apagada volta.
            if !self.chance(self.faults.duplicate / 4) && self.queues[index(target)].delete(message) {
                self.note(&message.event.damage, What::Deleted(target));
            }
        }
        settlement.retried.is_empty()
    }
}
