//! Uma instância de um módulo WASI, com o navegador no papel de processador.
//!
//! Toda função importada é um `Proxy` cujo `apply` chega a [`Host::call`]: assim não importa quantos argumentos ela tem. Para
//! parar o programa no meio (`proc_exit`, limite de saída) a função lança uma exceção, que atravessa o módulo e volta aqui.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, BigInt, Function, Object, Proxy, Reflect, Uint8Array, WebAssembly};
use wasi_host::{Ending, Execution, Host, MODULE_NAME, Memory, Program, Stop, errno};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::WorkerGlobalScope;

use crate::trap;

/// O que as funções importadas enxergam durante uma execução.
struct World {
    host: RefCell<Host>,
    /// Preenchida depois de instanciar, antes de `_start`.
    memory: RefCell<Option<WebAssembly::Memory>>,
    stop: RefCell<Option<Stop>>,
}

type Apply = Closure<dyn Fn(JsValue, JsValue, Array) -> Result<JsValue, JsValue>>;

/// Roda `program` em uma instância nova. O erro é de montagem (o módulo não é um programa WASI), nunca do programa.
pub fn run(module: &WebAssembly::Module, program: Program) -> Result<Execution, String> {
    let world =
        Rc::new(World { host: RefCell::new(Host::new(program)), memory: RefCell::new(None), stop: RefCell::new(None) });
    // Os fechamentos vivem até o fim desta função; depois dela ninguém mais chama a instância.
    let (imports, _alive) = imports(module, &world)?;
    let start = now();
    let outcome = execute(module, &imports, &world);
    let duration_ms = now() - start;
    let so_far = world.close();
    let ending = match outcome {
        Ok(()) => Ending::Returned,
        Err(Failure::Setup(reason)) => return Err(reason),
        Err(Failure::Thrown(error)) => match world.stop.take() {
            Some(stop) => stop.into(),
            None => trap::ending(&name(&error), &message(&error), &so_far.stderr),
        },
    };
    Ok(Execution { ending, duration_ms, ..so_far })
}

impl World {
    /// O que o programa escreveu. Se a pilha do navegador estourou dentro de uma chamada nossa, o empréstimo dela nunca acabou
    /// e a saída se perde; o resto do resultado não.
    fn close(&self) -> Execution {
        let empty = Host::new(Program { args: Vec::new(), environ: Vec::new(), stdin: Vec::new(), output_limit: 0 });
        let host = match self.host.try_borrow_mut() {
            Ok(mut host) => std::mem::replace(&mut *host, empty),
            Err(_) => empty,
        };
        host.finish(Ending::Returned, 0.0)
    }
}

enum Failure {
    Setup(String),
    Thrown(JsValue),
}

fn execute(module: &WebAssembly::Module, imports: &Object, world: &World) -> Result<(), Failure> {
    let setup = |error: JsValue| Failure::Setup(format!("o módulo não pôde ser montado: {}", message(&error)));
    let instance = WebAssembly::Instance::new(module, imports).map_err(setup)?;
    let exports = instance.exports();
    let export = |name: &str| Reflect::get(&exports, &name.into()).ok();
    let memory = export("memory").and_then(|memory| memory.dyn_into().ok());
    world.memory.replace(memory);
    let start: Function = export("_start")
        .and_then(|start| start.dyn_into().ok())
        .ok_or_else(|| Failure::Setup("o módulo não tem `_start`: não é um programa WASI".to_owned()))?;
    start.call0(&JsValue::UNDEFINED).map(drop).map_err(Failure::Thrown)
}

