//! O que os testes de mais de um passo usam.

pub mod stream;

/// Como `assert_eq!`, mas a falha é só a frase: ela já traz os valores do caso, em português.
macro_rules! expect_same {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => assert!(*actual == *expected, $($message)+),
        }
    };
}

pub(crate) use expect_same;
