//! Acha o pânico no texto que o `std` escreve.
//!
//! ```text
//! thread 'retries::a' (15407) panicked at exercises/…/retries.rs:40:9:
//! a mensagem, em quantas linhas for
//! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
//! ```
//!
//! O número do *thread* falta em versões antigas; no WebAssembly o *thread* é sempre `main`.

/// Um pânico, como o `std` o relatou.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Panic {
    pub(super) message: String,
    pub(super) place: Place,
}

/// Onde o pânico aconteceu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Em um arquivo do projeto ou de uma dependência: caminho com `/`, e a linha.
    File {
        path: String,
        line: u32,
    },
    /// Dentro do `std`. O caminho e a linha mudam com a versão do compilador e não ajudam quem lê.
    Std,
    Unknown,
}

impl Panic {
    /// O primeiro pânico. Os seguintes são consequência dele (a tarefa que morreu, o `unwrap` que recebeu a notícia), e no
    /// WebAssembly nem acontecem.
    pub(super) fn first(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip_while(|line| header(line).is_none());
        let place = place(header(lines.next()?)?);
        let message = lines.take_while(|line| !ends_message(line)).collect::<Vec<_>>().join("\n");
        Some(Self { message: message.trim_end().to_owned(), place })
    }
}

/// O que vem depois de `panicked at `, se a linha abre um pânico.
fn header(line: &str) -> Option<&str> {
    let (thread, place) = line.split_once(" panicked at ")?;
    is_thread(thread).then_some(place)
}

/// `thread 'nome'` ou `thread 'nome' (123)`.
fn is_thread(text: &str) -> bool {
    let Some(name) = text.strip_prefix("thread '") else { return false };
    let name = match name.rsplit_once(" (") {
        Some((name, id)) if id.strip_suffix(')').is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit())) => name,
        _ => name,
    };
    name.ends_with('\'')
}

fn ends_message(line: &str) -> bool {
    line.starts_with("note: run with `RUST_BACKTRACE=")
        || line == "stack backtrace:"
        || header(line).is_some()
        || is_overflow_report(line)
        || line.starts_with("fatal runtime error: ")
}

/// `caminho:linha:coluna:`; no Windows o caminho também tem dois-pontos.
fn place(text: &str) -> Place {
    let mut parts = text.trim_end_matches(':').rsplitn(3, ':');
    let (_column, line, path) = (parts.next(), parts.next(), parts.next());
    let (Some(line), Some(path)) = (line.and_then(|line| line.parse().ok()), path) else { return Place::Unknown };
    let path = path.replace('\\', "/");
    let std = ["/library/core/", "/library/alloc/", "/library/std/", "/library/test/"];
    if path.starts_with("/rustc/") || std.iter().any(|part| path.contains(part)) {
        return Place::Std;
    }
    // De uma dependência interessa `nome-versão/src/…`, não a pasta em que o cargo a guardou.
    let path = match path.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, inside)) => inside.to_owned(),
        None => path,
    };
    Place::File { path, line }
}

/// O byte em que o texto deixa de ser do programa e passa a ser o `std` contando como ele quebrou.
pub(super) fn diagnostics_start(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        if header(trimmed).is_some()
            || is_overflow_report(trimmed)
            || is_allocation_report(trimmed)
            || trimmed.starts_with("fatal runtime error: ")
        {
            return Some(start);
        }
        start += line.len();
    }
    None
}

fn is_overflow_report(line: &str) -> bool {
    line.strip_suffix(" has overflowed its stack").is_some_and(is_thread)
}

fn is_allocation_report(line: &str) -> bool {
    line.starts_with("memory allocation of ") && line.ends_with(" bytes failed")
}

/// A pilha acabou? Nativamente o `std` diz; no WebAssembly diz o *trap*, cada executor com suas palavras. Um acesso fora da
/// memória também conta: em Rust seguro, só a pilha que passou do começo da memória faz isso.
pub(super) fn is_stack_overflow(trap: &str, diagnostics: &str) -> bool {
    const TRAPS: [&str; 7] = [
        "call stack exhausted",
        "maximum call stack",
        "too much recursion",
        "out of bounds memory access",
        "out-of-bounds memory access",
        "memory access out of bounds",
        "index out of bounds",
    ];
    let trap = trap.to_lowercase();
    TRAPS.iter().any(|text| trap.contains(text))
        || trap.contains("status_stack_overflow")
        || diagnostics.lines().any(is_overflow_report)
}

pub(super) fn is_out_of_memory(diagnostics: &str) -> bool {
    diagnostics.lines().any(is_allocation_report)
}

/// O `std` do WebAssembly, sem *threads*, quebra onde um processo nativo esperaria para sempre.
pub(super) fn waits_forever(panic: Option<&Panic>, diagnostics: &str) -> bool {
    let blocked = |panic: &Panic| {
        panic.place == Place::Std
            && ["condvar wait not supported", "cannot recursively acquire mutex"]
                .iter()
                .any(|text| panic.message.contains(text))
    };
    panic.is_some_and(blocked)
        || diagnostics.lines().any(|line| line.starts_with("fatal runtime error: rwlock locked for "))
}
