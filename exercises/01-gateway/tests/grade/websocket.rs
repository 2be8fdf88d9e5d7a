//! Os testes do passo `websocket`: a escolha da rota, a conexão, as mensagens e `@connections`.

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use gateway::function::Function;
use gateway::model::{GatewayResponseType, Method, Refusal};
use gateway::websocket::{Message, Route, close_code, closes_at, evaluate};
use kit::text::{duration, thousands};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::expect_same;
use crate::support::live::{
    NOW, accepts, callback, expect_error_frame, expect_received, expect_status, map_api, opened, received, slow,
    spying, subscribe, text, throwing, upgrade, with,
};

/// A expressão de seleção vira um texto, com as variáveis trocadas pelos valores da mensagem.
#[rstest]
#[case::wrapped("${request.body.action}", "subscribe")]
#[case::combined("${request.body.service}/${request.body.action}", "mapa/subscribe")]
#[case::missing_path("${request.body.action}-${request.body.nada}", "subscribe-")]
#[case::nested("$request.body.data.city", "serra-clara")]
#[case::number("nivel-${request.body.level}", "nivel-4")]
#[case::boolean("${request.body.urgent}", "true")]
#[case::static_text("action", "action")]
fn the_expression_becomes_text(#[case] expression: &str, #[case] expected: &str) {
    let body = json!({
        "service": "mapa", "action": "subscribe", "level": 4, "urgent": true, "data": { "city": "serra-clara" }
    });
    let got = evaluate(expression, &body);
    expect_same!(
        got,
        expected,
        "para a mensagem {body}, a expressão `{expression}` vale {expected:?} (o que não existe vira texto vazio); a sua \
         função deu {got:?}"
    );
}

/// Só as três rotas da AWS começam com `$`.
#[test]
fn a_custom_route_may_not_start_with_a_dollar() {
    for (key, valid) in [
        ("$connect", true),
        ("$disconnect", true),
        ("$default", true),
        ("subscribe", true),
        ("$subscribe", false),
        ("$", false),
    ] {
        let mut api = map_api();
        let result = api.add_route(key, Route { function: accepts(), route_response: false });
        let kept = api.routes.contains_key(key);
        expect_same!(
            (result.is_ok(), kept),
            (valid, valid),
            "o prefixo `$` é reservado a $connect, $disconnect e $default: a rota `{key}` {}; a sua função devolveu \
             {result:?} e {}",
            if valid { "é aceita e guardada" } else { "é recusada e não é guardada" },
            if kept { "guardou" } else { "não guardou" }
        );
    }
}

/// A rota é a de chave igual; senão, `$default`; sem `$default`, nenhuma.
#[rstest]
#[case::the_same_key(r#"{"action":"subscribe"}"#, true, Some("subscribe"))]
#[case::another_case(r#"{"action":"Subscribe"}"#, true, Some("$default"))]
#[case::a_longer_key(r#"{"action":"subscribers"}"#, true, Some("$default"))]
#[case::without_the_field(r#"{"acao":"subscribe"}"#, true, Some("$default"))]
#[case::not_json("subscribe", true, Some("$default"))]
#[case::no_default(r#"{"action":"zoom"}"#, false, None)]
#[case::not_json_and_no_default("subscribe", false, None)]
fn the_route_has_the_same_key_or_is_the_default(
    #[case] message: &str,
    #[case] has_default: bool,
    #[case] expected: Option<&str>,
) {
    let mut api = with(with(map_api(), "subscribe", &accepts()), "unsubscribe", &accepts());
    if has_default {
        api = with(api, "$default", &accepts());
    }
    let got = api.select(message).map(|(key, _)| key);
    expect_same!(
        got,
        expected,
        "com as rotas {:?}, a mensagem {message} vai para {expected:?}; a sua função escolheu {got:?}",
        api.routes.keys().collect::<Vec<_>>()
    );
}

