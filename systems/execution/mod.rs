//! Phase 5, Execution: approved orders go to the venue. Here it is the simulated one.

pub mod ledger;
pub mod paper;

use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule};

use crate::schedule::Phase;

/// Adds the phase's systems.
pub fn add_to(schedule: &mut Schedule) {
    schedule.add_systems((paper::accept, paper::close_out).chain().in_set(Phase::Execution));
}
