//! Engano: trocar por texto vazio o campo que falta; duas mensagens sem id ficam com a mesma chave, e uma delas some.
//!
//! Três envelopes, um evento: o que SNS, S3 e EventBridge entregam à função, e quem repete a entrega.
//!
//! ```text
//!             camada 1: a entrega                     camada 2: a fila interna
//! SNS ─────┐  (a origem repete: 429 e 5xx)            (o Lambda repete: erro da função, throttle)
//! S3 ──────┼────────────────────────► 202 ─► fila ─► função ─► parse ─► DomainEvent
//! EventBridge
//! ```
//!
//! Páginas: <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html> e
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

/// Os três serviços que este passo conhece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Sns,
    S3,
    EventBridge,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sns => "SNS",
            Self::S3 => "S3",
            Self::EventBridge => "EventBridge",
        })
    }
}

/// O que o resto do programa vê, venha de onde vier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEvent {
    /// Igual em toda reentrega do mesmo evento, diferente entre dois eventos.
    pub key: String,
    pub fact: Fact,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Uma mensagem publicada em um tópico do SNS.
    Alert {
        /// Nome do tópico: o que vem depois do último `:` do ARN.
        topic: String,
        /// O objeto JSON que estava dentro do texto, ou o próprio texto quando não há um objeto.
        message: Value,
    },
    /// Um objeto gravado em um bucket do S3.
    FileStored {
        bucket: String,
        /// O nome do objeto, já decodificado.
        key: String,
        sequencer: String,
    },
    /// Um objeto apagado de um bucket do S3.
    FileRemoved {
        bucket: String,
        /// O nome do objeto, já decodificado.
        key: String,
        sequencer: String,
    },
    /// Um evento de um barramento do EventBridge.
    Detail { detail_type: String, detail: Map<String, Value> },
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// Há `Records`, mas de um serviço que não é SNS nem S3; traz o nome que veio no registro.
    #[error("origem desconhecida: {0:?}")]
    UnknownSource(String),
    #[error("envelope desconhecido: não tem Records de SNS ou S3 nem os campos do EventBridge")]
    UnknownShape,
    /// A origem é conhecida, mas falta um campo ou o valor dele não serve.
    #[error("envelope de {from} malformado: {reason}")]
    Malformed { from: Source, reason: String },
    /// Um evento do S3 que não grava nem apaga objeto; traz o `eventName`.
    #[error("evento do S3 fora deste programa: {0}")]
    UnsupportedEvent(String),
}

impl EnvelopeError {
    /// Para o erro de qualquer leitura de um envelope de `from`.
    pub fn malformed(from: Source, reason: impl fmt::Display) -> Self {
        Self::Malformed { from, reason: reason.to_string() }
    }
}

/// Troca cada `%XX` pelo byte que ele representa e deixa o resto como está (inclusive o `+`). Devolve `None` se
/// depois de um `%` não há dois dígitos hexadecimais.
pub fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |bytes: &mut std::str::Bytes<'_>| char::from(bytes.next()?).to_digit(16);
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let value = digit(&mut bytes)? * 16 + digit(&mut bytes)?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// A ordem de dois eventos do S3 sobre o mesmo objeto: `Less` se o de `a` aconteceu antes.
///
/// Os sequencers têm tamanhos diferentes. Como o guia do S3 manda, o mais curto ganha zeros à direita e os dois são
/// comparados como texto:
///
/// ```
/// use std::cmp::Ordering;
///
/// use async_invocation::sources::compare_sequencers;
///
/// // 0055B000 contra 0055AED6: o mais curto é o mais novo.
/// assert_eq!(compare_sequencers("0055B", "0055AED6"), Ordering::Greater);
/// assert_eq!(compare_sequencers("0055AE", "0055AE01"), Ordering::Less);
/// assert_eq!(compare_sequencers("0055AE", "0055AE00"), Ordering::Equal);
/// ```
pub fn compare_sequencers(a: &str, b: &str) -> Ordering {
    let width = a.len().max(b.len());
    format!("{a:0<width$}").cmp(&format!("{b:0<width$}"))
}

