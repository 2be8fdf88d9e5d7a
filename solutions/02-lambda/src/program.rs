//! A função publicada: o código estático dela e um handler que faz o que o evento manda.
//!
//! A cada evento ela conta uma visita em três lugares, como a função de verdade da Ana: em uma variável global, em um arquivo
//! de `/tmp` e em uma tabela fora do Lambda. O tempo que ela "roda" é do relógio do tokio.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use crate::model::FunctionError;

/// O que um ambiente guarda: o nome de uma variável ou de um arquivo, e o número que está lá.
pub type Storage = BTreeMap<String, u64>;

/// O nome do contador, na memória e em `/tmp`.
pub const VISITS: &str = "visits";

/// O nome da variável que o código estático enche: quantas conexões com a tabela ele abriu.
pub const CONNECTIONS: &str = "connections";

/// O que o handler faz com um evento.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// Devolve.
    Succeed,
    /// Devolve um erro.
    Fail,
    /// Derruba o processo.
    Crash,
    /// Devolve e deixa para trás um trabalho que não terminou.
    Leave(Leftover),
}

/// Um trabalho em segundo plano que o handler não esperou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// A variável global que vale 1 quando ele termina.
    pub name: String,
    /// Quanto ele ainda precisa rodar.
    pub remaining: Duration,
}

/// Um evento: quanto o handler leva com ele e o que faz no fim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// O número, para as mensagens.
    pub number: u32,
    /// Quanto o handler leva.
    pub takes: Duration,
    /// O que ele faz no fim.
    pub behavior: Behavior,
}

/// O que a função devolve: a visita que cada contador mostrou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// O contador da variável global.
    pub in_memory: u64,
    /// O contador do arquivo em `/tmp`.
    pub in_tmp: u64,
    /// O contador da tabela, fora do Lambda.
    pub in_table: u64,
    /// O trabalho que ficou para trás, se ficou.
    pub leftover: Option<Leftover>,
}

/// Como uma execução falha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// O handler devolveu um erro; o processo continua de pé.
    Error(FunctionError),
    /// O processo caiu.
    Crashed,
    /// O tempo da função acabou.
    TimedOut,
}

/// A função publicada; clones são a mesma função, com a mesma tabela.
#[derive(Debug, Clone)]
pub struct Program {
    init: Duration,
    table: Arc<AtomicU64>,
}

impl Program {
    /// Uma função cujo código estático leva `init` para rodar.
    pub fn new(init: Duration) -> Self {
        Self { init, table: Arc::default() }
    }

    /// Quanto o código estático leva.
    pub fn init(&self) -> Duration {
        self.init
    }

    /// As variáveis globais, como o código estático as deixa.
    pub fn globals(&self) -> Storage {
        Storage::from([(CONNECTIONS.to_owned(), 1), (VISITS.to_owned(), 0)])
    }

    /// Roda o handler em um ambiente que tem esta `memory` e este `/tmp`.
    ///
    /// # Errors
    /// [`Failure::Error`] e [`Failure::Crashed`], como o evento manda. O handler não sabe do tempo da função.
    pub async fn handle(&self, event: &Event, memory: &mut Storage, tmp: &mut Storage) -> Result<Reply, Failure> {
        let in_memory = visit(memory);
        let in_tmp = visit(tmp);
        let in_table = self.table.fetch_add(1, Ordering::Relaxed) + 1;
        sleep(event.takes).await;
        let reply = |leftover| Ok(Reply { in_memory, in_tmp, in_table, leftover });
        match &event.behavior {
            Behavior::Succeed => reply(None),
            Behavior::Leave(leftover) => reply(Some(leftover.clone())),
            Behavior::Fail => Err(Failure::Error(FunctionError::new("SmsError", "a operadora não respondeu"))),
            Behavior::Crash => Err(Failure::Crashed),
        }
    }
}

/// Soma uma visita e devolve o novo número.
fn visit(storage: &mut Storage) -> u64 {
    let visits = storage.entry(VISITS.to_owned()).or_default();
    *visits += 1;
    *visits
}
