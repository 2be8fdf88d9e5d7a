//! Os fatos do capítulo: o que a fila interna aceita, quanto insiste e quanto insistem os serviços que empurram.

use std::time::Duration;

use async_invocation::queue::accept;
use async_invocation::retries::{EventInvokeConfig, refusal_delay};
use async_invocation::sources::{Happened, NextTry, Source, next_try};
use kit::key::{Key, largest};
use kit::text::{bytes, duration, thousands};

use super::{config, failing, story};

const DAY: u64 = 24 * 60 * 60;

/// Acrescenta os fatos à chave.
pub async fn add(key: Key) -> Key {
    deliveries(limits(retries(key).await))
}

/// O que acontece com um evento cuja função falha sempre.
async fn retries(key: Key) -> Key {
    let attempts = story([failing()], &config(None)).await.function.attempts();
    let starts: Vec<Duration> = attempts.iter().map(|attempt| attempt.at).collect();
    let waits: Vec<String> = starts.windows(2).map(|pair| duration(pair[1] - pair[0] - super::RUN_TIME)).collect();
    let longest = (1..=64).map(refusal_delay).max().unwrap_or_default();
    key.fact("attempts", attempts.len().to_string())
        .fact("waits", waits.join(" e "))
        .fact("refusal-waits", format!("{} a {}", duration(refusal_delay(1)), duration(longest)))
}

/// O que a configuração aceita, achado por tentativa.
fn limits(key: Key) -> Key {
    let accepts_retries = |retries: u64| EventInvokeConfig::new(Some(retries.cast_signed()), None).is_ok();
    let accepts_age = |seconds: u64| EventInvokeConfig::new(None, Some(seconds.cast_signed())).is_ok();
    let age = |seconds: u64| duration(Duration::from_secs(seconds));
    let youngest = (1..=DAY).find(|seconds| accepts_age(*seconds)).unwrap_or_default();
    let oldest = youngest + largest(DAY, |more| accepts_age(youngest + more));
    let default = EventInvokeConfig::new(None, None).expect("os padrões servem");
    // Espaços são JSON válido em volta de um valor: só o tamanho é que pode ser recusado.
    let accepts_payload = |size: u64| {
        let mut payload = vec![b' '; usize::try_from(size).unwrap_or_default()];
        payload.push(b'1');
        accept(&payload).is_ok()
    };
    let payload = largest(16 * 1024 * 1024, accepts_payload) + 1;
    key.fact("payload", bytes(usize::try_from(payload).unwrap_or(usize::MAX)))
        .fact("maximum-retry-attempts", format!("0 a {}", largest(1_000, accepts_retries)))
        .fact("default-retry-attempts", default.maximum_retry_attempts().to_string())
        .fact("event-age", format!("{} a {}", age(youngest), age(oldest)))
        .fact("default-event-age", duration(default.maximum_event_age()))
}

/// Quanto um serviço insiste em entregar quando o Lambda não o atende.
fn deliveries(key: Key) -> Key {
    let refused = [("sns", Source::Sns), ("event-bridge", Source::EventBridge)];
    refused.into_iter().fold(key, |key, (name, source)| match next_try(source, Happened::Answered(429)) {
        NextTry::Source { retries, within } => {
            let days = within.as_secs() / DAY;
            let within = if days > 1 { format!("{days} dias") } else { duration(within) };
            key.fact(&format!("{name}-deliveries"), thousands(retries as usize)).fact(&format!("{name}-within"), within)
        }
        _ => key,
    })
}
