//! What borrowing costs those who are short: at each fill that changes a short, and at each day's end.

use bevy_ecs::error::BevyError;
use hemiola_components::journal::Event;
use hemiola_components::portfolio::{Account, Desk, Portfolio};
use hemiola_components::position::{Holding, Position};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity, Ratio};

use crate::book::close_at;
use crate::risk::liquidation::Positions;

/// The year that rates are quoted for.
const YEAR: f64 = 365.0 * Nanos::DAY.get() as f64;

/// What a short of `quantity` costs at `price` for a time, at an annual rate without compounding.
#[must_use]
pub fn cost(quantity: Quantity, price: Price, rate: Ratio, time: Nanos) -> Notional {
    Notional::new(quantity.abs().at(price).get() * rate.get() * (time.get().max(0) as f64 / YEAR))
}

/// Pays for what a position has borrowed up to `now`. Gives the record, if there is anything to pay.
pub(crate) fn accrue(
    position: &Position,
    account: &mut Account,
    holding: &mut Holding,
    (price, rate): (Price, Ratio),
    now: Nanos,
) -> Option<Event> {
    if holding.quantity >= Quantity::ZERO || rate.get() <= 0.0 || now <= holding.borrowed_until {
        return None;
    }
    let amount = cost(holding.quantity, price, rate, now - holding.borrowed_until);
    account.cash -= amount;
    holding.borrow += amount;
    holding.borrowed_until = now;
    Some(Event::Borrow { schedule: position.schedule_index, instrument: position.instrument_index, amount })
}

/// At a day's end, when the account has been marked: every short pays at its mark. Returns whether any did, so that the
/// account has to be marked again.
pub(crate) fn charge(
    portfolio: &Portfolio,
    desk: &mut Desk,
    positions: &mut Positions<'_, '_>,
    now: Nanos,
    record: &mut impl FnMut(Event),
) -> Result<bool, BevyError> {
    let rate = portfolio.margin.borrow_rate;
    if rate.get() <= 0.0 || desk.book.shorted.is_empty() {
        return Ok(false);
    }
    let mut any = false;
    for &slot in &desk.agenda.positions {
        let (position, mut holding, _) = positions.get_mut(slot)?;
        let mark = close_at(&desk.book, position.instrument_index.get(), now).map_or(Price::ZERO, Price::new);
        if let Some(event) = accrue(position, &mut desk.account, &mut holding, (mark, rate), now) {
            record(event);
            any = true;
        }
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_costs_the_rate_and_time_never_runs_backwards() {
        let of = |days: i64| {
            let time = Nanos::new(days * Nanos::DAY.get());
            cost(Quantity::new(-2.0), Price::new(50.0), Ratio::new(0.25), time).get()
        };
        assert_eq!([of(365), of(73), of(0), of(-1)], [25.0, 5.0, 0.0, 0.0]);
    }
}
