//! Labels and numbers of a heat map.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Labels are cut to this many columns of a terminal.
const LONGEST_LABEL: usize = 20;

/// A text without what would move a cursor or is not allowed in XML.
pub(super) fn plain(text: &str) -> String {
    let forbidden = |one: char| one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|one| if forbidden(one) { '\u{fffd}' } else { one }).collect()
}

/// A label short enough to stand at an axis.
pub(super) fn label(text: &str) -> String {
    cut(&plain(text), LONGEST_LABEL)
}

/// A text that takes at most `most` columns of a terminal, with a mark where it was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let (mut kept, mut width) = (String::new(), 1);
    for one in text.chars() {
        width += one.width().unwrap_or(0);
        if width > most {
            break;
        }
        kept.push(one);
    }
    kept + "…"
}

/// A number to four digits.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = [1e3, 1e2, 1e1, 1e0, 1e-1, 1e-2, 1e-3].iter().take_while(|bound| size < **bound).count();
    let text = format!("{value:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [
            (0.0, "0"),
            (1.0, "1"),
            (-1.234_56, "-1.235"),
            (0.1 + 0.2, "0.3"),
            (0.001_234_56, "0.001235"),
            (123.456, "123.5"),
            (999_999.0, "999999"),
            (100.0, "100"),
            (1e6, "1.000e6"),
            (-1.5e300, "-1.500e300"),
            (1.234_56e-5, "1.235e-5"),
        ];
        for (value, expected) in numbers {
            assert_eq!(short(value), expected);
        }
    }

    #[test]
    fn texts_are_cut_to_columns() {
        assert_eq!(cut("abcde", 5), "abcde");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("策略策略", 5), "策略…");
        assert_eq!(cut("策略策略", 6), "策略…");
        assert_eq!(label("a\nb\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
    }
}
