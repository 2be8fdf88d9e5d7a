//! Os serviços que chamam uma função: o que chega deles, o que volta e o que alguém vê no fim.
//!
//! ```text
//!   alguém ──▶ Service ──▶ Lambda ──▶ Outcome ──▶ Reaction ──┬─▶ Answer ──▶ alguém
//!                 ▲                                          ├─▶ TryAgain
//!                 └──────────────────────────────────────────┴─▶ KeepWaiting
//! ```

use std::fmt;

use serde_json::Value;

use crate::model::{FunctionError, Refusal};

/// Os seis serviços do capítulo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    ApiGateway,
    Cognito,
    CloudFormation,
    Alexa,
    Lex,
    CloudFront,
}

impl Service {
    /// O nome que a pessoa lê.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiGateway => "API Gateway",
            Self::Cognito => "Cognito",
            Self::CloudFormation => "CloudFormation",
            Self::Alexa => "Alexa",
            Self::Lex => "Lex",
            Self::CloudFront => "CloudFront",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Como uma chamada terminou, do ponto de vista do serviço que chamou.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A função devolveu este valor (`null`, se não devolveu nada).
    Returned(Value),
    /// A função rodou e falhou.
    FunctionError(FunctionError),
    /// O Lambda recusou a chamada, e a função não rodou.
    Refused(Refusal),
    /// O serviço cansou de esperar.
    TimedOut,
}

/// O que o serviço faz com isso.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Responde a quem espera.
    Answer(Answer),
    /// Chama a função de novo.
    TryAgain,
    /// Continua esperando: o que a função devolveu não é a resposta.
    KeepWaiting,
}

impl Reaction {
    /// A operação do Cognito falha, com este erro e esta mensagem.
    pub fn operation_failed(error: &'static str, message: impl Into<String>) -> Self {
        Self::Answer(Answer::OperationFailed { error, message: message.into() })
    }
}

/// Um texto que quem fez o robô do Lex deixou pronto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// Para quando a função cumpre o pedido e não diz nada.
    Success,
    /// Para quando ela falha.
    Failure,
    /// Para quando ela demora.
    Timeout,
}

/// O que chega a quem espera.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Uma resposta HTTP, do API Gateway ou do CloudFront.
    Http {
        /// O código de estado.
        status: u16,
        /// O corpo.
        body: String,
    },
    /// O CloudFront segue com a requisição, até a origem.
    Forwarded,
    /// O Cognito segue com a operação; traz o campo `response` do evento devolvido.
    Proceeds(Value),
    /// A operação do Cognito falha.
    OperationFailed {
        /// O nome do erro.
        error: &'static str,
        /// A mensagem.
        message: String,
    },
    /// O que a pessoa ouve ou lê, da Alexa ou do Lex.
    Says(String),
    /// O Lex usa um dos textos prontos do robô.
    SaysPrepared(Prepared),
    /// O CloudFormation criou, mudou ou apagou o recurso.
    ResourceReady {
        /// O identificador que a função escolheu.
        physical_resource_id: String,
    },
    /// O CloudFormation desfaz a pilha.
    ResourceFailed {
        /// Por quê.
        reason: String,
    },
    /// A AWS não publica o que chega.
    Unpublished,
}

impl Answer {
    /// A resposta de erro do API Gateway e do CloudFront.
    pub fn http_error(status: u16, message: &str) -> Self {
        Self::Http { status, body: serde_json::json!({ "message": message }).to_string() }
    }

    /// O que a pessoa vê, em uma frase.
    pub fn describe(&self) -> String {
        match self {
            Self::Http { status, body } => format!("HTTP {status}: {}", shortened(body)),
            Self::Forwarded => "a requisição segue para a origem".to_owned(),
            Self::Proceeds(response) => format!("a operação segue, com {response}"),
            Self::OperationFailed { error, message } => format!("{error}: {message}"),
            Self::Says(text) => format!("«{text}»"),
            Self::SaysPrepared(Prepared::Success) => "o texto pronto de sucesso".to_owned(),
            Self::SaysPrepared(Prepared::Failure) => "o texto pronto de falha".to_owned(),
            Self::SaysPrepared(Prepared::Timeout) => "o texto pronto de demora".to_owned(),
            Self::ResourceReady { physical_resource_id } => format!("recurso pronto: {physical_resource_id}"),
            Self::ResourceFailed { reason } => format!("a pilha é desfeita: {}", shortened(reason)),
            Self::Unpublished => "não se sabe: a AWS não publica".to_owned(),
        }
    }
}

/// O começo de um texto longo.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 120;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
