//! Instruments and their price columns.

use std::sync::Arc;

use bevy_ecs::prelude::Component;
use serde::{Deserialize, Serialize};

use crate::candle::Candle;
use crate::column::Column;
use crate::time::Nanos;
use crate::units::{Notional, Quantity};

/// Something that can be traded: a symbol on a venue.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(immutable)]
pub struct Instrument {
    /// The venue's name in lower case, such as `binance`.
    pub venue: String,
    /// The configured name, such as `BTC_USDT`.
    pub symbol: String,
    /// The currency bought and sold.
    pub base: String,
    /// The currency prices are in.
    pub quote: String,
    /// What the venue accepts.
    pub rules: TradingRules,
}

impl Instrument {
    /// `venue:symbol`, as it appears in results.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.venue, self.symbol)
    }
}

/// A venue's trading rules. Zero means "no such rule".
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TradingRules {
    /// Smallest price change, in quote currency.
    pub tick: f64,
    /// Smallest change of an order's size, in base units.
    pub step: Quantity,
    /// Smallest size of an order, in base units.
    pub min_quantity: Quantity,
    /// Smallest value of an order, in quote currency.
    pub min_notional: Notional,
}

/// How long each candle of a [`Bars`] lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Span {
    /// All the same.
    Uniform(Nanos),
    /// One length per bar: a line made of several series.
    Each(Vec<Nanos>),
    /// All the same, but some came into existence later than they ended.
    Late {
        /// How long each lasts.
        length: Nanos,
        /// From each one's open until it was known; never less than the length.
        known: Vec<Nanos>,
    },
}

/// Candles in columns, oldest first; all columns have the same length, except those that are left out.
///
/// Whoever fills them has checked that prices are positive and finite, that `low` and `high` enclose
/// `open` and `close`, that volumes are not negative, that open times rise and that no candle opens before the one
/// before it has closed. A missing candle is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// When each candle opened.
    pub open_time: Column<Nanos>,
    /// How long each candle lasts.
    pub span: Span,
    /// First price, quote currency.
    pub open: Column<f64>,
    /// Highest price, quote currency. Empty, like the lows, when nobody in the run reads them.
    pub high: Column<f64>,
    /// Lowest price, quote currency.
    pub low: Column<f64>,
    /// Last price, quote currency.
    pub close: Column<f64>,
    /// Base units traded; 0 when nobody traded. Empty when nobody reads them and every candle is known to have traded.
    pub volume: Column<f64>,
}

impl Bars {
    /// No candles of the given length.
    #[must_use]
    pub const fn empty(interval: Nanos) -> Self {
        Self {
            open_time: Column::new(),
            span: Span::Uniform(interval),
            open: Column::new(),
            high: Column::new(),
            low: Column::new(),
            close: Column::new(),
            volume: Column::new(),
        }
    }

