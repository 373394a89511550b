//! Phase 6, Journaling: what happened goes to the journal's outbox.

use bevy_ecs::prelude::{IntoScheduleConfigs, ResMut, Schedule};
use hemiola_components::port::Outbox;

use crate::queue::Queue;
use crate::schedule::Phase;

/// Adds the phase's system.
pub fn add_to(schedule: &mut Schedule) {
    schedule.add_systems(journal.in_set(Phase::Journaling));
}

fn journal(queue: ResMut<Queue>, mut outbox: ResMut<Outbox>) {
    outbox.records.extend_from_slice(&queue.records);
}
