//! What goes into a pass, what one phase hands to the next, and what comes out.

use bevy_ecs::prelude::Entity;
use hemiola_components::journal::Emitted;
use hemiola_components::order::WorkingOrder;
use hemiola_components::port::{Inbox, Outbox};
use hemiola_components::time::Nanos;

use crate::risk::gate::Approved;
use crate::signals::engine::ScanLimit;
use crate::signals::explain::Explain;

/// All queues of a pass: a phase drains one list and fills the next. It is the input of every system rather than a
/// resource, since each access of a resource costs as much as a short system. Every list keeps its capacity, and those
/// between phases are empty between passes.
#[derive(Debug, Default)]
pub struct Queue {
    /// The ticks of this pass.
    pub inbox: Inbox,
    /// What the core takes out after a pass.
    pub outbox: Outbox,
    /// All portfolios, by index.
    pub portfolios: Vec<Entity>,
    /// When each portfolio has its next tick, by index; [`Nanos::NEVER`] when its run is over.
    pub calendar: Vec<Nanos>,
    /// How far engines may scan ahead.
    pub scan: ScanLimit,
    /// Decisions that somebody asks about.
    pub explain: Option<Box<Explain>>,
    /// Positions to look at, by tick, then slot.
    pub due: Vec<Due>,
    /// Signals, by tick, then rank once Allocation has sorted them.
    pub signals: Vec<SignalNote>,
    /// Engines that have failed, and how.
    pub failures: Vec<(Due, String)>,
    /// Orders that nobody has approved.
    pub intents: Vec<WorkingOrder>,
    /// Orders that may leave.
    pub approved: Vec<Approved>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct SignalNote {
    /// What made the engine run.
    pub due: Due,
    /// The position's place among those that signal together.
    pub rank: u32,
    /// The signal and where it came from.
    pub emitted: Emitted,
}
