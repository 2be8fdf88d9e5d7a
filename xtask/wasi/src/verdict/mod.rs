//! De uma execução a um veredito, e a uma mensagem que uma pessoa entende.
//!
//! O mesmo teste roda como processo nativo, no `wasmi` e no navegador. Cada um termina de um jeito (código 101, *trap*, exceção)
//! e os três têm de dar o mesmo veredito com o mesmo texto; é aqui que as diferenças somem:
//!
//! - passou só quem retornou com o resumo do libtest no fim, e sem pânico nenhum pelo caminho: no WebAssembly o primeiro pânico
//!   encerra o programa, então um pânico capturado também reprova no processo nativo;
//! - espera sem fim é prazo esgotado: sem *threads* o `std` do WebAssembly entra em pânico onde o processo nativo ficaria parado;
//! - estouro de pilha e falta de memória têm uma frase só, chegue a notícia por sinal, *trap* ou texto.

mod output;
mod panics;
mod snapshots;
mod text;
mod wording;

use crate::{Ending, Execution, Status, Verdict};
use output::{Output, Summary};
use panics::Panic;

/// Decide se o teste `test_name` passou e, se não, o que dizer a quem o rodou.
#[must_use]
pub fn judge(test_name: &str, execution: &Execution) -> Verdict {
    let output = Output::of_test(test_name, execution);
    let panic = Panic::first(&output.diagnostics);
    if execution.ending == Ending::Returned && panic.is_none() {
        return match output.summary {
            Summary::Passed => Verdict::passed(),
            Summary::Ignored => Verdict::new(Status::Error, wording::ignored(test_name)),
            Summary::NotFound => Verdict::new(Status::Error, wording::not_found(test_name)),
            Summary::Failed | Summary::Missing => Verdict::new(Status::Error, wording::NO_SUMMARY.to_owned()),
        };
    }
    let (status, what) = failure(execution, &output, panic.as_ref());
    let what = what.unwrap_or_else(|| match execution.ending {
        Ending::Exited(code) => wording::exited(code),
        _ => wording::TRAPPED.to_owned(),
    });
    Verdict::new(status, wording::with_output(&what, &output.printed))
}

/// O que dizer de um programa que não é um teste, um laboratório por exemplo. `None` quando ele terminou bem.
///
/// Um programa que saiu com erro depois de escrever em `stderr` já disse o que houve: vale o texto dele.
#[must_use]
pub fn explain(execution: &Execution) -> Option<String> {
    if execution.ending == Ending::Returned {
        return None;
    }
    let output = Output::of_program(execution);
    let panic = Panic::first(&output.diagnostics);
    let (_, what) = failure(execution, &output, panic.as_ref());
    Some(what.unwrap_or_else(|| match execution.ending {
        Ending::Exited(_) if !output.printed.is_empty() => output.printed,
        Ending::Exited(code) => format!("o programa terminou com o código {code} sem dizer por quê"),
        _ => wording::TRAPPED.to_owned(),
    }))
}

/// A última linha de `stdout` é o resumo de um libtest sem falhas?
pub(crate) fn has_summary(stdout: &str) -> bool {
    matches!(Summary::of(&text::clean(stdout)), Summary::Passed | Summary::Ignored | Summary::NotFound)
}

/// O que deu errado. Sem texto quando o único fato é o próprio fim.
fn failure(execution: &Execution, output: &Output, panic: Option<&Panic>) -> (Status, Option<String>) {
    let failed = |text: &str| (Status::Failed, Some(text.to_owned()));
    match &execution.ending {
        Ending::Timeout => return (Status::Timeout, Some(wording::TIMEOUT.to_owned())),
        Ending::MemoryLimit => return failed(wording::MEMORY),
        Ending::OutputLimit => return failed(wording::OUTPUT),
        Ending::Trapped(_) if panics::waits_forever(panic, &output.diagnostics) => {
            return (Status::Timeout, Some(wording::TIMEOUT.to_owned()));
        }
        Ending::Trapped(trap) if panics::is_stack_overflow(trap, &output.diagnostics) => return failed(wording::STACK),
        Ending::Trapped(_) if panics::is_out_of_memory(&output.diagnostics) => return failed(wording::MEMORY),
        // Só o libtest sai com 101; com outro código, ou sem pânico, quem saiu foi o programa.
        Ending::Exited(code) if *code != 101 => return (Status::Failed, None),
        Ending::Returned | Ending::Exited(_) | Ending::Trapped(_) => {}
    }
    if let Some(panic) = panic {
        return (Status::Failed, Some(wording::panicked(panic, output.snapshot.as_deref())));
    }
    if let (Ending::Exited(_), Summary::Failed, Some(error)) =
        (&execution.ending, output.summary, &output.returned_error)
    {
        return (Status::Failed, Some(format!("o teste devolveu um erro: {error}")));
    }
    match &execution.ending {
        Ending::Trapped(trap) => (Status::Failed, wording::trap(trap)),
        _ => (Status::Failed, None),
    }
}

#[cfg(test)]
mod tests;
