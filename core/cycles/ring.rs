//! The newest of what happened, by number and by age.

use std::collections::VecDeque;

use hemiola_components::time::Nanos;

/// Something that happened once.
pub trait Entry {
    /// Its number; they rise.
    fn sequence(&self) -> u64;
    /// When it was over, on the wall clock.
    fn time(&self) -> Nanos;
}

/// Keeps the newest entries, so many of them and none that is older than a time.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    limit: Option<usize>,
    ttl: Option<Nanos>,
    entries: VecDeque<T>,
}

/// A limit on entries; zero and less stand for none.
#[must_use]
pub fn normalised_limit(limit: i64) -> Option<usize> {
    usize::try_from(limit).ok().filter(|limit| *limit > 0)
}

/// A time to live in seconds; what is not positive or no number stands for none.
#[must_use]
pub fn normalised_ttl(seconds: f64) -> Option<Nanos> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast holds what is beyond at the largest")]
    let nanos = (seconds * Nanos::SECOND.get() as f64) as i64;
    (seconds.is_finite() && seconds > 0.0).then_some(Nanos::new(nanos.max(1)))
}

impl<T: Entry> Ring<T> {
    /// An empty one.
    #[must_use]
    pub const fn new(limit: Option<usize>, ttl: Option<Nanos>) -> Self {
        Self { limit, ttl, entries: VecDeque::new() }
    }

    /// How many there are at most.
    #[must_use]
    pub const fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// How old they are at most.
    #[must_use]
    pub const fn ttl(&self) -> Option<Nanos> {
        self.ttl
    }

    /// Adds one, and lets those go that are too many or too old by then.
    pub fn push(&mut self, entry: T) {
        let now = entry.time();
        self.entries.push_back(entry);
        self.prune(now);
    }

    /// Keeps so many from now on.
    pub fn set_limit(&mut self, limit: Option<usize>) {
        self.limit = limit;
        self.prune(Nanos::ZERO);
    }

    /// Keeps none that is older from now on.
    pub fn set_ttl(&mut self, ttl: Option<Nanos>, now: Nanos) {
        self.ttl = ttl;
        self.prune(now);
    }

    /// Lets those go that are too many or too old.
    pub fn prune(&mut self, now: Nanos) {
        let many = self.limit.map_or(0, |limit| self.entries.len().saturating_sub(limit));
        self.entries.drain(..many);
        let Some(ttl) = self.ttl else { return };
        let is_old = |entry: &T| now.get().saturating_sub(entry.time().get()) > ttl.get();
        while self.entries.front().is_some_and(is_old) {
            self.entries.pop_front();
        }
    }

    /// Lets all go.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The newest.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.entries.back()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct At(u64, i64);

    impl Entry for At {
        fn sequence(&self) -> u64 {
            self.0
        }

        fn time(&self) -> Nanos {
            Nanos::new(self.1)
        }
    }

    fn numbers(ring: &Ring<At>) -> Vec<u64> {
        ring.iter().map(Entry::sequence).collect()
    }

    #[test]
    fn the_newest_are_kept() {
        let mut ring = Ring::new(Some(3), None);
        assert!(ring.is_empty() && ring.last().is_none());
        (1..=5).for_each(|number| ring.push(At(number, 10 * number.cast_signed())));
        assert_eq!(numbers(&ring), [3, 4, 5]);
        assert_eq!((ring.last(), ring.len()), (Some(&At(5, 50)), 3));
        ring.set_limit(Some(1));
        assert_eq!(numbers(&ring), [5]);
        ring.set_limit(None);
        (6..=9).for_each(|number| ring.push(At(number, 60)));
        assert_eq!(numbers(&ring), [5, 6, 7, 8, 9]);
        ring.clear();
        assert!(ring.is_empty());
    }

    #[test]
    fn what_is_too_old_goes_when_something_comes_or_the_time_is_set() {
        let mut ring = Ring::new(None, Some(Nanos::new(20)));
        (1..=5).for_each(|number| ring.push(At(number, 10 * number.cast_signed())));
        assert_eq!(numbers(&ring), [3, 4, 5], "twenty ago is not too old");
        ring.set_ttl(Some(Nanos::new(5)), Nanos::new(52));
        assert_eq!(numbers(&ring), [5]);
        ring.set_ttl(None, Nanos::new(i64::MAX));
        assert_eq!(numbers(&ring), [5]);
        ring.set_ttl(Some(Nanos::new(5)), Nanos::new(i64::MAX));
        assert!(ring.is_empty());
    }

    #[test]
    fn what_limits_nothing_is_no_limit() {
        assert_eq!([-1, 0, 1, 32].map(normalised_limit), [None, None, Some(1), Some(32)]);
        let none = [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(normalised_ttl);
        assert_eq!(none, [None; 5]);
        assert_eq!(normalised_ttl(1.5), Some(Nanos::new(1_500_000_000)));
        assert_eq!(normalised_ttl(1e300), Some(Nanos::new(i64::MAX)));
    }
}
