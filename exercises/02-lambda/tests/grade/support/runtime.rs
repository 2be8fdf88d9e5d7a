//! A vida de um runtime nos testes do passo `runtime_api`: um roteiro de eventos, um handler e o que sobrou.

use std::time::Duration;

use kit::Timeline;
use lambda::endpoint::{Arrival, Endpoint, Method, RUNTIME, Response};
use lambda::model::FunctionError;
use lambda::runtime_api::{Exit, Invocation, run};

use super::{expect_same, finish};

/// A resposta do `next` que o guia mostra, com o número da tentativa.
pub fn next_response() -> Response {
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("Lambda-Runtime-Deadline-Ms", "1542409706888"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-2:123456789012:function:custom-runtime"),
        ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
        ("Lambda-Runtime-Invocation-Id", "attempt-1"),
    ];
    Response {
        status: 200,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: b"{ \"city\" : \"serra-clara\" }\n".to_vec(),
    }
}

/// Uma invocação já lida.
pub fn invocation(request_id: &str, invocation_id: Option<&str>) -> Invocation {
    Invocation {
        request_id: request_id.to_owned(),
        invocation_id: invocation_id.map(str::to_owned),
        deadline_ms: 1_542_409_706_888,
        invoked_function_arn: "arn:aws:lambda:sa-east-1:123456789012:function:send-sms".to_owned(),
        trace_id: None,
        payload: b"{}".to_vec(),
    }
}

/// Um alerta que chega em um instante, com o timeout padrão de 3 s.
pub fn arrival(at_ms: u64, request_id: &str) -> Arrival {
    Arrival {
        at: Duration::from_millis(at_ms),
        payload: r#"{"alert":"granizo"}"#.to_owned(),
        request_id: request_id.to_owned(),
        invocation_id: Some(format!("{request_id}-1")),
        timeout: Duration::from_secs(3),
        forced_status: None,
    }
}

/// Uma invocação como quem lê a mensagem a vê; `nenhum evento` quando não há.
pub fn told(invocation: Option<&Invocation>) -> String {
    let Some(invocation) = invocation else {
        return "nenhum evento".to_owned();
    };
    let or_none = |text: &Option<String>| text.clone().unwrap_or("nada".to_owned());
    format!(
        "pedido {}, tentativa {}, prazo {}, ARN {}, rastreamento {}, evento `{}`",
        invocation.request_id,
        or_none(&invocation.invocation_id),
        invocation.deadline_ms,
        invocation.invoked_function_arn,
        or_none(&invocation.trace_id),
        String::from_utf8_lossy(&invocation.payload).escape_debug()
    )
}

/// O valor de um cabeçalho, ou que ele não veio.
pub fn header(value: Option<&str>) -> String {
    value.map_or("nada".to_owned(), |text| format!("`{text}`"))
}

pub fn failure() -> FunctionError {
    FunctionError::new("SmsError", "a operadora não respondeu")
}

/// Um handler que dá certo na hora.
pub async fn succeed(_: &Invocation) -> Result<Vec<u8>, FunctionError> {
    Ok(b"{\"sent\":true}".to_vec())
}

/// Uma inicialização que falha; o handler só dá o tipo.
fn fail<H>(_: H) -> Result<H, FunctionError> {
    Err(failure())
}

/// O que ficou de um runtime que saiu.
pub struct Life {
    pub endpoint: Endpoint,
    pub timeline: Timeline,
    pub exit: Exit,
}

impl Life {
    /// Uma função que inicializa na hora e roda este handler.
    pub async fn play(
        script: impl IntoIterator<Item = Arrival>,
        handler: impl AsyncFn(&Invocation) -> Result<Vec<u8>, FunctionError>,
    ) -> Self {
        Self::play_starting(script, async || Ok(handler)).await
    }

    /// Uma função com a sua inicialização.
    pub async fn play_starting<H>(
        script: impl IntoIterator<Item = Arrival>,
        start: impl AsyncFnOnce() -> Result<H, FunctionError>,
    ) -> Self
    where
        H: AsyncFn(&Invocation) -> Result<Vec<u8>, FunctionError>,
    {
        let timeline = Timeline::new(&[RUNTIME]);
        let endpoint = Endpoint::new(&timeline, script);
        Self::live(endpoint, timeline, start).await
    }

    /// Uma função que não inicializa, e o status com que a Runtime API recebe a notícia.
    pub async fn play_failing_init(status: u16) -> Self {
        let timeline = Timeline::new(&[RUNTIME]);
        let endpoint = Endpoint::new(&timeline, [arrival(0, "a")]);
        if status != 202 {
            endpoint.refuse_init(status);
        }
        Self::live(endpoint, timeline, async || fail(succeed)).await
    }

    /// Uma Runtime API que recusa o `next`.
    pub async fn play_refusing_next(status: u16) -> Self {
        let timeline = Timeline::new(&[RUNTIME]);
        let endpoint = Endpoint::new(&timeline, [arrival(0, "a")]);
        endpoint.refuse_next(status);
        Self::live(endpoint, timeline, async || Ok(succeed)).await
    }

    async fn live<H>(
        endpoint: Endpoint,
        timeline: Timeline,
        start: impl AsyncFnOnce() -> Result<H, FunctionError>,
    ) -> Self
    where
        H: AsyncFn(&Invocation) -> Result<Vec<u8>, FunctionError>,
    {
        let rule = "sem evento no `next`, ou sem função inicializada, o runtime sai";
        let exit = finish(rule, "o seu `run`", run(&endpoint, start)).await;
        Self { endpoint, timeline, exit }
    }

    /// Confere os pedidos que chegaram à Runtime API, em ordem, com o status de cada um.
    #[track_caller]
    pub fn expect_calls(&self, expected: &[&str], situation: &str) {
        let calls: Vec<String> = self
            .endpoint
            .exchanges()
            .iter()
            .map(|each| {
                let verb = if each.request.method == Method::Get { "GET" } else { "POST" };
                let path = each.request.path.rsplit("/runtime/").next().unwrap_or_default();
                format!("{verb} {path} {}", each.status)
            })
            .collect();
        expect_same!(
            calls,
            expected,
            "{situation}; os pedidos são\n  {}\ne os do seu `run` foram\n  {}",
            expected.join("\n  "),
            calls.join("\n  ")
        );
    }
}
