//! Os fatos e a folha de consulta: todo fato aparece em alguma página, e todo número da folha é um fato.

use anyhow::Result;

use super::Problem;
use crate::course::{Course, slashed};
use crate::files::{read_text, walk};
use crate::quiz::facts;

const SHEET: &str = "book/src/cheat-sheet.md";

/// Os fatos que nenhuma página mostra e os números que a folha traz por conta própria.
pub fn sheet(course: &Course) -> Result<Vec<Problem>> {
    let book = course.root.join("book/src");
    let mut pages = String::new();
    for page in walk(&book)?.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        pages.push_str(&read_text(&book.join(page))?);
    }
    let mut problems = Vec::new();
    for chapter in &course.chapters {
        // O que está errado no próprio arquivo sai com as perguntas do capítulo.
        let facts = facts::load(course, chapter).unwrap_or_default();
        let unused = facts.keys().filter(|id| !pages.contains(&format!("{{{{#fato {}/{id}}}}}", chapter.slug())));
        problems.extend(unused.map(|id| {
            let what = format!("{}: nenhuma página mostra o fato `{id}`", slashed(&chapter.facts_file()));
            let fix = format!("escreva `{{{{#fato {}/{id}}}}}` em uma página ou tire o fato", chapter.slug());
            Problem::new(what, fix)
        }));
    }
    match read_text(&course.root.join(SHEET)) {
        Ok(text) => problems.extend(handwritten(&text).into_iter().map(|line| {
            let what = format!("{SHEET}:{line}: há um número escrito à mão");
            Problem::new(what, "calcule-o em um programa de chave e ponha o fato no lugar, com `{{#fato capítulo/id}}`")
        })),
        Err(_) => problems.push(Problem::new(format!("falta {SHEET}"), "escreva a folha de consulta")),
    }
    Ok(problems)
}

/// As linhas com um número que não vem de um marcador nem do endereço de uma ligação. O algarismo de um nome (`S3`, `A4`) não é um.
fn handwritten(text: &str) -> Vec<usize> {
    let outside = |line: &str| blank(&blank(line, "{{#", "}}"), "](", ")");
    let has_number = |line: &str| {
        let mut previous = ' ';
        line.chars().any(|each| {
            let starts = each.is_ascii_digit() && !previous.is_alphanumeric();
            previous = each;
            starts
        })
    };
    text.lines().zip(1..).filter(|(line, _)| has_number(&outside(line))).map(|(_, number)| number).collect()
}

/// A linha sem cada trecho entre `open` e `close`.
fn blank(line: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, inside)) = rest.split_once(open) {
        let Some((_, after)) = inside.split_once(close) else { break };
        out.push_str(before);
        out.push(' ');
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_outside_the_markers_is_handwritten() {
        let text = "# Em uma folha A4\n\
                    | idade | {{#fato a/age-2}} e {{#fato b/x}} |\n\
                    | idade | {{#fato a/age}}, ou 6 h |\n\
                    [S3](x.md#2-vezes) e SHA256\n\
                    429\n";
        assert_eq!(handwritten(text), [3, 5]);
    }

    #[test]
    fn a_fact_nobody_shows_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let put = |file: &str, text: &str| {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("exercises/04-async-invocation/facts.toml", "age = \"6 h\"\ntries = \"3\"\n");
        put(SHEET, "{{#fato async-invocation/age}}\n");
        let chapter = crate::course::Chapter {
            id: "04-async-invocation".into(),
            title: "Invocação assíncrona".into(),
            steps: Vec::new(),
            labs: Vec::new(),
        };
        let root = dir.path().to_path_buf();
        let course = Course { target: root.join("target"), root, title: "Curso".into(), chapters: vec![chapter] };
        let said: Vec<_> = sheet(&course).unwrap().into_iter().map(|problem| problem.what).collect();
        assert_eq!(said, ["exercises/04-async-invocation/facts.toml: nenhuma página mostra o fato `tries`"]);
    }
}
