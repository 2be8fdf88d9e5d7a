//! Os testes do passo `handler`: o contexto, o evento que entra, a resposta que sai e as linhas do log (em `log`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use kit::text::duration;
use lambda::handler::{Answer, Context, invoke};
use lambda::model::FunctionError;
use rstest::rstest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{expect_same, times};

const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
const FUNCTION_ARN: &str = "arn:aws:lambda:sa-east-1:123456789012:function:get-forecast";
const DEADLINE_MS: u64 = 1_795_366_923_000;

/// O evento da função de previsão.
#[derive(Debug, PartialEq, Deserialize)]
struct ForecastRequest {
    city: String,
    days: u8,
}

/// A resposta dela.
#[derive(Serialize)]
struct Forecast {
    city: String,
    summary: &'static str,
}

fn context(invoked_function_arn: &str) -> Context {
    Context {
        request_id: REQUEST_ID.to_owned(),
        deadline_ms: DEADLINE_MS,
        invoked_function_arn: invoked_function_arn.to_owned(),
    }
}

/// Um corpo como quem lê a mensagem o vê.
fn shown(body: &[u8]) -> String {
    match body {
        [] => "um corpo vazio".to_owned(),
        _ => format!("`{}`", String::from_utf8_lossy(body)),
    }
}

/// O corpo de uma resposta; se veio um erro, diz por que não devia.
#[track_caller]
fn response(answer: &Answer, situation: &str) -> Value {
    match answer {
        Answer::Response(body) => serde_json::from_slice(body).unwrap_or_else(|_| {
            panic!("{situation}: o corpo da resposta é sempre JSON; o seu `invoke` entregou {}, que não é", shown(body))
        }),
        Answer::Error(body) => {
            panic!("{situation}: isso é uma resposta, e não um erro; o seu `invoke` entregou o erro {}", shown(body))
        }
    }
}

/// O objeto de um erro; se veio uma resposta, diz por que não devia.
#[track_caller]
fn error(answer: &Answer, situation: &str) -> Value {
    match answer {
        Answer::Error(body) => serde_json::from_slice(body).unwrap_or_else(|_| {
            panic!("{situation}: o erro é um objeto JSON; o seu `invoke` entregou {}, que não é", shown(body))
        }),
        Answer::Response(body) => {
            panic!("{situation}: isso é um erro da função; o seu `invoke` entregou a resposta {}", shown(body))
        }
    }
}

/// O tempo que resta é o prazo menos a hora de agora; depois do prazo é zero.
#[rstest]
#[case::just_started(3_000)]
#[case::half_way(1_500)]
#[case::last_millisecond(1)]
#[case::on_the_deadline(0)]
fn the_remaining_time_is_the_deadline_minus_now(#[case] left_ms: u64) {
    let now_ms = DEADLINE_MS - left_ms;
    let (found, expected) = (context(FUNCTION_ARN).remaining_time(now_ms), Duration::from_millis(left_ms));
    expect_same!(
        found,
        expected,
        "o prazo é a data {DEADLINE_MS} (milissegundos desde 1970) e agora são {now_ms}: restam {}; a sua conta deu {}",
        duration(expected),
        duration(found)
    );
}

/// Depois do prazo não resta tempo nenhum, e a conta não pode estourar.
#[rstest]
#[case::one_millisecond_late(1)]
#[case::one_hour_late(3_600_000)]
fn after_the_deadline_nothing_remains(#[case] late_ms: u64) {
    let found = context(FUNCTION_ARN).remaining_time(DEADLINE_MS + late_ms);
    expect_same!(
        found,
        Duration::ZERO,
        "o prazo passou há {late_ms} ms, então não resta nada; a sua conta deu {}",
        duration(found)
    );
}

