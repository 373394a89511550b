//! Phase 1, Ingest: what the venue reported, the marks, the day's roll; then who is due.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::InMut;
use hemiola_components::capital::Weights;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::Event;
use hemiola_components::order::WorkingOrder;
use hemiola_components::port::{EquityCurve, EquityPoint, Tick};
use hemiola_components::portfolio::{Account, Agenda, Book, Portfolio, Resting, RestingOrder, Timeline};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::risk::{Refusal, RiskStates, Rule};
use hemiola_components::signal::Answer;
use hemiola_components::time::Nanos;

use crate::book::mark_at;
use crate::execution::ledger;
use crate::execution::paper::{Print, settle};
use crate::pass::{Phase, Systems, When};
use crate::queue::{Due, Queue};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Ingest, When::Always, ingest);
}

/// A portfolio and everything that a fill, a mark or a day's end changes.
#[derive(QueryData)]
#[query_data(mutable)]
struct Accounts {
    portfolio: &'static Portfolio,
    timeline: &'static mut Timeline,
    account: &'static mut Account,
    risk: &'static mut RiskStates,
    book: &'static mut Book,
    resting: &'static mut Resting,
    agenda: &'static mut Agenda,
    weights: &'static Weights,
    curve: &'static EquityCurve,
}

type Positions<'w, 's> = Query<'w, 's, (&'static Position, &'static mut Holding, &'static mut Cursor)>;

fn ingest(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<Accounts>,
    mut positions: Positions<'_, '_>,
) -> Result<(), BevyError> {
    for tick in 0..queue.inbox.ticks.len() {
        let Tick { portfolio, now } = queue.inbox.ticks[tick];
        let mut of = portfolios.get_mut(portfolio)?;
        of.timeline.now = now;
        let answered = take_answers(&mut of, &mut positions, queue, now)?;
        let moved = mark_at(&mut of.account, &mut of.book, now);
        let closes_day = now == of.timeline.day_end;
        if closes_day {
            close_day(&mut of, queue, now);
        }
        let wanted = match of.curve {
            EquityCurve::Off => false,
            EquityCurve::Events => answered || closes_day,
            EquityCurve::EveryBar => answered || closes_day || moved,
        };
        if wanted {
            queue.outbox.equity.push(EquityPoint::of(of.portfolio.index, now, &of.account));
        }
        let slots = (0..).zip(of.agenda.next.iter().zip(&of.agenda.positions));
        let due = slots.filter(|(_, (next, _))| **next == now);
        queue.due.extend(due.map(|(slot, (_, position))| Due { tick, slot, position: *position, now }));
    }
    Ok(())
}

/// Applies what the venue answers at `now`. Returns whether it answered anything.
fn take_answers(
    of: &mut AccountsItem<'_, '_>,
    positions: &mut Positions<'_, '_>,
    queue: &mut Queue,
    now: Nanos,
) -> Result<bool, BevyError> {
    let mut waiting = std::mem::take(&mut of.resting.0);
    let before = waiting.len();
    let mut failed = Ok(());
    waiting.retain(|resting| {
        if resting.known_at != now {
            return true;
        }
        match answer(resting, of, positions) {
            Ok(event) => queue.record(of.portfolio.index, now, event),
            Err(error) => failed = Err(error),
        }
        false
    });
    let answered = waiting.len() < before;
    of.resting.0 = waiting;
    failed.map(|()| answered)
}

/// The trading day ends on the marks of `now`.
fn close_day(of: &mut AccountsItem<'_, '_>, queue: &mut Queue, now: Nanos) {
    let Account { equity, cash, .. } = *of.account;
    of.account.day_start = equity;
    queue.record(of.portfolio.index, now, Event::DayClose { equity, cash });
    for (schedule, share) in of.weights.shares.iter().enumerate() {
        let schedule = ScheduleIndex::new(schedule);
        queue.record(of.portfolio.index, now, Event::Weight { schedule, share: *share });
    }
}

/// Applies one answered order. When it was the last one of its signal, the engine is due again.
fn answer(
    resting: &RestingOrder,
    of: &mut AccountsItem<'_, '_>,
    positions: &mut Positions<'_, '_>,
) -> Result<Event, BevyError> {
    let RestingOrder { working, filling, known_at, expires } = resting;
    let (order, known_at) = (&working.order, *known_at);
    let risk = &mut of.risk.0[working.risk_profile];
    let (event, answer) = match filling {
        Some(filling) => {
            let (_, mut holding, _) = positions.get_mut(working.position)?;
            let print = Print::open(&of.book.lines[order.instrument.get()], *filling);
            settle(working, print, &mut of.account, risk, &mut of.book, &mut holding, of.portfolio.costs)
        }
        None if *expires => {
            ledger::answered(&mut of.account, risk, &mut of.book, working);
            (expired(working, known_at), Answer::Refused)
        }
        None => return Ok(Event::Unfilled(*order)),
    };
    let (decider, _, mut cursor) = positions.get_mut(working.decider)?;
    cursor.in_flight -= 1;
    cursor.answer = Some(answer);
    if cursor.in_flight == 0 {
        of.agenda.next[decider.slot] = known_at;
    }
    Ok(event)
}

/// An order that its market did not fill in time; value and limit are seconds.
fn expired(WorkingOrder { order, .. }: &WorkingOrder, known_at: Nanos) -> Event {
    let waited = (known_at - order.at).get() as f64 / 1e9;
    let refusal = Refusal { rule: Rule::Expired, value: waited, limit: waited };
    Event::Refused { schedule: order.schedule, instrument: order.instrument, refusal }
}
