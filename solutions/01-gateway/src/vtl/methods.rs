//! Os métodos de textos, listas, mapas e números que aparecem em templates de verdade, e o acesso por nome e por índice.
//!
//! ```text
//!   qualquer um: equals toString          número: parseInt
//!   texto:  concat contains endsWith equalsIgnoreCase indexOf isEmpty lastIndexOf length matches replace replaceAll
//!           split startsWith substring toLowerCase toUpperCase trim
//!   lista:  add contains get isEmpty size
//!   mapa:   containsKey containsValue entrySet get isEmpty keySet put putAll remove size values
//! ```
//!
//! No Velocity o objeto é do Java e tem todos os métodos da sua classe; um que não existe vale texto vazio. Aqui é um erro:
//! é mais provável que seja um engano.

use super::pattern;
use super::value::{List, Map, Value};

/// `value.name`: o que o mapa guarda com esse nome. Outra coisa não tem propriedades.
pub fn property(value: &Value, name: &str) -> Value {
    match value {
        Value::Map(map) => map.get(name).unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

/// `value[key]`
///
/// # Errors
/// Um índice que a lista não tem.
pub fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Map(map), Value::Text(name)) => Ok(map.get(name).unwrap_or(Value::Null)),
        (Value::List(list), Value::Integer(number)) => {
            let items = list.items();
            Ok(items[checked_index(&items, *number)?].clone())
        }
        _ => Ok(Value::Null),
    }
}

