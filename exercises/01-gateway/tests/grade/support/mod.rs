//! O que os testes de mais de um passo usam.

pub mod authorizers;
pub mod javascript;
pub mod keys;
pub mod limits;
pub mod live;
pub mod office;
pub mod proxy;
pub mod releases;
pub mod routes;
pub mod script;
pub mod sdk;
pub mod templates;
pub mod weather;

/// Como `assert_eq!`, mas a falha é só a frase: ela já traz os valores do caso, em português.
macro_rules! expect_same {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => assert!(*actual == *expected, $($message)+),
        }
    };
}

#[allow(unused_imports)]
pub(crate) use expect_same;
