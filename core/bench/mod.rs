//! Benchmarks of whole runs: open workloads, each checked against a hand-written loop before its time counts.

pub mod account;
pub mod budget;
pub mod end_to_end;
pub mod history;
pub mod jitter;
pub mod journaled;
pub mod load;
pub mod load_report;
pub mod plain;
pub mod report;
pub mod sweep;
pub mod walk;
pub mod workload;

use hemiola_adapters::process;
use hemiola_systems::signals::catalog::Catalog;

use self::plain::Ending;
use self::report::{Figures, Row};
use self::workload::Workload;
use crate::assembly::{Options, assemble};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::modes::backtest::{Outcome, RunError, finish};

/// How a workload is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How often each is run; the median counts. At least 1.
    pub repeats: usize,
    /// Whether the loop is timed too, in turns with the world.
    pub against_plain: bool,
}

/// Runs a workload, checks what it comes to and gives its figures.
///
/// # Errors
/// When the world cannot be built, or comes to something else than the loop.
pub fn time(workload: &Workload, timing: Timing) -> Result<Row, Failure> {
    let (mut assembly, mut world, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    let plans: Vec<_> = workload.accounts.iter().map(|(plan, market)| (plan, market)).collect();
    let (catalog, options) = (Catalog::built_in(), Options { keep: workload.keep, ..Options::default() });
    let mut fills = 0;
    process::forget_peak_memory();
    for repeat in 0..timing.repeats {
        let (runtime, figures) = measured(|| assemble(&plans, &catalog, options));
        assembly.push(figures);
        let (runtime, _) = runtime?;
        let (run, figures) = measured(|| finish(&plans, runtime, workload.keep, |_, _| ()));
        world.push(figures);
        if timing.against_plain || repeat == 0 {
            let (endings, figures) = measured(|| (workload.plain)());
            plain.push(figures);
            let (outcomes, _) = run.map_err(RunError::from)?;
            fills = check(&workload.name, &outcomes, &endings)?;
        }
    }
    Ok(Row {
        name: workload.name.clone(),
        about: workload.about.clone(),
        strategy_bars: workload.strategy_bars,
        fills,
        accounts: workload.accounts.len(),
        assembly: Figures::median(assembly),
        world: Figures::median(world),
        plain: timing.against_plain.then(|| Figures::median(plain)),
        peak_memory: process::peak_memory(),
    })
}

fn measured<T>(work: impl FnOnce() -> T) -> (T, Figures) {
    let (stopwatch, before) = (Stopwatch::start(), process::cpu_time());
    let result = work();
    let figures = Figures { cpu: process::cpu_time().saturating_sub(before), wall: stopwatch.elapsed() };
    (result, figures)
}

/// Compares account by account; gives the fills of all.
fn check(name: &str, outcomes: &[Outcome], endings: &[Ending]) -> Result<u64, Failure> {
    /// Of the equity: the loop adds in another order.
    const TOLERANCE: f64 = 1e-9;
    let mut fills = 0;
    for (account, (outcome, ending)) in outcomes.iter().zip(endings).enumerate() {
        let ours = Ending {
            fills: outcome.telemetry.iter().map(|schedule| schedule.fills).sum(),
            equity: outcome.account.equity.get(),
        };
        if ours.fills != ending.fills || (ours.equity / ending.equity - 1.0).abs() > TOLERANCE {
            let message =
                format!("{name}, account {account}: the world ends with {ours:?}, the loop with {ending:?}");
            return Err(Failure::new(Exit::Verification, message));
        }
        fills += ours.fills;
    }
    Ok(fills)
}
