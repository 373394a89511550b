//! Phase 4, Risk: the gate between what is wanted and what may be sent.

pub mod alerts;
pub mod calendar;
pub mod cash;
pub mod check;
pub mod exposure;
pub mod gate;
pub mod guards;
pub mod latch;
pub(crate) mod liquidation;

use crate::pass::{Phase, Systems, When};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Risk, When::Intents, gate::gate);
}
