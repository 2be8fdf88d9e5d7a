//! O que cada teste confere, em português, lido do comentário de documentação da função de teste.
//!
//! O nome do teste é o caminho que o libtest mostra (`retries::a_function_error_waits_one_minute`); em um `#[rstest]` com casos,
//! cada caso é um teste à parte (`…::case_1_function_error`).

use std::path::Path;

use anyhow::{Context, Result, bail};
use syn::{Attribute, Expr, ExprLit, Item, ItemFn, Lit, Meta};

use crate::course::{Chapter, Course, Step};
use crate::files;

/// Um teste e o seu título.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TestTitle {
    pub name: String,
    pub title: String,
    /// O nome do caso, em um teste com casos.
    pub case: Option<String>,
}

impl TestTitle {
    /// O título em uma linha, com o caso entre colchetes.
    pub fn line(&self) -> String {
        match &self.case {
            Some(case) => format!("{} [{case}]", self.title),
            None => self.title.clone(),
        }
    }
}

/// Os testes do passo, na ordem do arquivo; os de um submódulo (`mod log;`, em `tests/grade/PASSO/log.rs`), onde ele é declarado.
pub fn titles(course: &Course, chapter: &Chapter, step: &Step) -> Result<Vec<TestTitle>> {
    of_file(&course.root, &chapter.tests_file(step), step.name())
}

fn of_file(root: &Path, file: &Path, module: &str) -> Result<Vec<TestTitle>> {
    let text = files::read_text(&root.join(file))?;
    let children = file.with_extension("");
    let submodule = |name: &str| of_file(root, &children.join(format!("{name}.rs")), &format!("{module}::{name}"));
    parse(module, &text, submodule).with_context(|| format!("em {}", file.display()))
}

fn parse(module: &str, text: &str, submodule: impl Fn(&str) -> Result<Vec<TestTitle>>) -> Result<Vec<TestTitle>> {
    let file = syn::parse_file(text).context("o arquivo de testes não é Rust válido")?;
    let mut titles = Vec::new();
    for item in &file.items {
        match item {
            Item::Fn(function) if is_test(function) => titles.extend(of_function(module, function)?),
            Item::Mod(child) if child.content.is_none() => titles.extend(submodule(&child.ident.to_string())?),
            _ => {}
        }
    }
    Ok(titles)
}

fn of_function(module: &str, function: &ItemFn) -> Result<Vec<TestTitle>> {
    let name = function.sig.ident.to_string();
    let Some(title) = first_paragraph(&function.attrs) else {
        bail!("o teste `{name}` precisa de um comentário `///` que diga em português o que ele confere");
    };
    let cases: Vec<_> = function.attrs.iter().filter_map(case_name).collect();
    if cases.is_empty() {
        return Ok(vec![TestTitle { name: format!("{module}::{name}"), title, case: None }]);
    }
    // O rstest numera os casos com tantos dígitos quantos o total pede.
    let width = cases.len().to_string().len();
    Ok(cases
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let number = index + 1;
            match case {
                Some(case) => TestTitle {
                    name: format!("{module}::{name}::case_{number:0width$}_{case}"),
                    title: title.clone(),
                    case: Some(case.clone()),
                },
                None => TestTitle {
                    name: format!("{module}::{name}::case_{number:0width$}"),
                    title: title.clone(),
                    case: Some(format!("caso {number}")),
                },
            }
        })
        .collect())
}

fn is_test(function: &ItemFn) -> bool {
    function.attrs.iter().any(|attribute| {
        attribute.path().segments.last().is_some_and(|last| last.ident == "test" || last.ident == "rstest")
    })
}

/// `#[case(…)]` → sem nome; `#[case::nome(…)]` → com nome; outro atributo → nada.
fn case_name(attribute: &Attribute) -> Option<Option<String>> {
    let segments: Vec<_> = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    match segments.as_slice() {
        [case] if case == "case" => Some(None),
        [case, name] if case == "case" => Some(Some(name.clone())),
        _ => None,
    }
}

fn first_paragraph(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<_> = attributes.iter().filter_map(doc_line).collect();
    let paragraph: Vec<_> = lines.iter().map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
    let text = paragraph.join(" ");
    (!text.is_empty()).then(|| text.trim_end_matches('.').to_owned())
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(name: &str) -> Result<Vec<TestTitle>> {
        bail!("não há submódulo `{name}`")
    }

    #[test]
    fn tests_of_a_submodule_come_where_it_is_declared() {
        let text =
            "/// Um\n#[test]\nfn one() {}\nmod log;\n/// Três\n#[test]\nfn three() {}\nmod inline { fn x() {} }\n";
        let child = |name: &str| parse(&format!("pipeline::{name}"), "/// Dois\n#[test]\nfn two() {}\n", none);
        let names: Vec<_> = parse("pipeline", text, child).unwrap().into_iter().map(|title| title.name).collect();
        assert_eq!(names, ["pipeline::one", "pipeline::log::two", "pipeline::three"]);
    }

    #[test]
    fn titles_come_from_doc_comments_and_cases_are_expanded() {
        let text = r#"
//! módulo
fn helper() {}

/// O Lambda responde 202
/// sem esperar a função.
///
/// Detalhe que não entra no título.
#[tokio::test(start_paused = true)]
async fn answers_at_once() {}

/// Cada falha espera o seu tempo
#[rstest]
#[case::function_error(1)]
#[case(2)]
fn waits(#[case] n: u32) {}
"#;
        let titles: Vec<_> =
            parse("retries", text, none).unwrap().into_iter().map(|t| format!("{} | {}", t.name, t.line())).collect();
        assert_eq!(
            titles,
            [
                "retries::answers_at_once | O Lambda responde 202 sem esperar a função",
                "retries::waits::case_1_function_error | Cada falha espera o seu tempo [function_error]",
                "retries::waits::case_2 | Cada falha espera o seu tempo [caso 2]",
            ]
        );
    }

    #[test]
    fn a_test_without_a_title_is_refused() {
        let error = parse("queue", "#[test]\nfn silent() {}", none).unwrap_err();
        assert!(error.to_string().contains("`silent`"), "{error}");
    }
}
