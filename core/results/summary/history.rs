//! The history of an outcome, read once.

use std::collections::BTreeMap;

use hemiola_adapters::ledger::{Trade, amount};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Side};
use hemiola_components::time::Nanos;

use super::counts::{Counts, RiskCounts};
use crate::modes::backtest::Outcome;

/// A position, by its schedule and instrument.
pub(super) type Place = (ScheduleIndex, InstrumentIndex);

/// What the records of a run add up to.
pub(super) struct History {
    pub(super) start: Nanos,
    pub(super) day_closes: Vec<(Nanos, f64)>,
    pub(super) days_held: usize,
    /// Schedule and profit of each closing fill.
    pub(super) closed: Vec<(ScheduleIndex, f64)>,
    /// The fills of each position, in order.
    pub(super) fills: BTreeMap<Place, Vec<Option<Trade>>>,
    /// What schedules do not count themselves, one per schedule.
    pub(super) counts: Vec<Counts>,
    pub(super) risk: RiskCounts,
    pub(super) traded: f64,
    pub(super) clipped: u64,
    pub(super) after_gap: u64,
}

impl History {
    pub(super) fn read(outcome: &Outcome) -> Self {
        let counts =
            outcome.telemetry.iter().map(|telemetry| Counts { telemetry: *telemetry, ..Counts::default() });
        let mut history = Self {
            start: outcome.timeline.start,
            day_closes: Vec::new(),
            days_held: 0,
            closed: Vec::new(),
            fills: BTreeMap::new(),
            counts: counts.collect(),
            risk: RiskCounts::default(),
            traded: 0.0,
            clipped: 0,
            after_gap: 0,
        };
        let mut positions: BTreeMap<Place, f64> = BTreeMap::new();
        for Record { at, event, .. } in &outcome.records {
            history.risk.take(event);
            match event {
                Event::Fill { fill, position, realised } => {
                    let place = (fill.order.schedule, fill.order.instrument);
                    let before = positions.insert(place, position.get()).unwrap_or_default();
                    if before * fill.order.side.sign() < 0.0 {
                        history.closed.push((fill.order.schedule, realised.get()));
                    }
                    history.counts[fill.order.schedule.get()].take(event);
                    history.fill(place, fill);
                }
                Event::Adjusted { schedule, .. } | Event::Borrow { schedule, .. } => {
                    history.counts[schedule.get()].take(event);
                }
                Event::DayClose { equity, .. } => {
                    history.close_day(*at, equity.get(), &positions);
                }
                _ => {}
            }
        }
        let end = outcome.timeline.end;
        if history.day_closes.last().is_none_or(|(last, _)| *last < end) {
            history.close_day(end, outcome.account.equity.get(), &positions);
        }
        history
    }

    fn fill(&mut self, place: Place, fill: &Fill) {
        let trade = amount(fill.quantity.get()).zip(amount(fill.price.get()));
        let is_buy = fill.order.side == Side::Buy;
        let trade = trade.map(|(quantity, price)| Trade { is_buy, quantity, price });
        self.fills.entry(place).or_default().push(trade);
        self.traded += fill.quantity.at(fill.price).get();
        self.clipped += u64::from(fill.clipped);
        self.after_gap += u64::from(fill.after_gap);
    }

    fn close_day(&mut self, at: Nanos, equity: f64, positions: &BTreeMap<Place, f64>) {
        self.day_closes.push((at, equity));
        self.days_held += usize::from(positions.values().any(|quantity| *quantity != 0.0));
    }
}
