//! Price, size and fee of one fill.

use hemiola_components::order::{
    Costs, Fill, Order, OrderKind, OrderSize, OrderStatus, Shortfall, Side, TimeInForce,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity};

use super::trade::{Deal, Funds, InsufficientBalance};

/// What is left of an order is nothing when it is at most this part of it.
const NOTHING: f64 = 1e-12;

/// A trade of the market that an order takes part in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Print {
    /// When.
    pub time: Nanos,
    /// At what, before slippage.
    pub price: Price,
    /// The order rested in the market.
    pub maker: bool,
    /// The most base units there are for the order.
    pub available: Quantity,
    /// Base units traded in the candle; 0 when that is not known.
    pub volume: Quantity,
    /// Candles were missing or without volume since the decision.
    pub after_gap: bool,
}

impl Print {
    /// As much as is wanted, at the price that was just seen.
    #[must_use]
    pub const fn at_the_mark(order: &Order) -> Self {
        Self {
            time: order.at,
            price: order.reference,
            maker: false,
            available: Quantity::new(f64::INFINITY),
            volume: Quantity::ZERO,
            after_gap: false,
        }
    }
}

/// How an account's venue fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// What it charges.
    pub costs: Costs,
    /// The value of a new short as a multiple of its margin.
    pub leverage: f64,
    /// What becomes of an order that the account cannot pay for.
    pub shortfall: Shortfall,
    /// The instrument's step.
    pub step: Quantity,
}

/// An order with what is left of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open {
    /// The order.
    pub order: Order,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
    /// In the unit of its size.
    pub left: OrderSize,
}

/// A fill with what it leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filled {
    /// The fill. Its status is [`OrderStatus::PartiallyFilled`] when something is left to be filled.
    pub fill: Fill,
    /// The account's money after it.
    pub funds: Funds,
    /// What is left of the order.
    pub left: OrderSize,
    /// How much it is of what was left before, up to 1.
    pub part: f64,
}

/// Fills an order at a trade of the market as far as there is size for it and the account can pay.
///
/// # Errors
/// When the account cannot pay for any of it, or not for all of it and all of it is wanted. Nothing has changed then.
pub fn fill(open: &Open, print: &Print, terms: &Terms, funds: Funds) -> Result<Filled, InsufficientBalance> {
    let Open { order, left, .. } = *open;
    let price = price(open, print, terms);
    let fee = terms.costs.fee(print.maker);
    let gross = 1.0 + fee.get();
    let ordered = quantity_of(left, price, gross, terms.step);
    let whole = ordered <= print.available || open.time_in_force == TimeInForce::FillOrKill;
    let mut quantity = if whole { ordered } else { print.available };
    let cost = |quantity: Quantity| Notional::new(quantity.at(price).get() * gross);
    let mut debit = match left {
        OrderSize::Spend(amount) if whole => amount,
        _ => cost(quantity),
    };
    let can_pay = funds.spendable(quantity);
    let clipped = order.side == Side::Buy && !funds.pays(debit, quantity) && may_clip(open, terms);
    if clipped {
        quantity = funds.affordable(price.get() * gross).cut_to(terms.step);
        debit = if quantity >= funds.short.quantity { can_pay } else { cost(quantity) };
    }
    if quantity <= Quantity::ZERO {
        return Err(InsufficientBalance { needed: debit, available: can_pay });
    }
    let value = quantity.at(price);
    let is_exact = terms.step <= Quantity::ZERO;
    let deal = |amount| Deal { quantity, price, amount };
    let funds = match order.side {
        Side::Buy if is_exact => funds.buy(deal(debit))?,
        Side::Buy => funds.buy(deal(cost(quantity)))?,
        Side::Sell => funds.sell(deal(Notional::new(value.get() * (1.0 - fee.get()))), terms.leverage)?,
    };
    let left = if whole || clipped { none_of(left) } else { rest(left, quantity, price, gross, terms.step) };
    let is_done = amount(left) <= 0.0;
    let fill = Fill {
        order,
        time: print.time,
        price,
        quantity,
        fee: value.times(fee),
        slippage: Notional::new(order.side.sign() * (price - print.price).get() * quantity.get()),
        maker: print.maker,
        status: if is_done { OrderStatus::Filled } else { OrderStatus::PartiallyFilled },
        clipped,
        after_gap: print.after_gap,
    };
    let part = if whole || clipped {
        quantity.get() / ordered.get()
    } else {
        1.0 - amount(left) / amount(open.left)
    };
    Ok(Filled { fill, funds, left, part })
}

