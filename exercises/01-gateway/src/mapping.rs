//! Mapping templates: o corpo muda de forma entre o cliente e a integração, na ida e na volta.
//!
//! ```text
//!   requisição ─▶ choose_template ─┬─ há template para o tipo ──▶ render ──▶ integração
//!                                  ├─ repassa como veio ───────────────────▶     │
//!                                  └─ 415                                        ▼
//!   resposta  ◀── render ◀── template da resposta escolhida ◀── select_response
//! ```
//!
//! Segue `api-gateway-mapping-template-reference`, `integration-passthrough-behaviors` e `how-to-mock-integration`, do guia
//! do API Gateway. Ler o template, fazer contas e chamar métodos já vem pronto, em [`crate::vtl`].

use std::collections::BTreeMap;

use crate::model::Refusal;
use crate::template::{
    IntegrationResponse, Outcome, Pairs, Passage, PassthroughBehavior, Rendered, TemplateInput, Templates,
};
use crate::vtl::ast::{Branch, Expression, Foreach, Node, Reference, Step};
use crate::vtl::{self, Document, Map, Position, TemplateError, Value};

/// Escolhe o template do corpo pelo `Content-Type` da requisição.
///
/// # Errors
/// `UNSUPPORTED_MEDIA_TYPE`, quando não há template e `behavior` não deixa o corpo passar.
pub fn choose_template<'a>(
    templates: &'a Templates,
    behavior: PassthroughBehavior,
    content_type: Option<&str>,
) -> Result<Passage<'a>, Refusal> {
    let _ = templates;
    todo!("transforma, repassa ou recusa: {behavior:?}, {content_type:?}")
}

/// Escolhe a resposta da integração.
///
/// # Errors
/// `API_CONFIGURATION_ERROR`, quando nenhuma serve e não há uma padrão.
pub fn select_response<'a>(
    responses: &'a [IntegrationResponse],
    outcome: &Outcome,
) -> Result<&'a IntegrationResponse, Refusal> {
    let _ = responses;
    todo!("a resposta cujo padrão casa com {outcome:?}, ou a padrão")
}

/// O status que uma integração MOCK responde: o `statusCode` do JSON que o template da requisição escreveu.
///
/// # Errors
/// `API_CONFIGURATION_ERROR`, quando não há um `statusCode` inteiro.
pub fn mock_status(body: &str) -> Result<u16, Refusal> {
    todo!("lê o `statusCode` de {body:?}")
}

/// Roda um template.
///
/// # Errors
/// O primeiro erro do template, com linha e coluna.
pub fn render(template: &str, input: &TemplateInput) -> Result<Rendered, TemplateError> {
    let mut run = Run::new(input);
    run.nodes(&vtl::parse(template)?)?;
    Ok(run.finish())
}

/// Um template rodando.
struct Run<'a> {
    input: &'a TemplateInput,
    /// O corpo, se é um JSON.
    document: Option<Document>,
    /// As variáveis, sem o `$`.
    variables: BTreeMap<String, Value>,
    output: String,
    trace: Vec<(String, String)>,
}

