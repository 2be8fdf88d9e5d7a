//! Uma função do Lambda de mentira: responde com o que o teste ou o laboratório manda e guarda o que recebeu.
//!
//! O tempo que ela "roda" é do relógio do tokio; nos testes e nos laboratórios ele está pausado e nada espera de verdade.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

/// O que a função faz com um evento.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Devolve este JSON.
    Json(Value),
    /// Devolve estes bytes, que podem não ser JSON.
    Raw(Vec<u8>),
    /// O código lança um erro com esta mensagem.
    Throw(String),
    /// O Lambda recusa a invocação.
    Refuse(InvokeError),
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// Por que o Lambda recusou a invocação: a função nem rodou.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// Quem chamou não tem permissão.
    #[error("AccessDeniedException")]
    AccessDenied,
    /// A função não existe.
    #[error("ResourceNotFoundException")]
    NotFound,
    /// A função não tem vaga.
    #[error("TooManyRequestsException")]
    Throttled,
}

/// O que volta de uma invocação síncrona que o Lambda aceitou.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// O corpo da resposta.
    pub payload: Vec<u8>,
    /// Verdadeiro quando veio o cabeçalho `X-Amz-Function-Error`: a função rodou e falhou, e o corpo descreve o erro.
    pub function_error: bool,
}

impl Invocation {
    /// O corpo lido como JSON, se for JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.payload).ok()
    }

    /// O `errorMessage` de uma função que falhou.
    pub fn error_message(&self) -> Option<String> {
        let value = self.json().filter(|_| self.function_error)?;
        value.get("errorMessage")?.as_str().map(str::to_owned)
    }
}

type Behavior = dyn Fn(&Value) -> Reply + Send + Sync;

/// A função de mentira; clones são a mesma função.
#[derive(Clone)]
pub struct Function {
    behavior: Arc<Behavior>,
    run_time: Duration,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Function {
    /// Uma função que responde na hora com o que `behavior` diz para cada evento.
    pub fn new<R: Into<Reply>>(behavior: impl Fn(&Value) -> R + Send + Sync + 'static) -> Self {
        Self {
            behavior: Arc::new(move |event| behavior(event).into()),
            run_time: Duration::ZERO,
            events: Arc::default(),
        }
    }

    /// Uma função que responde sempre o mesmo.
    pub fn always(reply: impl Into<Reply>) -> Self {
        let reply = reply.into();
        Self::new(move |_| reply.clone())
    }

    /// A mesma função, que agora leva `run_time` para responder.
    #[must_use]
    pub fn taking(mut self, run_time: Duration) -> Self {
        self.run_time = run_time;
        self
    }

    /// Invoca a função de forma síncrona.
    ///
    /// # Errors
    /// [`InvokeError`] quando o Lambda recusa. Uma função que falha não é um erro daqui: volta em `function_error`.
    pub async fn invoke(&self, event: &Value) -> Result<Invocation, InvokeError> {
        let reply = (self.behavior)(event);
        if let Reply::Refuse(error) = reply {
            return Err(error);
        }
        self.lock().push(event.clone());
        // Mesmo `sleep(0)` cede a vez ao relógio: uma função sem demora responde sem passar por ele.
        if self.run_time > Duration::ZERO {
            sleep(self.run_time).await;
        }
        Ok(match reply {
            Reply::Json(value) => Invocation { payload: value.to_string().into_bytes(), function_error: false },
            Reply::Raw(payload) => Invocation { payload, function_error: false },
            Reply::Throw(message) => {
                let error = json!({ "errorMessage": message, "errorType": "Error" });
                Invocation { payload: error.to_string().into_bytes(), function_error: true }
            }
            Reply::Refuse(error) => return Err(error),
        })
    }

    /// Os eventos com que a função rodou, em ordem.
    pub fn events(&self) -> Vec<Value> {
        self.lock().clone()
    }

    /// Quantas vezes a função rodou.
    pub fn runs(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        // A trava só guarda uma lista: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("run_time", &self.run_time).field("events", &self.events()).finish()
    }
}
