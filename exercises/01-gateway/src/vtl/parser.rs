//! Do texto do template à árvore: o que fica fora dos parênteses.
//!
//! ```text
//!   block ─┬─ texto, comentário, referência
//!          ├─ #set(…)
//!          ├─ #if(…) block #elseif(…) block #else block #end
//!          └─ #foreach(…) block #end          (…): módulo expression
//! ```

mod expression;

use super::ast::{Branch, Expression, Foreach, Node, Step};
use super::cursor::{Cursor, Position};
use super::error::TemplateError;
use super::lexer::{Token, next_token};

/// Quantos blocos e parênteses podem estar um dentro do outro: um template que passa disso é um engano, ou quer derrubar
/// quem o lê.
const DEEPEST: usize = 30;

/// As diretivas do Velocity que este modelo não tem.
const UNSUPPORTED: [&str; 7] = ["macro", "define", "parse", "include", "evaluate", "break", "stop"];

/// Lê um template.
///
/// # Errors
/// O primeiro erro, com o lugar e o que fazer.
pub fn parse(template: &str) -> Result<Vec<Node>, TemplateError> {
    parse_at(template, Position { line: 1, column: 1 }, 0)
}

fn parse_at(template: &str, start: Position, depth: usize) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser { cursor: Cursor::new(template, start), depth };
    let (nodes, ending) = parser.block()?;
    match ending {
        Ending::Template => Ok(nodes),
        Ending::Directive(word, position) => {
            Err(TemplateError::new(position, format!("este `#{word}` não tem um `#if` ou `#foreach` antes dele")))
        }
    }
}

