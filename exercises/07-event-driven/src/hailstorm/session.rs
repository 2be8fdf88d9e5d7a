//! O que uma função alcança enquanto roda: o barramento, a tabela e as filas, por chamadas que podem ficar sem resposta.
//!
//! Uma função que cai não desfaz o que já fez, e não faz mais nada: dali em diante, toda chamada dela dá
//! [`ServiceError::NoAnswer`] e não acontece, e o que ela devolver ninguém lê.

use std::time::Duration;

use super::world::{Work, milliseconds};
use super::{Damage, DeadLetter, Entry, Event, PutEventsResult, ServiceError, Target, What, World, Written};

/// Por quanto tempo uma mensagem recebida de uma DLQ fica invisível.
const DEAD_LETTER_VISIBILITY_MS: u64 = 30_000;

/// Uma invocação nunca faz tantas chamadas: passar disso é um laço sem fim.
const CALL_LIMIT: u32 = 200_000;

/// Outra entrega do mesmo trabalho, que roda inteira antes da chamada de número `before_call`.
#[derive(Debug)]
pub(super) struct Rival {
    pub(super) before_call: u32,
    pub(super) work: Work,
}

/// Uma invocação em andamento.
#[derive(Debug)]
pub struct Session<'w> {
    world: &'w mut World,
    /// Em qual meia chamada a função para: `2k` é antes da chamada `k`, `2k + 1` é depois de ela acontecer, sem resposta.
    dies_at: Option<u32>,
    rival: Option<Rival>,
    calls: u32,
}

impl<'w> Session<'w> {
    pub(super) fn new(world: &'w mut World, dies_at: Option<u32>, rival: Option<Rival>) -> Self {
        Self { world, dies_at, rival, calls: 0 }
    }

    /// `PutEvents`: põe as entradas no barramento. `Ok` diz que houve resposta; cada entrada tem a sua sorte, dentro dela.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn put_events(&mut self, entries: &[Entry]) -> Result<PutEventsResult, ServiceError> {
        self.call(None, |world| Ok(world.put_events(entries)))
    }

    /// `TransactWriteItems`: grava o registro `key`, que vale por `ttl`, **e** faz o efeito em `target`, os dois ou nenhum.
    /// Se há um registro com esta chave que ainda vale, não faz nada e devolve [`Written::Before`].
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn apply_once(
        &mut self,
        key: &str,
        ttl: Duration,
        target: Target,
        damage: &Damage,
    ) -> Result<Written, ServiceError> {
        self.call(Some((target, damage)), |world| {
            if world.has_record(key) {
                world.note(damage, What::AlreadyRecorded(target));
                return Ok(Written::Before);
            }
            world.apply(target, damage)?;
            world.put_record(key, ttl);
            Ok(Written::Now)
        })
    }

    /// `UpdateItem`: faz o efeito em `target`, sem registro.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn apply(&mut self, target: Target, damage: &Damage) -> Result<(), ServiceError> {
        self.call(Some((target, damage)), |world| world.apply(target, damage))
    }

    /// `GetItem`: diz se há um registro com esta chave que ainda vale.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn has_record(&mut self, key: &str) -> Result<bool, ServiceError> {
        self.call(None, |world| Ok(world.has_record(key)))
    }

    /// `PutItem`: grava o registro `key`, que vale por `ttl`, sem condição.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn put_record(&mut self, key: &str, ttl: Duration) -> Result<(), ServiceError> {
        self.call(None, |world| {
            world.put_record(key, ttl);
            Ok(())
        })
    }

    /// `ReceiveMessage` na DLQ de `target`: até `max` mensagens (10, no máximo), que ficam invisíveis por 30 s. Uma lista vazia
    /// diz que não há mais nenhuma visível.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn receive_dead(&mut self, target: Target, max: usize) -> Result<Vec<DeadLetter>, ServiceError> {
        self.call(None, |world| Ok(world.receive_dead(target, max.min(10), DEAD_LETTER_VISIBILITY_MS)))
    }

    /// `DeleteMessage` na DLQ de `target`.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn delete_dead(&mut self, target: Target, letter: &DeadLetter) -> Result<(), ServiceError> {
        self.call(None, |world| {
            world.note(&letter.event.damage, What::DeletedFromDeadLetter(target));
            world.delete_dead(target, letter.receipt_handle);
            Ok(())
        })
    }

    /// Entrega o evento a um alvo, por fora do barramento: `SendMessage` na fila dele ou, se ele não tem fila, `Invoke` com
    /// `InvocationType: Event`.
    ///
    /// # Errors
    /// [`ServiceError::NoAnswer`].
    pub fn send(&mut self, target: Target, event: &Event) -> Result<(), ServiceError> {
        self.call(None, |world| {
            world.note(&event.damage, What::SentBack(target));
            world.arrive(target, event.clone().into());
            Ok(())
        })
    }

    /// Quantas chamadas esta invocação já fez.
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Uma chamada a um serviço: pode não acontecer, acontecer sem resposta, ou encontrar outra invocação no meio do caminho.
    fn call<T>(
        &mut self,
        about: Option<(Target, &Damage)>,
        operation: impl FnOnce(&mut World) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        assert!(self.calls < CALL_LIMIT, "uma invocação só fez {CALL_LIMIT} chamadas a serviços: é um laço sem fim");
        let number = self.calls;
        self.calls += 1;
        if let Some(Rival { work, .. }) = self.rival.take_if(|rival| rival.before_call == number) {
            self.world.perform(&work, None, None);
        }
        if self.dies_at.is_some_and(|at| at <= 2 * number) {
            return Err(ServiceError::NoAnswer);
        }
        let silent = self.world.chance(self.world.faults().silence);
        if silent && let Some((target, damage)) = about {
            self.world.note(damage, What::Silence(target));
        }
        if silent && self.world.chance(50) {
            return Err(ServiceError::NoAnswer);
        }
        let answer = operation(self.world);
        if silent || self.dies_at.is_some_and(|at| at <= 2 * number + 1) {
            return Err(ServiceError::NoAnswer);
        }
        answer
    }
}

/// A chave existe e ainda vale: o último instante conta.
impl World {
    fn has_record(&self, key: &str) -> bool {
        self.records.get(key).is_some_and(|expires_at| self.now() <= *expires_at)
    }

    fn put_record(&mut self, key: &str, ttl: Duration) {
        let expires_at = self.now().saturating_add(milliseconds(ttl));
        self.records.insert(key.to_owned(), expires_at);
    }
}
