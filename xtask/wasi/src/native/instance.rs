//! Uma execução, do começo ao fim: a instância, as fatias de combustível e a tradução do que o `wasmi` relata para [`Ending`].

use std::time::Instant;

use wasmi::errors::{ErrorKind, HostError};
use wasmi::{Caller, Extern, ExternType, FuncType, Linker, Module, ResourceLimiter, ResumableCall, Store};
use wasmi::{TrapCode, Val, ValType};
use wasmi_core::LimiterError;

use super::Limits;
use crate::{Ending, Execution, Host, MODULE_NAME, Program, Stop};

/// Combustível entre duas olhadas no relógio: alguns milissegundos de execução.
const FUEL_SLICE: u64 = 2_000_000;
/// Elementos da tabela de funções. Um binário de testes usa alguns milhares.
const MAX_TABLE_ELEMENTS: usize = 1_000_000;

/// O que acompanha uma instância dentro do interpretador.
pub(super) struct State {
    host: Host,
    growth: Growth,
    deadline: Instant,
}

/// Até onde a memória e a tabela crescem; passar disso encerra a execução.
///
/// O `StoreLimits` do `wasmi` faz quase o mesmo, mas toma por recusa o combustível que acaba *durante* um crescimento: um teste
/// que só precisava da próxima fatia era dado por guloso.
struct Growth {
    memory: usize,
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool, LimiterError> {
        allowed(desired <= self.memory)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool, LimiterError> {
        allowed(desired <= MAX_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

fn allowed(fits: bool) -> Result<bool, LimiterError> {
    if fits { Ok(true) } else { Err(LimiterError::ResourceLimiterDeniedAllocation) }
}

/// Uma chamada de WASI que encerrou a execução.
#[derive(Debug)]
struct Halt(Ending);

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl HostError for Halt {}

/// Liga cada função que o módulo importa de [`MODULE_NAME`] a [`Host::call`], com a assinatura que o próprio módulo declara:
/// uma função desconhecida existe e responde que não existe.
pub(super) fn link(linker: &mut Linker<State>, module: &Module) -> Result<(), (String, String)> {
    for import in module.imports() {
        let refused = || (import.module().to_owned(), import.name().to_owned());
        let ExternType::Func(signature) = import.ty() else { return Err(refused()) };
        if import.module() != MODULE_NAME || !is_wasi_signature(signature) {
            return Err(refused());
        }
        let name = import.name().to_owned();
        let defined = linker.func_new(MODULE_NAME, import.name(), signature.clone(), move |caller, params, results| {
            let errno = answer(caller, &name, params)?;
            if let [result] = results {
                *result = Val::I32(errno);
            }
            Ok(())
        });
        // Importar duas vezes a mesma função é permitido; a primeira ligação já serve, se as assinaturas forem iguais, e se
        // não forem a instanciação recusa.
        drop(defined);
    }
    Ok(())
}

fn is_wasi_signature(signature: &FuncType) -> bool {
    let integers = signature.params().iter().all(|ty| matches!(ty, ValType::I32 | ValType::I64));
    integers && matches!(signature.results(), [] | [ValType::I32])
}

fn answer(mut caller: Caller<'_, State>, name: &str, params: &[Val]) -> Result<i32, wasmi::Error> {
    let halt = |ending| wasmi::Error::host(Halt(ending));
    // Um laço de chamadas caras gasta pouco combustível; por isso o prazo vale também aqui.
    if Instant::now() >= caller.data().deadline {
        return Err(halt(Ending::Timeout));
    }
    let args = params.iter().map(|value| match value {
        Val::I32(value) => i64::from(*value),
        Val::I64(value) => *value,
        _ => 0,
    });
    let args = args.collect::<Vec<_>>();
    let Some(memory) = caller.get_export("memory").and_then(Extern::into_memory) else {
        return Err(halt(Stop::Fault.into()));
    };
    let (mut bytes, state) = memory.data_and_store_mut(&mut caller);
    state.host.call(&mut bytes, name, &args).map_err(|stop| halt(stop.into()))
}

pub(super) fn execute(linker: &Linker<State>, module: &Module, limits: &Limits, program: Program) -> Execution {
    let start = Instant::now();
    let state = State {
        host: Host::new(Program { output_limit: limits.output, ..program }),
        growth: Growth { memory: limits.memory },
        deadline: start + limits.timeout,
    };
    let mut store = Store::new(linker.engine(), state);
    store.limiter(|state| &mut state.growth);
    let ending = run(linker, module, &mut store, limits.fuel).unwrap_or_else(|error| ending_of(&error));
    let duration_ms = start.elapsed().as_secs_f64() * 1000.0;
    store.into_data().host.finish(ending, duration_ms)
}

/// Roda `_start` em fatias de combustível. Entre duas fatias a execução está parada no meio de uma função e pode continuar ou
/// ser abandonada, o que dispensa um segundo *thread* que a interrompa.
fn run(
    linker: &Linker<State>,
    module: &Module,
    store: &mut Store<State>,
    mut fuel: u64,
) -> Result<Ending, wasmi::Error> {
    let mut slice = FUEL_SLICE.min(fuel);
    store.set_fuel(slice)?;
    // Módulos com função `start` são recusados ao compilar: nenhuma instrução roda aqui.
    let instance = linker.instantiate_and_start(&mut *store, module)?;
    let Some(start) = instance.get_func(&*store, "_start") else {
        return Ok(Ending::Trapped("sem `_start`".to_owned()));
    };
    let mut call = start.call_resumable(&mut *store, &[], &mut [])?;
    loop {
        call = match call {
            ResumableCall::Finished => return Ok(Ending::Returned),
            ResumableCall::HostTrap(trap) => return Err(trap.into_host_error()),
            ResumableCall::OutOfFuel(paused) => {
                let left = store.get_fuel()?;
                fuel = fuel.saturating_sub(slice.saturating_sub(left));
                slice = FUEL_SLICE.max(paused.required_fuel());
                if slice > fuel || Instant::now() >= store.data().deadline {
                    return Ok(Ending::Timeout);
                }
                store.set_fuel(slice)?;
                paused.resume(&mut *store, &mut [])?
            }
        }
    }
}

fn ending_of(error: &wasmi::Error) -> Ending {
    if let Some(Halt(ending)) = error.downcast_ref() {
        return ending.clone();
    }
    match (error.as_trap_code(), error.kind()) {
        (Some(TrapCode::OutOfFuel), _) => Ending::Timeout,
        (Some(TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory), _) => Ending::MemoryLimit,
        (None, ErrorKind::Memory(_)) => Ending::MemoryLimit,
        _ => Ending::Trapped(error.to_string()),
    }
}
