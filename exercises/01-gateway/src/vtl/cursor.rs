//! Um lugar no texto do template, que sabe a linha e a coluna.

use std::fmt;

/// Uma linha e uma coluna, a partir de 1; a coluna conta caracteres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// A linha.
    pub line: usize,
    /// A coluna.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linha {}, coluna {}", self.line, self.column)
    }
}

/// O que falta ler. É `Copy`: para espiar adiante, basta copiar.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a str,
    position: Position,
}

impl<'a> Cursor<'a> {
    /// O começo de um texto que está naquele lugar do template.
    pub fn new(text: &'a str, position: Position) -> Self {
        Self { rest: text, position }
    }

    /// O que falta ler.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// Onde está.
    pub fn position(&self) -> Position {
        self.position
    }

    /// O próximo caractere, sem andar.
    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Anda um caractere.
    pub fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = &self.rest[next.len_utf8()..];
        if next == '\n' {
            self.position = Position { line: self.position.line + 1, column: 1 };
        } else {
            self.position.column += 1;
        }
        Some(next)
    }

    /// Anda enquanto `wanted` aceitar e devolve o que passou.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
        &start[..start.len() - self.rest.len()]
    }

    /// Se o texto continua com `prefix`, passa por ele.
    pub fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest.starts_with(prefix);
        if found {
            for _ in prefix.chars() {
                self.bump();
            }
        }
        found
    }

    /// Anda até depois de `end` e devolve o que veio antes; `None`, sem andar, se `end` não aparece.
    pub fn take_until(&mut self, end: &str) -> Option<&'a str> {
        let length = self.rest.find(end)?;
        let (before, after) = self.rest.split_at(length);
        while self.rest.len() > after.len() - end.len() {
            self.bump();
        }
        Some(before)
    }

    /// Passa pelo espaço até o fim da linha, e pela quebra; se houver outra coisa antes dela, não anda.
    pub fn eat_line_end(&mut self) {
        let mut ahead = *self;
        ahead.take_while(|c| c == ' ' || c == '\t');
        if ahead.eat("\r\n") || ahead.eat("\n") || ahead.eat("\r") {
            *self = ahead;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Cursor<'_> {
        Cursor::new(text, Position { line: 1, column: 1 })
    }

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let mut cursor = start("çã\nb");
        assert!(cursor.eat("çã"));
        assert_eq!(cursor.position().to_string(), "linha 1, coluna 3");
        cursor.bump();
        cursor.bump();
        assert_eq!(cursor.position().to_string(), "linha 2, coluna 2");
        assert_eq!(cursor.bump(), None);
    }

    #[test]
    fn the_end_of_a_line_is_eaten_only_when_nothing_else_is_on_it() {
        for (text, rest) in [(" \t\nx", "x"), ("\r\nx", "x"), ("  x\n", "  x\n"), ("", "")] {
            let mut cursor = start(text);
            cursor.eat_line_end();
            assert_eq!(cursor.rest(), rest);
        }
    }

    #[test]
    fn take_until_stops_after_the_mark() {
        let mut cursor = start("a\nb*#c");
        assert_eq!(cursor.take_until("*#"), Some("a\nb"));
        assert_eq!((cursor.rest(), cursor.position()), ("c", Position { line: 2, column: 4 }));
        assert_eq!(cursor.take_until("*#"), None);
        assert_eq!(cursor.rest(), "c");
    }
}
