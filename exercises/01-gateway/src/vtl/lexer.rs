//! As palavras do que fica entre os parênteses de uma diretiva: `$n > 2 && $city == "serra-clara"`.
//!
//! Fora dos parênteses não há palavras: o que não é `$` nem `#` é texto, e quem cuida disso é o `parser`.

use super::cursor::{Cursor, Position};
use super::error::TemplateError;

/// Uma palavra.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// Um sinal: `(`, `==`, `..`
    Symbol(&'static str),
    /// `true`, `and`, `in` …
    Word(&'a str),
    /// Um inteiro; o `-` colado no número faz parte dele.
    Integer(i64),
    /// Um número com vírgula (ponto, na VTL).
    Float(f64),
    /// Um texto, sem as aspas de fora e ainda com as de dentro dobradas.
    Text {
        /// `'` ou `"`
        quote: char,
        /// O que há entre as aspas.
        raw: &'a str,
        /// Onde começa o que há entre as aspas.
        start: Position,
    },
    /// Um `$`, que continua por ler: quem lê referências é o `parser`.
    Dollar,
    /// O template acabou.
    End,
}

/// Os sinais, os compridos primeiro.
const SYMBOLS: [&str; 22] = [
    "==", "!=", "<=", ">=", "&&", "||", "..", "(", ")", "[", "]", "{", "}", ",", ":", "=", "<", ">", "+", "*", "/", "%",
];

/// A próxima palavra, depois do espaço em branco.
pub fn next_token<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, TemplateError> {
    cursor.take_while(char::is_whitespace);
    let start = cursor.position();
    let Some(first) = cursor.peek() else { return Ok(Token::End) };
    let mut after = *cursor;
    after.bump();
    let digit_next = after.peek().is_some_and(|c| c.is_ascii_digit());
    match first {
        '$' => Ok(Token::Dollar),
        '"' | '\'' => text(cursor, first),
        '0'..='9' => number(cursor, ""),
        '-' if digit_next => {
            cursor.bump();
            number(cursor, "-")
        }
        '-' | '!' if !cursor.rest().starts_with("!=") => {
            cursor.bump();
            Ok(Token::Symbol(if first == '-' { "-" } else { "!" }))
        }
        _ if first.is_ascii_alphabetic() || first == '_' => {
            Ok(Token::Word(cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_')))
        }
        _ => match SYMBOLS.into_iter().find(|symbol| cursor.eat(symbol)) {
            Some(symbol) => Ok(Token::Symbol(symbol)),
            None => Err(TemplateError::new(start, format!("`{first}` não faz parte de uma expressão da VTL"))),
        },
    }
}

fn number<'a>(cursor: &mut Cursor<'a>, sign: &str) -> Result<Token<'a>, TemplateError> {
    let start = cursor.position();
    let mut digits = format!("{sign}{}", cursor.take_while(|c| c.is_ascii_digit()));
    // `1..3` é um intervalo: os dois pontos não são do número.
    let float = cursor.rest().starts_with('.') && !cursor.rest().starts_with("..");
    if float {
        cursor.bump();
        digits.push('.');
        digits.push_str(cursor.take_while(|c| c.is_ascii_digit()));
    }
    let token = if float { digits.parse().map(Token::Float).ok() } else { digits.parse().map(Token::Integer).ok() };
    token.ok_or_else(|| TemplateError::new(start, format!("`{digits}` não cabe em um número da VTL")))
}

/// Um texto entre aspas; as mesmas aspas, dobradas, são uma aspa do texto. A barra invertida não escapa nada.
fn text<'a>(cursor: &mut Cursor<'a>, quote: char) -> Result<Token<'a>, TemplateError> {
    let opening = cursor.position();
    cursor.bump();
    let (start, whole) = (cursor.position(), cursor.rest());
    loop {
        let before = whole.len() - cursor.rest().len();
        match cursor.bump() {
            None => {
                let message = format!("o texto que começa aqui não fecha: falta `{quote}`");
                return Err(TemplateError::new(opening, message));
            }
            Some(c) if c == quote => {
                if cursor.peek() != Some(quote) {
                    return Ok(Token::Text { quote, raw: &whole[..before], start });
                }
                cursor.bump();
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut cursor = Cursor::new(text, Position { line: 1, column: 1 });
        let mut found = Vec::new();
        loop {
            match next_token(&mut cursor) {
                Ok(Token::End) => return found,
                Ok(Token::Dollar) => {
                    cursor.bump();
                    found.push("$".to_owned());
                }
                Ok(Token::Symbol(text) | Token::Word(text)) => found.push(text.to_owned()),
                Ok(Token::Text { raw, .. }) => found.push(format!("<{raw}>")),
                Ok(Token::Integer(number)) => found.push(number.to_string()),
                Ok(Token::Float(number)) => found.push(format!("{number:?}")),
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
    }

    #[test]
    fn signs_words_and_numbers_are_told_apart() {
        assert_eq!(
            tokens("$n>=2 && !($x != -1.50) and 1..3 % -4 - 5").join(" "),
            "$ n >= 2 && ! ( $ x != -1.5 ) and 1 .. 3 % -4 - 5"
        );
    }

    #[test]
    fn a_doubled_quote_does_not_end_the_text_and_a_backslash_escapes_nothing() {
        assert_eq!(tokens(r#""a""b" 'c\' "d'e""#), [r#"<a""b>"#, r"<c\>", "<d'e>"]);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert_eq!(tokens("a @"), ["a", "linha 1, coluna 3: `@` não faz parte de uma expressão da VTL"]);
        assert_eq!(tokens("a\n 'b"), ["a", "linha 2, coluna 2: o texto que começa aqui não fecha: falta `'`"]);
        assert_eq!(
            tokens("99999999999999999999"),
            ["linha 1, coluna 1: `99999999999999999999` não cabe em um número da VTL"]
        );
    }
}
