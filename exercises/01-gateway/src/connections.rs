//! As conexões abertas de uma API WebSocket e o que já chegou a cada cliente.
//!
//! ```text
//!   open ─▶ ┌──────────────┐ ─▶ frames: o que o cliente recebeu, na ordem
//!   send ─▶ │ Connections  │
//!   close ▶ └──────────────┘ ─▶ get: só enquanto está aberta
//! ```
//!
//! O relógio é o do tokio: pausado, duas horas de conexão passam na hora.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use crate::model::Request;

/// O que chega ao cliente.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Uma mensagem de texto.
    Text(String),
    /// O fechamento, com o código do WebSocket: 1001, 1009 …
    Close(u16),
}

/// Uma conexão.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// O `connectionId`.
    pub id: String,
    /// Quando o cliente pediu para conectar.
    pub connected_at: UtcDateTime,
    /// A última vez que algo passou por ela, para um lado ou para o outro.
    pub last_active_at: UtcDateTime,
    /// O endereço IP do cliente.
    pub source_ip: String,
    /// O `User-Agent` do cliente.
    pub user_agent: Option<String>,
}

impl Connection {
    /// O que `GET /@connections/{id}` mostra.
    pub fn info(&self) -> Value {
        let time = |time: UtcDateTime| time.format(&Rfc3339).unwrap_or_default();
        json!({
            "connectedAt": time(self.connected_at),
            "identity": { "sourceIp": self.source_ip, "userAgent": self.user_agent },
            "lastActiveAt": time(self.last_active_at),
        })
    }
}

/// O registro das conexões; clones são o mesmo registro.
#[derive(Debug, Clone)]
pub struct Connections {
    start: (Instant, UtcDateTime),
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    open: BTreeMap<String, Connection>,
    frames: BTreeMap<String, Vec<Frame>>,
}

impl Connections {
    /// Nenhuma conexão; o relógio marca `now`.
    pub fn new(now: UtcDateTime) -> Self {
        Self { start: (Instant::now(), now), inner: Arc::default() }
    }

    /// Agora.
    pub fn now(&self) -> UtcDateTime {
        let (instant, now) = self.start;
        now + instant.elapsed()
    }

    /// Um pedido de conexão que ainda não foi aceito: só [`Connections::open`] o põe no registro.
    pub fn pending(&self, id: &str, request: &Request) -> Connection {
        Connection {
            id: id.to_owned(),
            connected_at: self.now(),
            last_active_at: self.now(),
            source_ip: request.source_ip.clone(),
            user_agent: request.headers.get("User-Agent").map(str::to_owned),
        }
    }

    /// Abre a conexão: a partir daqui ela recebe e manda mensagens.
    pub fn open(&self, connection: Connection) {
        let connection = Connection { last_active_at: self.now(), ..connection };
        self.lock().open.insert(connection.id.clone(), connection);
    }

    /// A conexão, se está aberta.
    pub fn get(&self, id: &str) -> Option<Connection> {
        self.lock().open.get(id).cloned()
    }

    /// Anota que algo passou pela conexão.
    pub fn touch(&self, id: &str) {
        let now = self.now();
        if let Some(connection) = self.lock().open.get_mut(id) {
            connection.last_active_at = now;
        }
    }

    /// Manda um texto ao cliente. Devolve `false` se a conexão não está aberta: nada foi mandado.
    pub fn send(&self, id: &str, text: impl Into<String>) -> bool {
        self.touch(id);
        let mut inner = self.lock();
        let open = inner.open.contains_key(id);
        if open {
            inner.frames.entry(id.to_owned()).or_default().push(Frame::Text(text.into()));
        }
        open
    }

    /// Fecha a conexão com este código e devolve o que ela era; `None` se já estava fechada.
    pub fn close(&self, id: &str, code: u16) -> Option<Connection> {
        let mut inner = self.lock();
        let connection = inner.open.remove(id)?;
        inner.frames.entry(id.to_owned()).or_default().push(Frame::Close(code));
        Some(connection)
    }

    /// O que o cliente recebeu, em ordem; continua aqui depois do fechamento.
    pub fn frames(&self, id: &str) -> Vec<Frame> {
        self.lock().frames.get(id).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A trava só guarda dois mapas: se alguém entrou em pânico com ela, os dados continuam inteiros.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
