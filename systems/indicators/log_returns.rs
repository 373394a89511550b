//! Logarithmic returns of a close column, with running sums for estimates.

use std::convert::Infallible;

use hemiola_components::column::Sink;
use hemiola_components::market::LogReturns;

/// Returns of a step.
const BLOCK: usize = 256;

/// The returns of `closes`. A pair of closes that are not both positive has none.
#[must_use]
pub fn log_returns(closes: &[f64]) -> LogReturns {
    let Ok(returns) = log_returns_in(closes, |room| Ok::<_, Infallible>(Vec::with_capacity(room)));
    returns
}

/// The same in memory from elsewhere: `sink` opens a place for up to so many numbers.
///
/// # Errors
/// What the place says.
pub fn log_returns_in<S: Sink<f64>>(
    closes: &[f64],
    mut sink: impl FnMut(usize) -> Result<S, S::Error>,
) -> Result<LogReturns, S::Error> {
    let (mut values, mut sums, mut squares) = (sink(closes.len())?, sink(closes.len())?, sink(closes.len())?);
    let (mut sum, mut square, mut largest_sum) = (RunningSum::default(), RunningSum::default(), 0.0_f64);
    sums.put(&[0.0])?;
    squares.put(&[0.0])?;
    let mut returns = closes
        .array_windows()
        .filter(|pair| have_a_return(pair))
        .map(|[previous, close]| libm::log(close / previous));
    let (mut block, mut running, mut count) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK), 0);
    loop {
        block.clear();
        block.extend(returns.by_ref().take(BLOCK));
        if block.is_empty() {
            break;
        }
        count += block.len();
        values.put(&block)?;
        running.clear();
        running.extend(block.iter().map(|value| sum.add(*value)));
        largest_sum = running.iter().fold(largest_sum, |largest, sum| largest.max(sum.abs()));
        sums.put(&running)?;
        running.clear();
        running.extend(block.iter().map(|value| square.add(value * value)));
        squares.put(&running)?;
    }
    Ok(LogReturns {
        values: values.finish()?,
        sums: sums.finish()?,
        squares: squares.finish()?,
        largest_sum,
        known: (count + 1 < closes.len()).then(|| counts(closes)),
    })
}

/// The running sums of returns, to go on with.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunningSums {
    sum: RunningSum,
    square: RunningSum,
}

impl RunningSums {
    /// Those at the end of these returns.
    #[must_use]
    pub fn of(returns: &LogReturns) -> Self {
        let mut sums = Self::default();
        for value in &returns.values {
            sums.sum.add(*value);
            sums.square.add(value * value);
        }
        sums
    }

    /// Goes on with the returns of a column that has grown: `closes` is all of it, the first `seen` are known.
    pub fn extend(&mut self, returns: &mut LogReturns, seen: usize, closes: &[f64]) {
        let LogReturns { values, sums, squares, largest_sum, known } = returns;
        for bar in seen..closes.len() {
            let pair = bar.checked_sub(1).map(|previous| [closes[previous], closes[bar]]);
            let pair = pair.filter(have_a_return);
            if bar > 0 && pair.is_none() && known.is_none() {
                *known = Some((0..bar).collect());
            }
            if let Some([previous, close]) = pair {
                let value = libm::log(close / previous);
                let sum = self.sum.add(value);
                values.push(value);
                sums.push(sum);
                squares.push(self.square.add(value * value));
                *largest_sum = largest_sum.max(sum.abs());
            }
            if let Some(known) = known {
                known.push(values.len());
            }
        }
    }
}

const fn have_a_return([previous, close]: &[f64; 2]) -> bool {
    *previous > 0.0 && *close > 0.0
}

/// How many returns there are up to each candle.
fn counts(closes: &[f64]) -> Vec<usize> {
    let mut count = 0;
    let counts = closes.array_windows().map(|pair| {
        count += usize::from(have_a_return(pair));
        count
    });
    std::iter::once(0).chain(counts).collect()
}

/// Sample variances of windows of returns from the running sums: good for what is surely so only.
#[derive(Clone, Copy, Debug)]
pub struct Variances<'a> {
    returns: &'a LogReturns,
    window: usize,
    /// One over the number of returns, and over that less one.
    per: [f64; 2],
    /// No estimate is off by more than this.
    pub error: f64,
}

