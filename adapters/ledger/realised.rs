//! Profit of closed quantity, before fees, by the two usual methods.

use std::collections::VecDeque;

use rust_decimal::Decimal;

/// A fill of one strategy in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Whether it bought.
    pub is_buy: bool,
    /// Base units, positive.
    pub quantity: Decimal,
    /// The price.
    pub price: Decimal,
}

/// What trades came to. Once `open` is zero, both methods give the same profit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Realised {
    /// Profit of what was closed, in the quote asset, fees aside.
    pub profit: Decimal,
    /// Base units still open; negative is short.
    pub open: Decimal,
    /// What the open quantity was bought or sold for, not negative.
    pub cost: Decimal,
}

/// Each closed unit costs the average of all open ones. A trade across zero closes first and opens the rest at its own
/// price. Exact, apart from the division of an average, which has 28 digits. `None` when a value does not fit these.
pub fn by_average_cost(trades: impl IntoIterator<Item = Trade>) -> Option<Realised> {
    let mut realised = Realised::default();
    for trade in trades {
        let held = realised.open.abs();
        let closed = if opposes(realised.open, trade) { trade.quantity.min(held) } else { Decimal::ZERO };
        if closed > Decimal::ZERO {
            let cost = if closed == held {
                realised.cost
            } else {
                realised.cost.checked_mul(closed)?.checked_div(held)?
            };
            realised.close(trade, closed, cost)?;
        }
        realised.add(trade, trade.quantity - closed)?;
    }
    Some(realised)
}

/// What was opened first is closed first; otherwise as [`by_average_cost`], and exact.
pub fn by_fifo(trades: impl IntoIterator<Item = Trade>) -> Option<Realised> {
    let mut realised = Realised::default();
    let mut lots: VecDeque<(Decimal, Decimal)> = VecDeque::new();
    for trade in trades {
        let mut left = trade.quantity;
        while left > Decimal::ZERO
            && opposes(realised.open, trade)
            && let Some((quantity, price)) = lots.front_mut()
        {
            let closed = left.min(*quantity);
            realised.close(trade, closed, closed.checked_mul(*price)?)?;
            left -= closed;
            *quantity -= closed;
            if *quantity == Decimal::ZERO {
                lots.pop_front();
            }
        }
        if left > Decimal::ZERO {
            realised.add(trade, left)?;
            lots.push_back((left, trade.price));
        }
    }
    Some(realised)
}

fn opposes(open: Decimal, trade: Trade) -> bool {
    if trade.is_buy { open < Decimal::ZERO } else { open > Decimal::ZERO }
}

fn signed(trade: Trade, quantity: Decimal) -> Decimal {
    if trade.is_buy { quantity } else { -quantity }
}

impl Realised {
    fn close(&mut self, trade: Trade, quantity: Decimal, cost: Decimal) -> Option<()> {
        let value = quantity.checked_mul(trade.price)?;
        let profit = if trade.is_buy { cost.checked_sub(value)? } else { value.checked_sub(cost)? };
        self.profit = self.profit.checked_add(profit)?;
        self.open = self.open.checked_add(signed(trade, quantity))?;
        self.cost = self.cost.checked_sub(cost)?;
        Some(())
    }

    fn add(&mut self, trade: Trade, quantity: Decimal) -> Option<()> {
        self.open = self.open.checked_add(signed(trade, quantity))?;
        self.cost = self.cost.checked_add(quantity.checked_mul(trade.price)?)?;
        Some(())
    }
}
