//! Phase 6, Journaling: what happened is handed over to the core.

use bevy_ecs::system::InMut;

use crate::pass::{Phase, Systems, When};
use crate::queue::Queue;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Journaling, When::Records, journal);
}

fn journal(InMut(queue): InMut<Queue>) {
    queue.outbox.records.journal();
}
