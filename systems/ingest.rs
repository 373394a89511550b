//! Phase 1, Ingest: what the venue reported, the marks, the day's roll; then who is due.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
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
use crate::table::columns;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Ingest, When::Always, ingest);
}

type Portfolios = (
    &'static Portfolio,
    &'static Weights,
    &'static EquityCurve,
    &'static mut Timeline,
    &'static mut Account,
    &'static mut RiskStates,
    &'static mut Book,
    &'static mut Resting,
    &'static mut Agenda,
);

/// A portfolio and everything that a fill, a mark or a day's end changes.
struct Accounts<'a> {
    portfolio: &'a Portfolio,
    weights: &'a Weights,
    account: &'a mut Account,
    risk: &'a mut RiskStates,
    book: &'a mut Book,
    agenda: &'a mut Agenda,
}

type Positions<'w, 's> = Query<'w, 's, (&'static Position, &'static mut Holding, &'static mut Cursor)>;

fn ingest(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<Portfolios>,
    mut positions: Positions<'_, '_>,
) -> Result<(), BevyError> {
    let (portfolios, weights, curves, mut timelines, mut accounts, mut states, mut books, mut resting, mut agendas) =
        columns(&mut portfolios)?;
    let (timelines, accounts) = (timelines.bypass_change_detection(), accounts.bypass_change_detection());
    let (states, books) = (states.bypass_change_detection(), books.bypass_change_detection());
    let (resting, agendas) = (resting.bypass_change_detection(), agendas.bypass_change_detection());
    for tick in 0..queue.inbox.ticks.len() {
        let Tick { portfolio, now } = queue.inbox.ticks[tick];
        let index = portfolio.get();
        let timeline = &mut timelines[index];
        timeline.now = now;
        let mut of = Accounts {
            portfolio: &portfolios[index],
            weights: &weights[index],
            account: &mut accounts[index],
            risk: &mut states[index],
            book: &mut books[index],
            agenda: &mut agendas[index],
        };
        let answered = take_answers(&mut resting[index], &mut of, &mut positions, queue, now)?;
        let moved = mark_at(of.account, of.book, now);
        let closes_day = now == timeline.day_end;
        if closes_day {
            close_day(&mut of, queue, now);
        }
        let wanted = match curves[index] {
            EquityCurve::Off => false,
            EquityCurve::Events => answered || closes_day,
            EquityCurve::EveryBar => answered || closes_day || moved,
        };
        if wanted {
            queue.outbox.equity.push(EquityPoint::of(portfolio, now, of.account));
        }
        let slots = (0..).zip(of.agenda.next.iter().zip(&of.agenda.positions));
        let due = slots.filter(|(_, (next, _))| **next == now);
        queue.due.extend(due.map(|(slot, (_, position))| Due { tick, slot, position: *position, now }));
    }
    Ok(())
}

/// Applies what the venue answers at `now`. Returns whether it answered anything.
fn take_answers(
    Resting(waiting): &mut Resting,
    of: &mut Accounts<'_>,
    positions: &mut Positions<'_, '_>,
    queue: &mut Queue,
    now: Nanos,
) -> Result<bool, BevyError> {
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
    failed.map(|()| answered)
}

/// The trading day ends on the marks of `now`.
fn close_day(of: &mut Accounts<'_>, queue: &mut Queue, now: Nanos) {
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
    of: &mut Accounts<'_>,
    positions: &mut Positions<'_, '_>,
) -> Result<Event, BevyError> {
    let RestingOrder { working, filling, known_at, expires } = resting;
    let (order, known_at) = (&working.order, *known_at);
    let risk = &mut of.risk.0[working.risk_profile];
    let (event, answer) = match filling {
        Some(filling) => {
            let (_, mut holding, _) = positions.get_mut(working.position)?;
            let print = Print::open(&of.book.lines[order.instrument.get()], *filling);
            settle(working, print, of.account, risk, of.book, &mut holding, of.portfolio.costs)
        }
        None if *expires => {
            ledger::answered(of.account, risk, of.book, working);
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
