//! O que circula pelo sistema: o relato, o evento, a mensagem, e o que cada serviço responde.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Session;

/// Um relato de dano: o que o app da cooperativa manda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// O número que o app dá ao relato, como `rel-000042`. Quem manda de novo o mesmo relato repete o número.
    pub report_id: String,
    /// Quem relata.
    pub grower: String,
    /// Hectares atingidos.
    pub hectares: u64,
}

impl Damage {
    /// O relato de número `number`.
    pub fn numbered(number: u32) -> Self {
        Self {
            report_id: format!("rel-{number:06}"),
            grower: format!("produtor-{:03}", number % 400),
            hectares: u64::from(number % 9 + 1),
        }
    }

    /// O número, de volta; `None` se o `report_id` não é de um relato.
    pub fn number(&self) -> Option<u32> {
        let digits = self.report_id.strip_prefix("rel-")?;
        (digits.len() == 6).then(|| digits.parse().ok()).flatten()
    }
}

/// Um evento no barramento.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// O `id` que o barramento deu: outro a cada `PutEvents`, mesmo que o conteúdo seja o mesmo.
    pub id: String,
    /// O `detail`.
    pub damage: Damage,
}

/// Uma entrada de `PutEvents`. O `source`, o `detail-type` e o barramento já vão certos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// O `Detail`.
    pub detail: Damage,
}

/// A resposta de `PutEvents`: o pedido deu certo, mas cada entrada tem a sua sorte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutEventsResult {
    /// Quantas entradas não entraram.
    pub failed_entry_count: usize,
    /// Uma por entrada do pedido, na mesma ordem.
    pub entries: Vec<PutEventsResultEntry>,
}

/// A sorte de uma entrada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutEventsResultEntry {
    /// O `id` do evento, se ele entrou.
    pub event_id: Option<String>,
    /// O erro, se não entrou.
    pub error_code: Option<&'static str>,
}

/// Quem recebe os eventos: os três alvos da regra do barramento.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// O seguro: soma os hectares no pedido de indenização. Lê de uma fila do SQS.
    Insurance,
    /// O mapa da Defesa Civil: soma os hectares da região. Lê de uma fila do SQS.
    DamageMap,
    /// O aviso ao produtor, no Crachá. É uma função, que o barramento chama de forma assíncrona.
    Notices,
}

impl Target {
    /// Os três.
    pub const ALL: [Self; 3] = [Self::Insurance, Self::DamageMap, Self::Notices];

    /// O nome, em inglês, para chaves.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insurance => "insurance",
            Self::DamageMap => "damage-map",
            Self::Notices => "notices",
        }
    }

    /// O nome que a pessoa lê.
    pub fn label(self) -> &'static str {
        match self {
            Self::Insurance => "seguro",
            Self::DamageMap => "mapa",
            Self::Notices => "aviso",
        }
    }

    /// Se há uma fila do SQS entre o barramento e a função.
    pub fn has_queue(self) -> bool {
        self != Self::Notices
    }
}

/// Uma mensagem de um lote, com o corpo já lido.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// O `messageId`: outro a cada vez que o evento entra na fila.
    pub message_id: String,
    /// O `ApproximateReceiveCount`.
    pub receive_count: u32,
    /// O evento.
    pub event: Rc<Event>,
    pub(super) slot: usize,
}

impl Message {
    /// Uma mensagem avulsa, recebida pela primeira vez.
    pub fn new(message_id: &str, event: Event) -> Self {
        Self { message_id: message_id.to_owned(), receive_count: 1, event: Rc::new(event), slot: usize::MAX }
    }
}

/// A resposta parcial; serializada, é `{"batchItemFailures":[{"itemIdentifier":"…"}]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// As que falharam.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// Uma mensagem que falhou.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// O `messageId`.
    pub item_identifier: String,
}

impl BatchResponse {
    /// Acrescenta a mensagem que falhou.
    pub fn add_failure(&mut self, message_id: &str) {
        self.batch_item_failures.push(ItemFailure { item_identifier: message_id.to_owned() });
    }
}

/// Uma mensagem recebida de uma DLQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// O evento, como estava quando morreu.
    pub event: Rc<Event>,
    /// O que `delete_dead` pede.
    pub receipt_handle: usize,
}

/// O que a função devolve ao gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// O `statusCode`.
    pub status: u16,
}

/// O que uma escrita condicional fez.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Gravou agora.
    Now,
    /// Não gravou nada: o registro já existia e ainda vale.
    Before,
}

/// Por que um serviço não fez o que se pediu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// Não veio resposta: a operação pode ter acontecido ou não.
    #[error("o serviço não respondeu")]
    NoAnswer,
    /// O serviço disse não: nada aconteceu.
    #[error("o serviço recusou")]
    Refused,
}

/// O que já está decidido e não depende de quem configura.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// O timeout das funções.
    pub function_timeout: Duration,
    /// A janela do lote dos mapeamentos.
    pub batching_window: Duration,
    /// Por quanto tempo as filas guardam uma mensagem.
    pub queue_retention: Duration,
    /// Quanto tempo, no máximo, uma mensagem espera na DLQ até alguém rodar a volta.
    pub redrive_after: Duration,
}

impl Plan {
    /// O dos relatos: funções de 30 s, janela de 5 s, filas de 4 dias, e volta em até 5 dias (um feriado prolongado).
    pub const SERRA_CLARA: Self = Self {
        function_timeout: Duration::from_secs(30),
        batching_window: Duration::from_secs(5),
        queue_retention: Duration::from_secs(345_600),
        redrive_after: Duration::from_secs(5 * 86_400),
    };
}

/// O que se escolhe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configuration {
    /// `VisibilityTimeout` das duas filas.
    pub visibility_timeout: Duration,
    /// `maxReceiveCount` das duas filas; a DLQ de cada uma já existe.
    pub max_receive_count: u32,
    /// Se os dois mapeamentos têm `FunctionResponseTypes: ["ReportBatchItemFailures"]`.
    pub report_batch_item_failures: bool,
    /// Se os três alvos da regra têm DLQ (`DeadLetterConfig` do alvo).
    pub target_dead_letter_queue: bool,
    /// Se a função dos avisos tem DLQ (`DeadLetterConfig` da função).
    pub function_dead_letter_queue: bool,
    /// `MessageRetentionPeriod` das DLQs.
    pub dead_letter_retention: Duration,
    /// Por quanto tempo vale um registro de idempotência.
    pub record_ttl: Duration,
}

/// As peças de quem lê.
#[derive(Debug, Clone, Copy)]
pub struct System {
    /// O que se escolheu.
    pub configuration: Configuration,
    /// A função da porta: recebe o evento do gateway.
    pub accept: fn(&Value, &mut Session<'_>) -> Response,
    /// Trata um evento.
    pub handle: fn(Target, &Event, Duration, &mut Session<'_>) -> Result<(), ServiceError>,
    /// Trata um lote.
    pub handle_batch: fn(Target, &[Message], Duration, &mut Session<'_>) -> BatchResponse,
    /// Devolve o que está em uma DLQ.
    pub redrive: fn(Target, &mut Session<'_>) -> Result<usize, ServiceError>,
}