    /// How many candles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open_time.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open_time.is_empty()
    }

    /// When candle `bar` closed, and so came into existence.
    ///
    /// # Panics
    /// When there is no such candle.
    #[must_use]
    pub fn close_time(&self, bar: usize) -> Nanos {
        let span = match &self.span {
            Span::Uniform(span) => *span,
            Span::Each(spans) | Span::Late { known: spans, .. } => spans[bar],
        };
        self.open_time[bar] + span
    }

    /// When candle `bar` ended, whenever it came into existence.
    ///
    /// # Panics
    /// When there is no such candle.
    #[must_use]
    pub fn end_time(&self, bar: usize) -> Nanos {
        match &self.span {
            Span::Late { length, .. } => self.open_time[bar] + *length,
            Span::Uniform(_) | Span::Each(_) => self.close_time(bar),
        }
    }

    /// How long each candle lasts, where all last as long.
    #[must_use]
    pub const fn length(&self) -> Option<Nanos> {
        match &self.span {
            Span::Uniform(length) | Span::Late { length, .. } => Some(*length),
            Span::Each(_) => None,
        }
    }

    /// Candle `bar`, of which all columns are there.
    ///
    /// # Panics
    /// When there is no such candle, or a column was left out.
    #[must_use]
    pub fn candle(&self, bar: usize) -> Candle {
        Candle {
            open_time: self.open_time[bar],
            open: self.open[bar],
            high: self.high[bar],
            low: self.low[bar],
            close: self.close[bar],
            volume: self.volume[bar],
        }
    }

    /// Adds a candle that is known from `known_at` on, which is its end or later and not before that of the one before
    /// it. The columns that the others have are filled.
    ///
    /// # Panics
    /// When the candles are of several lengths.
    pub fn push(&mut self, candle: &Candle, known_at: Nanos) {
        let length = self.length().expect("only a series of one interval grows");
        let known = known_at - candle.open_time;
        debug_assert!(known >= length, "no candle is known before it has ended");
        if known > length && matches!(self.span, Span::Uniform(_)) {
            self.span = Span::Late { length, known: vec![length; self.len()] };
        }
        if let Span::Late { known: spans, .. } = &mut self.span {
            spans.push(known);
        }
        let whole = self.len();
        for (column, value) in
            [(&mut self.high, candle.high), (&mut self.low, candle.low), (&mut self.volume, candle.volume)]
        {
            if column.len() == whole {
                column.push(value);
            }
        }
        self.open_time.push(candle.open_time);
        self.open.push(candle.open);
        self.close.push(candle.close);
    }

    /// Whether all columns have the same length, except those that are left out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let spans = match &self.span {
            Span::Uniform(_) => self.len(),
            Span::Each(spans) | Span::Late { known: spans, .. } => spans.len(),
        };
        let needed = [spans, self.open.len(), self.close.len()];
        let others = [self.high.len(), self.low.len(), self.volume.len()];
        needed.iter().all(|len| *len == self.len()) && others.iter().all(|len| [0, self.len()].contains(len))
    }

    /// The candles from `first` on, in memory of their own.
    ///
    /// # Panics
    /// When there are fewer than `first` candles.
    #[must_use]
    pub fn since(&self, first: usize) -> Self {
        let column = |values: &Column<f64>| values.get(first..).unwrap_or_default().to_vec().into();
        Self {
            open_time: self.open_time[first..].to_vec().into(),
            span: match &self.span {
                Span::Uniform(length) => Span::Uniform(*length),
                Span::Each(spans) => Span::Each(spans[first..].to_vec()),
                Span::Late { length, known } => {
                    Span::Late { length: *length, known: known[first..].to_vec() }
                }
            },
            open: column(&self.open),
            high: column(&self.high),
            low: column(&self.low),
            close: column(&self.close),
            volume: column(&self.volume),
        }
    }

    /// Whether anybody traded during candle `bar`.
    ///
    /// # Panics
    /// When there is no such candle.
    #[must_use]
    pub fn traded(&self, bar: usize) -> bool {
        self.volume.is_empty() || self.volume[bar] > 0.0
    }

    /// How many candles have closed at `instant`, given that the first `from` have.
    ///
    /// As long as no candle is missing that is one division; across a gap it is a search.
    #[must_use]
    pub fn closed_at(&self, instant: Nanos, from: usize) -> usize {
        let is_closed = |bar: usize| self.close_time(bar) <= instant;
        if from >= self.len() || !is_closed(from) {
            return from;
        }
        if let Span::Uniform(span) = self.span {
            let ahead = instant.get().saturating_sub(self.close_time(from).get()) / span.get();
            let count = usize::try_from(ahead).map_or(self.len(), |ahead| self.len().min(from + 1 + ahead));
            if is_closed(count - 1) && (count == self.len() || !is_closed(count)) {
                return count;
            }
        }
        count_until(self.len(), from, is_closed)
    }
}

