//! O que os testes de mais de um passo usam.

pub mod endings;
pub mod story;

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

/// Espera no relógio pausado: um código que nunca termina vira uma falha, não uma espera.
pub async fn finish<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(48 * 3_600), future).await {
        Ok(value) => value,
        Err(_) => panic!("um evento vive no máximo 6 h; {what} não terminou nem depois de 48 h no relógio do teste"),
    }
}
