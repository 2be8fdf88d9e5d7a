//! As três fitas do programa: entrada (0), saída (1) e erros (2). Não há outros descritores.

use super::{Host, at, pointer, read_u32, size, write_u32};
use crate::{Fault, Memory, Stop, errno};

const STDIN: u32 = 0;
const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// Trechos atendidos por chamada. O que passa disso fica para a próxima: escrever e ler menos do que foi pedido é permitido.
const MAX_IOVECS: u32 = 1024;
/// Bytes de um trecho (`iovec`): endereço e tamanho.
const IOVEC_SIZE: u32 = 8;

/// Direitos de um descritor, como o WASI os numera.
const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

pub(super) fn is_standard(fd: i64) -> bool {
    size(fd) <= STDERR
}

/// O estado de um descritor. O tipo é «desconhecido»: dizer «terminal» faria bibliotecas colorirem a saída.
pub(super) fn fdstat_get(memory: &mut dyn Memory, fd: i64, out: i64) -> Result<i32, Stop> {
    if !is_standard(fd) {
        return Ok(errno::BADF);
    }
    let rights = if size(fd) == STDIN { RIGHT_READ } else { RIGHT_WRITE };
    let mut stat = [0; 24];
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    memory.write(pointer(out), &stat)?;
    Ok(errno::SUCCESS)
}

impl Host {
    pub(super) fn fd_write(
        &mut self,
        memory: &mut dyn Memory,
        fd: i64,
        iovecs: i64,
        count: i64,
        out: i64,
    ) -> Result<i32, Stop> {
        let fd = size(fd);
        if fd != STDOUT && fd != STDERR {
            return Ok(errno::BADF);
        }
        let mut written = 0;
        for index in 0..size(count).min(MAX_IOVECS) {
            let (start, len) = iovec(memory, pointer(iovecs), index)?;
            self.append(memory, fd, start, len)?;
            // Trechos sobrepostos podem somar mais de 4 GiB, mas o limite de saída chega muito antes.
            written = at(written, len)?;
        }
        write_u32(memory, pointer(out), written)?;
        Ok(errno::SUCCESS)
    }

    /// Copia um trecho para a fita, aos pedaços: quem diz o tamanho é o módulo, então nada é alocado por conta dele.
    fn append(&mut self, memory: &dyn Memory, fd: u32, start: u32, len: u32) -> Result<(), Stop> {
        let mut chunk = [0; 4096];
        let mut done = 0;
        while done < len {
            let room = self.output_limit.saturating_sub(self.stdout.len() + self.stderr.len());
            if room == 0 {
                return Err(Stop::OutputLimit);
            }
            let part = (len - done).min(chunk.len() as u32) as usize;
            let bytes = &mut chunk[..part];
            memory.read(at(start, done)?, bytes)?;
            let tape = if fd == STDOUT { &mut self.stdout } else { &mut self.stderr };
            tape.extend_from_slice(&bytes[..part.min(room)]);
            if part > room {
                return Err(Stop::OutputLimit);
            }
            done += part as u32;
        }
        Ok(())
    }

    pub(super) fn fd_read(
        &mut self,
        memory: &mut dyn Memory,
        fd: i64,
        iovecs: i64,
        count: i64,
        out: i64,
    ) -> Result<i32, Stop> {
        if size(fd) != STDIN {
            return Ok(errno::BADF);
        }
        let mut read = 0;
        for index in 0..size(count).min(MAX_IOVECS) {
            let (start, len) = iovec(memory, pointer(iovecs), index)?;
            let rest = &self.stdin[self.stdin_position..];
            let part = rest.len().min(len as usize);
            memory.write(start, &rest[..part])?;
            self.stdin_position += part;
            read = at(read, part as u32)?;
        }
        write_u32(memory, pointer(out), read)?;
        Ok(errno::SUCCESS)
    }
}

fn iovec(memory: &dyn Memory, iovecs: u32, index: u32) -> Result<(u32, u32), Fault> {
    let entry = at(iovecs, index * IOVEC_SIZE)?;
    Ok((read_u32(memory, entry)?, read_u32(memory, at(entry, 4)?)?))
}
