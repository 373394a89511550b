//! How a schedule's entries go to the market.

use hemiola_components::order::{EntryKind, EntryOrder, OrderKind, Side, WorkingOrder};
use hemiola_components::units::{Price, Ratio};

/// A price this close to a tick, in ticks, is on it.
const SAME: f64 = 1e-9;

/// Sends an order, decided as a market order, as the schedule wants its entries sent; `tick` is the instrument's, zero when
/// it has none.
pub(crate) fn send_as(working: &mut WorkingOrder, entry: &EntryOrder, tick: f64) {
    let order = &mut working.order;
    let price = |toward: Side| price(order.reference, entry.offset, toward, tick);
    order.kind = match (entry.kind, order.side) {
        (EntryKind::Market, _) => OrderKind::Market,
        (EntryKind::Limit { post_only }, side) => OrderKind::Limit { price: price(side), post_only },
        (EntryKind::Stop, Side::Buy) => OrderKind::Stop { trigger: price(Side::Sell) },
        (EntryKind::Stop, Side::Sell) => OrderKind::Stop { trigger: price(Side::Buy) },
    };
    working.time_in_force = entry.time_in_force;
    working.good_for = entry.good_for;
}

/// A price so far from the mark, below it toward buyers and above it toward sellers, and on the tick that is farther away.
fn price(mark: Price, offset: Ratio, toward: Side, tick: f64) -> Price {
    let exact = mark.get() * (1.0 - toward.sign() * offset.get());
    if tick <= 0.0 {
        return Price::new(exact);
    }
    let ticks = match toward {
        Side::Buy => (exact / tick + SAME).floor(),
        Side::Sell => (exact / tick - SAME).ceil(),
    };
    Price::new(ticks * tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_away_from_the_mark_and_on_the_tick() {
        let at = |toward, offset, tick| price(Price::new(100.0), Ratio::new(offset), toward, tick).get();
        assert_eq!((at(Side::Buy, 0.25, 0.0), at(Side::Sell, 0.25, 0.0)), (75.0, 125.0));
        assert_eq!((at(Side::Buy, 0.25, 4.0), at(Side::Sell, 0.25, 4.0)), (72.0, 128.0));
        assert_eq!((at(Side::Buy, 0.0, 0.1), at(Side::Sell, 0.0, 0.1)), (1_000.0 * 0.1, 1_000.0 * 0.1));
    }
}
