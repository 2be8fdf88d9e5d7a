//! A chave de uma rota e o caminho com parâmetros que ela traz.
//!
//! ```text
//!   GET /cities/{city}  ─▶  Only(Get), [Static("cities"), Param("city")]
//!   ANY /{proxy+}       ─▶  Any,       [Greedy("proxy")]
//!   $default            ─▶  Default
//! ```
//!
//! Segue `api-gateway-method-settings-method-request` e `http-api-develop-routes`, do guia do API Gateway.

use std::fmt;
use std::str::FromStr;

use crate::model::Method;

/// Um segmento do caminho de um recurso ou de uma rota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPart {
    /// Texto fixo: `cities`.
    Static(String),
    /// Um parâmetro, `{city}`: qualquer segmento, um só.
    Param(String),
    /// Um parâmetro guloso, `{proxy+}`: daqui até o fim do caminho, um segmento ou mais.
    Greedy(String),
}

/// Quanto um segmento é específico, na ordem em que o API Gateway prefere: `Static` é menor que `Param`, que é menor que
/// `Greedy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    /// Texto fixo.
    Static,
    /// `{city}`.
    Param,
    /// `{proxy+}`.
    Greedy,
}

impl PathPart {
    /// Lê um segmento: `cities`, `{city}` ou `{proxy+}`.
    pub fn parse(text: &str) -> Self {
        let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Self::Static(text.to_owned());
        };
        match name.strip_suffix('+') {
            Some(name) => Self::Greedy(name.to_owned()),
            None => Self::Param(name.to_owned()),
        }
    }

    /// Quanto este segmento é específico.
    pub fn specificity(&self) -> Specificity {
        match self {
            Self::Static(_) => Specificity::Static,
            Self::Param(_) => Specificity::Param,
            Self::Greedy(_) => Specificity::Greedy,
        }
    }
}

impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(text) => f.write_str(text),
            Self::Param(name) => write!(f, "{{{name}}}"),
            Self::Greedy(name) => write!(f, "{{{name}+}}"),
        }
    }
}

/// O caminho de um recurso ou de uma rota, um [`PathPart`] por segmento; vazio é a raiz, `/`.
pub type Template = Vec<PathPart>;

/// Lê um caminho com parâmetros: `/cities/{city}`.
pub fn template(path: &str) -> Template {
    segments(path).into_iter().map(PathPart::parse).collect()
}

/// Escreve o caminho de volta: `/cities/{city}`.
pub fn template_path(template: &[PathPart]) -> String {
    match template {
        [] => "/".to_owned(),
        parts => parts.iter().map(|part| format!("/{part}")).collect(),
    }
}

/// Os segmentos de um caminho, sem a barra do fim: `/cities/serra-clara/` são dois, e `/` não tem nenhum.
pub fn segments(path: &str) -> Vec<&str> {
    match path.trim_end_matches('/') {
        "" => Vec::new(),
        path => path.strip_prefix('/').unwrap_or(path).split('/').collect(),
    }
}

/// O método de um recurso ou de uma rota. O específico é menor que `ANY`, e vem antes dele numa ordenação.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MethodKey {
    /// Só este.
    Only(Method),
    /// `ANY`: qualquer um.
    Any,
}

impl fmt::Display for MethodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(method) => method.fmt(f),
            Self::Any => f.write_str("ANY"),
        }
    }
}

/// A chave de uma rota: `GET /cities/{city}`, `ANY /{proxy+}` ou `$default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteKey {
    /// Um método e um caminho.
    Path(MethodKey, Template),
    /// `$default`: o que nenhuma outra rota atende. Só existe em API HTTP.
    Default,
}

/// O texto não é uma chave de rota.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` não é uma rota; escreva um método e um caminho, como `GET /cities/{{city}}`")]
pub struct InvalidRouteKey(pub String);

impl FromStr for RouteKey {
    type Err = InvalidRouteKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRouteKey(text.to_owned());
        if text == "$default" {
            return Ok(Self::Default);
        }
        let (method, path) = text.split_once(' ').ok_or_else(invalid)?;
        let method = match method {
            "ANY" => MethodKey::Any,
            method => MethodKey::Only(method.parse().map_err(|_| invalid())?),
        };
        if !path.starts_with('/') {
            return Err(invalid());
        }
        Ok(Self::Path(method, template(path)))
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(method, template) => write!(f, "{method} {}", template_path(template)),
            Self::Default => f.write_str("$default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_key_is_read_and_written_back() {
        for text in ["GET /", "GET /cities/{city}", "ANY /{proxy+}", "$default"] {
            assert_eq!(text.parse::<RouteKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "GET", "GET cities", "FETCH /cities", "any /cities"] {
            assert_eq!(text.parse::<RouteKey>(), Err(InvalidRouteKey(text.to_owned())));
        }
    }

    #[test]
    fn a_trailing_slash_is_not_a_segment() {
        assert_eq!(segments("/cities/serra-clara/"), ["cities", "serra-clara"]);
        assert!(segments("/").is_empty());
    }

    #[test]
    fn the_specific_comes_first() {
        let mut parts = template("/{proxy+}/{city}/cities");
        parts.sort_by_key(PathPart::specificity);
        assert_eq!(template_path(&parts), "/cities/{city}/{proxy+}");
        assert!(MethodKey::Only(Method::Put) < MethodKey::Any);
    }
}
