//! Phase 1, Ingest: what the venue reported, the marks, the day's roll; then who is due.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::capital::Weights;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::port::{EquityCurve, EquityPoint, Tick};
use hemiola_components::portfolio::{Account, Agenda, Desk, Portfolio, RestingOrder};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::time::Nanos;

use crate::book::mark_at;
use crate::execution::borrow;
use crate::execution::venue::{Standing, Venue};
use crate::pass::{Phase, Systems, When};
use crate::queue::{Due, Queue};
use crate::risk::halt::Halts;
use crate::table::columns;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Ingest, When::Always, ingest);
}

type Positions<'w, 's> = Query<'w, 's, (&'static Position, &'static mut Holding, &'static mut Cursor)>;

fn ingest(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut positions: Positions<'_, '_>,
) -> Result<(), BevyError> {
    let Queue { inbox, outbox, due, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for (place, Tick { portfolio, now }) in inbox.ticks.iter().copied().enumerate() {
        let settings = &portfolios[portfolio.get()];
        let Portfolio { curve, ref risk_profiles, .. } = *settings;
        let Desk { timeline, account, book, resting, agenda, weights, risk } = &mut desks[portfolio.get()];
        timeline.now = now;
        let answered = {
            let mut venue = Venue { portfolio: settings, account, risk, book };
            let record = |event| outbox.records.push(Record { portfolio, at: now, event });
            take_answers(resting, &mut venue, agenda, &mut positions, record, (now, timeline.end))?
        };
        let records = &mut outbox.records;
        let mut halts = Halts { portfolio, profiles: risk_profiles, states: risk, records };
        let moved = mark_at(account, book, now, &mut halts);
        let closes_day = now == timeline.day_end;
        if closes_day {
            let mut venue = Venue { portfolio: settings, account, risk, book };
            let mut record = |event| outbox.records.push(Record { portfolio, at: now, event });
            if borrow::charge(&mut venue, &mut positions, &agenda.positions, now, &mut record)? {
                let records = &mut outbox.records;
                let mut halts = Halts { portfolio, profiles: risk_profiles, states: risk, records };
                mark_at(account, book, now, &mut halts);
            }
            close_day(account, weights, |event| outbox.records.push(Record { portfolio, at: now, event }));
        }
        let wanted = match curve {
            EquityCurve::Off => false,
            EquityCurve::Events => answered || closes_day,
            EquityCurve::EveryBar => answered || closes_day || moved,
        };
        if wanted {
            outbox.equity.push(EquityPoint::of(portfolio, now, account));
        }
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

/// Applies what the venue answers at `now`; `end` is the last instant of the run. Returns whether it answered anything.
fn take_answers(
    resting: &mut Vec<RestingOrder>,
    venue: &mut Venue<'_>,
    agenda: &mut Agenda,
    positions: &mut Positions<'_, '_>,
    mut record: impl FnMut(Event),
    (now, end): (Nanos, Nanos),
) -> Result<bool, BevyError> {
    let (mut answered, mut failed) = (false, Ok(()));
    let mut record = |event| {
        answered = true;
        record(event);
    };
    resting.retain_mut(|resting| {
        if resting.known_at != now {
            return true;
        }
        advance(resting, venue, agenda, positions, &mut record, (now, end)).unwrap_or_else(|error| {
            failed = Err(error);
            false
        })
    });
    failed.map(|()| answered)
}

/// The trading day ends on the last marks.
fn close_day(account: &mut Account, weights: &Weights, mut record: impl FnMut(Event)) {
    let Account { equity, cash, .. } = *account;
    account.day_start = equity;
    record(Event::DayClose { equity, cash });
    for (schedule, share) in weights.shares.iter().enumerate() {
        record(Event::Weight { schedule: ScheduleIndex::new(schedule), share: *share });
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
