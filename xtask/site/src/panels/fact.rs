//! Os fatos no meio do texto, no lugar de `{{#fato capítulo/id}}`.

use std::collections::BTreeMap;

use grader::course::Course;
use grader::quiz::facts;
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::markers::{self, FACT};
use crate::{Problem, Problems};

/// Os fatos de todos os capítulos, por `capítulo/id`.
#[derive(Debug, Clone, Default)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Lê os fatos de todos os capítulos.
    ///
    /// # Errors
    /// Todos os problemas dos arquivos de uma vez.
    pub fn load(course: &Course) -> Result<Self, Problems> {
        let (mut texts, mut problems) = (BTreeMap::new(), Vec::new());
        for chapter in &course.chapters {
            match facts::load(course, chapter) {
                Ok(facts) => {
                    texts.extend(facts.into_iter().map(|(id, text)| (format!("{}/{id}", chapter.slug()), text)))
                }
                Err(faults) => problems.extend(faults.into_iter().map(Problem::from)),
            }
        }
        Problems::none_of(problems)?;
        Ok(Self(texts))
    }

    /// Os marcadores que pedem um fato que não existe.
    pub fn check(&self, shown: &str, text: &str) -> Vec<Problem> {
        let missing =
            |marker: &markers::Marker<'_>| marker.name == FACT && !marker.in_code && !self.0.contains_key(marker.rest);
        markers::find(text)
            .iter()
            .filter(|marker| missing(marker))
            .map(|marker| {
                let rest = marker.rest;
                Problem::at(shown, marker.line, format!("não há o fato `{rest}` em nenhum `exercises/NN/facts.toml`"))
            })
            .collect()
    }

    fn fill(&self, text: &str) -> String {
        // Um fato que não existe já parou o livro em `check`.
        markers::replace_each(text, FACT, |marker| self.0.get(marker.rest).cloned().unwrap_or_default())
    }
}

/// Põe cada fato no seu lugar.
pub struct FactTexts(pub Facts);

impl Preprocessor for FactTexts {
    fn name(&self) -> &str {
        FACT
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        book.for_each_mut(|item| {
            if let BookItem::Chapter(page) = item {
                page.content = self.0.fill(&page.content);
            }
        });
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts([("async-invocation/age".to_owned(), "6 h".to_owned())].into())
    }

    #[test]
    fn a_fact_lands_in_the_middle_of_the_text() {
        let text = "| idade | {{#fato async-invocation/age}} |\n";
        assert_eq!(facts().fill(text), "| idade | 6 h |\n");
    }

    #[test]
    fn a_fact_that_does_not_exist_is_told_with_its_line() {
        let text = "# Folha\n\n{{#fato async-invocation/age}}\n{{#fato age}} e `{{#fato x}}`\n";
        let said: Vec<_> = facts().check("folha.md", text).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["folha.md:4: não há o fato `age` em nenhum `exercises/NN/facts.toml`"]);
    }
}
