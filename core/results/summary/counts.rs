//! How often what happened.

use std::collections::BTreeMap;
use std::iter::Sum;

use hemiola_components::journal::Event;
use hemiola_components::schedule::Telemetry;
use serde_json::{Value, json};

/// How often what happened to a schedule, or to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What schedules count themselves.
    pub telemetry: Telemetry,
    /// Fills that left a part of their order open.
    pub partial_fills: u64,
    /// Orders that the gate made smaller.
    pub adjusted: u64,
    /// How often borrowing was paid for.
    pub borrow_charges: u64,
}

impl Counts {
    /// Counts what schedules do not count themselves.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Fill { fill, .. } => self.partial_fills += u64::from(!fill.ends_order()),
            Event::Adjusted { .. } => self.adjusted += 1,
            Event::Borrow { .. } => self.borrow_charges += 1,
            _ => {}
        }
    }

    pub(super) fn to_json(self) -> Value {
        json!({
            "signals": self.telemetry.signals,
            "unchanged": self.telemetry.unchanged,
            "refusals": self.telemetry.refusals,
            "orders": self.telemetry.orders,
            "fills": self.telemetry.fills,
            "unfilled_at_end": self.telemetry.unfilled,
            "partial_fills": self.partial_fills,
            "adjusted": self.adjusted,
            "borrow_charges": self.borrow_charges,
        })
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| {
            let (all, more) = (sum.telemetry, one.telemetry);
            Self {
                telemetry: Telemetry {
                    signals: all.signals + more.signals,
                    unchanged: all.unchanged + more.unchanged,
                    refusals: all.refusals + more.refusals,
                    orders: all.orders + more.orders,
                    fills: all.fills + more.fills,
                    unfilled: all.unfilled + more.unfilled,
                },
                partial_fills: sum.partial_fills + one.partial_fills,
                adjusted: sum.adjusted + one.adjusted,
                borrow_charges: sum.borrow_charges + one.borrow_charges,
            }
        })
    }
}

/// What the risk engine did, by the names that the decisions have for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskCounts {
    /// Signals and orders that were stopped, by rule.
    pub refused: BTreeMap<&'static str, u64>,
    /// Orders that were made smaller, by rule.
    pub adjusted: BTreeMap<&'static str, u64>,
    /// Risk profiles that were latched, by rule.
    pub latched: BTreeMap<&'static str, u64>,
    /// Latches that were released, by rule.
    pub released: BTreeMap<&'static str, u64>,
    /// Alerts, by code.
    pub alerts: BTreeMap<&'static str, u64>,
}

impl RiskCounts {
    pub(super) fn take(&mut self, event: &Event) {
        let (counts, name) = match event {
            Event::Refused { refusal, .. } => (&mut self.refused, refusal.rule.name()),
            Event::Adjusted { refusal, .. } => (&mut self.adjusted, refusal.rule.name()),
            Event::Latch { rule, entered: true, .. } => (&mut self.latched, rule.name()),
            Event::Latch { rule, entered: false, .. } => (&mut self.released, rule.name()),
            Event::Alert { alert, .. } => (&mut self.alerts, alert.code()),
            _ => return,
        };
        *counts.entry(name).or_default() += 1;
    }
}
