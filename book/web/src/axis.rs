//! O eixo do tempo, que vai de milissegundos a horas na mesma figura.
//!
//! Uma escala linear esconde tudo o que acontece perto do zero, e uma logarítmica junta o que aconteceu às 6 h. Aqui o eixo é
//! feito de *instantes*: cada instante em que algo acontece ganha lugar para tudo o que houve nele, lado a lado e na ordem; a
//! distância entre dois instantes cresce com o logaritmo da espera. A figura diz isso a quem a lê.

use crate::{score, timeline::Timeline};

/// A menor distância entre dois instantes.
const MIN_GAP: f64 = 18.0;
/// A maior: com poucos instantes a figura não precisa ocupar a largura toda com vazio.
const MAX_GAP: f64 = 150.0;
/// Largura de um caractere de rótulo.
const CHARACTER: f64 = 6.0;

/// Um instante do eixo.
#[derive(Clone, Debug, PartialEq)]
pub struct Instant {
    pub at_ms: u64,
    pub x: f64,
    pub width: f64,
    /// O rótulo, quando cabe sem encostar no vizinho.
    pub label: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub instants: Vec<Instant>,
    /// O centro de cada acontecimento, na ordem da linha do tempo.
    pub centers: Vec<f64>,
    pub slot: f64,
    pub width: f64,
}

impl Axis {
    /// Distribui a linha do tempo por `available` pontos, com lugares de `slots.0` a `slots.1`. Se nem o mínimo couber, o eixo
    /// fica mais largo que o pedido e a figura rola.
    pub fn new(timeline: &Timeline, available: f64, slots: (f64, f64)) -> Self {
        let mut times: Vec<u64> =
            timeline.entries.iter().flat_map(|entry| [Some(entry.at_ms), entry.until()]).flatten().collect();
        times.sort_unstable();
        times.dedup();
        let counts: Vec<usize> =
            times.iter().map(|time| timeline.entries.iter().filter(|entry| entry.at_ms == *time).count()).collect();
        let total: usize = counts.iter().sum();
        let gaps = times.len().saturating_sub(1) as f64;
        let slot = ((available - gaps * MIN_GAP) / total.max(1) as f64).clamp(slots.0, slots.1);
        let spare = (available - gaps * MIN_GAP - slot * total as f64).max(0.0);
        let weights: Vec<f64> = times.windows(2).map(|pair| weight(pair[1] - pair[0])).collect();
        let all: f64 = weights.iter().sum();

        let mut x = 0.0;
        let mut instants = Vec::with_capacity(times.len());
        for (index, (&at_ms, &count)) in times.iter().zip(&counts).enumerate() {
            if index > 0 {
                let extra = spare * weights[index - 1] / all.max(f64::EPSILON);
                x += (MIN_GAP + extra).min(MAX_GAP);
            }
            let width = count as f64 * slot;
            instants.push(Instant { at_ms, x, width, label: None });
            x += width;
        }
        let width = x;
        label(&mut instants);
        let mut used = vec![0usize; instants.len()];
        let centers = timeline
            .entries
            .iter()
            .map(|entry| {
                let index = times.binary_search(&entry.at_ms).unwrap_or(0);
                used[index] += 1;
                instants[index].x + (used[index] as f64 - 0.5) * slot
            })
            .collect();
        Self { instants, centers, slot, width }
    }

    /// Onde fica o começo de um instante.
    pub fn x_of(&self, at_ms: u64) -> Option<f64> {
        self.instants.iter().find(|instant| instant.at_ms == at_ms).map(|instant| instant.x)
    }
}

/// Quanto da folga cabe a uma espera: 1 s, 1 min e 1 h ficam visivelmente diferentes.
fn weight(delta_ms: u64) -> f64 {
    (1.0 + delta_ms as f64 / 100.0).ln()
}

