//! A linha do tempo que um laboratório escreve: faixas e acontecimentos.

use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Timeline {
    pub lanes: Vec<Lane>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Lane {
    pub id: String,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    pub at_ms: u64,
    #[serde(default)]
    pub until_ms: Option<u64>,
    pub lane: String,
    pub kind: Kind,
    pub text: String,
}

/// O que aconteceu. Cada tipo tem nome, forma e cor: a cor nunca diz nada sozinha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Accepted,
    Enqueued,
    Started,
    Success,
    Error,
    Throttled,
    Scheduled,
    Delivered,
    Dropped,
    /// Também o que esta página ainda não conhece.
    #[serde(other)]
    Note,
}

impl Kind {
    /// O nome curto, debaixo do sinal.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "aceito",
            Self::Enqueued => "na fila",
            Self::Started => "começou",
            Self::Success => "deu certo",
            Self::Error => "erro",
            Self::Throttled => "limitado",
            Self::Scheduled => "agendado",
            Self::Delivered => "entregue",
            Self::Dropped => "descartado",
            Self::Note => "nota",
        }
    }

    /// O sufixo da classe CSS.
    pub fn class(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Enqueued => "enqueued",
            Self::Started => "started",
            Self::Success => "success",
            Self::Error => "error",
            Self::Throttled => "throttled",
            Self::Scheduled => "scheduled",
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Note => "note",
        }
    }
}

impl Timeline {
    /// Deixa os acontecimentos na ordem do tempo; os do mesmo instante, na ordem em que foram escritos.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|entry| entry.at_ms);
    }

    /// Uma linha do tempo escrita em um teste.
    #[cfg(test)]
    pub fn of(json: &str) -> Self {
        let mut timeline: Self = serde_json::from_str(json).expect("linha do tempo");
        timeline.sort();
        timeline
    }

    /// A posição da faixa de um acontecimento; uma faixa que falta na lista vai para a última linha.
    pub fn lane_index(&self, entry: &Entry) -> usize {
        self.lanes.iter().position(|lane| lane.id == entry.lane).unwrap_or(self.lanes.len().saturating_sub(1))
    }

    /// O nome da faixa, como se lê.
    pub fn lane_label<'a>(&'a self, entry: &'a Entry) -> &'a str {
        self.lanes.iter().find(|lane| lane.id == entry.lane).map_or(&entry.lane, |lane| &lane.label)
    }

    /// Os tipos que aparecem, para a legenda.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.entries.iter().map(|entry| entry.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

impl Entry {
    /// O fim, se o acontecimento dura; um fim antes do começo não conta.
    pub fn until(&self) -> Option<u64> {
        self.until_ms.filter(|until| *until > self.at_ms)
    }

    /// Quando, em palavras: `1 min` ou `1 min até 1 min 1 s`.
    pub fn when(&self) -> String {
        let at = crate::score::instant(self.at_ms);
        match self.until() {
            Some(until) => format!("{at} até {}", crate::score::instant(until)),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_time_order_and_ties_keep_theirs() {
        let timeline = Timeline::of(
            r#"{"version":1,"lanes":[{"id":"q","label":"fila"}],"entries":[
                {"at_ms":5,"lane":"q","kind":"error","text":"c"},
                {"at_ms":0,"lane":"q","kind":"enqueued","text":"a"},
                {"at_ms":5,"until_ms":6,"lane":"q","kind":"novo","text":"d"},
                {"at_ms":0,"lane":"x","kind":"started","text":"b"}],"summary":"s"}"#,
        );
        let texts: Vec<&str> = timeline.entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c", "d"]);
        assert_eq!(timeline.entries[3].kind, Kind::Note);
        assert_eq!(timeline.entries[3].when(), "5 ms até 6 ms");
        assert_eq!(timeline.lane_label(&timeline.entries[1]), "x");
        assert_eq!(timeline.kinds(), [Kind::Enqueued, Kind::Started, Kind::Error, Kind::Note]);
    }
}