/// O objeto de imports: um `Proxy` por função que o módulo pede. O que não é função de WASI fica faltando, e montar falha.
fn imports(module: &WebAssembly::Module, world: &Rc<World>) -> Result<(Object, Vec<Apply>), String> {
    let functions = Object::new();
    let mut alive = Vec::new();
    for wanted in WebAssembly::Module::imports(module) {
        let field = |name: &str| Reflect::get(&wanted, &name.into()).ok().and_then(|value| value.as_string());
        let (Some(from), Some(name), Some(kind)) = (field("module"), field("name"), field("kind")) else {
            continue;
        };
        if from != MODULE_NAME || kind != "function" {
            return Err(format!("o módulo pede `{from}.{name}`, que esta página não tem"));
        }
        let (function, apply) = import(name.clone(), Rc::clone(world));
        Reflect::set(&functions, &name.into(), &function).map_err(|error| message(&error))?;
        alive.push(apply);
    }
    let imports = Object::new();
    Reflect::set(&imports, &MODULE_NAME.into(), &functions).map_err(|error| message(&error))?;
    Ok((imports, alive))
}

fn import(name: String, world: Rc<World>) -> (JsValue, Apply) {
    let apply: Apply = Closure::new(move |_target, _this, args: Array| call(&world, &name, &args));
    let handler = Object::new();
    // Não falha: o objeto acabou de nascer e é comum.
    let _ = Reflect::set(&handler, &"apply".into(), apply.as_ref());
    // O alvo só precisa ser chamável para que o `Proxy` também seja.
    let target: &Function = apply.as_ref().unchecked_ref();
    (Proxy::new(target, &handler).into(), apply)
}

fn call(world: &World, name: &str, args: &Array) -> Result<JsValue, JsValue> {
    let args: Vec<i64> = args.iter().map(|value| integer(&value)).collect();
    // Uma cópia da referência: nenhum empréstimo fica aberto durante a chamada além do necessário.
    let memory = world.memory.borrow().clone();
    let answer = match &memory {
        Some(memory) => world.host.borrow_mut().call(&mut PageMemory(memory), name, &args),
        // Só um módulo que chama WASI ao ser montado chega aqui.
        None => Ok(errno::NOSYS),
    };
    answer.map(JsValue::from).map_err(|stop| {
        world.stop.replace(Some(stop));
        JsValue::from_str("fim da execução")
    })
}

/// `i32` chega como número, `i64` como `BigInt`; em ambos o sinal não importa.
fn integer(value: &JsValue) -> i64 {
    match value.as_f64() {
        Some(number) => number as i64,
        None => value.dyn_ref::<BigInt>().and_then(|big| i64::try_from(BigInt::as_int_n(64.0, big)).ok()).unwrap_or(0),
    }
}

/// A memória do módulo. O vetor é refeito a cada acesso porque `memory.grow` invalida o anterior.
struct PageMemory<'a>(&'a WebAssembly::Memory);

impl PageMemory<'_> {
    fn view(&self, offset: u32, len: usize) -> Result<Uint8Array, wasi_host::Fault> {
        let all = Uint8Array::new(&self.0.buffer());
        let len = u32::try_from(len).map_err(|_| wasi_host::Fault)?;
        let end = offset.checked_add(len).filter(|end| *end <= all.length()).ok_or(wasi_host::Fault)?;
        Ok(all.subarray(offset, end))
    }
}

impl Memory for PageMemory<'_> {
    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), wasi_host::Fault> {
        self.view(offset, buffer.len())?.copy_to(buffer);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), wasi_host::Fault> {
        self.view(offset, bytes.len())?.copy_from(bytes);
        Ok(())
    }
}

fn now() -> f64 {
    js_sys::global()
        .dyn_into::<WorkerGlobalScope>()
        .ok()
        .and_then(|scope| scope.performance())
        .map_or(0.0, |performance| performance.now())
}

/// O nome de um erro de JavaScript (`RangeError`).
fn name(error: &JsValue) -> String {
    text(error, "name").unwrap_or_else(|| "erro".to_owned())
}

/// A mensagem de um erro de JavaScript, ou o próprio valor quando alguém lançou outra coisa.
pub fn message(error: &JsValue) -> String {
    text(error, "message").or_else(|| error.as_string()).unwrap_or_else(|| format!("{error:?}"))
}

fn text(error: &JsValue, field: &str) -> Option<String> {
    Reflect::get(error, &field.into()).ok().and_then(|value| value.as_string())
}
