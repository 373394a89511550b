//! Signal limits and suspensions: imposed, lifted, expired, and what they leave of a schedule's signals.

pub mod capacity;
pub mod limits;
pub mod suspensions;

use hemiola_components::time::Nanos;

/// Takes out what has expired at `now`: what ends at an instant does not hold at it.
fn expire<T>(list: &mut Vec<T>, now: Nanos, ends: impl Fn(&T) -> Nanos) -> Vec<T> {
    list.extract_if(.., |entry| now >= ends(entry)).collect()
}

/// Seconds from `now` to the end of something, never negative; `None` when it has no end.
#[must_use]
pub fn remaining_seconds(expires_at: Nanos, now: Nanos) -> Option<f64> {
    (expires_at != Nanos::NEVER).then(|| (expires_at - now).seconds().max(0.0))
}
