//! What follows when a limit is reached: the profile is latched, somebody is alerted, its orders are withdrawn and its
//! positions are closed, the largest first.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use hemiola_components::id::PortfolioIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Order, OrderKind, OrderSize, Origin, Side, TimeInForce, WorkingOrder};
use hemiola_components::port::Records;
use hemiola_components::portfolio::{Desk, Portfolio};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::risk::{Alert, RiskProfile, Rule};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity};

use super::calendar::{midnight_that_matters, roll};
use super::latch::{Scope, Trip, scope, trips, watch};
use crate::book::{mark_of, next_close_or_unseen};
use crate::execution::venue::{Venue, is_cancellable};

/// Positions with what closing them changes.
pub(crate) type Positions<'w, 's> =
    Query<'w, 's, (&'static Position, &'static mut Holding, &'static mut Cursor)>;

/// Where the events of a portfolio's tick are written down.
pub(crate) struct Log<'a> {
    pub(crate) portfolio: PortfolioIndex,
    pub(crate) now: Nanos,
    pub(crate) records: &'a mut Records,
}

impl Log<'_> {
    pub(crate) fn push(&mut self, event: Event) {
        self.records.push(Record { portfolio: self.portfolio, at: self.now, event });
    }
}

/// Begins the day of `at`, if it is a new one, on the account's last marks. Returns whether that releases any latch.
pub(crate) fn begin_day(portfolio: &Portfolio, desk: &mut Desk, at: Nanos, log: &mut Log<'_>) -> bool {
    let Desk { account, risk, .. } = desk;
    let now = (at, account.equity);
    let mut releases = false;
    let began = roll(account, risk, &portfolio.risk_policy, now, |risk_profile, rule| {
        log.push(Event::Latch { risk_profile, rule, entered: false, value: 0.0, limit: 0.0 });
        releases = true;
    });
    if began {
        watch_on(portfolio, desk, at);
    }
    releases
}

/// Latches the profiles whose limits are reached, withdraws their orders and adds what closes their positions to
/// `intents`.
pub(crate) fn look(
    portfolio: &Portfolio,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    desk.look_at = Nanos::NEVER;
    if !portfolio.risk_profiles.iter().any(RiskProfile::can_latch)
        && desk.risk.iter().all(|state| state.latches.is_empty())
    {
        return Ok(());
    }
    let scope = scope(&portfolio.risk_policy);
    for risk_profile in 0..portfolio.risk_profiles.len() {
        enter(portfolio, desk, risk_profile, scope, log);
        if !desk.risk[risk_profile].latches.is_empty() {
            close(portfolio, risk_profile, desk, positions, intents, log)?;
        }
    }
    watch_on(portfolio, desk, log.now);
    Ok(())
}

/// Notes what can latch or release a profile next.
pub(crate) fn watch_on(portfolio: &Portfolio, desk: &mut Desk, now: Nanos) {
    watch(&mut desk.account, &portfolio.risk_profiles, &desk.risk);
    desk.midnight = midnight_that_matters(&portfolio.risk_profiles, &desk.risk, now);
}

/// Latches a profile by every limit that is reached and has not latched it yet; one alert tells of the last of them.
/// Returns whether there was any.
fn enter(
    portfolio: &Portfolio,
    desk: &mut Desk,
    risk_profile: usize,
    scope: Scope,
    log: &mut Log<'_>,
) -> bool {
    let state = &mut desk.risk[risk_profile];
    let mut last = None;
    for trip in trips(&portfolio.risk_profiles[risk_profile], &desk.account, state, scope) {
        let Trip { rule, value, limit } = trip;
        if !state.latches.has(rule) {
            state.latches.set(rule);
            log.push(Event::Latch { risk_profile, rule, entered: true, value, limit });
            last = Some(trip);
        }
    }
    if let Some(Trip { rule, value, limit }) = last {
        log.push(Event::Alert { risk_profile, alert: Alert::Latch(rule), order: None, value, limit });
    }
    last.is_some()
}

/// Latches a profile in the middle of a tick: it binds at once, and its positions are closed when the next candle of
/// any line closes.
pub(crate) fn enter_between(
    portfolio: &Portfolio,
    desk: &mut Desk,
    risk_profile: usize,
    scope: Scope,
    log: &mut Log<'_>,
) {
    if enter(portfolio, desk, risk_profile, scope, log) {
        desk.look_at = next_close_or_unseen(&mut desk.book, log.now);
        watch_on(portfolio, desk, log.now);
    }
}

