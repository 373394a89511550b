//! The order. It is written here and nowhere else.

use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule, SystemSet};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};

use crate::signals::catalog::{EngineKind, Kind};
use crate::{allocation, execution, ingest, journaling, risk, telemetry, timeline};

/// One pass: a tick of every portfolio in the inbox.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pass;

/// The phases of a tick, in their order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Fills, marks, the day's roll; who is due.
    Ingest,
    /// Engines run.
    Signals,
    /// Signals become sized intents.
    Allocation,
    /// The gate.
    Risk,
    /// Approved orders go to the venue.
    Execution,
    /// Records go to the outbox.
    Journaling,
    /// Counters, and each portfolio's next event.
    Telemetry,
}

impl Phase {
    /// All phases, in order.
    pub const ORDER: [Self; 7] = [
        Self::Ingest,
        Self::Signals,
        Self::Allocation,
        Self::Risk,
        Self::Execution,
        Self::Journaling,
        Self::Telemetry,
    ];
}

type Add<'a> = Box<dyn Fn(&mut Schedule) + 'a>;

/// Builds the schedule of a pass for the engine kinds in use.
///
/// `shuffle` adds the systems in another order and lets the scheduler break ties differently; the schedule it
/// gives must be the same, since nothing about the order is left open.
#[must_use]
pub fn pass_schedule(kinds: &[Kind], shuffle: Option<u64>) -> Schedule {
    let mut kinds = kinds.to_vec();
    kinds.sort_by_key(|kind| kind.spec.name);
    let mut schedule = Schedule::new(Pass);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        hierarchy_detection: LogLevel::Error,
        shuffle_seed: shuffle,
        ..ScheduleBuildSettings::default()
    });
    for pair in Phase::ORDER.windows(2) {
        schedule.configure_sets((pair[0], pair[1]).chain());
    }
    for kind in &kinds {
        schedule.configure_sets(EngineKind(kind.spec.name).in_set(Phase::Signals));
    }
    for pair in kinds.windows(2) {
        schedule.configure_sets((EngineKind(pair[0].spec.name), EngineKind(pair[1].spec.name)).chain());
    }
    let mut additions: Vec<Add<'_>> = vec![
        Box::new(ingest::add_to),
        Box::new(allocation::add_to),
        Box::new(risk::add_to),
        Box::new(execution::add_to),
        Box::new(journaling::add_to),
        Box::new(|schedule| {
            telemetry::add_to(schedule);
            timeline::add_to(schedule);
        }),
    ];
    additions.extend(
        kinds.iter().map(|kind| Box::new(|schedule: &mut Schedule| kind.add_to(schedule)) as Add<'_>),
    );
    if let Some(seed) = shuffle {
        permute(&mut additions, seed);
    }
    for add in additions {
        add(&mut schedule);
    }
    schedule
}

/// A permutation that depends on the seed alone.
fn permute<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (state >> 33) as usize % (last + 1));
    }
}