/// O que encerrou um bloco.
enum Ending<'a> {
    Template,
    /// `elseif`, `else` ou `end`, e onde.
    Directive(&'a str, Position),
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Um nível para dentro.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, TemplateError>) -> Result<T, TemplateError> {
        if self.depth == DEEPEST {
            let message = format!("são mais de {DEEPEST} níveis, um dentro do outro; divida o template");
            return Err(TemplateError::new(self.cursor.position(), message));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Os nós até o fim do template ou até uma diretiva que fecha um bloco, que fica lida.
    fn block(&mut self) -> Result<(Vec<Node>, Ending<'a>), TemplateError> {
        let mut nodes = Vec::new();
        loop {
            let text = self.cursor.take_while(|c| !matches!(c, '$' | '#' | '\\'));
            if !(text.chars().all(|c| c == ' ' || c == '\t') && set_directive(self.cursor).is_some()) {
                push_text(&mut nodes, text);
            }
            match self.cursor.peek() {
                None => return Ok((nodes, Ending::Template)),
                Some('\\') => self.backslashes(&mut nodes),
                Some('$') => match self.reference()? {
                    Some(reference) => nodes.push(Node::Reference(reference)),
                    None => push_text(&mut nodes, self.one()),
                },
                Some(_) => {
                    if let Some(ending) = self.hash(&mut nodes)? {
                        return Ok((nodes, ending));
                    }
                }
            }
        }
    }

    /// Um caractere, que é só texto.
    fn one(&mut self) -> &'a str {
        let rest = self.cursor.rest();
        self.cursor.bump();
        &rest[..rest.len() - self.cursor.rest().len()]
    }

    /// Barras antes de uma referência ou diretiva: cada par vira uma, e a que sobra faz do resto um texto.
    fn backslashes(&mut self, nodes: &mut Vec<Node>) {
        let slashes = self.cursor.take_while(|c| c == '\\');
        let mut ahead = self.cursor;
        let escaped = match ahead.peek() {
            Some('$') => Parser { cursor: ahead, depth: self.depth }.reference().ok().flatten().map(|r| r.literal),
            Some('#') => directive_word(&mut ahead)
                .filter(|(word, _)| matches!(*word, "set" | "if" | "elseif" | "else" | "end" | "foreach"))
                .map(|(_, literal)| literal.to_owned()),
            _ => None,
        };
        match escaped {
            None => push_text(nodes, slashes),
            Some(literal) => {
                push_text(nodes, &slashes[..slashes.len() / 2]);
                if slashes.len() % 2 == 1 {
                    self.cursor.eat(&literal);
                    push_text(nodes, &literal);
                }
            }
        }
    }

    /// O que começa com `#`; devolve a diretiva quando ela fecha o bloco.
    fn hash(&mut self, nodes: &mut Vec<Node>) -> Result<Option<Ending<'a>>, TemplateError> {
        let position = self.cursor.position();
        let unclosed = |end: &str| TemplateError::new(position, format!("o que começa aqui não fecha: falta `{end}`"));
        if self.cursor.eat("##") {
            self.cursor.take_while(|c| c != '\n');
            self.cursor.bump();
        } else if self.cursor.eat("#*") {
            self.cursor.take_until("*#").ok_or_else(|| unclosed("*#"))?;
        } else if self.cursor.eat("#[[") {
            push_text(nodes, self.cursor.take_until("]]#").ok_or_else(|| unclosed("]]#"))?);
        } else if let Some(after) = set_directive(self.cursor) {
            self.cursor = after;
            nodes.push(self.set()?);
        } else {
            let mut ahead = self.cursor;
            match directive_word(&mut ahead) {
                Some((word @ ("end" | "else"), _)) => {
                    self.cursor = ahead;
                    self.cursor.eat_line_end();
                    return Ok(Some(Ending::Directive(word, position)));
                }
                Some((word @ "elseif", _)) => {
                    self.cursor = ahead;
                    return Ok(Some(Ending::Directive(word, position)));
                }
                Some(("if", _)) => {
                    self.cursor = ahead;
                    let branches = self.deeper(|parser| parser.branches(position))?;
                    nodes.push(Node::If(branches));
                }
                Some(("foreach", _)) => {
                    self.cursor = ahead;
                    let foreach = self.deeper(|parser| parser.foreach(position))?;
                    nodes.push(Node::Foreach(foreach));
                }
                Some((word, _)) if UNSUPPORTED.contains(&word) => {
                    let message = format!("`#{word}` existe no Velocity, mas este modelo não o tem");
                    return Err(TemplateError::new(position, message));
                }
                _ => push_text(nodes, self.one()),
            }
        }
        Ok(None)
    }

    fn set(&mut self) -> Result<Node, TemplateError> {
        self.cursor.take_while(char::is_whitespace);
        let position = self.cursor.position();
        let target = self.reference()?;
        let target = target.ok_or_else(|| {
            TemplateError::new(position, "um `#set` começa com o nome que recebe o valor: `#set($x = 1)`")
        })?;
        if matches!(target.steps.last(), Some(Step::Call { .. })) {
            return Err(TemplateError::new(position, "o lado esquerdo de um `#set` não pode ser um método"));
        }
        self.expect("=", "depois do nome, em um `#set`, vem `=`")?;
        let value = self.expression()?;
        self.expect(")", "falta o `)` que fecha o `#set`, ou um operador antes daqui")?;
        self.cursor.eat_line_end();
        Ok(Node::Set { target, value })
    }

    /// Depois do `#if`: a condição, o que ela guarda e os outros ramos.
    fn branches(&mut self, opening: Position) -> Result<Vec<Branch>, TemplateError> {
        let mut branches = Vec::new();
        let mut condition = Some(self.condition()?);
        loop {
            let (body, ending) = self.block()?;
            let last = condition.is_none();
            branches.push(Branch { condition, body });
            condition = match ending {
                Ending::Template => return Err(TemplateError::new(opening, "este `#if` não fecha: falta o `#end`")),
                Ending::Directive("end", _) => return Ok(branches),
                Ending::Directive(word, position) if last => {
                    let message = format!("este `#{word}` vem depois do `#else`; depois do `#else` só cabe o `#end`");
                    return Err(TemplateError::new(position, message));
                }
                Ending::Directive("else", _) => None,
                Ending::Directive(..) => Some(self.condition()?),
            };
        }
    }

    fn condition(&mut self) -> Result<Expression, TemplateError> {
        self.expect("(", "a condição vai entre parênteses: `#if($x)`")?;
        let condition = self.expression()?;
        self.expect(")", "falta o `)` que fecha a condição, ou um operador antes daqui")?;
        self.cursor.eat_line_end();
        Ok(condition)
    }

    fn foreach(&mut self, opening: Position) -> Result<Foreach, TemplateError> {
        const FORM: &str = "um `#foreach` tem esta forma: `#foreach($item in $list)`";
        self.expect("(", FORM)?;
        self.cursor.take_while(char::is_whitespace);
        let position = self.cursor.position();
        let variable = self.reference()?.filter(|reference| reference.steps.is_empty());
        let variable = variable.ok_or_else(|| TemplateError::new(position, FORM))?.root;
        let position = self.cursor.position();
        if next_token(&mut self.cursor)? != Token::Word("in") {
            return Err(TemplateError::new(position, FORM));
        }
        let items = self.parameter()?;
        self.expect(")", "falta o `)` que fecha o `#foreach`; contas não cabem aqui")?;
        self.cursor.eat_line_end();
        match self.block()? {
            (body, Ending::Directive("end", _)) => Ok(Foreach { variable, items, body }),
            (_, Ending::Template) => Err(TemplateError::new(opening, "este `#foreach` não fecha: falta o `#end`")),
            (_, Ending::Directive(word, position)) => {
                Err(TemplateError::new(position, format!("este `#{word}` está em um `#foreach`, não em um `#if`")))
            }
        }
    }
}

/// Junta com o texto anterior, se houver.
fn push_text(nodes: &mut Vec<Node>, text: &str) {
    match nodes.last_mut() {
        _ if text.is_empty() => {}
        Some(Node::Text(before)) => before.push_str(text),
        _ => nodes.push(Node::Text(text.to_owned())),
    }
}

/// O nome em `#nome` ou `#{nome}`, e como está escrito; anda.
fn directive_word<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let start = cursor.rest();
    cursor.bump();
    let formal = cursor.eat("{");
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
    let closed = !formal || cursor.eat("}");
    (closed && !word.is_empty()).then(|| (word, &start[..start.len() - cursor.rest().len()]))
}

/// Depois de `#set (`, se é isso que vem.
fn set_directive(mut cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let found = cursor.eat("#set") || cursor.eat("#{set}");
    cursor.take_while(|c| c == ' ');
    (found && cursor.eat("(")).then_some(cursor)
}

#[cfg(test)]
mod tests;
