//! Os cabeçalhos de uma requisição ou resposta.

/// Uma lista de cabeçalhos: guarda a ordem, as repetições e a caixa com que cada nome foi escrito.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Nenhum cabeçalho.
    pub fn new() -> Self {
        Self::default()
    }

    /// O primeiro valor de `name`, sem diferenciar maiúsculas de minúsculas.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// Todos os valores de `name`, em ordem, sem diferenciar maiúsculas de minúsculas.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// O primeiro valor do nome escrito exatamente assim.
    pub fn get_exact(&self, name: &str) -> Option<&str> {
        self.iter().find(|(each, _)| *each == name).map(|(_, value)| value)
    }

    /// Acrescenta um cabeçalho, mesmo que o nome já exista.
    pub fn append(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Troca todos os cabeçalhos deste nome, em qualquer caixa, por um só.
    pub fn insert(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.append(name, value);
    }

    /// Tira todos os cabeçalhos deste nome, em qualquer caixa.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(each, _)| !each.eq_ignore_ascii_case(name));
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

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_any_case_and_keep_the_one_they_came_with() {
        let mut headers: Headers = [("Accept", "text/html"), ("X-Trace", "1"), ("accept", "*/*")].into_iter().collect();
        assert_eq!(headers.get("ACCEPT"), Some("text/html"));
        assert_eq!(headers.get_all("accept").collect::<Vec<_>>(), ["text/html", "*/*"]);
        assert_eq!(headers.get_exact("accept"), Some("*/*"));
        assert_eq!(headers.get_exact("x-trace"), None);
        headers.insert("aCCept", "application/json");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("X-Trace", "1"), ("aCCept", "application/json")]);
    }
}
