//! What one phase hands to the next within a pass.

use bevy_ecs::prelude::{Entity, Resource};
use hemiola_components::id::PortfolioIndex;
use hemiola_components::journal::{Emitted, Event, Record};
use hemiola_components::order::Order;
use hemiola_components::port::{EquityPoint, Tick};
use hemiola_components::time::Nanos;

use crate::risk::gate::Approved;
use crate::signals::engine::ScanLimit;
use crate::signals::explain::Explain;

/// All queues of a pass in one resource: each access of a resource costs, and a phase drains one list and
/// fills the next. Every list is empty between passes and keeps its capacity.
#[derive(Resource, Debug, Default)]
pub struct Queue {
    /// How far engines may scan ahead.
    pub scan: ScanLimit,
    /// Decisions that somebody asks about.
    pub explain: Option<Box<Explain>>,
    /// The ticks of this pass, as they came out of the inbox.
    pub ticks: Vec<Tick>,
    /// Positions to look at, by tick, then slot.
    pub due: Vec<Due>,
    /// Signals, by tick, then slot once Allocation has sorted them.
    pub signals: Vec<SignalNote>,
    /// Orders that nobody has approved.
    pub intents: Vec<Order>,
    /// Orders that may leave.
    pub approved: Vec<Approved>,
    /// What happened, in order.
    pub records: Vec<Record>,
    /// Points of equity curves.
    pub equity: Vec<EquityPoint>,
}

/// A position that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which tick of the pass, in inbox order.
    pub tick: usize,
    /// Its place in the portfolio's agenda.
    pub slot: u32,
    /// The position.
    pub position: Entity,
    /// The tick's instant.
    pub now: Nanos,
}

/// A signal on its way to an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalNote {
    /// What made the engine run.
    pub due: Due,
    /// The signal and where it came from.
    pub emitted: Emitted,
}

impl Queue {
    /// Adds a record.
    pub fn record(&mut self, portfolio: PortfolioIndex, at: Nanos, event: Event) {
        self.records.push(Record { portfolio, at, event });
    }
}
