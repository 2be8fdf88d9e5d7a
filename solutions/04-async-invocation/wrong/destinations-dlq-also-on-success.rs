//! Engano: a DLQ recebe todo evento que sai da fila, também o que deu certo.

use serde::Serialize;
use serde_json::Value;

use crate::model::{Event, Resolution};

/// Para onde a função manda o que terminou; `None` é um destino que não foi configurado.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// O ARN da fila SQS ou do tópico SNS em `DeadLetterConfig`.
    pub dead_letter_queue: Option<String>,
    /// O ARN em `DestinationConfig.OnSuccess`.
    pub on_success: Option<String>,
    /// O ARN em `DestinationConfig.OnFailure`.
    pub on_failure: Option<String>,
}

/// A versão da função que atendeu o evento.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionVersion {
    /// O ARN da função, sem qualificador.
    pub function_arn: String,
    /// `$LATEST` ou o número da versão.
    pub version: String,
}

/// Uma mensagem para a DLQ.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// O corpo da mensagem.
    pub body: Value,
    /// O atributo `RequestID`.
    pub request_id: String,
    /// Os atributos `ErrorCode` e `ErrorMessage`; `None` quando a função nunca respondeu.
    pub error: Option<DeadLetterError>,
}

/// O erro que acompanha um evento na DLQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterError {
    /// O atributo `ErrorCode`: o código HTTP da última invocação.
    pub code: u16,
    /// O atributo `ErrorMessage`: o primeiro 1 KB da mensagem de erro.
    pub message: String,
}

/// O registro de invocação, versão 1.0. Serializado, tem os nomes e a ordem da documentação.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvocationRecord {
    /// Sempre `1.0`.
    pub version: &'static str,
    /// Quando o registro foi escrito, em UTC.
    pub timestamp: String,
    /// Qual invocação, e por que há um registro dela.
    pub request_context: RequestContext,
    /// O evento original.
    pub request_payload: Value,
    /// Como a função respondeu; some do JSON quando ela nunca respondeu.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_context: Option<ResponseContext>,
    /// O que a função respondeu; some do JSON quando ela nunca respondeu.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_payload: Option<Value>,
}

/// O campo `requestContext` do registro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// O mesmo `request_id` do evento.
    pub request_id: String,
    /// O ARN da função, com o qualificador no fim.
    pub function_arn: String,
    /// `Success` ou o nome da condição de falha.
    pub condition: &'static str,
    /// Quantas vezes a função rodou.
    pub approximate_invoke_count: u32,
}

/// O campo `responseContext` do registro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseContext {
    /// O código HTTP da última invocação.
    pub status_code: u16,
    /// A versão que rodou.
    pub executed_version: String,
    /// `Unhandled` num erro da função; some do JSON num sucesso.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_error: Option<&'static str>,
}

/// O começo de uma mensagem de erro que cabe no atributo `ErrorMessage`: até 1 KB, sem cortar um caractere ao meio.
pub fn first_kilobyte(message: &str) -> &str {
    &message[..message.floor_char_boundary(1024)]
}

/// A mensagem que um evento leva para a DLQ; `None` quando ele não vai para lá.
pub fn dead_letter(event: &Event, resolution: &Resolution) -> Option<DeadLetter> {
    match resolution {
        Resolution::Succeeded { .. } => {
            Some(DeadLetter { body: event.payload.clone(), request_id: event.request_id.clone(), error: None })
        }
        Resolution::Failed { last_error, .. } => Some(DeadLetter {
            body: event.payload.clone(),
            request_id: event.request_id.clone(),
            error: last_error
                .as_ref()
                .map(|error| DeadLetterError { code: 200, message: first_kilobyte(&error.error_message).to_owned() }),
        }),
    }
}

