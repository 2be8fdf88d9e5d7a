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
        todo!("confere {visibility_timeout:?}, {function_timeout:?} e {maximum_concurrency:?} (lotes de {batch_size})")
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
    todo!("calcula a visibilidade para {function_timeout:?} e {batching_window:?}")
}

/// Quantas chamadas simultâneas o mapeamento pode ter.
///
/// `active_groups` é `None` em uma fila padrão. `busy` é há quanto tempo há mensagens à espera; contam os minutos inteiros.
pub fn concurrency(active_groups: Option<usize>, busy: Duration, maximum_concurrency: Option<usize>) -> usize {
    todo!("calcula o limite: grupos {active_groups:?}, ocupada há {busy:?}, teto {maximum_concurrency:?}")
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
    let _ = (queue, messages, function);
    todo!("chama a função e, conforme o resultado, apaga, deixa na fila ou tenta de novo")
}

/// Lê a fila até ela fechar e esvaziar, com vários lotes ao mesmo tempo.
///
/// Volta quando `receive` devolve `None` e os lotes em andamento terminaram.
pub async fn poll(queue: &Queue, function: &Function, mapping: &EventSourceMapping) {
    let _ = (queue, function, mapping);
    todo!("recebe lotes e os entrega com `deliver`, dentro do limite de `concurrency`")
}
