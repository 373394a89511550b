//! A smoke test: every schedule of a scheduler, alone, through the world for a few cycles.

use std::collections::BTreeMap;

use hemiola_components::candles::Candles;
use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::journal::{Change, Event, Record};
use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;
use hemiola_systems::cadence::next_decision;
use hemiola_systems::signals::catalog::Catalog;

use crate::assembly::{AssemblyError, Market, Options, Window, assemble};
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::modes::backtest::{self, Outcome};

/// What a schedule did.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoked {
    /// The schedule.
    pub schedule: String,
    /// How often it was due after its warm-up: as often as was asked, or as often as there are candles for.
    pub cycles: usize,
    /// Signals in all cycles.
    pub emitted: usize,
    /// Its metrics after the last cycle, by name.
    pub telemetry: BTreeMap<&'static str, f64>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// Runs every schedule of a Plan in a world of its own, with all of the capital and without limits on signals: the
/// candles of its warm-up, then so many cycles.
///
/// # Errors
/// When there are no candles after a warm-up, or a world cannot be built. A schedule that fails on the way is no
/// error: it says so itself, and the others go on.
pub fn run(plan: &Plan, market: &Market, catalog: &Catalog, cycles: usize) -> Result<Vec<Smoked>, Failure> {
    (0..plan.schedules.len()).map(|index| smoke(&alone(plan, index), market, catalog, cycles)).collect()
}

/// The Plan of one schedule.
fn alone(plan: &Plan, schedule: usize) -> Plan {
    let mut alone = plan.clone();
    alone.schedules = vec![plan.schedules[schedule].clone()];
    alone.schedules[0].fallbacks.clear();
    alone.capital_policy = Policy::of(PolicyKind::EqualWeight);
    alone.cool_down = None;
    alone.governor = None;
    alone.initial.clear();
    alone.operator.clear();
    alone
}

fn smoke(plan: &Plan, market: &Market, catalog: &Catalog, cycles: usize) -> Result<Smoked, Failure> {
    let (last, served) = last_cycle(plan, market, catalog, cycles)?;
    let options = Options { window: Window { from: None, to: Some(last) }, ..Options::default() };
    let schedule = plan.schedules[0].name.clone();
    let run = match backtest::run(&[(plan, market)], catalog, options, |_, _| ()) {
        Ok(run) => run,
        Err(backtest::RunError::Assembly(error)) => return Err(error.into()),
        Err(failed) => {
            let failure = Some(failed.to_string());
            return Ok(Smoked { schedule, cycles: 0, emitted: 0, telemetry: BTreeMap::new(), failure });
        }
    };
    let outcome = &run.outcomes[0];
    Ok(Smoked {
        schedule,
        cycles: served,
        emitted: kept(&outcome.records, |_| true),
        telemetry: telemetry(outcome, plan.schedules[0].cadence, last),
        failure: failure(outcome),
    })
}

/// Why the schedule failed: its engine panicked, or some of its numbers were none.
fn failure(outcome: &Outcome) -> Option<String> {
    let panicked = outcome.records.iter().find_map(|record| {
        let Event::Control(change) = &record.event else { return None };
        let Change::Failed { message, .. } = change.as_ref() else { return None };
        Some(format!("its engine failed: {message}"))
    });
    let held_back = outcome.not_finite[0];
    let not_finite = || format!("{held_back} signals were held back: a number in them was not finite");
    panicked.or_else(|| (held_back > 0).then(not_finite))
}

/// When the last cycle is, and which one it is: that of the instrument that is served last.
fn last_cycle(
    plan: &Plan,
    market: &Market,
    catalog: &Catalog,
    cycles: usize,
) -> Result<(Nanos, usize), Failure> {
    let (runtime, _) = assemble(&[(plan, market)], catalog, Options::default())?;
    let schedule = &plan.schedules[0];
    let mut last = None;
    for (instrument, mut cursor) in schedule.instruments.iter().zip(runtime.cursors(0)) {
        let Some(bars) = market.series[*instrument].get(&schedule.interval) else { continue };
        let bars = Candles::new(bars.clone());
        for cycle in 1..=cycles {
            let Some(decision) = next_decision(schedule.cadence, &cursor, &bars) else { break };
            cursor.last_due = decision.due;
            cursor.seen = decision.bar + 1;
            last = last.max(Some((decision.due, cycle)));
        }
    }
    Ok(last.ok_or(AssemblyError::EmptyWindow)?)
}

/// What it reported after its last cycle, under the names that metrics have everywhere. A metric of its signals is there
/// when that cycle had any.
fn telemetry(outcome: &Outcome, cadence: Cadence, last: Nanos) -> BTreeMap<&'static str, f64> {
    let signals = kept(&outcome.records, |at| at == last);
    let most = f64::from(outcome.first_standings[0].base_max_signals);
    let own = [
        ("signals", signals as f64),
        // In a replay no time passes between an instant and its decision.
        ("latency_ms", 0.0),
        ("base_max_signals", most),
        ("active_max_signals", most),
        ("allocator_weight", outcome.weights[0].share),
    ];
    let metrics = &outcome.signal_metrics[0];
    let newest = |name| Some((name, metrics.newest(name, last, cadence).filter(|_| signals > 0)?));
    own.into_iter().chain(metrics.names().filter_map(newest)).collect()
}

/// Signals that were kept, of the instants that count.
fn kept(records: &[Record], counts: impl Fn(Nanos) -> bool) -> usize {
    let is_kept = |event: &Event| matches!(event, Event::Signal(emitted) if emitted.kept);
    records.iter().filter(|record| counts(record.at) && is_kept(&record.event)).count()
}