/// How many of `len` have passed, given that the first `from` have and that after one that has not none has.
///
/// Gallops, so that a short step costs little and a long one its logarithm.
pub(crate) fn count_until(len: usize, from: usize, has_passed: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut stride) = (from, 1);
    while low + stride <= len && has_passed(low + stride - 1) {
        low += stride;
        stride *= 2;
    }
    let mut high = (low + stride - 1).min(len);
    while low < high {
        let middle = low + (high - low) / 2;
        if has_passed(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// One candle series of one instrument at one interval.
#[derive(Component, Clone, Debug)]
pub struct Series {
    /// Its candles, shared by all readers.
    pub bars: Arc<Bars>,
}

/// What fills and marks of an instrument are read from: its finest candles, coarser ones where those are silent.
#[derive(Component, Clone, Debug)]
pub struct PriceLine {
    /// The candles, ordered by close time.
    pub bars: Arc<Bars>,
}

/// Running sums of a close column in whole ticks, so that the sum of any window is one exact subtraction.
///
/// `sums[i]` is the number of ticks in the first `i` closes, a whole number below 2^53 held in f64. A tick is
/// `parts / scale` of the quote currency. Both are whole, which that fraction need not be: a price that is computed
/// from them is rounded once, and so does not depend on which tick the closes after it have left.
#[derive(Clone, Debug, PartialEq)]
pub struct TickSums {
    /// How many times 1 / `scale` a tick is.
    pub parts: f64,
    /// A power of ten.
    pub scale: f64,
    /// One entry more than there are closes.
    pub sums: Column<f64>,
    /// The largest single close, in ticks.
    pub largest: f64,
}

impl TickSums {
    /// The ticks in the `window` closes that end with candle `bar`.
    #[must_use]
    pub fn window(&self, bar: usize, window: usize) -> f64 {
        self.sums[bar + 1] - self.sums[bar + 1 - window]
    }

    /// The sum of the same closes, quote currency.
    #[must_use]
    pub fn sum(&self, bar: usize, window: usize) -> f64 {
        self.window(bar, window) * self.parts / self.scale
    }
}

/// Logarithmic returns of a close column: `ln(close / previous close)`, wherever both are positive.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReturns {
    /// The returns, oldest first.
    pub values: Column<f64>,
    /// Running sums of the returns, one entry more than there are returns; rounded, so good for estimates only.
    pub sums: Column<f64>,
    /// Running sums of their squares, likewise.
    pub squares: Column<f64>,
    /// The running sum farthest from zero, without its sign.
    pub largest_sum: f64,
    /// How many returns there are up to each candle; `None` when every candle but the first has one.
    pub known: Option<Vec<usize>>,
}

impl LogReturns {
    /// How many returns there are up to candle `bar`, itself included.
    #[must_use]
    pub fn count(&self, bar: usize) -> usize {
        self.known.as_ref().map_or(bar, |known| known[bar])
    }
}

/// The best bid and offer of an instrument over time, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotes {
    /// When each was published.
    pub time: Vec<Nanos>,
    /// Best bid, quote currency.
    pub bid: Vec<f64>,
    /// Best offer, quote currency.
    pub ask: Vec<f64>,
}

/// What an engine that trades a pair sees at the close of each candle of its first leg: the newest quotes of both
/// legs known by then. A market without quotes is quoted at its last close.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshots {
    /// Best bid of the first leg, quote currency.
    pub primary_bid: Vec<f64>,
    /// Best offer of the first leg, quote currency.
    pub primary_ask: Vec<f64>,
    /// Best bid of the second leg, quote currency.
    pub secondary_bid: Vec<f64>,
    /// Best offer of the second leg, quote currency.
    pub secondary_ask: Vec<f64>,
    /// When the second leg's quote was published; [`Snapshots::UNKNOWN`] before its first.
    pub secondary_time: Vec<Nanos>,
}

impl Snapshots {
    /// The time of a quote that has not been seen yet: longer ago than any bound.
    pub const UNKNOWN: Nanos = Nanos::new(i64::MIN / 2);

