//! A agenda: o que está por acontecer, em ordem de instante; no mesmo instante, na ordem em que foi marcado.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::{Event, Message, Target};

/// Uma coisa por acontecer.
#[derive(Debug)]
pub(super) enum Action {
    /// O telefone manda o relato.
    Request { number: u32, attempt: u32 },
    /// O barramento entrega a um alvo; `copy` conta as repetições.
    Deliver { target: Target, event: Rc<Event>, attempt: u32, copy: u32 },
    /// A visibilidade de um recebimento acaba.
    Visible { target: Target, slot: usize, receive_count: u32 },
    /// O mapeamento lê a fila.
    Poll { target: Target },
    /// O mapeamento chama a função com um lote.
    Run { target: Target, batch: Rc<[Message]> },
    /// A fila interna do Lambda chama a função.
    Invoke { job: usize },
}

#[derive(Debug)]
struct Scheduled {
    key: Reverse<(u64, u64)>,
    action: Action,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// A agenda.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Scheduled>,
    scheduled: u64,
}

impl Agenda {
    /// Marca para o instante `at_ms`.
    pub(super) fn at(&mut self, at_ms: u64, action: Action) {
        self.scheduled += 1;
        self.heap.push(Scheduled { key: Reverse((at_ms, self.scheduled)), action });
    }

    /// A próxima, com o instante dela.
    pub(super) fn next(&mut self) -> Option<(u64, Action)> {
        let Scheduled { key: Reverse((at_ms, _)), action } = self.heap.pop()?;
        Some((at_ms, action))
    }
}
