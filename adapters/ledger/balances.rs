//! Balances, added up from rows.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use thiserror::Error;

use super::amount::PLACES;
use super::row::{Row, RowSide};

/// What is held of each asset; a short position is a negative balance of its base.
pub type Balances = BTreeMap<String, Decimal>;

/// What a symbol is bought with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Bought and sold.
    pub base: String,
    /// Paid and received.
    pub quote: String,
}

/// Why rows do not add up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReplayError {
    /// A row of an instrument that nobody described.
    #[error("order {order_id}: there is no market `{symbol}`: name its base and quote")]
    UnknownMarket {
        /// The order of the row.
        order_id: String,
        /// The instrument of the row.
        symbol: String,
    },
    /// A number that 38 digits, 20 of them decimals, or a balance of 28 digits cannot hold.
    #[error("{what}: the number is too large to be exact")]
    TooLarge {
        /// The order, or the asset.
        what: String,
    },
}

/// The balances after all rows. Sums are exact; each balance is rounded once at the end, to ten decimals.
///
/// Buying adds the quantity to the base and takes quantity × price from the quote, selling does the reverse, and the
/// fee leaves its own asset. The margin of a short position stays in the quote.
///
/// # Errors
/// [`ReplayError`], for the first row or asset that does not add up.
pub fn replay(
    initial: &Balances,
    rows: &[Row],
    markets: &BTreeMap<String, Market>,
) -> Result<Balances, ReplayError> {
    let mut sums = BTreeMap::new();
    for (asset, balance) in initial {
        let start = units(*balance).and_then(|units| units.checked_mul(SCALE));
        sums.insert(asset.as_str(), start.ok_or_else(|| too_large(asset))?);
    }
    for row in rows {
        let sign = match row.side {
            RowSide::Buy => 1,
            RowSide::Sell => -1,
            RowSide::Cancel => continue,
        };
        let market = markets.get(&row.symbol).ok_or_else(|| ReplayError::UnknownMarket {
            order_id: row.order_id.clone(),
            symbol: row.symbol.clone(),
        })?;
        let changes = changes(row, sign).ok_or_else(|| too_large(&row.order_id))?;
        for (asset, change) in [&market.base, &market.quote, &row.fee_asset].into_iter().zip(changes) {
            let sum = sums.entry(asset).or_default();
            *sum = sum.checked_add(change).ok_or_else(|| too_large(asset))?;
        }
    }
    let balances = sums.into_iter().map(|(asset, sum)| {
        let balance = rounded(sum).ok_or_else(|| too_large(asset))?;
        Ok((asset.to_owned(), balance))
    });
    balances.collect()
}

/// Units of 10^-10 in one; sums are held in units of its square.
const SCALE: i128 = 10_i128.pow(PLACES);

/// What a row changes: base, quote and fee.
fn changes(row: &Row, sign: i128) -> Option<[i128; 3]> {
    let quantity = units(row.quantity)?.checked_mul(sign)?;
    let paid = quantity.checked_mul(units(row.price)?)?;
    Some([quantity.checked_mul(SCALE)?, -paid, -units(row.fee)?.checked_mul(SCALE)?])
}

/// A number in units of 10^-10.
fn units(number: Decimal) -> Option<i128> {
    let number = number.round_dp(PLACES);
    number.mantissa().checked_mul(10_i128.pow(PLACES - number.scale()))
}

/// A sum with ten decimals, half to even.
fn rounded(sum: i128) -> Option<Decimal> {
    let (whole, rest) = (sum.div_euclid(SCALE), sum.rem_euclid(SCALE));
    let up = rest * 2 > SCALE || (rest * 2 == SCALE && whole % 2 != 0);
    let number = Decimal::try_from_i128_with_scale(whole + i128::from(up), PLACES).ok()?;
    Some(number.normalize())
}

fn too_large(what: &str) -> ReplayError {
    ReplayError::TooLarge { what: what.to_owned() }
}
