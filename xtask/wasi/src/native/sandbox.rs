//! Um módulo pronto para rodar quantas vezes for preciso, em vários *threads*.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use wasmi::{CompilationMode, Config, Engine, ExternType, Linker, Module};

use super::instance::{State, execute, link};
use super::{Limits, SandboxError};
use crate::{Ending, Execution, Program, Verdict, explain, judge, lab_program, list_program, parse_list, test_program};

/// Bytes de um módulo. Os do curso têm 1 ou 2 MiB.
const MAX_MODULE_SIZE: usize = 64 * 1024 * 1024;
const PAGE_SIZE: u64 = 64 * 1024;
/// Chamadas de função empilhadas. O `wasmi` guarda a pilha no *heap*, então o limite é nosso e não da máquina.
const MAX_RECURSION_DEPTH: usize = 50_000;
/// Bytes de variáveis locais de todas as chamadas empilhadas.
const MAX_STACK_HEIGHT: usize = 16 * 1024 * 1024;

/// Um módulo compilado e conferido.
pub struct Sandbox {
    module: Module,
    linker: Linker<State>,
    limits: Limits,
}

/// Um teste que rodou: uma linha do que `wasi-run --tests` escreve.
#[derive(Clone, Debug, Serialize)]
pub struct TestRun {
    pub name: String,
    pub execution: Execution,
    pub verdict: Verdict,
}

impl Sandbox {
    /// Compila `wasm` e confere que é um programa WASI.
    ///
    /// # Errors
    ///
    /// Quando não é: veja [`SandboxError`].
    pub fn compile(wasm: &[u8], limits: Limits) -> Result<Self, SandboxError> {
        if wasm.len() > MAX_MODULE_SIZE {
            return Err(SandboxError::TooBig { size: wasm.len(), limit: MAX_MODULE_SIZE });
        }
        let engine = Engine::new(&config());
        let module = Module::new(&engine, wasm).map_err(SandboxError::Invalid)?;
        let mut linker = Linker::new(&engine);
        link(&mut linker, &module).map_err(|(module, name)| SandboxError::ForeignImport { module, name })?;
        match module.get_export("_start") {
            Some(ExternType::Func(start)) if start.params().is_empty() && start.results().is_empty() => {}
            _ => return Err(SandboxError::NoStart),
        }
        let Some(ExternType::Memory(memory)) = module.get_export("memory") else { return Err(SandboxError::NoMemory) };
        let wanted = memory.minimum().saturating_mul(PAGE_SIZE);
        if wanted > limits.memory as u64 {
            return Err(SandboxError::InitialMemory { wanted, limit: limits.memory });
        }
        Ok(Self { module, linker, limits })
    }

    /// Os testes do módulo, na ordem do libtest.
    ///
    /// # Errors
    ///
    /// Quando o módulo não é um binário de testes.
    pub fn list(&self) -> Result<Vec<String>, SandboxError> {
        let execution = self.run(list_program());
        if execution.ending != Ending::Returned {
            return Err(SandboxError::List(explain(&execution).unwrap_or_default()));
        }
        Ok(parse_list(&execution.stdout))
    }

    /// Roda um teste em uma instância nova e o julga.
    #[must_use]
    pub fn run_test(&self, name: &str) -> TestRun {
        let execution = self.run(test_program(name));
        TestRun { name: name.to_owned(), verdict: judge(name, &execution), execution }
    }

    /// Roda um laboratório: o cenário é a entrada, a linha do tempo é `stdout`.
    #[must_use]
    pub fn run_lab(&self, scenario: &[u8]) -> Execution {
        self.run(lab_program(scenario))
    }

    /// Roda um programa qualquer em uma instância nova.
    #[must_use]
    pub fn run(&self, program: Program) -> Execution {
        execute(&self.linker, &self.module, &self.limits, program)
    }

    /// Roda vários testes, `jobs` de cada vez, e entrega cada um a `each` na ordem de `names`, assim que ele e todos os
    /// anteriores terminam.
    pub fn run_tests(&self, names: &[String], jobs: usize, each: impl FnMut(TestRun) + Send) {
        let next = AtomicUsize::new(0);
        let delivery = Mutex::new(Delivery { waiting: names.iter().map(|_| None).collect(), sent: 0, each });
        std::thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, names.len().max(1)) {
                scope.spawn(|| {
                    while let Some((index, name)) = take(&next, names) {
                        let run = self.run_test(name);
                        delivery.lock().unwrap_or_else(std::sync::PoisonError::into_inner).put(index, run);
                    }
                });
            }
        });
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .compilation_mode(CompilationMode::Eager)
        .set_max_recursion_depth(MAX_RECURSION_DEPTH)
        .set_max_stack_height(MAX_STACK_HEIGHT)
        .wasm_multi_memory(false);
    config
}

fn take<'a>(next: &AtomicUsize, names: &'a [String]) -> Option<(usize, &'a String)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    names.get(index).map(|name| (index, name))
}

/// Os resultados que chegam fora de ordem esperam aqui pela sua vez.
struct Delivery<F> {
    waiting: Vec<Option<TestRun>>,
    sent: usize,
    each: F,
}

impl<F: FnMut(TestRun)> Delivery<F> {
    fn put(&mut self, index: usize, run: TestRun) {
        self.waiting[index] = Some(run);
        while let Some(run) = self.waiting.get_mut(self.sent).and_then(Option::take) {
            self.sent += 1;
            (self.each)(run);
        }
    }
}
