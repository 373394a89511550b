//! Orders and fills.

use bevy_ecs::prelude::Entity;

use crate::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use crate::signal::{Answer, Protection};
use crate::time::Nanos;
use crate::units::{Notional, Price, Quantity, Ratio};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Adds quantity.
    Buy,
    /// Takes quantity away.
    Sell,
}

impl Side {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// +1 for a buy, -1 for a sell.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Buy => 1.0,
            Self::Sell => -1.0,
        }
    }
}

/// How much an order trades. Never negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrderSize {
    /// Base units.
    Base(Quantity),
    /// Quote currency at the fill's price, the fee on top.
    Quote(Notional),
    /// Quote currency debited in all, the fee included.
    Spend(Notional),
}

/// How long an order may wait for its market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until there is a candle that fills it.
    #[default]
    UntilFilled,
    /// For the next candle only: the one that opens at or just after the decision, if its market goes on.
    NextCandle,
}

/// A market order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Identity, together with `at` and `ordinal`.
    pub schedule: ScheduleIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// When it was decided.
    pub at: Nanos,
    /// Its number among the schedule's orders of that instant.
    pub ordinal: u32,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub size: OrderSize,
    /// The mark it was decided at.
    pub reference: Price,
    /// Stop and range of an entry.
    pub protection: Option<Protection>,
}

/// An order on its way, with what has to be known until it is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkingOrder {
    /// The order.
    pub order: Order,
    /// The account.
    pub portfolio: PortfolioIndex,
    /// The position it changes.
    pub position: Entity,
    /// The position whose engine decided it: the same, or the other leg of a pair.
    pub decider: Entity,
    /// The schedule's risk profile, by its place in the portfolio's list.
    pub risk_profile: usize,
    /// Who wanted it.
    pub origin: Origin,
    /// How much it is of what the engine asked for, from above 0 to 1: Allocation clips.
    pub part: f64,
    /// Cash set aside for it.
    pub reserved: Notional,
    /// Base units it adds to the instrument's gross position.
    pub exposure: Quantity,
    /// It opens a position where there was none.
    pub opens: bool,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
}

/// Who wanted an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The engine of its position, by a signal.
    Engine,
    /// The risk engine, which closes what a latched profile holds.
    Risk,
}

impl Origin {
    /// What the engine is told when this part of the order was filled.
    #[must_use]
    pub const fn filled(self, part: f64) -> Answer {
        match self {
            Self::Engine => Answer::Filled(part),
            Self::Risk => Answer::Closed,
        }
    }
}

/// How a simulated venue fills market orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillModel {
    /// At the open of the instrument's next candle that has volume.
    #[default]
    NextOpen,
    /// At once, at the mark of the decision. It assumes that a price which has just been seen can still be had.
    Instant,
}

impl FillModel {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextOpen => "next_open",
            Self::Instant => "instant",
        }
    }
}

/// Costs of a simulated venue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Fee of a market order as a fraction of its value.
    pub taker_fee: Ratio,
    /// How much worse than the reference a market order fills.
    pub slippage: Ratio,
}

/// A fill as the venue reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The order it answers.
    pub order: Order,
    /// The instant of the trade: the open time of the candle it happened in.
    pub time: Nanos,
    /// The price, slippage included.
    pub price: Price,
    /// Base units, never negative.
    pub quantity: Quantity,
    /// Quote currency.
    pub fee: Notional,
    /// Cash did not cover the order, so less was filled.
    pub clipped: bool,
    /// Candles were missing or without volume between the decision and the fill.
    pub after_gap: bool,
}
