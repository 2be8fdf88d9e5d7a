//! As palavras do quadro: cada conclusão de uma observação, como a pessoa a lê em uma célula.

use kit::text::duration;

use crate::model::{Batch, Blocking, Charge, Contents, Failure, Fate, GaveUp, Observation, Place, Retrier, Signal};

/// O que uma célula diz quando não há o que dizer.
pub const NOTHING: &str = "—";
/// O que a AWS não publica.
pub const UNPUBLISHED: &str = "não publicado";

/// A falha, em uma palavra: a etiqueta de uma célula que muda com ela.
pub fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::FunctionError => "erro",
        Failure::Timeout => "tempo",
        Failure::Throttle => "429",
        Failure::SystemError => "500",
        Failure::PoisonRecord => "ruim",
    }
}

/// Quem fez o evento voltar.
pub fn retriers(observation: &Observation) -> String {
    let name = |retrier: &Retrier| match retrier {
        Retrier::Client => "o cliente",
        Retrier::InternalQueue => "a fila interna",
        Retrier::EventSourceMapping => "o mapeamento",
        Retrier::Source => "a própria fila",
    };
    join(observation.retriers.iter().map(name), " e ").unwrap_or_else(|| "ninguém".to_owned())
}

/// Se uma tentativa gasta do limite.
pub fn charge(observation: &Observation) -> String {
    let text = match observation.charge {
        Charge::Never => "nenhuma gasta",
        Charge::Sometimes => "umas gastam",
        Charge::Always => "todas gastam",
    };
    text.to_owned()
}

/// Por que se desistiu.
pub fn gave_up(observation: &Observation) -> String {
    match (observation.gave_up, observation.fate) {
        (Some(GaveUp::Limit), _) => "pelo limite".to_owned(),
        (Some(GaveUp::Age), _) => "pela idade".to_owned(),
        (None, Fate::Waiting) => "ainda não desistiu".to_owned(),
        (None, _) => NOTHING.to_owned(),
    }
}

/// O que ficou parado.
pub fn blocking(observation: &Observation) -> String {
    let text = match observation.blocking {
        Blocking::Nothing => "nada",
        Blocking::SameKey => "a mesma chave",
        Blocking::Everything => "tudo atrás dele",
        Blocking::Unseen => "foram todos juntos",
        Blocking::Unpublished => UNPUBLISHED,
    };
    text.to_owned()
}

/// O que houve com o lote.
pub fn batch(observation: &Observation) -> String {
    let text = match observation.batch {
        Batch::Alone => "um evento",
        Batch::Whole => "volta inteiro",
        Batch::Shrunk => "encolhe",
    };
    text.to_owned()
}

/// Onde o evento observado foi parar.
pub fn fate(observation: &Observation) -> String {
    ending(observation.fate)
}

/// Onde foram parar os outros, quando a função não falha com eles; nas outras falhas os três têm o mesmo destino.
pub fn companions(observation: &Observation) -> String {
    if observation.failure != Failure::PoisonRecord {
        return NOTHING.to_owned();
    }
    let mut endings: Vec<String> = observation.companions.iter().copied().map(ending).collect();
    endings.dedup();
    join(endings, " e ").unwrap_or_else(|| NOTHING.to_owned())
}

fn ending(fate: Fate) -> String {
    let (place, contents) = match fate {
        Fate::Processed => return "tratado".to_owned(),
        Fate::WithCaller => return "com quem chamou".to_owned(),
        Fate::Waiting => return "à espera".to_owned(),
        Fate::Lost => return "perdido".to_owned(),
        Fate::Kept { place, contents } => (place, contents),
    };
    let place = match place {
        Place::InternalQueue => "fila interna",
        Place::Source => "fonte",
        Place::FunctionDeadLetterQueue => "DLQ da função",
        Place::SourceDeadLetterQueue => "DLQ da fonte",
        Place::OnFailure => "OnFailure",
    };
    match contents {
        Contents::Whole => place.to_owned(),
        Contents::MetadataOnly => format!("{place}, só o endereço"),
    }
}

/// Desde quando o evento está guardado.
pub fn kept_since(observation: &Observation) -> String {
    match (observation.fate, observation.kept_since) {
        (Fate::Kept { .. }, Some(since)) => duration(since),
        (Fate::Kept { .. }, None) => UNPUBLISHED.to_owned(),
        _ => NOTHING.to_owned(),
    }
}

/// Quem fica sabendo.
pub fn signals(observation: &Observation) -> String {
    let name = |signal: &Signal| match signal {
        Signal::Answer { status, function_error: false } => status.to_string(),
        Signal::Answer { status, function_error: true } => format!("{status} + X-Amz-Function-Error"),
        Signal::Metric(metric) => metric.name().to_owned(),
    };
    join(observation.signals.iter().map(name), ", ").unwrap_or_else(|| "ninguém".to_owned())
}

fn join<T: Into<String>>(texts: impl IntoIterator<Item = T>, between: &str) -> Option<String> {
    texts.into_iter().map(Into::into).reduce(|text, next| format!("{text}{between}{next}"))
}
