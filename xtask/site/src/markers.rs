//! Os marcadores `{{#…}}` de uma página: onde estão e se existem.
//!
//! O mdBook deixa no texto, calado, um marcador que não conhece ou um `include` que não acha. Aqui os dois são erro, com
//! arquivo e linha.

use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::Problem;

/// O painel do passo: editor, testes e dicas.
pub const STEP: &str = "passo";
/// O laboratório do capítulo.
pub const LAB: &str = "laboratorio";
/// As perguntas do capítulo.
pub const QUIZ: &str = "quiz";
/// Um fato provado pelo modelo, no meio do texto: `{{#fato capítulo/id}}`.
pub const FACT: &str = "fato";

const KNOWN: [&str; 8] = [STEP, LAB, QUIZ, FACT, "include", "rustdoc_include", "playground", "title"];

/// Um `{{#nome resto}}` escrito na página.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker<'a> {
    pub name: &'a str,
    pub rest: &'a str,
    pub line: usize,
    pub span: Range<usize>,
    /// Está em bloco ou trecho de código, onde só os do mdBook valem.
    pub in_code: bool,
    /// É a única coisa na sua linha.
    pub alone: bool,
}

/// Todos os marcadores do texto, menos os escapados (`\{{#…}}`).
pub fn find(text: &str) -> Vec<Marker<'_>> {
    let code = code_ranges(text);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{{#").map(|at| from + at) {
        let Some(end) = text[start..].find("}}").map(|at| start + at + 2) else { break };
        from = end;
        if text[..start].ends_with('\\') {
            continue;
        }
        let inside = text[start + 3..end - 2].trim();
        let (name, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        found.push(Marker {
            name,
            rest: rest.trim(),
            line: text[..start].matches('\n').count() + 1,
            span: start..end,
            in_code: code.iter().any(|range| range.contains(&start)),
            alone: text[line_start..start].trim().is_empty() && text[end..line_end].trim().is_empty(),
        });
    }
    found
}

/// O que está errado nos marcadores da página em `dir`; `shown` é o caminho que a mensagem mostra.
pub fn check(text: &str, shown: &str, dir: &Path) -> Vec<Problem> {
    find(text)
        .iter()
        .filter_map(|marker| fault(marker, dir).map(|what| Problem::at(shown, marker.line, what)))
        .collect()
}

fn fault(marker: &Marker<'_>, dir: &Path) -> Option<String> {
    let Marker { name, rest, in_code, alone, .. } = marker;
    match *name {
        STEP | LAB | QUIZ if *in_code => None,
        STEP | LAB | QUIZ if !alone => Some(format!("`{{{{#{name}}}}}` tem de estar sozinho na linha")),
        "include" | "rustdoc_include" | "playground" => missing_include(rest, dir),
        known if KNOWN.contains(&known) => None,
        _ if *in_code => None,
        unknown => Some(format!(
            "não conheço o marcador `{{{{#{unknown}}}}}`; os que existem são {}",
            KNOWN.map(|known| format!("`{known}`")).join(", ")
        )),
    }
}

fn missing_include(rest: &str, dir: &Path) -> Option<String> {
    let target = rest.split_whitespace().next().unwrap_or_default();
    let (file, part) = target.split_once(':').unwrap_or((target, ""));
    let Ok(text) = std::fs::read_to_string(dir.join(file)) else {
        return Some(format!("não achei o arquivo `{file}` que a página inclui"));
    };
    let anchor = part.split(':').next().filter(|anchor| !anchor.is_empty() && anchor.parse::<usize>().is_err())?;
    let declared = format!("ANCHOR: {anchor}");
    let found = text.lines().any(|line| line.trim_end().ends_with(&declared));
    (!found).then(|| format!("`{file}` não tem a âncora `{anchor}` que a página inclui"))
}

/// O texto com cada marcador `name` fora de código trocado por `html`.
pub fn replace(text: &str, name: &str, html: &str) -> String {
    replace_each(text, name, |_| html.to_owned())
}

/// O texto com cada marcador `name` fora de código trocado pelo que `html` diz dele.
pub fn replace_each(text: &str, name: &str, html: impl Fn(&Marker<'_>) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for marker in find(text).iter().filter(|marker| marker.name == name && !marker.in_code) {
        out.push_str(&text[from..marker.span.start]);
        out.push_str(&html(marker));
        from = marker.span.end;
    }
    out.push_str(&text[from..]);
    out
}

fn code_ranges(text: &str) -> Vec<Range<usize>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))))
        .map(|(_, range)| range)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_markers_are_reported_with_file_and_line() {
        let text =
            "# Título\n\n{{#pasos}}\n\ntexto {{#passo}} no meio\n\n`{{#if}}` e\n\n```\n{{#each}}\n```\n\n\\{{#x}}\n";
        let problems = check(text, "book/src/a/b.md", Path::new("."));
        insta::assert_snapshot!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r"
        book/src/a/b.md:3: não conheço o marcador `{{#pasos}}`; os que existem são `passo`, `laboratorio`, `quiz`, `fato`, `include`, `rustdoc_include`, `playground`, `title`
        book/src/a/b.md:5: `{{#passo}}` tem de estar sozinho na linha
        ");
    }

    #[test]
    fn an_include_must_name_a_file_and_an_anchor_that_exist() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lib.rs"), "// ANCHOR: ok\nfn f() {}\n// ANCHOR_END: ok\n").unwrap();
        let text = "```rust\n{{#include lib.rs:ok}}\n{{#include lib.rs:1:2}}\n{{#include lib.rs:nope}}\n{{#include x.rs}}\n```\n";
        let problems = check(text, "p.md", dir.path());
        insta::assert_snapshot!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r"
        p.md:4: `lib.rs` não tem a âncora `nope` que a página inclui
        p.md:5: não achei o arquivo `x.rs` que a página inclui
        ");
    }

    #[test]
    fn only_markers_outside_code_are_replaced() {
        assert_eq!(replace("a\n\n{{#passo}}\n\n`{{#passo}}`\n", STEP, "<p>"), "a\n\n<p>\n\n`{{#passo}}`\n");
    }

    #[test]
    fn each_marker_is_replaced_by_its_own_text() {
        let text = "até {{#fato a/x}}, ou {{#fato a/y}}";
        assert_eq!(replace_each(text, FACT, |marker| format!("<{}>", marker.rest)), "até <a/x>, ou <a/y>");
    }
}
