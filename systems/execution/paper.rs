//! The simulated venue: a market order fills at the open of the instrument's next candle that has volume, or at
//! once at the mark, as the account's fill model says.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Costs, Fill, FillModel, Order, OrderSize, Side, TimeInForce, WorkingOrder};
use hemiola_components::port::{EquityCurve, EquityPoint, Records};
use hemiola_components::portfolio::{Account, Book, BookLine, Desk, Filling, Portfolio, RestingOrder};
use hemiola_components::position::{Cursor, Holding};
use hemiola_components::risk::{Refusal, RiskState, Rule};
use hemiola_components::signal::Answer;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity};

use super::ledger;
use crate::book::mark_at;
use crate::queue::Queue;
use crate::risk::gate::Approved;
use crate::risk::latch::{scope, watch};
use crate::risk::liquidation::{Log, enter_between};
use crate::table::columns;

/// Takes approved orders to the venue. It fills them at once, or finds the candle that will fill each: only the
/// venue reads ahead, and such a fill is known when that candle has closed.
pub(super) fn accept(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut positions: Query<(&mut Holding, &mut Cursor)>,
) -> Result<(), BevyError> {
    let Queue { approved, outbox, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for orders in approved.chunk_by(|one, next| one.order().portfolio == next.order().portfolio) {
        let portfolio = orders[0].order().portfolio.get();
        let Portfolio { index, costs, fill_model, curve, .. } = portfolios[portfolio];
        let Desk { timeline, account, book, resting, risk, .. } = &mut desks[portfolio];
        for working in orders.iter().map(Approved::order) {
            let order = working.order;
            let mut record = |event| {
                outbox.records.push(Record { portfolio: index, at: order.at, event });
            };
            record(Event::Order(order));
            if fill_model == FillModel::Instant {
                let print = Print { time: order.at, price: order.reference, after_gap: false };
                let risk = &mut risk[working.risk_profile];
                let (mut holding, _) = positions.get_mut(working.position)?;
                let (event, answer) = settle(working, print, account, risk, book, &mut holding, costs);
                record(event);
                let (_, mut cursor) = positions.get_mut(working.decider)?;
                cursor.in_flight -= 1;
                cursor.answer = Some(answer);
            } else if order.at == timeline.end {
                record(Event::Unfilled(order));
            } else {
                let place = resting.partition_point(|other| rank(&other.working.order) <= rank(&order));
                let line = &book.lines[order.instrument.get()];
                resting.insert(place, rest(*working, line, timeline.end));
            }
        }
        if fill_model == FillModel::Instant {
            // The marks of this instant were taken before these fills and what they cost.
            mark_at(account, book, timeline.now);
            if curve != EquityCurve::Off {
                outbox.equity.push(EquityPoint::of(index, timeline.now, account));
            }
            let (portfolio, desk) = (&portfolios[portfolio], &mut desks[portfolio]);
            latch_now(portfolio, desk, &mut outbox.records);
        }
    }
    approved.clear();
    Ok(())
}

/// What has just been filled may latch profiles: that binds at once, and their positions are closed at the next tick.
fn latch_now(portfolio: &Portfolio, desk: &mut Desk, records: &mut Records) {
    let mut log = Log { portfolio: portfolio.index, now: desk.timeline.now, records };
    for risk_profile in 0..portfolio.risk_profiles.len() {
        enter_between(portfolio, desk, risk_profile, scope(&portfolio.risk_policy), &mut log);
    }
    watch(&mut desk.account, &portfolio.risk_profiles, &desk.risk);
}

/// Fills of one instant apply in this order.
fn rank(order: &Order) -> impl Ord + use<> {
    (order.instrument, order.schedule, order.at, order.ordinal)
}

fn rest(working: WorkingOrder, line: &BookLine, end: Nanos) -> RestingOrder {
    let bars = &line.bars;
    let first = (line.closed..bars.len()).find(|bar| bars.open_time(*bar) >= working.order.at);
    let filling = first.and_then(|first| {
        let bar = (first..bars.len()).find(|bar| bars.traded(*bar))?;
        let hole = bar > 0 && bars.open_time(bar) > bars.close_time(bar - 1);
        (bars.close_time(bar) <= end).then_some(Filling {
            bar,
            price: Price::new(bars.open[bar]),
            after_gap: hole || bar > first,
        })
    });
    let known_at = filling.map_or(end, |filling| bars.close_time(filling.bar));
    let expiry = expiry(&working, line).filter(|expiry| *expiry <= end);
    match expiry {
        Some(expiry) if filling.is_none() || expiry < known_at => {
            RestingOrder { working, filling: None, known_at: expiry, expires: true }
        }
        _ => RestingOrder { working, filling, known_at, expires: false },
    }
}

/// When an order's time is up: at the close of the candle that should open next, whether there will be one or not.
fn expiry(working: &WorkingOrder, line: &BookLine) -> Option<Nanos> {
    let last = line.closed.checked_sub(1).filter(|_| working.time_in_force == TimeInForce::NextCandle)?;
    let closed = line.bars.close_time(last);
    let length = closed - line.bars.open_time(last);
    let opens = (working.order.at - Nanos::new(1)).next_on_grid(closed, length);
    Some(opens + length)
}

/// A trade of the market that an order fills at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Print {
    /// When.
    pub(crate) time: Nanos,
    /// At what, before slippage.
    pub(crate) price: Price,
    /// Candles were missing or without volume since the decision.
    pub(crate) after_gap: bool,
}

