//! Snapshots: a growing world at an instant between two ticks, to go on from another time or in less memory.
//!
//! A restored world does what the one that was saved would have done, to the last bit. What assembly makes of the
//! Plan is not in a snapshot, nor are candles that nobody looks at any more; the places of the others count from the
//! oldest that is left. Sums over closes are computed anew: results do not depend on where they began.

mod bytes;
mod error;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::{Entity, World};
use hemiola_components::market::{Bars, Instrument, Targets};
use hemiola_components::port::EquityCurve;
use hemiola_components::portfolio::{Agenda, Desk, NextStep, Portfolio};
use hemiola_components::position::{Cursor, Position};
use hemiola_components::schedule::Schedule;
use hemiola_components::strategy::Strategy;
use hemiola_components::time::Nanos;
use hemiola_systems::allocation::division::{Division, SavedDivision};
use hemiola_systems::allocation::{STOP_CANDLES, VOLATILITY_CANDLES};
use hemiola_systems::digest::{Digest, SavedDigest};
use hemiola_systems::signals::catalog::{Catalog, Kind};
use serde::{Deserialize, Serialize};

use crate::assembly::{Options, Window, assemble};
use crate::config::plan::{Plan, SchedulePlan};
use crate::runtime::{Growing, Runtime};
use crate::streams::saving::{Firsts, SavedStreams};

pub use error::SnapshotError;

use state::{SavedDesk, SavedPosition, SavedSchedule};

/// A growing world at an instant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    names: Names,
    curve: EquityCurve,
    next_tick: Nanos,
    desk: SavedDesk,
    division: SavedDivision,
    positions: Vec<SavedPosition>,
    schedules: Vec<SavedSchedule>,
    streams: SavedStreams,
    /// Targets from outside, by the slot of a position that follows them.
    targets: Vec<(usize, Targets)>,
    digest: Option<SavedDigest>,
}

/// What a world is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Names {
    portfolio: String,
    instruments: Vec<String>,
    schedules: Vec<String>,
    /// Per schedule, its engine and how many positions it has.
    engines: Vec<(String, usize)>,
}

impl Saved {
    /// The instant of the last tick.
    #[must_use]
    pub const fn instant(&self) -> Nanos {
        self.desk.timeline.now
    }

    /// The same with the digest of what has come out so far, which is kept outside the world.
    #[must_use]
    pub fn with_digest(self, digest: &Digest) -> Self {
        Self { digest: Some(digest.save()), ..self }
    }

    /// That digest, if it is there.
    ///
    /// # Errors
    /// When what is there is none.
    pub fn digest(&self) -> Result<Option<Digest>, SnapshotError> {
        let digest = self.digest.as_ref().map(|saved| saved.load().ok_or(SnapshotError::Unsound("digest")));
        digest.transpose()
    }
}

impl Runtime {
    /// This world as it is. Of each column the newest `candles` are kept, and whatever more is needed to go on; what
    /// has come out of it has been taken out.
    ///
    /// # Errors
    /// When this world does not grow, when something has not been taken out of the outbox, or when an engine's state
    /// cannot be written.
    pub fn save(&self, candles: usize) -> Result<Saved, SnapshotError> {
        let growing = self.growing.as_deref().ok_or(SnapshotError::NotGrowing)?;
        let (world, queue) = (&self.world, &self.queue);
        let records = &queue.outbox.records;
        if records.has_news() || !records.is_empty() || !queue.outbox.equity.is_empty() {
            return Err(SnapshotError::NotTakenOut);
        }
        let portfolio = queue.portfolios[0];
        let parts = world.get::<Portfolio>(portfolio).zip(world.get::<Division>(portfolio));
        let (portfolio, division) = parts.ok_or(SnapshotError::Unsound("portfolio"))?;
        let desk = self.desk(0);
        if desk.book.sheet.is_some() || queue.explain.is_some() {
            return Err(SnapshotError::LooksAhead);
        }
        let firsts = firsts(world, growing, desk, division, candles);
        let mut positions = Vec::with_capacity(desk.agenda.positions.len());
        let mut targets = Vec::new();
        for (slot, entity) in desk.agenda.positions.iter().enumerate() {
            let position = world.entity(*entity);
            if position.get::<Cursor>().is_none_or(|cursor| cursor.found.is_some()) {
                return Err(SnapshotError::LooksAhead);
            }
            let kind = kind_of(world, growing, *entity).filter(|_| desk.agenda.deciders[slot] == slot);
            positions.push(SavedPosition::of(position, kind, firsts.of_position(*entity), slot)?);
            let followed = position.get::<Position>().and_then(|position| position.feed.targets.as_ref());
            targets.extend(followed.map(|followed| (slot, (**followed).clone())));
        }
        let schedules = desk.agenda.schedules.iter();
        Ok(Saved {
            names: Names::of_world(world, growing, desk, portfolio),
            curve: portfolio.curve,
            next_tick: queue.calendar[0],
            desk: SavedDesk::of(desk, &firsts)?,
            division: division.save(),
            positions,
            schedules: schedules
                .map(|schedule| SavedSchedule::of(world.entity(*schedule)))
                .collect::<Result<_, _>>()?,
            streams: growing.streams.save(&firsts),
            targets,
            digest: None,
        })
    }
}

