//! A linha do tempo: o que aconteceu, quando e em qual raia.
//!
//! Um [`Timeline`] é só uma alça: clonar é barato e todos os clones escrevem na mesma linha. Os instantes vêm do relógio do
//! tokio e contam a partir da criação; com o relógio pausado, seis horas de espera cabem em milissegundos.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

/// Uma raia do desenho: quem fez ou sofreu o que foi anotado.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// O nome no JSON, em inglês.
    pub id: &'static str,
    /// O nome que a pessoa lê.
    pub label: &'static str,
}

/// O tipo do que aconteceu; decide a cor e o símbolo no desenho.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Um pedido foi aceito.
    Accepted,
    /// Um evento entrou na fila.
    Enqueued,
    /// Uma execução começou.
    Started,
    /// Terminou bem.
    Success,
    /// Terminou em erro.
    Error,
    /// Foi recusado por falta de capacidade ou por falha do serviço.
    Throttled,
    /// Ficou marcado para depois.
    Scheduled,
    /// Chegou a um destino.
    Delivered,
    /// Foi descartado.
    Dropped,
    /// Uma observação.
    Note,
}

impl Kind {
    /// A palavra da coluna do tipo no texto.
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "aceito",
            Self::Enqueued => "na fila",
            Self::Started => "começou",
            Self::Success => "sucesso",
            Self::Error => "erro",
            Self::Throttled => "recusado",
            Self::Scheduled => "marcado",
            Self::Delivered => "entregue",
            Self::Dropped => "descartado",
            Self::Note => "nota",
        }
    }
}

/// Uma anotação da linha do tempo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Milissegundos desde o começo da linha.
    pub at_ms: u64,
    /// Quando terminou, se durou.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// O [`Lane::id`].
    pub lane: &'static str,
    /// O tipo.
    pub kind: Kind,
    /// O que a pessoa lê.
    pub text: String,
}

#[derive(Debug, Default)]
struct Inner {
    lanes: Vec<Lane>,
    entries: Vec<Entry>,
}

/// A linha do tempo de um modelo.
#[derive(Debug, Clone)]
pub struct Timeline {
    start: Instant,
    inner: Arc<Mutex<Inner>>,
}

impl Timeline {
    /// Começa a contar agora, com as raias na ordem em que o desenho as mostra.
    pub fn new(lanes: &[Lane]) -> Self {
        Self {
            start: Instant::now(),
            inner: Arc::new(Mutex::new(Inner { lanes: lanes.to_vec(), entries: Vec::new() })),
        }
    }

    /// Anota algo que aconteceu agora.
    pub fn record(&self, lane: Lane, kind: Kind, text: impl Into<String>) {
        self.push(lane, kind, text.into(), self.elapsed(), None);
    }

    /// Anota algo que começou em `since` e terminou agora.
    pub fn record_since(&self, since: Instant, lane: Lane, kind: Kind, text: impl Into<String>) {
        let at = since.saturating_duration_since(self.start);
        self.push(lane, kind, text.into(), at, Some(self.elapsed()));
    }

    /// O tempo desde o começo da linha.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// As anotações, em ordem de instante; no mesmo instante, na ordem em que foram escritas.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = self.lock().entries.clone();
        entries.sort_by_key(|entry| entry.at_ms);
        entries
    }

    fn push(&self, lane: Lane, kind: Kind, text: String, at: Duration, until: Option<Duration>) {
        let mut inner = self.lock();
        // Uma raia esquecida em `new` aparece no fim do desenho, em vez de sumir dele.
        if !inner.lanes.iter().any(|known| known.id == lane.id) {
            inner.lanes.push(lane);
        }
        inner.entries.push(Entry {
            at_ms: milliseconds(at),
            until_ms: until.map(milliseconds),
            lane: lane.id,
            kind,
            text,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nenhum código que possa entrar em pânico roda com a trava na mão: uma trava envenenada não deixa dados pela metade.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uma linha por anotação: instante, raia, tipo e texto.
impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes = self.lock().lanes.clone();
        let width = lanes.iter().map(|lane| lane.label.chars().count()).max();
        for entry in self.entries() {
            let label = lanes.iter().find(|lane| lane.id == entry.lane);
            let label = label.map_or(entry.lane, |lane| lane.label);
            let instant = clock(entry.at_ms);
            let (width, word) = (width.unwrap_or(0), entry.kind.word());
            writeln!(f, "{instant}  {label:width$}  {word:10}  {}", entry.text)?;
        }
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `3661500` vira `01:01:01.500`.
fn clock(at_ms: u64) -> String {
    let (seconds, milliseconds) = (at_ms / 1000, at_ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}")
}

/// As raias e o que aconteceu: a forma que os laboratórios escrevem e a página desenha.
impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Timeline", 2)?;
        document.serialize_field("lanes", &self.lock().lanes)?;
        document.serialize_field("entries", &self.entries())?;
        document.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: Lane = Lane { id: "caller", label: "quem chamou" };
    const QUEUE: Lane = Lane { id: "queue", label: "fila" };

    #[tokio::test(start_paused = true)]
    async fn instants_come_from_the_paused_clock() {
        let timeline = Timeline::new(&[CALLER, QUEUE]);
        timeline.record(CALLER, Kind::Accepted, "202");
        let since = Instant::now();
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        timeline.record_since(since, QUEUE, Kind::Error, "falhou");
        timeline.record(QUEUE, Kind::Dropped, "descartado");

        insta::assert_snapshot!(timeline, @"
        00:00:00.000  quem chamou  aceito      202
        00:00:00.000  fila         erro        falhou
        01:00:00.000  fila         descartado  descartado
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn json_follows_the_contract_of_the_labs() {
        let timeline = Timeline::new(&[CALLER]);
        let since = Instant::now();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        timeline.record_since(since, CALLER, Kind::Success, "ação");
        timeline.record(QUEUE, Kind::Note, "raia que não estava na lista");

        let json = serde_json::to_string(&timeline).expect("serializa");
        assert_eq!(
            json,
            concat!(
                r#"{"lanes":[{"id":"caller","label":"quem chamou"},{"id":"queue","label":"fila"}],"#,
                r#""entries":[{"at_ms":0,"until_ms":1500,"lane":"caller","kind":"success","text":"ação"},"#,
                r#"{"at_ms":1500,"lane":"queue","kind":"note","text":"raia que não estava na lista"}]}"#,
            )
        );
    }

    #[tokio::test(start_paused = true)]
    async fn clones_write_on_the_same_line() {
        let timeline = Timeline::new(&[CALLER]);
        timeline.clone().record(CALLER, Kind::Note, "do clone");
        assert_eq!(timeline.entries().len(), 1);
    }

    #[test]
    fn the_clock_shows_hours_minutes_seconds_and_milliseconds() {
        assert_eq!(clock(0), "00:00:00.000");
        assert_eq!(clock(3_661_500), "01:01:01.500");
    }
}
