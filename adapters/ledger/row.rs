//! A row of the ledger.

use hemiola_components::time::Nanos;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount;
use crate::time_text::instant;

/// What happened to an order. Its fields are written in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// When.
    #[serde(with = "instant")]
    pub timestamp: Nanos,
    /// The order.
    pub order_id: String,
    /// The instrument; `*` for a cancellation.
    pub symbol: String,
    /// What the order did.
    pub side: RowSide,
    /// Base units filled.
    #[serde(with = "amount")]
    pub quantity: Decimal,
    /// Price of the fill.
    #[serde(with = "amount")]
    pub price: Decimal,
    /// The fee, in `fee_asset`.
    #[serde(with = "amount")]
    pub fee: Decimal,
    /// What the fee was paid in.
    pub fee_asset: String,
    /// The state of the order, such as `filled`.
    pub status: String,
    /// Leverage of the short position, else 1.
    #[serde(with = "amount")]
    pub leverage: Decimal,
    /// Value of the whole position afterwards, at the price of the fill.
    #[serde(with = "amount")]
    pub position_value: Decimal,
}

/// What an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSide {
    /// Bought.
    Buy,
    /// Sold.
    Sell,
    /// Was cancelled.
    Cancel,
}

impl Row {
    /// The line without its end: compact JSON.
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("texts and decimals are JSON")
    }
}
