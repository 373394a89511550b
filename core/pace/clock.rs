//! Clocks that can be slept on.

use hemiola_components::time::Nanos;

use crate::clock;

/// The wall clock, a clock that nobody sets, and sleep until an instant of that.
pub trait Clock {
    /// The wall clock.
    fn wall(&mut self) -> Nanos;
    /// A clock that nobody sets.
    fn monotonic(&mut self) -> Nanos;
    /// Sleeps until a reading of it; not at all when that is over.
    fn sleep_until(&mut self, deadline: Nanos);
}

/// How the system is asked to wake a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sleeper {
    /// Wakes are not put off to join others'.
    pub precise: bool,
    /// The last part of a sleep, in which the thread asks the clock again and again instead.
    pub spin: Nanos,
}

/// A thread that sleeps longer than this finds caches cold when it wakes.
const COLD: i64 = 5_000_000;

/// By how much a precise one wakes before its time then, and sleeps again: what follows is warm.
const AHEAD: Nanos = Nanos::new(300_000);

/// The system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    precise: bool,
    spin: Nanos,
}

impl SystemClock {
    /// For the thread that calls.
    #[must_use]
    pub fn new(sleeper: Sleeper) -> Self {
        if sleeper.precise {
            clock::allow_precise_wakes();
        }
        Self { precise: sleeper.precise, spin: sleeper.spin }
    }
}

impl Clock for SystemClock {
    fn wall(&mut self) -> Nanos {
        clock::now()
    }

    fn monotonic(&mut self) -> Nanos {
        clock::monotonic()
    }

    fn sleep_until(&mut self, deadline: Nanos) {
        if self.precise && (deadline - clock::monotonic()).get() > COLD {
            clock::sleep_until(deadline - AHEAD);
        }
        clock::sleep_until(deadline - self.spin);
        while clock::monotonic() < deadline {
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_wakes_before_the_deadline() {
        for (precise, spin, millis) in [(false, 0, 1), (true, 0, 1), (true, 0, 12), (true, 200_000, 12)] {
            let mut clock = SystemClock::new(Sleeper { precise, spin: Nanos::new(spin) });
            let deadline = clock.monotonic() + Nanos::new(millis * 1_000_000);
            clock.sleep_until(deadline);
            assert!(clock.monotonic() >= deadline, "{precise} {spin} {millis}");
            clock.sleep_until(Nanos::ZERO);
        }
    }
}
