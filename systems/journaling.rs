//! Phase 6, Journaling: what happened goes to the journal's outbox.

use bevy_ecs::prelude::ResMut;
use hemiola_components::port::Outbox;

use crate::pass::{Phase, Systems, When};
use crate::queue::Queue;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Journaling, When::Records, journal);
}

fn journal(queue: ResMut<Queue>, mut outbox: ResMut<Outbox>) {
    outbox.records.extend_from_slice(&queue.records);
}
