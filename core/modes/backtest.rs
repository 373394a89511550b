//! Backtest: the world over replayed history.

use bevy_ecs::error::BevyError;
use data_encoding::HEXLOWER;
use hemiola_components::capital::Weight;
use hemiola_components::control::Standing;
use hemiola_components::journal::Record;
use hemiola_components::market::Instrument;
use hemiola_components::metric::Metrics;
use hemiola_components::port::EquityPoint;
use hemiola_components::portfolio::{Account, Timeline};
use hemiola_components::position::Holding;
use hemiola_components::risk::RiskState;
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;
use hemiola_components::units::Price;
use hemiola_systems::digest::Digest;
use hemiola_systems::signals::catalog::Catalog;
use thiserror::Error;

use crate::assembly::{AssemblyError, Market, Notes, Options, assemble};
use crate::config::plan::Plan;
use crate::runtime::Runtime;

/// What came out of one portfolio's run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that happened, in order; empty unless they were to be kept.
    pub records: Vec<Record>,
    /// The equity curve, as far as it was asked for.
    pub equity: Vec<EquityPoint>,
    /// The account at the end.
    pub account: Account,
    /// What limits are held against, one per risk profile.
    pub risk: Vec<RiskState>,
    /// Where the time line ended.
    pub timeline: Timeline,
    /// Counters, one per schedule.
    pub telemetry: Vec<Telemetry>,
    /// What signals are measured by, one per schedule, with the samples of the run.
    pub signal_metrics: Vec<Metrics>,
    /// What schedules could do before anything was imposed on them.
    pub first_standings: Vec<Standing>,
    /// How the capital was divided last, one weight per schedule.
    pub weights: Vec<Weight>,
    /// Signals held back because a number in them was not finite, one count per schedule.
    pub not_finite: Vec<u64>,
    /// Ledgers, by schedule, then instrument.
    pub holdings: Vec<Holding>,
    /// Last marks, by schedule, then instrument.
    pub marks: Vec<Price>,
    /// SHA-256 of the above in lower-case hex, see [`Digest`]; empty when only accounts are kept.
    pub digest: String,
}

/// A finished run: one outcome per portfolio.
#[derive(Clone, Debug)]
pub struct Run {
    /// In the order of the Plans.
    pub outcomes: Vec<Outcome>,
    /// What assembly learned.
    pub notes: Notes,
    /// How many passes it took. Not a result: it depends on how far engines scanned.
    pub passes: u64,
}

/// What is kept of what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Every record, and the digest.
    #[default]
    Records,
    /// Only what the accounts and their schedules came to: for many variants at once.
    Accounts,
}

/// Why a run did not come to its end.
#[derive(Debug, Error)]
pub enum RunError {
    /// The world cannot be built.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// A system failed, which none does in a sound world.
    #[error("a system failed: {0}")]
    System(BevyError),
}

impl From<BevyError> for RunError {
    fn from(error: BevyError) -> Self {
        Self::System(error)
    }
}

/// The records that gather before they are taken out: few enough to stay in the cache, enough to be worth it.
const RECORDS_AT_ONCE: usize = 1_000;

/// The passes after which they are taken out and progress is shown, however few there are.
const PASSES_AT_ONCE: u64 = 1_024;

/// Runs the Plans, each a portfolio of one world, to the end of their data. `progress` is shown the instant of
/// the first portfolio and the end of its time line now and then.
///
/// # Errors
/// See [`RunError`].
pub fn run(
    plans: &[(&Plan, &Market)],
    catalog: &Catalog,
    options: Options,
    progress: impl FnMut(Nanos, Nanos),
) -> Result<Run, RunError> {
    let (runtime, notes) = assemble(plans, catalog, options)?;
    let (outcomes, passes) = finish(plans, runtime, options.keep, progress)?;
    Ok(Run { outcomes, notes, passes })
}

