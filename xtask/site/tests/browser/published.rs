//! O site publicado: em uma subpasta de um servidor de arquivos qualquer, sem a API.

use axum::Router;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use crate::bench::Bench;

pub async fn the_static_site_works_from_a_sub_path(bench: &Bench) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("site");
    let (course, built) = (bench.course.clone(), out.clone());
    tokio::task::spawn_blocking(move || site::build(&course, &built)).await.unwrap().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let files = Router::new().nest_service("/um/sub/caminho", ServeDir::new(&out));
    let server = tokio::spawn(async move { axum::serve(listener, files).await });

    let page = bench.window().await;
    page.goto(&format!("http://{address}/um/sub/caminho/async-invocation/queue.html")).await;
    page.ready().await;
    assert_eq!(page.count(".ace_editor").await, 0, "sem servidor não há onde gravar: não há editor");
    page.run_tests().await;
    assert_eq!(page.tests_in("passed").await, page.count("li[data-test]").await);
    page.goto(&format!("http://{address}/um/sub/caminho/async-invocation/retries.html")).await;
    page.ready().await;
    page.find(".lab [data-entry]").await;
    page.photograph("published").await;
    page.close().await;
    server.abort();
}
