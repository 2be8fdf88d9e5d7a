//! Os blocos de um resultado que são só HTML: curva, texto, etapas, tabela e resposta.
//!
//! Tudo o que vem do laboratório passa por [`escape`]: o código que o escreveu é de quem lê. Nenhum estado é dito só pela cor.

use std::fmt::Write;

use crate::comparison::{Cell, Comparison, Marked};
use crate::output::{Block, Outcome, Response, Series, Stage, Table, Tone};
use crate::score;
use crate::svg::{escape, icon};
use crate::timeline::Kind;

/// O HTML de um bloco; vazio para os que a página monta de outro jeito.
pub fn html(block: &Block) -> String {
    match block {
        Block::Series(series) => curve(series),
        Block::Text { label, text, tone } => pre(label, text, *tone),
        Block::Stages { label, items } => stages(label, items),
        Block::Table(Table { label, header, rows }) => table(label, header, rows, |text| plain(text)),
        Block::Response(response) => http(response),
        Block::Comparison(comparison) => compared(comparison),
        Block::Timeline(_) | Block::Script(_) | Block::Unknown => String::new(),
    }
}

fn title(label: &str) -> String {
    match label {
        "" => String::new(),
        _ => format!(r#"<p class="bl-titulo">{}</p>"#, escape(label)),
    }
}

fn pre(label: &str, text: &str, tone: Tone) -> String {
    let (class, sign) = match tone {
        Tone::Plain => ("", String::new()),
        Tone::Good => (" bl-bem", small(Kind::Success)),
        Tone::Bad => (" bl-mal", small(Kind::Error)),
    };
    let label = escape(label);
    format!(
        r#"<div class="bl-texto{class}"><p class="bl-titulo">{sign}{label}</p><pre tabindex="0">{}</pre></div>"#,
        escape(text)
    )
}

/// O sinal de um tipo, do tamanho do texto; quem o acompanha diz o mesmo em palavras.
fn small(kind: Kind) -> String {
    format!(
        r#"<svg class="tl tl-{}" viewBox="-12 -12 24 24" width="16" height="16" aria-hidden="true">{}</svg>"#,
        kind.class(),
        icon(kind)
    )
}

fn stages(label: &str, items: &[Stage]) -> String {
    let items: String = items
        .iter()
        .map(|stage| {
            let (class, word, kind) = match stage.outcome {
                Outcome::Accepted => ("passou", "deixou passar", Kind::Success),
                Outcome::Changed => ("mudou", "mudou", Kind::Started),
                Outcome::Refused => ("recusou", "recusou", Kind::Error),
                Outcome::Skipped => ("pulou", "não agiu", Kind::Note),
            };
            format!(
                r#"<li class="bl-{class}">{}<span class="bl-etapa">{}</span> <span class="bl-feito">{word}</span> <span class="bl-porque">{}</span></li>"#,
                small(kind),
                escape(&stage.name),
                escape(&stage.text)
            )
        })
        .collect();
    format!(r#"{}<ol class="bl-etapas">{items}</ol>"#, title(label))
}

/// Uma tabela cujas células `cell` escreve.
fn table<T>(label: &str, header: &[String], rows: &[Vec<T>], cell: impl Fn(&T) -> String) -> String {
    let head: String = header.iter().map(|cell| format!(r#"<th scope="col">{}</th>"#, escape(cell))).collect();
    let body: String =
        rows.iter().map(|row| format!("<tr>{}</tr>", row.iter().map(&cell).collect::<String>())).collect();
    format!(
        r#"<div class="table-wrapper bl-tabela"><table><caption>{}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"#,
        escape(label)
    )
}

fn plain(text: &str) -> String {
    format!("<td>{}</td>", escape(text))
}

/// As duas tabelas, uma depois da outra: a que o código de quem lê fez e a de referência.
fn compared(comparison: &Comparison) -> String {
    let Comparison { own, reference, differing, total } = comparison;
    let (class, sign, verdict) = match differing {
        0 => ("bl-bem", small(Kind::Success), format!("igual à de referência, nas {total} células")),
        1 => ("bl-mal", small(Kind::Error), format!("1 de {total} células difere da referência")),
        _ => ("bl-mal", small(Kind::Error), format!("{differing} de {total} células diferem da referência")),
    };
    let (own, reference) = (marked(own, "a sua"), marked(reference, "a de referência"));
    format!(
        r#"<div class="bl-comparacao {class}"><p class="bl-titulo">{sign}A sua tabela: {verdict}</p>{own}{reference}</div>"#
    )
}

fn marked(data: &Marked, whose: &str) -> String {
    let cell = |cell: &Cell| match cell.differs {
        false => plain(&cell.text),
        true => format!(
            r#"<td class="bl-difere"><span aria-hidden="true">≠ </span><span class="bl-oculto">difere: </span>{}</td>"#,
            escape(&cell.text)
        ),
    };
    table(&format!("{} ({whose})", data.label), &data.header, &data.rows, cell)
}

fn http(response: &Response) -> String {
    let (class, sign) = match response.status {
        ..400 => ("bl-bem", small(Kind::Success)),
        _ => ("bl-mal", small(Kind::Error)),
    };
    let headers: String = response.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let empty = if response.body.is_empty() { "(sem corpo)" } else { "" };
    format!(
        r#"<div class="bl-texto {class}"><p class="bl-titulo">{sign}{}: <strong>{}</strong></p><pre tabindex="0">{}
{}{empty}</pre></div>"#,
        escape(&response.label),
        response.status,
        escape(&headers),
        escape(&response.body)
    )
}

/// A curva, esticada até a largura que houver: as medidas do SVG não têm texto, e o texto em volta não estica.
fn curve(series: &Series) -> String {
    const WIDTH: f64 = 1_000.0;
    let last = series.points.iter().map(|(at, _)| *at).chain(series.marks.iter().map(|(at, _)| *at)).max().unwrap_or(0);
    let x = |at: u64| if last == 0 { 0.0 } else { at as f64 / last as f64 * WIDTH };
    let y = |value: f64| 100.0 - (value / series.max.max(f64::EPSILON)).clamp(0.0, 1.0) * 100.0;
    let mut line = String::new();
    for (at, value) in &series.points {
        let command = if line.is_empty() { 'M' } else { 'L' };
        let _ = write!(line, "{command}{:.1} {:.1}", x(*at), y(*value));
    }
    let lowest = series.points.iter().map(|(_, value)| *value).fold(series.max, f64::min);
    let ends = (series.points.first().map_or(0.0, |point| point.1), series.points.last().map_or(0.0, |point| point.1));
    let spoken = format!(
        "{}: começa em {}, termina em {}, e o menor valor é {}",
        series.label,
        amount(ends.0, &series.unit),
        amount(ends.1, &series.unit),
        amount(lowest, &series.unit)
    );
    let mut kinds: Vec<Kind> = series.marks.iter().map(|(_, kind)| *kind).collect();
    kinds.sort();
    kinds.dedup();
    let rows: String = kinds
        .into_iter()
        .map(|kind| {
            let times: Vec<u64> = series.marks.iter().filter(|mark| mark.1 == kind).map(|mark| mark.0).collect();
            let ticks: String = times.iter().map(|at| format!("M{:.1} 0V10", x(*at))).collect();
            format!(
                r#"<div class="bl-fileira tl-{}"><span>{}: {}</span><svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><path d="{ticks}"/></svg></div>"#,
                kind.class(),
                kind.label(),
                times.len()
            )
        })
        .collect();
    format!(
        r#"<figure class="bl-curva">{}<div class="bl-area"><span class="bl-alto">{}</span><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{}"><path class="bl-fundo" d="{line}L{:.1} 100L0 100Z"/><path class="bl-linha" d="{line}"/></svg></div>{rows}<div class="bl-tempo" aria-hidden="true"><span>0</span><span>{}</span></div></figure>"#,
        title(&series.label),
        escape(&amount(series.max, &series.unit)),
        escape(&spoken),
        series.points.last().map_or(0.0, |(at, _)| x(*at)),
        score::instant(last)
    )
}

/// `2,5 fichas`: no máximo duas casas, e nenhuma quando não precisa.
fn amount(value: f64, unit: &str) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.').replace('.', ",");
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::compare;

    #[test]
    fn what_a_lab_wrote_is_text_never_markup() {
        let evil = "</pre><script>alert('1')</script>\"x";
        let own = || evil.to_owned();
        let blocks = [
            Block::Text { label: own(), text: own(), tone: Tone::Bad },
            Block::Stages { label: own(), items: vec![Stage { name: own(), outcome: Outcome::Refused, text: own() }] },
            Block::Table(Table { label: own(), header: vec![own()], rows: vec![vec![own()]] }),
            Block::Comparison(compare(
                &Table { label: own(), header: vec![own(), own()], rows: vec![vec![own(), own()]] },
                &Table { label: own(), header: vec![own(), own()], rows: vec![vec![own(), "outra".to_owned()]] },
            )),
            Block::Response(Response { label: own(), status: 200, headers: vec![(own(), own())], body: own() }),
            Block::Series(Series {
                label: own(),
                unit: own(),
                max: 1.0,
                points: vec![(0, 1.0)],
                marks: vec![(0, Kind::Note)],
            }),
        ];
        for block in &blocks {
            let html = html(block);
            assert!(!html.is_empty() && !html.contains("<script") && !html.contains("\"x"), "{html}");
        }
    }

    #[test]
    fn a_comparison_says_in_words_what_differs() {
        let table = |cell: &str| Table {
            label: "quadro".into(),
            header: vec!["".into(), "fila".into()],
            rows: vec![vec!["vezes".into(), cell.into()]],
        };
        let different = html(&Block::Comparison(compare(&table("2"), &table("3"))));
        for words in ["1 de 1 células difere", "quadro (a sua)", "difere: </span>2<", "quadro (a de referência)"] {
            assert!(different.contains(words), "{words}: {different}");
        }
        let same = html(&Block::Comparison(compare(&table("3"), &table("3"))));
        assert!(same.contains("igual à de referência") && !same.contains("bl-difere"), "{same}");
    }

    #[test]
    fn a_curve_says_in_words_what_it_draws_and_counts_its_marks() {
        let html = curve(&Series {
            label: "fichas no balde".into(),
            unit: "fichas".into(),
            max: 4.0,
            points: vec![(0, 4.0), (500, 0.5), (1_000, 2.25)],
            marks: vec![(0, Kind::Accepted), (500, Kind::Throttled), (600, Kind::Throttled)],
        });
        let spoken = "fichas no balde: começa em 4 fichas, termina em 2,25 fichas, e o menor valor é 0,5 fichas";
        assert!(html.contains(spoken), "{html}");
        assert!(html.contains(r#"d="M0.0 0.0L500.0 87.5L1000.0 43.8""#), "{html}");
        assert!(html.contains("aceito: 1") && html.contains("limitado: 2"), "{html}");
        assert!(html.contains("<span>1 s</span>"), "{html}");
    }

    #[test]
    fn an_empty_curve_does_not_divide_by_zero() {
        let html = curve(&Series { label: "x".into(), unit: String::new(), max: 0.0, points: vec![], marks: vec![] });
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    }

    #[test]
    fn each_outcome_has_its_word() {
        let stage = |outcome| Stage { name: "rota".into(), outcome, text: "porque".into() };
        let html = stages("", &[Outcome::Accepted, Outcome::Changed, Outcome::Refused, Outcome::Skipped].map(stage));
        for word in ["deixou passar", ">mudou<", ">recusou<", "não agiu"] {
            assert!(html.contains(word), "{word}: {html}");
        }
    }
}
