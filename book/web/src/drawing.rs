//! Onde cada sinal da linha do tempo fica: deitada em telas largas, em pé no telefone.
//!
//! Só contas; quem escreve o SVG é [`crate::svg`].

use crate::{axis::Axis, score, timeline::Timeline};

/// Abaixo desta largura a figura fica em pé.
pub const NARROW: f64 = 520.0;

const TOP: f64 = 26.0;
const ROW: f64 = 52.0;
const RADIUS: f64 = 11.0;
const MARGIN: f64 = 10.0;
/// Depois do último instante, para o rótulo dele.
const TAIL: f64 = 30.0;

/// Um sinal, já com lugar.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Posição do acontecimento na linha do tempo.
    pub entry: usize,
    pub x: f64,
    pub y: f64,
    /// Até onde vai a barra de quem dura.
    pub bar_to: Option<f64>,
    /// Linhas de texto, da primeira base para baixo.
    pub text: Vec<String>,
    pub text_x: f64,
    pub text_y: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LaneBand {
    pub label: String,
    /// Deitada: topo e altura da faixa. Em pé: o centro do trilho, e altura zero.
    pub start: f64,
    pub size: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Deitada: onde o instante começa na horizontal. Em pé: a base do rótulo.
    pub at: f64,
    /// Largura do fundo que junta o que aconteceu no mesmo instante (só deitada).
    pub width: f64,
    pub label: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    pub vertical: bool,
    pub width: f64,
    pub height: f64,
    /// Onde acaba a coluna dos nomes (deitada) ou a dos trilhos (em pé).
    pub gutter: f64,
    pub lanes: Vec<LaneBand>,
    pub ticks: Vec<Tick>,
    pub marks: Vec<Mark>,
}

/// Escolhe a forma pela largura disponível e faz as contas.
pub fn draw(timeline: &Timeline, available: f64) -> Drawing {
    if available < NARROW { vertical(timeline, available) } else { horizontal(timeline, available) }
}

fn horizontal(timeline: &Timeline, available: f64) -> Drawing {
    let longest = timeline.lanes.iter().map(|lane| lane.label.chars().count()).max().unwrap_or(0);
    let gutter = (longest as f64 * 7.2 + 12.0).clamp(60.0, 190.0);
    let axis = Axis::new(timeline, available - gutter - MARGIN - TAIL, (30.0, 74.0));
    let left = gutter + MARGIN;
    let rows = stack(timeline, &axis);

    let mut lanes = Vec::new();
    let mut top = TOP;
    for (index, lane) in timeline.lanes.iter().enumerate() {
        let used = rows
            .iter()
            .zip(&timeline.entries)
            .filter(|(_, entry)| timeline.lane_index(entry) == index)
            .map(|(row, _)| row + 1)
            .max()
            .unwrap_or(1);
        let size = used as f64 * ROW;
        lanes.push(LaneBand { label: lane.label.clone(), start: top, size });
        top += size;
    }

    let mut marks: Vec<Mark> = timeline
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let lane = timeline.lane_index(entry);
            let start = lanes.get(lane).map_or(TOP, |band: &LaneBand| band.start);
            let y = start + rows[index] as f64 * ROW + 18.0;
            let x = left + axis.centers[index];
            let bar_to = entry.until().and_then(|until| axis.x_of(until)).map(|to| left + to);
            Mark { entry: index, x, y, bar_to, text: vec![entry.kind.label().to_owned()], text_x: x, text_y: y + 27.0 }
        })
        .collect();
    hide_crowded_labels(&mut marks);
    let ticks = axis
        .instants
        .iter()
        .map(|instant| Tick { at: left + instant.x, width: instant.width, label: instant.label.clone() })
        .collect();
    let width = (left + axis.width + TAIL).max(available);
    Drawing { vertical: false, width, height: top + 4.0, gutter, lanes, ticks, marks }
}

/// Em que linha da faixa cada acontecimento fica, para que uma barra nunca passe por baixo de outro sinal.
fn stack(timeline: &Timeline, axis: &Axis) -> Vec<usize> {
    let mut busy: Vec<Vec<f64>> = vec![Vec::new(); timeline.lanes.len().max(1)];
    timeline
        .entries
        .iter()
        .zip(&axis.centers)
        .map(|(entry, center)| {
            let start = center - RADIUS;
            let bar = entry.until().and_then(|until| axis.x_of(until));
            let end = bar.unwrap_or(*center).max(center + RADIUS);
            let rows = &mut busy[timeline.lane_index(entry)];
            match rows.iter().position(|free_from| *free_from <= start) {
                Some(row) => {
                    rows[row] = end;
                    row
                }
                None => {
                    rows.push(end);
                    rows.len() - 1
                }
            }
        })
        .collect()
}

/// Um nome curto só aparece quando não encosta no nome do vizinho da mesma linha; o texto inteiro continua no detalhe.
fn hide_crowded_labels(marks: &mut [Mark]) {
    let half = |mark: &Mark| mark.text.first().map_or(0.0, |text| text.chars().count() as f64 * 3.1 + 2.0);
    for index in 0..marks.len() {
        let (x, y, reach) = (marks[index].x, marks[index].y, half(&marks[index]));
        let crowded = marks.iter().enumerate().any(|(other, mark)| {
            other < index && mark.y == y && !mark.text.is_empty() && (mark.x - x).abs() < reach + half(mark)
        });
        if crowded {
            marks[index].text.clear();
        }
    }
}

