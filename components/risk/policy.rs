//! How limits are applied, whatever they are.

use crate::time::Nanos;
use crate::units::{Notional, Ratio};

/// How a portfolio's limits are applied. The defaults are what a desk would want; the other settings are those of the
/// conformance cases, and of the same code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RiskPolicy {
    /// What lets a latched profile trade again.
    pub latch_release: LatchRelease,
    /// When the kill switches are looked at.
    pub triggers: Triggers,
    /// What becomes of an order that would turn a position around.
    pub flips: Flips,
    /// Which quantity a refusal suggests.
    pub suggestion: Suggestion,
    /// What is asked of every order before any limit.
    pub guards: Guards,
}

/// What lets a latched profile trade again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatchRelease {
    /// Midnight UTC releases what the day's loss latched; everything else waits for an operator.
    #[default]
    Manual,
    /// Midnight UTC releases everything. What still holds latches again at the next look.
    Midnight,
}

/// When the realised losses of a day and a week, and the costs, are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Triggers {
    /// As soon as something is realised.
    #[default]
    AtOnce,
    /// When the next order is checked.
    AtCheck,
}

/// What becomes of an order that would turn a position around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flips {
    /// It closes what there is, and what it opens beyond is held against the limits.
    #[default]
    Split,
    /// It is refused.
    Refuse,
}

/// Which quantity a refusal suggests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suggestion {
    /// The most that all limits together allow.
    #[default]
    Tightest,
    /// The most that the limit which refused allows.
    First,
}

/// Questions before any limit, asked of every order that does not only reduce its position. Zero is off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guards {
    /// Farthest that an order's own price may be from the mark, as a fraction of it.
    pub price_collar: Ratio,
    /// Largest value of an order, quote currency.
    pub max_order_notional: Notional,
    /// Most orders in any second.
    pub max_orders_per_second: u32,
    /// Time in which an order with the side and quantity of the last one in its position is taken for a mistake.
    pub duplicate_window: Nanos,
    /// Greatest age of the candle that an instrument is marked at.
    pub max_price_age: Nanos,
    /// By instrument, whether its positions may only be reduced; shorter when the rest is free.
    pub restricted: Vec<bool>,
}

impl Guards {
    /// Whether any of them asks about earlier orders.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.max_orders_per_second > 0 || self.duplicate_window > Nanos::ZERO
    }
}
