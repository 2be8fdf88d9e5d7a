//! O que o livro construído diz à página, em `#caderno-config`.

use serde::Deserialize;

use super::dom;

#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Há um servidor local que compila (`cargo xtask serve`).
    #[serde(default)]
    pub serve: bool,
    #[serde(default)]
    pub token: Option<String>,
    /// O servidor consegue compilar para WASM.
    #[serde(default = "yes")]
    pub wasm: bool,
    /// A pasta `caderno/` do livro, com `/` no fim. Vem de onde `app.js` foi carregado.
    #[serde(skip)]
    pub base: String,
}

fn yes() -> bool {
    true
}

impl Config {
    /// Lê a configuração; sem ela a página é a do livro estático.
    pub fn read(base: &str) -> Self {
        let text = dom::document()
            .get_element_by_id("caderno-config")
            .and_then(|element| element.text_content())
            .unwrap_or_default();
        let config =
            serde_json::from_str(&text).unwrap_or(Self { serve: false, token: None, wasm: true, base: String::new() });
        Self { base: base.to_owned(), ..config }
    }

    /// O módulo com os testes da resposta de referência.
    pub fn reference_tests(&self, chapter: &str) -> String {
        format!("{}modules/{chapter}.tests.wasm", self.base)
    }

    /// O laboratório com a resposta de referência.
    pub fn reference_lab(&self, chapter: &str) -> String {
        format!("{}modules/{chapter}.lab.wasm", self.base)
    }
}
