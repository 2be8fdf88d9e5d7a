//! Os parâmetros da query.

/// Os parâmetros da query, decodificados, em ordem e com as repetições. Os nomes diferenciam maiúsculas de minúsculas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Nenhum parâmetro.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lê o que vem depois do `?`: `city=Serra+Clara&days=3`. Um nome sem `=` fica com o valor vazio.
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// O primeiro valor de `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// Todos os valores de `name`, em ordem.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(each, _)| *each == name).map(|(_, value)| value)
    }

    /// Os pares, em ordem.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Verdadeiro quando não há nenhum.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Query {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_repetitions_are_kept() {
        let query = Query::parse("city=Serra+Clara&day=1&day=2&raw=%C3%A7&flag&Day=3");
        assert_eq!(query.get("city"), Some("Serra Clara"));
        assert_eq!(query.get_all("day").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("raw"), Some("ç"));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("DAY"), None);
        assert!(Query::parse("").is_empty());
    }
}
