//! Expressões regulares escritas para o Java, que é a linguagem da AWS aqui.

use regex::Regex;

/// Verdadeiro quando `pattern` casa com o texto inteiro, como `String.matches` do Java.
///
/// # Errors
/// Quando `pattern` não é uma expressão regular que este modelo leia.
pub fn matches_whole(pattern: &str, text: &str) -> Result<bool, String> {
    Ok(compile(&format!(r"\A(?:{pattern})\z"), pattern)?.is_match(text))
}

/// `text.replaceAll(pattern, replacement)`; na troca, `$1` é o primeiro grupo e `\` tira o sentido do que vem depois.
pub(super) fn replace_all(text: &str, pattern: &str, replacement: &str) -> Result<String, String> {
    let mut translated = String::new();
    let mut rest = replacement.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('$') => translated.push_str("$$"),
                Some(escaped) => translated.push(escaped),
                None => return Err("a troca não pode terminar em `\\`".to_owned()),
            },
            '$' => match rest.next() {
                Some(digit) if digit.is_ascii_digit() => translated.push_str(&format!("${{{digit}}}")),
                _ => return Err("na troca, depois de `$` vem o número de um grupo: `$1`".to_owned()),
            },
            _ => translated.push(c),
        }
    }
    Ok(compile(pattern, pattern)?.replace_all(text, translated).into_owned())
}

/// `text.split(pattern)`: sem os vazios do fim.
pub(super) fn split(text: &str, pattern: &str) -> Result<Vec<String>, String> {
    let mut parts: Vec<String> = compile(pattern, pattern)?.split(text).map(str::to_owned).collect();
    while parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Ok(parts)
}

fn compile(pattern: &str, written: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|_| format!("`{written}` não é uma expressão regular que este modelo leia"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_to_cover_the_whole_text() {
        assert_eq!(matches_whole(r"4\d{2}", "404"), Ok(true));
        assert_eq!(matches_whole("a|b", "ab"), Ok(false));
        assert_eq!(matches_whole("Malformed", "Malformed input"), Ok(false));
        assert_eq!(matches_whole(".*", "a\nb"), Ok(false));
        assert!(matches_whole("(", "x").is_err_and(|message| message.starts_with("`(` não é")));
    }

    #[test]
    fn replacements_are_written_as_in_java() {
        assert_eq!(replace_all(r"it\'s", r"\\'", "'").as_deref(), Ok("it's"));
        assert_eq!(replace_all("serra", "(s)e", "$1X").as_deref(), Ok("sXrra"));
        assert_eq!(replace_all("a", "a", r"\$").as_deref(), Ok("$"));
        assert!(replace_all("a", "a", "$x").is_err());
        assert_eq!(split("a-b--", "-"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }
}
