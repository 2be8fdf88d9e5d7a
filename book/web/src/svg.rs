//! A linha do tempo como SVG.
//!
//! Cores vêm do CSS do livro, por classe. Os textos vêm de código que a pessoa escreveu: tudo passa por [`escape`].

use std::fmt::Write;

use crate::{
    drawing::{Drawing, Mark},
    score,
    timeline::{Entry, Kind, Timeline},
};

/// Texto pronto para entrar em SVG ou HTML, também dentro de aspas.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// O que um leitor de tela diz de um acontecimento, e a linha de detalhe mostra.
pub fn describe(timeline: &Timeline, entry: &Entry) -> String {
    format!("{}, {}, {}: {}", entry.when(), timeline.lane_label(entry), entry.kind.label(), entry.text)
}

/// O desenho inteiro. `current` é o acontecimento que recebe o foco quando se chega à figura com Tab;
/// `how_to_read` é o `id` do texto que explica o eixo.
///
/// Deitado, os nomes das faixas vão em um SVG à parte, que fica parado quando o resto rola.
pub fn render(timeline: &Timeline, drawing: &Drawing, current: usize, how_to_read: &str) -> String {
    let mut svg = String::from(r#"<div class="tl-quadro">"#);
    let (form, left) = if drawing.vertical {
        ("tl tl-em-pe", 0.0)
    } else {
        lane_names(&mut svg, drawing);
        ("tl", drawing.gutter)
    };
    let (width, height) = ((drawing.width - left).floor(), drawing.height.ceil());
    put(
        &mut svg,
        format_args!(
            r#"<svg class="{form}" xmlns="http://www.w3.org/2000/svg" viewBox="{left} 0 {width} {height}" width="{width}" height="{height}" role="list" aria-label="Linha do tempo" aria-describedby="{how_to_read}">"#
        ),
    );
    scenery(&mut svg, drawing);
    for mark in &drawing.marks {
        if let Some(entry) = timeline.entries.get(mark.entry) {
            sign(&mut svg, timeline, entry, mark, drawing, mark.entry == current);
        }
    }
    svg.push_str("</svg></div>");
    svg
}

fn lane_names(svg: &mut String, drawing: &Drawing) {
    let (width, height) = (drawing.gutter.floor(), drawing.height.ceil());
    put(
        svg,
        format_args!(
            r#"<svg class="tl tl-nomes" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">"#
        ),
    );
    for lane in &drawing.lanes {
        put(
            svg,
            format_args!(
                r#"<path class="tl-marco" d="M0 {y} H{width} M0 {end} H{width}"/><text class="tl-faixa-nome" x="4" y="{text}">{label}</text>"#,
                y = lane.start,
                end = lane.start + lane.size,
                text = lane.start + 22.0,
                label = escape(&lane.label)
            ),
        );
    }
    svg.push_str("</svg>");
}

fn put(svg: &mut String, text: std::fmt::Arguments) {
    // Escrever em uma String não falha.
    let _ = svg.write_fmt(text);
}

/// O que fica por trás: faixas, instantes e seus rótulos. Nada disso é lido em voz alta; cada sinal já diz quando e onde.
fn scenery(svg: &mut String, drawing: &Drawing) {
    svg.push_str(r#"<g aria-hidden="true">"#);
    let (width, height) = (drawing.width, drawing.height);
    if drawing.vertical {
        for (index, lane) in drawing.lanes.iter().enumerate() {
            let top = 14.0 + 16.0 * index as f64;
            put(
                svg,
                format_args!(
                    r#"<path class="tl-trilho" d="M{x} {} V{height}"/><text class="tl-faixa-nome" x="{}" y="{top}">{}</text>"#,
                    top + 4.0,
                    lane.start - 4.0,
                    escape(&lane.label),
                    x = lane.start,
                ),
            );
        }
    } else {
        for lane in &drawing.lanes {
            put(
                svg,
                format_args!(
                    r#"<rect class="tl-faixa" x="-1" y="{}" width="{}" height="{}"/>"#,
                    lane.start,
                    width + 2.0,
                    lane.size
                ),
            );
        }
    }
    for tick in &drawing.ticks {
        let label = tick.label.as_deref().map(escape).unwrap_or_default();
        if drawing.vertical {
            put(
                svg,
                format_args!(r#"<text class="tl-instante" x="{}" y="{}">{label}</text>"#, drawing.gutter, tick.at),
            );
        } else {
            put(
                svg,
                format_args!(
                    r#"<rect class="tl-grupo" x="{x}" y="22" width="{w}" height="{h}" rx="4"/><path class="tl-marco" d="M{x} 20 V{bottom}"/><text class="tl-instante" x="{x}" y="14">{label}</text>"#,
                    x = tick.at,
                    w = tick.width,
                    h = height - 26.0,
                    bottom = height - 4.0,
                ),
            );
        }
    }
    svg.push_str("</g>");
}

fn sign(svg: &mut String, timeline: &Timeline, entry: &Entry, mark: &Mark, drawing: &Drawing, current: bool) {
    let kind = entry.kind;
    let description = escape(&describe(timeline, entry));
    let tab = if current { 0 } else { -1 };
    put(
        svg,
        format_args!(
            r#"<g class="tl-sinal tl-{}" role="listitem" tabindex="{tab}" data-entry="{}" aria-label="{description}"><title>{description}</title>"#,
            kind.class(),
            mark.entry,
        ),
    );
    if let Some(to) = mark.bar_to.filter(|to| *to > mark.x) {
        put(
            svg,
            format_args!(
                r#"<rect class="tl-barra" x="{}" y="{}" width="{}" height="6" rx="3"/>"#,
                mark.x,
                mark.y - 3.0,
                to - mark.x
            ),
        );
    }
    if drawing.vertical {
        // O alvo do dedo é a linha inteira.
        put(
            svg,
            format_args!(
                r#"<rect class="tl-alvo" x="0" y="{}" width="{}" height="{}"/>"#,
                mark.y - 13.0,
                drawing.width,
                (mark.text.len() as f64 * 16.0).max(26.0)
            ),
        );
    }
    put(svg, format_args!(r#"<g transform="translate({} {})">{}</g>"#, mark.x, mark.y, icon(kind)));
    for (line, text) in mark.text.iter().enumerate() {
        put(
            svg,
            format_args!(
                r#"<text class="tl-texto" x="{}" y="{}">{}</text>"#,
                mark.text_x,
                mark.text_y + line as f64 * 16.0,
                escape(text)
            ),
        );
    }
    svg.push_str("</g>");
}

/// O sinal de cada tipo, centrado em 0,0 e com 22 de lado: a forma de fora já distingue quem não distingue cores.
pub fn icon(kind: Kind) -> &'static str {
    match kind {
        Kind::Accepted => {
            r#"<circle class="tl-forma" r="10"/><path class="tl-traco" d="M-4.5 .5 L-1.5 3.5 L4.5 -3.5"/>"#
        }
        Kind::Enqueued => {
            r#"<rect class="tl-forma" x="-10" y="-10" width="20" height="20" rx="4"/><path class="tl-traco" d="M-5 -4.5 H5 M-5 0 H5 M-5 4.5 H5"/>"#
        }
        Kind::Started => r#"<circle class="tl-forma" r="10"/><path class="tl-cheio" d="M-3 -5 L5.5 0 L-3 5 Z"/>"#,
        Kind::Success => {
            r#"<circle class="tl-forma tl-solida" r="10"/><path class="tl-traco" d="M-4.5 .5 L-1.5 3.5 L4.5 -3.5"/>"#
        }
        Kind::Error => {
            r#"<path class="tl-forma tl-solida" d="M-4.2 -10 H4.2 L10 -4.2 V4.2 L4.2 10 H-4.2 L-10 4.2 V-4.2 Z"/><path class="tl-traco" d="M-4 -4 L4 4 M4 -4 L-4 4"/>"#
        }
        Kind::Throttled => {
            r#"<path class="tl-forma tl-solida" d="M0 -11 L11 0 L0 11 L-11 0 Z"/><path class="tl-traco" d="M-2.5 -4 V4 M2.5 -4 V4"/>"#
        }
        Kind::Scheduled => r#"<circle class="tl-forma" r="10"/><path class="tl-traco" d="M0 -5.5 V0 L4 2.5"/>"#,
        Kind::Delivered => {
            r#"<rect class="tl-forma" x="-10.5" y="-8" width="21" height="16" rx="2"/><path class="tl-traco" d="M-10 -6.5 L0 1.5 L10 -6.5"/>"#
        }
        Kind::Dropped => {
            r#"<path class="tl-forma tl-tracejada" d="M0 10.5 L-11 -8.5 H11 Z"/><path class="tl-traco" d="M-4 -4.5 H4"/>"#
        }
        Kind::Note => {
            r#"<rect class="tl-forma" x="-9" y="-10" width="18" height="20"/><path class="tl-traco" d="M0 -1 V5 M0 -5.2 V-4.8"/>"#
        }
    }
}

/// A legenda dos tipos que aparecem, em HTML.
pub fn legend(timeline: &Timeline) -> String {
    timeline
        .kinds()
        .into_iter()
        .map(|kind| {
            format!(
                r#"<li><svg class="tl tl-{}" viewBox="-12 -12 24 24" width="16" height="16" aria-hidden="true">{}</svg>{}</li>"#,
                kind.class(),
                icon(kind),
                kind.label()
            )
        })
        .collect()
}

/// A mesma linha do tempo como tabela, para quem prefere ler.
pub fn table(timeline: &Timeline) -> String {
    let rows: String = timeline
        .entries
        .iter()
        .map(|entry| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                score::instant(entry.at_ms),
                escape(timeline.lane_label(entry)),
                kind_until(entry),
                escape(&entry.text)
            )
        })
        .collect();
    format!(
        "<table><thead><tr><th scope=\"col\">Quando</th><th scope=\"col\">Onde</th><th scope=\"col\">O quê</th>\
         <th scope=\"col\">Detalhe</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn kind_until(entry: &Entry) -> String {
    match entry.until() {
        Some(until) => format!("{} (até {})", entry.kind.label(), score::instant(until)),
        None => entry.kind.label().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;

    fn hostile() -> Timeline {
        Timeline::of(
            r#"{"version":1,"lanes":[{"id":"q","label":"<b>fila</b>"}],"summary":"",
            "entries":[{"at_ms":0,"lane":"q","kind":"error","text":"</text><script>alert('1')</script>\"x"},
                       {"at_ms":60000,"until_ms":61000,"lane":"q","kind":"started","text":"2ª tentativa"}]}"#,
        )
    }

    #[test]
    fn what_the_reader_wrote_is_text_never_markup() {
        let timeline = hostile();
        for width in [320.0, 800.0] {
            let all =
                render(&timeline, &draw(&timeline, width), 0, "como-ler") + &table(&timeline) + &legend(&timeline);
            assert!(!all.contains("<script") && !all.contains("<b>"), "{all}");
        }
    }

    #[test]
    fn exactly_one_sign_can_be_reached_with_tab() {
        let timeline = hostile();
        let svg = render(&timeline, &draw(&timeline, 800.0), 1, "como-ler");
        assert_eq!(svg.matches(r#"tabindex="0""#).count(), 1);
        assert!(svg.contains(r#"tabindex="0" data-entry="1""#));
        assert_eq!(svg.matches(r#"role="listitem""#).count(), 2);
    }

    #[test]
    fn each_sign_says_when_where_what() {
        let timeline = hostile();
        assert_eq!(
            describe(&timeline, &timeline.entries[1]),
            "1 min até 1 min 1 s, <b>fila</b>, começou: 2ª tentativa"
        );
    }

    #[test]
    fn the_table_has_one_row_for_each_entry() {
        let table = table(&hostile());
        assert_eq!(table.matches("<tr>").count(), 3);
        assert!(table.contains("<td>1 min</td>") && table.contains("começou (até 1 min 1 s)"));
    }
}
