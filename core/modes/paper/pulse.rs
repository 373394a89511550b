//! A session's pulse: others see that it lives, and may ask how late it is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::pace::Lateness;

/// Shared by a session and those who look on.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: AtomicU64,
    is_asked: AtomicBool,
    lateness: Mutex<Option<Lateness>>,
}

impl Pulse {
    /// The session has come round once more.
    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it has.
    #[must_use]
    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Asks how late its wakes are.
    pub fn ask(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
    }

    /// Answers, if that was asked.
    pub fn answer(&self, lateness: impl FnOnce() -> Option<Lateness>) {
        if self.is_asked.load(Ordering::Relaxed) {
            self.is_asked.store(false, Ordering::Relaxed);
            *self.lateness.lock().unwrap_or_else(PoisonError::into_inner) = lateness();
        }
    }

    /// The answer, once, when it is there.
    pub fn take(&self) -> Option<Lateness> {
        self.lateness.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_answered_once() {
        let pulse = Pulse::default();
        let lateness = || Some(Lateness::new([]));
        pulse.answer(lateness);
        assert!(pulse.take().is_none(), "nobody asked");
        pulse.ask();
        pulse.answer(lateness);
        assert!(pulse.take().is_some() && pulse.take().is_none());
        pulse.answer(lateness);
        assert!(pulse.take().is_none());
        pulse.beat();
        assert_eq!(pulse.beats(), 1);
    }
}
