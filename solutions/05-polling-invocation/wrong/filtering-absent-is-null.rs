//! Engano: um campo que o registro não tem vale `null`, e por isso não é nenhum dos textos de `anything-but`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::api_error::ApiError;

/// A origem de um mapeamento, no que interessa ao filtro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSource {
    /// Amazon SQS.
    Sqs,
    /// Kinesis Data Streams.
    Kinesis,
    /// DynamoDB Streams.
    DynamoDb,
    /// Amazon MSK ou Kafka autogerenciado.
    Kafka,
    /// Amazon MQ, com ActiveMQ ou RabbitMQ.
    AmazonMq,
}

impl FilterSource {
    /// A chave do padrão que alcança o conteúdo do registro.
    pub fn data_key(self) -> &'static str {
        match self {
            Self::Sqs => "body",
            Self::Kinesis | Self::AmazonMq => "data",
            Self::DynamoDb => "dynamodb",
            Self::Kafka => "value",
        }
    }
}

/// Um padrão: campos que têm de casar todos, ou a lista de regras de uma folha, em que basta uma.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// Um objeto do padrão.
    Fields(Vec<(String, Pattern)>),
    /// Uma lista do padrão; nunca vazia.
    Rules(Vec<Rule>),
}

/// Uma regra de uma folha.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// `"granizo"`, `300`, `true` ou `null`.
    Equals(Value),
    /// `{"equals-ignore-case": "granizo"}`
    EqualsIgnoreCase(String),
    /// `{"prefix": "ponte"}`
    Prefix(String),
    /// `{"suffix": "velha"}`
    Suffix(String),
    /// `{"anything-but": "granizo"}` ou uma lista, só de textos ou só de números.
    AnythingBut(Vec<Value>),
    /// `{"numeric": [">", 0, "<=", 5]}`: um ou dois pares de comparação e número, que valem todos.
    Numeric(Vec<(Comparison, f64)>),
    /// `{"exists": true}`
    Exists(bool),
}

/// Uma comparação de `numeric`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// A comparação com este símbolo.
    pub fn parse(symbol: &str) -> Option<Self> {
        match symbol {
            "=" => Some(Self::Equal),
            "<" => Some(Self::Less),
            "<=" => Some(Self::AtMost),
            ">" => Some(Self::Greater),
            ">=" => Some(Self::AtLeast),
            _ => None,
        }
    }

    /// Se `left` está para `right` como a comparação pede.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// Lê um elemento da lista de uma folha; `None` se o filtro do Lambda não o aceita.
pub fn rule(element: &Value) -> Option<Rule> {
    let operator = match element {
        Value::Object(operator) if operator.len() == 1 => operator,
        Value::Object(_) | Value::Array(_) => return None,
        scalar => return Some(Rule::Equals(scalar.clone())),
    };
    let (name, operand) = operator.iter().next()?;
    let text = || operand.as_str().map(str::to_owned);
    match name.as_str() {
        "equals-ignore-case" => text().map(Rule::EqualsIgnoreCase),
        "prefix" => text().map(Rule::Prefix),
        "suffix" => text().map(Rule::Suffix),
        "exists" => operand.as_bool().map(Rule::Exists),
        "anything-but" => {
            let values = match operand {
                Value::Array(values) => values.clone(),
                other => vec![other.clone()],
            };
            let same = values.iter().all(Value::is_string) || values.iter().all(Value::is_number);
            (same && !values.is_empty()).then_some(Rule::AnythingBut(values))
        }
        "numeric" => {
            let operands = operand.as_array().filter(|operands| matches!(operands.len(), 2 | 4))?;
            let pair = |pair: &[Value]| Some((Comparison::parse(pair[0].as_str()?)?, pair[1].as_f64()?));
            operands.chunks(2).map(pair).collect::<Option<Vec<_>>>().map(Rule::Numeric)
        }
        _ => None,
    }
}

impl Pattern {
    /// Lê um padrão em JSON; `None` se o filtro do Lambda não o aceita.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        value.as_object().and_then(Self::fields)
    }

    fn fields(object: &Map<String, Value>) -> Option<Self> {
        let field = |(name, value): (&String, &Value)| {
            let pattern = match value {
                Value::Object(object) => Self::fields(object)?,
                Value::Array(elements) if !elements.is_empty() => {
                    Self::Rules(elements.iter().map(rule).collect::<Option<_>>()?)
                }
                _ => return None,
            };
            Some((name.clone(), pattern))
        };
        if object.is_empty() {
            return None;
        }
        object.iter().map(field).collect::<Option<_>>().map(Self::Fields)
    }

    /// O padrão de um campo do primeiro nível.
    pub fn field(&self, name: &str) -> Option<&Pattern> {
        match self {
            Self::Fields(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, pattern)| pattern),
            Self::Rules(_) => None,
        }
    }

    /// O mesmo padrão sem um campo do primeiro nível.
    pub fn without(&self, name: &str) -> Pattern {
        match self {
            Self::Fields(fields) => Self::Fields(fields.iter().filter(|(field, _)| field != name).cloned().collect()),
            Self::Rules(rules) => Self::Rules(rules.clone()),
        }
    }
}

