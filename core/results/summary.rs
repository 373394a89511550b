//! The summary of a run: counts, money and statistics, per schedule and in total.

use std::collections::BTreeMap;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};
use hemiola_systems::statistics::{History, Statistics};
use serde_json::{Value, json};

use crate::assembly::Notes;
use crate::instant;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// One per schedule.
    pub schedules: Vec<ScheduleSummary>,
    /// All schedules added up.
    pub total: Telemetry,
    /// Statistics of the account.
    pub statistics: Statistics,
    /// Refusals by rule.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Fills that cash cut short.
    pub clipped: u64,
    /// Fills after missing or volume-less candles.
    pub after_gap: u64,
    /// Profit of closed quantity, before fees.
    pub realised: f64,
    /// Profit of open quantity at the last marks.
    pub unrealised: f64,
    /// Fees paid.
    pub fees: f64,
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
    pub counts: Telemetry,
    /// Metrics of its signals, by name; one without samples is absent.
    pub metrics: BTreeMap<&'static str, f64>,
    /// Profit of closed quantity, before fees.
    pub realised: f64,
    /// Profit of open quantity at the last marks.
    pub unrealised: f64,
    /// Fees paid.
    pub fees: f64,
    /// Share of closing fills with a profit, if any closed.
    pub hit_rate: Option<f64>,
    /// Profits of closing fills over their losses, if there were losses.
    pub profit_factor: Option<f64>,
}

impl ScheduleSummary {
    /// Profit after fees, open quantity at the last marks.
    #[must_use]
    pub fn net(&self) -> f64 {
        self.realised + self.unrealised - self.fees
    }
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
        let ledger = Ledger::read(outcome);
        let schedules = schedules(prepared, outcome, &ledger);
        let add = |of: fn(&ScheduleSummary) -> f64| schedules.iter().map(of).sum();
        let (realised, unrealised, fees) = (add(|s| s.realised), add(|s| s.unrealised), add(|s| s.fees));
        let statistics = Statistics::of(&History {
            start: ledger.start,
            starting_equity: prepared.plan.cash,
            day_closes: &ledger.day_closes,
            days_held: ledger.days_held,
            realised: &ledger.closed.iter().map(|(_, profit)| *profit).collect::<Vec<_>>(),
            traded: Notional::new(ledger.traded),
            max_drawdown: Ratio::new(outcome.account.max_drawdown),
        });
        let series: Vec<Value> = prepared.data.series.iter().map(|source| series(prepared, source)).collect();
        let quotes = prepared.data.quotes.iter().map(|source| quotes(prepared, source)).collect();
        let reports = prepared.data.series.iter().map(|source| &source.report);
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
            "start": instant::text(ledger.start),
            "end": instant::text(outcome.timeline.end),
        });
        Self {
            total: total(&outcome.telemetry),
            schedules,
            statistics,
            refusals: ledger.refusals,
            clipped: ledger.clipped,
            after_gap: ledger.after_gap,
            realised,
            unrealised,
            fees,
            elapsed_seconds,
            passes,
            head,
            series,
            quotes,
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
            json!({
                "name": schedule.name,
                "strategy": schedule.strategy,
                "counts": counts(&schedule.counts),
                "telemetry": schedule.metrics,
                "realised": schedule.realised,
                "unrealised": schedule.unrealised,
                "fees": schedule.fees,
                "net": schedule.net(),
                "hit_rate": schedule.hit_rate,
                "profit_factor": schedule.profit_factor,
            })
        });
        let mut document = json!({
            "schema": "hemiola.summary/1",
            "candles": self.candles,
            "series": self.series,
            "quotes": self.quotes,
            "counts": counts(&self.total),
            "refusals": self.refusals,
            "fills_clipped": self.clipped,
            "fills_after_gap": self.after_gap,
            "money": { "realised": self.realised, "unrealised": self.unrealised, "fees": self.fees },
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
            "warnings": self.warnings,
            "measured": { "elapsed_seconds": self.elapsed_seconds, "passes": self.passes },
        });
        if let (Value::Object(document), Value::Object(head)) = (&mut document, &self.head) {
            document.extend(head.clone());
        }
        document
    }
}