/// Um quadro tem até 32 KB, uma mensagem até 128 KB, e só texto serve.
#[rstest]
#[case::one_full_frame(Message::text("a".repeat(32_768)), None)]
#[case::one_byte_too_many(Message::text("a".repeat(32_769)), Some(1009))]
#[case::bytes_not_letters(Message::text("ç".repeat(20_000)), Some(1009))]
#[case::four_full_frames(Message::Text(vec!["a".repeat(32_768); 4]), None)]
#[case::five_frames(Message::Text(vec!["ç".repeat(14_000); 5]), Some(1009))]
#[case::binary(Message::Binary(vec![0x89, 0x50]), Some(1003))]
fn a_message_that_does_not_fit_closes_the_connection(#[case] message: Message, #[case] expected: Option<u16>) {
    let sizes: Vec<String> = match &message {
        Message::Text(frames) => frames.iter().map(|frame| thousands(frame.len())).collect(),
        Message::Binary(_) => vec!["binário".to_owned()],
    };
    let got = close_code(&message);
    expect_same!(
        got,
        expected,
        "quadros de até 32.768 bytes, mensagens de até 131.072 (1009 se passa), nada binário (1003): para os quadros \
         {sizes:?} o certo é {expected:?}; a sua função deu {got:?}"
    );
}

/// A conexão fecha depois de 10 min parada ou 2 h aberta, o que vier primeiro.
#[rstest]
#[case::idle(0, 10)]
#[case::after_a_message(45, 55)]
#[case::busy_until_the_end(115, 120)]
#[tokio::test(start_paused = true)]
async fn a_connection_closes_when_idle_or_old(#[case] last_active: u64, #[case] closes: u64) {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mut connection = map_api().connections.pending("c1", &upgrade());
    connection.last_active_at = NOW + minutes(last_active);
    let got = closes_at(&connection);
    expect_same!(
        got,
        NOW + minutes(closes),
        "aberta às 17h02 e ativa pela última vez {last_active} min depois, a conexão fecha {closes} min depois de aberta \
         (10 min parada, 2 h no total); a sua função deu {got}"
    );
}

/// Com um 2xx de `$connect`, a conexão abre; sem rota `$connect`, também.
#[rstest]
#[case::accepted(Some(200))]
#[case::any_2xx(Some(204))]
#[case::without_the_route(None)]
#[tokio::test(start_paused = true)]
async fn a_2xx_opens_the_connection(#[case] status: Option<u16>) {
    let connect = Function::always(json!({ "statusCode": status.unwrap_or_default(), "body": "bem-vindo" }));
    let api = if status.is_some() { with(map_api(), "$connect", &connect) } else { map_api() };
    let why =
        status.map_or("a API não tem $connect, que é opcional".to_owned(), |it| format!("$connect respondeu {it}"));
    let id = opened(api.connect(&upgrade(), Ok(())).await, &why);
    let (open, runs) = (api.connections.get(&id).is_some(), connect.runs());
    expect_same!(
        (open, runs),
        (true, usize::from(status.is_some())),
        "a conexão devia estar aberta e $connect, se existe, roda uma vez; na sua: aberta {open}, {runs} execuções"
    );
    expect_received(&api, &id, &[], "a resposta de $connect não vai ao cliente como mensagem");
}

/// Uma resposta que não é 2xx recusa o pedido, com o status da função.
#[rstest]
#[case::bad_request(400)]
#[case::redirect(302)]
#[tokio::test(start_paused = true)]
async fn another_status_refuses_the_upgrade(#[case] status: u16) {
    let (connect, ids) = spying(json!({ "statusCode": status }).into(), connection_id);
    let api = with(map_api(), "$connect", &connect);
    let got = api.connect(&upgrade(), Ok(())).await.map_err(|response| response.status);
    let open = ids().iter().any(|id| api.connections.get(id).is_some());
    assert!(
        got == Err(status) && !open,
        "$connect respondeu {status}, que não é 2xx: o cliente recebe {status} e a conexão não abre; a sua função deu {got:?}, \
         aberta: {open}"
    );
}

/// Uma integração que falha também impede a conexão.
#[rstest]
#[case::thrown(throwing(), "a função terminou em erro")]
#[case::too_slow(slow(), "a função leva 30 s, e o gateway espera 29 s")]
#[tokio::test(start_paused = true)]
async fn a_failed_integration_keeps_the_connection_closed(#[case] connect: Function, #[case] why: &str) {
    let api = with(map_api(), "$connect", &connect);
    let got = api.connect(&upgrade(), Ok(())).await.map_err(|response| response.status);
    assert!(got.is_err(), "{why}: a conexão não abre; a sua função abriu {got:?}");
}

