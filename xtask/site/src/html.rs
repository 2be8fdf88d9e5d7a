//! HTML escrito à mão, com o mínimo de cuidado: o que vem de arquivo passa por [`escape`], por [`inline_markdown`] ou por
//! [`block_markdown`].

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// O texto com `& < > "` trocados por entidades, seguro em conteúdo e em atributo entre aspas.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// Markdown de uma linha (código, ênfase, link) como HTML; HTML escrito no texto aparece como texto.
///
/// O resultado não tem quebra de linha: uma linha em branco fecharia o bloco HTML em que ele entra.
pub fn inline_markdown(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let events = Parser::new(&text).filter_map(|event| match event {
        Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => None,
        Event::Html(html) | Event::InlineHtml(html) => Some(Event::Text(html)),
        other => Some(other),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    out.trim_end().to_owned()
}

/// Markdown de vários parágrafos como HTML, com o mesmo cuidado e sem linha em branco: um bloco de código guarda as suas como
/// `&#10;`.
pub fn block_markdown(text: &str) -> String {
    let mut in_code = false;
    let events = Parser::new(text).map(|event| {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            _ => {}
        }
        match event {
            Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
            Event::Text(code) if in_code => Event::Html(escape(&code).replace('\n', "&#10;").into()),
            other => other,
        }
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_and_html_stays_text() {
        insta::assert_snapshot!(
            inline_markdown("veja `Vec<u8>` e *isto*,\n  não <b>aquilo</b> & \"aspas\""),
            @r#"veja <code>Vec&lt;u8&gt;</code> e <em>isto</em>, não &lt;b&gt;aquilo&lt;/b&gt; &amp; "aspas""#
        );
    }
}
