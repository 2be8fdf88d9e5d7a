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
        (_, 0) => "Nenhum teste rodou".to_owned(),
        (0, 1) => "O teste não passou".to_owned(),
        (1, 1) => "O teste passou".to_owned(),
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

/// Um instante ou uma duração, sem arredondar: `0`, `250 ms`, `3 min 1,5 s`, `5 h 58 min 31 s`.
pub fn instant(milliseconds: u64) -> String {
    if (1..1000).contains(&milliseconds) { format!("{milliseconds} ms") } else { first_units(milliseconds, 4) }
}

/// Um rótulo curto para o eixo, com no máximo duas unidades: `5 h 58 min`.
pub fn tick(milliseconds: u64) -> String {
    if (1..1000).contains(&milliseconds) { format!("{milliseconds} ms") } else { first_units(milliseconds, 2) }
}

fn first_units(milliseconds: u64, limit: usize) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let days = milliseconds / DAY;
    let seconds = format!("{:.3}", (milliseconds % MINUTE) as f64 / 1000.0);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.').replace('.', ",");
    let units = [
        (days.to_string(), if days == 1 { "dia" } else { "dias" }),
        ((milliseconds % DAY / HOUR).to_string(), "h"),
        ((milliseconds % HOUR / MINUTE).to_string(), "min"),
        (seconds, "s"),
    ];
    // Da primeira unidade que conta em diante: `1 h 30 s` curto é `1 h`, e não `1 h 30 s`.
    let shown: Vec<_> = units
        .iter()
        .skip_while(|(amount, _)| amount == "0")
        .take(limit)
        .filter(|(amount, _)| amount != "0")
        .map(|(amount, unit)| format!("{amount} {unit}"))
        .collect();
    if shown.is_empty() { "0".to_owned() } else { shown.join(" ") }
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
        assert_eq!(totals(0, 9, 20.0), "0 de 9 testes passaram, 0 de 20 pontos");
        assert_eq!(totals(1, 1, 1.0), "O teste passou, 1 de 1 ponto");
        assert_eq!(totals(0, 0, 20.0), "Nenhum teste rodou, 0 de 20 pontos");
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
            (181_500, "3 min 1,5 s"),
            (3_900_000, "1 h 5 min"),
            (21_511_000, "5 h 58 min 31 s"),
            (3_600_500, "1 h 0,5 s"),
            (21_600_000, "6 h"),
            (86_400_000, "1 dia"),
            (4 * 86_400_000 + 250, "4 dias 0,25 s"),
        ];
        for (ms, text) in read {
            assert_eq!(instant(ms), text);
        }
    }

    #[test]
    fn a_label_of_the_axis_has_two_units_at_most() {
        let read =
            [(0, "0"), (500, "500 ms"), (181_500, "3 min 1,5 s"), (21_511_000, "5 h 58 min"), (3_630_000, "1 h")];
        for (ms, text) in read {
            assert_eq!(tick(ms), text);
        }
    }
}
