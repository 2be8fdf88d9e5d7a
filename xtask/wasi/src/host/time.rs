//! Um relógio que não depende da máquina: começa sempre no mesmo instante e anda um passo fixo por consulta.
//!
//! Dormir é andar com o relógio. `thread::sleep` de uma hora volta na hora, e quem olhar o relógio depois verá que a hora passou:
//! nenhum teste espera de verdade e nenhum fica preso esperando.

use super::{Host, at, pointer, size, write_u32};
use crate::{Memory, Stop, errno};

/// Quanto o relógio anda a cada consulta. Nunca zero: um laço que espera o relógio andar tem de terminar.
const TICK_NS: u64 = 1_000;
/// O instante em que toda execução começa no relógio de parede: 1º de janeiro de 2026, 0h UTC.
const START_REALTIME_NS: u64 = 1_767_225_600 * 1_000_000_000;

const CLOCK_REALTIME: u32 = 0;
/// Monotônico (1) e os dois de CPU (2 e 3) contam desde o começo da execução.
const LAST_CLOCK: u32 = 3;

const SUBSCRIPTION_SIZE: u32 = 48;
const EVENT_SIZE: u32 = 32;
/// Esperas aceitas em uma chamada. O `std` pede uma de cada vez.
const MAX_SUBSCRIPTIONS: u32 = 64;
const TAG_CLOCK: u8 = 0;
const FLAG_ABSOLUTE: u8 = 1;

impl Host {
    pub(super) fn clock_res_get(&self, memory: &mut dyn Memory, clock: i64, out: i64) -> Result<i32, Stop> {
        if size(clock) > LAST_CLOCK {
            return Ok(errno::INVAL);
        }
        memory.write(pointer(out), &TICK_NS.to_le_bytes())?;
        Ok(errno::SUCCESS)
    }

    pub(super) fn clock_time_get(&mut self, memory: &mut dyn Memory, clock: i64, out: i64) -> Result<i32, Stop> {
        if size(clock) > LAST_CLOCK {
            return Ok(errno::INVAL);
        }
        self.clock_ns = self.clock_ns.saturating_add(TICK_NS);
        let now = origin(size(clock)).saturating_add(self.clock_ns);
        memory.write(pointer(out), &now.to_le_bytes())?;
        Ok(errno::SUCCESS)
    }

    /// Espera pelo primeiro de vários prazos, sem esperar: anda com o relógio até ele.
    ///
    /// Só prazos. Esperar por um descritor responde [`errno::NOSYS`]: aqui ninguém precisa.
    pub(super) fn poll_oneoff(
        &mut self,
        memory: &mut dyn Memory,
        subscriptions: i64,
        events: i64,
        count: i64,
        out: i64,
    ) -> Result<i32, Stop> {
        let count = size(count);
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Ok(errno::INVAL);
        }
        let mut deadlines = Vec::with_capacity(count as usize);
        for index in 0..count {
            let mut bytes = [0; SUBSCRIPTION_SIZE as usize];
            memory.read(at(pointer(subscriptions), index * SUBSCRIPTION_SIZE)?, &mut bytes)?;
            if bytes[8] != TAG_CLOCK {
                return Ok(errno::NOSYS);
            }
            let mut timeout = [0; 8];
            timeout.copy_from_slice(&bytes[24..32]);
            let timeout = u64::from_le_bytes(timeout);
            let deadline = if bytes[40] & FLAG_ABSOLUTE != 0 {
                timeout.saturating_sub(origin(u32::from(bytes[16])))
            } else {
                self.clock_ns.saturating_add(timeout)
            };
            let mut userdata = [0; 8];
            userdata.copy_from_slice(&bytes[..8]);
            deadlines.push((deadline, userdata));
        }
        let first = deadlines.iter().map(|(deadline, _)| *deadline).min().unwrap_or(0);
        self.clock_ns = self.clock_ns.max(first);

        let mut ready = 0;
        for (_, userdata) in deadlines.iter().filter(|(deadline, _)| *deadline <= self.clock_ns) {
            let mut event = [0; EVENT_SIZE as usize];
            event[..8].copy_from_slice(userdata);
            memory.write(at(pointer(events), ready * EVENT_SIZE)?, &event)?;
            ready += 1;
        }
        write_u32(memory, pointer(out), ready)?;
        Ok(errno::SUCCESS)
    }
}

/// O valor de um relógio no começo da execução.
fn origin(clock: u32) -> u64 {
    if clock == CLOCK_REALTIME { START_REALTIME_NS } else { 0 }
}
