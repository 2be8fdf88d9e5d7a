//! A história de cada relato, em passos curtos: para comparar duas execuções e para contar o que houve.

use std::fmt;

use super::Target;

/// Um passo da história de um relato.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Milissegundos desde o primeiro relato da tarde.
    pub at_ms: u64,
    /// O número do relato.
    pub number: u32,
    /// O que aconteceu.
    pub what: What,
}

/// O que aconteceu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// O telefone mandou, pela vez de número `0`, e viu este status; `None` é nenhuma resposta.
    Asked(u32, Option<u16>),
    /// O barramento aceitou o evento.
    Published,
    /// `PutEvents` devolveu a entrada com erro.
    EntryFailed,
    /// O barramento entregou ao alvo.
    Delivered(Target),
    /// O alvo recebeu, pela vez de número `1`.
    Received(Target, u32),
    /// A função do alvo parou no meio.
    Died(Target),
    /// A função do alvo não tinha vaga.
    Throttled(Target),
    /// Um serviço ficou sem responder a quem tratava o relato para este alvo.
    Silence(Target),
    /// O alvo recusou o relato.
    Refused(Target),
    /// O efeito aconteceu.
    Applied(Target),
    /// O registro já existia, e nada foi gravado.
    AlreadyRecorded(Target),
    /// A mensagem foi apagada da fila.
    Deleted(Target),
    /// O evento foi para a DLQ.
    Dead(Target),
    /// O evento sumiu: ninguém o guardou, ou a retenção acabou.
    Dropped(Target),
    /// A volta da DLQ devolveu o evento ao alvo.
    SentBack(Target),
    /// A volta apagou o evento da DLQ.
    DeletedFromDeadLetter(Target),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, text) = match *self {
            Self::Asked(attempt, Some(status)) => return write!(f, "o telefone manda (envio {attempt}) e vê {status}"),
            Self::Asked(attempt, None) => {
                return write!(f, "o telefone manda (envio {attempt}) e não recebe resposta");
            }
            Self::Published => return f.write_str("o barramento aceita o evento"),
            Self::EntryFailed => return f.write_str("PutEvents devolve a entrada com erro"),
            Self::Received(target, count) => return write!(f, "{}: recebe, pela vez nº {count}", target.label()),
            Self::Delivered(target) => (target, "o barramento entrega"),
            Self::Died(target) => (target, "a função para no meio"),
            Self::Throttled(target) => (target, "a função não tem vaga"),
            Self::Silence(target) => (target, "um serviço não responde"),
            Self::Refused(target) => (target, "o serviço recusa"),
            Self::Applied(target) => (target, "EFEITO"),
            Self::AlreadyRecorded(target) => (target, "já havia registro, nada gravado"),
            Self::Deleted(target) => (target, "apagada da fila"),
            Self::Dead(target) => (target, "vai para a DLQ"),
            Self::Dropped(target) => (target, "SOME"),
            Self::SentBack(target) => (target, "a volta devolve o evento"),
            Self::DeletedFromDeadLetter(target) => (target, "a volta apaga da DLQ"),
        };
        write!(f, "{}: {text}", target.label())
    }
}

/// `00:03:05.250  seguro: EFEITO`; com mais de um dia, `5d 00:03:05.250  …`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, milliseconds) = (self.at_ms / 1_000, self.at_ms % 1_000);
        let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
        if days > 0 {
            write!(f, "{days}d ")?;
        }
        let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}  {}", self.what)
    }
}
