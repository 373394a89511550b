//! What was earned, and what it cost.

use std::iter::Sum;

use hemiola_adapters::ledger::{Realised, Trade, by_average_cost, by_fifo};
use hemiola_components::position::Holding;
use hemiola_components::units::Price;
use serde_json::{Value, json};

/// What positions earned and cost, in the valuation currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    /// Profit of closed quantity, before costs, each unit at the average price of its position.
    pub realised: f64,
    /// Profit of open quantity at the last marks.
    pub unrealised: f64,
    /// Fees paid.
    pub fees: f64,
    /// What slippage and impact cost: it is in the prices of the fills, and so in both profits.
    pub slippage: f64,
    /// What borrowing cost while positions were short.
    pub borrow: f64,
    /// The realised profit from the fills alone, in exact decimals.
    pub by_fills: ByFills,
}

/// Realised profit by the two usual methods, before costs; `None` when a number is beyond the decimals of the ledger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByFills {
    /// Each closed unit costs the average of all open ones.
    pub average_cost: Option<f64>,
    /// What was opened first is closed first.
    pub fifo: Option<f64>,
}

impl Default for ByFills {
    fn default() -> Self {
        Self { average_cost: Some(0.0), fifo: Some(0.0) }
    }
}

impl Money {
    /// Of one position with these fills; `None` in place of one that is beyond the decimals of the ledger.
    pub(super) fn of(holding: &Holding, mark: Price, fills: &[Option<Trade>]) -> Self {
        let trades: Option<Vec<Trade>> = fills.iter().copied().collect();
        let profit = |realised: Realised| f64::try_from(realised.profit).ok();
        Self {
            realised: holding.realised.get(),
            unrealised: holding.quantity.get() * (mark.get() - holding.average_price.get()),
            fees: holding.fees.get(),
            slippage: holding.slippage.get(),
            borrow: holding.borrow.get(),
            by_fills: ByFills {
                average_cost: trades.clone().and_then(by_average_cost).and_then(profit),
                fifo: trades.and_then(by_fifo).and_then(profit),
            },
        }
    }

    /// Fees, slippage and borrowing.
    #[must_use]
    pub fn costs(&self) -> f64 {
        self.fees + self.slippage + self.borrow
    }

    /// Profit after all costs, open quantity at the last marks.
    #[must_use]
    pub fn net(&self) -> f64 {
        self.realised + self.unrealised - self.fees - self.borrow
    }

    pub(super) fn to_json(self) -> Value {
        json!({
            "realised": self.realised,
            "realised_average_cost": self.by_fills.average_cost,
            "realised_fifo": self.by_fills.fifo,
            "unrealised": self.unrealised,
            "fees": self.fees,
            "slippage": self.slippage,
            "borrow": self.borrow,
            "costs": self.costs(),
            "net": self.net(),
        })
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let add = |one: Option<f64>, other: Option<f64>| Some(one? + other?);
        all.fold(Self::default(), |sum, one| Self {
            realised: sum.realised + one.realised,
            unrealised: sum.unrealised + one.unrealised,
            fees: sum.fees + one.fees,
            slippage: sum.slippage + one.slippage,
            borrow: sum.borrow + one.borrow,
            by_fills: ByFills {
                average_cost: add(sum.by_fills.average_cost, one.by_fills.average_cost),
                fifo: add(sum.by_fills.fifo, one.by_fills.fifo),
            },
        })
    }
}
