//! How late wakes are: those of many schedules, in turns with the machine's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hdrhistogram::Histogram;
use hemiola_adapters::process;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use super::account::{Crossing, account};
use super::walk::walk;
use crate::assembly::{Options, Window, assemble};
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::modes::backtest::RunError;
use crate::pace::{Missed, Pacer, Sleeper, SystemClock};
use crate::runtime::Runtime;

/// Candles that a schedule's engine has seen before.
const CANDLES: usize = 200;

/// The longest sleep of a session.
const LONGEST: Nanos = Nanos::new(250_000_000);

/// What is measured.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Schedules of the same cadence.
    pub schedules: usize,
    /// The cadence.
    pub period: Duration,
    /// How long each side is measured, all slices together.
    pub time: Duration,
    /// How long one side is measured before the other's turn.
    pub slice: Duration,
    /// The last part of each sleep of the schedules, in which the clock is asked again and again.
    pub spin: Duration,
    /// The core that both run on.
    pub pin: Option<usize>,
    /// `cyclictest` of rt-tests; without it, or where it may not run, a loop of our own that does nothing but sleep.
    pub probe: Option<PathBuf>,
}

/// One side.
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is.
    pub name: String,
    /// Lateness of its wakes, nanoseconds.
    pub raw: Histogram<u64>,
    /// The same corrected for coordinated omission.
    pub corrected: Histogram<u64>,
}

/// Both sides.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The machine's own wakes.
    pub probe: Side,
    /// Those of the schedules.
    pub scheduler: Side,
    /// Processor time of the schedules' slices as a share of one core.
    pub cpu: f64,
    /// Why `cyclictest` was not the probe, if it was wanted.
    pub note: Option<String>,
}

impl Side {
    fn new(name: &str) -> Result<Self, Failure> {
        let histogram = || {
            let made = Histogram::new_with_bounds(1, 3_600_000_000_000, 3);
            made.map_err(|error| Failure::new(Exit::Operational, error.to_string()))
        };
        Ok(Self { name: name.to_owned(), raw: histogram()?, corrected: histogram()? })
    }

    fn record(&mut self, late: Nanos, period: u64) {
        let late = late.get().max(0).unsigned_abs();
        self.raw.saturating_record(late);
        // An hour holds whatever is late here.
        _ = self.corrected.record_correct(late, period);
    }
}

/// Measures both sides in turns. It takes twice the time asked for.
///
/// # Errors
/// When the world cannot be built, or the core is none.
pub fn run(ask: &Ask, mut progress: impl FnMut(Duration)) -> Result<Measured, Failure> {
    if let Some(core) = ask.pin {
        clock::pin_to(core)
            .map_err(|error| Failure::new(Exit::Usage, format!("--pin {core}: cannot run there: {error}")))?;
    }
    clock::allow_precise_wakes();
    let (mut runtime, cadences) = world(ask)?;
    let mut scheduler = Side::new("scheduler")?;
    let (mut cpu, mut done) = (Duration::ZERO, Duration::ZERO);
    let mut note = None;
    let cyclictest = ask.probe.as_deref().filter(|probe| match cyclictest(probe, ask.period, 1) {
        Ok(_) => true,
        Err(why) => {
            note = Some(format!("{}: {why}; a loop of our own is the probe", probe.display()));
            false
        }
    });
    let mut probe = Side::new(if cyclictest.is_some() { "cyclictest" } else { "idle loop" })?;
    let period = u64::try_from(ask.period.as_nanos()).unwrap_or(u64::MAX).max(1);
    while done < ask.time {
        match cyclictest {
            Some(path) => {
                let loops = (ask.slice.as_nanos() / u128::from(period)).max(1);
                for (late, count) in cyclictest_slice(path, ask.period, loops)? {
                    for _ in 0..count {
                        probe.record(late, period);
                    }
                }
            }
            None => idle(&mut probe, ask.slice, period),
        }
        let before = process::cpu_time();
        schedule(&mut scheduler, &mut runtime, &cadences, ask)?;
        cpu += process::cpu_time().saturating_sub(before);
        done += ask.slice;
        progress(done);
    }
    Ok(Measured { probe, scheduler, cpu: cpu.as_secs_f64() / done.as_secs_f64(), note })
}

