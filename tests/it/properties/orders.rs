//! Orders keep their terms: a limit is never passed, and parts never come to more than the whole.

use std::collections::BTreeMap;

use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Order, OrderKind, OrderSize, Side};

use super::sequences::Played;

/// How far rounding may take what was filled of an order, as a fraction of it.
const ROUNDING: f64 = 1e-9;

/// An order with what was filled of it, in the unit of its size.
struct Sent {
    order: Order,
    filled: f64,
    done: bool,
}

/// Every fill answers an order that was sent and is not done, at its limit or better, and together they are its size at
/// most: all of it when the venue says so, unless the cash did not reach or a step cut it.
pub(super) fn keep_their_terms(Played { plan, records, .. }: &Played) {
    let mut sent: BTreeMap<_, Sent> = BTreeMap::new();
    for Record { event, .. } in records {
        match event {
            Event::Order(order) => {
                let fresh = Sent { order: *order, filled: 0.0, done: false };
                let before = sent.insert(key(order), fresh);
                assert!(before.is_none_or(|before| before.done), "{order:?} twice");
            }
            Event::Fill { fill, .. } => {
                let sent = sent.get_mut(&key(&fill.order)).expect("an order before its fill");
                assert!(!sent.done && sent.order == fill.order, "{fill:?} answers no order");
                keeps_its_limit(fill);
                assert!(fill.time >= fill.order.at, "{fill:?} before its order");
                let (size, part) = measure(fill);
                sent.filled += part;
                sent.done = fill.ends_order();
                let most = size * (1.0 + ROUNDING);
                assert!(part >= 0.0 && sent.filled <= most, "{} of {size} after {fill:?}", sent.filled);
                let step = plan.instruments[fill.order.instrument.get()].rules.step.get();
                let is_whole = matches!(fill.order.size, OrderSize::Base(_)) || step == 0.0;
                let all = sent.filled >= size * (1.0 - ROUNDING);
                assert!(
                    !sent.done || fill.clipped || !is_whole || all,
                    "{} of {size}: {fill:?}",
                    sent.filled
                );
            }
            _ => {}
        }
    }
}

fn key(order: &Order) -> impl Ord + use<> {
    (order.schedule, order.instrument, order.at, order.ordinal)
}

fn keeps_its_limit(fill: &Fill) {
    if let OrderKind::Limit { price, .. } = fill.order.kind {
        let is_kept = match fill.order.side {
            Side::Buy => fill.price <= price,
            Side::Sell => fill.price >= price,
        };
        assert!(is_kept, "worse than its limit: {fill:?}");
    }
}

/// An order's size and what a fill is of it, in the unit of the size.
fn measure(fill: &Fill) -> (f64, f64) {
    let value = fill.quantity.at(fill.price);
    match fill.order.size {
        OrderSize::Base(quantity) => (quantity.get(), fill.quantity.get()),
        OrderSize::Quote(amount) => (amount.get(), value.get()),
        OrderSize::Spend(amount) => (amount.get(), (value + fill.fee).get()),
    }
}
