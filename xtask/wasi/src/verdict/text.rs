//! Cuidados com texto que veio de código desconhecido e vai para o terminal ou para a página de alguém.

/// Linhas que sobram no começo e no fim de um texto comprido.
const KEPT_LINES: usize = 12;
/// Caracteres de uma linha comprida que sobram.
const KEPT_CHARS: usize = 400;

/// `text` sem sequências de terminal (cores, títulos de janela, apagar a tela) nem outros caracteres de controle. Ficam a quebra
/// de linha e a tabulação.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => match chars.next() {
                // CSI: termina em uma letra ou sinal de `@` a `~`.
                Some('[') => {
                    while chars.next_if(|next| ('\u{20}'..='\u{3f}').contains(next)).is_some() {}
                    chars.next_if(|next| ('@'..='~').contains(next));
                }
                // OSC: termina em BEL ou em ESC `\`.
                Some(']') => {
                    while chars.next_if(|next| !matches!(next, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
                    if chars.next_if_eq(&'\u{1b}').is_some() {
                        chars.next_if_eq(&'\\');
                    }
                }
                Some('\n') => clean.push('\n'),
                _ => {}
            },
            '\n' | '\t' => clean.push(char),
            char if char.is_control() => {}
            char => clean.push(char),
        }
    }
    clean
}

/// O começo e o fim de um texto comprido, dizendo quanto ficou de fora.
pub(super) fn shorten(text: &str) -> String {
    let lines = text.lines().map(shorten_line).collect::<Vec<_>>();
    if lines.len() <= 2 * KEPT_LINES + 1 {
        return lines.join("\n");
    }
    let hidden = format!("… ({} linhas omitidas) …", lines.len() - 2 * KEPT_LINES);
    let (first, last) = (&lines[..KEPT_LINES], &lines[lines.len() - KEPT_LINES..]);
    [first, &[hidden], last].concat().join("\n")
}

fn shorten_line(line: &str) -> String {
    match line.char_indices().nth(KEPT_CHARS) {
        Some((end, _)) => format!("{}… ({} caracteres omitidos)", &line[..end], line[end..].chars().count()),
        None => line.to_owned(),
    }
}