/// A world that waits for candles, and the cadences of its schedules.
fn world(ask: &Ask) -> Result<(Runtime, Vec<Cadence>), Failure> {
    let crossing = Crossing { fast: 5, slow: 20, series: vec![0] };
    let strategies = vec![crossing; ask.schedules];
    let (mut plan, market) = account(&[walk(0, CANDLES)], &strategies, Sizing::Weight);
    let every = Nanos::new(i64::try_from(ask.period.as_nanos()).unwrap_or(i64::MAX));
    for schedule in &mut plan.schedules {
        schedule.cadence = Cadence { every, offset: Nanos::ZERO };
    }
    let window = Window { from: Some(clock::now()), to: None };
    let options = Options { window, grows: true, ..Options::default() };
    let (mut runtime, _) = assemble(&[(&plan, &market)], &Catalog::built_in(), options)?;
    runtime.step_to(clock::now()).map_err(RunError::from)?;
    Ok((runtime, plan.schedules.iter().map(|schedule| schedule.cadence).collect()))
}

/// A loop that does nothing but sleep.
fn idle(side: &mut Side, slice: Duration, period: u64) {
    let step = Nanos::new(i64::try_from(period).unwrap_or(i64::MAX));
    let mut next = clock::monotonic() + step;
    let end = next + Nanos::new(i64::try_from(slice.as_nanos()).unwrap_or(i64::MAX / 4));
    while next < end {
        clock::sleep_until(next);
        let woke = clock::monotonic();
        side.record(woke - next, period);
        next = next + step;
        while next < woke {
            next = next + step;
        }
    }
}

/// What a session does between candles.
fn schedule(side: &mut Side, runtime: &mut Runtime, cadences: &[Cadence], ask: &Ask) -> Result<(), Failure> {
    let spin = Nanos::new(i64::try_from(ask.spin.as_nanos()).unwrap_or_default());
    let clock = SystemClock::new(Sleeper { precise: true, spin });
    let mut pacer = Pacer::new(cadences, Missed::Skip, clock, Nanos::ZERO);
    let end = clock::monotonic() + Nanos::new(i64::try_from(ask.slice.as_nanos()).unwrap_or(i64::MAX / 4));
    let mut due = 0;
    while clock::monotonic() < end {
        let wake = pacer.wait(LONGEST);
        due += pacer.due().count();
        runtime.step_to(wake.instant).map_err(RunError::from)?;
    }
    let lateness = pacer.lateness();
    let added = side.raw.add(lateness.raw()).and_then(|()| side.corrected.add(lateness.corrected()));
    added.map_err(|error| Failure::new(Exit::Operational, format!("{due} wakes cannot be added up: {error}")))
}

/// The lateness of so many wakes of `cyclictest`, each with how often it was seen.
fn cyclictest_slice(path: &Path, period: Duration, loops: u128) -> Result<Vec<(Nanos, u64)>, Failure> {
    cyclictest(path, period, loops)
        .map_err(|why| Failure::new(Exit::Operational, format!("{}: {why}", path.display())))
}

fn cyclictest(path: &Path, period: Duration, loops: u128) -> Result<Vec<(Nanos, u64)>, String> {
    let micros = period.as_micros().max(1).to_string();
    let output = Command::new(path)
        .args(["-q", "-t1", "--policy=other", "-h", "1000000", "-i", &micros, "-l", &loops.to_string()])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(text.lines().next().unwrap_or("it failed").to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let (micros, count) = line.split_once(char::is_whitespace)?;
        let (micros, count): (i64, u64) = (micros.parse().ok()?, count.trim().parse().ok()?);
        // A bucket is a whole microsecond: on average it was half of one more.
        (count > 0).then_some((Nanos::new(micros * 1_000 + 500), count))
    };
    let rows: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect();
    if rows.is_empty() { Err("it printed no histogram".to_owned()) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_measured_in_turns_and_a_probe_that_fails_is_named() {
        let ask = Ask {
            schedules: 20,
            period: Duration::from_millis(2),
            time: Duration::from_millis(60),
            slice: Duration::from_millis(30),
            spin: Duration::ZERO,
            pin: None,
            probe: Some(PathBuf::from("no/such/cyclictest")),
        };
        let mut slices = 0;
        let measured = run(&ask, |_| slices += 1).unwrap();
        assert_eq!(slices, 2);
        assert!(measured.probe.raw.len() > 10 && measured.scheduler.raw.len() > 10, "{measured:?}");
        assert!(measured.scheduler.corrected.len() >= measured.scheduler.raw.len());
        assert!(measured.note.unwrap().contains("no/such/cyclictest"));
    }
}