impl<'a> Run<'a> {
    fn new(input: &'a TemplateInput) -> Self {
        let variables = [
            ("context", vtl::context(&input.context)),
            ("stageVariables", map(&input.stage_variables)),
            ("input", Value::Input),
            ("util", Value::Util),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut run = Self { input, document: None, variables, output: String::new(), trace: Vec::new() };
        run.document = Document::parse(run.input_body());
        run
    }

    fn finish(self) -> Rendered {
        let context = self.variables.get("context").map(Value::to_json);
        let context = context.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        Rendered { body: self.output, context, trace: self.trace }
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<(), TemplateError> {
        for node in nodes {
            match node {
                Node::Text(text) => self.output.push_str(text),
                Node::Reference(reference) => {
                    let value = self.reference(reference)?;
                    self.output.push_str(&value.to_string());
                }
                Node::Set { target, value } => {
                    let value = self.expression(value)?;
                    // Uma conta que não dá, como uma divisão por zero, não muda a variável.
                    if value != Value::Null {
                        self.set(target, value)?;
                    }
                }
                Node::If(branches) => self.branches(branches)?,
                Node::Foreach(foreach) => self.foreach(foreach)?,
            }
        }
        Ok(())
    }

    /// O valor de uma referência, que fica anotado.
    fn reference(&mut self, reference: &Reference) -> Result<Value, TemplateError> {
        let value = self.follow(reference)?;
        if self.trace.len() < Rendered::LONGEST_TRACE {
            let shown = value.to_string().chars().take(Rendered::LONGEST_TRACE).collect();
            self.trace.push((reference.literal.clone(), shown));
        }
        Ok(value)
    }

    /// Segue o caminho de uma referência, da variável ao último passo.
    fn follow(&mut self, reference: &Reference) -> Result<Value, TemplateError> {
        let _ = Self::step;
        todo!("parte da variável de {reference:?} e dá um passo de cada vez, com `self.step`")
    }

    /// Um passo a partir de `value`, que existe; [`Value::Null`] quando ele não leva a nada.
    fn step(&mut self, value: &Value, step: &Step, position: Position) -> Result<Value, TemplateError> {
        let result = match step {
            Step::Property(name) if *value == Value::Input && name == "body" => Ok(Value::text(self.input_body())),
            Step::Property(name) => Ok(vtl::property(value, name)),
            Step::Index(key) => vtl::index(value, &self.expression(key)?),
            Step::Call { method, arguments } => {
                let arguments = self.expressions(arguments)?;
                match (value, method.as_str(), arguments.as_slice()) {
                    (Value::Input, "params", []) => Ok(self.all_params()),
                    (Value::Input, "params", [name]) => Ok(self.input_params(&name.to_string())),
                    (Value::Input, "path", [path]) => self.input_path(&path.to_string()),
                    (Value::Input, "json", [path]) => self.input_json(&path.to_string()),
                    (Value::Util, name, [argument]) => util(name, &argument.to_string()),
                    _ => vtl::call(value, method, &arguments),
                }
            }
        };
        result.map_err(|message| TemplateError::new(position, message))
    }

    /// `#set($target = value)`
    fn set(&mut self, target: &Reference, value: Value) -> Result<(), TemplateError> {
        let Some((last, steps)) = target.steps.split_last() else {
            self.variables.insert(target.root.clone(), value);
            return Ok(());
        };
        let container = self.follow(&Reference { steps: steps.to_vec(), ..target.clone() })?;
        let key = match last {
            Step::Property(name) => Value::text(name),
            Step::Index(key) => self.expression(key)?,
            Step::Call { .. } => return Ok(()),
        };
        vtl::put(&container, &key, &value).map_err(|message| TemplateError::new(target.position, message))
    }

    /// Roda o primeiro ramo cuja condição vale, ou o `#else`.
    fn branches(&mut self, branches: &[Branch]) -> Result<(), TemplateError> {
        todo!("roda o corpo de um só dos ramos de {branches:?}")
    }

    /// Repete o corpo com cada item de uma lista ou cada valor de um mapa.
    fn foreach(&mut self, foreach: &Foreach) -> Result<(), TemplateError> {
        let items = match self.expression(&foreach.items)? {
            Value::List(list) => list.items(),
            Value::Map(map) => map.entries().into_iter().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        };
        let names = [foreach.variable.as_str(), "foreach", "velocityCount"];
        let before = names.map(|name| self.variables.get(name).cloned());
        self.repeat(foreach, items)?;
        // As variáveis do laço não passam do `#end`.
        for (name, value) in names.into_iter().zip(before) {
            match value {
                Some(value) => self.variables.insert(name.to_owned(), value),
                None => self.variables.remove(name),
            };
        }
        Ok(())
    }

    /// Roda o corpo uma vez por item, com as variáveis do laço.
    fn repeat(&mut self, foreach: &Foreach, items: Vec<Value>) -> Result<(), TemplateError> {
        todo!("para cada um de {items:?}, define as variáveis e roda o corpo de {foreach:?}")
    }

    /// `$input.body`
    fn input_body(&self) -> &'a str {
        todo!("o corpo de `self.input`, que nunca é vazio para um template")
    }

    /// `$input.path(path)`: o que há em `path`, ou [`Value::Null`].
    fn input_path(&self, path: &str) -> Result<Value, String> {
        let _ = self.document;
        todo!("procura {path:?} no corpo")
    }

    /// `$input.json(path)`: o mesmo, escrito como JSON.
    fn input_json(&self, path: &str) -> Result<Value, String> {
        todo!("procura {path:?} no corpo e escreve o que achou como JSON")
    }

    /// `$input.params(name)`: do caminho, da query ou dos cabeçalhos, ou [`Value::Null`].
    fn input_params(&self, name: &str) -> Value {
        todo!("procura {name:?} nos três lugares, na ordem")
    }

    /// `$input.params()`
    fn all_params(&self) -> Value {
        let input = self.input;
        let places = [("path", &input.path), ("querystring", &input.querystring), ("header", &input.header)];
        Value::Map(places.into_iter().map(|(name, pairs)| (name, map(pairs))).collect())
    }

    fn expressions(&mut self, all: &[Expression]) -> Result<Vec<Value>, TemplateError> {
        all.iter().map(|each| self.expression(each)).collect()
    }

    /// O valor de uma expressão.
    fn expression(&mut self, expression: &Expression) -> Result<Value, TemplateError> {
        Ok(match expression {
            Expression::Boolean(boolean) => Value::Boolean(*boolean),
            Expression::Integer(number) => Value::Integer(*number),
            Expression::Float(number) => Value::Float(*number),
            Expression::Text(text) => Value::text(text),
            Expression::Interpolated(nodes) => {
                let before = std::mem::take(&mut self.output);
                let result = self.nodes(nodes);
                let text = std::mem::replace(&mut self.output, before);
                result.map(|()| Value::Text(text))?
            }
            Expression::Reference(reference) => self.reference(reference)?,
            Expression::List(items) => Value::list(self.expressions(items)?),
            Expression::Range(first, last) => vtl::range(&self.expression(first)?, &self.expression(last)?),
            Expression::Map(pairs) => {
                let pairs: Result<Map, TemplateError> = pairs
                    .iter()
                    .map(|(key, value)| Ok((self.expression(key)?.to_string(), self.expression(value)?)))
                    .collect();
                Value::Map(pairs?)
            }
            Expression::Not(inner) => Value::Boolean(!truthy(&self.expression(inner)?)),
            Expression::And(left, right) => {
                Value::Boolean(truthy(&self.expression(left)?) && truthy(&self.expression(right)?))
            }
            Expression::Or(left, right) => {
                Value::Boolean(truthy(&self.expression(left)?) || truthy(&self.expression(right)?))
            }
            Expression::Binary(operator, left, right) => {
                vtl::apply(*operator, &self.expression(left)?, &self.expression(right)?)
            }
        })
    }
}

/// O que vale como verdade em um `#if`.
fn truthy(value: &Value) -> bool {
    todo!("diga se {value:?} vale como verdade")
}

/// `$util.name(text)`
fn util(name: &str, text: &str) -> Result<Value, String> {
    todo!("as seis funções de `$util`: {name:?} de {text:?}")
}

fn map(pairs: &Pairs) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| (name, Value::text(value))).collect())
}
