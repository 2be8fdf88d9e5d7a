//! A política de filtro de uma assinatura do SNS, já lida: um caminho e uma lista de regras por folha.
//!
//! ```text
//!   {"area": {"region": ["serra", {"prefix": "vale"}]}, "severity": [{"numeric": [">=", 4]}]}
//!      └─ folha: caminho area, region; 2 regras            └─ folha: caminho severity; 1 regra
//! ```
//!
//! Segue `sns-subscription-filter-policies` e as páginas de cada operador, do guia do SNS. Ficam de fora do modelo `$or`, `cidr`,
//! `wildcard` e um operador dentro de `anything-but`, que o SNS aceita.

use serde_json::Value;

/// Em que parte da mensagem a política olha: o `FilterPolicyScope` da assinatura.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilterPolicyScope {
    /// Nos atributos da mensagem; é o padrão.
    #[default]
    MessageAttributes,
    /// No corpo da mensagem, que tem de ser um objeto JSON.
    MessageBody,
}

/// O erro `InvalidParameter` (400) da API do SNS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("InvalidParameter: {message}")]
pub struct InvalidParameter {
    /// A mensagem, em inglês, que começa por `Invalid parameter: `.
    pub message: String,
}

impl InvalidParameter {
    /// O erro com este motivo, que vem depois de `Invalid parameter: `.
    pub fn new(reason: impl AsRef<str>) -> Self {
        Self { message: format!("Invalid parameter: {}", reason.as_ref()) }
    }
}

/// Uma política de filtro de forma certa; se ela cabe nos limites do SNS é outra pergunta.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    leaves: Vec<Leaf>,
}

/// Uma chave com a lista de regras dela.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// As chaves, da raiz até a folha. Uma chave que não está dentro de outra tem caminho de tamanho 1.
    pub path: Vec<String>,
    /// As regras; nunca vazia.
    pub rules: Vec<Rule>,
}

/// Uma regra de uma folha.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// `"granizo"`, `3`, `true` ou `null`.
    Equals(Value),
    /// `{"anything-but": "granizo"}` ou `{"anything-but": ["granizo", "neve"]}`
    AnythingBut(Vec<Value>),
    /// `{"prefix": "vale-"}`
    Prefix(String),
    /// `{"suffix": "-alta"}`
    Suffix(String),
    /// `{"equals-ignore-case": "granizo"}`
    EqualsIgnoreCase(String),
    /// `{"numeric": [">", 0, "<=", 5]}`: um ou dois pares, que valem todos.
    Numeric(Vec<(Comparison, f64)>),
    /// `{"exists": true}`
    Exists(bool),
}

impl Rule {
    /// Se a regra aceita um valor que a mensagem tem: um texto, um número, um booleano ou `null`. De um valor que ela não tem só
    /// `Exists(false)` gosta, e isso não se pergunta aqui.
    pub fn accepts(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(expected) => same(expected, value),
            Self::AnythingBut(refused) => !refused.iter().any(|each| same(each, value)),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::EqualsIgnoreCase(expected) => text.is_some_and(|text| text.eq_ignore_ascii_case(expected)),
            Self::Numeric(pairs) => value
                .as_f64()
                .is_some_and(|number| pairs.iter().all(|(comparison, operand)| comparison.holds(number, *operand))),
            Self::Exists(exists) => *exists,
        }
    }
}

/// No SNS `301.5` e `3.015e2` são o mesmo número.
fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
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
    fn parse(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl FilterPolicy {
    /// Lê a política, um texto JSON.
    ///
    /// # Errors
    /// Quando a forma não é a de uma política. As frases são as da AWS, sem a linha e a coluna que ela acrescenta.
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return Err(refused("failed to parse JSON."));
        };
        let mut leaves = Vec::new();
        for (name, value) in &fields {
            collect(&mut leaves, vec![name.clone()], value)?;
        }
        Ok(Self { leaves })
    }

    /// As folhas, uma por chave que tem uma lista de regras.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

fn collect(leaves: &mut Vec<Leaf>, path: Vec<String>, value: &Value) -> Result<(), InvalidParameter> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = path.iter().chain([name]).cloned().collect();
                collect(leaves, path, value)?;
            }
            Ok(())
        }
        Value::Array(rules) if rules.is_empty() => Err(refused("Empty arrays are not allowed")),
        Value::Array(rules) => {
            let rules = rules.iter().map(rule).collect::<Result<_, _>>()?;
            leaves.push(Leaf { path, rules });
            Ok(())
        }
        _ => Err(refused(format!("{:?} must be an object or an array", path[path.len() - 1]))),
    }
}

fn rule(element: &Value) -> Result<Rule, InvalidParameter> {
    let operator = match element {
        Value::Object(operator) => operator,
        Value::Array(_) => return Err(refused("Match value must be String, number, true, false, or null")),
        scalar => return Ok(Rule::Equals(scalar.clone())),
    };
    let mut entries = operator.iter();
    let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
        return Err(refused("Only one key allowed in match expression"));
    };
    let text = || {
        let text = operand.as_str().map(str::to_owned);
        text.ok_or_else(|| refused(format!("{name} match pattern must be a string")))
    };
    match name.as_str() {
        "prefix" => text().map(Rule::Prefix),
        "suffix" => text().map(Rule::Suffix),
        "equals-ignore-case" => text().map(Rule::EqualsIgnoreCase),
        "exists" => {
            let exists = operand.as_bool();
            exists.map(Rule::Exists).ok_or_else(|| refused("exists match pattern must be either true or false."))
        }
        "anything-but" => Ok(Rule::AnythingBut(match operand {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        })),
        "numeric" => numeric(operand).map(Rule::Numeric),
        _ => Err(refused(format!("Unrecognized match type {name}"))),
    }
}

fn numeric(operand: &Value) -> Result<Vec<(Comparison, f64)>, InvalidParameter> {
    let members = operand.as_array().map_or(&[][..], Vec::as_slice);
    if members.len() > 4 {
        return Err(refused("Too many terms in numeric range expression"));
    }
    if members.is_empty() {
        return Err(refused("Invalid member in numeric match: ]"));
    }
    let pair = |pair: &[Value]| {
        let symbol =
            pair[0].as_str().ok_or_else(|| refused(format!("Invalid member in numeric match: {}", pair[0])))?;
        let comparison = Comparison::parse(symbol)
            .ok_or_else(|| refused(format!("Unrecognized numeric range operator: {symbol}")))?;
        let number = pair.get(1).and_then(Value::as_f64);
        let number = number.ok_or_else(|| refused(format!("Value of {symbol} must be numeric")))?;
        Ok((comparison, number))
    };
    members.chunks(2).map(pair).collect()
}

fn refused(reason: impl AsRef<str>) -> InvalidParameter {
    InvalidParameter::new(format!("FilterPolicy: {}", reason.as_ref()))
}
