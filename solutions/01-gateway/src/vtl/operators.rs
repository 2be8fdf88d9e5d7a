//! As contas e comparações, como o Velocity as faz.
//!
//! Conta que não dá (divisão por zero, texto menos número) não vale nada: é [`Value::Null`], e não um erro.

use super::ast::Operator;
use super::value::Value;

/// O resultado de `left operator right`.
pub fn apply(operator: Operator, left: &Value, right: &Value) -> Value {
    match operator {
        Operator::Equal => Value::Boolean(equal(left, right)),
        Operator::NotEqual => Value::Boolean(!equal(left, right)),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            Value::Boolean(ordered(operator, left, right))
        }
        Operator::Add if is_text(left) || is_text(right) => Value::Text(format!("{left}{right}")),
        _ => calculate(operator, left, right),
    }
}

/// `[first..last]`, com as duas pontas, para cima ou para baixo; nada, quando uma delas não é um inteiro.
pub fn range(first: &Value, last: &Value) -> Value {
    match (first, last) {
        (Value::Integer(first), Value::Integer(last)) if first <= last => {
            Value::list((*first..=*last).take(LONGEST_RANGE).map(Value::Integer))
        }
        (Value::Integer(first), Value::Integer(last)) => {
            Value::list((*last..=*first).rev().take(LONGEST_RANGE).map(Value::Integer))
        }
        _ => Value::Null,
    }
}

/// Quantos itens tem um intervalo, no máximo: `[1..999999999]` não enche a memória.
const LONGEST_RANGE: usize = 100_000;

/// Números pelo valor, o resto pelo que sai impresso quando os tipos diferem: `3 == "3"` é verdade.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => left == right,
        _ => match (as_float(left), as_float(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right || left.to_string() == right.to_string(),
        },
    }
}

/// Só números têm ordem; entre outras coisas, a resposta é sempre falso.
fn ordered(operator: Operator, left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (as_float(left), as_float(right)) else { return false };
    match operator {
        Operator::Less => left < right,
        Operator::LessOrEqual => left <= right,
        Operator::Greater => left > right,
        _ => left >= right,
    }
}

fn calculate(operator: Operator, left: &Value, right: &Value) -> Value {
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        let result = match operator {
            Operator::Add => left.checked_add(*right),
            Operator::Subtract => left.checked_sub(*right),
            Operator::Multiply => left.checked_mul(*right),
            Operator::Divide => left.checked_div(*right),
            _ => left.checked_rem(*right),
        };
        return result.map_or(Value::Null, Value::Integer);
    }
    let (Some(left), Some(right)) = (as_float(left), as_float(right)) else { return Value::Null };
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    };
    if result.is_finite() { Value::Float(result) } else { Value::Null }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_divide_without_a_remainder_and_texts_are_joined() {
        let cases = [
            (Operator::Divide, Value::Integer(7), Value::Integer(2), "3"),
            (Operator::Remainder, Value::Integer(7), Value::Integer(2), "1"),
            (Operator::Divide, Value::Float(7.0), Value::Integer(2), "3.5"),
            (Operator::Add, Value::text("a"), Value::Integer(1), "a1"),
            (Operator::Add, Value::text("1"), Value::text("2"), "12"),
            (Operator::Divide, Value::Integer(5), Value::Integer(0), "null"),
            (Operator::Subtract, Value::text("x"), Value::Integer(1), "null"),
            (Operator::Add, Value::Integer(i64::MAX), Value::Integer(1), "null"),
        ];
        for (operator, left, right, expected) in cases {
            assert_eq!(apply(operator, &left, &right).to_string(), expected, "{left} {operator:?} {right}");
        }
    }

    #[test]
    fn different_types_are_equal_when_they_print_the_same_and_only_numbers_have_an_order() {
        let three = Value::Integer(3);
        for (operator, right, expected) in [
            (Operator::Equal, Value::Float(3.0), true),
            (Operator::Equal, Value::text("3"), true),
            (Operator::NotEqual, Value::text("3"), false),
            (Operator::Equal, Value::Null, false),
            (Operator::Greater, Value::text("2"), false),
            (Operator::Greater, Value::Float(2.5), true),
            (Operator::LessOrEqual, Value::Integer(3), true),
        ] {
            assert_eq!(apply(operator, &three, &right), Value::Boolean(expected), "3 {operator:?} {right}");
        }
    }
}
