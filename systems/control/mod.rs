//! Signal limits and suspensions: imposed, lifted, expired, and what they leave of a schedule's signals.

pub mod capacity;
pub mod commands;
pub mod limits;
pub mod suspensions;
pub mod turn;

use hemiola_components::time::Nanos;

/// Takes out what has expired at `now`: what ends at an instant does not hold at it.
fn expire<T>(list: &mut Vec<T>, now: Nanos, ends: impl Fn(&T) -> Nanos) -> Vec<T> {
    list.extract_if(.., |entry| now >= ends(entry)).collect()
}

/// Seconds from `now` to the end of something, never negative; `None` when it has no end.
#[must_use]
pub fn remaining_seconds(expires_at: Nanos, now: Nanos) -> Option<f64> {
    let left = || Nanos::new(expires_at.get().saturating_sub(now.get()).max(0));
    (expires_at != Nanos::NEVER).then(|| left().seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_never_below_zero_wherever_the_clock_stands() {
        let noon = Nanos::new(43_200 * Nanos::SECOND.get());
        assert_eq!(remaining_seconds(noon, noon - Nanos::SECOND), Some(1.0));
        assert_eq!(remaining_seconds(noon, noon), Some(0.0));
        assert_eq!(remaining_seconds(noon, noon + Nanos::SECOND), Some(0.0));
        assert_eq!(remaining_seconds(noon, Nanos::ZERO), Some(43_200.0), "it went backwards");
        let far = Nanos::new(i64::MAX - 1);
        assert_eq!(remaining_seconds(far, Nanos::new(i64::MIN)), Some(Nanos::NEVER.seconds()));
        assert_eq!(remaining_seconds(Nanos::NEVER, noon), None);
    }
}
