//! Phase 4, Risk: the gate between what is wanted and what may be sent.

pub mod cash;
pub mod gate;
pub mod halt;

use crate::pass::{Phase, Systems, When};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Risk, When::Signals, gate::gate);
}
