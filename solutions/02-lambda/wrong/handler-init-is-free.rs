//! Engano: a inicialização não é cobrada, como era até julho de 2025 nos runtimes gerenciados.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::FunctionError;

/// O que o handler sabe da invocação além do evento.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// O número do pedido.
    pub request_id: String,
    /// O instante em que o tempo da função acaba, em milissegundos desde 1970 (UTC).
    pub deadline_ms: u64,
    /// O ARN que foi chamado: da função, de uma versão ou de um alias.
    pub invoked_function_arn: String,
}

impl Context {
    /// Quanto tempo resta à função; `now_ms` é a hora de agora, em milissegundos desde 1970. Zero depois do prazo.
    pub fn remaining_time(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(now_ms))
    }

    /// O qualificador do ARN chamado: a versão ou o alias. `None` quando o ARN termina no nome da função.
    pub fn qualifier(&self) -> Option<&str> {
        self.invoked_function_arn.split(':').nth(7)
    }
}

/// O que a função entrega ao Lambda no fim de uma invocação: o corpo, em JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Deu certo: o retorno do handler.
    Response(Vec<u8>),
    /// Falhou: o objeto de erro.
    Error(Vec<u8>),
}

/// Uma invocação do começo ao fim: lê o evento, chama o handler e escreve a resposta.
///
/// Um evento que não é um `E` nem chega ao handler: é um erro do tipo `InvalidEventDataException`.
pub async fn invoke<E, R>(
    event: &[u8],
    context: &Context,
    handler: impl AsyncFnOnce(E, &Context) -> Result<R, FunctionError>,
) -> Answer
where
    E: DeserializeOwned,
    R: Serialize,
{
    let result = async {
        let event = serde_json::from_slice(event).map_err(|error| {
            FunctionError::new("InvalidEventDataException", format!("Error parsing event data: {error}"))
        })?;
        let value = handler(event, context).await?;
        serde_json::to_vec(&value).map_err(|error| FunctionError::new("InvalidResponse", error.to_string()))
    };
    match result.await {
        Ok(body) => Answer::Response(body),
        Err(error) => Answer::Error(serde_json::to_vec(&error).unwrap_or_default()),
    }
}

/// Como a execução terminou, para a linha `REPORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// O handler devolveu.
    Completed,
    /// O tempo da função acabou.
    TimedOut,
    /// O processo caiu; o texto é o tipo do erro, como `Runtime.ExitError`.
    Crashed(String),
}

/// O que o Lambda mediu de uma invocação.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Quanto durou a fase de invocação.
    pub duration: Duration,
    /// Quanto durou a inicialização do ambiente; `None` quando ele já estava pronto.
    pub init_duration: Option<Duration>,
    /// A memória configurada, em MB.
    pub memory_size_mb: u32,
    /// A maior memória usada, em MB.
    pub max_memory_used_mb: u32,
    /// Como terminou.
    pub ending: Ending,
}

impl Measurement {
    /// Os milissegundos cobrados: a invocação e a inicialização somadas, arredondadas para cima.
    pub fn billed_duration_ms(&self) -> u128 {
        let billed = self.duration;
        billed.as_nanos().div_ceil(1_000_000)
    }

    /// As três linhas que o Lambda escreve no log: `START`, `END` e `REPORT`.
    pub fn log_lines(&self, request_id: &str, version: &str) -> [String; 3] {
        let milliseconds = |duration: Duration| format!("{:.2} ms", duration.as_secs_f64() * 1_000.0);
        let mut report = vec![
            format!("REPORT RequestId: {request_id}"),
            format!("Duration: {}", milliseconds(self.duration)),
            format!("Billed Duration: {} ms", self.billed_duration_ms()),
            format!("Memory Size: {} MB", self.memory_size_mb),
            format!("Max Memory Used: {} MB", self.max_memory_used_mb),
        ];
        report.extend(self.init_duration.map(|init| format!("Init Duration: {}", milliseconds(init))));
        match &self.ending {
            Ending::Completed => {}
            Ending::TimedOut => report.push("Status: timeout".to_owned()),
            Ending::Crashed(error_type) => report.push(format!("Status: error\tError Type: {error_type}")),
        }
        [
            format!("START RequestId: {request_id} Version: {version}"),
            format!("END RequestId: {request_id}"),
            report.join("\t"),
        ]
    }
}
