//! As filas por dentro: o que está guardado, o que está visível e o que já morreu.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{DeadLetter, Event, Message};

/// Uma mensagem guardada.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) event: Rc<Event>,
    pub(super) sent_at: u64,
    pub(super) receive_count: u32,
}

/// Uma fila padrão do SQS.
#[derive(Debug, Default)]
pub(super) struct Queue {
    stored: Vec<Option<Stored>>,
    visible: VecDeque<usize>,
    /// Se já há uma leitura marcada.
    pub(super) polling: bool,
}

impl Queue {
    /// Guarda um evento e devolve o lugar dele.
    pub(super) fn push(&mut self, event: Rc<Event>, now: u64) -> usize {
        let slot = self.stored.len();
        self.stored.push(Some(Stored { event, sent_at: now, receive_count: 0 }));
        self.visible.push_back(slot);
        slot
    }

    pub(super) fn show(&mut self, slot: usize) {
        self.visible.push_back(slot);
    }

    pub(super) fn visible(&self) -> usize {
        self.visible.len()
    }

    /// Tira da lista de visíveis a que está na posição `position`.
    pub(super) fn take_visible(&mut self, position: usize) -> Option<usize> {
        self.visible.swap(0, position.min(self.visible.len().checked_sub(1)?));
        self.visible.pop_front()
    }

    pub(super) fn get(&mut self, slot: usize) -> Option<&mut Stored> {
        self.stored.get_mut(slot)?.as_mut()
    }

    pub(super) fn remove(&mut self, slot: usize) -> Option<Stored> {
        self.stored.get_mut(slot)?.take()
    }

    /// Apaga a mensagem, se o recibo ainda é o último; diz se apagou.
    pub(super) fn delete(&mut self, message: &Message) -> bool {
        let current = self.get(message.slot).is_some_and(|stored| stored.receive_count == message.receive_count);
        current && self.remove(message.slot).is_some()
    }
}

/// Uma mensagem em uma DLQ.
#[derive(Debug)]
struct Dead {
    event: Rc<Event>,
    sent_at: u64,
    invisible_until: u64,
}

/// Uma DLQ.
#[derive(Debug, Default)]
pub(super) struct DeadLetterQueue {
    dead: Vec<Option<Dead>>,
}

impl DeadLetterQueue {
    /// Guarda um evento; `sent_at` é quando ele entrou na *primeira* fila, porque a idade continua a mesma.
    pub(super) fn push(&mut self, event: Rc<Event>, sent_at: u64) {
        self.dead.push(Some(Dead { event, sent_at, invisible_until: 0 }));
    }

    /// Joga fora o que passou da retenção e devolve o que saiu.
    pub(super) fn expire(&mut self, now: u64, retention: u64) -> Vec<Rc<Event>> {
        let mut expired = Vec::new();
        for place in &mut self.dead {
            if let Some(dead) = place.take_if(|dead| now - dead.sent_at > retention) {
                expired.push(dead.event);
            }
        }
        expired
    }

    /// Recebe até `max` visíveis, que somem até `invisible_until`.
    pub(super) fn receive(&mut self, max: usize, now: u64, invisible_until: u64) -> Vec<DeadLetter> {
        let visible = self.dead.iter_mut().enumerate().filter_map(|(slot, place)| {
            let dead = place.as_mut().filter(|dead| dead.invisible_until <= now)?;
            dead.invisible_until = invisible_until;
            Some(DeadLetter { event: Rc::clone(&dead.event), receipt_handle: slot })
        });
        visible.take(max).collect()
    }

    pub(super) fn delete(&mut self, receipt_handle: usize) {
        if let Some(place) = self.dead.get_mut(receipt_handle) {
            *place = None;
        }
    }

    /// Os eventos que estão nela.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.dead.iter().flatten().map(|dead| dead.event.as_ref())
    }
}
