//! Phase 4, Risk: the gate between what is wanted and what may be sent.

pub mod cash;
pub mod gate;

use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule};

use crate::schedule::Phase;

/// Adds the phase's system.
pub fn add_to(schedule: &mut Schedule) {
    schedule.add_systems(gate::gate.in_set(Phase::Risk));
}
