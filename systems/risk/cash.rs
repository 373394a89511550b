//! Cash that nobody has a claim on.

use hemiola_components::portfolio::{Account, Book};
use hemiola_components::units::Notional;

use crate::book::marked;

/// Cash less what is reserved for orders at the venue and the collateral of shorts.
///
/// A short is fully covered: its proceeds stay in cash and as much again is held against it, so the collateral
/// is twice its value at the mark.
#[must_use]
pub fn free_cash(account: &Account, book: &Book) -> Notional {
    account.cash - account.reserved - Notional::new(2.0 * short_value(book))
}

/// The value of all short positions at the closes the lines are marked at.
fn short_value(book: &Book) -> f64 {
    let short = |&index: &u32| {
        let line = &book.lines[index as usize];
        (line.gross - line.net) / 2.0 * marked(book, index as usize).unwrap_or_default()
    };
    book.shorted.iter().map(short).sum()
}
