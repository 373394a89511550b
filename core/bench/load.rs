//! A scheduler under load: many schedules that signal at every tick, each tick timed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use hemiola_adapters::process::{self, Transfer};
use hemiola_components::journal::Event;
use hemiola_components::market::{Bars, Targets};
use hemiola_components::strategy::{Classification, ParameterValue, Parameters};
use hemiola_systems::signals::catalog::Catalog;

use super::account::plan;
use super::walk::{minute, walk};
use crate::assembly::{Market, Options, assemble};
use crate::clock::Stopwatch;
use crate::config::definition::{Additions, Definition};
use crate::config::plan::{Plan, SchedulePlan, StrategyPlan};
use crate::exit::Failure;
use crate::modes::backtest::RunError;

/// How much is asked of the scheduler. All but the period are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Ticks.
    pub iterations: usize,
    /// Schedules, all due at every tick.
    pub schedules: usize,
    /// Signals of each schedule at every tick, each in an instrument of its own.
    pub signals: usize,
    /// Distance of the planned beginnings of ticks; with zero each begins when the last has ended.
    pub period: Duration,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What each tick took, nanoseconds.
    pub latency: Histogram<u64>,
    /// How long after its planned beginning each tick began, nanoseconds; `None` without a period.
    pub lateness: Option<Histogram<u64>>,
    /// Signals that engines emitted.
    pub signals: u64,
    /// Orders that left.
    pub orders: u64,
    /// Orders that were filled.
    pub fills: u64,
    /// From the beginning of the first tick to the end of the last.
    pub wall: Duration,
    /// Processor time of the process meanwhile.
    pub cpu: Duration,
    /// Resident at the end, bytes; `None` where the system does not tell.
    pub memory: Option<u64>,
    /// Moved from and to storage meanwhile; `None` where the system does not tell.
    pub transfer: Option<Transfer>,
}

/// Significant digits of what histograms hold.
const DIGITS: u8 = 3;

/// The longest time they hold, nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;

/// Puts the load on a world of its own and measures it. The pass in which the world begins, where nothing is due, is
/// not part of it.
///
/// # Errors
/// When the world cannot be built, or a system fails.
///
/// # Panics
/// Never: an hour in three digits is what histograms hold.
pub fn run(load: Load) -> Result<Measured, Failure> {
    let (plan, market) = account(load);
    let (mut runtime, _) = assemble(&[(&plan, &market)], &Catalog::built_in(), Options::default())?;
    let histogram =
        || Histogram::new_with_max(LONGEST, DIGITS).expect("an hour in three digits is what histograms hold");
    let (mut latency, mut lateness) = (histogram(), histogram());
    let (mut signals, mut orders, mut fills) = (0, 0, 0);
    runtime.step().map_err(RunError::from)?;
    let (before, cpu_before) = (process::transfer(), process::cpu_time());
    let start = Stopwatch::start();
    let mut planned = Duration::ZERO;
    loop {
        start.wait_until(planned);
        let begun = start.elapsed();
        let runs = runtime.step().map_err(RunError::from)?;
        let ended = start.elapsed();
        if !runs {
            break;
        }
        latency.saturating_record(nanos(ended.saturating_sub(begun)));
        lateness.saturating_record(nanos(begun.saturating_sub(planned)));
        planned += load.period;
        for record in runtime.outbox().records.drain() {
            match record.event {
                Event::Signal(emitted) => signals += u64::from(emitted.kept),
                Event::Order(_) => orders += 1,
                Event::Fill { .. } => fills += 1,
                _ => {}
            }
        }
    }
    Ok(Measured {
        latency,
        lateness: (!load.period.is_zero()).then_some(lateness),
        signals,
        orders,
        fills,
        wall: start.elapsed(),
        cpu: process::cpu_time().saturating_sub(cpu_before),
        memory: process::resident_memory(),
        transfer: before.zip(process::transfer()).map(|(before, now)| Transfer {
            read: now.read.saturating_sub(before.read),
            written: now.written.saturating_sub(before.written),
        }),
    })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Schedules that follow targets which change with every candle, so that each signal is an order too.
fn account(load: Load) -> (Plan, Market) {
    let Load { iterations, schedules, signals, .. } = load;
    let series: Vec<Arc<Bars>> = (0..).zip(0..signals).map(|(seed, _)| walk(seed, iterations)).collect();
    let strategy = StrategyPlan {
        name: "load".into(),
        engine: "external_signals".into(),
        parameters: Parameters([("targets".to_owned(), ParameterValue::Text("made up".to_owned()))].into()),
        definition: Definition::new(&Classification::CUSTOM, Additions::default()),
    };
    let schedule = |index: usize| SchedulePlan {
        instruments: (0..signals).collect(),
        ..SchedulePlan::new(format!("load_{index}"), minute())
    };
    let plan = plan(signals, vec![strategy], (0..schedules).map(schedule).collect());
    let targets = |(instrument, bars): (usize, &Arc<Bars>)| {
        (plan.instruments[instrument].name(), Arc::new(alternating(bars)))
    };
    let market = Market {
        targets: vec![series.iter().enumerate().map(targets).collect()],
        series: series.into_iter().map(|bars| BTreeMap::from([(minute(), bars)])).collect(),
        ..Market::default()
    };
    (plan, market)
}

/// A target at the close of every candle: more of the budget, less of it, and so on.
fn alternating(bars: &Bars) -> Targets {
    let fraction = |bar: usize| if bar.is_multiple_of(2) { 0.6 } else { 0.4 };
    Targets {
        time: (0..bars.len()).map(|bar| bars.close_time(bar)).collect(),
        fraction: (0..bars.len()).map(fraction).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_signals_at_every_tick_in_every_instrument() {
        for (iterations, schedules, signals) in [(1, 1, 1), (7, 3, 4), (2_000, 2, 1)] {
            let load = Load { iterations, schedules, signals, period: Duration::ZERO };
            let measured = run(load).unwrap();
            let at_once = (schedules * signals) as u64;
            assert_eq!(measured.latency.len(), iterations as u64);
            assert!(measured.latency.min() > 100, "no tick is that short");
            assert_eq!(measured.signals, iterations as u64 * at_once);
            assert_eq!(measured.orders, measured.signals, "each is an order");
            assert_eq!(measured.fills, measured.orders - at_once, "the last ones find no candle to fill at");
            assert!(measured.lateness.is_none());
        }
    }

    #[test]
    fn ticks_begin_when_they_are_planned() {
        let period = Duration::from_millis(2);
        let measured = run(Load { iterations: 5, schedules: 1, signals: 1, period }).unwrap();
        assert_eq!(measured.lateness.unwrap().len(), 5);
        assert!(measured.wall >= period * 4, "{:?}", measured.wall);
    }
}
