//! Pedidos que chegam e eventos que saem da fila, para o passo `queue`.

use std::time::Duration;

use async_invocation::function::Function;
use async_invocation::model::Event;
use async_invocation::queue::{Discarded, HttpResponse, Inbox, Queue, ReadSettings, read};
use kit::{Random, Timeline};
use serde_json::{Value, json};

use super::finish;

/// A idade máxima padrão.
pub const SIX_HOURS: Duration = Duration::from_secs(21_600);

/// Uma fila calma de uma função sem reserva, com a idade máxima padrão.
pub const CALM: ReadSettings =
    ReadSettings { maximum_event_age: SIX_HOURS, reserved_concurrency: None, read_interval: Duration::ZERO };

/// Um corpo JSON com exatamente `size` bytes: um texto entre aspas.
pub fn body_of(size: usize) -> Vec<u8> {
    let mut body = vec![b'a'; size];
    body[0] = b'"';
    body[size - 1] = b'"';
    body
}

/// Um alerta diferente a cada número sorteado.
pub fn alert(random: &mut Random) -> Value {
    let town = random.pick(&["Serra Clara", "Vale Fundo", "Passo do Meio"]);
    json!({ "alert": "granizo", "town": town, "subscriber": random.between(1..=99_999) })
}

/// Uma resposta em uma linha.
pub fn describe(response: &HttpResponse) -> String {
    let error = response.error_type.unwrap_or("sem erro");
    format!("{} ({error}), corpo `{}`", response.status, response.body)
}

/// Tudo o que está na fila, sem rodar nada.
pub fn waiting(queue: Queue, mut inbox: Inbox) -> Vec<Event> {
    drop(queue);
    std::iter::from_fn(|| inbox.try_recv().ok()).collect()
}

/// Lê a fila com a função até ela fechar e devolve quem foi descartado.
pub async fn read_with(inbox: Inbox, function: &Function, settings: ReadSettings) -> Vec<Discarded> {
    let run = |event: Event| {
        let function = function.clone();
        async move {
            // Neste passo ninguém olha o resultado: as novas tentativas são do próximo.
            let _ = function.invoke(&event).await;
        }
    };
    let rule = "a fila fechou (`recv` devolveu `None`) e todas as execuções acabaram: `read` devolve a lista";
    finish(rule, "o seu", read(inbox, settings, run)).await
}

/// Põe `total` eventos na fila e a fecha; depois lê todos.
pub async fn read_all(
    total: usize,
    function: &Function,
    settings: ReadSettings,
    timeline: &Timeline,
) -> Vec<Discarded> {
    let (queue, inbox) = Queue::new(timeline);
    for number in 0..total {
        queue.push(json!({ "subscriber": number }));
    }
    drop(queue);
    read_with(inbox, function, settings).await
}

/// Os números dos eventos descartados, em ordem.
pub fn numbers(discarded: &[Discarded]) -> Vec<Value> {
    discarded.iter().map(|each| each.event.payload["subscriber"].clone()).collect()
}
