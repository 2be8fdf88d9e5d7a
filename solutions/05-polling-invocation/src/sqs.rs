//! O mapeamento de uma fila do SQS: receber, chamar, apagar; e o que não fazer quando a chamada falha.
//!
//! ```text
//!   fila ──receive──▶ lote ──invoke──▶ deu certo ──▶ delete
//!     ▲                 │      ▲ └──429──▶ de novo, até a visibilidade acabar
//!     └─ visibilidade ◀─┘ erro: não apaga
//! ```
//!
//! Segue `services-sqs-configure`, `services-sqs-scaling` e `services-sqs-errorhandling`, do guia do Lambda.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;

use crate::api_error::ApiError;
use crate::queue::Queue;
use crate::sms_function::Function;

/// A pausa entre duas chamadas internas quando a função não tem vaga. O intervalo da AWS não é publicado; este é do modelo.
pub const THROTTLE_PAUSE: Duration = Duration::from_secs(1);

/// Um mapeamento de uma fila para uma função. Só existe com valores que a AWS aceita.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSourceMapping {
    batch_size: usize,
    maximum_concurrency: Option<usize>,
}

impl EventSourceMapping {
    /// Confere o pedido como `CreateEventSourceMapping`: a visibilidade da fila contra o tempo da função, e
    /// `ScalingConfig.MaximumConcurrency`, que é opcional. O `batch_size` já vem conferido.
    ///
    /// # Errors
    /// [`ApiError`] com o nome e a mensagem da AWS.
    pub fn new(
        visibility_timeout: Duration,
        function_timeout: Duration,
        batch_size: usize,
        maximum_concurrency: Option<i64>,
    ) -> Result<Self, ApiError> {
        // passo: começo — confere {visibility_timeout:?}, {function_timeout:?} e {maximum_concurrency:?} (lotes de {batch_size})
        let maximum_concurrency = match maximum_concurrency {
            None => None,
            Some(value @ 2..=1_000) => usize::try_from(value).ok(),
            Some(value) => {
                let constraint = if value < 2 { "greater than or equal to 2" } else { "less than or equal to 1000" };
                return Err(ApiError::out_of_range(value, "scalingConfig.maximumConcurrency", constraint));
            }
        };
        if function_timeout > visibility_timeout {
            return Err(ApiError::invalid_parameter(format!(
                "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                visibility_timeout.as_secs(),
                function_timeout.as_secs()
            )));
        }
        Ok(Self { batch_size, maximum_concurrency })
        // passo: fim
    }

    /// O maior número de mensagens de um lote.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// O teto de chamadas simultâneas que o dono escolheu, se escolheu.
    pub fn maximum_concurrency(&self) -> Option<usize> {
        self.maximum_concurrency
    }
}

/// O *visibility timeout* que a AWS recomenda para a fila: 6 vezes o tempo da função, mais a janela do lote.
pub fn recommended_visibility_timeout(function_timeout: Duration, batching_window: Duration) -> Duration {
    // passo: começo — calcula a visibilidade para {function_timeout:?} e {batching_window:?}
    function_timeout * 6 + batching_window
    // passo: fim
}

/// Quantas chamadas simultâneas o mapeamento pode ter.
///
/// `active_groups` é `None` em uma fila padrão. `busy` é há quanto tempo há mensagens à espera; contam os minutos inteiros.
pub fn concurrency(active_groups: Option<usize>, busy: Duration, maximum_concurrency: Option<usize>) -> usize {
    // passo: começo — calcula o limite: grupos {active_groups:?}, ocupada há {busy:?}, teto {maximum_concurrency:?}
    const INITIAL: usize = 5;
    const PER_MINUTE: usize = 300;
    const CEILING: usize = 1_250;
    let minutes = usize::try_from(busy.as_secs() / 60).unwrap_or(usize::MAX);
    let limit =
        active_groups.unwrap_or_else(|| PER_MINUTE.saturating_mul(minutes).saturating_add(INITIAL).min(CEILING));
    maximum_concurrency.map_or(limit, |maximum| limit.min(maximum))
    // passo: fim
}

/// O fim de um lote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A função deu certo: as mensagens foram apagadas.
    Deleted,
    /// A função falhou: as mensagens ficam na fila, à espera da visibilidade.
    LeftInTheQueue,
    /// A função não teve vaga até a visibilidade acabar: as mensagens voltam a ser visíveis.
    GivenUp,
}

/// Leva um lote, recebido agora, até a função e trata o resultado.
pub async fn deliver(queue: &Queue, messages: &[SqsMessage], function: &Function) -> Delivery {
    // passo: começo — chama a função e, conforme o resultado, apaga, deixa na fila ou tenta de novo
    // passo: usa queue, messages, function
    use tokio::time::{Instant, sleep};

    use crate::queue::event;
    use crate::sms_function::Failure;

    let visible_at = Instant::now() + queue.attributes().visibility_timeout;
    let event = event(messages);
    loop {
        match function.invoke(&event).await {
            Ok(_) => {
                for handle in messages.iter().filter_map(|message| message.receipt_handle.as_ref()) {
                    queue.delete(handle);
                }
                return Delivery::Deleted;
            }
            Err(Failure::FunctionError) => return Delivery::LeftInTheQueue,
            Err(Failure::Throttled) if Instant::now() + THROTTLE_PAUSE >= visible_at => return Delivery::GivenUp,
            Err(Failure::Throttled) => sleep(THROTTLE_PAUSE).await,
        }
    }
    // passo: fim
}

/// Lê a fila até ela fechar e esvaziar, com vários lotes ao mesmo tempo.
///
/// Volta quando `receive` devolve `None` e os lotes em andamento terminaram.
pub async fn poll(queue: &Queue, function: &Function, mapping: &EventSourceMapping) {
    // passo: começo — recebe lotes e os entrega com `deliver`, dentro do limite de `concurrency`
    // passo: usa queue, function, mapping
    use tokio::task::JoinSet;
    use tokio::time::Instant;

    let started = Instant::now();
    let mut running = JoinSet::new();
    loop {
        // Sem vaga para chamar a função, nem recebe: a visibilidade começa a correr no recebimento.
        while running.len() >= concurrency(queue.active_groups(), started.elapsed(), mapping.maximum_concurrency()) {
            running.join_next().await;
        }
        let Some(messages) = queue.receive(mapping.batch_size()).await else {
            break;
        };
        let (queue, function) = (queue.clone(), function.clone());
        running.spawn(async move { deliver(&queue, &messages, &function).await });
    }
    running.join_all().await;
    // passo: fim
}