/// The history of an outcome, read once.
struct Ledger {
    start: Nanos,
    day_closes: Vec<(Nanos, f64)>,
    days_held: usize,
    /// Schedule and profit of each closing fill.
    closed: Vec<(ScheduleIndex, f64)>,
    traded: f64,
    refusals: BTreeMap<&'static str, u64>,
    clipped: u64,
    after_gap: u64,
}

impl Ledger {
    fn read(outcome: &Outcome) -> Self {
        let mut ledger = Self {
            start: outcome.timeline.start,
            day_closes: Vec::new(),
            days_held: 0,
            closed: Vec::new(),
            traded: 0.0,
            refusals: BTreeMap::new(),
            clipped: 0,
            after_gap: 0,
        };
        let mut positions: BTreeMap<(ScheduleIndex, InstrumentIndex), f64> = BTreeMap::new();
        for Record { at, event, .. } in &outcome.records {
            match event {
                Event::Fill { fill, position, realised } => {
                    let place = (fill.order.schedule, fill.order.instrument);
                    let before = positions.insert(place, position.get()).unwrap_or_default();
                    if before * fill.order.side.sign() < 0.0 {
                        ledger.closed.push((fill.order.schedule, realised.get()));
                    }
                    ledger.traded += fill.quantity.at(fill.price).get();
                    ledger.clipped += u64::from(fill.clipped);
                    ledger.after_gap += u64::from(fill.after_gap);
                }
                Event::DayClose { equity, .. } => {
                    ledger.close_day(*at, equity.get(), &positions);
                }
                Event::Refused { refusal, .. } => {
                    *ledger.refusals.entry(refusal.rule.name()).or_default() += 1;
                }
                _ => {}
            }
        }
        let end = outcome.timeline.end;
        if ledger.day_closes.last().is_none_or(|(last, _)| *last < end) {
            ledger.close_day(end, outcome.account.equity.get(), &positions);
        }
        ledger
    }

    fn close_day(
        &mut self,
        at: Nanos,
        equity: f64,
        positions: &BTreeMap<(ScheduleIndex, InstrumentIndex), f64>,
    ) {
        self.day_closes.push((at, equity));
        self.days_held += usize::from(positions.values().any(|quantity| *quantity != 0.0));
    }
}

fn schedules(prepared: &Prepared, outcome: &Outcome, ledger: &Ledger) -> Vec<ScheduleSummary> {
    let mut holdings = outcome.holdings.iter();
    let mut marks = outcome.marks.iter();
    let plans = prepared.plan.schedules.iter().zip(&outcome.telemetry).enumerate();
    plans
        .map(|(index, (plan, counts))| {
            let (mut realised, mut unrealised, mut fees) = (0.0, 0.0, 0.0);
            let count = plan.instruments.len();
            for (holding, mark) in holdings.by_ref().take(count).zip(marks.by_ref().take(count)) {
                realised += holding.realised.get();
                fees += holding.fees.get();
                unrealised += holding.quantity.get() * (mark.get() - holding.average_price.get());
            }
            let closed = ledger.closed.iter().filter(|(schedule, _)| schedule.get() == index);
            let profits: Vec<f64> = closed.map(|(_, profit)| *profit).collect();
            let (won, lost): (Vec<f64>, Vec<f64>) = profits.iter().partition(|profit| **profit > 0.0);
            let losses: f64 = -lost.iter().sum::<f64>();
            ScheduleSummary {
                name: plan.name.clone(),
                strategy: prepared.plan.strategies[plan.strategy].name.clone(),
                counts: *counts,
                metrics: outcome.metrics[index].iter().copied().collect(),
                realised,
                unrealised,
                fees,
                hit_rate: (!profits.is_empty()).then(|| won.len() as f64 / profits.len() as f64),
                profit_factor: (losses > 0.0).then(|| won.iter().sum::<f64>() / losses),
            }
        })
        .collect()
}

