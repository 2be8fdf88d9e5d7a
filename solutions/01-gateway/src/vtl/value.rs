//! O que uma variável de um template pode guardar, e como cada coisa sai impressa.
//!
//! ```text
//!   $input.path('$')         um mapa:   {kind=granizo, severity=4}      como o Java imprime
//!   $input.path('$.items')   uma lista: [{"kind":"granizo"}]            como JSON, porque veio de um JSON
//!   #set($l = [1, "b"])$l    uma lista: [1, b]                          como o Java imprime
//! ```
//!
//! Foi o que [um teste contra a AWS](https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_common.py)
//! viu sair.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// Um valor. Copiar uma lista ou um mapa não copia o que há dentro: as cópias são a mesma lista.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nada: o `null` de um JSON, ou um caminho que não leva a lugar nenhum.
    Null,
    /// Verdadeiro ou falso.
    Boolean(bool),
    /// Um inteiro.
    Integer(i64),
    /// Um número com casas decimais.
    Float(f64),
    /// Um texto.
    Text(String),
    /// Uma lista.
    List(List),
    /// Um mapa.
    Map(Map),
    /// O `$input`: não tem valor próprio, só funções.
    Input,
    /// O `$util`, idem.
    Util,
}

impl Value {
    /// Um texto.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Uma lista escrita no template.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(List { items: Rc::new(RefCell::new(items.into_iter().collect())), json: false })
    }

    /// Lê um JSON; `None` quando o texto não é um.
    pub fn parse_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// O JSON deste valor, em uma linha.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// O mesmo valor, sem nada em comum com este.
    pub fn deep_copy(&self) -> Self {
        match self {
            Self::List(list) => {
                let items = list.items().iter().map(Self::deep_copy).collect();
                Self::List(List { items: Rc::new(RefCell::new(items)), json: list.json })
            }
            Self::Map(map) => {
                let copy: Map = map.entries().iter().map(|(key, value)| (key.clone(), value.deep_copy())).collect();
                Self::Map(Map { write_once: map.write_once, ..copy })
            }
            _ => self.clone(),
        }
    }
}

/// Uma lista.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    items: Rc<RefCell<Vec<Value>>>,
    /// Veio de um JSON, e sai impressa como JSON.
    json: bool,
}

impl List {
    /// Os itens.
    pub fn items(&self) -> Vec<Value> {
        self.items.borrow().clone()
    }

    /// Muda os itens.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        change(&mut self.items.borrow_mut())
    }
}

/// Um mapa, na ordem em que as chaves entraram.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    entries: Rc<RefCell<Vec<(String, Value)>>>,
    /// Cada chave só pode ser escrita uma vez: é assim com o que sobrescreve a requisição ou a resposta.
    write_once: bool,
}

impl Map {
    /// Um mapa vazio em que cada chave só pode ser escrita uma vez.
    pub fn write_once() -> Self {
        Self { write_once: true, ..Self::default() }
    }

    /// Os pares, na ordem.
    pub fn entries(&self) -> Vec<(String, Value)> {
        self.entries.borrow().clone()
    }

    /// O valor da chave.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().iter().find(|(each, _)| each == key).map(|(_, value)| value.clone())
    }

    /// Guarda uma cópia do valor e devolve o anterior.
    ///
    /// # Errors
    /// Quando a chave só podia ser escrita uma vez e já tinha valor.
    pub fn insert(&self, key: &str, value: &Value) -> Result<Option<Value>, String> {
        let mut entries = self.entries.borrow_mut();
        match entries.iter_mut().find(|(each, _)| each == key) {
            Some(_) if self.write_once => Err(format!(
                "`{key}` já foi sobrescrito neste template, e só se sobrescreve uma vez: junte o valor em uma variável antes"
            )),
            Some((_, current)) => Ok(Some(std::mem::replace(current, value.deep_copy()))),
            None => {
                entries.push((key.to_owned(), value.deep_copy()));
                Ok(None)
            }
        }
    }

    /// Tira a chave e devolve o valor que ela tinha.
    pub(super) fn remove(&self, key: &str) -> Option<Value> {
        let mut entries = self.entries.borrow_mut();
        let index = entries.iter().position(|(each, _)| each == key)?;
        Some(entries.remove(index).1)
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Map {
    /// De chaves repetidas fica o último valor, no lugar da primeira.
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Self {
        let mut entries: Vec<(String, Value)> = Vec::new();
        for (key, value) in pairs {
            let key = key.into();
            match entries.iter_mut().find(|(each, _)| *each == key) {
                Some((_, current)) => *current = value,
                None => entries.push((key, value)),
            }
        }
        Self { entries: Rc::new(RefCell::new(entries)), write_once: false }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Integer(number) => write!(f, "{number}"),
            // Como o Java: 2.0 não perde o zero.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(list) if list.json => f.write_str(&self.to_json()),
            Self::List(list) => {
                let items: Vec<String> = list.items().iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(map) => {
                let pairs: Vec<String> = map.entries().iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "{{{}}}", pairs.join(", "))
            }
            Self::Input => f.write_str("$input"),
            Self::Util => f.write_str("$util"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Input | Self::Util => serializer.serialize_unit(),
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list.items()),
            Self::Map(map) => serializer.collect_map(map.entries()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// Lê um JSON e guarda a ordem das chaves.
struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("um JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Value, E> {
        Ok(Value::Boolean(boolean))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(List { items: Rc::new(RefCell::new(items)), json: true }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Map(pairs.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: &str) -> String {
        Value::parse_json(json).expect(json).to_string()
    }

    #[test]
    fn maps_print_like_java_and_lists_of_a_json_print_like_json() {
        // Os cinco primeiros são o que a AWS devolveu em junho de 2025 (test_input_path_template_formatting).
        assert_eq!(printed(r#"{"foo": "bar"}"#), "{foo=bar}");
        assert_eq!(printed(r#"[{"foo": "bar"}]"#), r#"[{"foo":"bar"}]"#);
        assert_eq!(printed(r#"{"foo": [{"nested": "bar"}]}"#), r#"{foo=[{"nested":"bar"}]}"#);
        assert_eq!(
            printed(r#"{"bigger": "dict", "to": "test", "with": "separators"}"#),
            "{bigger=dict, to=test, with=separators}"
        );
        assert_eq!(printed("[]"), "[]");
        assert_eq!(Value::list([Value::Integer(1), Value::text("b"), Value::Null]).to_string(), "[1, b, null]");
    }

    #[test]
    fn numbers_keep_their_kind_and_keys_keep_their_order() {
        let json = r#"{"z":1,"a":2.0,"m":-0.5,"n":null,"t":true,"big":18446744073709551615}"#;
        assert_eq!(printed(json), "{z=1, a=2.0, m=-0.5, n=null, t=true, big=1.8446744073709552e19}");
        assert_eq!(
            Value::parse_json(r#"{"b":"á\n","a":[]}"#).map(|v| v.to_json()),
            Some(r#"{"b":"á\n","a":[]}"#.into())
        );
        assert_eq!(Value::parse_json("{a}"), None);
    }

    #[test]
    fn a_write_once_map_refuses_the_second_value() {
        let map = Map::write_once();
        assert_eq!(map.insert("status", &Value::Integer(404)), Ok(None));
        assert!(map.insert("status", &Value::Integer(400)).is_err());
        assert_eq!(map.get("status"), Some(Value::Integer(404)));
    }
}