/// An order that wants all or nothing is not cut.
fn may_clip(open: &Open, terms: &Terms) -> bool {
    terms.shortfall == Shortfall::Clip && open.time_in_force != TimeInForce::FillOrKill
}

/// The price after slippage: never worse than the order's limit, and exactly there for an order that rested.
fn price(open: &Open, print: &Print, terms: &Terms) -> Price {
    if print.maker {
        return print.price;
    }
    let side = open.order.side;
    let share = if print.volume > Quantity::ZERO && terms.costs.impact.get() > 0.0 {
        let wanted = quantity_at(open.left, print.price, terms.step).get().min(print.available.get());
        wanted / print.volume.get()
    } else {
        0.0
    };
    let slipped = terms.costs.slipped(print.price, side, share);
    match (open.order.kind, side) {
        (OrderKind::Limit { price, .. }, Side::Buy) if slipped > price => price,
        (OrderKind::Limit { price, .. }, Side::Sell) if slipped < price => price,
        _ => slipped,
    }
}

/// Base units of a size at a price, costs aside.
pub(crate) fn quantity_at(size: OrderSize, price: Price, step: Quantity) -> Quantity {
    quantity_of(size, price, 1.0, step)
}

/// Base units of a size at a price; `gross` is 1 and the fee.
fn quantity_of(size: OrderSize, price: Price, gross: f64, step: Quantity) -> Quantity {
    match size {
        OrderSize::Base(quantity) => quantity,
        OrderSize::Quote(amount) => amount.over(price).cut_to(step),
        OrderSize::Spend(amount) => Quantity::new(amount.get() / (price.get() * gross)).cut_to(step),
    }
}

/// A size less what was filled of it; nothing when that is less than a step.
fn rest(size: OrderSize, filled: Quantity, price: Price, gross: f64, step: Quantity) -> OrderSize {
    let value = filled.at(price);
    let rest = match size {
        OrderSize::Base(quantity) => OrderSize::Base(quantity - filled),
        OrderSize::Quote(amount) => OrderSize::Quote(amount - value),
        OrderSize::Spend(amount) => OrderSize::Spend(amount - Notional::new(value.get() * gross)),
    };
    let quantity = match rest {
        // An exact quantity was never cut, so what is left of it need not be a whole step.
        OrderSize::Base(quantity) => quantity,
        _ => quantity_of(rest, price, gross, step),
    };
    let is_nothing = amount(rest) <= NOTHING * amount(size) || quantity <= Quantity::ZERO;
    if is_nothing { none_of(size) } else { rest }
}

const fn none_of(size: OrderSize) -> OrderSize {
    match size {
        OrderSize::Base(_) => OrderSize::Base(Quantity::ZERO),
        OrderSize::Quote(_) => OrderSize::Quote(Notional::ZERO),
        OrderSize::Spend(_) => OrderSize::Spend(Notional::ZERO),
    }
}

/// A size in its own unit.
pub(crate) const fn amount(size: OrderSize) -> f64 {
    match size {
        OrderSize::Base(quantity) => quantity.get(),
        OrderSize::Quote(amount) | OrderSize::Spend(amount) => amount.get(),
    }
}

#[cfg(test)]
mod tests {
    use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
    use hemiola_components::units::Ratio;

    use hemiola_components::order::Origin;

    use super::*;

    const TERMS: Terms = Terms {
        costs: Costs { taker_fee: Ratio::new(0.25), maker_fee: Ratio::new(0.125), ..Costs::NONE },
        leverage: 1.0,
        shortfall: Shortfall::Clip,
        step: Quantity::ZERO,
    };

