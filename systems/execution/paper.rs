//! The simulated venue: a market order fills at the open of the instrument's next candle that has volume.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Query, ResMut};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Costs, Fill, Order, OrderSize, Side};
use hemiola_components::portfolio::{Book, BookLine, Filling, Portfolio, Resting, RestingOrder, Timeline};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity};

use crate::queue::Queue;
use crate::risk::gate::Approved;

/// Takes approved orders to the venue: finds the candle that will fill each. Only the venue reads ahead; the
/// fill is known when that candle has closed.
pub(super) fn accept(
    mut queue: ResMut<Queue>,
    mut portfolios: Query<(&Portfolio, &Book, &mut Resting, &Timeline)>,
) -> Result<(), BevyError> {
    let Queue { approved, records, .. } = &mut *queue;
    for order in approved.drain(..).map(Approved::into_order) {
        let (portfolio, book, mut resting, timeline) = portfolios.get_mut(order.portfolio)?;
        let mut record = |event| records.push(Record { portfolio: portfolio.index, at: order.at, event });
        record(Event::Order(order));
        if order.at == timeline.end {
            record(Event::Unfilled(order));
            continue;
        }
        let place = resting.0.partition_point(|other| rank(&other.order) <= rank(&order));
        resting.0.insert(place, rest(order, &book.lines[order.instrument.get()], timeline.end));
    }
    Ok(())
}

/// Fills of one instant apply in this order.
fn rank(order: &Order) -> impl Ord + use<> {
    (order.instrument, order.schedule, order.at, order.ordinal)
}

fn rest(order: Order, line: &BookLine, end: Nanos) -> RestingOrder {
    let bars = &line.bars;
    let first = (line.closed..bars.len()).find(|bar| bars.open_time[*bar] >= order.at);
    let filling = first.and_then(|first| {
        let bar = (first..bars.len()).find(|bar| bars.volume[*bar] > 0.0)?;
        let hole = bar > 0 && bars.open_time[bar] > bars.close_time(bar - 1);
        (bars.close_time(bar) <= end).then_some(Filling { bar, after_gap: hole || bar > first })
    });
    RestingOrder { order, filling, known_at: filling.map_or(end, |filling| bars.close_time(filling.bar)) }
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It was filled, and `cash` is what the account gains (a sale) or pays (negative).
    Filled {
        /// The fill.
        fill: Fill,
        /// Signed quote currency.
        cash: Notional,
    },
    /// There was no cash for any of it.
    Unaffordable {
        /// What it would have cost.
        value: Notional,
    },
}

/// Fills an order from its candle, as far as `cash` goes.
pub(crate) fn fill(
    order: Order,
    Filling { bar, after_gap }: Filling,
    line: &BookLine,
    costs: Costs,
    cash: Notional,
) -> Outcome {
    let price = slipped(Price::new(line.bars.open[bar]), order.side, costs);
    let whole = |quantity: Quantity| quantity.cut_to(line.rules.step);
    let gross = 1.0 + costs.taker_fee.get();
    let spending = |amount: Notional| whole(Quantity::new(amount.get() / (price.get() * gross)));
    let (mut quantity, mut debit) = match order.size {
        OrderSize::Base(quantity) => (quantity, Notional::new(quantity.at(price).get() * gross)),
        OrderSize::Quote(amount) => {
            let quantity = whole(amount.over(price));
            (quantity, Notional::new(quantity.at(price).get() * gross))
        }
        OrderSize::Spend(amount) => (spending(amount), amount),
    };
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
        time: line.bars.open_time[bar],
        price,
        quantity,
        fee: value.times(costs.taker_fee),
        clipped,
        after_gap,
    };
    Outcome::Filled { fill, cash }
}

/// The price after slippage, against the order.
#[must_use]
pub fn slipped(price: Price, side: Side, costs: Costs) -> Price {
    Price::new(price.get() * (1.0 + side.sign() * costs.slippage.get()))
}
