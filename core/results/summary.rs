//! The summary of a run: counts, money and statistics, per schedule, per strategy and in total.

mod counts;
mod history;
mod money;
mod sources;
mod warnings;

use std::collections::BTreeMap;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::units::Quantity;
use hemiola_systems::statistics::Statistics;
use serde_json::{Map, Value, json};

use crate::assembly::Notes;
use crate::instant;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;
use crate::results::finite;

use self::history::History;
use self::warnings::warnings;

pub use counts::{Counts, RiskCounts};
pub use money::{ByFills, Money};

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// One per schedule.
    pub schedules: Vec<ScheduleSummary>,
    /// One per strategy that a schedule uses, in their order; the same strategy's schedules together.
    pub strategies: Vec<(String, Money)>,
    /// All schedules added up.
    pub total: Counts,
    /// What the risk engine did.
    pub risk: RiskCounts,
    /// Statistics of the account.
    pub statistics: Statistics,
    /// Fills that cash cut short.
    pub clipped: u64,
    /// Fills after missing or volume-less candles.
    pub after_gap: u64,
    /// What all schedules earned and cost.
    pub money: Money,
    /// How long the run took, loading and writing aside; measured.
    pub elapsed_seconds: f64,
    /// How many passes it took; depends on how far engines scanned.
    pub passes: u64,
    head: Value,
    series: Vec<Value>,
    quotes: Vec<Value>,
    candles: Value,
    warnings: Vec<String>,
}

/// What a schedule came to.
#[derive(Clone, Debug)]
pub struct ScheduleSummary {
    /// The configured name.
    pub name: String,
    /// Its strategy's name.
    pub strategy: String,
    /// Its counters.
    pub counts: Counts,
    /// Metrics of its signals, by name; one without samples is absent.
    pub metrics: BTreeMap<&'static str, f64>,
    /// What it earned and cost.
    pub money: Money,
    /// Share of closing fills with a profit, if any closed.
    pub hit_rate: Option<f64>,
    /// Profits of closing fills over their losses, if there were losses.
    pub profit_factor: Option<f64>,
}

impl Summary {
    /// Adds up a run.
    #[must_use]
    pub fn new(
        prepared: &Prepared,
        outcome: &Outcome,
        notes: &Notes,
        passes: u64,
        elapsed_seconds: f64,
    ) -> Self {
        let history = History::read(&prepared.plan, outcome);
        let schedules = schedules(prepared, outcome, &history);
        let max_drawdown = outcome.account.max_drawdown;
        let statistics = history.tally.statistics(history.start, prepared.plan.cash, max_drawdown);
        let sources = &prepared.data.series;
        let reports = sources.iter().map(|source| &source.report);
        let candles = json!({
            "bars": reports.clone().map(|report| report.bars).sum::<usize>(),
            "gaps": reports.clone().map(|report| report.gaps).sum::<usize>(),
            "missing": reports.clone().map(|report| report.missing).sum::<u64>(),
            "zero_volume": reports.map(|report| report.zero_volume).sum::<usize>(),
        });
        let head = json!({
            "run_id": prepared.run_id,
            "digest": outcome.digest,
            "environment": prepared.plan.environment,
            "portfolio": prepared.plan.scheduler,
            "valuation_asset": prepared.plan.valuation,
            "equal_quote_assets": prepared.plan.equal_quotes,
            "synthetic": prepared.data.is_synthetic(),
            "start": instant::text(history.start),
            "end": instant::text(outcome.timeline.end),
            "cash": finite(outcome.account.cash.get()),
            "positions": positions(prepared, outcome),
        });
        Self {
            total: schedules.iter().map(|schedule| schedule.counts).sum(),
            money: schedules.iter().map(|schedule| schedule.money).sum(),
            strategies: strategies(prepared, &schedules),
            schedules,
            risk: history.risk,
            statistics,
            clipped: history.clipped,
            after_gap: history.after_gap,
            elapsed_seconds,
            passes,
            head,
            series: sources.iter().map(|source| sources::series(prepared, source)).collect(),
            quotes: prepared.data.quotes.iter().map(|source| sources::quotes(prepared, source)).collect(),
            candles,
            warnings: warnings(prepared, outcome, notes),
        }
    }

    /// What is probably not meant, or worth knowing.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// One count of all candles read: `bars`, `gaps`, `missing` or `zero_volume`.
    #[must_use]
    pub fn candles(&self, count: &str) -> u64 {
        self.candles[count].as_u64().unwrap_or_default()
    }

