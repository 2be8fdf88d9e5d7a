//! Como o fim de um processo nativo se traduz para [`Ending`].

use crate::Ending;
use crate::verdict::has_summary;

impl Ending {
    /// O fim de um processo de testes nativo: código de saída, ou o sinal que o matou (em Unix), e o que ele escreveu em `stdout`.
    ///
    /// Código 0 só é [`Ending::Returned`] se a última linha for o resumo do libtest. Um processo pode forjá-lo; quem precisa de
    /// prova roda no sandbox, onde retornar e sair são coisas diferentes.
    #[must_use]
    pub fn of_process(code: Option<i32>, signal: Option<i32>, stdout: &str) -> Self {
        match (code, signal) {
            (Some(0), _) if has_summary(stdout) => Self::Returned,
            (Some(code), _) => match windows_exception(code) {
                Some(name) => Self::Trapped(format!("exceção {name}")),
                None => Self::Exited(code),
            },
            (None, Some(signal)) => Self::Trapped(match signal_name(signal) {
                Some(name) => format!("sinal {name}"),
                None => format!("sinal {signal}"),
            }),
            (None, None) => Self::Trapped("o sistema não disse como o processo terminou".to_owned()),
        }
    }
}

/// No Windows uma quebra chega como código de saída.
fn windows_exception(code: i32) -> Option<&'static str> {
    match code as u32 {
        0xC000_00FD => Some("STATUS_STACK_OVERFLOW"),
        0xC000_0005 => Some("STATUS_ACCESS_VIOLATION"),
        // É assim que o `abort` do Rust termina.
        0xC000_0409 => Some("STATUS_STACK_BUFFER_OVERRUN"),
        _ => None,
    }
}

/// Os sinais cujo número é o mesmo em Linux e macOS.
fn signal_name(signal: i32) -> Option<&'static str> {
    match signal {
        4 => Some("SIGILL"),
        5 => Some("SIGTRAP"),
        6 => Some("SIGABRT"),
        8 => Some("SIGFPE"),
        9 => Some("SIGKILL"),
        11 => Some("SIGSEGV"),
        15 => Some("SIGTERM"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; \
                      finished in 0.00s\n\n";

    #[test]
    fn code_zero_is_a_return_only_with_the_summary_at_the_end() {
        assert_eq!(Ending::of_process(Some(0), None, OK), Ending::Returned);
        assert_eq!(Ending::of_process(Some(0), None, ""), Ending::Exited(0));
        assert_eq!(Ending::of_process(Some(0), None, &format!("{OK}e mais isto\n")), Ending::Exited(0));
        assert_eq!(Ending::of_process(Some(101), None, ""), Ending::Exited(101));
    }

    #[test]
    fn a_killed_process_is_a_trap_that_names_the_signal() {
        assert_eq!(Ending::of_process(None, Some(6), ""), Ending::Trapped("sinal SIGABRT".to_owned()));
        assert_eq!(Ending::of_process(None, Some(99), ""), Ending::Trapped("sinal 99".to_owned()));
        let overflow = Ending::of_process(Some(0xC000_00FD_u32 as i32), None, "");
        assert_eq!(overflow, Ending::Trapped("exceção STATUS_STACK_OVERFLOW".to_owned()));
    }
}
