//! The only reader of wall time.

use std::time::{Duration, Instant, SystemTime};

use hemiola_components::time::Nanos;

#[cfg(target_os = "linux")]
pub use linux::{allow_precise_wakes, monotonic, pin_to, sleep_until};
#[cfg(not(target_os = "linux"))]
pub use portable::{allow_precise_wakes, monotonic, pin_to, sleep_until};

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

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::Write as _;
    use std::num::NonZeroU64;
    use std::sync::OnceLock;

    use hemiola_components::time::Nanos;
    use rustix::thread::{CpuSet, clock_nanosleep_absolute, sched_setaffinity, set_current_timer_slack};
    use rustix::time::{ClockId, Timespec, clock_gettime};

    const SECOND: i64 = Nanos::SECOND.get();

    /// A clock that nobody sets: `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn monotonic() -> Nanos {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Monotonic);
        Nanos::new(tv_sec * SECOND + tv_nsec)
    }

    /// Sleeps until a reading of [`monotonic`]; not at all when it is over.
    pub fn sleep_until(deadline: Nanos) {
        let request = Timespec {
            tv_sec: deadline.get().div_euclid(SECOND),
            tv_nsec: deadline.get().rem_euclid(SECOND),
        };
        // A signal's handler may have interrupted it.
        while monotonic() < deadline && clock_nanosleep_absolute(ClockId::Monotonic, &request).is_err() {}
    }

    /// Asks the system not to put this thread's wakes off to join others', and, as long as the process runs, not to let
    /// its cores sleep so deeply that they wake late (Linux, `Documentation/power/pm_qos_interface.rst`).
    pub fn allow_precise_wakes() {
        static AWAKE: OnceLock<Option<File>> = OnceLock::new();
        // Where that is refused wakes are a little later, which shows in what is measured.
        _ = set_current_timer_slack(NonZeroU64::new(1));
        AWAKE.get_or_init(|| {
            let mut latency = File::options().write(true).open("/dev/cpu_dma_latency").ok()?;
            latency.write_all(&0_i32.to_ne_bytes()).is_ok().then_some(latency)
        });
    }

    /// Lets this thread run on one core only.
    ///
    /// # Errors
    /// When there is no such core, or the system refuses.
    pub fn pin_to(core: usize) -> std::io::Result<()> {
        if core >= CpuSet::MAX_CPU {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        let mut cores = CpuSet::new();
        cores.set(core);
        Ok(sched_setaffinity(None, &cores)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::sync::OnceLock;

    use hemiola_components::time::Nanos;

    use super::Stopwatch;

    fn since_first() -> Stopwatch {
        static FIRST: OnceLock<Stopwatch> = OnceLock::new();
        *FIRST.get_or_init(Stopwatch::start)
    }

    /// A clock that nobody sets.
    #[must_use]
    pub fn monotonic() -> Nanos {
        Nanos::new(i64::try_from(since_first().elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    /// Sleeps until a reading of [`monotonic`]; not at all when it is over.
    pub fn sleep_until(deadline: Nanos) {
        since_first().wait_until(std::time::Duration::from_nanos(deadline.get().max(0).unsigned_abs()));
    }

    /// Asks the system not to put this thread's wakes off; here it is not asked.
    pub const fn allow_precise_wakes() {}

    /// Lets this thread run on one core only.
    ///
    /// # Errors
    /// Always: this system is not asked.
    pub fn pin_to(_: usize) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
