//! O servidor de verdade, em uma porta livre: começa, responde, recusa a porta ocupada e para com eventos abertos.

#![allow(clippy::unwrap_used, reason = "em um teste, o pânico é a falha")]

use std::fs;
use std::path::Path;

use grader::course::Course;
use site::{Options, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn put(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn course(root: &Path) -> Course {
    put(
        root,
        "exercises/course.toml",
        "version = 1\ntitle = \"T\"\n[[chapters]]\nid = \"04-a\"\ntitle = \"A\"\n\
         steps = [{ id = \"q\", title = \"Q\", points = 1, minutes = 1, hints = [] }]\n",
    );
    put(root, "exercises/04-a/src/q.rs", "fn q() {}\n");
    put(root, "exercises/04-a/tests/grade/q.rs", "/// Confere\n#[test]\nfn t() {}\n");
    put(root, "book/book.toml", "[book]\nsrc = \"src\"\n[output.html]\ninput-404 = \"\"\n");
    put(root, "book/src/SUMMARY.md", "[Q](a/q.md)\n");
    put(root, "book/src/a/q.md", "# Q\n");
    put(root, "book/theme/caderno/app.js", "");
    put(root, "book/theme/caderno/caderno.css", "");
    Course::load(root).unwrap()
}

async fn open(url: &str, path: &str) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn the_server_answers_refuses_a_taken_port_and_stops_with_events_open() {
    let dir = tempfile::tempdir().unwrap();
    let course = course(dir.path());
    let server = serve(Options { course: course.clone(), port: 0, wasm: None }).await.unwrap();
    let url = server.url();

    let mut events = open(&url, &format!("/api/steps/a/q/events?token={}", server.token())).await;
    let mut start = [0; 15];
    events.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");

    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let error = serve(Options { course, port, wasm: None }).await.err().unwrap().to_string();
    assert!(error.contains("ocupada") && error.contains(&format!("--port {}", port + 1)), "{error}");

    server.stop().await.unwrap();
    let mut rest = Vec::new();
    events.read_to_end(&mut rest).await.unwrap();
}
