//! Confere o site pronto: todo endereço é relativo, o arquivo existe, a âncora existe, e nada vem de fora.
//!
//! Um link quebrado dentro do texto é erro de quem escreveu a página; um endereço que começa com `/` quebraria o livro em
//! qualquer pasta que não fosse a raiz do servidor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use grader::course::slashed;
use grader::files;

use crate::Problem;

const ADDRESSES: [&str; 4] = ["href", "src", "poster", "data"];

/// O mdBook copia a primeira página para `index.html`, e todas para `print.html`.
const COPIES: [&str; 2] = ["index.html", "print.html"];

/// O que está errado nos endereços das páginas em `dir`.
pub fn check(dir: &Path) -> Result<Vec<Problem>> {
    let mut files = BTreeSet::new();
    let mut pages = BTreeMap::new();
    for file in files::walk(dir)? {
        let name = slashed(&file);
        if name.ends_with(".html") {
            let text = files::read_text(&dir.join(&file))?;
            pages.insert(name.clone(), tags(&text).map(Tag::owned).collect::<Vec<_>>());
        }
        files.insert(name);
    }
    let ids: BTreeMap<&str, BTreeSet<&str>> = pages
        .iter()
        .map(|(name, tags)| (name.as_str(), tags.iter().filter_map(|tag| tag.attribute("id")).collect()))
        .collect();

    let in_page = |(page, tags): (&String, &Vec<OwnedTag>)| {
        let addresses =
            tags.iter().flat_map(|tag| ADDRESSES.iter().filter_map(move |name| Some((tag, tag.attribute(name)?))));
        let faults = addresses.filter_map(|(tag, address)| fault(page, tag, address, &files, &ids));
        faults.map(|what| Problem::in_file(page, what)).collect::<Vec<_>>()
    };
    let (copies, originals): (Vec<_>, Vec<_>) = pages.iter().partition(|(page, _)| COPIES.contains(&page.as_str()));
    let problems: Vec<_> = originals.into_iter().flat_map(in_page).collect();
    // O que já está errado na página também está na cópia: dizer uma vez basta.
    Ok(if problems.is_empty() { copies.into_iter().flat_map(in_page).collect() } else { problems })
}

fn fault(
    page: &str,
    tag: &OwnedTag,
    address: &str,
    files: &BTreeSet<String>,
    ids: &BTreeMap<&str, BTreeSet<&str>>,
) -> Option<String> {
    if let Some((scheme, _)) = address.split_once(':')
        && scheme.chars().all(|c| c.is_ascii_alphanumeric())
    {
        // Um link para a documentação é só um link; uma imagem ou um script de fora seria rede na hora de ler.
        let allowed = matches!(scheme, "http" | "https" | "mailto") && tag.name == "a";
        return (!allowed).then(|| format!("`{address}` vem de fora; o livro tem de funcionar sem rede"));
    }
    if address.starts_with('/') {
        return Some(format!("`{address}` começa com `/` e só funcionaria na raiz do servidor"));
    }
    let (path, anchor) = address.split_once('#').map_or((address, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default();
    let target = if path.is_empty() { Some(page.to_owned()) } else { resolve(page, path) };
    let Some(target) = target.filter(|target| files.contains(target)) else {
        return Some(format!("`{address}` não leva a nenhum arquivo do site"));
    };
    let anchor = anchor.filter(|anchor| !anchor.is_empty())?;
    let anchor = percent_decoded(anchor);
    let known = ids.get(target.as_str()).is_none_or(|ids| ids.contains(anchor.as_str()));
    (!known).then(|| format!("`{address}`: {target} não tem o trecho `#{anchor}`"))
}

/// `a/b.html` + `../c.html#x` → `c.html`; `None` quando o caminho sai do site.
fn resolve(page: &str, path: &str) -> Option<String> {
    let path = percent_decoded(path);
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    Some(if joined.is_empty() || joined.ends_with('/') { format!("{joined}index.html") } else { joined })
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Uma marca de abertura do HTML que o mdBook escreve (atributos entre aspas duplas, `<` e `&` do texto escapados).
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    pub name: &'a str,
    pub attributes: &'a str,
    /// O texto que vem logo depois da marca, até o fim da página.
    pub rest: &'a str,
}

struct OwnedTag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag<'_> {
    fn owned(self) -> OwnedTag {
        let mut attributes = Vec::new();
        let mut rest = self.attributes;
        while let Some((name, tail)) = rest.split_once('=') {
            let name = name.split_whitespace().last().unwrap_or_default();
            let (value, tail) = match tail.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => tail.split_once(char::is_whitespace).unwrap_or((tail, "")),
            };
            attributes.push((name.to_owned(), value.replace("&amp;", "&").replace("&quot;", "\"")));
            rest = tail;
        }
        OwnedTag { name: self.name.to_owned(), attributes }
    }
}

impl OwnedTag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// As marcas de abertura da página, sem as que estão dentro de comentários, scripts e estilos.
pub fn tags(page: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find('<')? + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                continue;
            }
            let end = closing_bracket(rest)?;
            let (inside, after) = (&rest[..end], &rest[end + 1..]);
            let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
            rest = match name {
                "script" | "style" => after.find(&format!("</{name}")).map_or("", |at| &after[at..]),
                _ => after,
            };
            return Some(Tag { name: name.trim_end_matches('/'), attributes, rest: after });
        }
    })
}

fn closing_bracket(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn faults(page: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/page.html"), page).unwrap();
        fs::write(dir.path().join("index.html"), r#"<h2 id="ação">x</h2>"#).unwrap();
        let problems = check(dir.path()).unwrap();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn good_addresses_pass() {
        let page = r##"<a href="../index.html#a%C3%A7%C3%A3o">x</a> <a href="#aqui">y</a> <p id="aqui">
            <a href="https://docs.aws.amazon.com/">z</a> <script>const a = '<img src="/nada">';</script> &lt;img src="x">"##;
        assert_eq!(faults(page), "");
    }

    #[test]
    fn broken_absolute_and_foreign_addresses_are_reported() {
        let page = r##"<a href="b.html">x</a><img src="/logo.png"><script src="https://cdn.example/x.js"></script>
            <a href="../index.html#nada">y</a><a href="../../fora.html">z</a>"##;
        insta::assert_snapshot!(faults(page), @r"
        a/page.html: `b.html` não leva a nenhum arquivo do site
        a/page.html: `/logo.png` começa com `/` e só funcionaria na raiz do servidor
        a/page.html: `https://cdn.example/x.js` vem de fora; o livro tem de funcionar sem rede
        a/page.html: `../index.html#nada`: index.html não tem o trecho `#nada`
        a/page.html: `../../fora.html` não leva a nenhum arquivo do site
        ");
    }
}
