//! Engano: um `#if` toma texto vazio e o que não existe por falso.

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
    // passo: começo — transforma, repassa ou recusa: {behavior:?}, {content_type:?}
    // passo: usa templates
    use crate::model::GatewayResponseType;

    if let Some(template) = templates.get(content_type.unwrap_or("application/json")) {
        return Ok(Passage::Transform(template));
    }
    match behavior {
        PassthroughBehavior::WhenNoMatch => Ok(Passage::AsIs),
        PassthroughBehavior::WhenNoTemplates if templates.is_empty() => Ok(Passage::AsIs),
        PassthroughBehavior::WhenNoTemplates | PassthroughBehavior::Never => {
            Err(Refusal::new(GatewayResponseType::UnsupportedMediaType, "Unsupported Media Type"))
        }
    }
    // passo: fim
}

/// Escolhe a resposta da integração.
///
/// # Errors
/// `API_CONFIGURATION_ERROR`, quando nenhuma serve e não há uma padrão.
pub fn select_response<'a>(
    responses: &'a [IntegrationResponse],
    outcome: &Outcome,
) -> Result<&'a IntegrationResponse, Refusal> {
    // passo: começo — a resposta cujo padrão casa com {outcome:?}, ou a padrão
    // passo: usa responses
    use crate::template::configuration_error;

    let text = match outcome {
        Outcome::Lambda { error_message } => error_message.unwrap_or_default().to_owned(),
        Outcome::Status(status) => status.to_string(),
    };
    let matches = |pattern: &str| vtl::matches_whole(pattern, &text).unwrap_or(false);
    responses
        .iter()
        .find(|response| response.pattern().is_some_and(matches))
        .or_else(|| responses.iter().find(|response| response.pattern().is_none()))
        .ok_or_else(configuration_error)
    // passo: fim
}

/// O status que uma integração MOCK responde: o `statusCode` do JSON que o template da requisição escreveu.
///
/// # Errors
/// `API_CONFIGURATION_ERROR`, quando não há um `statusCode` inteiro.
pub fn mock_status(body: &str) -> Result<u16, Refusal> {
    // passo: começo — lê o `statusCode` de {body:?}
    use serde_json::Value as Json;

    use crate::template::configuration_error;

    let status = serde_json::from_str::<Json>(body).ok().and_then(|json| json.get("statusCode")?.as_u64());
    status.and_then(|status| u16::try_from(status).ok()).ok_or_else(configuration_error)
    // passo: fim
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
        // passo: começo — parte da variável de {reference:?} e dá um passo de cada vez, com `self.step`
        // passo: usa Self::step
        let mut value = self.variables.get(&reference.root).cloned().unwrap_or(Value::Null);
        for step in &reference.steps {
            if value == Value::Null {
                break;
            }
            value = self.step(&value, step, reference.position)?;
        }
        // O que não existe vale texto vazio, e não o próprio nome, como no Velocity.
        Ok(if value == Value::Null { Value::text("") } else { value })
        // passo: fim
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
        // passo: começo — roda o corpo de um só dos ramos de {branches:?}
        for Branch { condition, body } in branches {
            let chosen = match condition {
                Some(condition) => truthy(&self.expression(condition)?),
                None => true,
            };
            if chosen {
                return self.nodes(body);
            }
        }
        Ok(())
        // passo: fim
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
        // passo: começo — para cada um de {items:?}, define as variáveis e roda o corpo de {foreach:?}
        const MAX_ITERATIONS: usize = 1_000;
        let length = items.len();
        for (index, item) in items.into_iter().enumerate().take(MAX_ITERATIONS) {
            let state = [
                ("index", Value::Integer(index as i64)),
                ("count", Value::Integer(index as i64 + 1)),
                ("hasNext", Value::Boolean(index + 1 < length)),
            ];
            self.variables.insert(foreach.variable.clone(), item);
            self.variables.insert("foreach".to_owned(), Value::Map(state.into_iter().collect()));
            self.variables.insert("velocityCount".to_owned(), Value::Integer(index as i64 + 1));
            self.nodes(&foreach.body)?;
        }
        Ok(())
        // passo: fim
    }

    /// `$input.body`
    fn input_body(&self) -> &'a str {
        // passo: começo — o corpo de `self.input`, que nunca é vazio para um template
        match self.input.body.as_str() {
            "" => "{}",
            body => body,
        }
        // passo: fim
    }

    /// `$input.path(path)`: o que há em `path`, ou [`Value::Null`].
    fn input_path(&self, path: &str) -> Result<Value, String> {
        // passo: começo — procura {path:?} no corpo
        // passo: usa self.document
        match &self.document {
            Some(document) => Ok(document.query(path)?.unwrap_or(Value::Null)),
            None => Ok(Value::Null),
        }
        // passo: fim
    }

    /// `$input.json(path)`: o mesmo, escrito como JSON.
    fn input_json(&self, path: &str) -> Result<Value, String> {
        // passo: começo — procura {path:?} no corpo e escreve o que achou como JSON
        let found = match &self.document {
            Some(document) => document.query(path)?,
            None => None,
        };
        Ok(Value::Text(found.unwrap_or_else(|| Value::text("")).to_json()))
        // passo: fim
    }

    /// `$input.params(name)`: do caminho, da query ou dos cabeçalhos, ou [`Value::Null`].
    fn input_params(&self, name: &str) -> Value {
        // passo: começo — procura {name:?} nos três lugares, na ordem
        let places = [&self.input.path, &self.input.querystring, &self.input.header];
        let found = places.into_iter().flatten().find(|(each, _)| each == name);
        found.map_or(Value::Null, |(_, value)| Value::text(value))
        // passo: fim
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
    // passo: começo — diga se {value:?} vale como verdade
    match value {
        Value::Null | Value::Boolean(false) => false,
        Value::Text(text) => !text.is_empty(),
        _ => true,
    }
    // passo: fim
}

/// `$util.name(text)`
fn util(name: &str, text: &str) -> Result<Value, String> {
    // passo: começo — as seis funções de `$util`: {name:?} de {text:?}
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use form_urlencoded::byte_serialize;
    use percent_encoding::percent_decode_str;

    Ok(Value::Text(match name {
        "escapeJavaScript" => text
            .chars()
            .map(|c| match c {
                '\'' | '"' | '\\' => format!("\\{c}"),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                _ => c.to_string(),
            })
            .collect(),
        "parseJson" => return Value::parse_json(text).ok_or_else(|| format!("`{text}` não é um JSON")),
        "urlEncode" => byte_serialize(text.as_bytes()).collect(),
        "urlDecode" => percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned(),
        "base64Encode" => STANDARD.encode(text),
        "base64Decode" => {
            let bytes = STANDARD.decode(text).map_err(|_| format!("`{text}` não é base64"))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => return Err(format!("`$util` não tem a função `{name}`")),
    }))
    // passo: fim
}

fn map(pairs: &Pairs) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| (name, Value::text(value))).collect())
}