impl<'a> Variances<'a> {
    /// Of `window` returns, at least 1. `None` when there are candles without a return.
    #[must_use]
    pub fn new(returns: &'a LogReturns, window: usize) -> Option<Self> {
        /// Twice the rounding of a compensated running sum, as a fraction of it.
        const ROUNDING: f64 = 1e-15;
        let squares = returns.squares.last().copied().unwrap_or_default();
        let sums = 4.0 * returns.largest_sum * returns.largest_sum / window as f64;
        let per = [window, (window - 1).max(1)].map(|count| 1.0 / count as f64);
        let error = ROUNDING * (squares + sums) * per[1];
        returns.known.is_none().then_some(Self { returns, window, per, error })
    }

    /// The estimates for the returns that end with those of the `N` candles from `bar` on; `None` when there are not
    /// as many.
    #[inline]
    #[must_use]
    pub fn from<const N: usize>(&self, bar: usize) -> Option<[f64; N]> {
        let LogReturns { sums, squares, .. } = self.returns;
        let before = bar.checked_sub(self.window)?;
        let chunk = |column: &'a [f64], from: usize| column.get(from..)?.first_chunk::<N>();
        let (sum_ends, sum_starts) = (chunk(sums, bar)?, chunk(sums, before)?);
        let (square_ends, square_starts) = (chunk(squares, bar)?, chunk(squares, before)?);
        let mut variances = [0.0; N];
        for at in 0..N {
            let sum = sum_ends[at] - sum_starts[at];
            let square = square_ends[at] - square_starts[at];
            variances[at] = (square - sum * sum * self.per[0]) * self.per[1];
        }
        Some(variances)
    }
}

/// A running sum, compensated (A. Neumaier, 1974), so that it is off by little more than its own last bit.
#[derive(Clone, Copy, Debug, Default)]
struct RunningSum {
    sum: f64,
    lost: f64,
}

impl RunningSum {
    /// The sum so far with this value.
    fn add(&mut self, value: f64) -> f64 {
        let sum = self.sum;
        let next = sum + value;
        self.lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        self.sum = next;
        next + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candle_but_the_first_has_a_return() {
        let returns = log_returns(&[std::f64::consts::E, 1.0, std::f64::consts::E]);
        assert_eq!(returns.values, [-1.0, 1.0]);
        assert_eq!((returns.known.clone(), returns.count(2)), (None, 2));
        assert_eq!(returns.sums, [0.0, -1.0, 0.0]);
        assert_eq!(returns.squares, [0.0, 1.0, 2.0]);
        assert_eq!(returns.largest_sum, 1.0);
    }

    #[test]
    fn a_close_that_is_not_positive_has_no_return_and_neither_has_the_one_after() {
        let returns = log_returns(&[1.0, 1.0, 0.0, 2.0, 2.0]);
        assert_eq!(returns.values, [0.0, 0.0]);
        assert_eq!((0..5).map(|bar| returns.count(bar)).collect::<Vec<_>>(), [0, 1, 1, 1, 2]);
        assert!(log_returns(&[]).values.is_empty());
    }

    #[test]
    fn returns_that_go_on_are_those_of_the_whole_column() {
        let closes: Vec<f64> = (0..400).map(|i| 100.0 + f64::from(i * 13 % 29)).collect();
        let gone = [&closes[..200], &[0.0], &closes[200..]].concat();
        for closes in [closes, gone] {
            for start in [0, 1, 150, 201, 250] {
                let mut returns = log_returns(&closes[..start]);
                let mut sums = RunningSums::of(&returns);
                for (seen, until) in [(start, start + 1), (start + 1, 300), (300, closes.len())] {
                    sums.extend(&mut returns, seen, &closes[..until]);
                    assert_eq!(returns, log_returns(&closes[..until]), "{start} {until}");
                }
            }
        }
    }

    #[test]
    fn compensation_keeps_what_a_plain_sum_loses() {
        let mut sum = RunningSum::default();
        assert_eq!([1.0, 1e100, 1.0, -1e100].map(|value| sum.add(value))[3], 2.0);
    }
}
