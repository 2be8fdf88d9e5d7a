//! Números e tempos como se escrevem em português, para mensagens de teste, laboratórios e terminal.

use std::time::Duration;

/// `21511,5 s` vira `5 h 58 min 31,5 s`; zero vira `0 s`.
pub fn duration(duration: Duration) -> String {
    let total = duration.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    let milliseconds = duration.subsec_millis();
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours} h"));
    }
    if minutes > 0 {
        parts.push(format!("{minutes} min"));
    }
    if milliseconds > 0 {
        let fraction = format!("{milliseconds:03}");
        parts.push(format!("{seconds},{} s", fraction.trim_end_matches('0')));
    } else if seconds > 0 || parts.is_empty() {
        parts.push(format!("{seconds} s"));
    }
    parts.join(" ")
}

/// `1048576` vira `1.048.576`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// `32768` vira `32 KB`, `10485760` vira `10 MB`; o que não é um número inteiro de KB fica em bytes.
pub fn bytes(number: usize) -> String {
    const KB: usize = 1024;
    const MB: usize = 1024 * KB;
    match number {
        _ if number > 0 && number.is_multiple_of(MB) => format!("{} MB", thousands(number / MB)),
        _ if number > 0 && number.is_multiple_of(KB) => format!("{} KB", thousands(number / KB)),
        _ => count(number, "byte", "bytes"),
    }
}

/// `1 execução`, `3 execuções`: o número com a palavra no singular ou no plural.
pub fn count(number: usize, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_people_say_them() {
        let seconds = [0.0, 0.1, 1.0, 60.0, 60.1, 3_600.0, 21_511.5];
        let texts = seconds.map(|each| duration(Duration::from_secs_f64(each)));
        insta::assert_snapshot!(texts.join("\n"), @"
        0 s
        0,1 s
        1 s
        1 min
        1 min 0,1 s
        1 h
        5 h 58 min 31,5 s
        ");
    }

    #[test]
    fn thousands_are_separated_by_dots() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1.000");
        assert_eq!(thousands(1_048_576), "1.048.576");
    }

    #[test]
    fn sizes_use_the_largest_whole_unit() {
        let texts = [0, 1, 1_000, 32_768, 10_485_760, 6_291_556].map(bytes);
        assert_eq!(texts, ["0 bytes", "1 byte", "1.000 bytes", "32 KB", "10 MB", "6.291.556 bytes"]);
    }

    #[test]
    fn only_one_is_singular() {
        let runs = [0, 1, 2].map(|number| count(number, "execução", "execuções"));
        assert_eq!(runs, ["0 execuções", "1 execução", "2 execuções"]);
    }
}
