//! Do texto à árvore: referências e o que fica entre parênteses.
//!
//! ```text
//!   expression:  ||  &&  == !=  < <= > >=  + -  * / %  !  e parameter
//!   parameter:   o que tem valor sozinho: $nome.passo, texto, número, lista, intervalo, mapa
//! ```

use super::{Parser, parse_at};
use crate::vtl::ast::{Expression, Operator, Reference, Step};
use crate::vtl::cursor::{Cursor, Position};
use crate::vtl::error::TemplateError;
use crate::vtl::lexer::{Token, next_token};

/// Os operadores de dois lados, do que junta menos ao que junta mais.
const BINARY: [&[(&str, &str, Operator)]; 4] = [
    &[("==", "eq", Operator::Equal), ("!=", "ne", Operator::NotEqual)],
    &[
        ("<", "lt", Operator::Less),
        ("<=", "le", Operator::LessOrEqual),
        (">", "gt", Operator::Greater),
        (">=", "ge", Operator::GreaterOrEqual),
    ],
    &[("+", "", Operator::Add), ("-", "", Operator::Subtract)],
    &[("*", "", Operator::Multiply), ("/", "", Operator::Divide), ("%", "", Operator::Remainder)],
];

/// O que dizer quando um método não fecha.
const METHOD: &str = "falta o `)` que fecha o método; ali não cabem contas: faça um `#set` antes e use a variável";

