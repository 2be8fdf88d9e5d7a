//! Políticas no formato do IAM: os tipos, a leitura do JSON e a comparação com `*` e `?`. Vem pronto.
//!
//! ```text
//! {"Version": "2012-10-17",
//!  "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:…"}, …]}
//! ```
//!
//! Segue `reference_policies_elements_action` e `reference_policies_elements_resource`, do guia do IAM. `Condition`,
//! `NotAction`, `NotResource` e `Principal` ficam fora do modelo: uma política com eles é recusada, para que ninguém pense
//! que foram levados em conta.

use std::fmt;

use serde_json::{Map, Value};

use crate::model::Method;

/// A ação de chamar um método de uma API.
pub const INVOKE: &str = "execute-api:Invoke";

/// Uma política: os statements, na ordem em que foram escritos.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Cada statement.
    pub statements: Vec<Statement>,
}

/// Um statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// O nome que o autor deu ao statement.
    pub sid: Option<String>,
    /// Permite ou nega.
    pub effect: Effect,
    /// As ações: nomes ou padrões. No JSON, um texto ou uma lista.
    pub actions: Vec<String>,
    /// Os recursos: ARNs ou padrões. No JSON, um texto ou uma lista.
    pub resources: Vec<String>,
}

/// O que um statement faz com o que ele alcança.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Permite.
    Allow,
    /// Nega.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// Por que um texto não é uma política deste modelo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// O texto não é JSON.
    #[error("o texto não é JSON (linha {line}, coluna {column})")]
    Syntax {
        /// A linha do erro, a partir de 1.
        line: usize,
        /// A coluna do erro.
        column: usize,
    },
    /// É JSON, mas não é uma política.
    #[error("{path}: {problem}")]
    Shape {
        /// Onde: `Statement[1].Effect`.
        path: String,
        /// O que há de errado.
        problem: String,
    },
}

impl Policy {
    /// Lê uma política de um texto JSON.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] se não é JSON; [`PolicyError::Shape`] se falta ou sobra alguma coisa.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| PolicyError::Syntax { line: error.line(), column: error.column() })?;
        Self::from_value(&value)
    }

    /// Lê uma política de um JSON já aberto.
    ///
    /// # Errors
    /// [`PolicyError::Shape`] se falta ou sobra alguma coisa.
    pub fn from_value(value: &Value) -> Result<Self, PolicyError> {
        let document = value.as_object().ok_or_else(|| shape("a política", "precisa ser um objeto"))?;
        known(document, "a política", &["Version", "Id", "Statement"])?;
        if document.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
            return Err(shape("Version", "precisa ser \"2012-10-17\""));
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(list)) => {
                list.iter().enumerate().map(|(index, each)| statement(each, &format!("Statement[{index}]"))).collect()
            }
            Some(one @ Value::Object(_)) => statement(one, "Statement").map(|one| vec![one]),
            Some(_) => Err(shape("Statement", "precisa ser um objeto ou uma lista de objetos")),
            None => Err(shape("Statement", "falta")),
        };
        Ok(Self { statements: statements? })
    }
}

impl Statement {
    /// Verdadeiro quando alguma das ações alcança `action`. Ações não diferenciam maiúsculas de minúsculas.
    pub fn covers_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
    }

    /// Verdadeiro quando algum dos recursos alcança `resource`. Recursos diferenciam maiúsculas de minúsculas.
    pub fn covers_resource(&self, resource: &str) -> bool {
        self.resources.iter().any(|pattern| matches(pattern, resource))
    }
}

/// Compara um texto com um padrão: `*` é qualquer sequência, mesmo vazia e mesmo com barras; `?` é um caractere.
///
/// ```
/// use gateway::policy::matches;
///
/// assert!(matches("prod/GET/*", "prod/GET/cities/serra-clara"));
/// assert!(matches("prod/*/forecast", "prod/GET/cities/vale-verde/forecast"));
/// assert!(matches("dev?/GET/", "dev2/GET/"));
/// assert!(!matches("prod/GET/alerts", "prod/GET/alerts/7"));
/// ```
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // O último `*` visto e onde ele parou de engolir: se o resto não casar, ele engole mais um caractere.
    let mut star = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&expected) if expected == '?' || expected == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => match star {
                Some((position, swallowed)) => {
                    star = Some((position, swallowed + 1));
                    at = position + 1;
                    in_text = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

fn statement(value: &Value, path: &str) -> Result<Statement, PolicyError> {
    let object = value.as_object().ok_or_else(|| shape(path, "precisa ser um objeto"))?;
    known(object, path, &["Sid", "Effect", "Action", "Resource"])?;
    let effect = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(shape(format!("{path}.Effect"), "precisa ser \"Allow\" ou \"Deny\"")),
    };
    let texts = |name: &str| {
        let path = || format!("{path}.{name}");
        match object.get(name) {
            Some(Value::String(one)) => Ok(vec![one.clone()]),
            Some(Value::Array(list)) if !list.is_empty() => list
                .iter()
                .map(|each| each.as_str().map(str::to_owned).ok_or_else(|| shape(path(), "só aceita textos")))
                .collect(),
            Some(_) => Err(shape(path(), "precisa ser um texto ou uma lista de textos")),
            None => Err(shape(path(), "falta")),
        }
    };
    let sid = object.get("Sid").and_then(Value::as_str).map(str::to_owned);
    Ok(Statement { sid, effect, actions: texts("Action")?, resources: texts("Resource")? })
}

fn known(object: &Map<String, Value>, path: &str, names: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(shape(path, format!("`{key}` não existe neste modelo; ele conhece {}", names.join(", ")))),
        None => Ok(()),
    }
}

