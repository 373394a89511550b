//! How a pass is put together: phases, the systems added to them, and the flat list that runs.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{IntoScheduleConfigs, IntoSystem, Schedule, SystemSet, World};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy_ecs::system::{BoxedSystem, InMut, RunSystemError};

use crate::queue::Queue;

/// The label of the schedule of a pass: a tick of every portfolio in the inbox.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct PassLabel;

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

/// When a system has anything to do. Most passes have no signals, and a system that is not run costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every pass.
    Always,
    /// When engines have emitted signals, or failed.
    Signals,
    /// When somebody wants to trade.
    Intents,
    /// When something has happened.
    Records,
}

impl When {
    const fn holds(self, queue: &Queue) -> bool {
        match self {
            Self::Always => true,
            Self::Signals => !queue.signals.is_empty() || !queue.failures.is_empty(),
            Self::Intents => !queue.intents.is_empty(),
            Self::Records => queue.outbox.records.has_news(),
        }
    }
}

/// The systems of a pass, in the order they are added.
#[derive(Default)]
pub struct Systems(Vec<Entry>);

/// A system of a pass; its input is the queues.
type PassSystem = BoxedSystem<InMut<'static, Queue>>;

struct Entry {
    when: When,
    system: PassSystem,
    add_to: AddTo,
}

type AddTo = Box<dyn Fn(&mut Schedule, Place)>;

/// A system's place in the written order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place(usize);

impl Systems {
    /// Adds a system to a phase, after those the phase has.
    pub fn add<M>(
        &mut self,
        phase: Phase,
        when: When,
        system: impl IntoSystem<InMut<'static, Queue>, (), M> + Copy + 'static,
    ) {
        self.0.push(Entry {
            when,
            system: Box::new(IntoSystem::into_system(system)),
            add_to: Box::new(move |schedule, place| {
                schedule.add_systems(system.with_input(Queue::default()).in_set(phase).in_set(place));
            }),
        });
    }

    /// The schedule that these systems make. Building it refuses two systems that could run in either order.
    ///
    /// `shuffle` adds the systems in another order and lets the scheduler break ties differently; the order that
    /// comes out must be the same, since nothing about it is left open.
    #[must_use]
    pub fn schedule(&self, shuffle: Option<u64>) -> Schedule {
        let mut schedule = Schedule::new(PassLabel);
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
        for place in 1..self.0.len() {
            schedule.configure_sets((Place(place - 1), Place(place)).chain());
        }
        let mut places: Vec<usize> = (0..self.0.len()).collect();
        if let Some(seed) = shuffle {
            permute(&mut places, seed);
        }
        for place in places {
            (self.0[place].add_to)(&mut schedule, Place(place));
        }
        schedule
    }

    /// The pass over `world`: the systems, in the order that the schedule gives them.
    ///
    /// # Errors
    /// When the order leaves anything open; the text names the systems.
    pub fn into_pass(self, world: &mut World, shuffle: Option<u64>) -> Result<Pass, String> {
        let mut schedule = self.schedule(shuffle);
        if let Err(error) = schedule.initialize(world) {
            return Err(error.to_string(schedule.graph(), world));
        }
        let built = schedule.systems().map_err(|error| error.to_string())?;
        let order: Vec<String> = built.map(|(_, system)| system.name().to_string()).collect();
        let place = |system: &PassSystem| order.iter().position(|name| *name == system.name().to_string());
        let mut entries = self.0;
        entries.sort_by_key(|entry| place(&entry.system));
        let mut pass = Pass { segments: Vec::new() };
        for Entry { when, mut system, .. } in entries {
            system.initialize(world);
            match pass.segments.last_mut() {
                Some(segment) if segment.when == when => segment.systems.push(system),
                _ => pass.segments.push(Segment { when, systems: vec![system] }),
            }
        }
        Ok(pass)
    }
}

/// A pass that can be run: a flat list of systems, which costs a fraction of running the schedule it came from.
///
/// Deferred commands are not applied, so no system uses any.
pub struct Pass {
    segments: Vec<Segment>,
}

/// Systems that run, or do not, together.
struct Segment {
    when: When,
    systems: Vec<PassSystem>,
}

impl Pass {
    /// Runs the systems that have something to do.
    ///
    /// # Errors
    /// The first system's that fails; those after it do not run.
    pub fn run(&mut self, world: &mut World, queue: &mut Queue) -> Result<(), BevyError> {
        for segment in &mut self.segments {
            if !segment.when.holds(queue) {
                continue;
            }
            for system in &mut segment.systems {
                system.run_without_applying_deferred(&mut *queue, world).map_err(|error| match error {
                    RunSystemError::Failed(error) => error,
                    RunSystemError::Skipped(error) => error.into(),
                })?;
            }
        }
        Ok(())
    }

    /// The systems in the order they run, by name.
    #[must_use]
    pub fn order(&self) -> Vec<String> {
        let systems = self.segments.iter().flat_map(|segment| &segment.systems);
        systems.map(|system| system.name().to_string()).collect()
    }
}

/// A permutation that depends on the seed alone.
fn permute<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (state >> 33) as usize % (last + 1));
    }
}