fn total(schedules: &[Telemetry]) -> Telemetry {
    schedules.iter().fold(Telemetry::default(), |sum, one| Telemetry {
        signals: sum.signals + one.signals,
        unchanged: sum.unchanged + one.unchanged,
        refusals: sum.refusals + one.refusals,
        orders: sum.orders + one.orders,
        fills: sum.fills + one.fills,
        unfilled: sum.unfilled + one.unfilled,
    })
}

fn counts(counts: &Telemetry) -> Value {
    json!({
        "signals": counts.signals,
        "unchanged": counts.unchanged,
        "refusals": counts.refusals,
        "orders": counts.orders,
        "fills": counts.fills,
        "unfilled_at_end": counts.unfilled,
    })
}

fn series(prepared: &Prepared, source: &crate::market_data::SeriesSource) -> Value {
    let report = &source.report;
    let first = prepared.data.series.iter().map(|other| other.report.first_open).min();
    json!({
        "instrument": prepared.plan.instruments[source.instrument].name(),
        "interval": source.interval.to_string(),
        "bars": report.bars,
        "gaps": report.gaps,
        "missing": report.missing,
        "zero_volume": report.zero_volume,
        "first_open": instant::text(report.first_open),
        "last_open": instant::text(report.last_open),
        "listed_later": Some(report.first_open) > first,
        "synthetic": report.synthetic,
        "from_quotes": source.from_quotes,
    })
}

fn quotes(prepared: &Prepared, source: &crate::market_data::QuotesSource) -> Value {
    let report = &source.report;
    json!({
        "instrument": prepared.plan.instruments[source.instrument].name(),
        "quotes": report.quotes,
        "dropped": report.dropped,
        "received_early": report.received_early,
        "first": instant::text(report.first),
        "last": instant::text(report.last),
        "synthetic": report.synthetic,
    })
}

fn warnings(prepared: &Prepared, outcome: &Outcome, notes: &Notes) -> Vec<String> {
    let mut warnings = prepared.warnings.clone();
    if !prepared.plan.equal_quotes.is_empty() {
        let equal = prepared.plan.equal_quotes.join(", ");
        warnings.push(format!("the configuration declares {equal} equal to {}", prepared.plan.valuation));
    }
    warnings.extend(notes.short_warmups.iter().map(|short| {
        format!(
            "schedule `{}` asked for {} candles of {} to warm up and got {}",
            short.schedule, short.wanted, short.instrument, short.found
        )
    }));
    warnings.extend(notes.short_histories.iter().map(|short| {
        format!(
            "schedule `{}` decides after {} candles of {}, and there are {}: {} are missing, so it never does",
            short.schedule,
            short.needed,
            short.instrument,
            short.found,
            short.needed - short.found
        )
    }));
    warnings.extend(notes.stale_quotes.iter().map(|stale| {
        format!(
            "schedule `{}` enters no pair at {} of {} candles of {}: the last quote of {} is older than {} s",
            stale.schedule,
            stale.stale,
            stale.candles,
            stale.primary,
            stale.secondary,
            stale.bound.get() as f64 / 1e9
        )
    }));
    let held_back = prepared.plan.schedules.iter().zip(&outcome.not_finite).filter(|(_, count)| **count > 0);
    warnings.extend(held_back.map(|(schedule, count)| {
        format!("schedule `{}` held back {count} signals with numbers that are not finite", schedule.name)
    }));
    warnings.extend(notes.inexact_series.iter().map(|series| {
        format!("the prices of {series} have no common tick: windows are summed anew instead of exactly")
    }));
    warnings
}
