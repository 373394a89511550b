//! The only reader of wall time.

use std::time::{Duration, Instant, SystemTime};

use hemiola_components::time::Nanos;

/// The wall clock, for what an operator does. No result of a run depends on it.
///
/// # Panics
/// When the system's clock is set before 1970 or after 2262.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Nanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since.ok().and_then(|since| i64::try_from(since.as_nanos()).ok());
    Nanos::new(nanos.expect("the system's clock is set between 1970 and 2262"))
}

/// Measures a duration. What it measures never enters a digest.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it was started.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Sleeps until `time` since it was started, and not at all when that is over. The system may wake it late.
    #[expect(clippy::disallowed_methods, reason = "a benchmark paces its ticks; no system waits here")]
    pub fn wait_until(self, time: Duration) {
        std::thread::sleep(time.saturating_sub(self.elapsed()));
    }
}
