//! Phase 5, Execution: approved orders go to the venue. Here it is the simulated one.

pub mod borrow;
pub(crate) mod entry;
pub mod fill;
mod latency;
pub mod ledger;
pub mod margin;
pub(crate) mod matching;
pub mod paper;
pub mod trade;
pub mod validate;
pub mod venue;

use crate::pass::{Phase, Systems, When};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Execution, When::Intents, paper::accept);
}
