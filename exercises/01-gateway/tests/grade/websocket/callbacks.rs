//! A API `@connections`: o backend fala com o cliente, pergunta por ele e o desliga.

use std::time::Duration;

use gateway::function::Reply;
use gateway::model::Method;
use kit::text::{duration, thousands};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::connection_id;
use crate::support::expect_same;
use crate::support::live::{
    callback, expect_received, expect_status, map_api, opened, received, spying, subscribe, upgrade, with,
};

/// POST entrega a mensagem ao cliente.
#[tokio::test(start_paused = true)]
async fn post_delivers_to_the_client() {
    let api = map_api();
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let alert = r#"{"kind":"granizo","city":"serra-clara"}"#;
    let response = api.manage(&callback(Method::Post, &id).body(alert)).await;
    expect_status(&response, 200, &format!("POST /%40connections/… com o id {id} codificado na URL"));
    expect_received(&api, &id, &[alert], "o POST levou o alerta");
}

/// Um `POST` é uma mensagem, e adia o fechamento da conexão parada; um `GET` não passa nada ao cliente, e não adia.
#[rstest]
#[case::post(Method::Post, 18)]
#[case::get(Method::Get, 10)]
#[tokio::test(start_paused = true)]
async fn only_a_post_is_activity(#[case] method: Method, #[case] closes: u64) {
    let api = map_api();
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let start = Instant::now();
    let backend = async {
        sleep(Duration::from_secs(8 * 60)).await;
        api.manage(&callback(method, &id).body("granizo")).await
    };
    let closed = async {
        api.watch(&id).await;
        start.elapsed()
    };
    let (response, after) = tokio::join!(backend, closed);
    expect_status(&response, 200, &format!("{method} no minuto 8 de uma conexão aberta"));
    let expected = Duration::from_secs(closes * 60);
    expect_same!(
        after,
        expected,
        "com um {method} no minuto 8 e mais nada, a conexão fecha em {} (10 min parada); a sua fechou em {}",
        duration(expected),
        duration(after)
    );
}

/// Um corpo de mais de 131.072 bytes é 413.
#[rstest]
#[case::the_largest(131_072, 200)]
#[case::one_byte_too_many(131_073, 413)]
#[tokio::test(start_paused = true)]
async fn a_callback_body_has_a_limit(#[case] bytes: usize, #[case] status: u16) {
    let api = map_api();
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let response = api.manage(&callback(Method::Post, &id).body(vec![b'a'; bytes])).await;
    expect_status(&response, status, &format!("um POST de {} bytes, com limite de 131.072", thousands(bytes)));
    let delivered = received(&api, &id).len();
    expect_same!(delivered, usize::from(status == 200), "um POST com {status} entregou {delivered} mensagens");
}

/// GET mostra a conexão.
#[tokio::test(start_paused = true)]
async fn get_shows_the_connection() {
    let api = map_api();
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    let response = api.manage(&callback(Method::Get, &id)).await;
    expect_status(&response, 200, "GET de uma conexão aberta");
    let info: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let expected = json!({
        "connectedAt": "2026-11-22T17:02:00Z",
        "identity": { "sourceIp": "203.0.113.7", "userAgent": "MapaGranizo/2.1" },
        "lastActiveAt": "2026-11-22T17:02:00Z",
    });
    expect_same!(info, expected, "o GET devolve {expected}; a sua API devolveu {}", response.body_text());
}

/// DELETE fecha a conexão e só depois roda `$disconnect`, que pode falhar à vontade; daí em diante é tudo 410.
#[tokio::test(start_paused = true)]
async fn delete_closes_and_then_everything_is_gone() {
    let base = map_api();
    let connections = base.connections.clone();
    let (disconnect, open) = spying(Reply::Throw("tabela fora do ar".to_owned()), move |event| {
        connections.get(&connection_id(event)).is_some()
    });
    let api = with(base, "$disconnect", &disconnect);
    let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
    expect_status(&api.manage(&callback(Method::Delete, &id)).await, 204, "DELETE de uma conexão aberta");
    let open = open();
    expect_same!(
        open,
        [false],
        "$disconnect roda uma vez, com a conexão já fechada; viu a conexão aberta assim: {open:?}"
    );
    for method in [Method::Post, Method::Get, Method::Delete] {
        let response = api.manage(&callback(method, &id).body("oi")).await;
        expect_status(&response, 410, &format!("{method} de uma conexão que fechou (GoneException)"));
    }
}

/// O mapa ao vivo: o alerta chega a quem está conectado, e o 410 diz quem tirar da lista.
#[tokio::test(start_paused = true)]
async fn the_hail_map_reaches_who_is_still_there() {
    let (subscribe_route, subscribers) = spying(json!({ "statusCode": 200 }).into(), connection_id);
    let api = with(map_api(), "subscribe", &subscribe_route);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = opened(api.connect(&upgrade(), Ok(())).await, "não há $connect");
        api.receive(&id, &subscribe()).await;
        ids.push(id);
    }
    api.close(&ids[1], 1006, "conexão perdida").await;
    let mut statuses = Vec::new();
    for id in subscribers() {
        statuses.push(api.manage(&callback(Method::Post, &id).body("granizo")).await.status);
    }
    expect_same!(
        statuses,
        [200, 410, 200],
        "três celulares assinaram e o segundo caiu: os POSTs dão 200, 410 e 200, e o 410 diz quem sai da lista; os seus \
         deram {statuses:?}"
    );
    expect_received(&api, &ids[2], &["granizo"], "o terceiro celular continua conectado");
}
