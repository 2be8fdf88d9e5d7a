//! O que está errado em um template, e onde.

use super::cursor::Position;

/// Um erro ao ler ou ao rodar um template: onde e o que fazer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct TemplateError {
    /// Onde começa o trecho com problema.
    pub position: Position,
    /// O que há de errado, em português.
    pub message: String,
}

impl TemplateError {
    /// Um erro naquele lugar.
    pub fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }

    /// A linha do template e, embaixo, um acento circunflexo no lugar do erro.
    pub fn excerpt(&self, template: &str) -> String {
        let line = template.lines().nth(self.position.line - 1).unwrap_or_default();
        // Um tabulador continua tabulador, para o acento cair no lugar certo.
        let indent: String =
            line.chars().take(self.position.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        format!("{line}\n{indent}^")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_points_at_the_column_of_the_error() {
        let error = TemplateError::new(Position { line: 2, column: 4 }, "falta `)`");
        assert_eq!(error.to_string(), "linha 2, coluna 4: falta `)`");
        assert_eq!(error.excerpt("a\n\tçb$\nc"), "\tçb$\n\t  ^");
        assert_eq!(error.excerpt("a"), "\n^");
    }
}
