//! The runtime: a world and its pass. [`Runtime::step`] is the only way to advance either.

use std::collections::BTreeMap;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::World;
use hemiola_components::capital::Weight;
use hemiola_components::control::OperatorAction;
use hemiola_components::id::PortfolioIndex;
use hemiola_components::metric::Metrics;
use hemiola_components::port::{Outbox, Tick};
use hemiola_components::portfolio::{Account, Agenda, Desk, Timeline};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::risk::RiskState;
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;
use hemiola_components::units::Price;
use hemiola_systems::allocation::division::Division;
use hemiola_systems::book::marked;
use hemiola_systems::growth::Growth;
use hemiola_systems::pass::Pass;
use hemiola_systems::queue::Queue;
use hemiola_systems::signals::catalog::Kind;
use hemiola_systems::signals::explain::Explanation;

use crate::streams::{Arrival, Streams};

/// A world on its time lines.
pub struct Runtime {
    pub(crate) world: World,
    pass: Pass,
    pub(crate) queue: Queue,
    block: Block,
    pub(crate) growing: Option<Box<Growing>>,
}

/// What a world has whose candles come while it runs.
pub(crate) struct Growing {
    pub(crate) growth: Growth,
    pub(crate) streams: Streams,
    /// The engines of its strategies, by name.
    pub(crate) kinds: BTreeMap<&'static str, Kind>,
}

/// A stretch of time that all portfolios go through before any goes on, so that they read the same part of the
/// shared columns while it is in the processor's cache. A group of portfolios, few enough that their own state stays
/// there too, comes to its end before the next group begins. Portfolios do not otherwise know of each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    length: Nanos,
    end: Nanos,
    group: usize,
}

/// Portfolios in a group.
const GROUP: usize = 128;

impl Block {
    /// Blocks of `length`; the first ends where there is the first tick.
    pub(crate) const fn of(length: Nanos) -> Self {
        Self { length, end: Nanos::new(i64::MIN), group: 0 }
    }

    /// The block that begins at `start`.
    fn from(self, start: Nanos) -> Self {
        Self { end: Nanos::new(start.get().saturating_add(self.length.get())), group: 0, ..self }
    }
}

impl Runtime {
    pub(crate) const fn new(
        world: World,
        pass: Pass,
        queue: Queue,
        block: Block,
        growing: Option<Box<Growing>>,
    ) -> Self {
        Self { world, pass, queue, block, growing }
    }

    /// Adds candles, those of one series in order, that came into existence at `known_at`: after the last tick, and not
    /// before any of them had ended. Ticks before `known_at` have to be done first.
    ///
    /// # Errors
    /// When this world does not grow.
    pub fn grow(&mut self, arrivals: &[Arrival], known_at: Nanos) -> Result<(), BevyError> {
        let Growing { growth, streams, .. } =
            self.growing.as_deref_mut().ok_or("this world does not grow")?;
        streams.grow(&mut self.world, arrivals, known_at);
        growth.take_up(&mut self.world, &mut self.queue, 0)
    }

    /// Adds what an operator wants; it takes effect at its instant, which is after the last tick.
    ///
    /// # Errors
    /// When this world does not grow.
    pub fn command(&mut self, action: OperatorAction) -> Result<(), BevyError> {
        let growing = self.growing.as_deref_mut().ok_or("this world does not grow")?;
        growing.growth.command(&mut self.world, &mut self.queue, 0, action)
    }

    /// The columns that grow, if they do.
    #[must_use]
    pub fn streams(&self) -> Option<&Streams> {
        self.growing.as_deref().map(|growing| &growing.streams)
    }

    /// Does all ticks of the first portfolio up to an instant.
    ///
    /// # Errors
    /// When a system fails; the world is then not to be used any more.
    pub fn step_to(&mut self, instant: Nanos) -> Result<u64, BevyError> {
        let mut ticks = 0;
        while self.next_tick(0) <= instant && self.step()? {
            ticks += 1;
        }
        Ok(ticks)
    }

    /// One pass: inbox, tick, outbox. Every portfolio that has an event left in the block advances by one. Returns
    /// whether any had.
    ///
    /// # Errors
    /// When a system fails; the world is then not to be used any more.
    pub fn step(&mut self) -> Result<bool, BevyError> {
        let Queue { inbox, portfolios, calendar, .. } = &mut self.queue;
        loop {
            let first = self.block.group * GROUP;
            let group = first..portfolios.len().min(first + GROUP);
            for (portfolio, &now) in group.clone().zip(&calendar[group.clone()]) {
                if now < self.block.end {
                    inbox.ticks.push(Tick { portfolio: PortfolioIndex::new(portfolio), now });
                }
            }
            if !inbox.ticks.is_empty() {
                break;
            }
            if group.end < portfolios.len() {
                self.block.group += 1;
                continue;
            }
            match calendar.iter().copied().min() {
                None | Some(Nanos::NEVER) => return Ok(false),
                Some(earliest) => self.block = self.block.from(earliest),
            }
        }
        self.pass.run(&mut self.world, &mut self.queue)?;
        Ok(true)
    }