impl Parser<'_> {
    /// Uma referência, se o que vem é uma; senão não anda.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, TemplateError> {
        let start = self.cursor;
        self.cursor.bump();
        let quiet = self.cursor.eat("!");
        let formal = self.cursor.eat("{");
        let Some(root) = identifier(&mut self.cursor) else {
            self.cursor = start;
            return Ok(None);
        };
        let steps = self.deeper(Self::steps)?;
        if formal && !self.cursor.eat("}") {
            let message = format!("falta o `}}` que fecha `${{{root}…`");
            return Err(TemplateError::new(self.cursor.position(), message));
        }
        let literal = &start.rest()[..start.rest().len() - self.cursor.rest().len()];
        let (root, literal, position) = (root.to_owned(), literal.to_owned(), start.position());
        Ok(Some(Reference { root, steps, literal, quiet, position }))
    }

    fn steps(&mut self) -> Result<Vec<Step>, TemplateError> {
        let mut steps = Vec::new();
        loop {
            let mut ahead = self.cursor;
            if ahead.eat("[") {
                self.cursor = ahead;
                let index = self.parameter()?;
                self.expect("]", "falta o `]`; entre colchetes cabe um número, um texto ou uma referência")?;
                steps.push(Step::Index(index));
                continue;
            }
            // Depois do ponto vem uma letra; um ponto no fim da frase é texto.
            let letter_next = ahead.eat(".") && ahead.peek().is_some_and(|c| c.is_ascii_alphabetic());
            let name = if letter_next { identifier(&mut ahead) } else { None };
            let Some(name) = name else { return Ok(steps) };
            self.cursor = ahead;
            // Um parêntese que não parece o de um método é texto: `$x.unit(s)`.
            let method = ahead.eat("(") && {
                ahead.take_while(char::is_whitespace);
                ahead.peek().is_some_and(|c| c.is_ascii_digit() || ")$\"'-[{".contains(c))
                    || ["true", "false"].iter().any(|word| ahead.rest().starts_with(word))
            };
            steps.push(if method {
                self.cursor.bump();
                let arguments = self.list(")", METHOD, Self::parameter)?;
                Step::Call { method: name.to_owned(), arguments }
            } else {
                Step::Property(name.to_owned())
            });
        }
    }

    /// Itens separados por vírgula, até `close`.
    fn list<T>(
        &mut self,
        close: &str,
        message: &str,
        item: impl Fn(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<Vec<T>, TemplateError> {
        let mut items = Vec::new();
        if self.symbol(close)? {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.symbol(",")? {
                self.expect(close, message)?;
                return Ok(items);
            }
        }
    }

    /// O que vai entre os parênteses de um `#if` ou depois do `=`.
    pub(super) fn expression(&mut self) -> Result<Expression, TemplateError> {
        self.deeper(|parser| {
            let mut left = parser.and()?;
            while parser.symbol("||")? || parser.word("or")? {
                left = Expression::Or(Box::new(left), Box::new(parser.and()?));
            }
            Ok(left)
        })
    }

    fn and(&mut self) -> Result<Expression, TemplateError> {
        let mut left = self.binary(0)?;
        while self.symbol("&&")? || self.word("and")? {
            left = Expression::And(Box::new(left), Box::new(self.binary(0)?));
        }
        Ok(left)
    }

    fn binary(&mut self, level: usize) -> Result<Expression, TemplateError> {
        let Some(operators) = BINARY.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        'operand: loop {
            for (symbol, word, operator) in *operators {
                if self.symbol(symbol)? || (!word.is_empty() && self.word(word)?) {
                    left = Expression::Binary(*operator, Box::new(left), Box::new(self.binary(level + 1)?));
                    continue 'operand;
                }
            }
            return Ok(left);
        }
    }

    fn unary(&mut self) -> Result<Expression, TemplateError> {
        if self.symbol("!")? || self.word("not")? {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.unary()?))));
        }
        if self.symbol("(")? {
            let inner = self.expression()?;
            self.expect(")", "falta o `)` que fecha este parêntese, ou um operador antes daqui")?;
            return Ok(inner);
        }
        self.parameter()
    }

    /// O que tem valor sozinho, sem contas: é o que cabe entre os parênteses de um método.
    pub(super) fn parameter(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.take_while(char::is_whitespace);
        let position = self.cursor.position();
        let expected = || TemplateError::new(position, "aqui vai um valor: um texto, um número, uma lista ou `$nome`");
        match next_token(&mut self.cursor)? {
            Token::Dollar => self.reference()?.map(Expression::Reference).ok_or_else(expected),
            Token::Integer(number) => Ok(Expression::Integer(number)),
            Token::Float(number) => Ok(Expression::Float(number)),
            Token::Word("true") => Ok(Expression::Boolean(true)),
            Token::Word("false") => Ok(Expression::Boolean(false)),
            Token::Text { quote, raw, start } => self.text(quote, raw, start),
            Token::Symbol("[") => self.deeper(Self::list_or_range),
            Token::Symbol("{") => self.deeper(|parser| {
                const FORM: &str = "um mapa tem esta forma: `{\"a\": 1, \"b\": $c}`";
                let pairs = parser.list("}", FORM, |parser| {
                    let key = parser.parameter()?;
                    parser.expect(":", FORM)?;
                    Ok((key, parser.parameter()?))
                })?;
                Ok(Expression::Map(pairs))
            }),
            _ => Err(expected()),
        }
    }

    /// Depois do `[`.
    fn list_or_range(&mut self) -> Result<Expression, TemplateError> {
        const FORM: &str = "falta `,` ou `]` na lista";
        if self.symbol("]")? {
            return Ok(Expression::List(Vec::new()));
        }
        let first = self.parameter()?;
        if self.symbol("..")? {
            let end = self.parameter()?;
            self.expect("]", "um intervalo tem dois números: `[1..3]`")?;
            return Ok(Expression::Range(Box::new(first), Box::new(end)));
        }
        let mut items = vec![first];
        while self.symbol(",")? {
            items.push(self.parameter()?);
        }
        self.expect("]", FORM)?;
        Ok(Expression::List(items))
    }

    fn text(&mut self, quote: char, raw: &str, start: Position) -> Result<Expression, TemplateError> {
        let text = raw.replace(&format!("{quote}{quote}"), &quote.to_string());
        if quote == '"' && text.contains(['$', '#']) {
            let nodes = self.deeper(|parser| parse_at(&text, start, parser.depth))?;
            return Ok(Expression::Interpolated(nodes));
        }
        Ok(Expression::Text(text))
    }

    /// Passa pelo sinal, se é ele que vem.
    fn symbol(&mut self, symbol: &str) -> Result<bool, TemplateError> {
        self.token(|token| matches!(token, Token::Symbol(found) if *found == symbol))
    }

    fn word(&mut self, word: &str) -> Result<bool, TemplateError> {
        self.token(|token| matches!(token, Token::Word(found) if *found == word))
    }

    fn token(&mut self, wanted: impl Fn(&Token) -> bool) -> Result<bool, TemplateError> {
        let mut ahead = self.cursor;
        let found = wanted(&next_token(&mut ahead)?);
        if found {
            self.cursor = ahead;
        }
        Ok(found)
    }

    /// Passa pelo sinal, que tem de vir agora.
    pub(super) fn expect(&mut self, symbol: &str, message: &str) -> Result<(), TemplateError> {
        let mut ahead = self.cursor;
        ahead.take_while(char::is_whitespace);
        if self.symbol(symbol)? {
            return Ok(());
        }
        let position = ahead.position();
        let message = match next_token(&mut ahead)? {
            Token::Integer(number) if number < 0 => {
                let number = number.unsigned_abs();
                format!("o `-` colado faz parte do número: para subtrair, escreva `- {number}`, com espaço")
            }
            _ => message.to_owned(),
        };
        Err(TemplateError::new(position, message))
    }
}

/// Um nome: uma letra ou `_`, e depois letras, números, `_` e também `-`.
fn identifier<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.peek().filter(|c| c.is_ascii_alphabetic() || *c == '_')?;
    Some(cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}
