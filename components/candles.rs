//! Candles with the arithmetic of their times.

use std::ops::Deref;
use std::sync::Arc;

use crate::market::{Bars, Span};
use crate::time::Nanos;

/// Shared candles that know when each of them opens and closes. Where none is missing that is arithmetic, and the
/// column of times, which is long out of the cache when a candle is jumped to, is not read.
#[derive(Clone, Debug)]
pub struct Candles {
    bars: Arc<Bars>,
    grid: Option<Grid>,
}

/// The times of candles of one length, none of which is missing.
#[derive(Clone, Copy, Debug)]
struct Grid {
    first_open: Nanos,
    step: Nanos,
}

impl Grid {
    fn of(bars: &Bars) -> Option<Self> {
        let (Span::Uniform(step), [first, .., last]) = (&bars.span, &bars.open_time[..]) else { return None };
        // No two candles overlap, so that there is a gap or the last one opens where it would without.
        let steps = i64::try_from(bars.len() - 1).ok()?;
        let is_whole = steps.checked_mul(step.get()) == Some((*last - *first).get());
        is_whole.then_some(Self { first_open: *first, step: *step })
    }

    const fn open_time(self, bar: usize) -> Nanos {
        // A candle that exists has a time, so its distance from the first fits.
        #[expect(clippy::cast_possible_wrap, reason = "a column has fewer than 2^63 candles")]
        Nanos::new(self.first_open.get() + bar as i64 * self.step.get())
    }
}

impl Deref for Candles {
    type Target = Bars;

    fn deref(&self) -> &Bars {
        &self.bars
    }
}

impl Candles {
    /// Looks whether any is missing.
    #[must_use]
    pub fn new(bars: Arc<Bars>) -> Self {
        Self { grid: Grid::of(&bars), bars }
    }

    /// The columns.
    #[must_use]
    pub const fn shared(&self) -> &Arc<Bars> {
        &self.bars
    }

    /// When candle `bar`, which exists, opened.
    ///
    /// # Panics
    /// When there is no such candle and others are missing too.
    #[must_use]
    pub fn open_time(&self, bar: usize) -> Nanos {
        self.grid.map_or_else(|| self.bars.open_time[bar], |grid| grid.open_time(bar))
    }

    /// When candle `bar`, which exists, ended, whenever it came into existence.
    ///
    /// # Panics
    /// As [`Candles::open_time`].
    #[must_use]
    pub fn end_time(&self, bar: usize) -> Nanos {
        self.grid.map_or_else(|| self.bars.end_time(bar), |grid| grid.open_time(bar) + grid.step)
    }

    /// When candle `bar`, which exists, closed.
    ///
    /// # Panics
    /// As [`Candles::open_time`].
    #[must_use]
    pub fn close_time(&self, bar: usize) -> Nanos {
        self.grid.map_or_else(|| self.bars.close_time(bar), |grid| grid.open_time(bar) + grid.step)
    }

    /// How many candles have closed at `instant`, given that the first `from` have.
    #[must_use]
    pub fn closed_at(&self, instant: Nanos, from: usize) -> usize {
        let Some(grid) = self.grid else { return self.bars.closed_at(instant, from) };
        let len = self.bars.len();
        if from >= len || self.close_time(from) > instant {
            return from;
        }
        if from + 1 >= len || self.close_time(from + 1) > instant {
            return from + 1;
        }
        let steps = instant.get().saturating_sub(grid.first_open.get()) / grid.step.get();
        usize::try_from(steps).map_or(len, |steps| steps.min(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(opens: &[i64], span: i64) -> Arc<Bars> {
        let mut bars = Bars::empty(Nanos::new(span));
        bars.open_time = opens.iter().map(|open| Nanos::new(*open)).collect();
        Arc::new(bars)
    }

    #[test]
    fn times_are_those_of_the_column() {
        let whole: Vec<i64> = (-3..40).map(|step| 7 + step * 10).collect();
        let gapped: Vec<i64> = whole.iter().map(|open| if *open > 100 { open + 50 } else { *open }).collect();
        for (opens, is_whole) in [(&whole, true), (&gapped, false)] {
            let bars = bars(opens, 10);
            let candles = Candles::new(Arc::clone(&bars));
            assert_eq!(candles.grid.is_some(), is_whole);
            for bar in 0..bars.len() {
                let times = (candles.open_time(bar), candles.close_time(bar));
                assert_eq!(times, (bars.open_time[bar], bars.close_time(bar)));
            }
            for instant in (-60..600).map(Nanos::new).chain([Nanos::NEVER]) {
                let closed = (0..bars.len()).filter(|bar| bars.close_time(*bar) <= instant).count();
                for from in [0, closed / 2, closed.saturating_sub(1), closed] {
                    assert_eq!(candles.closed_at(instant, from), closed, "{instant:?} from {from}");
                }
            }
        }
    }

    #[test]
    fn candles_of_several_lengths_and_single_ones_read_their_column() {
        let mut several = (*bars(&[0, 10], 10)).clone();
        several.span = Span::Each(vec![Nanos::new(10), Nanos::new(60)]);
        assert_eq!(Candles::new(Arc::new(several)).close_time(1), Nanos::new(70));
        assert_eq!(Candles::new(bars(&[5], 10)).close_time(0), Nanos::new(15));
        assert_eq!(Candles::new(bars(&[], 10)).closed_at(Nanos::NEVER, 0), 0);
    }
}
