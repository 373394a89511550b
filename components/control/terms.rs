//! Why something is imposed, and for how long.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Nanos;

/// When a limit or a suspension ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiry {
    /// Not by itself.
    #[default]
    Never,
    /// At this instant.
    At(Nanos),
    /// So long after it begins.
    After(Nanos),
}

impl Expiry {
    /// The instant at which what begins at `now` ends; [`Nanos::NEVER`] when it does not.
    #[must_use]
    pub const fn instant(self, now: Nanos) -> Nanos {
        match self {
            Self::Never => Nanos::NEVER,
            Self::At(instant) => instant,
            Self::After(length) => Nanos::new(now.get().saturating_add(length.get())),
        }
    }
}

/// What somebody says about a limit or a suspension beside what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Why; blank is nothing.
    pub reason: Option<String>,
    /// When it ends; goes before the duration.
    pub until: Option<Nanos>,
    /// How long it holds, in seconds.
    pub duration_seconds: Option<f64>,
}

/// Why something is not imposed.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ControlError {
    /// A duration that is not above zero, not finite, or longer than instants reach.
    #[error("a duration must be a number of seconds above zero and below 290 years, not {0}")]
    Duration(f64),
    /// A limit that is no number.
    #[error("a limit must be a number, not {0}")]
    Limit(f64),
    /// A target without a name.
    #[error("a suspension needs the name of a schedule or a tag")]
    Target,
}

impl Terms {
    /// These terms; what they leave open is as in `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            reason: self.reason.or(others.reason),
            until: self.until.or(others.until),
            duration_seconds: self.duration_seconds.or(others.duration_seconds),
        }
    }

    /// The reason without blanks around it.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        reason.map(ToOwned::to_owned)
    }

    /// When it ends.
    ///
    /// # Errors
    /// When the duration counts and is less than a nanosecond, not finite, or 290 years and more.
    pub fn expiry(&self) -> Result<Expiry, ControlError> {
        match (self.until, self.duration_seconds) {
            (Some(until), _) => Ok(Expiry::At(until)),
            (None, None) => Ok(Expiry::Never),
            (None, Some(seconds)) => duration(seconds).map(Expiry::After),
        }
    }
}

fn duration(seconds: f64) -> Result<Nanos, ControlError> {
    const TOO_LONG: f64 = 290.0 * 365.25 * Nanos::DAY.get() as f64;
    let length = (seconds * Nanos::SECOND.get() as f64).round();
    if !(1.0..TOO_LONG).contains(&length) {
        return Err(ControlError::Duration(seconds));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far below what fits")]
    Ok(Nanos::new(length as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_that_is_none_is_an_error_unless_an_instant_counts() {
        for seconds in [0.0, -1.0, 1e-10, 1e10, 1e300, f64::NAN, f64::INFINITY] {
            let terms = Terms { duration_seconds: Some(seconds), ..Terms::default() };
            assert!(matches!(terms.expiry(), Err(ControlError::Duration(_))), "{seconds}");
            let until = Nanos::new(7);
            assert_eq!(Terms { until: Some(until), ..terms }.expiry(), Ok(Expiry::At(until)));
        }
    }

    #[test]
    fn terms_are_completed_one_by_one() {
        let given = Terms { reason: Some("  ".into()), until: Some(Nanos::new(1)), duration_seconds: None };
        let others = Terms { reason: Some("b".into()), until: None, duration_seconds: Some(2.0) };
        let both = given.or(others);
        assert_eq!((both.until, both.duration_seconds), (Some(Nanos::new(1)), Some(2.0)));
        assert_eq!(both.reason(), None, "a blank reason was given");
    }
}
