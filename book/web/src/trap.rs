//! Por que o navegador parou um módulo, dito com as palavras do executor nativo.
//!
//! Cada navegador descreve o mesmo *trap* a seu modo. Quem lê o resultado (e [`wasi_host::judge`]) precisa de um texto só.

use wasi_host::Ending;

/// O fim que corresponde a um erro de JavaScript chamado `name` com a mensagem `message`, dado o que o programa escreveu em
/// `stderr` até ali.
pub fn ending(name: &str, message: &str, stderr: &str) -> Ending {
    let text = message.to_lowercase();
    let says = |pieces: &[&str]| pieces.iter().any(|piece| text.contains(piece));
    // Sem memória, o Rust escreve esta linha e aborta: o interpretador nativo para antes, no pedido, e chama isto de limite.
    let out_of_memory =
        stderr.lines().any(|line| line.starts_with("memory allocation of ") && line.contains(" bytes failed"));
    if out_of_memory || says(&["out of memory", "could not allocate memory", "cannot allocate"]) {
        return Ending::MemoryLimit;
    }
    let trap = if says(&["call stack", "too much recursion", "stack overflow"]) || name == "InternalError" {
        "call stack exhausted"
    } else if says(&["unreachable"]) {
        "wasm `unreachable` instruction executed"
    } else if says(&["out of bounds", "out-of-bounds"]) && says(&["table", "index out of", "call_indirect"]) {
        "undefined element: out of bounds table access"
    } else if says(&["out of bounds", "out-of-bounds"]) {
        "out of bounds memory access"
    } else if says(&["divide by zero", "division by zero", "remainder by zero"]) {
        "integer divide by zero"
    } else if says(&["signature mismatch", "indirect call"]) {
        "indirect call type mismatch"
    } else if says(&["integer overflow", "unrepresentable", "result out of range"]) {
        "integer overflow"
    } else {
        return Ending::Trapped(format!("{name}: {message}"));
    };
    Ending::Trapped(trap.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trapped(name: &str, message: &str) -> String {
        match ending(name, message, "") {
            Ending::Trapped(text) => text,
            other => panic!("esperava um trap, veio {other:?}"),
        }
    }

    #[test]
    fn each_browser_says_the_same_thing() {
        let stack = "call stack exhausted";
        assert_eq!(trapped("RangeError", "Maximum call stack size exceeded"), stack);
        assert_eq!(trapped("InternalError", "too much recursion"), stack);
        assert_eq!(trapped("RangeError", "Maximum call stack size exceeded."), stack);
        let unreachable = "wasm `unreachable` instruction executed";
        assert_eq!(trapped("RuntimeError", "unreachable"), unreachable);
        assert_eq!(trapped("RuntimeError", "unreachable executed"), unreachable);
        assert_eq!(trapped("RuntimeError", "Unreachable code should not be executed"), unreachable);
        assert_eq!(trapped("RuntimeError", "memory access out of bounds"), "out of bounds memory access");
        assert_eq!(trapped("RuntimeError", "divide by zero"), "integer divide by zero");
    }

    #[test]
    fn a_failed_allocation_is_the_memory_limit_not_a_trap() {
        let stderr = "memory allocation of 1073741824 bytes failed\n";
        assert_eq!(ending("RuntimeError", "unreachable", stderr), Ending::MemoryLimit);
        assert_eq!(ending("RangeError", "WebAssembly.Memory(): could not allocate memory", ""), Ending::MemoryLimit);
    }

    #[test]
    fn an_unknown_error_is_told_as_it_came() {
        assert_eq!(trapped("Error", "algo novo"), "Error: algo novo");
    }
}
