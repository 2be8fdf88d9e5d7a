//! O lado do Worker: compila o módulo uma vez e roda cada teste em uma instância nova.
//!
//! Nada aqui conhece prazo. Um teste que não termina prende este Worker inteiro, e é a página que o encerra.

mod instance;

use std::cell::RefCell;

use js_sys::{Uint8Array, WebAssembly};
use wasi_host::{Program, judge, lab_program, list_program, parse_list, test_program};
use wasm_bindgen::{JsCast, JsError, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, Response};

use crate::protocol::{Job, Reply, Request, TestResult};

thread_local! {
    /// O último módulo compilado. Um laboratório roda o mesmo muitas vezes seguidas.
    static COMPILED: RefCell<Option<(String, WebAssembly::Module)>> = const { RefCell::new(None) };
}

/// Começa a escutar a página. `worker.js` chama isto e mais nada.
#[wasm_bindgen]
pub fn worker() -> Result<(), JsError> {
    let scope = scope().map_err(|_| JsError::new("worker() só roda em um Worker"))?;
    let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let text = message.data().as_string().unwrap_or_default();
        spawn_local(async move {
            let reply = match serde_json::from_str::<Request>(&text) {
                Ok(request) => serve(request).await.unwrap_or_else(Reply::Broken),
                Err(error) => Reply::Broken(format!("pedido sem sentido ao Worker: {error}")),
            };
            post(&reply);
        });
    });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    listen.forget();
    Ok(())
}

fn scope() -> Result<DedicatedWorkerGlobalScope, js_sys::Object> {
    js_sys::global().dyn_into()
}

fn post(reply: &Reply) {
    if let (Ok(scope), Ok(text)) = (scope(), serde_json::to_string(reply)) {
        // Só falha se a página já fechou; não há a quem contar.
        let _ = scope.post_message(&JsValue::from_str(&text));
    }
}

/// Faz o trabalho; devolve a última mensagem. O erro é uma frase para a pessoa.
async fn serve(request: Request) -> Result<Reply, String> {
    let module = compiled(&request.module).await?;
    let run = |program: Program| instance::run(&module, program);
    match request.job {
        Job::List => Ok(Reply::Listed(parse_list(&run(list_program())?.stdout))),
        Job::Lab(scenario) => Ok(Reply::Lab(run(lab_program(scenario))?)),
        Job::Tests(names) => {
            for name in names {
                post(&Reply::Started(name.clone()));
                let execution = run(test_program(&name))?;
                let verdict = judge(&name, &execution);
                post(&Reply::Tested(TestResult { name, execution, verdict }));
            }
            Ok(Reply::Done)
        }
    }
}

async fn compiled(url: &str) -> Result<WebAssembly::Module, String> {
    let known = COMPILED.with_borrow(|compiled| match compiled {
        Some((known, module)) if known == url => Some(module.clone()),
        _ => None,
    });
    if let Some(module) = known {
        return Ok(module);
    }
    let bytes = download(url).await?;
    let module = JsFuture::from(WebAssembly::compile(&bytes))
        .await
        .map_err(|error| format!("o navegador não aceitou o módulo WASM: {}", instance::message(&error)))?
        .unchecked_into::<WebAssembly::Module>();
    COMPILED.set(Some((url.to_owned(), module.clone())));
    Ok(module)
}

async fn download(url: &str) -> Result<JsValue, String> {
    let lost = |error: JsValue| format!("o módulo WASM não chegou: {}", instance::message(&error));
    let scope = scope().map_err(|_| "fora de um Worker".to_owned())?;
    let response: Response = JsFuture::from(scope.fetch_with_str(url)).await.map_err(lost)?.unchecked_into();
    if !response.ok() {
        return Err(format!("o módulo WASM não chegou: o servidor respondeu {}", response.status()));
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(lost)?).await.map_err(lost)?;
    Ok(Uint8Array::new(&buffer).into())
}