fn shape(path: impl Into<String>, problem: impl Into<String>) -> PolicyError {
    PolicyError::Shape { path: path.into(), problem: problem.into() }
}

/// O ARN de um método em um stage: o recurso que uma política permite ou nega.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodArn {
    /// A região: `sa-east-1`.
    pub region: String,
    /// A conta, com 12 dígitos.
    pub account_id: String,
    /// A API: `a1b2c3d4e5`.
    pub api_id: String,
    /// O stage: `prod`.
    pub stage: String,
    /// O verbo.
    pub method: Method,
    /// O caminho da requisição, com a barra inicial e sem o stage: `/alerts/7`.
    pub path: String,
}

impl MethodArn {
    /// Como a AWS mostra o ARN a quem foi recusado: com os oito primeiros dígitos da conta escondidos.
    pub fn masked(&self) -> String {
        let hidden = self.account_id.chars().count().saturating_sub(4);
        let masked = self.account_id.char_indices().map(|(index, digit)| if index < hidden { '*' } else { digit });
        Self { account_id: masked.collect(), ..self.clone() }.to_string()
    }
}

impl fmt::Display for MethodArn {
    /// `arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/prod/GET/alerts`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account_id, api_id, stage, method, path } = self;
        let path = path.strip_prefix('/').unwrap_or(path);
        write!(f, "arn:aws:execute-api:{region}:{account_id}:{api_id}/{stage}/{method}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_slashes_and_may_be_empty() {
        let cases = [
            ("*", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("a*c", "abbbc", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcdef", false),
            ("*/alerts", "prod/GET/alerts", true),
            ("prod/*/alerts", "prod/GET/cities/alerts", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("prod/get/*", "prod/GET/a", false),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn texts_and_lists_are_read_alike() {
        let text =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"Execute-API:*","Resource":["a","b*"]}}"#;
        let policy = Policy::parse(text).expect("política");
        let only = &policy.statements[0];
        assert_eq!((only.effect, only.actions.len(), only.resources.len()), (Effect::Deny, 1, 2));
        assert!(only.covers_action(INVOKE) && only.covers_resource("b7") && !only.covers_resource("B7"));
    }

    #[test]
    fn complaints_say_where() {
        let statement = |inside: &str| format!(r#"{{"Statement":[{{{inside}}}]}}"#);
        let texts = [
            "{\n  \"Statement\": [}".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"Version":"2026-01-01","Statement":[]}"#.to_owned(),
            statement(r#""Effect":"allow""#),
            statement(r#""Effect":"Allow","Action":"*""#),
            statement(r#""Effect":"Allow","Action":["*",7],"Resource":"*""#),
            statement(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{}"#),
        ];
        let all = texts.map(|text| Policy::parse(&text).map_or_else(|error| error.to_string(), |_| "?".to_owned()));
        insta::assert_snapshot!(all.join("\n"), @r#"
        o texto não é JSON (linha 2, coluna 17)
        a política: precisa ser um objeto
        Statement: falta
        Version: precisa ser "2012-10-17"
        Statement[0].Effect: precisa ser "Allow" ou "Deny"
        Statement[0].Resource: falta
        Statement[0].Action: só aceita textos
        Statement[0]: `Condition` não existe neste modelo; ele conhece Sid, Effect, Action, Resource
        "#);
    }

    #[test]
    fn the_arn_of_the_root_ends_in_a_slash() {
        let arn = MethodArn {
            region: "sa-east-1".into(),
            account_id: "123456789012".into(),
            api_id: "a1b2c3d4e5".into(),
            stage: "prod".into(),
            method: Method::Get,
            path: "/".into(),
        };
        assert_eq!(arn.to_string(), "arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/prod/GET/");
        assert_eq!(arn.masked(), "arn:aws:execute-api:sa-east-1:********9012:a1b2c3d4e5/prod/GET/");
    }
}