/// Withdraws the orders of a profile's schedules and closes what they hold, unless an order that cannot be withdrawn
/// is still to be answered, or the position is already being closed in this tick.
fn close(
    portfolio: &Portfolio,
    risk_profile: usize,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    withdraw(portfolio, |working| working.risk_profile == risk_profile, desk, positions, log)?;
    let first = intents.len();
    for slot in 0..desk.agenda.positions.len() {
        if desk.agenda.risk_profiles[slot] != risk_profile {
            continue;
        }
        close_held(slot, Origin::Risk, desk, positions, intents, log.now)?;
    }
    intents[first..].sort_by(|one, other| value(other).total_cmp(&value(one)));
    Ok(())
}

/// Adds what closes the position at a place of the agenda, if it is not flat, can be marked, and no order of it is to be
/// answered.
pub(crate) fn close_held(
    slot: usize,
    origin: Origin,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    now: Nanos,
) -> Result<(), BevyError> {
    let entity = desk.agenda.positions[slot];
    let (position, holding, _) = positions.get(entity)?;
    let mut orders = desk.resting.iter().map(|resting| &resting.working).chain(intents.iter());
    let is_waiting = orders.any(|working| working.position == entity);
    if holding.quantity != Quantity::ZERO
        && !is_waiting
        && let Some(mark) = mark_of(&mut desk.book, position.instrument_index.get(), now)
    {
        close_position(slot, mark, origin, desk, positions, intents, now)?;
    }
    Ok(())
}

/// Adds what closes the position at a place of the agenda; its engine forgets what it saw ahead of now. At the end of the
/// run there is nobody left to close anything, but the engine does not decide any more either.
pub(crate) fn close_position(
    slot: usize,
    reference: Price,
    origin: Origin,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    now: Nanos,
) -> Result<(), BevyError> {
    let agenda = &desk.agenda;
    let (entity, decides) = (agenda.positions[slot], agenda.deciders[slot]);
    let decider = agenda.positions[decides];
    let (position, holding, _) = positions.get(entity)?;
    let closing = WorkingOrder {
        order: Order {
            schedule: position.schedule_index,
            instrument: position.instrument_index,
            at: now,
            ordinal: 0,
            origin,
            side: if holding.quantity > Quantity::ZERO { Side::Sell } else { Side::Buy },
            size: OrderSize::Base(holding.quantity.abs()),
            kind: OrderKind::Market,
            reference,
            protection: None,
        },
        portfolio: position.portfolio,
        position: entity,
        decider,
        risk_profile: agenda.risk_profiles[slot],
        part: 1.0,
        reserved: Notional::ZERO,
        exposure: Quantity::ZERO,
        opens: false,
        time_in_force: TimeInForce::UntilFilled,
        good_for: Nanos::NEVER,
    };
    intents.extend((now < desk.timeline.end).then_some(closing));
    let agenda = &mut desk.agenda;
    let (.., mut cursor) = positions.get_mut(decider)?;
    // While an order is in flight the engine does not look ahead, and is not looked at.
    if cursor.in_flight == 0 {
        cursor.recalled = true;
        agenda.next[decides] = now;
    }
    Ok(())
}

/// What a closing order trades, at the mark.
fn value(WorkingOrder { order, .. }: &WorkingOrder) -> f64 {
    match order.size {
        OrderSize::Base(quantity) => quantity.at(order.reference).get(),
        OrderSize::Quote(amount) | OrderSize::Spend(amount) => amount.get(),
    }
}

/// Takes orders that engines wanted back from the venue, where it has not filled them yet.
pub(crate) fn withdraw(
    portfolio: &Portfolio,
    is_meant: impl Fn(&WorkingOrder) -> bool,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    let Desk { account, risk, book, resting, agenda, look_at, .. } = desk;
    let mut venue = Venue { portfolio, account, risk, book };
    let mut failed = Ok(());
    resting.retain_mut(|resting| {
        let working = resting.working;
        let is_engines = working.order.origin == Origin::Engine;
        if !(is_engines && is_meant(&working)) {
            return true;
        }
        if !is_cancellable(resting, &venue.book.lines[working.order.instrument.get()], log.now) {
            *look_at = next_close_or_unseen(venue.book, log.now);
            return true;
        }
        let mut take_back = || -> Result<(), BevyError> {
            let answer = venue.cancel(resting, Rule::Canceled, &mut |event| log.push(event))?;
            let (decider, _, mut cursor) = positions.get_mut(working.decider)?;
            cursor.in_flight -= 1;
            cursor.answer = Some(answer);
            if cursor.in_flight == 0 {
                agenda.next[decider.slot] = log.now;
            }
            Ok(())
        };
        if let Err(error) = take_back() {
            failed = Err(error);
        }
        false
    });
    failed
}
