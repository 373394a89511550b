//! Schedules: when a strategy runs, for which portfolio and with how much.

use bevy_ecs::prelude::{Component, Entity};
use serde::{Deserialize, Serialize};

use crate::id::ScheduleIndex;
use crate::metric::Metrics;
use crate::order::EntryOrder;
use crate::time::Nanos;
use crate::units::{Notional, Quantity};

/// A configured schedule. Every schedule has a cadence, a size rule, a risk profile and telemetry.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(immutable)]
#[require(Telemetry, Metrics)]
pub struct Schedule {
    /// The configured name.
    pub name: String,
    /// Its place among its portfolio's schedules.
    pub index: ScheduleIndex,
    /// The strategy it runs.
    pub strategy: Entity,
    /// The account it trades for.
    pub portfolio: Entity,
    /// How many instruments it is configured for; its budget is divided by this.
    pub instruments: usize,
    /// How its entries are sized.
    pub sizing: Sizing,
    /// How its entries go to the market.
    pub entry_order: EntryOrder,
    /// Its risk profile, by its place in the portfolio's list.
    pub risk_profile: usize,
    /// When it may enter; always when there are none.
    pub windows: Vec<TradingWindow>,
    /// The schedules that it stands in for: it may enter only while one of them is suspended. Empty when it is no
    /// fallback.
    pub stands_in_for: Vec<ScheduleIndex>,
}

/// When a schedule is due: at the grid instants `offset + k * every`, counted from the Unix epoch, and there at
/// the first instant with a closed bar it has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Distance of the grid instants; positive.
    pub every: Nanos,
    /// Shift of the grid.
    pub offset: Nanos,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { every: Nanos::new(300 * Nanos::SECOND.get()), offset: Nanos::ZERO }
    }
}

impl Cadence {
    /// The due instant that follows `last`, when the first bar not seen by then closes at `unseen`.
    #[must_use]
    pub fn next_due(self, last: Nanos, unseen: Nanos) -> Nanos {
        last.next_on_grid(self.offset, self.every).max(unseen)
    }
}

/// What becomes of a schedule's positions while it is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSuspend {
    /// They are held as they are.
    #[default]
    Hold,
    /// They are closed when the suspension begins.
    Flatten,
}

/// A part of the week in which a schedule may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradingWindow {
    /// The days it begins on: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// Time of day at which it begins, UTC.
    pub from: Nanos,
    /// Time of day at which it is over, UTC; one that is not after `from` is on the next day.
    pub to: Nanos,
}

impl TradingWindow {
    /// Whether `instant` is in it.
    #[must_use]
    pub fn contains(&self, instant: Nanos) -> bool {
        let (day, time) =
            (instant.get().div_euclid(Nanos::DAY.get()), instant.get().rem_euclid(Nanos::DAY.get()));
        // The epoch was a Thursday.
        let begins_on = |day: i64| self.days >> (day + 3).rem_euclid(7) & 1 == 1;
        let (from, to) = (self.from.get(), self.to.get());
        if from < to {
            return begins_on(day) && from <= time && time < to;
        }
        begins_on(day) && from <= time || begins_on(day - 1) && time < to
    }
}

/// How an entry is sized.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sizing {
    /// Allocator weight times equity, divided by the configured instruments; costs are paid out of it.
    #[default]
    Weight,
    /// This much quote currency at the fill's price, the fee on top.
    Quote(Notional),
    /// This many base units.
    Base(Quantity),
    /// All unreserved cash, the fee included.
    AllIn,
}

/// What a schedule has done so far.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telemetry {
    /// Signals its engine emitted.
    pub signals: u64,
    /// Signals that led to no order because nothing was left to trade.
    pub unchanged: u64,
    /// Signals or orders that a rule stopped.
    pub refusals: u64,
    /// Orders sent to the venue.
    pub orders: u64,
    /// Orders filled.
    pub fills: u64,
    /// Orders the data ended before filling.
    pub unfilled: u64,
}
