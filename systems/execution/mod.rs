//! Phase 5, Execution: approved orders go to the venue. Here it is the simulated one.

pub mod ledger;
pub mod paper;

use crate::pass::{Phase, Systems, When};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Execution, When::Intents, paper::accept);
}
