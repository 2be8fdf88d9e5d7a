//! HTML escrito à mão, com o mínimo de cuidado: o que vem de arquivo passa por [`escape`] ou por [`inline_markdown`].

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