/// O que aconteceu com uma entrega.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A API do Lambda respondeu à origem com este status.
    Answered(u16),
    /// O evento já tinha sido aceito com 202; a função rodou e terminou em erro (timeout também é erro da função).
    FunctionError,
    /// O evento já tinha sido aceito com 202; ao chamar a função, a fila interna recebeu 429 ou 5xx.
    QueueThrottled,
}

/// Quem tenta de novo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// A entrega deu certo: esta camada não tem mais nada a repetir.
    Nothing,
    /// A origem entrega de novo, até `retries` vezes e por até `within`.
    Source { retries: u32, within: Duration },
    /// A origem é o S3, que não publica quantas vezes nem por quanto tempo repete.
    Unpublished,
    /// A fila interna chama a função de novo por até `within`; `retries` é `None` quando não há teto de vezes.
    Lambda { retries: Option<u32>, within: Duration },
    /// Falha permanente: a origem desiste sem repetir (e o evento só sobra na DLQ da origem, se houver uma).
    GivesUp,
}

/// A espera antes de uma nova tentativa de entrega.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Exactly(Duration),
    /// O SNS publica só os extremos desta fase.
    Between(Duration, Duration),
}

/// A espera do SNS antes da `retry`-ésima nova entrega ao Lambda (a 1ª é `1`), ou `None` se ela não existe.
///
/// ```
/// use std::time::Duration;
///
/// use async_invocation::sources::{Wait, sns_wait};
///
/// assert_eq!(sns_wait(3), Some(Wait::Exactly(Duration::ZERO)));
/// assert_eq!(sns_wait(15), Some(Wait::Between(Duration::from_secs(1), Duration::from_secs(20))));
/// assert_eq!(sns_wait(100_015), Some(Wait::Exactly(Duration::from_secs(20))));
/// assert_eq!(sns_wait(100_016), None);
///
/// // As esperas fixas, somadas, dão 23 dias e pouco.
/// let fixed = (1..).map_while(sns_wait).map(|wait| match wait {
///     Wait::Exactly(wait) => wait,
///     Wait::Between(..) => Duration::ZERO,
/// });
/// assert_eq!(fixed.sum::<Duration>(), Duration::from_secs(2_000_002));
/// ```
pub fn sns_wait(retry: u32) -> Option<Wait> {
    const SECOND: Duration = Duration::from_secs(1);
    match retry {
        1..=3 => Some(Wait::Exactly(Duration::ZERO)),
        4..=5 => Some(Wait::Exactly(SECOND)),
        6..=15 => Some(Wait::Between(SECOND, 20 * SECOND)),
        16..=100_015 => Some(Wait::Exactly(20 * SECOND)),
        _ => None,
    }
}

/// De qual serviço é o envelope.
pub fn identify(envelope: &Value) -> Result<Source, EnvelopeError> {
    if let Some(records) = envelope.get("Records") {
        let name = |field: &str| records.get(0)?.get(field)?.as_str();
        return match (name("EventSource"), name("eventSource")) {
            (Some("aws:sns"), _) => Ok(Source::Sns),
            (_, Some("aws:s3")) => Ok(Source::S3),
            (Some(other), _) | (None, Some(other)) => Err(EnvelopeError::UnknownSource(other.to_owned())),
            (None, None) => Err(EnvelopeError::UnknownShape),
        };
    }
    let has = |field: &str| envelope.get(field).is_some();
    if has("detail-type") && has("source") && has("detail") {
        Ok(Source::EventBridge)
    } else {
        Err(EnvelopeError::UnknownShape)
    }
}

