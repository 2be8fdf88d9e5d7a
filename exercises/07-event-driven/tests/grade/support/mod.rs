//! O que os testes do capítulo dividem.

/// Como `assert_eq!`, mas a falha é só a frase: ela já traz os valores do caso, em português.
macro_rules! expect_same {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => assert!(*actual == *expected, $($message)+),
        }
    };
}

pub(crate) use expect_same;
