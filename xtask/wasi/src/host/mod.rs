//! As chamadas de WASI preview 1 que o `std`, o libtest e o tokio fazem, sobre uma memória qualquer.
//!
//! Nega por padrão: o que não está na lista responde [`errno::NOSYS`], e o que fala de um arquivo, [`errno::BADF`]. Relógio e
//! sorteio são determinísticos, para que a mesma execução se repita em qualquer máquina.
//!
//! O módulo pode ser hostil: ponteiros e tamanhos vêm dele. Nenhuma chamada entra em pânico, aloca por conta de um tamanho que
//! ele disse, ou demora mais que o proporcional a um limite nosso.

mod io;
mod strings;
mod time;

use crate::{Ending, Execution, Fault, Memory, Program, errno};

/// O nome do módulo de que um programa WASI importa suas funções.
pub const MODULE_NAME: &str = "wasi_snapshot_preview1";

/// O maior pedido de sorteio atendido de uma vez. O `std` pede 16 bytes; limitar evita que uma chamada custe a memória inteira.
const MAX_RANDOM: u32 = 64 * 1024;

/// A chamada não volta para o módulo: a execução acabou aqui.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `proc_exit` com este código.
    Exit(i32),
    /// A saída passou de [`Program::output_limit`].
    OutputLimit,
    /// Um ponteiro apontava para fora da memória.
    Fault,
}

impl From<Fault> for Stop {
    fn from(_: Fault) -> Self {
        Self::Fault
    }
}

impl From<Stop> for Ending {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Self::Exited(code),
            Stop::OutputLimit => Self::OutputLimit,
            Stop::Fault => Self::Trapped("o programa passou ao WASI um endereço fora da memória dele".to_owned()),
        }
    }
}

/// O mundo que um programa enxerga durante uma execução. Cada execução tem o seu.
#[derive(Debug)]
pub struct Host {
    args: Vec<String>,
    environ: Vec<String>,
    stdin: Vec<u8>,
    stdin_position: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    output_limit: usize,
    clock_ns: u64,
    random_state: u64,
}

impl Host {
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self {
            args: program.args,
            environ: program.environ.into_iter().map(|(key, value)| format!("{key}={value}")).collect(),
            stdin: program.stdin,
            stdin_position: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            output_limit: program.output_limit,
            clock_ns: 0,
            random_state: 0,
        }
    }

    /// Atende a função `import` do módulo [`MODULE_NAME`] e devolve o `errno` que ela dá ao módulo.
    ///
    /// `args` são os argumentos na ordem da assinatura, `i32` e `i64` do mesmo jeito (o sinal não importa). Argumentos de menos
    /// são a assinatura de outra função: [`errno::INVAL`].
    ///
    /// # Errors
    ///
    /// [`Stop`] quando a execução termina nesta chamada.
    pub fn call(&mut self, memory: &mut dyn Memory, import: &str, args: &[i64]) -> Result<i32, Stop> {
        match (import, args) {
            ("args_get", &[pointers, buffer, ..]) => strings::write_all(memory, &self.args, pointers, buffer),
            ("args_sizes_get", &[count, size, ..]) => strings::write_sizes(memory, &self.args, count, size),
            ("environ_get", &[pointers, buffer, ..]) => strings::write_all(memory, &self.environ, pointers, buffer),
            ("environ_sizes_get", &[count, size, ..]) => strings::write_sizes(memory, &self.environ, count, size),
            ("clock_res_get", &[clock, out, ..]) => self.clock_res_get(memory, clock, out),
            ("clock_time_get", &[clock, _precision, out, ..]) => self.clock_time_get(memory, clock, out),
            ("poll_oneoff", &[subscriptions, events, count, out, ..]) => {
                self.poll_oneoff(memory, subscriptions, events, count, out)
            }
            ("fd_write", &[fd, iovecs, count, out, ..]) => self.fd_write(memory, fd, iovecs, count, out),
            ("fd_read", &[fd, iovecs, count, out, ..]) => self.fd_read(memory, fd, iovecs, count, out),
            ("fd_fdstat_get", &[fd, out, ..]) => io::fdstat_get(memory, fd, out),
            ("fd_close", &[fd, ..]) => Ok(if io::is_standard(fd) { errno::SUCCESS } else { errno::BADF }),
            ("fd_seek" | "fd_tell", &[fd, ..]) => Ok(if io::is_standard(fd) { errno::SPIPE } else { errno::BADF }),
            ("random_get", &[buffer, len, ..]) => self.random_get(memory, buffer, len),
            ("sched_yield", _) => Ok(errno::SUCCESS),
            ("proc_exit", &[code, ..]) => Err(Stop::Exit(code as i32)),
            (name, _) if IMPLEMENTED.contains(&name) => Ok(errno::INVAL),
            // Sem diretórios pré-abertos: é assim que o `std` descobre que não há arquivos.
            (name, _) if name.starts_with("fd_") => Ok(errno::BADF),
            _ => Ok(errno::NOSYS),
        }
    }

    /// Fecha a execução. Bytes que não são UTF-8 viram `�`.
    #[must_use]
    pub fn finish(self, ending: Ending, duration_ms: f64) -> Execution {
        Execution {
            ending,
            stdout: String::from_utf8_lossy(&self.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr).into_owned(),
            duration_ms,
        }
    }

    fn random_get(&mut self, memory: &mut dyn Memory, buffer: i64, len: i64) -> Result<i32, Stop> {
        let len = size(len);
        if len > MAX_RANDOM {
            return Ok(errno::INVAL);
        }
        let mut bytes = Vec::with_capacity(len as usize + 8);
        while bytes.len() < len as usize {
            bytes.extend(self.next_random().to_le_bytes());
        }
        bytes.truncate(len as usize);
        memory.write(pointer(buffer), &bytes)?;
        Ok(errno::SUCCESS)
    }

    /// SplitMix64: pequeno, conhecido e suficiente para espalhar as chaves de um `HashMap`.
    fn next_random(&mut self) -> u64 {
        self.random_state = self.random_state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random_state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// As chamadas atendidas em [`Host::call`]; com argumentos de menos elas respondem [`errno::INVAL`].
const IMPLEMENTED: [&str; 15] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_read",
    "fd_seek",
    "fd_tell",
    "fd_write",
    "poll_oneoff",
    "proc_exit",
    "random_get",
];

/// Um endereço: os 32 bits de baixo, venha ele com ou sem sinal.
fn pointer(value: i64) -> u32 {
    value as u32
}

/// Um tamanho ou uma contagem: idem.
fn size(value: i64) -> u32 {
    value as u32
}

/// `base + offset`, sem dar a volta no fim do espaço de 32 bits.
fn at(base: u32, offset: u32) -> Result<u32, Fault> {
    base.checked_add(offset).ok_or(Fault)
}

fn read_u32(memory: &dyn Memory, offset: u32) -> Result<u32, Fault> {
    let mut bytes = [0; 4];
    memory.read(offset, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn write_u32(memory: &mut dyn Memory, offset: u32, value: u32) -> Result<(), Fault> {
    memory.write(offset, &value.to_le_bytes())
}

#[cfg(test)]
mod tests;
