//! Phase 6, Journaling: what happened goes to the journal's outbox.

use bevy_ecs::system::InMut;

use crate::pass::{Phase, Systems, When};
use crate::queue::Queue;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Journaling, When::Records, journal);
}

fn journal(InMut(queue): InMut<Queue>) {
    let Queue { outbox, records, journaled, .. } = queue;
    *journaled = records.len();
    if outbox.records.is_empty() {
        std::mem::swap(&mut outbox.records, records);
    } else {
        outbox.records.append(records);
    }
}
