//! The state of a portfolio and its positions with places in the place of entities.

use bevy_ecs::prelude::{EntityRef, EntityWorldMut};
use hemiola_components::capital::Weights;
use hemiola_components::control::Controls;
use hemiola_components::metric::{Metrics, SavedMetrics};
use hemiola_components::portfolio::{Account, BookLine, Desk, NextStep, Recent, RestingOrder, Timeline};
use hemiola_components::position::{Cursor, Holding};
use hemiola_components::risk::RiskState;
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Kind;
use serde::{Deserialize, Serialize};

use super::SnapshotError;
use crate::streams::saving::Firsts;

/// A desk without what assembly knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedDesk {
    pub(super) timeline: Timeline,
    account: Account,
    lines: Vec<SavedLine>,
    held: Vec<u32>,
    shorted: Vec<u32>,
    resting: Vec<SavedOrder>,
    next: Vec<Nanos>,
    pub(super) weights: Weights,
    pub(super) controls: Controls,
    turn: Nanos,
    risk: Vec<RiskState>,
    recent: Recent,
    look_at: Nanos,
    midnight: Nanos,
}

/// A line of the book without its candles.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SavedLine {
    closed: usize,
    net: f64,
    gross: f64,
    holders: u32,
    pending: f64,
    in_flight: u32,
    margin_call: f64,
}

/// An order at the venue.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SavedOrder {
    order: RestingOrder,
    /// The slots of the position it changes and of the one whose engine decided it.
    slots: [usize; 2],
}

/// A position that was saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedPosition {
    cursor: Cursor,
    holding: Holding,
    /// Of a position that decides: its engine's state.
    state: Option<Vec<u8>>,
}

/// What a schedule has done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedSchedule {
    telemetry: Telemetry,
    metrics: SavedMetrics,
}

impl SavedDesk {
    pub(super) fn of(desk: &Desk, firsts: &Firsts) -> Result<Self, SnapshotError> {
        let Desk { timeline, account, book, resting, agenda, .. } = desk;
        let line = |(instrument, line): (usize, &BookLine)| SavedLine {
            closed: line.closed.saturating_sub(firsts.of_line(instrument)),
            net: line.net,
            gross: line.gross,
            holders: line.holders,
            pending: line.pending,
            in_flight: line.in_flight,
            margin_call: line.margin_call,
        };
        let order = |order: &RestingOrder| {
            let slot = |entity| agenda.positions.iter().position(|position| *position == entity);
            let slots = slot(order.working.position).zip(slot(order.working.decider));
            let (position, decider) = slots.ok_or(SnapshotError::Unsound("orders"))?;
            let gone = firsts.of_line(order.working.order.instrument.get());
            let mut order = *order;
            order.bar = order.bar.saturating_sub(gone);
            if let NextStep::Fill(filling) = &mut order.next {
                filling.bar = filling.bar.saturating_sub(gone);
            }
            Ok(SavedOrder { order, slots: [position, decider] })
        };
        Ok(Self {
            timeline: *timeline,
            account: *account,
            lines: book.lines.iter().enumerate().map(line).collect(),
            held: book.held.clone(),
            shorted: book.shorted.clone(),
            resting: resting.iter().map(order).collect::<Result<_, SnapshotError>>()?,
            next: agenda.next.clone(),
            weights: desk.weights.clone(),
            controls: desk.controls.clone(),
            turn: desk.turn,
            risk: desk.risk.clone(),
            recent: desk.recent.clone(),
            look_at: desk.look_at,
            midnight: desk.midnight,
        })
    }

    /// Whether all places are some of so many positions and profiles, and of lines of that length.
    pub(super) fn fits(&self, positions: usize, profiles: usize, of_line: impl Fn(usize) -> usize) -> bool {
        let lines = || self.lines.iter().enumerate();
        let is_line = |index: &u32| (*index as usize) < self.lines.len();
        let order = |saved: &SavedOrder| {
            let (SavedOrder { order, slots }, working) = (saved, &saved.order.working);
            let instrument = working.order.instrument.get();
            let bars = if instrument < self.lines.len() { of_line(instrument) } else { 0 };
            let fills = match order.next {
                NextStep::Fill(filling) => filling.bar < bars,
                _ => true,
            };
            slots.iter().all(|slot| *slot < positions)
                && order.bar <= bars
                && fills
                && working.risk_profile < profiles
                && working.order.schedule.get() < self.weights.of.len()
        };
        lines().all(|(instrument, line)| line.closed <= of_line(instrument))
            && self.held.iter().chain(&self.shorted).all(is_line)
            && self.resting.iter().all(order)
            && self.next.len() == positions
            && self.risk.len() == profiles
            && self.recent.last.len() <= positions
    }