/// Se o valor de uma folha casa com a regra; `None` é um campo que o registro não tem.
pub fn matches_rule(rule: &Rule, value: Option<&Value>) -> bool {
    if let Rule::Exists(expected) = rule {
        return value.is_some_and(|value| !value.is_object()) == *expected;
    }
    let one = |value: &Value| match rule {
        Rule::Equals(expected) => value == expected,
        Rule::EqualsIgnoreCase(text) => value.as_str().is_some_and(|value| value.to_lowercase() == text.to_lowercase()),
        Rule::Prefix(text) => value.as_str().is_some_and(|value| value.starts_with(text.as_str())),
        Rule::Suffix(text) => value.as_str().is_some_and(|value| value.ends_with(text.as_str())),
        Rule::AnythingBut(values) => !values.contains(value),
        Rule::Numeric(pairs) => {
            value.as_f64().is_some_and(|value| pairs.iter().all(|(comparison, right)| comparison.holds(value, *right)))
        }
        Rule::Exists(_) => false,
    };
    match value {
        None => one(&Value::Null),
        Some(Value::Array(elements)) => elements.iter().any(one),
        Some(value) => one(value),
    }
}

/// Se o documento casa com o padrão; `None` é um campo que o registro não tem.
pub fn matches(pattern: &Pattern, document: Option<&Value>) -> bool {
    match pattern {
        Pattern::Fields(fields) => {
            fields.iter().all(|(name, inner)| matches(inner, document.and_then(|document| document.get(name))))
        }
        Pattern::Rules(rules) => rules.iter().any(|rule| matches_rule(rule, document)),
    }
}

/// O conteúdo de um registro, decodificado.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Um objeto JSON.
    Json(Value),
    /// Um texto que não é um objeto JSON.
    Text(String),
    /// Bytes que não são UTF-8.
    Binary,
}

/// O conteúdo de um registro do evento e o documento com que o padrão se compara: os metadados, com o conteúdo decodificado no
/// lugar dele.
pub fn decode(source: FilterSource, record: &Value) -> (Data, Value) {
    let mut document = match source {
        FilterSource::Kinesis => record["kinesis"].clone(),
        _ => record.clone(),
    };
    let key = source.data_key();
    let raw = document[key].clone();
    let bytes = match (source, raw) {
        (FilterSource::DynamoDb, raw) => return (Data::Json(raw), document),
        (FilterSource::Sqs, raw) => raw.as_str().unwrap_or_default().as_bytes().to_vec(),
        (_, raw) => STANDARD.decode(raw.as_str().unwrap_or_default()).unwrap_or_default(),
    };
    let data = match String::from_utf8(bytes) {
        Err(_) => Data::Binary,
        Ok(text) => match serde_json::from_str(&text) {
            Ok(json @ Value::Object(_)) => Data::Json(json),
            _ => Data::Text(text),
        },
    };
    document[key] = match &data {
        Data::Json(json) => json.clone(),
        Data::Text(text) => Value::String(text.clone()),
        Data::Binary => Value::Null,
    };
    (data, document)
}

/// O `FilterCriteria` de um mapeamento. Só existe com padrões que a AWS aceita.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterCriteria {
    source: FilterSource,
    patterns: Vec<Pattern>,
}

impl FilterCriteria {
    /// Confere os padrões, um por filtro.
    ///
    /// # Errors
    /// [`ApiError::invalid_parameter`] se há mais de 5 filtros, se um padrão não serve, ou se o padrão do conteúdo de um fluxo
    /// (Kinesis ou DynamoDB) é uma lista, e não um objeto.
    pub fn new(source: FilterSource, patterns: &[&str]) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid_parameter("Invalid filter pattern definition.");
        if patterns.len() > 5 {
            return Err(ApiError::invalid_parameter("Exceeded the limit of 5 filters."));
        }
        let patterns: Vec<Pattern> =
            patterns.iter().map(|text| Pattern::parse(text)).collect::<Option<_>>().ok_or_else(invalid)?;
        let stream = matches!(source, FilterSource::Kinesis | FilterSource::DynamoDb);
        let plain = |pattern: &Pattern| matches!(pattern.field(source.data_key()), Some(Pattern::Rules(_)));
        if stream && patterns.iter().any(plain) {
            return Err(invalid());
        }
        Ok(Self { source, patterns })
    }

    /// Se o registro vai à função.
    pub fn accepts(&self, record: &Value) -> bool {
        let key = self.source.data_key();
        let (data, document) = decode(self.source, record);
        let accepts = |pattern: &Pattern| match (pattern.field(key), &data) {
            (None, _) | (Some(Pattern::Fields(_)), Data::Json(_)) | (Some(Pattern::Rules(_)), Data::Text(_)) => {
                matches(pattern, Some(&document))
            }
            _ => match self.source {
                FilterSource::Sqs | FilterSource::Kinesis | FilterSource::DynamoDb => false,
                FilterSource::Kafka | FilterSource::AmazonMq => matches(&pattern.without(key), Some(&document)),
            },
        };
        self.patterns.is_empty() || self.patterns.iter().any(accepts)
    }

    /// Separa os registros de um lote nos que vão à função e nos que não vão.
    pub fn split(&self, records: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
        records.into_iter().partition(|record| self.accepts(record))
    }
}

/// O que acontece com um registro que não vai à função.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// É removido da fila.
    Deleted,
    /// O iterador passa por ele; ele continua no fluxo até vencer.
    SkippedByTheIterator,
    /// O offset dele é confirmado depois que a função roda com sucesso para os outros.
    CommittedAfterTheInvocation,
    /// É reconhecido no broker já na hora de filtrar.
    AcknowledgedAtOnce,
}

/// O que acontece com um registro desta origem que nenhum filtro aceita.
pub fn fate(source: FilterSource) -> Fate {
    match source {
        FilterSource::Sqs => Fate::Deleted,
        FilterSource::Kinesis | FilterSource::DynamoDb => Fate::SkippedByTheIterator,
        FilterSource::Kafka => Fate::CommittedAfterTheInvocation,
        FilterSource::AmazonMq => Fate::AcknowledgedAtOnce,
    }
}
