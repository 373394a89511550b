//! Questions before any limit: whether an order is one that anybody would mean.

use hemiola_components::order::Order;
use hemiola_components::portfolio::{BookLine, Recent};
use hemiola_components::risk::{Guards, Refusal, Rule};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;

/// Asks everything that is switched on about an order of so many base units, for the position at a place of the
/// portfolio's agenda.
///
/// # Errors
/// The first guard that refuses; value and limit are in its own unit: a fraction, quote currency, orders, seconds.
pub fn ask(
    guards: &Guards,
    recent: &Recent,
    (order, quantity, slot): (&Order, Quantity, usize),
    line: &BookLine,
) -> Result<(), Refusal> {
    if guards.restricted.get(order.instrument.get()).copied().unwrap_or_default() {
        return Err(Refusal::plain(Rule::Restricted));
    }
    let above = |rule, value: f64, limit: f64| {
        if limit > 0.0 && value > limit { Err(Refusal::new(rule, value, limit)) } else { Ok(()) }
    };
    if guards.max_price_age > Nanos::ZERO {
        let closed = line.bars.closed_at(order.at, line.closed);
        let age = closed.checked_sub(1).map_or(order.at, |bar| order.at - line.bars.close_time(bar));
        above(Rule::StalePrice, age.seconds(), guards.max_price_age.seconds())?;
    }
    if let Some(price) = order.kind.price() {
        let distance = (price.get() / order.reference.get() - 1.0).abs();
        above(Rule::PriceCollar, distance, guards.price_collar.get())?;
    }
    above(Rule::OrderNotional, quantity.at(order.reference).get(), guards.max_order_notional.get())?;
    if guards.max_orders_per_second > 0 {
        let sent = recent.since(order.at - Nanos::SECOND) + 1;
        above(Rule::OrderRate, sent as f64, f64::from(guards.max_orders_per_second))?;
    }
    if guards.duplicate_window > Nanos::ZERO
        && let Some((at, side, before)) = recent.last.get(slot).copied().flatten()
    {
        let passed = order.at - at;
        if passed < guards.duplicate_window && side == order.side && before == quantity {
            return Err(Refusal::new(
                Rule::DuplicateOrder,
                passed.seconds(),
                guards.duplicate_window.seconds(),
            ));
        }
    }
    Ok(())
}

/// Notes an order that passed, as far as anybody asks.
pub fn note(guards: &Guards, recent: &mut Recent, (order, quantity, slot): (&Order, Quantity, usize)) {
    if guards.max_orders_per_second > 0 {
        recent.forget(order.at - Nanos::SECOND);
        recent.times.push_back(order.at);
    }
    if guards.duplicate_window > Nanos::ZERO {
        if recent.last.len() <= slot {
            recent.last.resize(slot + 1, None);
        }
        recent.last[slot] = Some((order.at, order.side, quantity));
    }
}
