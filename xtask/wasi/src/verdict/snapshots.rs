//! Tira da saída o quadro que o `insta` desenha quando um *snapshot* difere, e fica só com a diferença.
//!
//! O quadro tem largura, cores e dicas em inglês que mudam de versão para versão; a tabela `│-antes │+depois` no meio dele é estável.

/// Devolve `output` sem o quadro, e a diferença que estava nele.
pub(super) fn take(output: &str) -> (String, Option<String>) {
    let lines = output.lines().collect::<Vec<_>>();
    let Some(start) = lines.iter().position(|line| is_title(line)) else { return (output.to_owned(), None) };
    let Some(length) = lines[start..].iter().position(|line| line.starts_with("────────────┴"))
    else {
        return (output.to_owned(), None);
    };
    let frame = &lines[start..=start + length];
    let after = lines[start + length + 1..].iter().skip_while(|line| is_hint(line)).copied();
    // Sem *threads* o título vem na mesma linha de `print!` que o programa não terminou; o que houver antes dele é do programa.
    let before = lines[start].split('━').next().unwrap_or_default();
    let rest = lines[..start].iter().copied().chain((!before.is_empty()).then_some(before)).chain(after);
    (rest.collect::<Vec<_>>().join("\n"), difference(frame))
}

fn is_title(line: &str) -> bool {
    line.contains("━━ Snapshot ") && line.ends_with('━')
}

fn is_hint(line: &str) -> bool {
    line.starts_with("To update snapshots run") || line.starts_with("Stopped on the first failure.")
}

/// As linhas da tabela, sem os números: `-` o que se esperava, `+` o que veio, espaço o que é igual.
fn difference(frame: &[&str]) -> Option<String> {
    let rows = frame.iter().skip_while(|line| !line.starts_with("────────────┬")).filter_map(|line| {
        if line.starts_with("┈┈┈┈┈┈┈┈┈┈┈┈┼") {
            return Some("  …".to_owned());
        }
        let (_, row) = line.split_once('│')?;
        let mut row = row.chars();
        let sign = row.next()?;
        Some(format!("{sign} {}", row.as_str()).trim_end().to_owned())
    });
    let rows = rows.collect::<Vec<_>>();
    (!rows.is_empty()).then(|| rows.join("\n"))
}
