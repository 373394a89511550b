//! Cash that nobody has a claim on.

use hemiola_components::portfolio::{Account, Book};
use hemiola_components::units::Notional;

/// Cash less what is reserved for orders at the venue and the collateral of shorts.
///
/// A short is fully covered: its proceeds stay in cash and as much again is held against it, so the collateral
/// is twice its value at the mark.
#[must_use]
pub fn free_cash(account: &Account, book: &Book) -> Notional {
    account.cash - account.reserved - Notional::new(2.0 * short_value(book))
}

/// The value of all short positions at the marks the lines were brought to.
fn short_value(book: &Book) -> f64 {
    let short = |index: &u32| {
        let line = &book.lines[*index as usize];
        let close = line.closed.checked_sub(1).map_or(0.0, |bar| line.bars.close[bar]);
        (line.gross - line.net) / 2.0 * close
    };
    book.held.iter().map(short).sum()
}
