//! The gate: the only producer of an approved order. It refuses, and makes an order smaller once, when a limit says how
//! much would pass.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::id::InstrumentIndex;
use hemiola_components::journal::Event;
use hemiola_components::order::{Costs, Order, OrderSize, Origin, WorkingOrder};
use hemiola_components::portfolio::{Desk, Portfolio};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::risk::{Family, Refusal, Rule, Triggers};
use hemiola_components::signal::Answer;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity};

use super::alerts::alerts;
use super::calendar::begin;
use super::cash::free_cash;
use super::check::{Cap, Change, Proposal, Standing, check};
use super::exposure::{buckets, gross};
use super::guards::{ask, note};
use super::latch::{Scope, reason};
use super::liquidation::{Log, enter_between};
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

type Positions<'w, 's> = Query<'w, 's, (&'static Position, &'static Holding, &'static mut Cursor)>;

pub(super) fn gate(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut positions: Positions<'_, '_>,
) -> Result<(), BevyError> {
    let Queue { intents, approved, outbox, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    // What closes positions was wanted before the engines of any portfolio ran.
    let any_closes = intents.first().is_some_and(|first| first.order.origin != Origin::Engine);
    if any_closes {
        intents.sort_by_key(|working| working.portfolio);
    }
    for legs in intents.chunk_by_mut(|one, next| one.decider == next.decider) {
        let first = approved.len();
        let index = legs[0].portfolio.get();
        let (portfolio, desk) = (&portfolios[index], &mut desks[index]);
        let (decider, schedule, at) = (legs[0].decider, legs[0].order.schedule, legs[0].order.at);
        let mut log = Log { portfolio: portfolio.index, now: at, records: &mut outbox.records };
        let alone = legs.len() == 1;
        let mut stopped = None;
        for (leg, working) in legs.iter_mut().enumerate() {
            begin(&mut desk.account);
            if portfolio.risk_policy.triggers == Triggers::AtCheck {
                enter_between(portfolio, desk, working.risk_profile, Scope::All, &mut log);
            }
            let counter = Counter { portfolio, desk, approved, positions: &positions };
            let passed = counter.admit(working, &mut log).or_else(|refusal| {
                if alone { counter.retry(working, refusal, &mut log) } else { Err(refusal) }
            });
            match passed {
                Ok(change) => {
                    if !change.reduces && portfolio.risk_policy.guards.remembers() {
                        let (position, ..) = positions.get(working.position)?;
                        let order = &working.order;
                        let quantity = estimate(order, portfolio.costs).0;
                        note(
                            &portfolio.risk_policy.guards,
                            &mut desk.recent,
                            (order, quantity, position.slot),
                        );
                    }
                    working.order.ordinal = next_ordinal(approved, working, any_closes);
                    let Desk { account, risk, book, .. } = &mut *desk;
                    ledger::sent(account, &mut risk[working.risk_profile], book, working);
                    approved.push(Approved(*working));
                }
                Err(refusal) => {
                    stopped = Some((leg, refusal));
                    break;
                }
            }
        }
        if let Some((stopped, refusal)) = stopped {
            // All legs or none: what was set aside for those before is free again.
            for Approved(working) in approved.drain(first..) {
                let Desk { account, risk, book, .. } = &mut *desk;
                ledger::answered(account, &mut risk[working.risk_profile], book, &working);
            }
            for (leg, WorkingOrder { order, .. }) in legs.iter().enumerate() {
                let refusal = if leg == stopped { refusal } else { Refusal::plain(Rule::OtherLeg) };
                log.push(Event::Refused { schedule, instrument: order.instrument, refusal });
            }
        }
        let (.., mut cursor) = positions.get_mut(decider)?;
        cursor.in_flight += u32::try_from(approved.len() - first).expect("a pair has two legs");
        if cursor.in_flight == 0 {
            cursor.answer = Some(Answer::Refused);
        }
    }
    intents.clear();
    Ok(())
}

/// An order's number among those of its schedule and instant. A schedule's orders follow each other, unless some of the
/// pass close positions.
fn next_ordinal(approved: &[Approved], working: &WorkingOrder, any_closes: bool) -> u32 {
    let owner = |working: &WorkingOrder| (working.portfolio, working.order.schedule, working.order.at);
    let mut earlier = approved.iter().rev().map(Approved::order);
    let last = if any_closes {
        earlier.find(|last| owner(last) == owner(working))
    } else {
        earlier.next().filter(|last| owner(last) == owner(working))
    };
    last.map_or(0, |last| last.order.ordinal + 1)
}

/// Where an order is held against everything.
struct Counter<'a> {
    portfolio: &'a Portfolio,
    desk: &'a Desk,
    approved: &'a [Approved],
    positions: &'a Positions<'a, 'a>,
}

impl Counter<'_> {
    /// Holds an order against guards, limits and cash, and notes in it what has to be set aside. An order that only
    /// reduces its own position needs a price and nothing else. The cash an order needs is what it pays plus the
    /// collateral of what it leaves short; what a sale of its own brings counts, what other orders at the venue will
    /// bring does not.
    ///
    /// # Errors
    /// The first rule that refuses.
    fn admit(&self, working: &mut WorkingOrder, log: &mut Log<'_>) -> Result<Change, Refusal> {
        let Self { portfolio, desk, .. } = *self;
        let Desk { account, book, risk, .. } = desk;
        let (order, mark) = (&working.order, working.order.reference);
        let line = &book.lines[order.instrument.get()];
        let profile = &portfolio.risk_profiles[working.risk_profile];
        let (position, holding, _) =
            self.positions.get(working.position).map_err(|_| Refusal::plain(Rule::MissingPrice))?;
        let held = holding.quantity;
        let (quantity, paid) = estimate(order, portfolio.costs);
        let proposal = Proposal {
            side: order.side,
            quantity: quantity.get(),
            price: mark.get(),
            atr: order.protection.map(|protection| protection.atr),
            stop: order.protection.map(|protection| protection.stop.get()),
        };
        let state = &risk[working.risk_profile];
        let own = held.at(mark).get();
        let equity = account.equity.get();
        if proposal.reduces(own) {
            let nothing = Standing { own, ..Standing::default() };
            return check(profile, &portfolio.risk_policy, None, &proposal, &nothing, std::iter::empty());
        }
        ask(&portfolio.risk_policy.guards, &desk.recent, (order, quantity, position.slot), line)?;
        let value = quantity.at(mark).get();
        if value < line.rules.min_notional.get() {
            return Err(Refusal::new(Rule::MinNotional, value, line.rules.min_notional.get()));
        }
        let free = free_cash(account, book).get();
        let standing = Standing {
            own,
            others: (line.gross + line.pending - held.abs().get()) * mark.get(),
            gross: if profile.bounds_everything() { gross(book, order.at) } else { 0.0 },
            active: state.open_positions,
            equity,
            available: free,
            maintenance: 0.0,
        };
        let families =
            profile.families.iter().filter(|family| family.schedules.binary_search(&order.schedule).is_ok());
        let families = families.map(|family| Cap {
            rule: Rule::FamilyExposure,
            base: self.held_by(family, order.at),
            unit: mark.get(),
            limit: family.share.get() * equity,
            slack: TOLERANCE * equity.abs(),
        });
        let buckets = buckets(profile, order.instrument, (book, order.at), (mark.get(), equity))?;
        let latched = reason(profile, account, state);
        let change =
            check(profile, &portfolio.risk_policy, latched, &proposal, &standing, buckets.chain(families))?;
        let after = held + Quantity::new(order.side.sign() * quantity.get());
        let short = |quantity: Quantity| (-quantity.get()).max(0.0);
        let needed = 2.0 * (short(after) - short(held)) * mark.get() + paid.get();
        if needed > free * (1.0 + TOLERANCE) {
            let headroom = free.max(0.0);
            let max_quantity = quantity.get() * headroom / needed;
            return Err(Refusal { headroom, max_quantity, ..Refusal::new(Rule::Cash, needed, free) });
        }
        if profile.alerts() {
            let (risk_profile, about) = (working.risk_profile, Some((order.schedule, order.instrument)));
            for (alert, value, limit) in alerts(profile, &proposal, &standing) {
                log.push(Event::Alert { risk_profile, alert, order: about, value, limit });
            }
        }
        working.opens = change.opens;
        working.exposure = Quantity::new((after.abs() - held.abs()).get().max(0.0));
        working.reserved = Notional::new(needed.clamp(0.0, free.max(0.0)));
        Ok(change)
    }

    /// Makes an order as small as a refusal says that it has to be, and holds that against everything.
    ///
    /// # Errors
    /// The refusal, when there is no such quantity or that does not pass either.
    fn retry(
        &self,
        working: &mut WorkingOrder,
        refusal: Refusal,
        log: &mut Log<'_>,
    ) -> Result<Change, Refusal> {
        let order = &working.order;
        let asked = estimate(order, self.portfolio.costs).0.get();
        let held =
            self.positions.get(working.position).map_or(0.0, |(_, holding, _)| holding.quantity.abs().get());
        let step = self.desk.book.lines[order.instrument.get()].rules.step;
        // What closes a position leaves nothing behind.
        let most = if refusal.max_quantity == held {
            held
        } else {
            Quantity::new(refusal.max_quantity).cut_to(step).get()
        };
        if !(most > 0.0 && most < asked * (1.0 - TOLERANCE)) {
            return Err(refusal);
        }
        let quantity = Quantity::new(most);
        let mut smaller = WorkingOrder {
            order: Order { size: OrderSize::Base(quantity), ..*order },
            part: working.part * most / asked,
            ..*working
        };
        let change = self.admit(&mut smaller, log).map_err(|_| refusal)?;
        log.push(Event::Adjusted {
            schedule: order.schedule,
            instrument: order.instrument,
            refusal,
            quantity,
        });
        *working = smaller;
        Ok(change)
    }

    /// The value of all positions of a family's schedules, with what orders under way will add.
    fn held_by(&self, family: &Family, now: Nanos) -> f64 {
        let Desk { agenda, book, resting, .. } = self.desk;
        let is_in = |schedule| family.schedules.binary_search(&schedule).is_ok();
        let close = |instrument: InstrumentIndex| close_at(book, instrument.get(), now).unwrap_or_default();
        let positions = agenda.positions.iter().filter_map(|entity| self.positions.get(*entity).ok());
        let held = positions.filter(|(position, ..)| is_in(position.schedule_index)).map(
            |(position, holding, _)| {
                let quantity = holding.quantity.abs().get();
                if quantity == 0.0 { 0.0 } else { quantity * close(position.instrument_index) }
            },
        );
        let mine = |working: &&WorkingOrder| {
            working.portfolio == self.portfolio.index && is_in(working.order.schedule)
        };
        let orders =
            resting.iter().map(|resting| &resting.working).chain(self.approved.iter().map(Approved::order));
        let coming =
            orders.filter(mine).map(|working| working.exposure.get() * close(working.order.instrument));
        held.sum::<f64>() + coming.sum::<f64>()
    }
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