/// The world that was saved, of the same Plan and with the same engines.
///
/// # Errors
/// When it was of another Plan, or cannot be assembled.
pub fn restore(plan: &Plan, catalog: &Catalog, saved: &Saved) -> Result<Runtime, SnapshotError> {
    saved.names.check(&Names::of_plan(plan, catalog))?;
    saved.check(plan)?;
    let mut market = saved.streams.market();
    market.targets.resize(plan.strategies.len(), BTreeMap::new());
    let slots: Vec<_> = slots(plan).collect();
    for (slot, targets) in &saved.targets {
        let (schedule, instrument) = slots.get(*slot).ok_or(SnapshotError::Unsound("targets"))?;
        let name = plan.instruments[*instrument].name();
        market.targets[schedule.strategy].insert(name, Arc::new(targets.clone()));
    }
    let timeline = saved.desk.timeline;
    let to = Some(timeline.end).filter(|end| *end != Nanos::NEVER);
    let window = Window { from: Some(timeline.start), to };
    let options = Options { window, curve: saved.curve, grows: true, ..Options::default() };
    let (mut runtime, _) = assemble(&[(plan, &market)], catalog, options)?;
    runtime.load(saved)?;
    Ok(runtime)
}

impl Saved {
    /// Whether every place that is saved is one of what is saved there.
    fn check(&self, plan: &Plan) -> Result<(), SnapshotError> {
        let sound = |holds: bool, what| if holds { Ok(()) } else { Err(SnapshotError::Unsound(what)) };
        sound(self.streams.fits(plan.instruments.len()), "candles")?;
        let of_line = |instrument: usize| self.streams.line(instrument).map_or(0, Bars::len);
        sound(self.desk.fits(self.positions.len(), plan.risk_profiles.len(), of_line), "desk")?;
        sound(self.positions.len() == slots(plan).count(), "positions")?;
        for (saved, (schedule, instrument)) in self.positions.iter().zip(slots(plan)) {
            let bars = self.streams.series(instrument, schedule.interval);
            sound(bars.is_some_and(|bars| saved.fits(bars.len())), "positions")?;
        }
        let counts = [self.schedules.len(), self.desk.weights.of.len(), self.desk.controls.standings.len()];
        sound(counts == [plan.schedules.len(); 3], "schedules")
    }
}

impl Runtime {
    /// Puts the saved state in the place of that of a world which has just been assembled.
    fn load(&mut self, saved: &Saved) -> Result<(), SnapshotError> {
        let world = &mut self.world;
        let growing = self.growing.as_deref_mut().ok_or(SnapshotError::NotGrowing)?;
        growing.streams.load(world, &saved.streams);
        let portfolio = self.queue.portfolios[0];
        let mut division = world.get_mut::<Division>(portfolio).ok_or(SnapshotError::Unsound("portfolio"))?;
        if !division.load(&saved.division) {
            return Err(SnapshotError::OtherPlan("capital policy"));
        }
        let mut desk = world.get_mut::<Desk>(portfolio).ok_or(SnapshotError::Unsound("portfolio"))?;
        saved.desk.load(&mut desk);
        let Agenda { positions, schedules, deciders, .. } = desk.agenda.clone();
        for (slot, (entity, saved)) in positions.into_iter().zip(&saved.positions).enumerate() {
            let kind = kind_of(world, growing, entity).filter(|_| deciders[slot] == slot);
            saved.load(&mut world.entity_mut(entity), kind, slot)?;
        }
        for (entity, saved) in schedules.into_iter().zip(&saved.schedules) {
            if !saved.load(&mut world.entity_mut(entity)) {
                return Err(SnapshotError::OtherPlan("metrics"));
            }
        }
        self.queue.calendar[0] = saved.next_tick;
        Ok(())
    }
}

