//! The history of an outcome, read once.

use std::collections::BTreeMap;

use hemiola_adapters::ledger::{Trade, amount};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::Event;
use hemiola_components::order::{Fill, Side};
use hemiola_components::time::Nanos;

use super::counts::{Counts, RiskCounts};
use crate::config::plan::Plan;
use crate::modes::backtest::Outcome;
use crate::results::tally::Tally;

/// A position, by its schedule and instrument.
pub(super) type Place = (ScheduleIndex, InstrumentIndex);

/// What the records of a run add up to.
pub(super) struct History {
    pub(super) start: Nanos,
    pub(super) tally: Tally,
    /// The fills of each position, in order.
    pub(super) fills: BTreeMap<Place, Vec<Option<Trade>>>,
    /// What schedules do not count themselves, one per schedule.
    pub(super) counts: Vec<Counts>,
    pub(super) risk: RiskCounts,
    pub(super) clipped: u64,
    pub(super) after_gap: u64,
}

impl History {
    pub(super) fn read(plan: &Plan, outcome: &Outcome) -> Self {
        let counts =
            outcome.telemetry.iter().map(|telemetry| Counts { telemetry: *telemetry, ..Counts::default() });
        let mut history = Self {
            start: outcome.timeline.start,
            tally: Tally::new(plan),
            fills: BTreeMap::new(),
            counts: counts.collect(),
            risk: RiskCounts::default(),
            clipped: 0,
            after_gap: 0,
        };
        for record in &outcome.records {
            history.tally.take(record);
            history.risk.take(&record.event);
            match &record.event {
                event @ Event::Fill { fill, .. } => {
                    history.counts[fill.order.schedule.get()].take(event);
                    history.fill((fill.order.schedule, fill.order.instrument), fill);
                }
                event @ (Event::Adjusted { schedule, .. } | Event::Borrow { schedule, .. }) => {
                    history.counts[schedule.get()].take(event);
                }
                _ => {}
            }
        }
        history.tally.end(outcome.timeline.end, outcome.account.equity);
        history
    }

    fn fill(&mut self, place: Place, fill: &Fill) {
        let trade = amount(fill.quantity.get()).zip(amount(fill.price.get()));
        let is_buy = fill.order.side == Side::Buy;
        let trade = trade.map(|(quantity, price)| Trade { is_buy, quantity, price });
        self.fills.entry(place).or_default().push(trade);
        self.clipped += u64::from(fill.clipped);
        self.after_gap += u64::from(fill.after_gap);
    }
}
