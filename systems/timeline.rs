//! Phase 7, Telemetry, the end of a tick: what has happened is counted, then comes each portfolio's next event, and
//! its marks up to there.
//!
//! Everything that can happen answers when it first will: a schedule, an order at the venue, the day's end, the
//! end of the run. Time jumps to the least of these, or to the mark before it that latches a risk profile.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::metric::Metrics;
use hemiola_components::port::{EquityCurve, EquityPoint, Outbox};
use hemiola_components::portfolio::{Account, Book, Desk, Portfolio};
use hemiola_components::position::{Cursor, Feed, Position};
use hemiola_components::schedule::Telemetry;
use hemiola_components::time::Nanos;

use crate::book::{Visit, mark_until, next_close_of_any, next_margin_call};
use crate::cadence::next_decision;
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
        let Desk { timeline, account, book, resting, agenda, look_at, midnight, turn, .. } =
            &mut desks[index];
        while let Some(due) = due.next_if(|due| due.tick == place) {
            let (position, cursor) = positions.get(due.position)?;
            agenda.next[position.slot] = next_look(cursor, &position.feed);
        }
        if tick.now == timeline.day_end {
            timeline.day_end = day_end(book, tick.now);
        }
        let next = if tick.now == timeline.end {
            Nanos::NEVER
        } else {
            let schedules = agenda.next.iter().copied();
            let orders = resting.iter().map(|order| order.known_at);
            let orders = orders.chain([*midnight, *look_at, *turn]);
            schedules.chain(orders).fold(timeline.end.min(timeline.day_end), Nanos::min)
        };
        calendar[index] = next;
        let until = next.min(timeline.end);
        let Portfolio { curve, .. } = portfolios[index];
        let Outbox { equity, .. } = &mut *outbox;
        let mut collect = |at: Nanos, account: &Account| {
            equity.push(EquityPoint::of(tick.portfolio, at, account));
        };
        let visit: Option<Visit<'_>> = if curve == EquityCurve::EveryBar { Some(&mut collect) } else { None };
        let called = next_margin_call(book, tick.now, until);
        let latched = mark_until(account, book, called.unwrap_or(until), visit);
        if let Some(event) = latched.or(called) {
            calendar[index] = event;
        }
    }
    Ok(())
}

/// When a position wants to be looked at again.
fn next_look(cursor: &Cursor, feed: &Feed) -> Nanos {
    match (&cursor.found, &cursor.failure) {
        _ if cursor.in_flight > 0 => Nanos::NEVER,
        (_, Some(failure)) => failure.at,
        (Some(found), _) => found.at,
        (None, None) => {
            next_decision(feed.cadence, cursor, &feed.bars).map_or(Nanos::NEVER, |decision| decision.due)
        }
    }
}

/// The midnight that ends the trading day after `now`: the first at or after the next candle's close, so that a
/// gap of many days rolls once.
pub fn day_end(book: &mut Book, now: Nanos) -> Nanos {
    let next = next_close_of_any(book, now);
    if next == Nanos::NEVER { next } else { next.midnight_at_or_after() }
}
