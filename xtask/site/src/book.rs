//! O texto em páginas: o mdBook como biblioteca, com os nossos painéis no meio.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use grader::course::{Course, slashed};
use grader::files;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::panels::fact::{FactTexts, Facts};
use crate::panels::lab::LabPanels;
use crate::panels::quiz::QuizPanels;
use crate::panels::step::StepPanels;
use crate::theme::{self, PageConfig};
use crate::{Problem, Problems, chrome, links, markers, panels};

/// Gera as páginas em `out`, sem os arquivos de `caderno/`.
pub fn render(course: &Course, out: &Path, page: &PageConfig) -> Result<()> {
    let root = course.root.join("book");
    let theme = tempfile::tempdir().context("não consegui criar uma pasta temporária")?;
    theme::write(theme.path(), &root.join("theme"), page)?;

    // Lido à mão, e não por `MDBook::load`, para que variáveis `MDBOOK_…` de outro projeto não mudem este livro.
    let mut config = Config::from_disk(root.join("book.toml")).context("`book/book.toml` está com problema")?;
    config.build.build_dir = out.to_path_buf();
    config.set("output.html.theme", theme.path())?;
    let mut book = MDBook::load_with_config(&root, config)
        .context("não consegui ler o livro; confira se toda página citada em `book/src/SUMMARY.md` existe")?;
    let facts = Facts::load(course)?;
    check_markers(course, &facts, &book)?;
    book.with_preprocessor(StepPanels::new(course.clone(), page.mode));
    book.with_preprocessor(LabPanels::new(course.clone(), page.mode));
    book.with_preprocessor(QuizPanels::new(course.clone()));
    book.with_preprocessor(FactTexts(facts));
    book.build().context("o mdBook não conseguiu gerar as páginas")?;
    finish_pages(out)
}

/// Confere as páginas prontas, depois que `caderno/` também está em `out`.
pub fn check_pages(out: &Path) -> Result<()> {
    Ok(Problems::none_of(links::check(out)?)?)
}

/// No texto como está no disco: depois dos `include` as linhas já seriam outras.
fn check_markers(course: &Course, facts: &Facts, book: &MDBook) -> Result<()> {
    let src = book.source_dir();
    let mut problems: Vec<Problem> = Vec::new();
    for page in book.book.chapters() {
        let Some(source) = page.source_path.as_deref() else { continue };
        let shown = format!("book/src/{}", slashed(source));
        let dir = src.join(source).parent().map(Path::to_path_buf).unwrap_or_default();
        problems.extend(markers::check(&page.content, &shown, &dir));
        problems.extend(panels::check(course, source, &shown, &page.content));
        problems.extend(facts.check(&shown, &page.content));
    }
    Ok(Problems::none_of(problems)?)
}

/// O que o tema não alcança: a busca, os títulos das caixas de aviso e os links para um `README.md`.
fn finish_pages(out: &Path) -> Result<()> {
    for file in files::walk(out)? {
        let name = slashed(&file);
        let path = out.join(&file);
        let is_search = name.starts_with("searcher") && name.ends_with(".js");
        if !is_search && !name.ends_with(".html") {
            continue;
        }
        let text = files::read_text(&path)?;
        let translated = match is_search {
            true => chrome::translate(&text, chrome::SEARCH_JS, "searcher.js")?,
            false => readme_links(&chrome::translate_admonitions(&text)),
        };
        if translated != text {
            fs::write(&path, translated).with_context(|| format!("não consegui escrever {}", path.display()))?;
        }
    }
    Ok(())
}

