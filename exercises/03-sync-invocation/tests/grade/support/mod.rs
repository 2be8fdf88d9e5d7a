//! O que os testes de mais de um passo usam.

pub mod answers;
pub mod calls;

use std::future::Future;
use std::time::Duration;

use kit::text::{count, duration};
use sync_invocation::function::Ending;
use sync_invocation::model::InvokeResponse;

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

/// O fim de uma execução em uma frase.
pub fn told(ending: &Ending) -> String {
    match ending {
        Ending::Returned(value) => format!("devolveu {}", value.to_string().chars().take(80).collect::<String>()),
        Ending::Nothing => "terminou sem devolver nada".to_owned(),
        Ending::Raised(error) => format!("levantou o erro `{}`", error.error_message),
        Ending::TimedOut(timeout) => format!("gastou os {} dela", duration(*timeout)),
        Ending::Exited(Some(code)) => format!("saiu com o código {code}"),
        Ending::Exited(None) => "saiu sem responder".to_owned(),
    }
}

/// Uma resposta da API em uma linha.
pub fn describe(response: &InvokeResponse) -> String {
    let mut text = format!("{}", response.status);
    let headers = [
        ("x-amzn-ErrorType", response.error_type.clone()),
        ("X-Amz-Function-Error", response.function_error.clone()),
        ("Retry-After", response.retry_after.map(|seconds| seconds.to_string())),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            text.push_str(&format!(", {name}: {value}"));
        }
    }
    let body: String = response.body.chars().take(200).collect();
    format!("{text}, corpo `{body}`")
}
