//! Do arquivo da resposta ao esqueleto que o leitor recebe.
//!
//! ```text
//! // passo: começo — devolva a espera antes da tentativa {attempt}     ┐
//! // passo: usa config                                                │ vira
//! …a resposta…                                                        │
//! // passo: fim                                                       ┘
//!
//! let _ = config;
//! todo!("devolva a espera antes da tentativa {attempt}")
//! ```
//!
//! O texto pode nomear parâmetros (`{attempt:?}`) e `usa` cita os que não sabem se imprimir: assim o esqueleto compila sem avisos.

use std::fmt;

const BEGIN: &str = "// passo: começo";
const USES: &str = "// passo: usa ";
const END: &str = "// passo: fim";
/// A largura do código, a mesma de `.rustfmt.toml`.
const WIDTH: usize = 120;

/// Um marcador fora do lugar, com a linha (a partir de 1).
#[derive(Debug, PartialEq, Eq)]
pub struct MarkerError {
    pub line: usize,
    pub problem: Problem,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    NoText,
    NotClosed,
    Nested,
    NotOpen,
    UsesOutside,
    NoRegion,
}

impl std::error::Error for MarkerError {}

impl fmt::Display for MarkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            Problem::NoText => "falta o texto depois de `// passo: começo —`: ele diz ao leitor o que escrever",
            Problem::NotClosed => "este `// passo: começo` não tem `// passo: fim`",
            Problem::Nested => "este `// passo: começo` está dentro de outro",
            Problem::NotOpen => "este `// passo: fim` não tem `// passo: começo`",
            Problem::UsesOutside => "`// passo: usa` só vale logo depois de `// passo: começo`",
            Problem::NoRegion => "a resposta não tem nenhum trecho entre `// passo: começo` e `// passo: fim`",
        };
        write!(f, "linha {}: {problem}", self.line)
    }
}

/// Recorta cada trecho marcado e põe um `todo!` no lugar.
pub fn cut(solution: &str) -> Result<String, MarkerError> {
    replace(solution, Region::todo)
}

/// Recorta cada trecho marcado e põe `code` no lugar: é como os testes do curso escrevem um passo que trava ou trapaceia.
pub fn with_body(solution: &str, code: &str) -> Result<String, MarkerError> {
    replace(solution, |region| format!("{}{code}\n", region.indent))
}

fn replace(solution: &str, body: impl Fn(&Region) -> String) -> Result<String, MarkerError> {
    let mut starter = String::with_capacity(solution.len());
    // A linha em que o trecho aberto começou, e se a próxima linha ainda pode ser um `usa`.
    let mut open: Option<(usize, Region)> = None;
    let mut regions = 0;
    for (number, line) in solution.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let error = |problem| MarkerError { line: number, problem };
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        if let Some(rest) = text.strip_prefix(BEGIN) {
            if open.is_some() {
                return Err(error(Problem::Nested));
            }
            let words = rest.trim_start_matches([' ', '—', '-', ':']).trim_end();
            if words.is_empty() {
                return Err(error(Problem::NoText));
            }
            regions += 1;
            open = Some((
                number,
                Region { indent: indent.to_owned(), words: words.to_owned(), uses: None, started: false },
            ));
        } else if let Some(names) = text.strip_prefix(USES) {
            match &mut open {
                Some((_, region)) if !region.started && region.uses.is_none() => {
                    region.uses = Some(names.trim().to_owned());
                }
                _ => return Err(error(Problem::UsesOutside)),
            }
        } else if text.starts_with(END) {
            let (_, region) = open.take().ok_or_else(|| error(Problem::NotOpen))?;
            starter.push_str(&body(&region));
        } else if let Some((_, region)) = &mut open {
            region.started = true;
        } else {
            starter.push_str(line);
            starter.push('\n');
        }
    }
    match open {
        Some((line, _)) => Err(MarkerError { line, problem: Problem::NotClosed }),
        None if regions == 0 => Err(MarkerError { line: 1, problem: Problem::NoRegion }),
        None => Ok(starter),
    }
}

struct Region {
    indent: String,
    words: String,
    uses: Option<String>,
    started: bool,
}

impl Region {
    fn todo(&self) -> String {
        let Self { indent, words, uses, .. } = self;
        let uses = uses.as_deref().map_or(String::new(), |names| match names.contains(',') {
            true => format!("{indent}let _ = ({names});\n"),
            false => format!("{indent}let _ = {names};\n"),
        });
        let words = words.replace('\\', "\\\\").replace('"', "\\\"");
        let call = format!("{indent}todo!(\"{words}\")");
        if call.chars().count() <= WIDTH {
            return format!("{uses}{call}\n");
        }
        // Como o rustfmt quebraria.
        format!("{uses}{indent}todo!(\n{indent}    \"{words}\"\n{indent})\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_marked_region_becomes_a_todo_with_its_indentation() {
        let solution = "\
pub fn wait(attempt: u32, config: &Config) -> u32 {
    // passo: começo — devolva a \"espera\" antes da tentativa {attempt}
    // passo: usa config
    use std::cmp::min;
    min(attempt, config.max)
    // passo: fim
}
";
        insta::assert_snapshot!(cut(solution).unwrap(), @r#"
        pub fn wait(attempt: u32, config: &Config) -> u32 {
            let _ = config;
            todo!("devolva a \"espera\" antes da tentativa {attempt}")
        }
        "#);
    }

    #[test]
    fn any_code_can_take_the_place_of_the_answer() {
        let solution = "fn f() -> u32 {\n    // passo: começo — devolva 1\n    1\n    // passo: fim\n}\n";
        assert_eq!(with_body(solution, "loop {}").unwrap(), "fn f() -> u32 {\n    loop {}\n}\n");
    }

    #[test]
    fn a_long_text_is_broken_as_rustfmt_does() {
        let words = "palavra ".repeat(15);
        let starter = cut(&format!("    // passo: começo — {words}\n    // passo: fim\n")).unwrap();
        assert_eq!(starter, format!("    todo!(\n        \"{}\"\n    )\n", words.trim_end()));
    }

    #[test]
    fn every_region_of_a_file_is_cut() {
        let region = "    // passo: começo — some\n    // passo: usa a, b\n    a + b\n    // passo: fim\n";
        let starter = cut(&format!("fn f() {{\n{region}}}\nfn g() {{\n{region}}}\n")).unwrap();
        assert_eq!(starter.matches("let _ = (a, b);\n    todo!(\"some\")").count(), 2);
        assert!(!starter.contains("a + b"));
    }

    #[rstest]
    #[case("fn f() {}\n", 1, Problem::NoRegion)]
    #[case("x\n// passo: começo — a\ny\n", 2, Problem::NotClosed)]
    #[case("// passo: começo — a\n// passo: começo — b\n", 2, Problem::Nested)]
    #[case("x\ny\n// passo: fim\n", 3, Problem::NotOpen)]
    #[case("// passo: começo —\n// passo: fim\n", 1, Problem::NoText)]
    #[case("// passo: usa a\n", 1, Problem::UsesOutside)]
    #[case("// passo: começo — a\ncode\n// passo: usa a\n", 3, Problem::UsesOutside)]
    fn a_misplaced_marker_is_reported_with_its_line(#[case] text: &str, #[case] line: usize, #[case] problem: Problem) {
        assert_eq!(cut(text), Err(MarkerError { line, problem }));
    }
}
