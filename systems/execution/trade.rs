//! The money side of a trade: cash, the margin locked for shorts, and what is held of one instrument.

use hemiola_components::units::{Notional, Price, Quantity, Ratio};
use thiserror::Error;

/// How far below zero rounding may take an amount: of the cash itself, and at least of one unit.
const TOLERANCE: f64 = 1e-12;

/// A short of at most this many base units is none.
const DUST: f64 = 1e-12;

/// What an account has, as far as a trade in one instrument is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Funds {
    /// All cash, proceeds of shorts and locked margin included.
    pub cash: Notional,
    /// The part of it that is locked for the account's shorts, in whatever instrument.
    pub locked: Notional,
    /// Base units held, not negative.
    pub base: Quantity,
    /// What is owed.
    pub short: Short,
}

/// Base units that were sold without having them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Short {
    /// How many; not negative.
    pub quantity: Quantity,
    /// The average price they were sold at.
    pub entry: Price,
    /// The cash locked for them.
    pub margin: Notional,
}

/// A trade at a venue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deal {
    /// Base units, positive.
    pub quantity: Quantity,
    /// Quote currency.
    pub price: Price,
    /// What a purchase costs or a sale brings, the fee included.
    pub amount: Notional,
}

/// The account has less cash than a trade needs.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("needs {needed} in cash, has {available}")]
pub struct InsufficientBalance {
    /// What the trade needs, quote currency.
    pub needed: Notional,
    /// What there is for it.
    pub available: Notional,
}

impl Short {
    /// The value of the short at `price` as a multiple of its margin, at least 1.
    #[must_use]
    pub fn leverage(&self, price: Price) -> f64 {
        (self.quantity.at(price).get() / self.margin.get()).max(1.0)
    }

    /// Margin less the loss at `price`.
    #[must_use]
    pub fn equity(&self, price: Price) -> Notional {
        self.margin + self.quantity.at(self.entry - price)
    }

    /// Whether the equity at `price` is at least `rate` of the short's value.
    #[must_use]
    pub fn is_maintained(&self, price: Price, rate: Ratio) -> bool {
        let required = self.quantity.at(price).times(rate);
        self.quantity <= Quantity::ZERO || self.equity(price).get() + TOLERANCE >= required.get()
    }
}

impl Funds {
    /// Cash that is not locked.
    #[must_use]
    pub fn free(&self) -> Notional {
        self.cash - self.locked
    }

    /// Cash that a purchase of `quantity` can use: what is free, and the margin of the short that it covers.
    #[must_use]
    pub fn spendable(&self, quantity: Quantity) -> Notional {
        self.free() + self.release(quantity)
    }

    /// Whether `amount` can be paid for `quantity`. Margin that becomes free is rounded, and a short is not left with dust
    /// for that.
    #[must_use]
    pub fn pays(&self, amount: Notional, quantity: Quantity) -> bool {
        let can_pay = self.spendable(quantity);
        amount <= can_pay || self.short.quantity > Quantity::ZERO && self.check(amount, can_pay).is_ok()
    }

    /// The most base units that can be bought when each costs `unit`, the fee included.
    #[must_use]
    pub fn affordable(&self, unit: f64) -> Quantity {
        let Short { quantity: owed, margin, .. } = self.short;
        let released = if owed > Quantity::ZERO { margin.get() / owed.get() } else { 0.0 };
        // Within the short each unit also brings its part of the margin.
        let covered = self.free().get() / (unit - released);
        if unit > released && covered < owed.get() {
            Quantity::new(covered.max(0.0))
        } else {
            Quantity::new(self.spendable(owed).get() / unit)
        }
    }

    /// Buys: a short is covered first, what is left over is held.
    ///
    /// # Errors
    /// When free cash and the margin that becomes free do not pay for it. Nothing has changed then.
    pub fn buy(mut self, deal: Deal) -> Result<Self, InsufficientBalance> {
        let available = self.spendable(deal.quantity);
        self.check(deal.amount, available)?;
        let covered = Quantity::new(deal.quantity.get().min(self.short.quantity.get()));
        self.cover(covered);
        self.cash -= deal.amount;
        self.base += deal.quantity - covered;
        Ok(self)
    }

    /// Sells: what is held first, the rest opens or extends a short, for which a margin of its value over `leverage` (at
    /// least 1) is locked.
    ///
    /// # Errors
    /// When there is not enough free cash for the margin. Nothing has changed then.
    pub fn sell(mut self, deal: Deal, leverage: f64) -> Result<Self, InsufficientBalance> {
        let held = Quantity::new(self.base.get().min(deal.quantity.get()));
        let rest = deal.quantity - held;
        self.base -= held;
        self.cash += Notional::new(deal.amount.get().max(0.0));
        if rest <= Quantity::ZERO {
            return Ok(self);
        }
        let margin = Notional::new(rest.at(deal.price).get() / leverage.max(1.0));
        self.check(margin, self.free())?;
        let owed = self.short.quantity + rest;
        let value = self.short.quantity.at(self.short.entry) + rest.at(deal.price);
        self.short = Short {
            quantity: owed,
            entry: Price::new(value.get() / owed.get()),
            margin: self.short.margin + margin,
        };
        self.locked += margin;
        Ok(self)
    }

    /// The venue buys the whole short back at `price`; it takes no fee here.
    #[must_use]
    pub fn liquidate(mut self, price: Price) -> Self {
        self.cash -= self.short.quantity.at(price);
        self.cover(self.short.quantity);
        self
    }