/// O mdBook publica `README.md` como `index.html`, mas não corrige os links que levam a ele.
fn readme_links(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("href=\"") {
        let (address, after) = after.split_once('"').unwrap_or((after, ""));
        let (path, anchor) = address.split_at(address.find('#').unwrap_or(address.len()));
        let folder = path.strip_suffix("README.html").filter(|_| !path.contains(':'));
        out.push_str(before);
        out.push_str("href=\"");
        match folder {
            Some(folder) => out.extend([folder, "index.html", anchor]),
            None => out.push_str(address),
        }
        out.push('"');
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, build, sample};

    fn page(mode: Mode) -> PageConfig {
        PageConfig { mode, token: None, wasm: true }
    }

    /// As páginas e os arquivos escritos à mão, como `site build` os põe, sem compilar nada.
    fn built(mode: Mode) -> (tempfile::TempDir, impl Fn(&str) -> String) {
        let (dir, course) = sample::course();
        let out = dir.path().join("out");
        build::write_site(&course, &out, &page(mode), None).unwrap();
        (dir, move |file: &str| fs::read_to_string(out.join(file)).unwrap())
    }

    #[test]
    fn every_address_of_the_whole_site_is_relative_and_exists() {
        let (dir, _) = built(Mode::Static);
        assert_eq!(crate::check_links(&dir.path().join("out")).unwrap(), []);
    }

    #[test]
    fn a_page_knows_the_way_to_the_root_at_any_depth() {
        let (_dir, read) = built(Mode::Static);
        for (file, root) in
            [("intro.html", ""), ("index.html", ""), ("print.html", ""), ("async-invocation/queue.html", "../")]
        {
            let page = read(file);
            assert!(page.contains(&format!(r#"<script type="module" src="{root}caderno/app.js"></script>"#)), "{file}");
            assert!(page.contains(&format!(r#"href="{root}caderno/caderno.css""#)), "{file}");
            assert!(page.contains(&format!(r#""root":"{root}""#)), "{file}");
        }
        assert!(!read("toc.html").contains("caderno"), "o sumário sem JavaScript não precisa de nada nosso");
    }

    #[test]
    fn the_panels_land_where_the_page_asks() {
        let (_dir, read) = built(Mode::Serve);
        let queue = read("async-invocation/queue.html");
        assert!(
            queue.contains(r#"data-step="async-invocation/queue""#)
                && queue.contains(r#"data-test="queue::answers_at_once""#)
        );
        assert!(queue.contains("A fila responde <code>202</code> &lt;sem&gt; esperar"), "{queue}");
        let retries = read("async-invocation/retries.html");
        let order = ["class=\"lab\"", "class=\"passo\"", "Em resumo"].map(|text| retries.find(text).unwrap());
        assert!(order.is_sorted(), "{order:?}");
        assert!(!read("intro.html").contains("class=\"passo\""));
    }

    #[test]
    fn the_questions_land_where_the_page_asks() {
        let (_dir, read) = built(Mode::Static);
        let page = read("async-invocation/quiz.html");
        assert!(page.contains(r#"data-question="which-first""#) && page.contains(r#"href="retries.html""#), "{page}");
    }

    #[test]
    fn a_fault_in_the_questions_stops_the_book() {
        let (dir, course) = sample::course();
        sample::put(dir.path(), "exercises/04-async-invocation/quiz.toml", "questions = []\n");
        sample::put(dir.path(), "book/src/intro.md", "# Começo\n\n{{#quiz}}\n");
        let error = build::write_site(&course, &dir.path().join("out"), &page(Mode::Serve), None).unwrap_err();
        insta::assert_snapshot!(error.to_string(), @r#"
        há problemas no texto do livro:
          book/src/intro.md:3: `{{#quiz}}` não cabe aqui: as perguntas ficam na página `quiz.md` do capítulo
          exercises/04-async-invocation/quiz.toml: há 0 perguntas, e um capítulo tem de 4 a 8; conserto: escreva ou junte perguntas
        "#);
    }

    #[test]
    fn what_the_mdbook_writes_around_the_text_is_portuguese() {
        let (dir, read) = built(Mode::Static);
        let page = read("intro.html");
        for text in
            [r#"<html lang="pt-BR""#, "Ferrugem", "Buscar no livro", "Sumário", "Próxima página", "</svg>Nota</p>"]
        {
            assert!(page.contains(text), "falta {text}");
        }
        let scripts: String = fs::read_dir(dir.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        assert!(scripts.contains("Nada encontrado para") && scripts.contains("'Copiar'"));
        assert!(!scripts.contains("search results for"));
    }

    #[test]
    fn code_has_no_button_that_calls_another_site_and_the_editor_is_shipped() {
        let (dir, read) = built(Mode::Static);
        assert!(!read("async-invocation/queue.html").contains("class=\"playground\""));
        assert!(files::walk(&dir.path().join("out")).unwrap().iter().any(|file| slashed(file).starts_with("ace-")));
    }

    #[test]
    fn problems_in_the_text_are_told_all_at_once_and_keep_the_old_site() {
        let (dir, course) = sample::course();
        let out = dir.path().join("out");
        build::write_site(&course, &out, &page(Mode::Static), None).unwrap();
        sample::put(dir.path(), "book/src/intro.md", "# Começo\n\n{{#pasos}}\n\n{{#passo}}\n");
        let error = build::write_site(&course, &out, &page(Mode::Static), None).unwrap_err();
        assert!(error.is::<Problems>());
        insta::assert_snapshot!(error.to_string(), @r"
há problemas no texto do livro:
  book/src/intro.md:3: não conheço o marcador `{{#pasos}}`; os que existem são `passo`, `laboratorio`, `quiz`, `fato`, `include`, `rustdoc_include`, `playground`, `title`
  book/src/intro.md:5: `{{#passo}}` não cabe aqui: esta página não é de um passo de `exercises/course.toml`
");
        assert!(out.join("intro.html").exists());
    }

    #[test]
    fn a_broken_link_names_the_page() {
        let (dir, course) = sample::course();
        sample::put(dir.path(), "book/src/intro.md", "# Começo\n\n[x](async-invocation/queue.md#nada) [y](sumiu.md)\n");
        let error = build::write_site(&course, &dir.path().join("out"), &page(Mode::Static), None).unwrap_err();
        insta::assert_snapshot!(error.to_string(), @r"
há problemas no texto do livro:
  intro.html: `async-invocation/queue.html#nada`: async-invocation/queue.html não tem o trecho `#nada`
  intro.html: `sumiu.html` não leva a nenhum arquivo do site
");
    }

    #[test]
    fn a_page_of_the_summary_that_does_not_exist_is_an_error() {
        let (dir, course) = sample::course();
        fs::remove_file(dir.path().join("book/src/intro.md")).unwrap();
        let error = build::write_site(&course, &dir.path().join("out"), &page(Mode::Static), None).unwrap_err();
        assert!(error.to_string().contains("SUMMARY.md"), "{error:#}");
    }
}
