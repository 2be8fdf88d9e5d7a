//! A gravação da bancada: só fatos, na ordem em que aconteceram.
//!
//! Ela não tem conclusões: diz quem começou cada tentativa, quando, com que eventos e como terminou. Quem repete, quanto espera e
//! o que fica parado é o que se lê nela.

use std::time::Duration;

use super::{Event, EventId, Failure, Model, Parameters};

/// Quem começou uma tentativa: de onde partiu o pedido à API do Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// O cliente.
    Client,
    /// A fila interna do Lambda.
    InternalQueue,
    /// O mapeamento da fonte de eventos.
    EventSourceMapping,
}

/// Como uma tentativa terminou.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A função rodou e deu certo.
    Succeeded,
    /// A função rodou e falhou.
    FunctionError,
    /// A função rodou e estourou o tempo.
    TimedOut,
    /// Sem vaga (429): a função não rodou.
    Throttled,
    /// Falha do serviço (500): a função não rodou.
    SystemError,
}

impl Ending {
    /// Se a função chegou a rodar.
    pub fn ran(self) -> bool {
        !matches!(self, Self::Throttled | Self::SystemError)
    }
}

/// De onde saiu o intervalo antes de uma tentativa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Não houve: é a primeira tentativa com estes eventos.
    First,
    /// Da documentação ou da configuração.
    Published,
    /// De um sorteio do cliente: o teto é publicado, o valor não se repete.
    Drawn,
    /// Só do modelo do livro: a AWS não publica o dela.
    Unpublished,
}

/// Uma tentativa de rodar a função, também a que foi recusada.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Quem a começou.
    pub started_by: Starter,
    /// Os eventos do lote, em ordem; um só, na síncrona e na assíncrona.
    pub events: Vec<EventId>,
    /// Quando começou, desde o começo da gravação.
    pub started_at: Duration,
    /// Quando terminou.
    pub ended_at: Duration,
    /// Como terminou.
    pub ending: Ending,
    /// Quantas vezes a fila entregou o evento (no lote, o maior): conta do SQS ou do broker do Amazon MQ. `None` onde não há
    /// fila que entregue de novo.
    pub receive_count: Option<u32>,
    /// Quanto já se gastou do limite que o modelo confere antes de desistir, no fim desta tentativa.
    pub spent: u32,
    /// De onde saiu o intervalo antes dela.
    pub interval: Interval,
}

impl Attempt {
    /// Se, entre a tentativa `previous` e esta, a fila entregou o evento outra vez. Onde não há fila, nunca.
    pub fn was_redelivered_since(&self, previous: &Self) -> bool {
        self.receive_count > previous.receive_count
    }
}

/// O que quem mandou o evento recebeu de volta, no fim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// De qual evento.
    pub event: EventId,
    /// Quando.
    pub at: Duration,
    /// O código HTTP da API `Invoke`.
    pub status: u16,
    /// Se veio o cabeçalho `X-Amz-Function-Error`.
    pub function_error: bool,
}

/// Um lugar em que a bancada procura os eventos quando a gravação acaba.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A fila interna do Lambda: ainda à espera.
    InternalQueue,
    /// A fila, o fluxo, o tópico: ainda à espera de quem o trate.
    Source,
    /// A DLQ da função (`DeadLetterConfig`).
    FunctionDeadLetterQueue,
    /// A DLQ da fonte: a da fila do SQS (`RedrivePolicy`) ou a do broker.
    SourceDeadLetterQueue,
    /// O destino `OnFailure`.
    OnFailure,
}

/// O que havia lá.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// O evento inteiro.
    Whole,
    /// Só o endereço dele na fonte: é preciso buscá-lo antes que a retenção acabe.
    MetadataOnly,
}

/// Um evento que a bancada achou em um lugar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Qual.
    pub event: EventId,
    /// Onde.
    pub place: Place,
    /// Inteiro ou não.
    pub contents: Contents,
    /// Desde quando está lá.
    pub since: Duration,
}

/// Uma métrica do CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A idade do evento na fila interna, do Lambda.
    AsyncEventAge,
    /// A idade da mensagem mais antiga da fila, do SQS.
    ApproximateAgeOfOldestMessage,
    /// Quanto o leitor do fluxo está atrasado, do Lambda.
    IteratorAge,
    /// Quantos registros falta ler na partição, do Lambda.
    OffsetLag,
    /// Quantas mensagens há nas filas do broker, contando a DLQ dele, do Amazon MQ.
    QueueSize,
    /// Quantas mensagens há na fila que recebe o que falhou, do SQS: uma DLQ ou a fila do `OnFailure`.
    ApproximateNumberOfMessagesVisible,
}

impl Metric {
    /// O nome no CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsyncEventAge => "AsyncEventAge",
            Self::ApproximateAgeOfOldestMessage => "ApproximateAgeOfOldestMessage",
            Self::IteratorAge => "IteratorAge",
            Self::OffsetLag => "OffsetLag",
            Self::QueueSize => "QueueSize",
            Self::ApproximateNumberOfMessagesVisible => "ApproximateNumberOfMessagesVisible",
        }
    }
}

/// O valor de uma métrica em um minuto. Uma métrica que está em zero não acusa nada.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Qual métrica.
    pub metric: Metric,
    /// Quando.
    pub at: Duration,
    /// Milissegundos nas idades, eventos nas outras.
    pub value: u64,
}

/// Por que se desistiu de um evento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveUp {
    /// Acabou o limite de tentativas, de recebimentos ou de reentregas.
    Limit,
    /// Acabou o tempo: a idade máxima, ou a retenção da fonte.
    Age,
}

/// Se a AWS publica em que ordem a fonte entrega.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Publica, também quando diz que não há ordem.
    Published,
    /// Não publica: o que espera por quem, na gravação, é só do modelo do livro.
    Unpublished,
}

/// A gravação de um cenário: só fatos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// O modelo.
    pub model: Model,
    /// O que deu errado.
    pub failure: Failure,
    /// A configuração.
    pub parameters: Parameters,
    /// Os eventos, na ordem em que foram mandados.
    pub events: Vec<Event>,
    /// O evento que se observa: o primeiro, que falha em todos os cenários.
    pub watched: EventId,
    /// As tentativas, na ordem em que começaram.
    pub attempts: Vec<Attempt>,
    /// As respostas a quem mandou cada evento; nenhuma, quando o evento foi posto em uma fonte.
    pub answers: Vec<Answer>,
    /// O que a bancada achou em cada lugar, no fim. Um evento que não está aqui não está em lugar nenhum da AWS.
    pub found: Vec<Found>,
    /// As métricas, de minuto em minuto a partir do primeiro.
    pub readings: Vec<Reading>,
    /// Por que se desistiu do evento observado; `None`, se ninguém desistiu até o fim da gravação. Um cliente não desiste: responde
    /// a quem o chamou.
    pub gave_up: Option<GaveUp>,
    /// Se a ordem de entrega é publicada.
    pub order: Order,
}

impl Trace {
    /// As tentativas que levaram um evento, em ordem.
    pub fn attempts_of(&self, event: EventId) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(move |attempt| attempt.events.contains(&event))
    }

    /// Os outros eventos, em ordem.
    pub fn companions(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.id != self.watched)
    }
}
