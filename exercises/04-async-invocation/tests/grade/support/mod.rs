//! O que os testes de mais de um passo usam.

pub mod arrivals;
pub mod deliveries;
pub mod endings;
pub mod story;

use std::future::Future;
use std::time::Duration;

use kit::text::count;

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

/// `1 vez`, `2 vezes`.
pub fn times(number: impl TryInto<usize>) -> String {
    count(number.try_into().unwrap_or(usize::MAX), "vez", "vezes")
}
