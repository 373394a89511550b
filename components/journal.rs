//! Decisions as data: everything that explains a position, in the order it happened.

use crate::capital::Weight;
use crate::control::{OperatorAction, SignalLimit, Suspension};
use crate::governor::{Decision, Grant};
use crate::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use crate::order::{Fill, Order};
use crate::risk::{Alert, Refusal, Rule};
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
    /// What a decision of the schedule had of the capital, or what it has at a day's close.
    Weight {
        /// Whose.
        schedule: ScheduleIndex,
        /// How much.
        weight: Weight,
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
    /// The gate made an order smaller, so that it passes.
    Adjusted {
        /// Whose.
        schedule: ScheduleIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// Why the order as it was did not pass.
        refusal: Refusal,
        /// Base units it has now.
        quantity: Quantity,
    },
    /// A risk profile was latched, or one of its latches was released.
    Latch {
        /// The profile, by its place in the portfolio's list.
        risk_profile: usize,
        /// What latched it.
        rule: Rule,
        /// It was latched; else released.
        entered: bool,
        /// What the rule was held against when it latched; zero for a release.
        value: f64,
        /// What was allowed.
        limit: f64,
    },
    /// Something an operator should hear of.
    Alert {
        /// The profile, by its place in the portfolio's list.
        risk_profile: usize,
        /// What.
        alert: Alert,
        /// The order's schedule and instrument, if an order is the reason.
        order: Option<(ScheduleIndex, InstrumentIndex)>,
        /// What it is about.
        value: f64,
        /// Its threshold.
        limit: f64,
    },
    /// What schedules may do has changed.
    Control(Box<Change>),
    /// A trading day closed.
    DayClose {
        /// Equity at the last marks.
        equity: Notional,
        /// Cash.
        cash: Notional,
    },
}

/// A change of what schedules may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A command took effect.
    Command(OperatorAction),
    /// A signal limit ended by itself.
    LimitEnded(SignalLimit),
    /// A suspension ended by itself.
    SuspensionEnded(Suspension),
    /// An engine panicked; its schedule is suspended next, and the engine of this position does not run any more.
    Failed {
        /// Whose.
        schedule: ScheduleIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// What it said.
        message: String,
    },
    /// A schedule is suspended from now on, or by another suspension than before.
    Suspended {
        /// Whose.
        schedule: ScheduleIndex,
        /// By what.
        suspension: Suspension,
    },
    /// A schedule is no longer suspended.
    Resumed {
        /// Whose.
        schedule: ScheduleIndex,
    },
    /// The governor has decided; the lists of the decision are in the order of the strategies.
    Governed {
        /// The names of its strategies.
        strategies: Vec<String>,
        /// The decision.
        decision: Decision,
        /// What it grants them.
        grants: Vec<Grant>,
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
    /// No suspension and no signal limit holds it back.
    pub kept: bool,
}
