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
    /// Quando a forma não é a de uma política; as frases são as que a AWS dá, sem a linha e a coluna que ela acrescenta. Também
    /// quando a política usa o que o modelo não tem.
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let Ok(policy @ Value::Object(_)) = serde_json::from_str(text) else {
            return Err(refused("failed to parse JSON."));
        };
        let mut leaves = Vec::new();
        collect(&mut leaves, Vec::new(), &policy)?;
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
                if name == "$or" {
                    return Err(outside("$or"));
                }
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
        "anything-but" => match operand {
            Value::Object(_) => Err(outside("um operador dentro de anything-but")),
            Value::Array(values) => Ok(Rule::AnythingBut(values.clone())),
            value => Ok(Rule::AnythingBut(vec![value.clone()])),
        },
        "numeric" => numeric(operand).map(Rule::Numeric),
        "cidr" | "wildcard" => Err(outside(name)),
        _ => Err(refused(format!("Unrecognized match type {name}"))),
    }
}

fn numeric(operand: &Value) -> Result<Vec<(Comparison, f64)>, InvalidParameter> {
    let mut members = operand.as_array().map_or(&[][..], Vec::as_slice).iter();
    let symbol = members.next().map_or("]".to_owned(), unquoted);
    if !operand[0].is_string() {
        return Err(refused(format!("Invalid member in numeric match: {symbol}")));
    }
    let comparison = Comparison::parse(&symbol);
    let first = comparison.ok_or_else(|| refused(format!("Unrecognized numeric range operator: {symbol}")))?;
    let low = number(members.next(), &symbol)?;
    let Some(second) = members.next() else {
        return Ok(vec![(first, low)]);
    };
    if !matches!(first, Comparison::Greater | Comparison::AtLeast) {
        return Err(refused("Too many elements in numeric expression"));
    }
    let symbol = unquoted(second);
    if !second.is_string() {
        return Err(refused(format!("Bad value in numeric range: {symbol}")));
    }
    let Some(second @ (Comparison::Less | Comparison::AtMost)) = Comparison::parse(&symbol) else {
        return Err(refused(format!("Bad numeric range operator: {symbol}")));
    };
    let high = number(members.next(), &symbol)?;
    if high <= low {
        return Err(refused("Bottom must be less than top"));
    }
    match members.next() {
        None => Ok(vec![(first, low), (second, high)]),
        Some(_) => Err(refused("Too many terms in numeric range expression")),
    }
}

fn number(member: Option<&Value>, symbol: &str) -> Result<f64, InvalidParameter> {
    let name = if symbol == "=" { "equals" } else { symbol };
    member.and_then(Value::as_f64).ok_or_else(|| refused(format!("Value of {name} must be numeric")))
}

/// Um texto sem as aspas; o resto, como em JSON.
fn unquoted(member: &Value) -> String {
    member.as_str().map_or_else(|| member.to_string(), str::to_owned)
}

fn refused(reason: impl AsRef<str>) -> InvalidParameter {
    InvalidParameter::new(format!("FilterPolicy: {}", reason.as_ref()))
}

/// O SNS aceita; este modelo, não.
fn outside(what: &str) -> InvalidParameter {
    refused(format!("o modelo deste passo não tem {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(policy: &str) -> String {
        FilterPolicy::parse(policy)
            .map_or_else(|error| error.message, |policy| format!("{} folhas", policy.leaves.len()))
    }

    #[test]
    fn the_refusals_are_those_of_aws() {
        let rules = [
            r#"["value"]"#,
            r#"{"wrong-operator":true}"#,
            r#"{"suffix":"value","prefix":"value2"}"#,
            r#"{"suffix":100}"#,
            r#"{"exists":"no"}"#,
            r#"{"numeric":[]}"#,
            r#"{"numeric":["operator"]}"#,
            r#"{"numeric":[1,"<="]}"#,
            r#"{"numeric":["=","000"]}"#,
            r#"{"numeric":[">="]}"#,
            r#"{"numeric":["<",100,">",10]}"#,
            r#"{"numeric":[">=",1,">",2]}"#,
            r#"{"numeric":[">",3,"<",1]}"#,
            r#"{"numeric":[">",20,"<="]}"#,
            r#"{"numeric":[">",20,30]}"#,
            r#"{"numeric":[">",20,"<",30,"<",50]}"#,
            r#"{"cidr":"10.0.0.0/24"}"#,
            r#"{"anything-but":{"prefix":"a"}}"#,
        ];
        let mut policies: Vec<String> = rules.map(|rule| format!(r#"{{"key":[{rule}]}}"#)).to_vec();
        policies.extend(
            [r#"{"key":[]}"#, r#"{"key":"value"}"#, r#"{"key":{"suffix":"value"}}"#, r#"{"$or":[{},{}]}"#, "{"]
                .map(str::to_owned),
        );
        let complaints: Vec<String> = policies.iter().map(|policy| complaint(policy)).collect();
        insta::assert_snapshot!(complaints.join("\n").replace("Invalid parameter: FilterPolicy: ", ""), @r#"
        Match value must be String, number, true, false, or null
        Unrecognized match type wrong-operator
        Only one key allowed in match expression
        suffix match pattern must be a string
        exists match pattern must be either true or false.
        Invalid member in numeric match: ]
        Unrecognized numeric range operator: operator
        Invalid member in numeric match: 1
        Value of equals must be numeric
        Value of >= must be numeric
        Too many elements in numeric expression
        Bad numeric range operator: >
        Bottom must be less than top
        Value of <= must be numeric
        Bad value in numeric range: 30
        Too many terms in numeric range expression
        o modelo deste passo não tem cidr
        o modelo deste passo não tem um operador dentro de anything-but
        Empty arrays are not allowed
        "key" must be an object or an array
        "suffix" must be an object or an array
        o modelo deste passo não tem $or
        failed to parse JSON.
        "#);
    }

    #[test]
    fn every_leaf_has_its_path() {
        let policy = FilterPolicy::parse(r#"{"area":{"region":["serra",{"prefix":"vale"}]},"severity":[4]}"#);
        let leaves: Vec<(usize, usize)> =
            policy.iter().flat_map(FilterPolicy::leaves).map(|leaf| (leaf.path.len(), leaf.rules.len())).collect();
        assert_eq!(leaves, [(2, 2), (1, 1)]);
    }
}
