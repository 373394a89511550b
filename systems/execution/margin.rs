//! Shorts that use up their margin: the venue closes them.

use bevy_ecs::error::BevyError;
use hemiola_components::journal::Event;
use hemiola_components::order::{Fill, Maintenance, Order, OrderStatus, Origin, WorkingOrder};
use hemiola_components::portfolio::{Book, Desk, Portfolio};
use hemiola_components::position::Holding;
use hemiola_components::units::{Notional, Price, Quantity, Ratio};

use super::ledger;
use super::venue::Venue;
use crate::book::marked;
use crate::risk::liquidation::{Log, Positions, close_position, withdraw};

/// Maintenance rates by the names of risk profiles.
const RATES: [(&str, f64); 3] = [("conservative", 0.3), ("balanced", 0.2), ("aggressive", 0.1)];

/// The rate of every other profile.
const OTHER: f64 = 0.25;

/// The least margin of a short, as a fraction of its value, under the risk profile of this name; zero asks for none.
#[must_use]
pub fn maintenance_rate(maintenance: Maintenance, risk_profile: &str) -> Ratio {
    match maintenance {
        Maintenance::None => Ratio::ZERO,
        Maintenance::ByProfile => usual_rate(risk_profile),
        Maintenance::Rate(rate) => rate,
    }
}

fn usual_rate(risk_profile: &str) -> Ratio {
    let known = RATES.into_iter().find(|(name, _)| *name == risk_profile);
    Ratio::new(known.map_or(OTHER, |(_, rate)| rate))
}

/// The price above which a short's margin, less its loss, is no longer `rate` of its value; `None` when the position is
/// not short or nothing is asked for.
///
/// From `margin + (entry - price) * quantity = rate * price * quantity`.
#[must_use]
pub fn margin_call_price(holding: &Holding, rate: Ratio) -> Option<Price> {
    let owed = -holding.quantity;
    if owed <= Quantity::ZERO || rate.get() <= 0.0 {
        return None;
    }
    let equity = holding.margin + owed.at(holding.average_price);
    Some(Price::new(equity.get() / (owed.get() * (1.0 + rate.get()))))
}

/// Whether the venue closes a position at `price`.
#[must_use]
pub fn is_called(holding: &Holding, price: Price, rate: Ratio) -> bool {
    holding.quantity < Quantity::ZERO
        && rate.get() > 0.0
        && !ledger::short(holding).is_maintained(price, rate)
}

/// Notes in a position's line where its short is called.
pub(crate) fn watch(book: &mut Book, instrument: usize, holding: &Holding, rate: Ratio) {
    if let Some(price) = margin_call_price(holding, rate) {
        let line = &mut book.lines[instrument];
        // The exact test has the last word.
        line.margin_call = line.margin_call.min(price.get() * (1.0 - 1e-9));
    }
}

/// Adds to `intents` what closes the shorts that are called at the account's marks; their own orders are withdrawn.
pub(crate) fn call(
    portfolio: &Portfolio,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    let terms = &portfolio.margin;
    if desk.book.shorted.is_empty() || terms.maintenance == Maintenance::None {
        return Ok(());
    }
    for slot in 0..desk.agenda.positions.len() {
        let entity = desk.agenda.positions[slot];
        let (position, holding, _) = positions.get(entity)?;
        let index = position.instrument_index.get();
        let close = marked(&desk.book, index).unwrap_or_default();
        if holding.quantity >= Quantity::ZERO || close <= desk.book.lines[index].margin_call {
            continue;
        }
        let risk_profile = desk.agenda.risk_profiles[slot];
        let rate = maintenance_rate(terms.maintenance, &portfolio.risk_profiles[risk_profile].name);
        if is_called(holding, Price::new(close), rate) {
            withdraw(portfolio, |working| working.position == entity, desk, positions, log)?;
            close_position(slot, Price::new(close), Origin::Venue, desk, positions, intents, log.now)?;
        }
    }
    Ok(())
}

/// Carries out the venue's own order on a short, at its reference, and takes `fee` of its value.
pub(crate) fn liquidate(
    venue: &mut Venue<'_>,
    order: Order,
    risk_profile: usize,
    holding: &mut Holding,
    fee: Ratio,
) -> Event {
    let (quantity, mark) = (-holding.quantity, order.reference);
    let fee = quantity.at(mark).times(fee);
    let mut funds = ledger::funds(venue.account, holding).liquidate(mark);
    funds.cash -= fee;
    let fill = Fill {
        order,
        time: order.at,
        price: mark,
        quantity,
        fee,
        slippage: Notional::ZERO,
        maker: false,
        status: OrderStatus::Filled,
        clipped: false,
        after_gap: false,
    };
    let risk = &mut venue.risk[risk_profile];
    let realised = ledger::apply(venue.account, risk, venue.book, holding, &fill, &funds);
    Event::Fill { fill, position: holding.quantity, realised }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(quantity: f64, entry: f64, margin: f64) -> Holding {
        Holding {
            quantity: Quantity::new(-quantity),
            average_price: Price::new(entry),
            margin: Notional::new(margin),
            ..Holding::default()
        }
    }

    #[test]
    fn profiles_have_their_rates() {
        let rates = |maintenance| {
            ["conservative", "balanced", "aggressive", "mine"]
                .map(|name| maintenance_rate(maintenance, name).get())
        };
        assert_eq!(rates(Maintenance::ByProfile), [0.3, 0.2, 0.1, 0.25]);
        assert_eq!(rates(Maintenance::Rate(Ratio::new(0.5))), [0.5; 4]);
        assert_eq!(rates(Maintenance::None), [0.0; 4]);
    }

    #[test]
    fn the_margin_call_is_where_the_margin_stops_being_enough() {
        let (holding, rate) = (short(2.0, 100.0, 100.0), Ratio::new(0.25));
        let price = margin_call_price(&holding, rate).unwrap();
        assert_eq!(price.get(), 120.0, "100 - 2 * 20 = 0.25 * 240");
        assert!(!is_called(&holding, price, rate));
        assert!(is_called(&holding, Price::new(120.001), rate));
        assert_eq!(margin_call_price(&holding, Ratio::ZERO), None);
        let long = Holding { quantity: Quantity::new(2.0), ..holding };
        assert_eq!(margin_call_price(&long, rate), None);
        assert!(!is_called(&long, Price::new(1e9), rate));
    }
}
