//! Lê um módulo JavaScript o bastante para avaliá-lo sem depender do estilo: o que é código, texto e comentário.
//!
//! Não conhece expressões regulares nem números com ponto: o módulo de um SDK não precisa deles.

use serde_json::Value;

/// O que um pedaço do módulo é.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    Text,
    Comment,
    Punctuation,
}

/// Um pedaço do módulo e onde ele começa.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub kind: Kind,
    pub source: &'a str,
    pub start: usize,
}

/// Um membro do objeto que `createClient` devolve.
#[derive(Debug)]
pub struct Member {
    pub name: String,
    /// O comentário logo antes, com os espaços reduzidos a um.
    pub comment: String,
    /// O primeiro argumento de `call`.
    pub plan: Value,
}

/// Um módulo lido.
#[derive(Debug)]
pub struct Module<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Module<'a> {
    /// Separa o módulo em pedaços e confere que textos, comentários e parênteses se fecham.
    pub fn read(source: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut at = 0;
        while let Some(c) = source[at..].chars().next() {
            let rest = &source[at..];
            let (kind, length) = match c {
                _ if c.is_whitespace() => {
                    at += c.len_utf8();
                    continue;
                }
                '"' | '\'' | '`' => (Kind::Text, text_length(rest, c)),
                '/' if rest.starts_with("/*") => (Kind::Comment, rest[2..].find("*/").map(|end| end + 4)),
                '/' if rest.starts_with("//") => (Kind::Comment, Some(rest.find('\n').unwrap_or(rest.len()))),
                _ if is_word(c) => (Kind::Word, Some(rest.find(|c| !is_word(c)).unwrap_or(rest.len()))),
                _ => (Kind::Punctuation, Some(c.len_utf8())),
            };
            let Some(length) = length else {
                panic!("o módulo tem um texto ou comentário que não se fecha, a partir de `{}`", excerpt(source, at));
            };
            tokens.push(Token { kind, source: &rest[..length], start: at });
            at += length;
        }
        let module = Self { source, tokens };
        module.expect_balance();
        module
    }

    fn expect_balance(&self) {
        let mut open: Vec<Token> = Vec::new();
        for token in self.tokens.iter().filter(|token| token.kind == Kind::Punctuation) {
            match token.source {
                "(" | "[" | "{" => open.push(*token),
                ")" | "]" | "}" => {
                    let expected = open.pop().map(|token| closing(token.source));
                    let place = excerpt(self.source, token.start);
                    assert!(
                        expected == Some(token.source),
                        "no módulo, este `{}` fecha o que não abriu: `{place}`",
                        token.source
                    );
                }
                _ => {}
            }
        }
        if let Some(token) = open.last() {
            panic!("no módulo, este `{}` nunca se fecha: `{}`", token.source, excerpt(self.source, token.start));
        }
    }

    /// Os pedaços do módulo, com cada texto reduzido a `texto`, cada comentário a `comentário` e cada nome de `names` a
    /// `nome`.
    pub fn skeleton(&self, names: &[String]) -> Vec<&'a str> {
        let shape = |token: &Token<'a>| match token.kind {
            Kind::Text if names.iter().any(|name| *name == token.source[1..token.source.len() - 1]) => "nome",
            Kind::Text => "texto",
            Kind::Comment => "comentário",
            Kind::Word if names.iter().any(|name| name == token.source) => "nome",
            Kind::Word | Kind::Punctuation => token.source,
        };
        self.tokens.iter().map(shape).collect()
    }

    /// Os comentários, com os espaços reduzidos a um.
    pub fn comments(&self) -> Vec<String> {
        let comments = self.tokens.iter().filter(|token| token.kind == Kind::Comment);
        comments.map(|token| tidy(token.source)).collect()
    }

    /// O que vem logo depois destas palavras e sinais, em qualquer lugar do código.
    pub fn after(&self, words: &[&str]) -> Option<&'a str> {
        let code: Vec<_> =
            self.tokens.iter().filter(|token| token.kind != Kind::Comment).map(|token| token.source).collect();
        let place = code.windows(words.len()).position(|window| window == words)?;
        code.get(place + words.len()).copied()
    }

    /// Os membros do objeto que `createClient` devolve, na ordem.
    pub fn members(&self) -> Vec<Member> {
        let start = self.tokens.windows(3).position(|three| {
            let three = [three[0].source, three[1].source, three[2].source];
            three == ["export", "function", "createClient"]
        });
        let start = start.unwrap_or_else(|| panic!("o módulo precisa de `export function createClient(…)`"));
        let returned =
            self.tokens[start..].windows(2).position(|two| two[0].source == "return" && two[1].source == "{");
        let returned = returned
            .unwrap_or_else(|| panic!("`createClient` precisa de um `return {{ … }}` com um membro por operação"));
        let mut members = Vec::new();
        let mut member: Vec<Token> = Vec::new();
        let mut depth = 0;
        for token in &self.tokens[start + returned + 1..] {
            match (token.kind, token.source) {
                (Kind::Punctuation, "(" | "[" | "{") => depth += 1,
                (Kind::Punctuation, ")" | "]" | "}") => depth -= 1,
                _ => {}
            }
            if depth == 0 || depth == 1 && token.kind == Kind::Punctuation && token.source == "," {
                members.extend(self.member(&member));
                member.clear();
            } else if !(member.is_empty() && depth == 1 && token.source == "{") {
                member.push(*token);
            }
            if depth == 0 {
                return members;
            }
        }
        members
    }

    fn member(&self, tokens: &[Token<'a>]) -> Option<Member> {
        let name = tokens.iter().position(|token| token.kind != Kind::Comment && token.source != "async")?;
        let mut comments = tokens[..name].iter().filter(|token| token.kind == Kind::Comment);
        let call = |two: &[Token]| two[0].source == "call" && two[1].source == "(";
        let calls: Vec<_> = tokens.windows(2).filter(|two| call(two)).map(|two| two[1].start + 1).collect();
        let place = excerpt(self.source, tokens[name].start);
        let [plan] = calls[..] else {
            panic!("cada membro chama `call` uma vez, e este chama {} (falta uma vírgula?): `{place}`", calls.len());
        };
        let plan = serde_json::Deserializer::from_str(&self.source[plan..]).into_iter().next();
        let Some(Ok(plan)) = plan else {
            panic!("o primeiro argumento de `call` é o plano, em JSON, e aqui não é: `{place}`")
        };
        Some(Member {
            name: tokens[name].source.trim_matches(['"', '\'']).to_owned(),
            comment: comments.next_back().map(|token| tidy(token.source)).unwrap_or_default(),
            plan,
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn closing(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// O tamanho de um texto, com as aspas. Uma quebra de linha só cabe entre crases.
fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' | '\r' if quote != '`' => return None,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn tidy(comment: &str) -> String {
    comment.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" ")
}

fn excerpt(source: &str, at: usize) -> String {
    source[at..].chars().take(60).collect()
}
