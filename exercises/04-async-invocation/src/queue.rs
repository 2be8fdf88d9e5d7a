//! A fila interna: responder 202, guardar o evento e, depois, decidir se ele ainda vai rodar.
//!
//! ```text
//!   invoke ──▶ accept ──▶ 202 ──▶ (fila) ──▶ read ──▶ triage ──┬─▶ roda
//!                └─▶ 400, 413                                  └─▶ descarta
//! ```
//!
//! Segue `invocation-async` e `invocation-async-error-handling`, do guia do Lambda, e a API `Invoke`.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit::{Kind, Timeline};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::model::{Event, FailureCondition, QUEUE};

/// A resposta HTTP da API `Invoke`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// O código de estado.
    pub status: u16,
    /// O nome do erro, no cabeçalho `x-amzn-ErrorType`; `None` se deu certo.
    pub error_type: Option<&'static str>,
    /// O corpo.
    pub body: String,
}

impl HttpResponse {
    /// Uma resposta sem corpo.
    pub fn empty(status: u16) -> Self {
        Self { status, error_type: None, body: String::new() }
    }

    /// Uma resposta de erro que é culpa de quem chamou, no formato do Lambda.
    pub fn user_error(status: u16, error_type: &'static str, message: &str) -> Self {
        Self { status, error_type: Some(error_type), body: json!({ "Type": "User", "Message": message }).to_string() }
    }
}

/// Confere o corpo de um pedido com `X-Amz-Invocation-Type: Event`.
///
/// # Errors
/// Devolve a resposta a dar quando o pedido não entra na fila:
/// - corpo acima de 1 MB: 413 `RequestTooLargeException`, com a mensagem que diz os dois tamanhos em bytes;
/// - corpo que não é JSON: 400 `InvalidRequestContentException`.
pub fn accept(payload: &[u8]) -> Result<Value, HttpResponse> {
    let _ = payload;
    todo!("confere o tamanho do corpo e lê o JSON; devolve o erro 413 ou 400 quando não serve")
}

/// A saída da fila, de onde [`read`] tira os eventos.
pub type Inbox = mpsc::UnboundedReceiver<Event>;

/// A entrada da fila.
#[derive(Debug)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Event>,
    timeline: Timeline,
    accepted: AtomicU64,
}

impl Queue {
    /// Abre uma fila vazia. A fila fecha quando o `Queue` é descartado.
    pub fn new(timeline: &Timeline) -> (Self, Inbox) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let queue = Self { sender, timeline: timeline.clone(), accepted: AtomicU64::new(0) };
        (queue, inbox)
    }

    /// Dá um número de pedido ao evento e o põe na fila. Não espera por ninguém.
    pub fn push(&self, payload: Value) {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        let request_id = format!("00000000-0000-4000-8000-{number:012}");
        let text = format!("entra o evento {payload}");
        self.timeline.record(QUEUE, Kind::Enqueued, text);
        let event = Event { request_id, payload, enqueued_at: Instant::now() };
        // Só falha se ninguém mais lê a fila; o chamador não tem como saber disso, nem aqui nem na AWS.
        let _ = self.sender.send(event);
    }

    /// O que a API `Invoke` responde a um pedido com `X-Amz-Invocation-Type: Event`.
    ///
    /// Um pedido bom entra na fila e recebe 202 sem corpo; os outros recebem o erro de [`accept`] e não entram.
    pub async fn invoke(&self, payload: &[u8]) -> HttpResponse {
        let _ = payload;
        todo!("usa `accept`, põe o evento na fila com `push` e responde")
    }
}

/// O que fazer com um evento que acabou de sair da fila.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Triage {
    /// Entregar à função.
    Run,
    /// Desistir dele sem rodar a função.
    Discard(FailureCondition),
}

/// Decide se um evento ainda vai rodar.
///
/// `waited` é quanto ele esperou na fila; `reserved_concurrency` é `None` quando a função não reserva concorrência.
pub fn triage(waited: Duration, maximum_event_age: Duration, reserved_concurrency: Option<u32>) -> Triage {
    todo!(
        "decide entre `Run` e `Discard`: esperou {waited:?}, idade máxima {maximum_event_age:?}, reserva {reserved_concurrency:?}"
    )
}

/// Como a fila é lida.
#[derive(Debug, Clone, Copy)]
pub struct ReadSettings {
    /// A idade máxima de um evento.
    pub maximum_event_age: Duration,
    /// A concorrência reservada da função, se houver.
    pub reserved_concurrency: Option<u32>,
    /// A pausa depois de cada evento lido: zero numa fila calma, maior numa fila cheia.
    pub read_interval: Duration,
}

/// Um evento que saiu da fila e não vai rodar.
#[derive(Debug, Clone, PartialEq)]
pub struct Discarded {
    /// O evento.
    pub event: Event,
    /// Por que não roda.
    pub condition: FailureCondition,
}

/// Lê a fila até ela fechar e põe cada evento para rodar com `run`, sem que um espere pelo outro.
///
/// Volta quando a fila fechou e todas as execuções terminaram; devolve os eventos descartados, na ordem de leitura. Em
/// `run`, o `Send + 'static` é o que `tokio::spawn` e `JoinSet::spawn` pedem.
pub async fn read<F>(inbox: Inbox, settings: ReadSettings, run: impl Fn(Event) -> F) -> Vec<Discarded>
where
    F: Future<Output = ()> + Send + 'static,
{
    let _ = (inbox, settings, run);
    todo!("lê a fila, usa `triage` em cada evento e roda os que valem, todos ao mesmo tempo")
}