/// Takes a world of these Plans to the end of its data. Gives one outcome per portfolio and how many passes it took.
///
/// # Errors
/// When a system fails.
pub fn finish(
    plans: &[(&Plan, &Market)],
    mut runtime: Runtime,
    keep: Keep,
    progress: impl FnMut(Nanos, Nanos),
) -> Result<(Vec<Outcome>, u64), BevyError> {
    let log = |(index, (plan, _)): (usize, &(&Plan, &Market))| Recorder::new(plan, keep, &runtime, index);
    let mut logs: Vec<Recorder> = plans.iter().enumerate().map(log).collect();
    let passes = drive(&mut runtime, &mut logs, progress)?;
    let outcomes = logs.into_iter().enumerate().map(|(index, log)| log.finish(&runtime, index)).collect();
    Ok((outcomes, passes))
}

/// What is kept of what one portfolio puts out.
pub trait Keeper {
    /// Something happened; in order of time.
    fn record(&mut self, record: Record);

    /// A point of the equity curve, when one is asked for.
    fn equity(&mut self, point: EquityPoint);
}

/// Takes a world to the end of its data; the keepers are in the order of the portfolios. Gives how many passes it took.
///
/// # Errors
/// When a system fails.
pub fn drive<K: Keeper>(
    runtime: &mut Runtime,
    logs: &mut [K],
    mut progress: impl FnMut(Nanos, Nanos),
) -> Result<u64, BevyError> {
    let mut passes = 0;
    let mut runs = true;
    while runs {
        runs = runtime.step()?;
        passes += u64::from(runs);
        let outbox = runtime.outbox();
        if runs && outbox.records.len() < RECORDS_AT_ONCE && passes % PASSES_AT_ONCE != 0 {
            continue;
        }
        for record in outbox.records.drain() {
            logs[record.portfolio.get()].record(record);
        }
        for point in outbox.equity.drain(..) {
            logs[point.portfolio.get()].equity(point);
        }
        let Timeline { now, end, .. } = runtime.timeline(0);
        progress(now, end);
    }
    Ok(passes)
}

/// The digest of a portfolio of this Plan before anything happened.
pub(crate) fn digest(plan: &Plan) -> Digest {
    let instruments: Vec<String> = plan.instruments.iter().map(Instrument::name).collect();
    let schedules = plan.schedules.iter().map(|schedule| schedule.name.as_str());
    Digest::new(schedules, instruments.iter().map(String::as_str))
}

/// What a portfolio puts out while it runs.
#[derive(Clone, Debug)]
pub struct Recorder {
    records: Vec<Record>,
    equity: Vec<EquityPoint>,
    digest: Option<Digest>,
    first_standings: Vec<Standing>,
}

impl Recorder {
    /// Of portfolio `index` before anything happened.
    #[must_use]
    pub fn new(plan: &Plan, keep: Keep, runtime: &Runtime, index: usize) -> Self {
        let first_standings = runtime.desk(index).controls.standings.clone();
        if keep == Keep::Accounts {
            return Self { records: Vec::new(), equity: Vec::new(), digest: None, first_standings };
        }
        let digest = Some(digest(plan));
        Self { records: Vec::new(), equity: Vec::new(), digest, first_standings }
    }

    /// What came out of the portfolio's run.
    #[must_use]
    pub fn finish(self, runtime: &Runtime, index: usize) -> Outcome {
        let (account, holdings) = (runtime.account(index), runtime.holdings(index));
        let quantities = holdings.iter().map(|holding| holding.quantity);
        let digest = self.digest.map(|digest| HEXLOWER.encode(&digest.finish(&account, quantities)));
        Outcome {
            records: self.records,
            equity: self.equity,
            account,
            risk: runtime.risk(index).to_vec(),
            timeline: runtime.timeline(index),
            telemetry: runtime.telemetry(index),
            signal_metrics: runtime.signal_metrics(index),
            first_standings: self.first_standings,
            weights: runtime.weights(index).to_vec(),
            not_finite: runtime.not_finite(index),
            digest: digest.unwrap_or_default(),
            marks: runtime.marks(index),
            holdings,
        }
    }
}

impl Keeper for Recorder {
    fn record(&mut self, record: Record) {
        if let Some(digest) = &mut self.digest {
            digest.record(&record);
            self.records.push(record);
        }
    }

    fn equity(&mut self, point: EquityPoint) {
        self.equity.push(point);
    }
}
