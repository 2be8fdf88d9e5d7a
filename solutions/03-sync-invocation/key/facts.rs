//! Os fatos do capítulo: o que uma chamada síncrona aceita, quanto cada serviço espera e quanto o cliente espera para repetir.

use std::time::Duration;

use kit::key::{Key, largest};
use kit::text::{bytes, duration};
use sync_invocation::caller::{Outcome, Reaction, Service};
use sync_invocation::callers::{patience, react};
use sync_invocation::client_retry::{Retryable, ceiling};
use sync_invocation::events;
use sync_invocation::invoke::{Request, accept};

/// Acrescenta os fatos à chave.
pub fn add(key: Key) -> Key {
    // Espaços são JSON válido em volta de um valor: só o tamanho é que pode ser recusado.
    let accepted = |size: u64| {
        let mut payload = vec![b' '; usize::try_from(size).unwrap_or_default()];
        payload.push(b'1');
        accept(&Request { payload, ..Request::default() }).is_ok()
    };
    let payload = largest(64 * 1024 * 1024, accepted) + 1;
    let key = key.fact("payload", bytes(usize::try_from(payload).unwrap_or(usize::MAX)));

    let event = events::cognito("PreSignUp_SignUp");
    let calls =
        (1..).find(|attempt| react(Service::Cognito, &event, &Outcome::TimedOut, *attempt) != Reaction::TryAgain);
    let key = key.fact("cognito-calls", calls.unwrap_or_default().to_string());
    let waiting = [
        ("cognito", Service::Cognito),
        ("alexa", Service::Alexa),
        ("lex", Service::Lex),
        ("cloudfront", Service::CloudFront),
        ("cloudformation", Service::CloudFormation),
    ];
    let key = waiting
        .into_iter()
        .fold(key, |key, (name, service)| key.fact(&format!("{name}-patience"), duration(patience(service))));
    let growth = |reason| {
        let longest = (0..64).map(|retry| ceiling(reason, retry)).max().unwrap_or(Duration::ZERO);
        format!("{} a {}", duration(ceiling(reason, 0)), duration(longest))
    };
    key.fact("transient-wait", growth(Retryable::Transient)).fact("throttling-wait", growth(Retryable::Throttling))
}