/// Whose engine decides for a position.
fn kind_of(world: &World, growing: &Growing, position: Entity) -> Option<Kind> {
    let position = world.get::<Position>(position)?;
    let strategy = world.get::<Strategy>(position.strategy)?;
    growing.kinds.get(strategy.engine).copied()
}

/// Candles that whoever reads a position's series beside its engine looks at: volatilities and default stops.
const READ: usize = if VOLATILITY_CANDLES > STOP_CANDLES { VOLATILITY_CANDLES } else { STOP_CANDLES };

/// The oldest candles that anybody may still look at.
fn firsts(world: &World, growing: &Growing, desk: &Desk, division: &Division, candles: usize) -> Firsts {
    let divided = division.looks_back_to(&desk.weights, desk.timeline.now);
    let of_position = |entity: Entity, bars: &Bars| {
        let of_readings = bars.closed_at(divided, 0).saturating_sub(READ);
        let decides = world
            .get::<Position>(entity)
            .is_some_and(|position| desk.agenda.deciders[position.slot] == position.slot);
        let kind = kind_of(world, growing, entity).filter(|_| decides);
        kind.map_or(of_readings, |kind| of_readings.min(kind.looks_back_to(world, entity)))
    };
    let of_line = |instrument: usize| {
        let orders = desk.resting.iter().filter(|order| order.working.order.instrument.get() == instrument);
        let firsts = orders.map(|order| match order.next {
            NextStep::Fill(filling) => order.bar.min(filling.bar),
            _ => order.bar,
        });
        // Whether candles are missing before one is seen by the one before it.
        firsts.fold(desk.book.lines[instrument].closed, usize::min).saturating_sub(2)
    };
    growing.streams.firsts(candles, of_position, of_line)
}

/// The positions of a Plan in the order of their slots: a schedule and an instrument of it.
fn slots(plan: &Plan) -> impl Iterator<Item = (&SchedulePlan, usize)> {
    plan.schedules
        .iter()
        .flat_map(|schedule| schedule.instruments.iter().map(move |instrument| (schedule, *instrument)))
}

impl Names {
    fn of_plan(plan: &Plan, catalog: &Catalog) -> Self {
        let engine = |schedule: &SchedulePlan| {
            let name = &plan.strategies[schedule.strategy].engine;
            let known = catalog.get(name).map_or(name.as_str(), |kind| kind.spec.name);
            (known.to_owned(), schedule.instruments.len())
        };
        Self {
            portfolio: plan.scheduler.clone(),
            instruments: plan.instruments.iter().map(Instrument::name).collect(),
            schedules: plan.schedules.iter().map(|schedule| schedule.name.clone()).collect(),
            engines: plan.schedules.iter().map(engine).collect(),
        }
    }

    fn of_world(world: &World, growing: &Growing, desk: &Desk, portfolio: &Portfolio) -> Self {
        let schedules = || desk.agenda.schedules.iter().filter_map(|entity| world.get::<Schedule>(*entity));
        let engine = |schedule: &Schedule| {
            let strategy = world.get::<Strategy>(schedule.strategy);
            (strategy.map_or_else(String::new, |strategy| strategy.engine.to_owned()), schedule.instruments)
        };
        let instruments = growing.streams.instruments().filter_map(|entity| world.get::<Instrument>(entity));
        Self {
            portfolio: portfolio.name.clone(),
            instruments: instruments.map(Instrument::name).collect(),
            schedules: schedules().map(|schedule| schedule.name.clone()).collect(),
            engines: schedules().map(engine).collect(),
        }
    }

    /// Whether a world of these is one of those.
    fn check(&self, others: &Self) -> Result<(), SnapshotError> {
        let differs = |what| Err(SnapshotError::OtherPlan(what));
        match self {
            Self { portfolio, .. } if *portfolio != others.portfolio => differs("scheduler"),
            Self { instruments, .. } if *instruments != others.instruments => differs("instruments"),
            Self { schedules, .. } if *schedules != others.schedules => differs("schedules"),
            Self { engines, .. } if *engines != others.engines => differs("engines"),
            _ => Ok(()),
        }
    }
}