    /// Takes `quantity` off the short; its part of the margin is free again.
    fn cover(&mut self, quantity: Quantity) {
        let release = self.release(quantity);
        self.short.quantity -= quantity;
        self.short.margin -= release;
        self.locked -= release;
        if self.short.quantity.get() <= DUST {
            self.locked -= self.short.margin;
            self.short = Short::default();
        }
    }

    /// The margin that becomes free when `quantity` is bought.
    fn release(&self, quantity: Quantity) -> Notional {
        let Short { quantity: owed, margin, .. } = self.short;
        if owed <= Quantity::ZERO {
            return Notional::ZERO;
        }
        if quantity >= owed { margin } else { Notional::new(margin.get() * (quantity.get() / owed.get())) }
    }

    fn check(&self, needed: Notional, available: Notional) -> Result<(), InsufficientBalance> {
        let tolerance = TOLERANCE * self.cash.get().abs().max(1.0);
        if needed.get() <= available.get() + tolerance {
            Ok(())
        } else {
            Err(InsufficientBalance { needed, available })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deal(quantity: f64, price: f64, amount: f64) -> Deal {
        Deal { quantity: Quantity::new(quantity), price: Price::new(price), amount: Notional::new(amount) }
    }

    fn cash(cash: f64) -> Funds {
        Funds { cash: Notional::new(cash), ..Funds::default() }
    }

    fn short(quantity: f64, entry: f64, margin: f64) -> Short {
        Short { quantity: Quantity::new(quantity), entry: Price::new(entry), margin: Notional::new(margin) }
    }

    #[test]
    fn a_purchase_spends_all_or_nothing() {
        let funds = cash(100.0).buy(deal(2.0, 49.0, 100.0)).unwrap();
        assert_eq!((funds.cash.get(), funds.base.get()), (0.0, 2.0));
        let error = cash(100.0).buy(deal(2.0, 50.0, 100.5)).unwrap_err();
        assert_eq!((error.needed.get(), error.available.get()), (100.5, 100.0));
    }

    #[test]
    fn a_sale_closes_what_is_held_and_the_rest_locks_a_margin() {
        let funds = Funds { base: Quantity::new(1.0), ..cash(100.0) };
        let funds = funds.sell(deal(4.0, 64.0, 252.0), 2.0).unwrap();
        assert_eq!((funds.cash.get(), funds.base.get()), (352.0, 0.0));
        assert_eq!((funds.locked.get(), funds.short), (96.0, short(3.0, 64.0, 96.0)));
        assert_eq!(funds.short.leverage(Price::new(64.0)), 2.0);
        let funds = funds.sell(deal(1.0, 32.0, 32.0), 1.0).unwrap();
        assert_eq!((funds.locked.get(), funds.short), (128.0, short(4.0, 56.0, 128.0)));
    }

    #[test]
    fn a_short_without_cash_for_its_margin_is_refused() {
        assert!(cash(0.0).sell(deal(1.0, 10.0, 9.9), 1.0).is_err(), "the fee is missing");
        assert!(cash(0.1).sell(deal(1.0, 10.0, 9.9), 1.0).is_ok());
        assert!(cash(0.0).sell(deal(1.0, 10.0, 9.9), 2.0).is_ok());
    }

    #[test]
    fn covering_frees_the_margin_and_what_is_left_over_is_held() {
        let funds = Funds { locked: Notional::new(60.0), short: short(3.0, 64.0, 60.0), ..cash(300.0) };
        let half = funds.buy(deal(1.5, 80.0, 120.0)).unwrap();
        assert_eq!((half.cash.get(), half.locked.get(), half.short), (180.0, 30.0, short(1.5, 64.0, 30.0)));
        let flipped = funds.buy(deal(4.0, 75.0, 300.0)).unwrap();
        assert_eq!((flipped.cash.get(), flipped.locked.get()), (0.0, 0.0));
        assert_eq!((flipped.base.get(), flipped.short), (1.0, Short::default()));
    }

    #[test]
    fn what_is_affordable_can_be_bought_and_no_more() {
        let owing = Funds { locked: Notional::new(60.0), short: short(3.0, 64.0, 60.0), ..cash(300.0) };
        for (funds, unit) in
            [(cash(300.0), 7.0), (owing, 7.0), (owing, 75.0), (owing, 100.0), (owing, 1_000.0)]
        {
            let most = funds.affordable(unit).get();
            assert!(funds.buy(deal(most, unit, most * unit)).is_ok(), "{unit}");
            assert!(funds.buy(deal(most * 1.000_001, unit, most * unit * 1.000_001)).is_err(), "{unit}");
        }
        assert_eq!(owing.affordable(100.0).get(), 3.0, "240 free, and 20 with each");
    }

    #[test]
    fn a_short_is_maintained_down_to_its_requirement() {
        let short = short(1.0, 100.0, 50.0);
        assert!(short.is_maintained(Price::new(120.0), Ratio::new(0.25)), "30 of 120");
        assert!(!short.is_maintained(Price::new(120.5), Ratio::new(0.25)));
        let funds = Funds { locked: Notional::new(50.0), short, ..cash(200.0) };
        let funds = funds.liquidate(Price::new(125.0));
        assert_eq!((funds.cash.get(), funds.locked.get(), funds.short), (75.0, 0.0, Short::default()));
    }
}