/// O registro de invocação de um evento que terminou.
pub fn invocation_record(
    event: &Event,
    function: &FunctionVersion,
    resolution: &Resolution,
    timestamp: &str,
) -> InvocationRecord {
    use serde_json::json;

    let (condition, runs, function_error, response_payload) = match resolution {
        Resolution::Succeeded { response, runs } => ("Success", *runs, None, Some(response.clone())),
        Resolution::Failed { condition, runs, last_error } => {
            let payload = last_error.as_ref().map(|error| json!(error));
            (condition.as_str(), *runs, Some("Unhandled"), payload)
        }
    };
    let answered = response_payload.is_some();
    let FunctionVersion { function_arn, version } = function;
    InvocationRecord {
        version: "1.0",
        timestamp: timestamp.to_owned(),
        request_context: RequestContext {
            request_id: event.request_id.clone(),
            function_arn: format!("{function_arn}:{version}"),
            condition,
            approximate_invoke_count: runs,
        },
        request_payload: event.payload.clone(),
        response_context: answered.then(|| ResponseContext {
            status_code: 200,
            executed_version: version.clone(),
            function_error,
        }),
        response_payload,
    }
}

/// Uma entrega a fazer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Para a DLQ.
    DeadLetterQueue {
        /// O ARN da DLQ.
        target_arn: String,
        /// A mensagem.
        message: DeadLetter,
    },
    /// Para um destino.
    Destination {
        /// O ARN do destino.
        target_arn: String,
        /// O registro.
        record: InvocationRecord,
    },
}

impl Delivery {
    /// O ARN de quem recebe.
    pub fn target_arn(&self) -> &str {
        match self {
            Self::DeadLetterQueue { target_arn, .. } | Self::Destination { target_arn, .. } => target_arn,
        }
    }
}

/// As entregas que um evento terminado gera; nenhuma, se nada foi configurado para o fim que ele teve.
pub fn route(
    targets: &Targets,
    event: &Event,
    function: &FunctionVersion,
    resolution: &Resolution,
    timestamp: &str,
) -> Vec<Delivery> {
    let destination = match resolution {
        Resolution::Succeeded { .. } => &targets.on_success,
        Resolution::Failed { .. } => &targets.on_failure,
    };
    let record = destination.iter().map(|arn| Delivery::Destination {
        target_arn: arn.clone(),
        record: invocation_record(event, function, resolution, timestamp),
    });
    let letter = targets.dead_letter_queue.iter().filter_map(|arn| {
        Some(Delivery::DeadLetterQueue { target_arn: arn.clone(), message: dead_letter(event, resolution)? })
    });
    record.chain(letter).collect()
}

/// Um destino que não aceitou a entrega.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("o Lambda não entrega em fila nem tópico FIFO: {target_arn}")]
pub struct DeliveryError {
    /// O ARN do destino.
    pub target_arn: String,
}

/// Os destinos de mentira: guardam o que recebem e recusam os ARNs de FIFO, que o Lambda não aceita aqui.
#[derive(Debug, Default)]
pub struct Mailbox {
    received: Vec<Delivery>,
}

impl Mailbox {
    /// Tenta fazer uma entrega.
    ///
    /// # Errors
    /// [`DeliveryError`] se o destino é FIFO; a entrega se perde.
    pub fn send(&mut self, delivery: Delivery) -> Result<(), DeliveryError> {
        if delivery.target_arn().ends_with(".fifo") {
            return Err(DeliveryError { target_arn: delivery.target_arn().to_owned() });
        }
        self.received.push(delivery);
        Ok(())
    }

    /// O que chegou, em ordem.
    pub fn received(&self) -> &[Delivery] {
        &self.received
    }
}

/// As métricas de entregas que se perderam.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Entregas perdidas para a DLQ.
    pub dead_letter_errors: u32,
    /// Entregas perdidas para os destinos.
    pub destination_delivery_failures: u32,
}

/// Faz as entregas e conta as que se perderam. Uma entrega perdida não impede a próxima.
pub fn deliver(deliveries: Vec<Delivery>, mailbox: &mut Mailbox) -> Metrics {
    let mut metrics = Metrics::default();
    for delivery in deliveries {
        let lost = match delivery {
            Delivery::DeadLetterQueue { .. } => &mut metrics.dead_letter_errors,
            Delivery::Destination { .. } => &mut metrics.destination_delivery_failures,
        };
        if mailbox.send(delivery).is_err() {
            *lost += 1;
        }
    }
    metrics
}
