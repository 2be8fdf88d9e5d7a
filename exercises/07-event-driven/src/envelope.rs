//! O envelope de um evento no EventBridge: os nove campos que todo evento de um barramento tem.
//!
//! ```text
//!   PutEvents { Source, DetailType, Detail, Resources }
//!        │  o barramento acrescenta version, id, account, time e region
//!        ▼
//!   { "version": "0", "id": …, "detail-type": …, "source": …, "account": …, "time": …, "region": …,
//!     "resources": […], "detail": {…} }            ◀── é com isto que um padrão se compara
//! ```
//!
//! Segue `PutEvents`, da API do EventBridge, e `eb-events-structure`, do guia.

use serde_json::{Value, json};

/// A conta em que o barramento de Serra Clara está.
pub const ACCOUNT: &str = "123456789012";
/// A região dele.
pub const REGION: &str = "sa-east-1";

/// Um evento que alguém publicou.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// O que o identifica: o barramento dá um novo a cada evento.
    pub id: String,
    /// Quem publicou, como `weather.stations`.
    pub source: String,
    /// Que tipo de evento é, como `Reading Received`.
    pub detail_type: String,
    /// Quando, em RFC 3339.
    pub time: String,
    /// Os ARNs de que o evento trata.
    pub resources: Vec<String>,
    /// O conteúdo, um objeto.
    pub detail: Value,
}

impl Event {
    /// Um evento das 14h02, sem recursos.
    pub fn new(id: &str, source: &str, detail_type: &str, detail: Value) -> Self {
        Self {
            id: id.to_owned(),
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            time: "2026-11-22T17:02:00Z".to_owned(),
            resources: Vec::new(),
            detail,
        }
    }

    /// O mesmo evento, que trata também deste recurso.
    pub fn about(mut self, resource: &str) -> Self {
        self.resources.push(resource.to_owned());
        self
    }

    /// O envelope, como uma regra o vê.
    pub fn to_json(&self) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": ACCOUNT,
            "time": self.time,
            "region": REGION,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}
