//! Closes of many lines side by side, an instant a row: what an account of many instruments is marked from.

use crate::market::{Bars, count_until};
use crate::time::Nanos;

/// Lanes of every sum over a row.
pub const LANES: usize = 8;

/// The closes of several lines at every instant at which a candle of any of them closed. A line that has no candle
/// there keeps its last close; before its first it stands at zero, and nobody can hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    time: Vec<Nanos>,
    width: usize,
    close: Vec<f64>,
}

impl Rows {
    /// The rows of these lines, unless that takes more than `most` closes.
    #[must_use]
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a Bars>, most: usize) -> Option<Self> {
        let lines: Vec<&Bars> = lines.into_iter().collect();
        let width = lines.len().next_multiple_of(LANES);
        let time = instants(&lines);
        let cells = time.len().checked_mul(width).filter(|cells| *cells <= most)?;
        let mut close = vec![0.0; cells];
        for (index, bars) in lines.iter().enumerate() {
            let (mut closed, mut last) = (0, 0.0);
            for (row, now) in close.chunks_exact_mut(width).zip(&time) {
                while closed < bars.len() && bars.close_time(closed) <= *now {
                    last = bars.close[closed];
                    closed += 1;
                }
                row[index] = last;
            }
        }
        Some(Self { time, width, close })
    }

    /// How many rows have an instant at or before `now`, given that the first `from` have.
    #[must_use]
    pub fn until(&self, now: Nanos, from: usize) -> usize {
        count_until(self.time.len(), from, |row| self.time[row] <= now)
    }

    /// The closes of a row, in the order of the lines, filled up to whole lanes with zeros.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.close[row * self.width..(row + 1) * self.width]
    }

    /// The instant of a row; [`Nanos::NEVER`] after the last.
    #[must_use]
    pub fn time(&self, row: usize) -> Nanos {
        self.time.get(row).copied().unwrap_or(Nanos::NEVER)
    }

    /// The length of a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }
}

/// Every instant at which a candle of any line closes, ascending. Lines that share their instants cost no sorting.
fn instants(lines: &[&Bars]) -> Vec<Nanos> {
    let times = |bars: &Bars| (0..bars.len()).map(|bar| bars.close_time(bar)).collect::<Vec<_>>();
    let mut all = Vec::new();
    for bars in lines {
        let own = times(bars);
        if all.is_empty() {
            all = own;
        } else if own != all {
            all.extend(own);
            all.sort_unstable();
            all.dedup();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(opens: &[i64], close: &[f64]) -> Bars {
        let mut bars = Bars::empty(Nanos::new(10));
        bars.open_time = opens.iter().map(|t| Nanos::new(*t)).collect();
        bars.close = close.to_vec();
        bars
    }

    #[test]
    fn a_line_keeps_its_last_close_until_the_next() {
        let lines = [bars(&[0, 10, 30], &[1.0, 2.0, 3.0]), bars(&[10, 20], &[7.0, 8.0])];
        let rows = Rows::new(&lines, 1_000).unwrap();
        let all: Vec<&[f64]> = (0..4).map(|row| &rows.row(row)[..2]).collect();
        assert_eq!(all, [[1.0, 0.0], [2.0, 7.0], [2.0, 8.0], [3.0, 8.0]]);
        assert_eq!((rows.width(), rows.row(3)[2..].iter().sum::<f64>()), (8, 0.0));
    }

    #[test]
    fn rows_are_counted_from_where_one_stands() {
        let rows = Rows::new(&[bars(&[0, 10, 30], &[1.0; 3])], 1_000).unwrap();
        let until = |now, from| rows.until(Nanos::new(now), from);
        assert_eq!([until(9, 0), until(10, 0), until(39, 1), until(40, 1), until(99, 3)], [0, 1, 2, 3, 3]);
    }

    #[test]
    fn rows_that_take_too_much_are_not_made() {
        let line = bars(&[0, 10], &[1.0, 2.0]);
        assert!(Rows::new([&line], 15).is_none() && Rows::new([&line], 16).is_some());
    }
}
