//! Phase 1, Ingest: what the venue reported, the marks, what schedules may do, the day's roll; then who is due.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::capital::Weights;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::Event;
use hemiola_components::metric::Metrics;
use hemiola_components::port::{EquityCurve, EquityPoint, Tick};
use hemiola_components::portfolio::{Account, Agenda, Desk, Portfolio, RestingOrder};
use hemiola_components::time::Nanos;

use crate::allocation::division::{Division, Sight};
use crate::book::mark_at;
use crate::control::turn::turn;
use crate::execution::venue::{Standing, Venue};
use crate::execution::{borrow, margin};
use crate::pass::{Phase, Systems, When};
use crate::queue::{Due, Queue};
use crate::risk::latch::alarms;
use crate::risk::liquidation::{Log, Positions, begin_day, look};
use crate::table::columns;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Ingest, When::Always, ingest);
}

fn ingest(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut divisions: Query<&'static mut Division>,
    mut positions: Positions<'_, '_>,
    metrics: Query<&'static Metrics>,
) -> Result<(), BevyError> {
    let Queue { inbox, outbox, due, intents, portfolios: entities, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for (place, Tick { portfolio: index, now }) in inbox.ticks.iter().copied().enumerate() {
        let (portfolio, desk) = (&portfolios[index.get()], &mut desks[index.get()]);
        let mut log = Log { portfolio: index, now, records: &mut outbox.records };
        desk.timeline.now = now;
        let answered = take_answers(portfolio, desk, &mut positions, |event| log.push(event), now)?;
        let moved = mark_at(&mut desk.account, &mut desk.book, now);
        if now >= desk.turn {
            let mut division = divisions.get_mut(entities[index.get()])?;
            turn(portfolio, desk, &mut division, (&mut positions, &metrics), intents, &mut log)?;
        }
        let closes_day = now == desk.timeline.day_end;
        if closes_day {
            if borrow::charge(portfolio, desk, &mut positions, now, &mut |event| log.push(event))? {
                mark_at(&mut desk.account, &mut desk.book, now);
            }
            let mut division = divisions.get_mut(entities[index.get()])?;
            division.bring_up(&mut Sight { desk, positions: &positions, metrics: &metrics }, now)?;
            close_day(&desk.account, &desk.weights, |event| log.push(event));
        }
        let begins_day = closes_day || now == desk.midnight;
        margin::call(portfolio, desk, &mut positions, intents, &mut log)?;
        if answered || now == desk.look_at || alarms(&desk.account) {
            look(portfolio, desk, &mut positions, intents, &mut log)?;
        }
        // What closes at midnight belongs to the day that ends. What is released and still holds latches again.
        if begins_day && begin_day(portfolio, desk, now, &mut log) {
            look(portfolio, desk, &mut positions, intents, &mut log)?;
        }
        let wanted = match portfolio.curve {
            EquityCurve::Off => false,
            EquityCurve::Events => answered || closes_day,
            EquityCurve::EveryBar => answered || closes_day || moved,
        };
        if wanted {
            outbox.equity.push(EquityPoint::of(index, now, &desk.account));
        }
        let agenda = &desk.agenda;
        due.extend(due_slots(&agenda.next, now).map(|slot| {
            let position = agenda.positions[slot];
            Due {
                tick: place,
                slot: u32::try_from(slot).expect("a portfolio has fewer than 2^32 positions"),
                position,
                now,
            }
        }));
    }
    Ok(())
}

/// The slots that are due, ascending. Few are, so they are passed over eight at a time.
fn due_slots(next: &[Nanos], now: Nanos) -> impl Iterator<Item = usize> {
    const EIGHT: usize = 8;
    let count = move |next: &[Nanos]| next.iter().map(|next| usize::from(*next == now)).sum::<usize>();
    let chunks = next.chunks(EIGHT).enumerate().filter(move |(_, chunk)| count(chunk) > 0);
    chunks.flat_map(move |(at, chunk)| {
        (at * EIGHT..).zip(chunk).filter(move |(_, next)| **next == now).map(|(slot, _)| slot)
    })
}

/// Applies what the venue answers at `now`. Returns whether it answered anything.
fn take_answers(
    portfolio: &Portfolio,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    mut record: impl FnMut(Event),
    now: Nanos,
) -> Result<bool, BevyError> {
    let Desk { timeline, resting, account, risk, book, agenda, .. } = desk;
    let (end, mut venue) = (timeline.end, Venue { portfolio, account, risk, book });
    let (mut answered, mut failed) = (false, Ok(()));
    let mut record = |event| {
        answered = true;
        record(event);
    };
    resting.retain_mut(|resting| {
        if resting.known_at != now {
            return true;
        }
        advance(resting, &mut venue, agenda, positions, &mut record, (now, end)).unwrap_or_else(|error| {
            failed = Err(error);
            false
        })
    });
    failed.map(|()| answered)
}

/// The trading day ends on the last marks.
fn close_day(account: &Account, weights: &Weights, mut record: impl FnMut(Event)) {
    let Account { equity, cash, .. } = *account;
    record(Event::DayClose { equity, cash });
    for (schedule, weight) in weights.of.iter().enumerate() {
        record(Event::Weight { schedule: ScheduleIndex::new(schedule), weight: *weight });
    }
}

/// Carries out what happens to an order at `now`. Once it is done, and was the last one of its signal, the engine is due
/// again. Returns whether the order is still at the venue.
fn advance(
    resting: &mut RestingOrder,
    venue: &mut Venue<'_>,
    agenda: &mut Agenda,
    positions: &mut Positions<'_, '_>,
    record: &mut impl FnMut(Event),
    (now, end): (Nanos, Nanos),
) -> Result<bool, BevyError> {
    let (position, mut holding, _) = positions.get_mut(resting.working.position)?;
    let answer = match venue.advance(resting, (position, &mut holding), (now, end), record)? {
        Standing::Waits => return Ok(true),
        Standing::Outlasted => return Ok(false),
        Standing::Done(answer) => answer,
    };
    let (decider, _, mut cursor) = positions.get_mut(resting.working.decider)?;
    cursor.in_flight -= 1;
    cursor.answer = Some(answer);
    if cursor.in_flight == 0 {
        agenda.next[decider.slot] = now;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_that_are_due_are_found_in_order() {
        for len in 0..40 {
            let next: Vec<Nanos> = (0..len).map(|slot| Nanos::new(slot * 7 % 5)).collect();
            let expected: Vec<usize> = (0..next.len()).filter(|slot| next[*slot] == Nanos::new(3)).collect();
            assert_eq!(due_slots(&next, Nanos::new(3)).collect::<Vec<_>>(), expected);
        }
    }
}
