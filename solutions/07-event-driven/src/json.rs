//! Um leitor de JSON que lembra onde leu cada coisa, para que a recusa de um padrão diga linha e coluna.
//!
//! ```text
//!   { "kind": [ "granizo", 3 ] }      cada valor tem `at` e `end`:
//!             ▲  ▲       ▲  ▲  ▲         lista e texto: `at` logo depois do `[` ou das aspas que abrem,
//!             │  at    end  │ end da lista              `end` depois do que fecha
//!             at da lista   at e end do número     os outros: os dois depois do valor
//! ```
//!
//! É a posição que a AWS mostra: onde o leitor dela estava quando achou o problema, quase sempre logo depois da peça ruim.
//! Uma chave repetida fica repetida: quem lê o padrão decide o que fazer dela.

use serde_json::{Number, Value};

/// Um lugar do texto, contado a partir de 1, em caracteres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// A linha.
    pub line: usize,
    /// A coluna.
    pub column: usize,
}

/// Um valor e onde ele está.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// O valor.
    pub content: Content,
    /// Onde o leitor está ao descobrir que valor é este.
    pub at: Position,
    /// Onde o leitor está depois de lê-lo inteiro.
    pub end: Position,
}

/// O que um valor é.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Um texto, um número, `true`, `false` ou `null`.
    Scalar(Value),
    /// Uma lista.
    List(Vec<Node>),
    /// Um objeto, com as chaves na ordem em que vieram, repetidas ou não.
    Object(Vec<(String, Node)>),
}

/// O texto não é JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// O que o leitor achou, em inglês, como na AWS.
    pub reason: String,
    /// Onde.
    pub at: Position,
}

/// Até onde valores podem estar uns dentro dos outros.
const MAX_DEPTH: usize = 100;

/// Lê um texto JSON inteiro.
///
/// # Errors
/// Se o texto não é JSON, com o lugar.
pub fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut reader = Reader { characters: text.chars().collect(), next: 0, at: Position { line: 1, column: 1 } };
    let node = reader.value(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected()),
    }
}

struct Reader {
    characters: Vec<char>,
    next: usize,
    at: Position,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.next).copied()
    }

    fn advance(&mut self) {
        if self.peek() == Some('\n') {
            self.at = Position { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        self.next += 1;
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.advance();
        }
    }

    fn error(&self, reason: impl Into<String>) -> SyntaxError {
        SyntaxError { reason: reason.into(), at: self.at }
    }

    fn unexpected(&self) -> SyntaxError {
        match self.peek() {
            Some(character) => {
                self.error(format!("Unexpected character ('{character}' (code {}))", u32::from(character)))
            }
            None => self.error("Unexpected end-of-input"),
        }
    }

    fn expect(&mut self, character: char) -> Result<(), SyntaxError> {
        self.blanks();
        if self.peek() != Some(character) {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(())
    }

    /// Depois de um elemento: `,` continua, `close` acaba.
    fn more(&mut self, close: char) -> Result<bool, SyntaxError> {
        self.blanks();
        let more = self.peek() == Some(',');
        if !more && self.peek() != Some(close) {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(more)
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.blanks();
        if depth > MAX_DEPTH {
            return Err(self.error("Nesting is too deep"));
        }
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => {
                self.advance();
                let at = self.at;
                let text = self.rest_of_text()?;
                Ok(Node { content: Content::Scalar(Value::String(text)), at, end: self.at })
            }
            Some('-' | '0'..='9') => self.number(),
            Some(character) if character.is_alphanumeric() => self.word(),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.advance();
        let (at, mut entries) = (self.at, Vec::new());
        self.blanks();
        if self.peek() == Some('}') {
            self.advance();
            return Ok(Node { content: Content::Object(entries), at, end: self.at });
        }
        loop {
            self.expect('"')?;
            let name = self.rest_of_text()?;
            self.expect(':')?;
            entries.push((name, self.value(depth + 1)?));
            if !self.more('}')? {
                return Ok(Node { content: Content::Object(entries), at, end: self.at });
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.advance();
        let (at, mut elements) = (self.at, Vec::new());
        self.blanks();
        if self.peek() == Some(']') {
            self.advance();
            return Ok(Node { content: Content::List(elements), at, end: self.at });
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if !self.more(']')? {
                return Ok(Node { content: Content::List(elements), at, end: self.at });
            }
        }
    }

    /// O texto que vem depois das aspas que abrem, até as que fecham.
    fn rest_of_text(&mut self) -> Result<String, SyntaxError> {
        let mut quoted = String::from('"');
        loop {
            let Some(character) = self.peek() else { return Err(self.unexpected()) };
            self.advance();
            quoted.push(character);
            match character {
                '"' => break,
                '\\' => {
                    quoted.extend(self.peek());
                    self.advance();
                }
                _ => {}
            }
        }
        serde_json::from_str(&quoted).map_err(|_| self.error("Unrecognized character in string"))
    }

    fn number(&mut self) -> Result<Node, SyntaxError> {
        let text = self.run(|character| matches!(character, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
        match serde_json::from_str::<Number>(&text) {
            Ok(number) => Ok(Node { content: Content::Scalar(Value::Number(number)), at: self.at, end: self.at }),
            Err(_) => Err(self.error(format!("Invalid numeric value '{text}'"))),
        }
    }

    fn word(&mut self) -> Result<Node, SyntaxError> {
        let text = self.run(char::is_alphanumeric);
        let value = match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => return Err(self.error(format!("Unrecognized token '{text}'"))),
        };
        Ok(Node { content: Content::Scalar(value), at: self.at, end: self.at })
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(character) = self.peek().filter(|character| belongs(*character)) {
            text.push(character);
            self.advance();
        }
        text
    }
}