    /// Those from candle `first` of the first leg on, in memory of their own.
    ///
    /// # Panics
    /// When there are fewer than `first` candles.
    #[must_use]
    pub fn since(&self, first: usize) -> Self {
        Self {
            primary_bid: self.primary_bid[first..].to_vec(),
            primary_ask: self.primary_ask[first..].to_vec(),
            secondary_bid: self.secondary_bid[first..].to_vec(),
            secondary_ask: self.secondary_ask[first..].to_vec(),
            secondary_time: self.secondary_time[first..].to_vec(),
        }
    }
}

/// Target positions from outside, oldest first, no two at the same instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// When each target is known.
    pub time: Vec<Nanos>,
    /// Signed fraction of the instrument's budget.
    pub fraction: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(opens: &[i64], span: i64) -> Bars {
        let ones = Column::from(vec![1.0; opens.len()]);
        Bars {
            open_time: opens.iter().map(|t| Nanos::new(*t)).collect(),
            open: ones.clone(),
            high: ones.clone(),
            low: ones.clone(),
            close: ones.clone(),
            volume: ones,
            ..Bars::empty(Nanos::new(span))
        }
    }

    #[test]
    fn closed_at_counts_like_a_linear_search_from_any_start() {
        let opens: Vec<i64> = (0..200).map(|i| i * 10 + if i > 90 { 500 } else { 0 }).collect();
        let bars = bars(&opens, 10);
        for instant in (0..2_600).step_by(3) {
            let linear = opens.iter().filter(|open| **open + 10 <= instant).count();
            for from in [0, linear / 2, linear] {
                assert_eq!(bars.closed_at(Nanos::new(instant), from), linear, "{instant} from {from}");
            }
        }
        assert_eq!(bars.closed_at(Nanos::NEVER, 3), 200);
    }

    #[test]
    fn without_volumes_every_candle_traded() {
        let mut bars = bars(&[0, 10, 20], 10);
        bars.volume[1] = 0.0;
        assert_eq!([0, 1, 2].map(|bar| bars.traded(bar)), [true, false, true]);
        bars.volume = Column::new();
        assert_eq!([0, 1, 2].map(|bar| bars.traded(bar)), [true; 3]);
    }

    #[test]
    fn bars_of_several_lengths_close_at_their_own_time() {
        let mut bars = bars(&[0, 10], 10);
        bars.span = Span::Each(vec![Nanos::new(10), Nanos::new(60)]);
        assert_eq!(bars.close_time(1), Nanos::new(70));
    }

    #[test]
    fn a_candle_that_is_known_late_closes_late_and_ends_in_time() {
        let mut bars = bars(&[0, 10], 10);
        let candle = |open: i64| Candle {
            open_time: Nanos::new(open),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 2.0,
            volume: 3.0,
        };
        bars.push(&candle(20), Nanos::new(30));
        assert_eq!(bars.span, Span::Uniform(Nanos::new(10)));
        bars.push(&candle(30), Nanos::new(47));
        bars.push(&candle(40), Nanos::new(50));
        let times =
            |of: fn(&Bars, usize) -> Nanos| (0..5).map(|bar| of(&bars, bar).get()).collect::<Vec<_>>();
        assert_eq!(times(Bars::close_time), [10, 20, 30, 47, 50]);
        assert_eq!(times(Bars::end_time), [10, 20, 30, 40, 50]);
        assert_eq!((bars.length(), bars.closed_at(Nanos::new(46), 0)), (Some(Nanos::new(10)), 3));
        assert_eq!(bars.volume, [1.0, 1.0, 3.0, 3.0, 3.0]);
        bars.volume = Column::new();
        bars.push(&candle(50), Nanos::new(60));
        assert!(bars.volume.is_empty() && bars.high.len() == 6);
    }

    #[test]
    fn window_is_the_difference_of_two_sums() {
        let ticks = TickSums { parts: 5.0, scale: 10.0, sums: vec![0.0, 2.0, 5.0, 9.0].into(), largest: 4.0 };
        assert_eq!((ticks.window(2, 2), ticks.sum(2, 2)), (7.0, 3.5));
        assert_eq!((ticks.window(2, 3), ticks.sum(2, 3)), (9.0, 4.5));
    }
}