    /// Puts it in the place of what a desk of the same positions has.
    pub(super) fn load(&self, desk: &mut Desk) {
        for (line, saved) in desk.book.lines.iter_mut().zip(&self.lines) {
            let SavedLine { closed, net, gross, holders, pending, in_flight, margin_call } = *saved;
            let (bars, rules) = (line.bars.clone(), line.rules);
            *line = BookLine { bars, rules, closed, net, gross, holders, pending, in_flight, margin_call };
        }
        desk.book.held.clone_from(&self.held);
        desk.book.shorted.clone_from(&self.shorted);
        desk.resting.clear();
        for SavedOrder { order, slots } in &self.resting {
            let mut order = *order;
            let [position, decider] = slots.map(|slot| desk.agenda.positions[slot]);
            (order.working.position, order.working.decider) = (position, decider);
            desk.resting.push(order);
        }
        desk.agenda.next.clone_from(&self.next);
        (desk.timeline, desk.account) = (self.timeline, self.account);
        desk.weights.clone_from(&self.weights);
        desk.controls.clone_from(&self.controls);
        desk.risk.clone_from(&self.risk);
        desk.recent.clone_from(&self.recent);
        (desk.turn, desk.look_at, desk.midnight) = (self.turn, self.look_at, self.midnight);
    }
}

impl SavedPosition {
    /// A position of which so many of the oldest candles are gone; `kind` is its engine, if it decides.
    pub(super) fn of(
        position: EntityRef<'_>,
        kind: Option<Kind>,
        gone: usize,
        slot: usize,
    ) -> Result<Self, SnapshotError> {
        let parts = position.get::<Cursor>().zip(position.get::<Holding>());
        let (cursor, holding) = parts.ok_or(SnapshotError::Unsound("positions"))?;
        let mut cursor = cursor.clone();
        let Cursor { first, seen, decide_from, end, .. } = &mut cursor;
        for bar in [first, seen, decide_from, end] {
            *bar = bar.saturating_sub(gone);
        }
        let state = kind.map(|kind| kind.save_state(position, gone)).transpose();
        let state = state.map_err(|source| SnapshotError::State { slot, source })?;
        Ok(Self { cursor, holding: *holding, state })
    }

    /// Whether all places are among so many candles.
    pub(super) const fn fits(&self, candles: usize) -> bool {
        let Cursor { first, seen, decide_from, end, .. } = self.cursor;
        first <= seen && seen <= candles && decide_from <= candles && end <= candles
    }

    /// Puts it in the place of what an assembled position has.
    pub(super) fn load(
        &self,
        position: &mut EntityWorldMut<'_>,
        kind: Option<Kind>,
        slot: usize,
    ) -> Result<(), SnapshotError> {
        match (kind, &self.state) {
            (Some(kind), Some(state)) => {
                let loaded = kind.load_state(position, state);
                loaded.map_err(|source| SnapshotError::State { slot, source })?;
            }
            (None, None) => {}
            _ => return Err(SnapshotError::OtherPlan("pairs")),
        }
        position.insert((self.cursor.clone(), self.holding));
        Ok(())
    }
}

impl SavedSchedule {
    pub(super) fn of(schedule: EntityRef<'_>) -> Result<Self, SnapshotError> {
        let parts = schedule.get::<Telemetry>().zip(schedule.get::<Metrics>());
        let (telemetry, metrics) = parts.ok_or(SnapshotError::Unsound("schedules"))?;
        Ok(Self { telemetry: *telemetry, metrics: metrics.save() })
    }

    /// Puts it in the place of what an assembled schedule has; `false` when its engine has other metrics.
    pub(super) fn load(&self, schedule: &mut EntityWorldMut<'_>) -> bool {
        schedule.insert(self.telemetry);
        schedule.get_mut::<Metrics>().is_some_and(|mut metrics| metrics.load(&self.metrics))
    }
}
