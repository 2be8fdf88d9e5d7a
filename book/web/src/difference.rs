//! O trecho em que duas versões de um arquivo diferem, com um pouco do que há em volta.

/// Quantas linhas iguais aparecem antes e depois do trecho.
const AROUND: usize = 2;

/// As duas versões, cada uma reduzida ao trecho do começo ao fim das diferenças.
pub fn difference(mine: &str, disk: &str) -> (String, String) {
    let (a, b): (Vec<&str>, Vec<&str>) = (mine.lines().collect(), disk.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    (excerpt(&a, head, tail), excerpt(&b, head, tail))
}

fn excerpt(lines: &[&str], head: usize, tail: usize) -> String {
    let start = head.saturating_sub(AROUND);
    let end = lines.len() - tail.saturating_sub(AROUND);
    let equal = |count: usize| match count {
        0 => None,
        1 => Some("⋯ 1 linha igual".to_owned()),
        n => Some(format!("⋯ {n} linhas iguais")),
    };
    let middle = lines[start..end].iter().map(|line| (*line).to_owned());
    let shown: Vec<String> = equal(start).into_iter().chain(middle).chain(equal(lines.len() - end)).collect();
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_changed_part_is_shown_with_its_neighbours() {
        let mine = "1\n2\n3\n4\nmeu\n6\n7\n8\n";
        let disk = "1\n2\n3\n4\ndisco\noutra\n6\n7\n8\n";
        let (left, right) = difference(mine, disk);
        assert_eq!(left, "⋯ 2 linhas iguais\n3\n4\nmeu\n6\n7\n⋯ 1 linha igual");
        assert_eq!(right, "⋯ 2 linhas iguais\n3\n4\ndisco\noutra\n6\n7\n⋯ 1 linha igual");
    }

    #[test]
    fn repeated_lines_are_not_counted_twice() {
        let (left, right) = difference("a\na\n", "a\na\na\n");
        assert_eq!((left.as_str(), right.as_str()), ("a\na", "a\na\na"));
    }

    #[test]
    fn an_empty_side_shows_the_whole_other_side() {
        assert_eq!(difference("", "a\nb"), (String::new(), "a\nb".to_owned()));
    }
}
