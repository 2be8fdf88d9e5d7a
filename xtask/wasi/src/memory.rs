//! A memória linear de um módulo, vista de fora: um vetor de bytes que pertence ao módulo e que só se lê e escreve por cópia.

/// O endereço que o módulo passou não cabe na memória dele.
///
/// Código Rust seguro nunca causa isto; quem causa é um módulo escrito à mão ou corrompido, e a execução termina.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault;

/// A memória de um módulo: no terminal a do `wasmi`, na página um `WebAssembly.Memory`.
///
/// As duas operações copiam tudo ou nada: `offset + len` além do fim é [`Fault`], e nenhum byte muda de lugar.
pub trait Memory {
    /// Copia `buffer.len()` bytes a partir de `offset` para `buffer`.
    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), Fault>;

    /// Copia `bytes` para a memória, a partir de `offset`.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault>;
}

/// Uma fatia é uma memória: é assim que o `wasmi` a entrega, e assim o hospedeiro se exercita sem módulo nenhum.
impl Memory for &mut [u8] {
    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), Fault> {
        let source = range(self.len(), offset, buffer.len()).and_then(|range| self.get(range)).ok_or(Fault)?;
        buffer.copy_from_slice(source);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault> {
        let target = range(self.len(), offset, bytes.len()).and_then(|range| self.get_mut(range)).ok_or(Fault)?;
        target.copy_from_slice(bytes);
        Ok(())
    }
}

/// O intervalo `offset .. offset + len`, se ele cabe em uma memória de `size` bytes.
fn range(size: usize, offset: u32, len: usize) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(len)?;
    (end <= size).then_some(start..end)
}