/// O nome de um objeto do S3 a partir da chave codificada que vem na notificação.
pub fn decode_key(encoded: &str) -> Result<String, EnvelopeError> {
    // O `+` vem antes: depois de decodificar, um `%2B` seria confundido com espaço.
    let malformed = || EnvelopeError::malformed(Source::S3, format!("chave {encoded:?}"));
    let bytes = percent_decode(&encoded.replace('+', " ")).ok_or_else(malformed)?;
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// Os eventos que um envelope traz, na ordem dos registros.
pub fn parse(envelope: Value) -> Result<Vec<DomainEvent>, EnvelopeError> {
    match identify(&envelope)? {
        Source::Sns => from_sns(envelope),
        Source::S3 => from_s3(envelope),
        Source::EventBridge => from_eventbridge(envelope),
    }
}

/// Um `DomainEvent` por registro do SNS, menos os avisos de teste do S3.
fn from_sns(envelope: Value) -> Result<Vec<DomainEvent>, EnvelopeError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut events = Vec::new();
    for record in envelope["Records"].as_array().into_iter().flatten() {
        let sns = &record["Sns"];
        let message = match serde_json::from_str(&text(&sns["Message"])) {
            Ok(Value::Object(object)) => Value::Object(object),
            _ => Value::String(text(&sns["Message"])),
        };
        if message["Event"] == "s3:TestEvent" {
            continue;
        }
        let arn = text(&sns["TopicArn"]);
        let topic = arn.rsplit(':').next().unwrap_or(&arn).to_owned();
        let key = format!("sns:{}", text(&sns["MessageId"]));
        events.push(DomainEvent { key, fact: Fact::Alert { topic, message } });
    }
    Ok(events)
}

/// Um `DomainEvent` por registro do S3.
fn from_s3(envelope: Value) -> Result<Vec<DomainEvent>, EnvelopeError> {
    use aws_lambda_events::s3::S3Event;

    let event: S3Event = serde_json::from_value(envelope).map_err(|e| EnvelopeError::malformed(Source::S3, e))?;
    let needed = |field: Option<String>, name: &str| {
        field.ok_or_else(|| EnvelopeError::malformed(Source::S3, format!("falta {name}")))
    };
    let mut events = Vec::new();
    for record in event.records {
        let name = needed(record.event_name, "eventName")?;
        let stored = name.starts_with("ObjectCreated:");
        if !stored && !name.starts_with("ObjectRemoved:") {
            return Err(EnvelopeError::UnsupportedEvent(name));
        }
        let bucket = needed(record.s3.bucket.name, "bucket.name")?;
        let key = decode_key(&needed(record.s3.object.key, "object.key")?)?;
        let sequencer = needed(record.s3.object.sequencer, "object.sequencer")?;
        events.push(DomainEvent {
            key: format!("s3:{bucket}/{key}#{sequencer}"),
            fact: if stored {
                Fact::FileStored { bucket, key, sequencer }
            } else {
                Fact::FileRemoved { bucket, key, sequencer }
            },
        });
    }
    Ok(events)
}

/// O único `DomainEvent` de um envelope do EventBridge.
fn from_eventbridge(envelope: Value) -> Result<Vec<DomainEvent>, EnvelopeError> {
    use aws_lambda_events::eventbridge::EventBridgeEvent;

    let malformed = |reason: String| EnvelopeError::malformed(Source::EventBridge, reason);
    let event: EventBridgeEvent<Map<String, Value>> =
        serde_json::from_value(envelope).map_err(|e| malformed(e.to_string()))?;
    let id = event.id.ok_or_else(|| malformed("falta id".to_owned()))?;
    Ok(vec![DomainEvent {
        key: format!("eventbridge:{id}"),
        fact: Fact::Detail { detail_type: event.detail_type, detail: event.detail },
    }])
}

/// Quem tenta de novo depois do que aconteceu, com os limites padrão.
pub fn next_try(source: Source, happened: Happened) -> NextTry {
    const HOUR: Duration = Duration::from_secs(3_600);
    match (happened, source) {
        (Happened::FunctionError, _) => NextTry::Lambda { retries: Some(2), within: 6 * HOUR },
        (Happened::QueueThrottled, _) => NextTry::Lambda { retries: None, within: 6 * HOUR },
        (Happened::Answered(200..=299), _) => NextTry::Nothing,
        (Happened::Answered(429 | 500..=599), Source::Sns) => {
            NextTry::Source { retries: 100_015, within: 23 * 24 * HOUR }
        }
        (Happened::Answered(429 | 500..=599), Source::EventBridge) => {
            NextTry::Source { retries: 185, within: 24 * HOUR }
        }
        (Happened::Answered(_), Source::S3) => NextTry::Unpublished,
        (Happened::Answered(_), _) => NextTry::GivesUp,
    }
}
