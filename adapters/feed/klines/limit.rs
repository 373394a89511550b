//! How often a venue is asked, by all series together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Questions may come at once that take so much of a minute's weight.
const AT_ONCE: Duration = Duration::from_secs(10);

/// No pause is longer: the longest that venues ban for.
const LONGEST: Duration = Duration::from_hours(72);

/// The weight of questions per minute, and pauses that the venue wants.
#[derive(Debug)]
pub(super) struct Limit {
    /// What one question takes of a minute.
    each: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When all questions so far will have been paid for.
    paid: Instant,
    /// Nothing is asked before.
    paused: Instant,
}

impl Limit {
    /// For questions of a weight; both at least 1.
    pub(super) fn new(weight: u32, per_minute: u32) -> Self {
        let each = Duration::from_mins(1) * weight.max(1) / per_minute.max(1);
        let now = Instant::now();
        Self { each, state: Mutex::new(State { paid: now, paused: now }) }
    }

    /// Waits until one may be asked, in the order of the calls.
    pub(super) async fn turn(&self) {
        let mut at = self.reserve(Instant::now());
        // A pause may be called for meanwhile.
        while at > Instant::now() {
            sleep_until(at).await;
            at = at.max(self.lock().paused);
        }
    }

    /// Nothing is asked for so long, by no series; as much of it as venues ever want is kept to.
    pub(super) fn pause(&self, pause: Duration) -> Duration {
        let pause = pause.min(LONGEST);
        let mut state = self.lock();
        state.paused = state.paused.max(Instant::now() + pause);
        pause
    }

    /// When one may be asked, which is then paid for.
    fn reserve(&self, now: Instant) -> Instant {
        let mut state = self.lock();
        let paid = state.paid.max(now);
        state.paid = paid + self.each;
        let burst = paid.checked_sub(AT_ONCE).unwrap_or(now);
        now.max(burst).max(state.paused)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_weight_is_kept_to_after_a_few_at_once() {
        let limit = Limit::new(2, 120);
        let start = limit.lock().paid;
        let mut waits: Vec<u64> = (0..13).map(|_| (limit.reserve(start) - start).as_secs()).collect();
        assert_eq!(waits.split_off(9), [0, 0, 1, 2]);
        assert_eq!(waits, [0; 9]);
        let later = start + Duration::from_mins(10);
        assert_eq!(limit.reserve(later), later, "what was not asked is not saved up");
        assert_eq!(limit.lock().paid, later + Duration::from_secs(1));
    }

    #[test]
    fn nobody_asks_in_a_pause_and_none_is_endless() {
        let limit = Limit::new(2, 6_000);
        assert_eq!(limit.pause(Duration::MAX), LONGEST);
        let now = Instant::now();
        assert!(limit.reserve(now) > now + LONGEST - Duration::from_mins(10));
    }
}