    fn open(side: Side, size: OrderSize, kind: OrderKind) -> Open {
        let order = Order {
            schedule: ScheduleIndex::new(0),
            instrument: InstrumentIndex::new(0),
            at: Nanos::ZERO,
            ordinal: 0,
            origin: Origin::Engine,
            side,
            size,
            kind,
            reference: Price::new(10.0),
            protection: None,
        };
        Open { order, time_in_force: TimeInForce::UntilFilled, left: size }
    }

    fn print(price: f64, available: f64) -> Print {
        Print {
            time: Nanos::ZERO,
            price: Price::new(price),
            maker: false,
            available: Quantity::new(available),
            volume: Quantity::new(16.0),
            after_gap: false,
        }
    }

    fn cash(cash: f64) -> Funds {
        Funds { cash: Notional::new(cash), ..Funds::default() }
    }

    #[test]
    fn an_amount_of_money_is_worked_off_at_each_price() {
        for (size, left) in
            [(OrderSize::Quote(Notional::new(100.0)), 60.0), (OrderSize::Spend(Notional::new(100.0)), 50.0)]
        {
            let mut order = open(Side::Buy, size, OrderKind::Market);
            let first = fill(&order, &print(10.0, 4.0), &TERMS, cash(1_000.0)).unwrap();
            assert_eq!((first.fill.status, amount(first.left)), (OrderStatus::PartiallyFilled, left));
            assert_eq!((first.part, first.funds.cash.get()), (1.0 - left / 100.0, 950.0));
            order.left = first.left;
            let second = fill(&order, &print(20.0, 4.0), &TERMS, first.funds).unwrap();
            assert_eq!((second.fill.status, amount(second.left)), (OrderStatus::Filled, 0.0));
            assert_eq!(second.part, 1.0, "all of the rest");
        }
    }

    #[test]
    fn slippage_stops_at_the_limit_and_makers_pay_none() {
        let costs = Costs { slippage: Ratio::new(0.125), impact: Ratio::new(0.25), ..TERMS.costs };
        let terms = Terms { costs, ..TERMS };
        let size = OrderSize::Base(Quantity::new(4.0));
        let filled = |kind, print: Print| {
            fill(&open(Side::Buy, size, kind), &print, &terms, cash(1_000.0)).unwrap().fill
        };
        let market = filled(OrderKind::Market, print(8.0, 9.0));
        assert_eq!(
            (market.price.get(), market.slippage.get()),
            (10.0, 8.0),
            "an eighth, and a quarter of a half"
        );
        let limit = OrderKind::Limit { price: Price::new(9.0), post_only: false };
        assert_eq!(filled(limit, print(8.0, 9.0)).price.get(), 9.0);
        let maker = filled(limit, Print { maker: true, ..print(9.0, 9.0) });
        assert_eq!((maker.price.get(), maker.slippage.get(), maker.fee.get()), (9.0, 0.0, 4.5));
    }

    #[test]
    fn what_cannot_be_paid_is_clipped_or_refused_and_a_refusal_changes_nothing() {
        let size = OrderSize::Base(Quantity::new(4.0));
        let order = open(Side::Buy, size, OrderKind::Market);
        let clipped = fill(&order, &print(10.0, 9.0), &TERMS, cash(25.0)).unwrap();
        assert_eq!((clipped.fill.quantity.get(), clipped.fill.clipped, clipped.part), (2.0, true, 0.5));
        assert_eq!((clipped.fill.status, clipped.funds.cash.get()), (OrderStatus::Filled, 0.0));
        let refused = InsufficientBalance { needed: Notional::new(50.0), available: Notional::new(25.0) };
        let refuse = Terms { shortfall: Shortfall::Refuse, ..TERMS };
        assert_eq!(fill(&order, &print(10.0, 9.0), &refuse, cash(25.0)), Err(refused));
        let whole = Open { time_in_force: TimeInForce::FillOrKill, ..order };
        assert_eq!(fill(&whole, &print(10.0, 9.0), &TERMS, cash(25.0)), Err(refused));
    }
}
