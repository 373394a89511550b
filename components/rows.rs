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
        let together = lines.windows(2).all(|pair| have_the_same_times(pair[0], pair[1]));
        let time = instants(if together { &lines[..1.min(lines.len())] } else { &lines });
        let cells = time.len().checked_mul(width).filter(|cells| *cells <= most)?;
        let mut close = vec![0.0; cells];
        if together {
            turn(&mut close, width, &lines);
        } else {
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

fn have_the_same_times(one: &Bars, other: &Bars) -> bool {
    one.span == other.span && one.open_time == other.open_time
}

/// Turns columns of the same length into rows, as many at a time as stay in the cache.
fn turn(close: &mut [f64], width: usize, lines: &[&Bars]) {
    const ROWS: usize = 64;
    for (block, rows) in close.chunks_mut(ROWS * width).enumerate() {
        for (eight, lines) in lines.chunks(LANES).enumerate() {
            for (index, bars) in lines.iter().enumerate() {
                let column = &bars.close[block * ROWS..];
                for (row, close) in rows.chunks_exact_mut(width).zip(column) {
                    row[eight * LANES + index] = *close;
                }
            }
        }
    }
}

/// Every instant at which a candle of any line closes, ascending.
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
        bars.close = close.to_vec().into();
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
    fn lines_of_the_same_times_are_turned() {
        let opens: Vec<i64> = (0..150).map(|step| step * 10).collect();
        let close = |line: usize, row: usize| (1 + line * 1_000 + row) as f64;
        let line = |line| bars(&opens, &(0..150).map(|row| close(line, row)).collect::<Vec<_>>());
        let lines: Vec<Bars> = (0..11).map(line).collect();
        let rows = Rows::new(&lines, 10_000).unwrap();
        assert_eq!((rows.width(), rows.time(149), rows.time(150)), (16, Nanos::new(1_500), Nanos::NEVER));
        for row in 0..150 {
            let expected: Vec<f64> =
                (0..16).map(|line| if line < 11 { close(line, row) } else { 0.0 }).collect();
            assert_eq!(rows.row(row), expected);
        }
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
