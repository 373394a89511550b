//! Money is neither made nor lost: cash, positions, fees and borrowing add up, and so do the margins of shorts.

use std::collections::BTreeMap;

use hemiola_components::journal::{Event, Record};
use hemiola_components::order::Fill;

use super::sequences::Played;
use super::{CASH, is_near};

/// A position as its fills make it.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    quantity: f64,
    /// Locked while it is short.
    margin: f64,
    /// What its quantity cost, less what it brought; slippage is in the prices.
    paid: f64,
}

impl Held {
    fn take(&mut self, fill: &Fill, leverage: f64) {
        let (sign, quantity, price) = (fill.order.side.sign(), fill.quantity.get(), fill.price.get());
        let owed = (-self.quantity).max(0.0);
        self.quantity += sign * quantity;
        self.paid += sign * quantity * price;
        let owes = (-self.quantity).max(0.0);
        self.margin += match owes - owed {
            more if more > 0.0 => more * price / leverage,
            less if less < 0.0 => self.margin * less / owed,
            _ => 0.0,
        };
    }
}

/// The account's own numbers are those that its fills and its borrowing come to, within 1e-9 of its size.
pub(super) fn is_conserved(played: &Played) {
    let Played { plan, records, account, holdings, marks, .. } = played;
    let mut held: BTreeMap<_, Held> = BTreeMap::new();
    for (index, schedule) in plan.schedules.iter().enumerate() {
        held.extend(schedule.instruments.iter().map(|instrument| ((index, *instrument), Held::default())));
    }
    let (mut fees, mut borrow, mut realised_in_all) = (0.0, 0.0, 0.0);
    for Record { event, .. } in records {
        match event {
            Event::Fill { fill, position, realised } => {
                let key = (fill.order.schedule.get(), fill.order.instrument.get());
                let held = held.get_mut(&key).unwrap();
                held.take(fill, plan.margin.leverage);
                assert!(is_near(held.quantity, position.get()), "{held:?} after {fill:?}");
                // Rounding that the venue takes for nothing.
                held.quantity = position.get();
                fees += fill.fee.get();
                realised_in_all += realised.get();
            }
            Event::Borrow { amount, .. } => borrow += amount.get(),
            _ => {}
        }
    }
    let paid: f64 = held.values().map(|held| held.paid).sum();
    let cash = CASH - paid - fees - borrow;
    assert!(is_near(account.cash.get(), cash), "{account:?}, and {cash} by the fills");
    let value: f64 = held.values().zip(marks).map(|(held, mark)| held.quantity * mark.get()).sum();
    assert!(is_near(account.equity.get(), cash + value), "{account:?}, and {value} in positions");
    let open = holdings.iter().zip(marks);
    let open = open.map(|(holding, mark)| holding.quantity.get() * (*mark - holding.average_price).get());
    let profit = realised_in_all + open.sum::<f64>() - fees - borrow;
    assert!(is_near(account.equity.get(), CASH + profit), "{account:?} with a profit of {profit}");
    for (held, holding) in held.values().zip(holdings) {
        assert!(is_near(held.margin, holding.margin.get()), "{held:?} of {holding:?}");
    }
}
