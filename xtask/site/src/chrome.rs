//! As palavras que o mdBook põe em volta do texto, em português.
//!
//! O mdBook 0.5 não tem traduções: só deixa trocar os modelos inteiros. Guardar uma cópia deles envelheceria calada; em vez
//! disso, cada frase é trocada no modelo que a própria biblioteca traz, e a que não for achada é erro na compilação do livro.

use anyhow::{Result, ensure};

/// `(como o mdBook escreve, como o livro escreve)`.
pub type Words = &'static [(&'static str, &'static str)];

/// `index.hbs`, o modelo de todas as páginas.
pub const PAGE: Words = &[
    ("Keyboard shortcuts", "Atalhos de teclado"),
    ("Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters", "<kbd>←</kbd> e <kbd>→</kbd> mudam de página"),
    ("Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book", "<kbd>S</kbd> ou <kbd>/</kbd> abre a busca"),
    ("Press <kbd>?</kbd> to show this help", "<kbd>?</kbd> mostra esta ajuda"),
    ("Press <kbd>Esc</kbd> to hide this help", "<kbd>Esc</kbd> fecha esta ajuda"),
    (r#"aria-label="Table of contents""#, r#"aria-label="Sumário""#),
    (
        r#"title="Toggle Table of Contents" aria-label="Toggle Table of Contents""#,
        r#"title="Mostrar ou esconder o sumário" aria-label="Mostrar ou esconder o sumário""#,
    ),
    (r#"title="Change theme" aria-label="Change theme""#, r#"title="Mudar as cores" aria-label="Mudar as cores""#),
    (r#"aria-label="Themes""#, r#"aria-label="Cores""#),
    (">Auto<", ">Do sistema<"),
    (">Light<", ">Claro<"),
    (">Rust<", ">Ferrugem<"),
    (">Coal<", ">Carvão<"),
    (">Navy<", ">Marinho<"),
    (
        r#"title="Search (`/`)" aria-label="Toggle Searchbar""#,
        r#"title="Buscar (`/`)" aria-label="Abrir ou fechar a busca""#,
    ),
    (
        r#"title="Print this book" aria-label="Print this book""#,
        r#"title="Imprimir o livro" aria-label="Imprimir o livro""#,
    ),
    (r#"title="Git repository" aria-label="Git repository""#, r#"title="Repositório" aria-label="Repositório""#),
    (
        r#"title="Suggest an edit" aria-label="Suggest an edit""#,
        r#"title="Sugerir mudança" aria-label="Sugerir mudança""#,
    ),
    (r#"placeholder="Search this book ...""#, r#"placeholder="Buscar no livro" aria-label="Buscar no livro""#),
    // O mdBook aponta para um id que não existe: quem usa leitor de tela perde o número de resultados.
    (r#"aria-describedby="searchresults-header""#, r#"aria-describedby="mdbook-searchresults-header""#),
    (r#"aria-label="Page navigation""#, r#"aria-label="Páginas vizinhas""#),
    (
        r#"title="Previous chapter" aria-label="Previous chapter""#,
        r#"title="Página anterior" aria-label="Página anterior""#,
    ),
    (r#"title="Next chapter" aria-label="Next chapter""#, r#"title="Próxima página" aria-label="Próxima página""#),
];

/// `book.js`, que monta os botões dos blocos de código.
pub const BOOK_JS: Words = &[
    ("Show hidden lines", "Mostrar as linhas escondidas"),
    ("'Hide lines'", "'Esconder as linhas'"),
    ("'Copy to clipboard'", "'Copiar'"),
    ("'Copied!'", "'Copiado'"),
    ("'Clipboard error!'", "'Não deu para copiar'"),
    ("'Undo changes'", "'Desfazer as mudanças'"),
    ("'Run this code'", "'Rodar este código'"),
    ("'Running...'", "'Rodando…'"),
    ("'No output'", "'Sem saída'"),
    ("'Playground Communication: '", "'Sem resposta do playground: '"),
];

/// `searcher.js`, que o mdBook não deixa trocar pelo tema: é traduzido depois de escrito.
pub const SEARCH_JS: Words = &[
    (r"count + ' search result for \'' + searchterm + '\':'", r"count + ' resultado para “' + searchterm + '”:'"),
    (r"'No search results for \'' + searchterm + '\'.'", r"'Nada encontrado para “' + searchterm + '”.'"),
    (r"count + ' search results for \'' + searchterm + '\':'", r"count + ' resultados para “' + searchterm + '”:'"),
    ("Search Result Teaser", "Trecho encontrado"),
];

/// Os títulos das caixas `> [!NOTE]`; nem toda página as tem.
const ADMONITIONS: Words =
    &[("Note", "Nota"), ("Tip", "Dica"), ("Important", "Importante"), ("Warning", "Atenção"), ("Caution", "Cuidado")];

/// Troca todas as frases; `file` é o que a mensagem mostra quando uma delas não existe mais.
pub fn translate(text: &str, words: Words, file: &str) -> Result<String> {
    let mut text = text.to_owned();
    for (from, to) in words {
        ensure!(
            text.contains(from),
            "o mdBook não escreve mais `{from}` em {file}; ajuste a tradução em `xtask/site/src/chrome.rs`"
        );
        text = text.replace(from, to);
    }
    Ok(text)
}

/// Os títulos das caixas de uma página pronta.
pub fn translate_admonitions(page: &str) -> String {
    if !page.contains("blockquote-tag-title") {
        return page.to_owned();
    }
    ADMONITIONS.iter().fold(page.to_owned(), |page, (from, to)| {
        page.replace(&format!("</svg>{from}</p>"), &format!("</svg>{to}</p>"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_vanished_is_an_error() {
        let error = translate("nada", PAGE, "index.hbs").unwrap_err().to_string();
        assert!(error.contains("`Keyboard shortcuts`") && error.contains("index.hbs"), "{error}");
    }
}
