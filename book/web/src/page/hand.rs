//! Um Worker visto da página: nasce, recebe pedidos, é encerrado quando largado.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::protocol::{Job, Reply, Request};

pub struct Hand {
    worker: Worker,
    _listen: Closure<dyn FnMut(MessageEvent)>,
    _fail: Closure<dyn FnMut(Event)>,
}

impl Hand {
    /// Cria um Worker; `hear` recebe cada resposta, ou a razão pela qual ele morreu.
    pub fn new(base: &str, hear: impl Fn(Result<Reply, String>) + Clone + 'static) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&format!("{base}worker.js"), &options)
            .map_err(|error| format!("o navegador não criou o Worker: {error:?}"))?;
        let tell = hear.clone();
        let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let text = message.data().as_string().unwrap_or_default();
            let reply = serde_json::from_str(&text).map_err(|error| format!("resposta sem sentido do Worker: {error}"));
            tell(reply);
        });
        let fail = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let why = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            hear(Err(format!("o Worker parou: {why}")));
        });
        worker.set_onmessage(Some(listen.as_ref().unchecked_ref()));
        worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
        Ok(Self { worker, _listen: listen, _fail: fail })
    }

    pub fn ask(&self, module: &str, job: Job) {
        let request = Request { module: module.to_owned(), job };
        if let Ok(text) = serde_json::to_string(&request) {
            // Uma string sempre pode ser enviada.
            let _ = self.worker.post_message(&JsValue::from_str(&text));
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}