/// Põe os rótulos que cabem: o primeiro e o último sempre; entre eles, da esquerda para a direita.
fn label(instants: &mut [Instant]) {
    const SPACE: f64 = 8.0;
    let Some(last) = instants.len().checked_sub(1) else {
        return;
    };
    let text_of = |instant: &Instant| score::tick(instant.at_ms);
    let last_start = instants[last].x;
    let mut free_from = f64::NEG_INFINITY;
    let mut before = String::new();
    for (index, instant) in instants.iter_mut().enumerate() {
        let text = text_of(instant);
        let end = instant.x + text.chars().count() as f64 * CHARACTER;
        let clear_of_last = index == last || index == 0 || end + SPACE <= last_start;
        // Arredondados, dois instantes vizinhos podem ter o mesmo rótulo: basta o primeiro.
        if instant.x >= free_from && clear_of_last && text != before {
            instant.label = Some(text.clone());
            free_from = end + SPACE;
        }
        before = text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{Entry, Kind};

    fn timeline(entries: &[(u64, Option<u64>)]) -> Timeline {
        Timeline {
            lanes: Vec::new(),
            entries: entries
                .iter()
                .map(|&(at_ms, until_ms)| Entry {
                    at_ms,
                    until_ms,
                    lane: "q".into(),
                    kind: Kind::Note,
                    text: String::new(),
                })
                .collect(),
        }
    }

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.instants.iter().filter_map(|instant| instant.label.as_deref()).collect()
    }

    #[test]
    fn six_hours_and_one_second_fit_in_the_same_figure() {
        let axis = Axis::new(
            &timeline(&[(0, None), (1_000, None), (60_000, None), (180_000, None), (21_600_000, None)]),
            700.0,
            (34.0, 72.0),
        );
        assert_eq!(labels(&axis), ["0", "1 s", "1 min", "3 min", "6 h"]);
        assert!(axis.width <= 700.0, "{}", axis.width);
    }

    #[test]
    fn a_longer_wait_is_drawn_longer() {
        let axis =
            Axis::new(&timeline(&[(0, None), (1_000, None), (61_000, None), (21_600_000, None)]), 600.0, (34.0, 72.0));
        let gaps: Vec<f64> = axis.instants.windows(2).map(|pair| pair[1].x - pair[0].x - pair[0].width).collect();
        assert!(gaps[0] < gaps[1] && gaps[1] < gaps[2], "{gaps:?}");
    }

    #[test]
    fn what_happens_at_the_same_instant_stands_side_by_side_in_order() {
        let axis = Axis::new(&timeline(&[(0, None), (0, None), (0, None)]), 90.0, (34.0, 72.0));
        let steps: Vec<f64> = axis.centers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(steps, [34.0, 34.0]);
        assert_eq!(labels(&axis), ["0"]);
        assert!(axis.width > 90.0, "não cabe: a figura rola");
    }

    #[test]
    fn the_end_of_something_is_an_instant_without_width() {
        let axis = Axis::new(&timeline(&[(0, Some(1_000))]), 300.0, (34.0, 72.0));
        assert_eq!(axis.instants[1].width, 0.0);
        assert_eq!(axis.x_of(1_000), Some(axis.instants[1].x));
    }

    #[test]
    fn labels_never_touch_and_the_last_one_is_always_there() {
        let many: Vec<(u64, Option<u64>)> = (0..40).map(|minute| (minute * 60_000, None)).collect();
        let axis = Axis::new(&timeline(&many), 300.0, (20.0, 72.0));
        let shown: Vec<&Instant> = axis.instants.iter().filter(|instant| instant.label.is_some()).collect();
        for pair in shown.windows(2) {
            let text = pair[0].label.as_deref().unwrap_or_default();
            assert!(pair[0].x + text.chars().count() as f64 * CHARACTER <= pair[1].x, "{pair:?}");
        }
        assert_eq!(shown.last().and_then(|last| last.label.as_deref()), Some("39 min"));
    }

    #[test]
    fn an_empty_timeline_has_an_empty_axis() {
        let axis = Axis::new(&timeline(&[]), 300.0, (34.0, 72.0));
        assert_eq!((axis.width, axis.instants.len()), (0.0, 0));
    }
}