/// O ARN chamado diz por qual porta a invocação entrou: a função, uma versão ou um alias.
#[rstest]
#[case::the_function(FUNCTION_ARN, None)]
#[case::an_alias("arn:aws:lambda:sa-east-1:123456789012:function:get-forecast:prod", Some("prod"))]
#[case::a_version("arn:aws:lambda:sa-east-1:123456789012:function:get-forecast:7", Some("7"))]
#[case::latest("arn:aws:lambda:sa-east-1:123456789012:function:get-forecast:$LATEST", Some("$LATEST"))]
#[case::a_function_named_function("arn:aws:lambda:us-east-2:123456789012:function:function", None)]
#[case::an_alias_of_a_function_named_function(
    "arn:aws:lambda:us-east-2:123456789012:function:function:prod",
    Some("prod")
)]
#[case::a_digit_in_the_name("arn:aws:lambda:us-east-2:123456789012:function:sms2:blue-2", Some("blue-2"))]
fn the_invoked_arn_names_the_version_or_the_alias(#[case] arn: &str, #[case] expected: Option<&str>) {
    let context = context(arn);
    let found = context.qualifier();
    expect_same!(
        found,
        expected,
        "no ARN `{arn}`, depois do nome da função vem {}; o seu `qualifier` devolveu {}",
        expected.map_or("nada".to_owned(), |text| format!("o qualificador `{text}`")),
        found.map_or("None".to_owned(), |text| format!("`{text}`"))
    );
}

/// Os bytes do evento viram o tipo que o handler pediu, e o retorno dele vira JSON.
#[tokio::test(start_paused = true)]
async fn the_event_arrives_typed_and_the_return_leaves_as_json() {
    let event = r#"{"city":"serra-clara","days":3,"source":"app"}"#;
    let answer = invoke(event.as_bytes(), &context(FUNCTION_ARN), async |event: ForecastRequest, _: &Context| {
        let expected = ForecastRequest { city: "serra-clara".to_owned(), days: 3 };
        expect_same!(
            event,
            expected,
            "o handler devia receber serra-clara e 3 dias; recebeu {} e {}",
            event.city,
            event.days
        );
        Ok(Forecast { city: event.city, summary: "granizo à tarde" })
    })
    .await;

    let body = response(&answer, "o handler devolveu a previsão");
    let expected = json!({ "city": "serra-clara", "summary": "granizo à tarde" });
    expect_same!(body, expected, "o corpo da resposta é {expected}; o do seu `invoke` é {body}");
}

/// Qualquer valor que vira JSON serve de retorno, e o que não é nada vira `null`.
#[rstest]
#[case::text(json!("alerta enviado"), r#""alerta enviado""#)]
#[case::number(json!(42), "42")]
#[case::boolean(json!(false), "false")]
#[case::list(json!([1, 2]), "[1,2]")]
#[case::null(json!(null), "null")]
#[tokio::test(start_paused = true)]
async fn any_json_value_is_a_response(#[case] value: Value, #[case] expected: &str) {
    let returned = value.clone();
    let answer = invoke(b"{}", &context(FUNCTION_ARN), async |_: Value, _: &Context| Ok(returned)).await;
    let body = response(&answer, &format!("o handler devolveu {value}"));
    expect_same!(body, value, "o corpo é {expected}; o do seu `invoke` é {body}");
}

/// Uma função que não devolve nada responde `null`, e não um corpo vazio.
#[tokio::test(start_paused = true)]
async fn a_function_that_returns_nothing_answers_null() {
    let answer = invoke(b"{}", &context(FUNCTION_ARN), async |_: Value, _: &Context| Ok(())).await;
    expect_same!(
        answer,
        Answer::Response(b"null".to_vec()),
        "a função terminou sem erro e sem devolver nada: o corpo da resposta é `null`; o seu `invoke` entregou {}",
        match &answer {
            Answer::Response(body) => shown(body),
            Answer::Error(body) => format!("o erro {}", shown(body)),
        }
    );
}

/// Um evento agendado pode não trazer nada; o handler que pede `()` o recebe.
#[tokio::test(start_paused = true)]
async fn a_handler_may_ask_for_no_event() {
    let answer = invoke(b"null", &context(FUNCTION_ARN), async |(): (), _: &Context| Ok("ok")).await;
    expect_same!(
        response(&answer, "o evento é `null` e o handler pede `()`"),
        json!("ok"),
        "o handler devolveu \"ok\""
    );
}

/// O handler recebe o contexto da invocação junto com o evento.
#[tokio::test(start_paused = true)]
async fn the_handler_sees_the_context() {
    let given = context("arn:aws:lambda:sa-east-1:123456789012:function:get-forecast:prod");
    let answer = invoke(b"{}", &given, async |_: Value, context: &Context| {
        let Context { request_id, deadline_ms, invoked_function_arn } = context;
        Ok(json!([request_id, deadline_ms, invoked_function_arn]))
    })
    .await;
    let body = response(&answer, "o handler devolve o contexto que recebeu");
    let expected = json!([given.request_id, given.deadline_ms, given.invoked_function_arn]);
    expect_same!(
        body,
        expected,
        "o contexto é o da invocação, com o pedido, o prazo e o ARN {expected}; o handler viu {body}"
    );
}

