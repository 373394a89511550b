//! Candles that come while the world runs, and commands: what they change for a portfolio between two ticks.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::World;
use bevy_ecs::query::QueryState;
use hemiola_components::control::OperatorAction;
use hemiola_components::portfolio::{Desk, NextStep, Portfolio};
use hemiola_components::position::{Cursor, Position};
use hemiola_components::time::Nanos;

use crate::book::next_close_of_any;
use crate::execution::matching::look_ahead;
use crate::queue::Queue;
use crate::timeline::{day_end, mark_to_next, next_event, next_look};

/// Where what grows is found, looked up once.
pub struct Growth {
    portfolios: QueryState<(&'static Portfolio, &'static mut Desk)>,
    positions: QueryState<(&'static Position, &'static mut Cursor)>,
}

impl Growth {
    /// Of a world that has been built.
    #[must_use]
    pub fn new(world: &mut World) -> Self {
        Self { portfolios: world.query(), positions: world.query() }
    }

    /// Lets the portfolio at a place of the queue see the candles that have been added to its columns since it was last
    /// looked at. They came into existence after its last tick, and not after its next.
    ///
    /// # Errors
    /// When there is no such portfolio.
    pub fn take_up(&mut self, world: &mut World, queue: &mut Queue, index: usize) -> Result<(), BevyError> {
        let entity = queue.portfolios[index];
        let (_, mut desk) = self.portfolios.get_mut(world, entity)?;
        let mut agenda = std::mem::take(&mut desk.agenda);
        for (slot, entity) in agenda.positions.iter().enumerate() {
            let (position, mut cursor) = self.positions.get_mut(world, *entity)?;
            cursor.end = position.feed.bars.len();
            if agenda.deciders[slot] != slot {
                cursor.seen = cursor.end;
            }
            agenda.next[slot] = next_look(&cursor, &position.feed);
        }
        let (portfolio, mut desk) = self.portfolios.get_mut(world, entity)?;
        let desk = &mut *desk;
        desk.agenda = agenda;
        let Desk { timeline, book, resting, look_at, .. } = desk;
        let is_open = |next: &NextStep| !matches!(next, NextStep::Fill(_) | NextStep::Cancel(_));
        for order in resting.iter_mut().filter(|order| is_open(&order.next)) {
            let line = &book.lines[order.working.order.instrument.get()];
            look_ahead(order, line, &portfolio.liquidity, timeline.end);
        }
        if *look_at == Nanos::UNSEEN {
            *look_at = next_close_of_any(book, timeline.now).min(Nanos::UNSEEN);
        }
        if timeline.day_end == Nanos::NEVER {
            timeline.day_end = day_end(book, timeline.now);
        }
        let next = next_event(desk);
        queue.calendar[index] = mark_to_next(portfolio, desk, next, &mut queue.outbox.equity);
        Ok(())
    }

    /// Adds what an operator wants, which takes effect at its instant: after the last tick, and after whatever else was
    /// to be done by then.
    ///
    /// # Errors
    /// When there is no such portfolio.
    pub fn command(
        &mut self,
        world: &mut World,
        queue: &mut Queue,
        index: usize,
        action: OperatorAction,
    ) -> Result<(), BevyError> {
        let (_, mut desk) = self.portfolios.get_mut(world, queue.portfolios[index])?;
        let at = action.at;
        let pending = &mut desk.controls.pending;
        let place = pending.partition_point(|other| other.at <= at);
        pending.insert(place, action);
        desk.turn = desk.turn.min(at);
        queue.calendar[index] = queue.calendar[index].min(at);
        Ok(())
    }
}
