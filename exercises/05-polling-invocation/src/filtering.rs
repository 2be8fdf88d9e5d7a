//! O filtro do mapeamento: que registros chegam à função e o que acontece com os outros.
//!
//! ```text
//!   registro ──▶ data (decodifica) ──▶ casa com o padrão 1 OU 2 OU … 5 ?
//!                                          │ sim ──▶ função
//!                                          └ não ──▶ Fate (depende da origem)
//!   um padrão:  campo E campo E campo;   uma lista de valores:  valor OU valor
//! ```
//!
//! Segue `invocation-eventfiltering`, do guia do Lambda, e as páginas de filtro de cada origem.

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
    todo!("lê a regra {element}, ou diz que o filtro do Lambda não a aceita")
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
    todo!("compara a regra {rule:?} com o valor {value:?}")
}

/// Se o documento casa com o padrão; `None` é um campo que o registro não tem.
pub fn matches(pattern: &Pattern, document: Option<&Value>) -> bool {
    todo!("compara o padrão {pattern:?} com {document:?}")
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
        todo!("confere os padrões {patterns:?} para {source:?}")
    }

    /// Se o registro vai à função.
    pub fn accepts(&self, record: &Value) -> bool {
        let _ = record;
        todo!("diz se algum filtro de {self:?} aceita o registro")
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
    todo!("diz o fim do registro recusado, em {source:?}")
}
