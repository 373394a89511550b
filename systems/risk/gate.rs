//! The gate: the only producer of an approved order. It refuses and never resizes.
//!
//! This holds the first limits. The full risk engine (profiles with loss limits, latches, buckets, pre-trade
//! guards) takes this place and keeps its shape: orders in, [`Approved`] or [`Refusal`] out.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Costs, Order, OrderSize, WorkingOrder};
use hemiola_components::portfolio::{Account, Book, BookLine, Desk, Portfolio};
use hemiola_components::position::{Cursor, Holding};
use hemiola_components::risk::{Refusal, RiskProfile, RiskState, Rule};
use hemiola_components::signal::Answer;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity};

use super::cash::free_cash;
use crate::book::close_at;
use crate::execution::ledger;
use crate::queue::Queue;
use crate::table::columns;

/// A size that was computed from its limit must pass it, whatever the rounding on the way.
const TOLERANCE: f64 = 1e-9;

/// An order the gate let through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approved(WorkingOrder);

impl Approved {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> &WorkingOrder {
        &self.0
    }
}

pub(super) fn gate(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut positions: Query<(&Holding, &mut Cursor)>,
) -> Result<(), BevyError> {
    let Queue { intents, approved, outbox, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for legs in intents.chunk_by_mut(|one, next| one.decider == next.decider) {
        let first = approved.len();
        let index = legs[0].portfolio.get();
        let portfolio = &portfolios[index];
        let Desk { account, book, risk, .. } = &mut desks[index];
        let (decider, schedule, at) = (legs[0].decider, legs[0].order.schedule, legs[0].order.at);
        let mut stopped = None;
        for (leg, working) in legs.iter_mut().enumerate() {
            let (holding, _) = positions.get(working.position)?;
            let state = &mut risk[working.risk_profile];
            let limits = (&portfolio.risk_profiles[working.risk_profile], &*state);
            if let Err(refusal) = check(working, holding.quantity, account, book, limits, portfolio.costs) {
                stopped = Some((leg, refusal));
                break;
            }
            working.order.ordinal = next_ordinal(approved, working);
            ledger::sent(account, state, book, working);
            approved.push(Approved(*working));
        }
        if let Some((stopped, refusal)) = stopped {
            // All legs or none: what was set aside for those before is free again.
            for Approved(working) in approved.drain(first..) {
                let state = &mut risk[working.risk_profile];
                ledger::answered(account, state, book, &working);
            }
            for (leg, WorkingOrder { order, .. }) in legs.iter().enumerate() {
                let other = Refusal { rule: Rule::OtherLeg, value: 0.0, limit: 0.0 };
                let refusal = if leg == stopped { refusal } else { other };
                let event = Event::Refused { schedule, instrument: order.instrument, refusal };
                outbox.records.push(Record { portfolio: portfolio.index, at, event });
            }
        }
        let (_, mut cursor) = positions.get_mut(decider)?;
        cursor.in_flight = u32::try_from(approved.len() - first).expect("a pair has two legs");
        if cursor.in_flight == 0 {
            cursor.answer = Some(Answer::Refused);
        }
    }
    intents.clear();
    Ok(())
}

/// An order's number among those of its schedule and instant.
fn next_ordinal(approved: &[Approved], working: &WorkingOrder) -> u32 {
    let last = approved.last().map(Approved::order);
    let owner = |working: &WorkingOrder| (working.portfolio, working.order.schedule);
    last.filter(|last| owner(last) == owner(working)).map_or(0, |last| last.order.ordinal + 1)
}

/// Checks an order against the limits, in this order: a halt, smallest value, number of positions, size of the
/// position, leverage, cash. An order that only reduces its own position passes all of them. A value equal to
/// its limit passes. The cash an order needs is what it pays plus the collateral of what it leaves short; what a
/// sale of its own brings counts, what other orders at the venue will bring does not.
///
/// An order that passes knows what has to be set aside for it.
///
/// # Errors
/// The first rule that refuses.
fn check(
    working: &mut WorkingOrder,
    held: Quantity,
    account: &Account,
    book: &Book,
    (profile, state): (&RiskProfile, &RiskState),
    costs: Costs,
) -> Result<(), Refusal> {
    let order = &working.order;
    let mark = order.reference;
    let line = &book.lines[order.instrument.get()];
    let (quantity, paid) = estimate(order, costs);
    let after = held + Quantity::new(order.side.sign() * quantity.get());
    if after.get() * held.get() >= 0.0 && after.abs() < held.abs() {
        return Ok(());
    }

    if state.halted {
        let (peak, equity) = (account.peak.get(), account.equity.get());
        let (value, limit) = ((peak - equity) / peak, profile.max_drawdown.get());
        return Err(Refusal { rule: Rule::Drawdown, value, limit });
    }

    refuse_below(Rule::MinNotional, quantity.at(mark).get(), line.rules.min_notional.get())?;

    working.opens = held == Quantity::ZERO;
    let positions = state.open_positions + u32::from(working.opens);
    if positions > profile.max_positions {
        let (value, limit) = (f64::from(positions), f64::from(profile.max_positions));
        return Err(Refusal { rule: Rule::MaxPositions, value, limit });
    }

    working.exposure = Quantity::new((after.abs() - held.abs()).get().max(0.0));
    let equity = account.equity.get();
    let line_value = (line.gross + line.pending + working.exposure.get()) * mark.get();
    refuse_above(Rule::PositionSize, line_value, equity, profile.max_position.get())?;
    if profile.max_leverage > 0.0 {
        let gross = gross_value(book, order.at) + working.exposure.get() * mark.get();
        refuse_above(Rule::Leverage, gross, equity, profile.max_leverage)?;
    }

    let short = |quantity: Quantity| (-quantity.get()).max(0.0);
    let collateral = Notional::new(2.0 * (short(after) - short(held)) * mark.get());
    let needed = collateral + paid;
    let free = free_cash(account, book);
    if needed.get() > free.get() * (1.0 + TOLERANCE) {
        return Err(Refusal { rule: Rule::Cash, value: needed.get(), limit: free.get() });
    }
    working.reserved = Notional::new(needed.get().clamp(0.0, free.get().max(0.0)));
    Ok(())
}

/// What an order trades at the mark, and the cash it takes; a sale takes a negative amount.
fn estimate(order: &Order, costs: Costs) -> (Quantity, Notional) {
    let (mark, fee) = (order.reference, costs.taker_fee.get());
    let sign = order.side.sign();
    let unit = (1.0 + sign * costs.slippage.get()) * (1.0 + sign * fee);
    let (quantity, value) = match order.size {
        OrderSize::Base(quantity) => (quantity, quantity.at(mark).get() * unit),
        OrderSize::Quote(amount) => (amount.over(mark), amount.get() * (1.0 + sign * fee)),
        OrderSize::Spend(amount) => (Quantity::new(amount.get() / (mark.get() * unit)), amount.get()),
    };
    (quantity, Notional::new(sign * value))
}

/// Refuses an amount below `limit`; a limit of zero or less is off.
fn refuse_below(rule: Rule, value: f64, limit: f64) -> Result<(), Refusal> {
    if limit > 0.0 && value < limit { Err(Refusal { rule, value, limit }) } else { Ok(()) }
}

/// Refuses an amount above `limit` times equity; a limit of zero or less is off.
fn refuse_above(rule: Rule, amount: f64, equity: f64, limit: f64) -> Result<(), Refusal> {
    let value = amount / equity;
    if limit > 0.0 && (equity <= 0.0 || value > limit * (1.0 + TOLERANCE)) {
        return Err(Refusal { rule, value, limit });
    }
    Ok(())
}

/// All positions and what orders at the venue would add, long and short added up, at `now`.
fn gross_value(book: &Book, now: Nanos) -> f64 {
    let value = |(index, line): (usize, &BookLine)| {
        close_at(book, index, now).map_or(0.0, |close| (line.gross + line.pending) * close)
    };
    book.lines.iter().enumerate().map(value).sum()
}
