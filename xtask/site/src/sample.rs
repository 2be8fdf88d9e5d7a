//! Um curso pequeno em uma pasta temporária: os testes nunca tocam os exercícios de verdade.

use std::fs;
use std::path::Path;

use grader::course::Course;
use tempfile::TempDir;

const COURSE: &str = r#"
version = 1
title = "Curso de teste"

[[chapters]]
id = "04-async-invocation"
title = "Invocação assíncrona"
steps = [
  { id = "queue", title = "A fila", points = 10, minutes = 20, hints = ["olhe `Queue`", "conte", "quase"] },
  { id = "retries", title = "As tentativas", points = 20, minutes = 30, hints = ["a", "b", "c"] },
]

[[chapters.labs]]
id = "hours"
title = "Seis horas"
description = "Mude e veja."
page = "retries"
controls = []
"#;

const QUIZ: &str = r#"
[[questions]]
id = "how-long"
kind = "number"
about = "queue"
text = "Quanto?"
why = "Conte."
answer = 2
mistakes = [{ value = 1, why = "Falta um." }]

[[questions]]
id = "which-first"
kind = "single"
about = "retries"
text = "Qual?"
why = "A primeira."
options = [{ text = "A", value = "a", right = true, why = "Sim." }, { text = "B", value = "b", why = "Não." }]

[[questions]]
id = "which-second"
kind = "single"
about = "retries"
text = "E depois?"
why = "A segunda."
options = [{ text = "A", value = "a", why = "Não." }, { text = "B", value = "b", right = true, why = "Sim." }]

[[questions]]
id = "which-all"
kind = "several"
about = "retries"
text = "Quais?"
why = "As duas."
options = [{ text = "A", value = "a", right = true, why = "Sim." }, { text = "B", value = "b", right = true, why = "Sim." }]
"#;

const TESTS: &str = "/// A fila responde `202` <sem> esperar\n#[test]\nfn answers_at_once() {}\n";

/// A pasta some quando o `TempDir` é solto.
pub fn course() -> (TempDir, Course) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(root, "exercises/course.toml", COURSE);
    for step in ["queue", "retries"] {
        put(root, &format!("exercises/04-async-invocation/src/{step}.rs"), "fn fila() {\n    todo!()\n}\n");
        put(root, &format!("exercises/04-async-invocation/tests/grade/{step}.rs"), TESTS);
    }
    put(root, "book/book.toml", include_str!("../../../book/book.toml"));
    put(
        root,
        "book/src/SUMMARY.md",
        "# Sumário\n\n[Começo](intro.md)\n\n- [Capítulo](async-invocation/README.md)\n  - [A fila](async-invocation/queue.md)\n  \
         - [As tentativas](async-invocation/retries.md)\n  - [Perguntas](async-invocation/quiz.md)\n",
    );
    put(
        root,
        "book/src/intro.md",
        "# Começo\n\nLeia [a fila](async-invocation/queue.md#seu-passo) do [capítulo](async-invocation/README.md).\n\n> [!NOTE]\n> Uma nota.\n",
    );
    put(root, "book/src/async-invocation/README.md", "# Capítulo\n\n![uma figura](fila.svg)\n");
    put(root, "book/src/async-invocation/fila.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    put(root, "book/src/async-invocation/queue.md", "# A fila\n\nTexto.\n\n```rust\nfn main() {}\n```\n");
    put(
        root,
        "book/src/async-invocation/retries.md",
        "# As tentativas\n\n{{#laboratorio}}\n\n{{#passo}}\n\n## Em resumo\n\nFim.\n",
    );
    put(root, "book/src/async-invocation/quiz.md", "# Perguntas\n\n{{#quiz}}\n\nFim.\n");
    put(root, "exercises/04-async-invocation/quiz.toml", QUIZ);
    put(root, "book/theme/caderno/app.js", "// vida à página\n");
    put(root, "book/theme/caderno/caderno.css", ".passo { display: block }\n");
    let course = Course::load(root).unwrap();
    (dir, course)
}

pub fn put(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
