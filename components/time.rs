//! Instants, durations and candle intervals.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Nanoseconds: since the Unix epoch in UTC when an instant, else a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Nanos(i64);

impl Nanos {
    /// The epoch, or no time at all.
    pub const ZERO: Self = Self(0);
    /// Later than every event: "never".
    pub const NEVER: Self = Self(i64::MAX);
    /// The close of a candle that nobody has seen yet: later than every event but the last word.
    pub const UNSEEN: Self = Self(i64::MAX - 1);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One UTC day.
    pub const DAY: Self = Self(86_400 * 1_000_000_000);

    /// Wraps a count of nanoseconds.
    #[must_use]
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds, or `None` when they do not fit.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The count of nanoseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds, with a fraction.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        self.0 as f64 / Self::SECOND.0 as f64
    }

    /// The first multiple of `step` counted from `origin` that is later than this instant.
    #[must_use]
    pub const fn next_on_grid(self, origin: Self, step: Self) -> Self {
        Self(origin.0 + ((self.0 - origin.0).div_euclid(step.0) + 1) * step.0)
    }

    /// The first midnight (UTC) at or after this instant.
    #[must_use]
    pub const fn midnight_at_or_after(self) -> Self {
        Self(self.0 - 1).next_on_grid(Self::ZERO, Self::DAY)
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

/// The length of a candle: `30s`, `1m`, `4h`, `1d`, `1w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    length: Nanos,
}

/// Why a text is not an [`Interval`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum IntervalError {
    /// The text does not follow the grammar.
    #[error(
        "`{0}` is not an interval: write a whole number and a unit, one of s, m, h, d, w (for example `15m`, `1h`, `1d`)"
    )]
    Malformed(String),
    /// Months differ in length.
    #[error("`{0}` is in months, which have no fixed length: use weeks or days")]
    Month(String),
}

const UNITS: [(u8, i64); 5] = [(b'w', 604_800), (b'd', 86_400), (b'h', 3_600), (b'm', 60), (b's', 1)];

impl Interval {
    /// The length of one candle.
    #[must_use]
    pub const fn length(self) -> Nanos {
        self.length
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let malformed = || IntervalError::Malformed(text.to_owned());
        let unit = *text.as_bytes().last().ok_or_else(malformed)?;
        let digits = text.get(..text.len() - 1).ok_or_else(malformed)?;
        if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed());
        }
        if unit == b'M' {
            return Err(IntervalError::Month(text.to_owned()));
        }
        let (_, seconds) = UNITS.iter().find(|(u, _)| *u == unit).ok_or_else(malformed)?;
        let count: i64 = digits.parse().map_err(|_| malformed())?;
        let nanos = seconds
            .checked_mul(count)
            .and_then(|s| s.checked_mul(Nanos::SECOND.get()))
            .ok_or_else(malformed)?;
        Ok(Self { length: Nanos(nanos) })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.length.get() / Nanos::SECOND.get();
        for (unit, length) in UNITS {
            if seconds % length == 0 {
                return write!(f, "{}{}", seconds / length, unit as char);
            }
        }
        unreachable!("every interval is a whole number of seconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_back_as_written() {
        for text in ["1s", "30s", "1m", "15m", "1h", "4h", "1d", "3d", "1w"] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), text);
        }
        assert_eq!("60m".parse::<Interval>().unwrap(), "1h".parse().unwrap());
    }

    #[test]
    fn what_is_not_an_interval_is_refused() {
        for text in
            ["", "h", "0h", "01h", "-1h", "1.5h", "1H", "1 h", "1ż", "99999999999999999999d", "9999999999d"]
        {
            assert_eq!(text.parse::<Interval>(), Err(IntervalError::Malformed(text.to_owned())), "{text}");
        }
        assert_eq!("1M".parse::<Interval>(), Err(IntervalError::Month("1M".to_owned())));
    }

    #[test]
    fn grids_count_from_their_origin() {
        let hour = Nanos::new(3_600 * Nanos::SECOND.get());
        let at = |h: i64| Nanos::new(h * hour.get());
        assert_eq!(at(5).next_on_grid(Nanos::ZERO, hour), at(6));
        assert_eq!((at(5) - Nanos::new(1)).next_on_grid(Nanos::ZERO, hour), at(5));
        assert_eq!(at(-5).next_on_grid(Nanos::ZERO, hour), at(-4));
        assert_eq!(at(5).next_on_grid(at(2), Nanos::DAY), at(26));
        assert_eq!(at(24).midnight_at_or_after(), at(24));
        assert_eq!(at(25).midnight_at_or_after(), at(48));
    }
}
