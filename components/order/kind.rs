//! What an order asks of the market, and for how long.

use serde::{Deserialize, Serialize};

use crate::time::Nanos;
use crate::units::{Price, Ratio};

/// What an order asks of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum OrderKind {
    /// To be filled at once, at whatever the market offers.
    #[default]
    Market,
    /// To be filled at this price or a better one.
    Limit {
        /// The worst price it accepts, quote currency; a multiple of the tick.
        price: Price,
        /// It is canceled rather than filled on arrival.
        post_only: bool,
    },
    /// A market order from the moment the market trades here.
    Stop {
        /// At or above it for a buy, at or below it for a sale; quote currency, a multiple of the tick.
        trigger: Price,
    },
}

impl OrderKind {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
        }
    }

    /// The price that the order itself names, if it names one.
    #[must_use]
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Limit { price, .. } => Some(price),
            Self::Stop { trigger } => Some(trigger),
            Self::Market => None,
        }
    }
}

/// How long an order may wait for its market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Until it is filled or canceled.
    #[default]
    UntilFilled,
    /// What can be filled on arrival is filled, the rest is canceled.
    ImmediateOrCancel,
    /// All of it on arrival, or nothing.
    FillOrKill,
    /// For the next candle only: the one that opens at or just after the decision, if its market goes on.
    NextCandle,
}

impl TimeInForce {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UntilFilled => "gtc",
            Self::ImmediateOrCancel => "ioc",
            Self::FillOrKill => "fok",
            Self::NextCandle => "next_candle",
        }
    }
}

/// How a schedule's entries go to the market; its exits are market orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntryOrder {
    /// Its kind.
    pub kind: EntryKind,
    /// How far from the mark its price is: a limit on the better side, a stop on the worse one.
    pub offset: Ratio,
    /// How it waits.
    pub time_in_force: TimeInForce,
    /// How long it waits, from the decision; positive. [`Nanos::NEVER`] is as long as the run.
    pub good_for: Nanos,
}

impl Default for EntryOrder {
    fn default() -> Self {
        Self {
            kind: EntryKind::Market,
            offset: Ratio::ZERO,
            time_in_force: TimeInForce::UntilFilled,
            good_for: Nanos::NEVER,
        }
    }
}

/// The kind of a schedule's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryKind {
    /// Market orders.
    #[default]
    Market,
    /// Limit orders.
    Limit {
        /// See [`OrderKind::Limit`].
        post_only: bool,
    },
    /// Stop orders.
    Stop,
}

impl EntryKind {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop => "stop",
        }
    }
}
