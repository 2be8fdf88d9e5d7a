//! Números como a pessoa os lê: pontos com vírgula decimal, tempo decorrido e a frase do total.

/// Um número com uma casa, vírgula decimal e sem `,0` no fim: `15,6`, `20`.
pub fn decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.replace('.', ","), str::to_owned)
}

/// Os pontos de um passo são proporcionais aos testes que passaram.
pub fn earned(points: f64, passed: usize, total: usize) -> f64 {
    if total == 0 { 0.0 } else { points * passed as f64 / total as f64 }
}

/// A frase do fim: `7 de 9 testes passaram, 15,6 de 20 pontos`.
pub fn totals(passed: usize, total: usize, points: f64) -> String {
    let tests = match (passed, total) {
        (_, 0) => "nenhum teste rodou".to_owned(),
        (0, 1) => "o teste não passou".to_owned(),
        (1, 1) => "o teste passou".to_owned(),
        (0, _) => format!("nenhum dos {total} testes passou"),
        (1, _) => format!("1 de {total} testes passou"),
        _ => format!("{passed} de {total} testes passaram"),
    };
    let earned = decimal(earned(points, passed, total));
    let unit = if points == 1.0 { "ponto" } else { "pontos" };
    format!("{tests}, {earned} de {} {unit}", decimal(points))
}

/// O tempo decorrido ao lado do botão: `0,8 s`, `1 min 5 s`.
pub fn elapsed(milliseconds: f64) -> String {
    let seconds = milliseconds.max(0.0) / 1000.0;
    if seconds < 60.0 {
        format!("{} s", format!("{seconds:.1}").replace('.', ","))
    } else {
        format!("{} min {} s", (seconds / 60.0) as u64, (seconds % 60.0) as u64)
    }
}

/// Um instante ou uma duração da linha do tempo, com no máximo duas unidades: `0`, `250 ms`, `1,5 s`, `1 h 5 min`.
pub fn instant(milliseconds: u64) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let two = |big: u64, big_name: &str, small: u64, small_name: &str| {
        if small == 0 { format!("{big} {big_name}") } else { format!("{big} {big_name} {small} {small_name}") }
    };
    match milliseconds {
        0 => "0".to_owned(),
        ms if ms < SECOND => format!("{ms} ms"),
        ms if ms < MINUTE => {
            let text = format!("{:.3}", ms as f64 / 1000.0);
            let text = text.trim_end_matches('0').trim_end_matches('.');
            format!("{} s", text.replace('.', ","))
        }
        ms if ms < HOUR => two(ms / MINUTE, "min", ms % MINUTE / SECOND, "s"),
        ms if ms < DAY => two(ms / HOUR, "h", ms % HOUR / MINUTE, "min"),
        ms if ms < 2 * DAY => two(1, "dia", ms % DAY / HOUR, "h"),
        ms => two(ms / DAY, "dias", ms % DAY / HOUR, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_use_a_decimal_comma_and_drop_a_zero() {
        assert_eq!(decimal(20.0), "20");
        assert_eq!(decimal(earned(20.0, 7, 9)), "15,6");
        assert_eq!(decimal(0.04), "0");
    }

    #[test]
    fn the_total_agrees_in_number() {
        assert_eq!(totals(7, 9, 20.0), "7 de 9 testes passaram, 15,6 de 20 pontos");
        assert_eq!(totals(9, 9, 20.0), "9 de 9 testes passaram, 20 de 20 pontos");
        assert_eq!(totals(1, 9, 9.0), "1 de 9 testes passou, 1 de 9 pontos");
        assert_eq!(totals(0, 9, 20.0), "nenhum dos 9 testes passou, 0 de 20 pontos");
        assert_eq!(totals(1, 1, 1.0), "o teste passou, 1 de 1 ponto");
        assert_eq!(totals(0, 0, 20.0), "nenhum teste rodou, 0 de 20 pontos");
    }

    #[test]
    fn elapsed_time_changes_unit_after_a_minute() {
        assert_eq!(elapsed(840.0), "0,8 s");
        assert_eq!(elapsed(65_000.0), "1 min 5 s");
        assert_eq!(elapsed(-3.0), "0,0 s");
    }

    #[test]
    fn instants_read_from_milliseconds_to_days() {
        let read = [
            (0, "0"),
            (250, "250 ms"),
            (1_000, "1 s"),
            (1_500, "1,5 s"),
            (1_001, "1,001 s"),
            (60_000, "1 min"),
            (61_000, "1 min 1 s"),
            (180_000, "3 min"),
            (3_900_000, "1 h 5 min"),
            (21_600_000, "6 h"),
            (86_400_000, "1 dia"),
            (4 * 86_400_000, "4 dias"),
        ];
        for (ms, text) in read {
            assert_eq!(instant(ms), text);
        }
    }
}