    /// The document `summary.json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let s = &self.statistics;
        let schedules = self.schedules.iter().map(|schedule| {
            let own = json!({
                "name": schedule.name,
                "strategy": schedule.strategy,
                "counts": schedule.counts.to_json(),
                "telemetry": schedule.metrics,
                "hit_rate": schedule.hit_rate,
                "profit_factor": schedule.profit_factor,
            });
            merged([own, schedule.money.to_json()])
        });
        let strategies =
            self.strategies.iter().map(|(name, money)| merged([json!({ "name": name }), money.to_json()]));
        let document = json!({
            "schema": "hemiola.summary/1",
            "candles": self.candles,
            "series": self.series,
            "quotes": self.quotes,
            "counts": self.total.to_json(),
            "refusals": self.risk.refused,
            "adjusted": self.risk.adjusted,
            "latches": { "entered": self.risk.latched, "released": self.risk.released },
            "alerts": self.risk.alerts,
            "fills_clipped": self.clipped,
            "fills_after_gap": self.after_gap,
            "money": self.money.to_json(),
            "statistics": {
                "days": s.days,
                "total_return": s.total_return,
                "cagr": s.cagr,
                "annualised_volatility": s.annualised_volatility,
                "sharpe": s.sharpe,
                "sortino": s.sortino,
                "max_drawdown": s.max_drawdown,
                "max_drawdown_days": s.max_drawdown_days,
                "calmar": s.calmar,
                "turnover": s.turnover,
                "exposure": s.exposure,
                "hit_rate": s.hit_rate,
                "profit_factor": s.profit_factor,
            },
            "schedules": schedules.collect::<Vec<_>>(),
            "strategies": strategies.collect::<Vec<_>>(),
            "warnings": self.warnings,
            "measured": { "elapsed_seconds": self.elapsed_seconds, "passes": self.passes },
        });
        merged([document, self.head.clone()])
    }
}

/// One object with the members of all.
fn merged(objects: impl IntoIterator<Item = Value>) -> Value {
    let members = objects.into_iter().filter_map(|object| match object {
        Value::Object(members) => Some(members),
        _ => None,
    });
    members.flatten().collect::<Map<String, Value>>().into()
}

/// What is held at the end, by schedule, then instrument; what is flat is left out.
fn positions(prepared: &Prepared, outcome: &Outcome) -> Value {
    let plan = &prepared.plan;
    let places = plan.schedules.iter().flat_map(|schedule| {
        schedule.instruments.iter().map(|instrument| (&schedule.name, &plan.instruments[*instrument]))
    });
    let held = places.zip(&outcome.holdings).filter(|(_, holding)| holding.quantity != Quantity::ZERO);
    held.map(|((schedule, instrument), holding)| {
        json!({
            "schedule": schedule,
            "venue": instrument.venue,
            "symbol": instrument.symbol,
            "quantity": finite(holding.quantity.get()),
            "average_price": finite(holding.average_price.get()),
        })
    })
    .collect()
}

/// Telemetry at the end of the run, under the names of `telemetry.parquet`; the metrics of signals are of all of it.
fn metrics(outcome: &Outcome, schedule: usize) -> BTreeMap<&'static str, f64> {
    let weight = outcome.weights[schedule];
    let tag = weight.tag.map(|tag| tag.weight);
    let allocator = [
        ("allocator_weight", Some(weight.share)),
        ("allocator_raw_weight", weight.raw),
        ("allocator_smoothed_weight", Some(weight.smoothed)),
        ("allocator_profile_weight", Some(weight.profile)),
        ("allocator_tag_weight", tag),
    ];
    let allocator = allocator.into_iter().filter_map(|(name, value)| Some((name, value?)));
    outcome.signal_metrics[schedule].values().chain(allocator).collect()
}

fn schedules(prepared: &Prepared, outcome: &Outcome, history: &History) -> Vec<ScheduleSummary> {
    let mut holdings = outcome.holdings.iter().zip(&outcome.marks);
    let plans = prepared.plan.schedules.iter().zip(&history.counts).enumerate();
    plans
        .map(|(index, (plan, counts))| {
            let positions = plan.instruments.iter().zip(holdings.by_ref());
            let money = positions.map(|(instrument, (holding, mark))| {
                let place = (ScheduleIndex::new(index), InstrumentIndex::new(*instrument));
                let fills = history.fills.get(&place).map_or(&[][..], Vec::as_slice);
                Money::of(holding, *mark, fills)
            });
            let money = money.sum();
            let closed = history.tally.closed.iter().filter(|(schedule, _)| schedule.get() == index);
            let profits: Vec<f64> = closed.map(|(_, profit)| *profit).collect();
            let (won, lost): (Vec<f64>, Vec<f64>) = profits.iter().partition(|profit| **profit > 0.0);
            let losses: f64 = -lost.iter().sum::<f64>();
            ScheduleSummary {
                name: plan.name.clone(),
                strategy: prepared.plan.strategies[plan.strategy].name.clone(),
                counts: *counts,
                metrics: metrics(outcome, index),
                money,
                hit_rate: (!profits.is_empty()).then(|| won.len() as f64 / profits.len() as f64),
                profit_factor: (losses > 0.0).then(|| won.iter().sum::<f64>() / losses),
            }
        })
        .collect()
}

fn strategies(prepared: &Prepared, schedules: &[ScheduleSummary]) -> Vec<(String, Money)> {
    let names = prepared.plan.strategies.iter().map(|strategy| &strategy.name);
    let money = |name: &String| {
        schedules.iter().filter(|schedule| schedule.strategy == *name).map(|schedule| schedule.money).sum()
    };
    names.map(|name| (name.clone(), money(name))).collect()
}