fn vertical(timeline: &Timeline, available: f64) -> Drawing {
    const RAIL: f64 = 24.0;
    const LINE: f64 = 16.0;
    let lanes: Vec<LaneBand> = timeline
        .lanes
        .iter()
        .enumerate()
        .map(|(index, lane)| LaneBand { label: lane.label.clone(), start: RAIL * (index as f64 + 0.5), size: 0.0 })
        .collect();
    let text_x = RAIL * lanes.len() as f64 + 8.0;
    let fits = (((available - text_x - 4.0) / 6.2) as usize).max(8);

    // Os nomes das faixas descem em escada, cada um sobre o seu trilho, para caberem em qualquer largura.
    let mut y = 8.0 + LINE * lanes.len() as f64;
    let mut marks = Vec::new();
    let mut ticks = Vec::new();
    let mut last = None;
    let mut written = String::new();
    for (index, entry) in timeline.entries.iter().enumerate() {
        let new_instant = last != Some(entry.at_ms);
        y += if new_instant { 10.0 } else { 4.0 };
        if new_instant {
            // O instante tem a sua linha, sobre os textos: em uma coluna à parte ele os deixaria estreitos demais.
            let label = Some(score::tick(entry.at_ms)).filter(|label| *label != written);
            if let Some(label) = &label {
                y += LINE;
                written.clone_from(label);
            }
            ticks.push(Tick { at: y - 2.0, width: 0.0, label });
        }
        let text = wrap(&entry.text, fits);
        let height = (text.len() as f64 * LINE).max(2.0 * RADIUS + 4.0);
        let center = y + RADIUS + 2.0;
        last = Some(entry.at_ms);
        let x = lanes.get(timeline.lane_index(entry)).map_or(text_x, |lane| lane.start);
        marks.push(Mark { entry: index, x, y: center, bar_to: None, text, text_x, text_y: center + 4.0 });
        y += height;
    }
    Drawing { vertical: true, width: available, height: y + 8.0, gutter: text_x, lanes, ticks, marks }
}

/// Quebra um texto em linhas de até `columns` caracteres, nos espaços; uma palavra maior que a linha é partida.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(columns) {
            if length > 0 && length + 1 + piece.len() > columns {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries() -> Timeline {
        Timeline::of(
            r#"{"version":1,"summary":"s",
            "lanes":[{"id":"caller","label":"quem chamou"},{"id":"queue","label":"fila interna"},{"id":"fn","label":"função"}],
            "entries":[
              {"at_ms":0,"lane":"caller","kind":"accepted","text":"202 para o pedido 7"},
              {"at_ms":0,"lane":"queue","kind":"enqueued","text":"entrou na fila"},
              {"at_ms":0,"until_ms":2000,"lane":"fn","kind":"error","text":"1ª tentativa: erro da função"},
              {"at_ms":1000,"until_ms":3000,"lane":"fn","kind":"success","text":"outro evento, ao mesmo tempo"},
              {"at_ms":21600000,"lane":"queue","kind":"dropped","text":"passou da idade máxima"}]}"#,
        )
    }

    #[test]
    fn signs_of_one_row_never_overlap() {
        for width in [520.0, 700.0, 1200.0] {
            let drawing = draw(&retries(), width);
            for a in &drawing.marks {
                for b in &drawing.marks {
                    let apart = a.entry == b.entry || a.y != b.y || (a.x - b.x).abs() >= 2.0 * RADIUS;
                    assert!(apart, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn overlapping_bars_of_a_lane_get_rows_of_their_own() {
        let drawing = draw(&retries(), 700.0);
        assert!(!drawing.vertical);
        assert_ne!(drawing.marks[2].y, drawing.marks[3].y);
        assert_eq!(drawing.lanes[2].size, 2.0 * ROW);
        assert!(drawing.marks[2].bar_to > Some(drawing.marks[2].x));
    }

    #[test]
    fn a_phone_gets_the_vertical_drawing_that_fits_its_width() {
        let drawing = draw(&retries(), 320.0);
        assert!(drawing.vertical);
        assert_eq!(drawing.width, 320.0);
        let labels: Vec<_> = drawing.ticks.iter().filter_map(|tick| tick.label.as_deref()).collect();
        assert_eq!(labels, ["0", "1 s", "6 h"]);
        for mark in &drawing.marks {
            let widest = mark.text.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(mark.text_x + widest as f64 * 6.2 <= 320.0, "{mark:?}");
        }
        for pair in drawing.marks.windows(2) {
            assert!(pair[1].y - pair[0].y >= 2.0 * RADIUS);
        }
    }

    #[test]
    fn text_wraps_at_spaces_and_breaks_only_long_words() {
        assert_eq!(wrap("um dois três", 7), ["um dois", "três"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn an_empty_timeline_still_draws_its_lanes() {
        let mut timeline = retries();
        timeline.entries.clear();
        for width in [320.0, 700.0] {
            let drawing = draw(&timeline, width);
            assert_eq!(drawing.lanes.len(), 3);
            assert!(drawing.marks.is_empty() && drawing.height > 0.0);
        }
        timeline.lanes.clear();
        assert!(draw(&timeline, 700.0).lanes.is_empty());
    }
}
