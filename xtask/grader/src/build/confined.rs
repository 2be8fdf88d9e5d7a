//! Um passo é um arquivo, e só ele: o que o leitor escreveu não traz outros arquivos nem variáveis da máquina para o programa.
//!
//! Compilar é rodar código: `include_str!` leria qualquer arquivo de quem avalia, e `include!` ou `mod` com `#[path]` trariam a
//! resposta pronta. Pelo mesmo motivo um passo não diz o que é "igual": os testes comparam os tipos do esqueleto, e uma igualdade que
//! responde sempre sim passaria em todos. Por isso o texto é lido antes, palavra por palavra, também dentro de macros; quem escreve o passo com boa-fé
//! nunca precisa de nada disso.

use std::io::ErrorKind;
use std::path::Path;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::course::StepId;

/// Por que um arquivo não vai ao compilador, e em que linha (a partir de 1).
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub line: u32,
    pub message: String,
}

impl Refusal {
    fn whole(message: String) -> Self {
        Self { line: 1, message }
    }
}

/// Lê o arquivo de um passo, se ele é um arquivo comum com texto que não sai dele.
pub fn read(path: &Path, step: &StepId) -> Result<String, Refusal> {
    let again = format!("recupere o esqueleto com `cargo xtask reset {step}`");
    let kind = std::fs::symlink_metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Refusal::whole(format!("o arquivo não existe; {again}")),
        _ => Refusal::whole(format!("não consegui ler o arquivo: {error}")),
    })?;
    if !kind.is_file() {
        return Err(Refusal::whole(format!(
            "isto não é um arquivo comum (é uma pasta ou uma ligação); apague-o e {again}"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => {
            Refusal::whole("o arquivo não está em UTF-8; salve-o de novo em UTF-8 no seu editor".to_owned())
        }
        _ => Refusal::whole(format!("não consegui ler o arquivo: {error}")),
    })?;
    check(&text)?;
    Ok(text)
}

fn check(text: &str) -> Result<(), Refusal> {
    // O que nem se divide em palavras é erro de sintaxe: o compilador explica melhor.
    let Ok(tokens) = text.trim_start_matches('\u{feff}').parse::<TokenStream>() else { return Ok(()) };
    visit(tokens)
}

fn visit(tokens: TokenStream) -> Result<(), Refusal> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => visit(group.stream())?,
            TokenTree::Ident(ident) => refuse(ident, &tokens[index + 1..])?,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    Ok(())
}

fn refuse(ident: &Ident, after: &[TokenTree]) -> Result<(), Refusal> {
    let name = ident.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    let message = match name {
        "include" | "include_str" | "include_bytes" => {
            format!("um passo não pode trazer outros arquivos com `{name}!`")
        }
        "env" | "option_env" if is_macro_or_import(after) => {
            format!("um passo não pode ler variáveis da máquina que compila com `{name}!`")
        }
        "mod" if !has_body(after) => "um passo é um arquivo só: escreva o módulo aqui, entre chaves".to_owned(),
        "impl" if implements_equality(after) => EQUALITY.to_owned(),
        "PartialEq" if matches!(after.first(), Some(TokenTree::Ident(ident)) if ident == "as") => EQUALITY.to_owned(),
        _ => return Ok(()),
    };
    Err(Refusal { line: u32::try_from(ident.span().start().line).unwrap_or(1).max(1), message })
}

/// `env!(…)`, ou `env as …` e `env;` de um `use`; `std::env::args()` segue valendo.
fn is_macro_or_import(after: &[TokenTree]) -> bool {
    match after.first() {
        Some(TokenTree::Punct(punct)) => punct.as_char() == '!',
        Some(TokenTree::Ident(ident)) => ident == "as",
        _ => false,
    }
}

const EQUALITY: &str = "a igualdade dos tipos de um passo é a do `derive(PartialEq)`: os testes os comparam com ela";

/// `impl … PartialEq … for`, fora dos sinais de menor e maior: um limite `T: PartialEq` não implementa nada.
fn implements_equality(after: &[TokenTree]) -> bool {
    let (mut depth, mut found, mut arrow) = (0i32, false, false);
    for token in after {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return false,
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' && !arrow => depth -= 1,
            TokenTree::Ident(ident) if depth == 0 && ident == "for" => return found,
            TokenTree::Ident(ident) if depth == 0 && ident == "PartialEq" => found = true,
            _ => {}
        }
        arrow = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '-');
    }
    false
}

/// `mod nome { … }`
fn has_body(after: &[TokenTree]) -> bool {
    matches!(after, [TokenTree::Ident(_), TokenTree::Group(body), ..] if body.delimiter() == Delimiter::Brace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("fn f() {\n    include!(\"../../../solutions/a.rs\")\n}", 2)]
    #[case("fn f() { panic!(\"{}\", include_str!(\"/etc/passwd\")) }", 1)]
    #[case("use core::include_bytes as bytes;", 1)]
    #[case("fn f() { r#include_str!(\"x\") }", 1)]
    #[case("fn f() -> &'static str { env!(\"HOME\") }", 1)]
    #[case("use std::option_env as o;", 1)]
    #[case("//!\n#[path = \"../answer.rs\"]\nmod answer;", 3)]
    #[case("macro_rules! m { () => { mod answer; } }", 1)]
    #[case("impl PartialEq for Triage { fn eq(&self, _: &Self) -> bool { true } }", 1)]
    #[case("impl<T> std::cmp::PartialEq<T> for Triage {}", 1)]
    #[case("use std::cmp::PartialEq as Same;", 1)]
    fn what_leaves_the_file_is_refused_with_its_line(#[case] text: &str, #[case] line: u32) {
        assert_eq!(check(text).unwrap_err().line, line);
    }

    #[rstest]
    #[case("mod inner { pub fn f() {} }\nfn g() { std::env::args(); inner::f() }")]
    #[case("// include_str!(\"x\")\nfn f() -> &'static str { \"include!\" }")]
    #[case("fn quebrado( {")]
    #[case(
        "#[derive(PartialEq)]\nstruct A;\nimpl Default for A { fn default() -> Self { A } }\nfn same<T: PartialEq>(a: T, b: T) -> bool { a == b }"
    )]
    #[case("\u{feff}fn f() {}\r\n")]
    fn what_stays_in_the_file_is_accepted(#[case] text: &str) {
        assert_eq!(check(text), Ok(()));
    }

    #[test]
    fn a_file_that_is_not_text_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let step = StepId::new("async-invocation", "queue");
        let file = dir.path().join("queue.rs");
        assert!(read(&file, &step).unwrap_err().message.contains("cargo xtask reset async-invocation/queue"));
        std::fs::write(&file, b"// fun\xe7\xe3o\n").unwrap();
        assert!(read(&file, &step).unwrap_err().message.contains("UTF-8"));
        assert!(read(dir.path(), &step).unwrap_err().message.contains("arquivo comum"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_answer_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let answer = dir.path().join("answer.rs");
        std::fs::write(&answer, "fn f() {}").unwrap();
        let file = dir.path().join("queue.rs");
        std::os::unix::fs::symlink(&answer, &file).unwrap();
        assert!(read(&file, &StepId::new("a", "queue")).unwrap_err().message.contains("ligação"));
    }
}
