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

/// The system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    spin: Nanos,
}

impl SystemClock {
    /// For the thread that calls.
    #[must_use]
    pub fn new(sleeper: Sleeper) -> Self {
        if sleeper.precise {
            clock::allow_precise_wakes();
        }
        Self { spin: sleeper.spin }
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
        clock::sleep_until(deadline - self.spin);
        while clock::monotonic() < deadline {
            std::hint::spin_loop();
        }
    }
}