/// O `invoke` espera o handler terminar.
#[tokio::test(start_paused = true)]
async fn invoke_waits_for_the_handler() {
    let start = tokio::time::Instant::now();
    let answer = invoke(b"{}", &context(FUNCTION_ARN), async |_: Value, _: &Context| {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        Ok("pronto")
    })
    .await;
    let took = start.elapsed();
    response(&answer, "o handler leva 1,2 s e devolve");
    expect_same!(
        took,
        Duration::from_millis(1_200),
        "o handler leva 1,2 s; o seu `invoke` voltou aos {}",
        duration(took)
    );
}

/// Um evento que não serve não chega ao handler: é um erro da função.
#[rstest]
#[case::not_json(b"granizo")]
#[case::cut_short(br#"{"city":"serra-clara","#)]
#[case::nothing(b"")]
#[case::missing_field(br#"{"city":"serra-clara"}"#)]
#[case::wrong_type(r#"{"city":"serra-clara","days":"três"}"#.as_bytes())]
#[case::out_of_range(br#"{"city":"serra-clara","days":300}"#)]
#[case::two_documents(br#"{"city":"serra-clara","days":3}{"city":"serra-clara","days":3}"#)]
#[case::not_utf_8(b"{\"city\":\"serra-clar\xe3\",\"days\":3}")]
#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_fit_never_reaches_the_handler(#[case] event: &[u8]) {
    let calls = Cell::new(0u32);
    let answer = invoke(event, &context(FUNCTION_ARN), async |_: ForecastRequest, _: &Context| {
        calls.set(calls.get() + 1);
        Ok(())
    })
    .await;

    let situation = format!("o handler pede `city` e `days`, e o evento é {}", shown(event));
    expect_same!(calls.get(), 0, "{situation}: o handler não roda; o seu `invoke` o chamou {}", times(calls.get()));
    let body = error(&answer, &situation);
    expect_same!(
        body["errorType"],
        json!("InvalidEventDataException"),
        "{situation}: o `errorType` é InvalidEventDataException; o seu objeto de erro é {body}"
    );
    let message = body["errorMessage"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("Error parsing event data"),
        "{situation}: a `errorMessage` começa com `Error parsing event data`; o seu objeto de erro é {body}"
    );
}

/// O erro do handler sai no objeto de erro do Lambda, e não como uma resposta.
#[rstest]
#[case::without_a_stack(&[])]
#[case::with_a_stack(&["send_sms (sms.rs:41)", "handler (main.rs:12)"])]
#[tokio::test(start_paused = true)]
async fn the_error_of_the_handler_becomes_the_error_object(#[case] stack: &[&str]) {
    let failure = FunctionError {
        error_message: "a operadora não respondeu".to_owned(),
        error_type: "SmsError".to_owned(),
        stack_trace: stack.iter().map(|line| (*line).to_owned()).collect(),
    };
    let answer = invoke(b"{}", &context(FUNCTION_ARN), async |_: Value, _: &Context| Err::<(), _>(failure)).await;
    let body = error(&answer, "o handler devolveu um erro");
    let expected = json!({
        "errorMessage": "a operadora não respondeu",
        "errorType": "SmsError",
        "stackTrace": stack,
    });
    expect_same!(body, expected, "o objeto de erro tem os três campos, {expected}; o do seu `invoke` é {body}");
}

/// Um retorno que não vira JSON também é erro da função.
#[tokio::test(start_paused = true)]
async fn a_return_that_is_not_json_is_an_error() {
    // A chave de um objeto JSON é um texto; uma dupla não tem como virar uma.
    let map = BTreeMap::from([((4, 8), "estação")]);
    let answer = invoke(b"{}", &context(FUNCTION_ARN), async |_: Value, _: &Context| Ok(map)).await;
    let body = error(&answer, "o handler devolveu um mapa com chaves que não são textos");
    for field in ["errorMessage", "errorType"] {
        assert!(body[field].is_string(), "todo objeto de erro tem um texto em `{field}`; o do seu `invoke` é {body}");
    }
}

mod log;
