//! Phase 1, Ingest: what the venue reported, the marks, the day's roll; then who is due.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Query, ResMut};
use hemiola_components::capital::Weights;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::Event;
use hemiola_components::port::{EquityCurve, EquityPoint, Inbox, Tick};
use hemiola_components::portfolio::{Account, Agenda, Book, Portfolio, Resting, RestingOrder, Timeline};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::risk::{Refusal, RiskStates, Rule};

use crate::book::mark_at;
use crate::execution::ledger;
use crate::execution::paper::{Outcome, fill};
use crate::queue::{Due, Queue};
use crate::schedule::{Phase, Systems, When};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Ingest, When::Always, ingest);
}

type Accounts<'a> = (
    &'a Portfolio,
    &'a mut Timeline,
    &'a mut Account,
    &'a mut RiskStates,
    &'a mut Book,
    &'a mut Resting,
    &'a mut Agenda,
    &'a Weights,
    &'a EquityCurve,
);

fn ingest(
    mut inbox: ResMut<Inbox>,
    mut queue: ResMut<Queue>,
    mut portfolios: Query<Accounts<'_>>,
    mut positions: Query<(&Position, &mut Holding, &mut Cursor)>,
) -> Result<(), BevyError> {
    let queue = &mut *queue;
    std::mem::swap(&mut queue.ticks, &mut inbox.ticks);
    for index in 0..queue.ticks.len() {
        let Tick { portfolio, now } = queue.ticks[index];
        let (
            portfolio,
            mut timeline,
            mut account,
            mut risk,
            mut book,
            mut resting,
            mut agenda,
            weights,
            curve,
        ) = portfolios.get_mut(portfolio)?;
        timeline.now = now;
        let mut filled = false;
        let mut failed = Ok(());
        resting.0.retain(|order| {
            if order.known_at != now {
                return true;
            }
            filled = true;
            let settled =
                settle(order, portfolio, &mut account, &mut risk, &mut book, &mut agenda, &mut positions);
            match settled {
                Ok(event) => queue.record(portfolio.index, now, event),
                Err(error) => failed = Err(error),
            }
            false
        });
        failed?;
        let moved = mark_at(&mut account, &mut book, now);
        let closes_day = now == timeline.day_end;
        if closes_day {
            account.day_start = account.equity;
            let (equity, cash) = (account.equity, account.cash);
            queue.record(portfolio.index, now, Event::DayClose { equity, cash });
            for (schedule, share) in weights.shares.iter().enumerate() {
                let schedule = ScheduleIndex::new(schedule);
                queue.record(portfolio.index, now, Event::Weight { schedule, share: *share });
            }
        }
        let wanted = match curve {
            EquityCurve::Off => false,
            EquityCurve::Events => filled || closes_day,
            EquityCurve::EveryBar => filled || closes_day || moved,
        };
        if wanted {
            queue.equity.push(EquityPoint::of(portfolio.index, now, &account));
        }
        let slots = (0..).zip(agenda.next.iter().zip(&agenda.positions));
        queue.due.extend(slots.filter(|(_, (next, _))| **next == now).map(|(slot, (_, position))| Due {
            tick: index,
            slot,
            position: *position,
            now,
        }));
    }
    Ok(())
}

/// Applies one answered order: the fill, or what is left of it, enters account, book and ledger, and the
/// position is due again.
fn settle(
    resting: &RestingOrder,
    portfolio: &Portfolio,
    account: &mut Account,
    risk: &mut RiskStates,
    book: &mut Book,
    agenda: &mut Agenda,
    positions: &mut Query<(&Position, &mut Holding, &mut Cursor)>,
) -> Result<Event, BevyError> {
    let RestingOrder { order, filling, known_at } = *resting;
    let Some(filling) = filling else { return Ok(Event::Unfilled(order)) };
    let (position, mut holding, mut cursor) = positions.get_mut(order.position)?;
    let risk = &mut risk.0[order.risk_profile];
    ledger::answered(account, risk, book, &order);
    cursor.in_flight = false;
    agenda.next[position.slot] = known_at;
    let line = &book.lines[order.instrument.get()];
    Ok(match fill(order, filling, line, portfolio.costs, account.cash) {
        Outcome::Filled { fill, cash } => {
            let realised = ledger::apply(account, risk, book, &mut holding, &fill, cash);
            Event::Fill { fill, position: holding.quantity, realised }
        }
        Outcome::Unaffordable { value } => Event::Refused {
            schedule: order.schedule,
            instrument: order.instrument,
            refusal: Refusal { rule: Rule::Cash, value: value.get(), limit: account.cash.get() },
        },
    })
}
