//! `wasi-run`: roda os testes ou o laboratório de um módulo WASI dentro do sandbox e relata em JSON.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use wasi_host::explain;
use wasi_host::native::{Limits, Sandbox};

const HELP: &str = "\
Roda um módulo WASI (wasm32-wasip1) em um sandbox: sem arquivos, sem rede, com limites.

Uso:
  wasi-run MÓDULO.wasm --list
  wasi-run MÓDULO.wasm --tests [--only NOME]... [opções]
  wasi-run MÓDULO.wasm --lab [opções] < cenario.json

  --list             escreve os nomes dos testes, um por linha
  --tests            roda cada teste em uma instância nova e escreve uma linha JSON por teste:
                     {\"name\",\"execution\",\"verdict\"}, na ordem da lista
  --only NOME        só este teste (pode repetir)
  --lab              roda o programa uma vez, com a entrada padrão como cenário

Opções:
  --jobs N           testes ao mesmo tempo (padrão: um por processador)
  --timeout SEGUNDOS prazo de cada execução (padrão: 10)
  --fuel N           combustível de cada execução (padrão: 1000000000)
  --memory BYTES     memória de cada execução (padrão: 67108864)
  -h, --help         esta ajuda

Sai com 0 quando conseguiu rodar, qualquer que seja o resultado dos testes, e com 2 quando não conseguiu.
";

enum Mode {
    List,
    Tests { only: Vec<String>, jobs: usize },
    Lab,
}

struct Arguments {
    module: PathBuf,
    mode: Mode,
    limits: Limits,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("wasi-run: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let Some(arguments) = parse(std::env::args_os().skip(1).collect())? else {
        print!("{HELP}");
        return Ok(());
    };
    let path = arguments.module.display();
    let wasm = std::fs::read(&arguments.module).map_err(|error| format!("não consegui ler {path}: {error}"))?;
    let sandbox = Sandbox::compile(&wasm, arguments.limits).map_err(|error| format!("{path}: {error}"))?;
    match arguments.mode {
        Mode::List => list(&sandbox).map_err(|error| format!("{path}: {error}")),
        Mode::Tests { only, jobs } => tests(&sandbox, only, jobs).map_err(|error| format!("{path}: {error}")),
        Mode::Lab => lab(&sandbox),
    }
}

fn list(sandbox: &Sandbox) -> Result<(), String> {
    let names = sandbox.list().map_err(|error| error.to_string())?;
    let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
    std::io::stdout().write_all(lines.as_bytes()).map_err(|error| format!("não consegui escrever a lista: {error}"))
}

fn tests(sandbox: &Sandbox, only: Vec<String>, jobs: usize) -> Result<(), String> {
    let listed = sandbox.list().map_err(|error| error.to_string())?;
    let names = choose(listed, only);
    let mut written = Ok(());
    sandbox.run_tests(&names, jobs, |run| {
        if written.is_ok() {
            written = write_line(&run);
        }
    });
    written
}

/// A lista toda, ou só os pedidos, na ordem da lista. Um nome que não está nela roda assim mesmo, no fim: o veredito dirá que o
/// teste não existe, em vez de ele sumir do relatório.
fn choose(listed: Vec<String>, only: Vec<String>) -> Vec<String> {
    if only.is_empty() {
        return listed;
    }
    let unknown = only.iter().filter(|name| !listed.contains(name)).cloned().collect::<Vec<_>>();
    listed.into_iter().filter(|name| only.contains(name)).chain(unknown).collect()
}

fn write_line(run: &impl serde::Serialize) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("não consegui escrever o resultado: {error}");
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, run).map_err(|error| failed(&error))?;
    writeln!(stdout).and_then(|()| stdout.flush()).map_err(|error| failed(&error))
}

fn lab(sandbox: &Sandbox) -> Result<(), String> {
    let mut scenario = Vec::new();
    std::io::stdin().read_to_end(&mut scenario).map_err(|error| format!("não consegui ler o cenário: {error}"))?;
    let execution = sandbox.run_lab(&scenario);
    match explain(&execution) {
        Some(message) => Err(message),
        None => {
            let mut stdout = std::io::stdout().lock();
            stdout
                .write_all(execution.stdout.as_bytes())
                .and_then(|()| stdout.flush())
                .map_err(|error| format!("não consegui escrever a linha do tempo: {error}"))
        }
    }
}

/// `None` é o pedido de ajuda.
fn parse(args: Vec<OsString>) -> Result<Option<Arguments>, String> {
    let mut parser = lexopt::Parser::from_args(args);
    let (mut module, mut only, mut limits) = (None, Vec::new(), Limits::default());
    let (mut wants_list, mut wants_tests, mut wants_lab) = (false, false, false);
    let mut jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let usage = |text: String| format!("{text}\nVeja `wasi-run --help`.");
    while let Some(arg) = parser.next().map_err(|error| usage(describe(&error)))? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long("list") => wants_list = true,
            Long("tests") => wants_tests = true,
            Long("lab") => wants_lab = true,
            Long("only") => only.push(value(&mut parser, "--only", |text| Some(text.to_owned()))?),
            Long("jobs") => jobs = value(&mut parser, "--jobs", |text| text.parse().ok().filter(|jobs| *jobs > 0))?,
            Long("fuel") => limits.fuel = value(&mut parser, "--fuel", |text| text.parse().ok())?,
            Long("memory") => limits.memory = value(&mut parser, "--memory", |text| text.parse().ok())?,
            Long("timeout") => limits.timeout = value(&mut parser, "--timeout", seconds)?,
            Value(path) if module.is_none() => module = Some(PathBuf::from(path)),
            Value(extra) => return Err(usage(format!("só cabe um módulo; sobrou {}", extra.to_string_lossy()))),
            Long(flag) => return Err(usage(format!("não conheço a opção --{flag}"))),
            Short(flag) => return Err(usage(format!("não conheço a opção -{flag}"))),
        }
    }
    let module = module.ok_or_else(|| usage("falta dizer qual módulo rodar".to_owned()))?;
    let mode = match (wants_list, wants_tests, wants_lab) {
        (true, false, false) => Mode::List,
        (false, true, false) => Mode::Tests { only, jobs },
        (false, false, true) => Mode::Lab,
        _ => return Err(usage("escolha --list, --tests ou --lab".to_owned())),
    };
    Ok(Some(Arguments { module, mode, limits }))
}

fn describe(error: &lexopt::Error) -> String {
    match error {
        lexopt::Error::UnexpectedValue { option, .. } => format!("{option} não recebe valor"),
        _ => "não entendi os argumentos".to_owned(),
    }
}

fn value<T>(parser: &mut lexopt::Parser, flag: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    let text = parser.value().map_err(|_| format!("{flag} precisa de um valor"))?;
    let text = text.to_string_lossy();
    read(&text).ok_or_else(|| format!("{flag} não aceita {text}"))
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
