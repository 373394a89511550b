//! Phase 7, Telemetry, the end of a tick: what has happened is counted, then comes each portfolio's next event, and
//! its marks up to there.
//!
//! Everything that can happen answers when it first will: a schedule, an order at the venue, the day's end, the
//! end of the run. Time jumps to the least of these, or to the mark before it that latches a risk profile.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::metric::Metrics;
use hemiola_components::port::{EquityCurve, EquityPoint};
use hemiola_components::portfolio::{Account, Book, Desk, Portfolio};
use hemiola_components::position::{Cursor, Feed, Position};
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;

use crate::book::{Visit, mark_until, next_close_of_any, next_margin_call};
use crate::cadence::next_due;
use crate::pass::{Phase, Systems, When};
use crate::queue::Queue;
use crate::table::columns;
use crate::telemetry::count;

/// Adds the system that ends a tick.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Telemetry, When::Always, advance);
}

fn advance(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    positions: Query<(&Position, &Cursor)>,
    mut schedules: Query<(&mut Telemetry, &mut Metrics)>,
) -> Result<(), BevyError> {
    let Queue { inbox, outbox, calendar, due, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    count(outbox.records.count(), desks, &mut schedules)?;
    let mut due = due.drain(..).peekable();
    for (place, tick) in inbox.ticks.drain(..).enumerate() {
        let index = tick.portfolio.get();
        let desk = &mut desks[index];
        while let Some(due) = due.next_if(|due| due.tick == place) {
            let (position, cursor) = positions.get(due.position)?;
            desk.agenda.next[position.slot] = next_look(cursor, &position.feed);
        }
        if tick.now == desk.timeline.day_end {
            desk.timeline.day_end = day_end(&mut desk.book, tick.now);
        }
        calendar[index] = if tick.now == desk.timeline.end {
            mark_to_next(&portfolios[index], desk, Nanos::NEVER, &mut outbox.equity)
        } else {
            let next = next_event(desk);
            mark_to_next(&portfolios[index], desk, next, &mut outbox.equity)
        };
    }
    Ok(())
}

/// When something happens to a portfolio next, as far as anybody knows.
pub(crate) fn next_event(desk: &Desk) -> Nanos {
    let Desk { timeline, resting, agenda, look_at, midnight, turn, .. } = desk;
    let schedules = agenda.next.iter().copied();
    let orders = resting.iter().map(|order| order.known_at).chain([*midnight, *look_at, *turn]);
    schedules.chain(orders).fold(timeline.end.min(timeline.day_end), Nanos::min)
}

/// Marks a portfolio up to its `next` event, and gives that, or the mark before it that is one.
pub(crate) fn mark_to_next(
    portfolio: &Portfolio,
    desk: &mut Desk,
    next: Nanos,
    equity: &mut Vec<EquityPoint>,
) -> Nanos {
    let Desk { timeline, account, book, .. } = desk;
    let until = next.min(timeline.end);
    let mut collect = |at: Nanos, account: &Account| {
        equity.push(EquityPoint::of(portfolio.index, at, account));
    };
    let visit: Option<Visit<'_>> =
        if portfolio.curve == EquityCurve::EveryBar { Some(&mut collect) } else { None };
    let called = next_margin_call(book, timeline.now, until);
    let latched = mark_until(account, book, called.unwrap_or(until), visit);
    latched.or(called).unwrap_or(next)
}

/// When a position wants to be looked at again.
pub(crate) fn next_look(cursor: &Cursor, feed: &Feed) -> Nanos {
    match (&cursor.found, &cursor.failure) {
        _ if cursor.in_flight > 0 => Nanos::NEVER,
        (_, Some(failure)) => failure.at,
        (Some(found), _) => found.at,
        (None, None) => next_due(feed.cadence, cursor, &feed.bars).unwrap_or(Nanos::NEVER),
    }
}

/// The midnight that ends the trading day after `now`: the first at or after the next candle's close, so that a
/// gap of many days rolls once.
pub fn day_end(book: &mut Book, now: Nanos) -> Nanos {
    let next = next_close_of_any(book, now);
    if next == Nanos::NEVER { next } else { next.midnight_at_or_after() }
}
