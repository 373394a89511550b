//! Durations as people write them, everywhere the same.

/// Seconds of `15m`, `2h`, `1.5 d`, `30s` or of a plain number; the unit may be in upper case. `None` when the
/// text is neither, or when the seconds are not finite. The sign is the caller's to judge.
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    const UNITS: [(char, f64); 4] = [('s', 1.0), ('m', 60.0), ('h', 3_600.0), ('d', 86_400.0)];
    let text = text.trim();
    let last = text.chars().next_back()?;
    let unit = UNITS.iter().find(|(unit, _)| unit.eq_ignore_ascii_case(&last));
    let seconds = match unit {
        Some((_, seconds)) => decimal(text[..text.len() - 1].trim_end())? * seconds,
        None => plain(text)?,
    };
    seconds.is_finite().then_some(seconds)
}

/// Digits with at most one point before some of them: what may stand before a unit.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = |c: char| c.is_ascii_digit() || c == '.';
    (unsigned.chars().all(fits) && !unsigned.ends_with('.')).then(|| text.parse().ok()).flatten()
}

/// A number with or without an exponent, but no word such as `inf`.
fn plain(text: &str) -> Option<f64> {
    let fits = |c: char| c.is_ascii_digit() || ".+-eE".contains(c);
    text.chars().all(fits).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_a_unit_are_seconds() {
        let cases = [
            ("15m", 900.0),
            ("2h", 7_200.0),
            ("3600", 3_600.0),
            (".5h", 1_800.0),
            (" 1.5 h ", 5_400.0),
            ("3D", 259_200.0),
            ("+5m", 300.0),
            ("-5m", -300.0),
            ("1e3", 1_000.0),
            ("5.", 5.0),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_duration() {
        for text in [
            "", " ", "m", "1h30m", "5.h", "10 mm", "soon", "inf", "NaN", "1e999", "1 5m", "1e3s", "--1s", "ż",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
