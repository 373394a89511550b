//! Orders and fills.

mod kind;
mod status;
mod venue;

use bevy_ecs::prelude::Entity;
use serde::{Deserialize, Serialize};

use crate::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use crate::signal::{Answer, Protection};
use crate::time::Nanos;
use crate::units::{Notional, Price, Quantity};

pub use kind::{EntryKind, EntryOrder, OrderKind, TimeInForce};
pub use status::{IllegalTransition, OrderEvent, OrderStatus};
pub use venue::{Costs, FillModel, Liquidity, Maintenance, MarginTerms, Shortfall};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderSize {
    /// Base units.
    Base(Quantity),
    /// Quote currency at the fill's price, the fee on top.
    Quote(Notional),
    /// Quote currency debited in all, the fee included.
    Spend(Notional),
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Identity, together with `at` and `ordinal`.
    pub schedule: ScheduleIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// When it was decided.
    pub at: Nanos,
    /// Its number among the schedule's orders of that instant.
    pub ordinal: u32,
    /// Who wanted it.
    pub origin: Origin,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub size: OrderSize,
    /// What it asks of the market.
    pub kind: OrderKind,
    /// The mark it was decided at.
    pub reference: Price,
    /// Stop and range of an entry.
    pub protection: Option<Protection>,
}

/// An order on its way, with what has to be known until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkingOrder {
    /// The order.
    pub order: Order,
    /// The account.
    pub portfolio: PortfolioIndex,
    /// The position it changes. Not part of what is saved, like all entities.
    #[serde(skip, default = "nobody")]
    pub position: Entity,
    /// The position whose engine decided it: the same, or the other leg of a pair.
    #[serde(skip, default = "nobody")]
    pub decider: Entity,
    /// The schedule's risk profile, by its place in the portfolio's list.
    pub risk_profile: usize,
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
    /// How long at most, from the decision; [`Nanos::NEVER`] is as long as the run.
    pub good_for: Nanos,
}

const fn nobody() -> Entity {
    Entity::PLACEHOLDER
}

/// Who wanted an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The engine of its position, by a signal.
    Engine,
    /// The risk engine, which closes what a latched profile holds.
    Risk,
    /// The venue, which closes a short that its margin no longer carries.
    Venue,
    /// The suspension of its schedule.
    Suspension,
    /// An operator, who wants to be flat at once.
    Operator,
}

impl Origin {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Risk => "risk",
            Self::Venue => "venue",
            Self::Suspension => "suspension",
            Self::Operator => "operator",
        }
    }

    /// What the engine is told when this part of the order was filled.
    #[must_use]
    pub const fn filled(self, part: f64) -> Answer {
        match self {
            Self::Engine => Answer::Filled(part),
            Self::Risk | Self::Venue | Self::Suspension | Self::Operator => Answer::Closed,
        }
    }
}

/// A fill as the venue reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The order it answers.
    pub order: Order,
    /// The instant of the trade: the open time of the candle it happened in, or the order's arrival in it.
    pub time: Nanos,
    /// The price, slippage included.
    pub price: Price,
    /// Base units, never negative.
    pub quantity: Quantity,
    /// Quote currency.
    pub fee: Notional,
    /// What the price is worse than the one before slippage, times the quantity; quote currency.
    pub slippage: Notional,
    /// The order rested in the market, so that somebody else took it.
    pub maker: bool,
    /// Where the order stands after it.
    pub status: OrderStatus,
    /// Cash did not cover the order, so less was filled.
    pub clipped: bool,
    /// Candles were missing or without volume between the decision and the fill.
    pub after_gap: bool,
}

impl Fill {
    /// Whether nothing of its order is left.
    #[must_use]
    pub fn ends_order(&self) -> bool {
        self.status == OrderStatus::Filled
    }
}