/// Quem não passou na autorização recebe 401 ou 403, e `$connect` nem roda.
#[rstest]
#[case::unauthorized(GatewayResponseType::Unauthorized, 401)]
#[case::denied(GatewayResponseType::AccessDenied, 403)]
#[tokio::test(start_paused = true)]
async fn a_refused_client_never_reaches_connect(#[case] kind: GatewayResponseType, #[case] status: u16) {
    let connect = accepts();
    let api = with(map_api(), "$connect", &connect);
    let got = api.connect(&upgrade(), Err(Refusal::new(kind, "não"))).await.map_err(|response| response.status);
    expect_same!(
        (got.clone(), connect.runs()),
        (Err(status), 0),
        "o authorizer deu {kind}: o cliente recebe {status} e a integração não roda; a sua função deu {got:?}, com {} \
         execuções",
        connect.runs()
    );
}

/// Enquanto `$connect` não responde, a conexão não existe: um POST para ela dá 410.
#[tokio::test(start_paused = true)]
async fn the_upgrade_waits_for_connect() {
    let (connect, ids) = spying(json!({ "statusCode": 200 }).into(), connection_id);
    let api = with(map_api(), "$connect", &connect.taking(Duration::from_secs(3)));
    let request = upgrade();
    let early = async {
        sleep(Duration::from_secs(1)).await;
        let id = ids().pop().unwrap_or_default();
        api.manage(&callback(Method::Post, &id).body("granizo")).await
    };
    let (result, response) = tokio::join!(api.connect(&request, Ok(())), early);
    expect_status(&response, 410, "a integração leva 3 s e o POST chega em 1 s, com o upgrade ainda pendente");
    let id = opened(result, "depois de 3 s, $connect respondeu 200");
    expect_received(&api, &id, &[], "o POST chegou antes de a conexão existir");
}

/// Os eventos de `$connect` e de uma mensagem são lidos pelo tipo publicado, e só a mensagem tem `messageId`.
#[tokio::test(start_paused = true)]
async fn the_events_tell_who_and_what() {
    let (connect, route) = (accepts(), accepts());
    let api = with(with(map_api(), "$connect", &connect), "subscribe", &route);
    let id = opened(api.connect(&upgrade(), Ok(())).await, "$connect respondeu 200");
    api.receive(&id, &subscribe()).await;
    for (function, event_type, route_key, has_body) in
        [(&connect, "CONNECT", "$connect", false), (&route, "MESSAGE", "subscribe", true)]
    {
        let event = function.events().pop().unwrap_or_default();
        let parsed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event.clone())
            .unwrap_or_else(|error| panic!("a função de {route_key} não conseguiria ler o evento ({error}): {event}"));
        let context = parsed.request_context;
        let got = (
            context.event_type.as_deref(),
            context.route_key.as_deref(),
            context.connection_id.as_deref(),
            event["requestContext"]["messageId"].is_string(),
            parsed.body.is_some(),
        );
        expect_same!(
            got,
            (Some(event_type), Some(route_key), Some(id.as_str()), has_body, has_body),
            "{route_key} recebe eventType {event_type} e a conexão {id}; `messageId` e `body` só existem numa mensagem. A \
             função leu {got:?} em {event}"
        );
    }
}

/// A resposta da função só volta ao cliente quando a rota tem route response, qualquer que seja o status.
#[rstest]
#[case::one_way(false, 200, &[])]
#[case::two_way(true, 200, &["feito"])]
#[case::two_way_with_an_error_status(true, 500, &["feito"])]
#[tokio::test(start_paused = true)]
async fn the_answer_goes_back_only_with_a_route_response(
    #[case] route_response: bool,
    #[case] status: u16,
    #[case] expected: &[&str],
) {
    let mut api = map_api();
    let function = Function::always(json!({ "statusCode": status, "body": "feito" }));
    api.routes.insert("subscribe".to_owned(), Route { function, route_response });
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    api.receive(&id, &subscribe()).await;
    let rule = format!(
        "a função devolveu {status} e o corpo `feito`, e a rota {} route response",
        if route_response { "tem" } else { "não tem" }
    );
    expect_received(&api, &id, expected, &rule);
}

