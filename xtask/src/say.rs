//! A saída dos comandos. Quem lê pode ir embora antes do fim (`| head -1`), e isso não é um erro nosso.

use std::fmt::Arguments;
use std::io::Write;

/// Escreve e esquece: uma saída fechada não tem a quem contar.
pub fn text(arguments: Arguments) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_fmt(arguments).and_then(|()| stdout.flush());
}

/// Como `println!`, sem pânico quando a saída está fechada.
#[macro_export]
macro_rules! sayln {
    ($($argument:tt)*) => { $crate::say::text(format_args!("{}\n", format_args!($($argument)*))) };
}

/// Como `print!`, sem pânico quando a saída está fechada.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => { $crate::say::text(format_args!($($argument)*)) };
}