    /// What the passes since the last look have put out. The caller drains it.
    pub const fn outbox(&mut self) -> &mut Outbox {
        &mut self.queue.outbox
    }

    /// Where portfolio `index` stands in time.
    ///
    /// # Panics
    /// When there is no such portfolio, as for all that follow.
    #[must_use]
    pub fn timeline(&self, index: usize) -> Timeline {
        self.desk(index).timeline
    }

    /// The instant of portfolio `index`'s next tick; [`Nanos::NEVER`] when its run is over.
    #[must_use]
    pub fn next_tick(&self, index: usize) -> Nanos {
        self.queue.calendar[index]
    }

    /// The account of portfolio `index`.
    #[must_use]
    pub fn account(&self, index: usize) -> Account {
        self.desk(index).account
    }

    /// What the limits of portfolio `index` are held against, one per risk profile.
    #[must_use]
    pub fn risk(&self, index: usize) -> &[RiskState] {
        &self.desk(index).risk
    }

    /// The counters of portfolio `index`, one per schedule.
    #[must_use]
    pub fn telemetry(&self, index: usize) -> Vec<Telemetry> {
        let schedules = &self.desk(index).agenda.schedules;
        schedules.iter().filter_map(|schedule| self.world.get::<Telemetry>(*schedule).copied()).collect()
    }

    /// What the signals of portfolio `index` are measured by, one per schedule.
    #[must_use]
    pub fn signal_metrics(&self, index: usize) -> Vec<Metrics> {
        let schedules = &self.desk(index).agenda.schedules;
        schedules.iter().filter_map(|schedule| self.world.get::<Metrics>(*schedule).cloned()).collect()
    }

    /// Signals of portfolio `index` that were held back because a number in them was not finite, one count per
    /// schedule.
    #[must_use]
    pub fn not_finite(&self, index: usize) -> Vec<u64> {
        let Agenda { positions, schedules, .. } = &self.desk(index).agenda;
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
        let positions = &self.desk(index).agenda.positions;
        positions.iter().filter_map(|position| self.world.get::<Holding>(*position).copied()).collect()
    }

    /// How far each position's engine of portfolio `index` has read, by schedule, then instrument.
    #[must_use]
    pub fn cursors(&self, index: usize) -> Vec<Cursor> {
        let positions = &self.desk(index).agenda.positions;
        positions.iter().filter_map(|position| self.world.get::<Cursor>(*position).cloned()).collect()
    }

    /// How the capital of portfolio `index` is divided now, one weight per schedule.
    #[must_use]
    pub fn weights(&self, index: usize) -> &[Weight] {
        &self.desk(index).weights.of
    }

    /// How that came about, and what the policy remembers.
    ///
    /// # Panics
    /// When there is no such portfolio.
    #[must_use]
    pub fn division(&self, index: usize) -> &Division {
        self.world.get(self.queue.portfolios[index]).expect("assembly gives every portfolio its division")
    }

    /// What engines saw at the decisions asked about, as far as the run has come.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        self.queue.explain.as_ref().map_or(&[], |explain| &explain.decisions)
    }

    /// The last mark of each position's instrument, by schedule, then instrument; zero where no candle has been
    /// looked at, which a position that is held never is.
    #[must_use]
    pub fn marks(&self, index: usize) -> Vec<Price> {
        let book = &self.desk(index).book;
        let positions = &self.desk(index).agenda.positions;
        let instruments = positions.iter().filter_map(|entity| self.world.get::<Position>(*entity));
        let marks = instruments.map(|position| marked(book, position.instrument_index.get()));
        marks.map(|mark| Price::new(mark.unwrap_or_default())).collect()
    }

    /// The systems of a pass in the order they run, by name.
    #[must_use]
    pub fn order(&self) -> Vec<String> {
        self.pass.order()
    }

    /// All of portfolio `index` that changes while it trades.
    ///
    /// # Panics
    /// When there is no such portfolio.
    #[must_use]
    pub fn desk(&self, index: usize) -> &Desk {
        self.world.get(self.queue.portfolios[index]).expect("assembly gives every portfolio its desk")
    }
}