impl Print {
    /// The open of the candle that fills an order.
    pub(crate) fn open(line: &BookLine, Filling { bar, price, after_gap }: Filling) -> Self {
        Self { time: line.bars.open_time(bar), price, after_gap }
    }
}

/// Answers an order: what was set aside for it is free, and the fill, or what the cash leaves of it, enters
/// account, book and ledger. Gives the record and what the engine is told.
pub(crate) fn settle(
    working: &WorkingOrder,
    print: Print,
    account: &mut Account,
    risk: &mut RiskState,
    book: &mut Book,
    holding: &mut Holding,
    costs: Costs,
) -> (Event, Answer) {
    ledger::answered(account, risk, book, working);
    let order = working.order;
    let line = &book.lines[order.instrument.get()];
    match fill(order, print, line, costs, account.cash) {
        Outcome::Filled { fill, cash, part } => {
            let realised = ledger::apply(account, risk, book, holding, &fill, cash);
            (
                Event::Fill { fill, position: holding.quantity, realised },
                working.origin.filled(part * working.part),
            )
        }
        Outcome::Unaffordable { value } => {
            let refusal = Refusal::new(Rule::Cash, value.get(), account.cash.get());
            let (schedule, instrument) = (order.schedule, order.instrument);
            (Event::Refused { schedule, instrument, refusal }, Answer::Refused)
        }
    }
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// It was filled, and `cash` is what the account gains (a sale) or pays (negative).
    Filled {
        /// The fill.
        fill: Fill,
        /// Signed quote currency.
        cash: Notional,
        /// How much of the order it is, up to 1.
        part: f64,
    },
    /// There was no cash for any of it.
    Unaffordable {
        /// What it would have cost.
        value: Notional,
    },
}

/// Fills an order at a trade of the market, as far as `cash` goes.
fn fill(order: Order, print: Print, line: &BookLine, costs: Costs, cash: Notional) -> Outcome {
    let price = slipped(print.price, order.side, costs);
    let whole = |quantity: Quantity| quantity.cut_to(line.rules.step);
    let gross = 1.0 + costs.taker_fee.get();
    let spending = |amount: Notional| whole(Quantity::new(amount.get() / (price.get() * gross)));
    let (ordered, mut debit) = match order.size {
        OrderSize::Base(quantity) => (quantity, Notional::new(quantity.at(price).get() * gross)),
        OrderSize::Quote(amount) => {
            let quantity = whole(amount.over(price));
            (quantity, Notional::new(quantity.at(price).get() * gross))
        }
        OrderSize::Spend(amount) => (spending(amount), amount),
    };
    let mut quantity = ordered;
    let clipped = order.side == Side::Buy && debit > cash;
    if clipped {
        (quantity, debit) = (spending(cash), cash);
    }
    if quantity <= Quantity::ZERO {
        return Outcome::Unaffordable { value: debit };
    }
    let value = quantity.at(price);
    let exact_spend = line.rules.step <= Quantity::ZERO;
    let cash = match order.side {
        Side::Buy if exact_spend => -debit,
        Side::Buy => -Notional::new(value.get() * gross),
        Side::Sell => Notional::new(value.get() * (1.0 - costs.taker_fee.get())),
    };
    let fill = Fill {
        order,
        time: print.time,
        price,
        quantity,
        fee: value.times(costs.taker_fee),
        clipped,
        after_gap: print.after_gap,
    };
    Outcome::Filled { fill, cash, part: quantity.get() / ordered.get() }
}

/// The price after slippage, against the order.
#[must_use]
pub fn slipped(price: Price, side: Side, costs: Costs) -> Price {
    Price::new(price.get() * (1.0 + side.sign() * costs.slippage.get()))
}
