//! Decisions as data: everything that explains a position, in the order it happened.

use crate::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use crate::order::{Fill, Order};
use crate::risk::Refusal;
use crate::signal::Signal;
use crate::time::Nanos;
use crate::units::{Notional, Quantity};

/// One record of a portfolio's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Whose.
    pub portfolio: PortfolioIndex,
    /// The tick it happened in.
    pub at: Nanos,
    /// What happened.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An engine emitted a signal.
    Signal(Emitted),
    /// The share a decision of the schedule used, or the share at a day's close.
    Weight {
        /// Whose share.
        schedule: ScheduleIndex,
        /// From 0 to 1.
        share: f64,
    },
    /// The signal asks for what is already there.
    Unchanged {
        /// Whose.
        schedule: ScheduleIndex,
        /// In what.
        instrument: InstrumentIndex,
    },
    /// A rule stopped the signal or its order.
    Refused {
        /// Whose.
        schedule: ScheduleIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// Which rule, with value and limit.
        refusal: Refusal,
    },
    /// An approved order left for the venue.
    Order(Order),
    /// The venue filled an order.
    Fill {
        /// The fill.
        fill: Fill,
        /// The schedule's position after it.
        position: Quantity,
        /// Profit it realised, before fees.
        realised: Notional,
    },
    /// A schedule paid for what it borrowed to be short.
    Borrow {
        /// Whose.
        schedule: ScheduleIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// Quote currency, positive.
        amount: Notional,
    },
    /// The data ended before the order could fill.
    Unfilled(Order),
    /// The account has fallen as far from its peak as a risk profile allows.
    Halt {
        /// The profile, by its place in the portfolio's list.
        risk_profile: usize,
        /// The fall, as a fraction of the peak.
        drawdown: f64,
        /// What was allowed.
        limit: f64,
    },
    /// A trading day closed.
    DayClose {
        /// Equity at the last marks.
        equity: Notional,
        /// Cash.
        cash: Notional,
    },
}

/// A signal with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// Whose.
    pub schedule: ScheduleIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// Open time of the candle that decided.
    pub bar_time: Nanos,
    /// What is wanted.
    pub signal: Signal,
}
