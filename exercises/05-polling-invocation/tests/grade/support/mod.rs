//! O que os testes de mais de um passo usam.

pub mod batches;
pub mod brokers;
pub mod redelivery;
pub mod reports;
pub mod stream;

use std::future::Future;
use std::time::Duration;

/// Como `assert_eq!`, mas a falha é só a frase: ela já traz os valores do caso, em português.
macro_rules! expect_same {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => assert!(*actual == *expected, $($message)+),
        }
    };
}

pub(crate) use expect_same;

/// Espera no relógio pausado: um código que nunca termina vira uma falha, não uma espera. `rule` diz por que ele já
/// devia ter terminado.
pub async fn finish<T>(rule: &str, what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(48 * 3_600), future).await {
        Ok(value) => value,
        Err(_) => panic!("{rule}; {what} continuava esperando 48 h depois, no relógio do teste"),
    }
}

/// `a`, `a e b`, `a, b e c`; uma lista comprida para no décimo. `nothing` é o texto de quando não há nada.
pub fn list<T: ToString>(items: &[T], nothing: &str) -> String {
    let mut texts: Vec<String> = items.iter().map(T::to_string).collect();
    if texts.len() > 12 {
        return format!("{}… ({} ao todo)", texts[..10].join(", "), texts.len());
    }
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} e {last}", texts.join(", ")),
        Some(only) => only,
        None => nothing.to_owned(),
    }
}
