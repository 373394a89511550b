//! A part of a sweep: one world with an account for each of some variants.

use data_encoding::HEXLOWER;
use hemiola_components::journal::Record;
use hemiola_components::port::EquityPoint;
use hemiola_components::time::Nanos;
use hemiola_systems::digest::Digest;
use hemiola_systems::signals::catalog::Catalog;

use super::row::{DailyBlocks, DailyMoments, Ran, Row, STATISTICS};
use crate::assembly::{Market, Options, Window, assemble};
use crate::config::plan::Plan;
use crate::modes::backtest::{self, Keeper, RunError, drive};
use crate::results::tally::Tally;
use crate::runtime::Runtime;

/// What the accounts of a shard trade over.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) market: &'a Market,
    pub(super) catalog: &'a Catalog,
    pub(super) window: Window,
}

/// Runs Plans, each an account of one world, and gives a row for each. `progress` is shown the part of the time that
/// has passed now and then.
pub(super) fn run(plans: &[Plan], ground: Ground<'_>, progress: &dyn Fn(f64)) -> Vec<Row> {
    match attempt(plans, ground, progress) {
        Ok(ended) => ended.into_iter().map(|(ran, _)| Row::Ran(Box::new(ran))).collect(),
        Err(error) if plans.len() <= 1 => plans.iter().map(|_| Row::Failed(error.to_string())).collect(),
        // One of them cannot be run, and the others are not to suffer for it.
        Err(_) => {
            let (one, other) = plans.split_at(plans.len() / 2);
            let mut rows = run(one, ground, progress);
            rows.extend(run(other, ground, progress));
            rows
        }
    }
}

fn attempt(plans: &[Plan], ground: Ground<'_>, progress: &dyn Fn(f64)) -> Result<Vec<Ended>, RunError> {
    let Ground { market, catalog, window } = ground;
    let all: Vec<(&Plan, &Market)> = plans.iter().map(|plan| (plan, market)).collect();
    let (mut runtime, _) = assemble(&all, catalog, Options { window, ..Options::default() })?;
    let mut watches: Vec<Watch> = plans.iter().map(Watch::new).collect();
    let mut first = None;
    drive(&mut runtime, &mut watches, |now: Nanos, end: Nanos| {
        let start = *first.get_or_insert(now);
        progress((now - start).get() as f64 / (end - start).get().max(1) as f64);
    })?;
    let ended = watches.into_iter().zip(plans).enumerate();
    Ok(ended.map(|(index, (watch, plan))| watch.finish(&runtime, index, plan)).collect())
}

/// A row, and equity at each day's close.
type Ended = (Ran, Vec<(Nanos, f64)>);

/// Runs one Plan.
pub(super) fn alone(plan: &Plan, ground: Ground<'_>) -> Result<Ended, RunError> {
    let mut ended = attempt(std::slice::from_ref(plan), ground, &|_| ())?;
    Ok(ended.pop().expect("one Plan, one end"))
}

/// What is kept of an account while it runs.
struct Watch {
    digest: Digest,
    tally: Tally,
}

impl Watch {
    fn new(plan: &Plan) -> Self {
        Self { digest: backtest::digest(plan), tally: Tally::new(plan) }
    }

    fn finish(self, runtime: &Runtime, index: usize, plan: &Plan) -> Ended {
        let Self { digest, mut tally } = self;
        let (account, timeline) = (runtime.account(index), runtime.timeline(index));
        let holdings = runtime.holdings(index);
        tally.end(timeline.end, account.equity);
        let statistics = tally.statistics(timeline.start, plan.cash, account.max_drawdown);
        let returns = tally.daily_returns(plan.cash);
        let finite = |value: f64| value.is_finite().then_some(value);
        let quantities = holdings.iter().map(|holding| holding.quantity);
        let ran = Ran {
            digest: HEXLOWER.encode(&digest.finish(&account, quantities)),
            fills: tally.fills,
            fees: finite(holdings.iter().map(|holding| holding.fees.get()).sum()),
            final_equity: finite(account.equity.get()),
            statistics: STATISTICS.iter().map(|(_, value)| value(&statistics)).collect(),
            moments: returns.as_deref().and_then(DailyMoments::of),
            blocks: returns.as_deref().and_then(DailyBlocks::of),
        };
        (ran, tally.day_closes)
    }
}

impl Keeper for Watch {
    fn record(&mut self, record: Record) {
        self.digest.record(&record);
        self.tally.take(&record);
    }

    fn equity(&mut self, _: EquityPoint) {}
}
