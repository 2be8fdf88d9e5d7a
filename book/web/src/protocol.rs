//! A conversa entre a página e o Worker: JSON simples, para ser testado fora do navegador.

use serde::{Deserialize, Serialize};
use wasi_host::{Execution, Verdict};

/// O que a página pede.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// O endereço absoluto do módulo.
    pub module: String,
    pub job: Job,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Os nomes dos testes do módulo.
    List,
    /// Estes testes, nesta ordem, cada um em uma instância nova.
    Tests(Vec<String>),
    /// Um laboratório, com o cenário na entrada padrão.
    Lab(String),
}

/// O que o Worker responde, uma mensagem por acontecimento.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Listed(Vec<String>),
    /// Vai começar este teste: a página arma o prazo.
    Started(String),
    Tested(TestResult),
    Lab(Execution),
    /// Todos os testes pedidos rodaram.
    Done,
    /// Nada pôde rodar: o módulo não chegou ou não é um módulo.
    Broken(String),
}

/// Um teste que rodou.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    pub name: String,
    pub execution: Execution,
    pub verdict: Verdict,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_survive_the_trip() {
        let request =
            Request { module: "http://127.0.0.1/a.wasm".into(), job: Job::Tests(vec!["retries::ção".into()]) };
        let text = serde_json::to_string(&request).expect("serializa");
        assert_eq!(serde_json::from_str::<Request>(&text).expect("lê"), request);
        let reply = Reply::Started("retries::a".into());
        let text = serde_json::to_string(&reply).expect("serializa");
        assert_eq!(text, r#"{"started":"retries::a"}"#);
    }
}