/// Uma mensagem em vários quadros é uma só: o texto que escolhe a rota e chega à função é a junção deles.
#[tokio::test(start_paused = true)]
async fn the_frames_of_a_message_are_joined() {
    let (subscribe_route, default_route) = (accepts(), accepts());
    let api = with(with(map_api(), "subscribe", &subscribe_route), "$default", &default_route);
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let frames = [r#"{"action":"subs"#, r#"cribe","city":"serra-clara"}"#];
    api.receive(&id, &Message::Text(frames.map(str::to_owned).into())).await;
    let bodies: Vec<Value> = subscribe_route.events().iter().map(|event| event["body"].clone()).collect();
    expect_same!(
        (bodies.as_slice(), default_route.runs()),
        ([json!(frames.concat())].as_slice(), 0),
        "os quadros {frames:?} são uma mensagem só, que vai a `subscribe` com o texto inteiro; na sua API, `subscribe` recebeu \
         {bodies:?} e `$default` rodou {} vezes",
        default_route.runs()
    );
}

/// Uma mensagem sem rota recebe o quadro Forbidden.
#[tokio::test(start_paused = true)]
async fn a_message_without_a_route_is_forbidden() {
    let api = with(map_api(), "subscribe", &accepts());
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    api.receive(&id, &text(json!({ "action": "zoom" }))).await;
    expect_error_frame(&api, &id, "Forbidden", "não há rota `zoom` nem `$default`");
}

/// Uma integração que falha vira o quadro Internal server error, com ou sem route response.
#[rstest]
#[case::thrown(throwing(), false, "a função terminou em erro, numa rota de mão única")]
#[case::too_slow(slow(), true, "a função leva 30 s, e o gateway espera 29 s")]
#[tokio::test(start_paused = true)]
async fn a_failed_message_gets_an_error_frame(
    #[case] function: Function,
    #[case] route_response: bool,
    #[case] why: &str,
) {
    let mut api = map_api();
    api.routes.insert("subscribe".to_owned(), Route { function, route_response });
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    api.receive(&id, &subscribe()).await;
    expect_error_frame(&api, &id, "Internal server error", why);
}

/// Uma mensagem que não cabe fecha a conexão, sem chamar a rota, e `$disconnect` fica sabendo.
#[tokio::test(start_paused = true)]
async fn a_bad_message_ends_the_connection() {
    let (route, disconnect) = (accepts(), accepts());
    let api = with(with(map_api(), "$default", &route), "$disconnect", &disconnect);
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    api.receive(&id, &Message::text("a".repeat(40_000))).await;
    expect_received(&api, &id, &["fechamento 1009"], "um quadro de 40.000 bytes passa de 32 KB");
    let runs = (route.runs(), disconnect.runs());
    expect_same!(runs, (0, 1), "a rota não roda e $disconnect roda uma vez; na sua API rodaram {runs:?} vezes");
}

/// O gateway fecha com 1001 uma conexão parada há 10 min ou aberta há 2 h.
#[rstest]
#[case::one_message(&[8], 18)]
#[case::always_used(&[9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99, 108, 117], 120)]
#[tokio::test(start_paused = true)]
async fn an_idle_or_old_connection_is_closed(#[case] messages: &[u64], #[case] closes: u64) {
    let api = with(map_api(), "subscribe", &accepts());
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let start = Instant::now();
    let talk = async {
        for minute in messages {
            tokio::time::sleep_until(start + Duration::from_secs(minute * 60)).await;
            api.receive(&id, &subscribe()).await;
        }
    };
    let closed = async {
        api.watch(&id).await;
        start.elapsed()
    };
    let ((), after) = tokio::join!(talk, closed);
    let expected = Duration::from_secs(closes * 60);
    expect_same!(
        after,
        expected,
        "com mensagens nos minutos {messages:?}, a conexão fecha em {} (10 min parada, 2 h no total); a sua fechou em {}",
        duration(expected),
        duration(after)
    );
    let last = received(&api, &id).pop();
    expect_same!(last.as_deref(), Some("fechamento 1001"), "o gateway fecha com 1001; o último quadro foi {last:?}");
}

mod callbacks;

fn connection_id(event: &Value) -> String {
    event["requestContext"]["connectionId"].as_str().unwrap_or_default().to_owned()
}
