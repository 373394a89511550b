//! Positions: one per schedule and instrument. A ledger per strategy.

use std::sync::Arc;

use bevy_ecs::prelude::{Component, Entity};
use serde::{Deserialize, Serialize};

use crate::candles::Candles;
use crate::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use crate::market::{LogReturns, Snapshots, Targets, TickSums};
use crate::order::Costs;
use crate::schedule::Cadence;
use crate::signal::{Answer, Signal};
use crate::time::Nanos;
use crate::units::{Notional, Price, Quantity};

/// Whose position it is, in what, and what its engine reads.
#[derive(Component, Clone, Debug)]
#[require(Holding)]
pub struct Position {
    /// The account.
    pub portfolio: PortfolioIndex,
    /// The schedule whose ledger this is.
    pub schedule: Entity,
    /// That schedule's strategy.
    pub strategy: Entity,
    /// The schedule's place among the portfolio's schedules.
    pub schedule_index: ScheduleIndex,
    /// The instrument's place among the portfolio's instruments.
    pub instrument_index: InstrumentIndex,
    /// This position's place in its portfolio's agenda, ordered by schedule, then instrument.
    pub slot: usize,
    /// Its place when several signal together: by its schedule's priority, then slot.
    pub rank: u32,
    /// On a position that decides for a pair: the other leg's, which decides nothing itself.
    pub hedge: Option<Entity>,
    /// What its engine reads.
    pub feed: Feed,
}

/// The ledger of a position.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Signed: negative is short.
    pub quantity: Quantity,
    /// Average entry price; zero when flat.
    pub average_price: Price,
    /// Profit of closed quantity, before fees.
    pub realised: Notional,
    /// Fees paid.
    pub fees: Notional,
    /// What slippage and impact cost, within the prices of its fills.
    pub slippage: Notional,
    /// What borrowing cost while it was short.
    pub borrow: Notional,
    /// Up to when borrowing has been paid for; of no meaning while it is not short.
    pub borrowed_until: Nanos,
    /// Cash that is locked while it is short.
    pub margin: Notional,
    /// When the quantity last left zero, or changed its sign: the time of that fill.
    pub opened_at: Nanos,
    /// The stop of the last order that added to the position.
    pub stop: Option<Price>,
}

/// What a position's engine reads and when; the columns are shared with every other reader.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The schedule's cadence, kept here too because every look at a position needs it.
    pub cadence: Cadence,
    /// Candles of the schedule's interval.
    pub bars: Candles,
    /// Exact running sums of the closes, when the engine asked for them and the prices allow them.
    pub ticks: Option<Arc<TickSums>>,
    /// Logarithmic returns of the closes, when the engine asked for them.
    pub returns: Option<Arc<LogReturns>>,
    /// Quotes of both legs at each close, for engines that trade pairs.
    pub snapshots: Option<Arc<Snapshots>>,
    /// Targets from outside, for engines that follow them.
    pub targets: Option<Arc<Targets>>,
    /// What a fill costs.
    pub costs: Costs,
}

/// How far a position's engine has read, and what it found.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The first candle the engine is given, warm-up included.
    pub first: usize,
    /// Candles up to here have been taken in.
    pub seen: usize,
    /// Candles before this one warm the state and never signal.
    pub decide_from: usize,
    /// The last instant of the run.
    pub until: Nanos,
    /// Candles that have closed by then.
    pub end: usize,
    /// The due instant that was served last.
    pub last_due: Nanos,
    /// A signal found ahead of time; it is emitted when the portfolio reaches its due instant.
    /// Not part of what is saved: where candles come while a world runs, nobody looks ahead of them.
    #[serde(skip)]
    pub found: Option<Found>,
    /// Orders at the venue, both legs of a pair together; until all are answered, candles update state only.
    pub in_flight: u32,
    /// What became of the last signal, until the engine has been told.
    pub answer: Option<Answer>,
    /// Signals held back because a number in them was not finite.
    pub not_finite: u64,
    /// The position is being closed by somebody else: what its engine saw ahead of now was never so.
    pub recalled: bool,
    /// A panic of its engine, seen ahead of time; from its instant on the engine does not run any more.
    pub failure: Option<Box<Failure>>,
}

/// A panic of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The due instant of the decision that failed; [`Nanos::NEVER`] once it has been told.
    pub at: Nanos,
    /// What it said.
    pub message: String,
}

/// The state of a position's engine before it looked ahead, to go back to.
#[derive(Component, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint<S: Send + Sync + 'static> {
    /// The engine's state.
    pub state: S,
    /// [`Cursor::seen`] at the time.
    pub seen: usize,
    /// [`Cursor::last_due`] at the time.
    pub last_due: Nanos,
    /// [`Cursor::not_finite`] at the time.
    pub not_finite: u64,
}

/// A signal with the instant and the candle it was decided on.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The due instant.
    pub at: Nanos,
    /// The candle that decided.
    pub bar: usize,
    /// What is wanted.
    pub signal: Signal,
}
