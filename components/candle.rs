//! One candle, on its way into a column.

use crate::time::Nanos;

/// A candle as a feed delivers it. Nothing about it has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
    /// When it opened.
    pub open_time: Nanos,
    /// First price, quote currency.
    pub open: f64,
    /// Highest price, quote currency.
    pub high: f64,
    /// Lowest price, quote currency.
    pub low: f64,
    /// Last price, quote currency.
    pub close: f64,
    /// Base units traded.
    pub volume: f64,
}
