//! A política de conteúdo das páginas servidas: o navegador só carrega o que vem deste servidor.
//!
//! | regra | por quê |
//! |---|---|
//! | `script-src 'self'` + somas | os scripts do mdBook e os nossos; os que o mdBook escreve dentro da página entram um a um, pela soma |
//! | `'wasm-unsafe-eval'` | `web_bg.wasm` e os módulos dos testes são compilados na página; não libera `eval` de JavaScript |
//! | `style-src 'unsafe-inline'` | o Ace cria os seus estilos em tempo de execução, e o mdBook usa `style=""` em dois lugares |
//! | `img-src data:` | o Ace desenha a margem do editor com imagens embutidas no CSS |
//! | `worker-src 'self'` | cada teste roda em um Web Worker |
//! | `connect-src 'self'` | a API e os módulos |
//! | `frame-ancestors 'none'` | nenhuma outra página põe esta dentro de uma moldura |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::links;

/// A política de uma página: os scripts escritos nela valem pela soma, e só eles.
pub fn for_page(html: &str) -> String {
    policy(inline_scripts(html).map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)))))
}

/// A política do que não é página (um Worker segue a do arquivo em que foi escrito).
pub fn for_file() -> String {
    policy(std::iter::empty())
}

/// A política da moldura em que o laboratório do SDK carrega o cliente gerado: ela roda o que lhe mandarem, mas sem origem, sem rede e
/// só dentro de uma página nossa.
pub fn for_client() -> &'static str {
    "default-src 'none'; script-src 'unsafe-inline' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; \
     sandbox allow-scripts"
}

fn policy(hashes: impl Iterator<Item = String>) -> String {
    let hashes: String = hashes.collect();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; worker-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

/// Blocos de dados (`type="application/json"`) não são executados e ficam fora da política.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    links::tags(html)
        .filter(|tag| tag.name == "script" && !tag.attributes.contains("src=") && !tag.attributes.contains("type="))
        .filter_map(|tag| tag.rest.find("</script").map(|end| &tag.rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_of_the_generated_client_reaches_nothing() {
        let policy = for_client();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox allow-scripts"));
        assert!(!policy.contains("allow-same-origin") && !policy.contains("connect-src"));
    }

    #[test]
    fn only_the_scripts_written_in_the_page_are_allowed_inline() {
        let html =
            r#"<script>let a = 1;</script><script src="x.js"></script><script type="application/json">{}</script>"#;
        insta::assert_snapshot!(for_page(html), @"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'sha256-xY6QKfH9PRsQnLz56nj6MBwiK5oHg+im1Jkpdp1x/Ck='; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        assert_eq!(for_page(html).matches("sha256-").count(), 1);
    }
}
