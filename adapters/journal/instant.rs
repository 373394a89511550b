//! Instants as RFC 3339 text in UTC.

use chrono::{DateTime, Datelike, Timelike};
use hemiola_components::time::Nanos;

/// Which digits of a second are written, when there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fraction {
    /// Six; nanoseconds below are cut off.
    Micros,
    /// Three, six or nine: the fewest that hold all of it.
    Shortest,
}

/// Appends an instant, such as `2024-01-31T12:00:00+00:00`.
pub(super) fn write(instant: Nanos, fraction: Fraction, text: &mut Vec<u8>) {
    let time = DateTime::from_timestamp_nanos(instant.get());
    // Nanoseconds of 64 bits end in the year 2262.
    let mut digits = *b"0000-00-00T00:00:00.000000000";
    put(&mut digits[..4], time.year().unsigned_abs());
    put(&mut digits[5..7], time.month());
    put(&mut digits[8..10], time.day());
    put(&mut digits[11..13], time.hour());
    put(&mut digits[14..16], time.minute());
    put(&mut digits[17..19], time.second());
    let nanos = time.nanosecond();
    put(&mut digits[20..], nanos);
    let length = match (fraction, nanos) {
        (_, 0) | (Fraction::Micros, ..1_000) => 19,
        (Fraction::Shortest, nanos) if nanos % 1_000_000 == 0 => 23,
        (Fraction::Shortest, nanos) if nanos % 1_000 != 0 => 29,
        _ => 26,
    };
    text.extend_from_slice(&digits[..length]);
    text.extend_from_slice(b"+00:00");
}

/// Writes the last digits of a number.
fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;

    use super::*;

    fn of(nanos: i64, fraction: Fraction) -> String {
        let mut text = Vec::new();
        write(Nanos::new(nanos), fraction, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn microseconds_are_there_only_when_there_are_any() {
        for (nanos, expected) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (1_704_067_200_000_000_000, "2024-01-01T00:00:00+00:00"),
            (1_704_067_200_120_000_000, "2024-01-01T00:00:00.120000+00:00"),
            (1_704_067_200_000_005_000, "2024-01-01T00:00:00.000005+00:00"),
            (1_704_067_200_000_000_999, "2024-01-01T00:00:00+00:00"),
            (1_704_067_200_999_999_999, "2024-01-01T00:00:00.999999+00:00"),
            (-1_000, "1969-12-31T23:59:59.999999+00:00"),
            (i64::MAX, "2262-04-11T23:47:16.854775+00:00"),
        ] {
            assert_eq!(of(nanos, Fraction::Micros), expected);
        }
    }

    #[test]
    fn the_shortest_text_is_that_of_chrono() {
        const STEP: u64 = 43_199_968_561_728_394;
        let days = (0..427).map(|day| i64::MIN.saturating_add_unsigned(day * STEP));
        let ends = [i64::MIN, -1, 0, 1_000, 1_001, 1_000_000, 1_709_164_800_500_000_000, i64::MAX];
        for nanos in ends.into_iter().chain(days) {
            for nanos in [nanos, nanos / 1_000 * 1_000, nanos / 1_000_000 * 1_000_000] {
                let time = DateTime::from_timestamp_nanos(nanos);
                assert_eq!(of(nanos, Fraction::Shortest), time.to_rfc3339_opts(SecondsFormat::AutoSi, false));
            }
        }
    }
}
