//! O site publicado: em uma subpasta de um servidor de arquivos qualquer, sem a API.

use std::path::PathBuf;

use axum::Router;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

use crate::bench::Bench;
use crate::page::Page;

/// O site estático e um servidor de arquivos que não sabe mais nada dele.
pub struct Published {
    url: String,
    out: PathBuf,
    server: JoinHandle<()>,
    _dir: TempDir,
}

impl Published {
    pub async fn start(bench: &Bench) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("site");
        let (course, built) = (bench.course.clone(), out.clone());
        tokio::task::spawn_blocking(move || site::build(&course, &built)).await.unwrap().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/um/sub/caminho", listener.local_addr().unwrap());
        let files = Router::new().nest_service("/um/sub/caminho", ServeDir::new(&out));
        let server = tokio::spawn(async move { axum::serve(listener, files).await.unwrap() });
        Self { url, out, server, _dir: dir }
    }

    pub async fn open(&self, bench: &Bench, path: &str) -> Page {
        let page = bench.window().await;
        page.goto(&format!("{}/{path}", self.url)).await;
        page.ready().await;
        page
    }

    /// Põe mais um arquivo na pasta publicada e diz o endereço dele.
    pub fn add(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.out.join(name), bytes).unwrap();
        format!("{}/{name}", self.url)
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub async fn the_static_site_works_from_a_sub_path(bench: &Bench) {
    let site = Published::start(bench).await;
    let page = site.open(bench, "async-invocation/queue.html").await;
    assert_eq!(page.count(".ace_editor").await, 0, "sem servidor não há onde gravar: não há editor");
    page.run_tests().await;
    assert_eq!(page.tests_in("passed").await, page.count("li[data-test]").await);
    page.goto(&format!("{}/async-invocation/retries.html", site.url)).await;
    page.ready().await;
    page.find(".lab [data-entry]").await;
    page.photograph("published").await;
    page.close().await;
}
