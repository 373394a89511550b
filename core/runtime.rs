//! The runtime: a world and its pass. [`Runtime::step`] is the only way to advance either.

use std::mem;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Entity, Mut, QueryState, World};
use hemiola_components::capital::Weights;
use hemiola_components::metric::Metrics;
use hemiola_components::port::{Inbox, Outbox, Tick};
use hemiola_components::portfolio::{Account, Agenda, Book, Portfolios, Timeline};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;
use hemiola_components::units::Price;
use hemiola_systems::pass::Pass;
use hemiola_systems::queue::Queue;
use hemiola_systems::signals::explain::Explanation;

/// A world on its time lines.
pub struct Runtime {
    world: World,
    pass: Pass,
    portfolios: Vec<Entity>,
    timelines: QueryState<&'static Timeline>,
    ticks: Vec<Tick>,
}

impl Runtime {
    pub(crate) fn new(mut world: World, pass: Pass) -> Self {
        let portfolios = world.resource::<Portfolios>().0.clone();
        let timelines = world.query();
        Self { world, pass, portfolios, timelines, ticks: Vec::new() }
    }

    /// One pass: inbox, tick, outbox. Every portfolio that has an event left advances by one. Returns whether
    /// any had.
    ///
    /// # Errors
    /// When a system fails; the world is then not to be used any more.
    pub fn step(&mut self) -> Result<bool, BevyError> {
        self.ticks.clear();
        for &portfolio in &self.portfolios {
            let now = self.timelines.get_manual(&self.world, portfolio)?.next;
            if now != Nanos::NEVER {
                self.ticks.push(Tick { portfolio, now });
            }
        }
        if self.ticks.is_empty() {
            return Ok(false);
        }
        mem::swap(&mut self.world.resource_mut::<Inbox>().ticks, &mut self.ticks);
        self.pass.run(&mut self.world)?;
        Ok(true)
    }

    /// What the passes since the last look have put out. The caller drains it.
    pub fn outbox(&mut self) -> Mut<'_, Outbox> {
        self.world.resource_mut::<Outbox>()
    }

    /// Where portfolio `index` stands in time.
    ///
    /// # Panics
    /// When there is no such portfolio, as for all that follow.
    #[must_use]
    pub fn timeline(&self, index: usize) -> Timeline {
        *self.component(index)
    }

    /// The account of portfolio `index`.
    #[must_use]
    pub fn account(&self, index: usize) -> Account {
        *self.component(index)
    }

    /// The counters of portfolio `index`, one per schedule.
    #[must_use]
    pub fn telemetry(&self, index: usize) -> Vec<Telemetry> {
        let schedules = &self.component::<Agenda>(index).schedules;
        schedules.iter().filter_map(|schedule| self.world.get::<Telemetry>(*schedule).copied()).collect()
    }

    /// The metrics of portfolio `index` that have samples, by name, one list per schedule.
    #[must_use]
    pub fn metrics(&self, index: usize) -> Vec<Vec<(&'static str, f64)>> {
        let schedules = &self.component::<Agenda>(index).schedules;
        let metrics = schedules.iter().filter_map(|schedule| self.world.get::<Metrics>(*schedule));
        metrics.map(|metrics| metrics.values().collect()).collect()
    }

    /// Signals of portfolio `index` that were held back because a number in them was not finite, one count per
    /// schedule.
    #[must_use]
    pub fn not_finite(&self, index: usize) -> Vec<u64> {
        let Agenda { positions, schedules, .. } = self.component(index);
        let mut counts = vec![0; schedules.len()];
        for entity in positions {
            let position = self.world.get::<Position>(*entity);
            if let Some((position, cursor)) = position.zip(self.world.get::<Cursor>(*entity)) {
                counts[position.schedule_index.get()] += cursor.not_finite;
            }
        }
        counts
    }

    /// The ledgers of portfolio `index`, by schedule, then instrument.
    #[must_use]
    pub fn holdings(&self, index: usize) -> Vec<Holding> {
        let positions = &self.component::<Agenda>(index).positions;
        positions.iter().filter_map(|position| self.world.get::<Holding>(*position).copied()).collect()
    }

    /// How far each position's engine of portfolio `index` has read, by schedule, then instrument.
    #[must_use]
    pub fn cursors(&self, index: usize) -> Vec<Cursor> {
        let positions = &self.component::<Agenda>(index).positions;
        positions.iter().filter_map(|position| self.world.get::<Cursor>(*position).copied()).collect()
    }

    /// The shares of the capital in force in portfolio `index`, one per schedule.
    #[must_use]
    pub fn shares(&self, index: usize) -> &[f64] {
        &self.component::<Weights>(index).shares
    }

    /// What engines saw at the decisions asked about, as far as the run has come.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        self.world.resource::<Queue>().explain.as_ref().map_or(&[], |explain| &explain.decisions)
    }

    /// The last mark of each position's instrument, by schedule, then instrument; zero where no candle has been
    /// looked at, which a position that is held never is.
    #[must_use]
    pub fn marks(&self, index: usize) -> Vec<Price> {
        let book = self.component::<Book>(index);
        let positions = &self.component::<Agenda>(index).positions;
        let instruments = positions.iter().filter_map(|entity| self.world.get::<Position>(*entity));
        instruments
            .map(|position| {
                let line = &book.lines[position.instrument_index.get()];
                Price::new(line.closed.checked_sub(1).map_or(0.0, |bar| line.bars.close[bar]))
            })
            .collect()
    }

    /// The systems of a pass in the order they run, by name.
    #[must_use]
    pub fn order(&self) -> Vec<String> {
        self.pass.order()
    }

    fn component<T: bevy_ecs::component::Component>(&self, index: usize) -> &T {
        self.world
            .get::<T>(self.portfolios[index])
            .expect("assembly gives every portfolio all of its components")
    }
}