/// `#set(container[key] = value)`, ou `container.key` quando a chave é um nome. O que não é mapa nem lista ignora.
///
/// # Errors
/// Um índice que a lista não tem, ou um valor sobrescrito pela segunda vez.
pub fn put(container: &Value, key: &Value, value: &Value) -> Result<(), String> {
    match (container, key) {
        (Value::Map(map), Value::Text(name)) => map.insert(name, value).map(|_| ()),
        (Value::List(list), Value::Integer(number)) => {
            let index = checked_index(&list.items(), *number)?;
            list.update(|items| items[index] = value.deep_copy());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// `-1` é o último.
fn checked_index(items: &[Value], number: i64) -> Result<usize, String> {
    let length = items.len() as i64;
    let index = if number < 0 { number + length } else { number };
    usize::try_from(index).ok().filter(|index| *index < items.len()).ok_or_else(|| {
        let sizes = match items.len() {
            0 => "está vazia".to_owned(),
            1 => "tem um item, o 0".to_owned(),
            many => format!("tem {many} itens, de 0 a {}", many - 1),
        };
        format!("a lista {sizes}; não existe o índice {number}")
    })
}

/// `value.method(arguments)`
///
/// # Errors
/// Um método que este modelo não tem, ou argumentos que não servem.
pub fn call(value: &Value, method: &str, arguments: &[Value]) -> Result<Value, String> {
    let answer = match (value, method, arguments) {
        (_, "toString", []) => Some(Value::Text(value.to_string())),
        (_, "equals", [other]) => Some(Value::Boolean(value == other)),
        (Value::Text(text), _, _) => of_text(text, method, arguments)?,
        (Value::List(list), _, _) => of_list(list, method, arguments)?,
        (Value::Map(map), _, _) => of_map(map, method, arguments)?,
        (Value::Integer(_), "parseInt", [Value::Text(text)]) => {
            let number = text.parse().map_err(|_| format!("`{text}` não é um número inteiro"))?;
            Some(Value::Integer(number))
        }
        _ => None,
    };
    answer.ok_or_else(|| {
        let kind = match value {
            Value::Text(_) => "um texto",
            Value::List(_) => "uma lista",
            Value::Map(_) => "um mapa",
            Value::Integer(_) | Value::Float(_) => "um número",
            Value::Boolean(_) => "um booleano",
            Value::Input => "`$input`",
            Value::Util => "`$util`",
            Value::Null => "nada",
        };
        let with = match arguments.len() {
            0 => "sem argumentos".to_owned(),
            1 => "com esse argumento".to_owned(),
            many => format!("com esses {many} argumentos"),
        };
        format!("{kind} não tem o método `{method}` {with} neste modelo; a página do passo lista os que existem")
    })
}

fn of_text(text: &str, method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    // O Java conta em unidades de 16 bits.
    let units: Vec<u16> = text.encode_utf16().collect();
    let slice = |start: i64, end: i64| match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end && end <= units.len() => {
            Ok(Some(Value::Text(String::from_utf16_lossy(&units[start..end]))))
        }
        _ => Err(format!("o texto tem {} caracteres; não dá para cortar de {start} a {end}", units.len())),
    };
    let position =
        |byte: Option<usize>| Value::Integer(byte.map_or(-1, |byte| text[..byte].encode_utf16().count() as i64));
    Ok(Some(match (method, arguments) {
        ("length", []) => Value::Integer(units.len() as i64),
        ("isEmpty", []) => Value::Boolean(text.is_empty()),
        ("trim", []) => Value::text(text.trim()),
        ("toLowerCase", []) => Value::Text(text.to_lowercase()),
        ("toUpperCase", []) => Value::Text(text.to_uppercase()),
        ("concat", [Value::Text(other)]) => Value::Text(format!("{text}{other}")),
        ("contains", [Value::Text(part)]) => Value::Boolean(text.contains(part)),
        ("startsWith", [Value::Text(part)]) => Value::Boolean(text.starts_with(part)),
        ("endsWith", [Value::Text(part)]) => Value::Boolean(text.ends_with(part)),
        ("equalsIgnoreCase", [Value::Text(other)]) => Value::Boolean(text.to_lowercase() == other.to_lowercase()),
        ("indexOf", [Value::Text(part)]) => position(text.find(part)),
        ("lastIndexOf", [Value::Text(part)]) => position(text.rfind(part)),
        ("matches", [Value::Text(pattern)]) => Value::Boolean(pattern::matches_whole(pattern, text)?),
        ("replace", [Value::Text(old), Value::Text(new)]) => Value::Text(text.replace(old, new)),
        ("replaceAll", [Value::Text(old), Value::Text(new)]) => Value::Text(pattern::replace_all(text, old, new)?),
        ("split", [Value::Text(pattern)]) => Value::list(pattern::split(text, pattern)?.into_iter().map(Value::Text)),
        ("substring", [Value::Integer(start)]) => return slice(*start, units.len() as i64),
        ("substring", [Value::Integer(start), Value::Integer(end)]) => return slice(*start, *end),
        _ => return Ok(None),
    }))
}

fn of_list(list: &List, method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    Ok(Some(match (method, arguments) {
        ("size", []) => Value::Integer(list.items().len() as i64),
        ("isEmpty", []) => Value::Boolean(list.items().is_empty()),
        ("get", [key @ Value::Integer(_)]) => index(&Value::List(list.clone()), key)?,
        ("contains", [item]) => Value::Boolean(list.items().contains(item)),
        ("add", [item]) => {
            list.update(|items| items.push(item.deep_copy()));
            Value::Boolean(true)
        }
        _ => return Ok(None),
    }))
}

fn of_map(map: &Map, method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    let entries = map.entries();
    Ok(Some(match (method, arguments) {
        ("size", []) => Value::Integer(entries.len() as i64),
        ("isEmpty", []) => Value::Boolean(entries.is_empty()),
        ("get", [key]) => map.get(&key.to_string()).unwrap_or(Value::Null),
        ("containsKey", [key]) => Value::Boolean(map.get(&key.to_string()).is_some()),
        ("containsValue", [value]) => Value::Boolean(entries.iter().any(|(_, each)| each == value)),
        ("keySet", []) => Value::list(entries.into_iter().map(|(key, _)| Value::Text(key))),
        ("values", []) => Value::list(entries.into_iter().map(|(_, value)| value)),
        ("entrySet", []) => Value::list(
            entries
                .into_iter()
                .map(|(key, value)| Value::Map([("key", Value::Text(key)), ("value", value)].into_iter().collect())),
        ),
        ("put", [key, value]) => map.insert(&key.to_string(), value)?.unwrap_or(Value::Null),
        ("putAll", [Value::Map(other)]) => {
            for (key, value) in other.entries() {
                map.insert(&key, &value)?;
            }
            Value::Null
        }
        ("remove", [key]) => map.remove(&key.to_string()).unwrap_or(Value::Null),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(value: &Value, method: &str, arguments: &[Value]) -> String {
        match call(value, method, arguments) {
            Ok(answer) => answer.to_string(),
            Err(message) => message,
        }
    }

    #[test]
    fn texts_answer_like_those_of_java() {
        let city = Value::text("serra-clara");
        let t = |text: &str| Value::text(text);
        for (method, arguments, expected) in [
            ("length", vec![], "11"),
            ("substring", vec![Value::Integer(6)], "clara"),
            ("substring", vec![Value::Integer(0), Value::Integer(5)], "serra"),
            ("indexOf", vec![t("r")], "2"),
            ("lastIndexOf", vec![t("x")], "-1"),
            ("replaceAll", vec![t("r+"), t("R")], "seRa-claRa"),
            ("split", vec![t("-")], "[serra, clara]"),
            ("matches", vec![t("serra")], "false"),
            ("equals", vec![t("serra-clara")], "true"),
            ("concat", vec![t("!")], "serra-clara!"),
        ] {
            assert_eq!(ask(&city, method, &arguments), expected, "{method}");
        }
        assert_eq!(ask(&t("ação"), "length", &[]), "4");
        assert!(ask(&t("a"), "substring", &[Value::Integer(2)]).contains("tem 1 caracteres"));
    }

    #[test]
    fn lists_and_maps_can_be_read_and_changed() {
        let list = Value::list([Value::text("a"), Value::text("b")]);
        assert_eq!(ask(&list, "add", &[Value::text("c")]), "true");
        assert_eq!((ask(&list, "size", &[]), list.to_string()), ("3".to_owned(), "[a, b, c]".to_owned()));
        assert_eq!(index(&list, &Value::Integer(-1)), Ok(Value::text("c")));
        assert_eq!(
            index(&list, &Value::Integer(3)),
            Err("a lista tem 3 itens, de 0 a 2; não existe o índice 3".to_owned())
        );
        let map = Value::Map([("kind", Value::text("granizo"))].into_iter().collect());
        assert_eq!(ask(&map, "put", &[Value::text("severity"), Value::Integer(4)]), "null");
        assert_eq!(put(&map, &Value::text("list"), &list), Ok(()));
        assert_eq!(ask(&map, "entrySet", &[]).matches("key=").count(), 3);
        assert_eq!(ask(&map, "remove", &[Value::text("kind")]), "granizo");
        assert_eq!(map.to_string(), "{severity=4, list=[a, b, c]}");
        assert_eq!(property(&map, "kind"), Value::Null);
    }

    #[test]
    fn an_unknown_method_is_an_error_that_names_it() {
        assert_eq!(
            ask(&Value::Integer(3), "foo", &[Value::Null]),
            "um número não tem o método `foo` com esse argumento neste modelo; a página do passo lista os que existem"
        );
    }
}
