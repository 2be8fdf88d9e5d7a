//! Argumentos e ambiente. Os dois viajam do mesmo jeito: uma tabela de ponteiros e um bloco de textos terminados em zero.

use super::{at, pointer, write_u32};
use crate::{Fault, Memory, Stop, errno};

/// Quantos textos há e quantos bytes o bloco ocupa.
pub(super) fn write_sizes(memory: &mut dyn Memory, strings: &[String], count: i64, size: i64) -> Result<i32, Stop> {
    let bytes = strings.iter().map(|string| string.len() + 1).sum::<usize>();
    write_u32(memory, pointer(count), to_u32(strings.len())?)?;
    write_u32(memory, pointer(size), to_u32(bytes)?)?;
    Ok(errno::SUCCESS)
}

/// Os textos em `buffer`, e em `pointers` o endereço de cada um.
pub(super) fn write_all(memory: &mut dyn Memory, strings: &[String], pointers: i64, buffer: i64) -> Result<i32, Stop> {
    let mut slot = pointer(pointers);
    let mut target = pointer(buffer);
    for string in strings {
        write_u32(memory, slot, target)?;
        memory.write(target, string.as_bytes())?;
        memory.write(at(target, to_u32(string.len())?)?, &[0])?;
        target = at(target, to_u32(string.len() + 1)?)?;
        slot = at(slot, 4)?;
    }
    Ok(errno::SUCCESS)
}

fn to_u32(value: usize) -> Result<u32, Fault> {
    u32::try_from(value).map_err(|_| Fault)
}
